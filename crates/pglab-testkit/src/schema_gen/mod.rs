//! Schemas made by chance, for property tests: as a snapshot to derive tasks from, as SQL for a real server, and with every
//! single change that could be made to them. The model here knows nothing of how pglab judges.
//!
//! All tables have rows `1..=n`, with values that follow from the row's number, so that keys, references and checks hold.

mod build;
mod mutation;
mod spec;
mod sql;
mod table;

use std::collections::BTreeMap;

use pglab_core::{
    judge::Observation,
    snapshot::{ExpectedRows, ObjectName, ObservedRows, RowDigest, SchemaSnapshot},
};
use proptest::prelude::*;

pub use self::{
    mutation::{Lost, Mutation, mutations},
    sql::to_sql,
};

/// A schema with what its snapshot does not tell.
#[derive(Debug, Clone)]
pub struct GeneratedSchema {
    pub snapshot: SchemaSnapshot,
    /// For each table, its number of rows.
    pub n_rows: BTreeMap<ObjectName, u32>,
    /// For each view, the table that it reads. Its columns are columns of that table.
    pub view_tables: BTreeMap<ObjectName, ObjectName>,
}

impl GeneratedSchema {
    /// The content of all tables and views, with digests that stand for real ones.
    pub fn expected_rows(&self) -> Vec<ExpectedRows> {
        let tables = self.snapshot.tables.iter().map(|table| {
            let columns = table.columns.iter().map(|column| column.name.clone()).collect();
            (&table.name, columns, self.n_rows[&table.name])
        });
        let views = self.snapshot.views.iter().map(|view| {
            let columns = view.columns.iter().map(|column| column.name.clone()).collect();
            (&view.name, columns, self.n_rows[&self.view_tables[&view.name]])
        });
        tables
            .chain(views)
            .map(|(name, columns, n_rows)| {
                let hashes: Vec<i64> = sorted((1..=n_rows).map(|row| row_hash(name, row, 0)));
                ExpectedRows {
                    name: name.clone(),
                    columns,
                    digest: digest(&hashes),
                    hashes: Some(hashes),
                }
            })
            .collect()
    }

    /// What a database with exactly this in it looks like.
    pub fn observation(&self) -> Observation {
        Observation {
            schema: self.snapshot.clone(),
            rows: self
                .expected_rows()
                .into_iter()
                .map(|rows| {
                    let observed = ObservedRows::Digest {
                        digest: rows.digest,
                        hashes: rows.hashes,
                    };
                    (rows.name, observed)
                })
                .collect(),
        }
    }
}

/// Schemas of up to five tables. Smaller ones come first when a failing one is shrunk.
pub fn schemas() -> impl Strategy<Value = GeneratedSchema> {
    spec::specs().prop_map(|spec| build::build(&spec))
}

/// A stand-in for the hash of a row; another `version` is another content.
fn row_hash(relation: &ObjectName, row: u32, version: u32) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let name = relation.schema.bytes().chain([0]).chain(relation.name.bytes());
    for byte in name.chain(row.to_le_bytes()).chain(version.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash.cast_signed() & i64::MAX
}

fn digest(hashes: &[i64]) -> RowDigest {
    RowDigest {
        n_rows: hashes.len() as u64,
        sum_low: hashes.iter().map(|hash| hash & 0xffff_ffff).sum(),
        sum_high: hashes.iter().map(|hash| hash >> 32).sum(),
    }
}

fn sorted(hashes: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut hashes: Vec<i64> = hashes.collect();
    hashes.sort_unstable();
    hashes
}

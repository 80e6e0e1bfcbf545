//! A schema that was read, kept under its fingerprint: whoever meets the same fingerprint again has the snapshot
//! already. What changes with the rows (sizes and counters) is no part of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use pglab_core::snapshot::{ObjectName, SchemaSnapshot};

use super::{
    assemble::{self, Marks},
    lists::{self, Fingerprint, Lists, Row, Set},
    sets, texts,
};
use crate::{Connection, Error};

/// Of each table: what changes whenever its rows may have changed, and its size without indexes, in bytes.
pub type TableMarks = HashMap<ObjectName, (String, u64)>;

/// Of a smaller table the counters are not asked for by who looks again.
const COUNTED_BYTES: u64 = 64 * 1024;

/// A schema, and how to tell whether another look finds the same.
#[derive(Debug)]
pub struct Known {
    fingerprint: Option<Fingerprint>,
    schema: Arc<SchemaSnapshot>,
    /// Number and file of what has rows of its own.
    files: Vec<(u32, u32)>,
    children: Vec<(u32, u32)>,
}

impl Known {
    /// With the marks of the database that was read first, which may be another one with the same fingerprint.
    pub fn schema(&self) -> &Arc<SchemaSnapshot> {
        &self.schema
    }

    /// Do these lists come from the same schema?
    pub(crate) fn is(&self, lists: &Lists) -> Result<bool, Error> {
        Ok(self.fingerprint.is_some() && lists.fingerprint()? == self.fingerprint)
    }

    pub(crate) fn with_marks(&self, marks: &TableMarks) -> SchemaSnapshot {
        let mut schema = (*self.schema).clone();
        for table in &mut schema.tables {
            (table.change_mark, table.bytes) = marks.get(&table.name).cloned().unwrap_or_default();
        }
        schema
    }

    /// Asks for sizes, and for the counters where a table is so large that they matter.
    pub(crate) fn marks_statement(&self, last: &TableMarks) -> String {
        let counters = !self.children.is_empty() || last.values().any(|(_, bytes)| *bytes > COUNTED_BYTES);
        marks_statement(&self.files, counters)
    }

    /// From the answer to it.
    pub(crate) fn marks(&self, set: &Set) -> Result<TableMarks, Error> {
        let marks = Marks::new(own_marks(&self.files, set)?, self.children.clone());
        Ok(self
            .schema
            .tables
            .iter()
            .map(|table| (table.name.clone(), marks.of_table(table.oid, table.partitioned)))
            .collect())
    }
}

/// Schemas by their fingerprints, as long as somebody uses them. Holds for one cluster, and until it is another server
/// that answers for it: transaction numbers that were lost in a failover are given again.
#[derive(Debug, Default)]
pub struct Snapshots(Mutex<HashMap<Fingerprint, Weak<Known>>>);

impl Snapshots {
    fn get(&self, fingerprint: &Fingerprint) -> Option<Arc<Known>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(fingerprint)?.upgrade()
    }

    fn put(&self, known: &Arc<Known>) {
        let Some(fingerprint) = known.fingerprint else {
            return;
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            all.retain(|_, known| known.strong_count() > 0);
        }
        all.insert(fingerprint, Arc::downgrade(known));
    }
}

/// Leaves the transaction open when it fails.
pub(super) async fn read(
    connection: &Connection,
    begin: &str,
    snapshots: &Snapshots,
) -> Result<(Arc<Known>, TableMarks), Error> {
    let version = connection.server_version();
    let (found, end) = sets(connection, &format!("{begin}; {}", lists::statement(version))).await;
    end?;
    let lists = Lists::take(&mut found.into_iter())?;
    let fingerprint = lists.fingerprint()?;
    let mut files = Vec::new();
    for row in &lists.relations {
        let row = Row(row);
        if row.letter(4)? == 'r' {
            files.push((row.oid(1)?, row.oid(8)?));
        }
    }
    let missing = || Error::Unexpected("the sizes of the tables are missing".to_owned());
    if let Some(known) = fingerprint.and_then(|fingerprint| snapshots.get(&fingerprint)) {
        let (found, end) = sets(
            connection,
            &format!("{}; ROLLBACK", marks_statement(&files, true)),
        )
        .await;
        end?;
        let marks = known.marks(found.first().ok_or_else(missing)?)?;
        return Ok((known, marks));
    }
    let wanted = texts::Wanted::of(&lists)?;
    let statements = format!(
        "{}; {}ROLLBACK",
        marks_statement(&files, true),
        wanted.statements()
    );
    let (found, end) = sets(connection, &statements).await;
    end?;
    let mut found = found.into_iter();
    let sizes = found.next().ok_or_else(missing)?;
    let own = own_marks(&files, &sizes)?;
    let document = wanted.document(&lists, &own, &mut found, version)?;
    let known = Arc::new(Known {
        fingerprint,
        schema: Arc::new(assemble::snapshot(document)),
        files,
        children: texts::children(&lists)?,
    });
    snapshots.put(&known);
    let marks = known.marks(&sizes)?;
    Ok((known, marks))
}

fn marks_statement(files: &[(u32, u32)], counters: bool) -> String {
    let tables: Vec<String> = files.iter().map(|(oid, _)| oid.to_string()).collect();
    let counters = if counters {
        ", pg_stat_get_tuples_inserted(r), pg_stat_get_tuples_updated(r), pg_stat_get_tuples_deleted(r)"
    } else {
        ""
    };
    format!(
        "SELECT r, pg_table_size(r){counters} FROM unnest('{{{}}}'::oid[]) AS r",
        tables.join(",")
    )
}

fn own_marks(files: &[(u32, u32)], set: &Set) -> Result<HashMap<u32, (String, u64)>, Error> {
    let files: HashMap<u32, u32> = files.iter().copied().collect();
    let mut marks = HashMap::new();
    for row in set {
        let row = Row(row);
        let (oid, bytes) = (row.oid(0)?, row.may(1).unwrap_or("0"));
        let file = files.get(&oid).copied().unwrap_or_default();
        let mut mark = format!("{file}:{bytes}");
        for counter in 2..5 {
            if let Some(counter) = row.may(counter) {
                mark.push(':');
                mark.push_str(counter);
            }
        }
        marks.insert(oid, (mark, bytes.parse().unwrap_or(0)));
    }
    Ok(marks)
}

//! A small music shop that has one of everything, and what its database looks like.

use std::collections::HashMap;

use pglab_core::{
    derive::{self, DeriveOptions},
    judge::Observation,
    snapshot::{
        AutoNumber, CheckConstraint, Column, DomainType, EnumType, ExpectedRows, ForeignKey,
        ForeignKeyAction, Function, FunctionKind, Index, Key, ObjectName, ObservedRows, RowDigest,
        SchemaSnapshot, Sequence, Table, Trigger, View,
    },
    task::Task,
};
use pglab_testkit::{SeededRandom, SettableClock};

pub fn public(name: &str) -> ObjectName {
    ObjectName::new("public", name)
}

pub fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        not_null: false,
        default: None,
        auto_number: None,
        generated: None,
        comment: None,
    }
}

fn key(name: &str, columns: &[&str]) -> Key {
    Key {
        name: name.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        deferrable: false,
        nulls_not_distinct: false,
    }
}

pub fn table(name: &str, columns: Vec<Column>) -> Table {
    Table {
        name: public(name),
        oid: 0,
        columns,
        primary_key: None,
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        partitioned: false,
        row_security: false,
        comment: None,
        change_mark: String::new(),
        bytes: 0,
    }
}

pub fn index(keys: &[&str]) -> Index {
    Index {
        name: "some_idx".to_owned(),
        method: "btree".to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        include: Vec::new(),
        unique: false,
        nulls_not_distinct: false,
        predicate: None,
    }
}

pub fn shop() -> SchemaSnapshot {
    let mut album = Table {
        primary_key: Some(key("album_pkey", &["album_id"])),
        uniques: vec![key("album_key", &["artist_id", "title"])],
        foreign_keys: vec![ForeignKey {
            name: "album_artist_fkey".to_owned(),
            columns: vec!["artist_id".to_owned()],
            ref_table: public("artist"),
            ref_columns: vec!["artist_id".to_owned()],
            on_update: ForeignKeyAction::NoAction,
            on_delete: ForeignKeyAction::Cascade,
            match_full: false,
            deferrable: false,
            initially_deferred: false,
        }],
        checks: vec![CheckConstraint {
            name: "album_price_check".to_owned(),
            expression: "(price >= (0)::numeric)".to_owned(),
        }],
        exclusions: vec!["EXCLUDE USING gist (title WITH =, during WITH &&)".to_owned()],
        indexes: vec![
            index(&["artist_id"]),
            Index {
                unique: true,
                predicate: Some("(price > (0)::numeric)".to_owned()),
                ..index(&["lower((title)::text)"])
            },
        ],
        triggers: vec![Trigger {
            name: "album_touch".to_owned(),
            timing: "BEFORE".to_owned(),
            events: vec!["INSERT".to_owned(), "UPDATE".to_owned()],
            update_columns: vec!["price".to_owned()],
            for_each_row: true,
            condition: Some("(new.price IS NOT NULL)".to_owned()),
            function: public("touch"),
            enabled: true,
        }],
        comment: Some("What we sell".to_owned()),
        ..table(
            "album",
            vec![
                Column {
                    not_null: true,
                    auto_number: Some(AutoNumber::Serial),
                    ..column("album_id", "integer")
                },
                Column {
                    not_null: true,
                    comment: Some("As on the cover".to_owned()),
                    ..column("title", "character varying(160)")
                },
                Column {
                    not_null: true,
                    ..column("artist_id", "integer")
                },
                Column {
                    default: Some("9.99".to_owned()),
                    ..column("price", "numeric(10,2)")
                },
                Column {
                    generated: Some("lower((title)::text)".to_owned()),
                    ..column("slug", "text")
                },
            ],
        )
    };
    album.oid = 2;
    let artist = Table {
        primary_key: Some(key("artist_pkey", &["artist_id"])),
        ..table(
            "artist",
            vec![
                Column {
                    not_null: true,
                    auto_number: Some(AutoNumber::IdentityAlways),
                    ..column("artist_id", "integer")
                },
                column("name", "text"),
            ],
        )
    };
    let function = |name: &str, argument_types: &str, result: Option<&str>| Function {
        name: public(name),
        kind: if result.is_some() {
            FunctionKind::Function
        } else {
            FunctionKind::Procedure
        },
        argument_types: argument_types.to_owned(),
        result: result.map(str::to_owned),
        language: "sql".to_owned(),
        comment: None,
    };
    SchemaSnapshot {
        server_version: 150_000,
        schemas: vec!["sales".to_owned()],
        tables: vec![album, artist],
        views: vec![View {
            name: ObjectName::new("sales", "album_list"),
            oid: 1,
            materialized: false,
            columns: vec![
                column("title", "character varying(160)"),
                column("artist", "text"),
            ],
            triggers: Vec::new(),
            comment: None,
        }],
        functions: vec![
            function("albums_of", "integer", Some("SETOF text")),
            function("restock", "integer, numeric", None),
        ],
        sequences: vec![Sequence {
            name: public("ticket"),
            data_type: "bigint".to_owned(),
            start: 100,
            increment: 1,
            min: 1,
            max: i64::MAX,
            cycle: false,
        }],
        enums: vec![EnumType {
            name: public("mood"),
            labels: vec!["calm".to_owned(), "loud".to_owned()],
        }],
        domains: vec![DomainType {
            name: public("email"),
            base_type: "text".to_owned(),
            not_null: false,
            default: None,
            checks: vec!["(VALUE ~ '@'::text)".to_owned()],
        }],
        extensions: vec!["btree_gist".to_owned()],
    }
}

pub fn observed(hashes: &[i64]) -> ObservedRows {
    ObservedRows::Digest {
        digest: digest(hashes),
        hashes: Some(hashes.to_vec()),
    }
}

fn digest(hashes: &[i64]) -> RowDigest {
    RowDigest {
        n_rows: hashes.len() as u64,
        sum_low: hashes.iter().sum(),
        sum_high: hashes.iter().map(|hash| hash * hash).sum(),
    }
}

pub fn rows() -> Vec<ExpectedRows> {
    let of = |name: ObjectName, columns: &[&str], hashes: &[i64]| ExpectedRows {
        name,
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        digest: digest(hashes),
        hashes: Some(hashes.to_vec()),
    };
    vec![
        of(
            public("album"),
            &["album_id", "title", "artist_id", "price", "slug"],
            &[1, 2, 2, 3],
        ),
        of(public("artist"), &["artist_id", "name"], &[]),
        of(
            ObjectName::new("sales", "album_list"),
            &["title", "artist"],
            &[5, 6],
        ),
    ]
}

pub fn observation() -> Observation {
    Observation {
        schema: shop(),
        rows: rows()
            .into_iter()
            .map(|rows| (rows.name, observed(rows.hashes.as_deref().unwrap_or_default())))
            .collect::<HashMap<_, _>>(),
    }
}

pub fn derived(snapshot: &SchemaSnapshot, seed: u64) -> Vec<Task> {
    derive::tasks(
        snapshot,
        &rows(),
        DeriveOptions { comments: true },
        &SettableClock::default(),
        &SeededRandom::new(seed),
    )
}

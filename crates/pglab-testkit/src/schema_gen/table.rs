//! One table of a generated schema: its columns, keys, references, indexes and triggers.

use pglab_core::snapshot::{
    AutoNumber, CheckConstraint, Column, ForeignKey, ForeignKeyAction, Index, Key, ObjectName,
    SchemaSnapshot, Table, Trigger,
};

use super::{
    build::public,
    spec::{ColumnSpec, Spec, TableSpec},
};

pub(super) fn build_table(spec: &Spec, snapshot: &SchemaSnapshot, n: usize, table: &TableSpec) -> Table {
    let name = table_name(n, table);
    let mut columns = Vec::new();
    let key_columns: Vec<String> = key_columns(table);
    for (at, key_column) in key_columns.iter().enumerate() {
        let auto_number = match table.key {
            0 => Some(AutoNumber::Serial),
            1 => Some(AutoNumber::IdentityAlways),
            2 => Some(AutoNumber::IdentityByDefault),
            _ => None,
        };
        columns.push(Column {
            auto_number: auto_number.filter(|_| at == 0),
            ..column(key_column.clone(), "integer", true)
        });
    }
    let mut built = Table {
        name: name.clone(),
        oid: 0,
        columns,
        primary_key: (!key_columns.is_empty()).then(|| key(format!("t{n}_pkey"), key_columns)),
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
    };
    for (at, wanted) in table.columns.iter().enumerate() {
        add_column(&mut built, snapshot, n, at, wanted);
    }
    for (at, reference) in table.references.iter().enumerate() {
        let target_at = reference.target % spec.tables.len();
        let target = &spec.tables[target_at];
        let ref_columns = self::key_columns(target);
        if ref_columns.is_empty() {
            continue;
        }
        let names: Vec<String> = (0..ref_columns.len())
            .map(|part| format!("ref_{at}_part_{part}"))
            .collect();
        for ref_column in &names {
            // Without rows to refer to, there is nothing to put in.
            let not_null = reference.not_null && target.n_rows > 0;
            built
                .columns
                .push(column(ref_column.clone(), "integer", not_null));
        }
        built.foreign_keys.push(ForeignKey {
            name: format!("t{n}_r{at}_fkey"),
            columns: names,
            ref_table: table_name(target_at, target),
            ref_columns,
            on_update: action(reference.on_update),
            on_delete: action(reference.on_delete),
            match_full: false,
            deferrable: reference.deferred,
            initially_deferred: reference.deferred,
        });
    }
    if table.compound_unique {
        let plain: Vec<String> = built
            .columns
            .iter()
            .filter(|column| column.generated.is_none() && column.name.contains("field"))
            .map(|column| column.name.clone())
            .take(2)
            .collect();
        // With a column that is different in each row, so is the pair.
        let differs = plain
            .iter()
            .any(|name| built.column(name).is_some_and(is_different_in_each_row));
        if plain.len() == 2 && differs {
            built.uniques.push(key(format!("t{n}_pair_key"), plain));
        }
    }
    if let Some((before, on_delete, of_column, condition)) = table.trigger {
        let watched = built
            .columns
            .iter()
            .find(|column| column.generated.is_none())
            .map(|column| column.name.clone());
        let mut events = vec!["UPDATE".to_owned()];
        if on_delete {
            events.insert(0, "DELETE".to_owned());
        }
        if let Some(watched) = watched {
            built.triggers.push(Trigger {
                name: format!("t{n}_watch"),
                timing: if before { "BEFORE" } else { "AFTER" }.to_owned(),
                // The condition speaks of NEW, which a deletion does not have.
                condition: (condition && !on_delete)
                    .then(|| format!("(new.{} IS NOT NULL)", super::sql::name(&watched))),
                events,
                update_columns: if of_column { vec![watched] } else { Vec::new() },
                for_each_row: true,
                function: public(format!("watch_number_{n}")),
                enabled: true,
            });
        }
    }
    built
}

fn add_column(table: &mut Table, snapshot: &SchemaSnapshot, n: usize, at: usize, wanted: &ColumnSpec) {
    let name = if wanted.odd_name {
        format!("Field \"{at}\" ä")
    } else {
        format!("field_{at}")
    };
    let data_type = match wanted.data_type {
        0 => "integer".to_owned(),
        1 => "bigint".to_owned(),
        2 => "smallint".to_owned(),
        3 => "text".to_owned(),
        4 => "character varying(40)".to_owned(),
        5 => "numeric(10,2)".to_owned(),
        6 => "boolean".to_owned(),
        7 => "date".to_owned(),
        8 => "timestamp without time zone".to_owned(),
        9 => "timestamp with time zone".to_owned(),
        10 => snapshot
            .enums
            .first()
            .map_or("text".to_owned(), |found| dotted(&found.name)),
        _ => snapshot
            .domains
            .first()
            .map_or("integer".to_owned(), |found| dotted(&found.name)),
    };
    let quoted = super::sql::name(&name);
    let mut built = column(name.clone(), &data_type, wanted.not_null);
    if wanted.default {
        built.default = match data_type.as_str() {
            "integer" | "bigint" | "smallint" => Some("7".to_owned()),
            "text" => Some("'x'::text".to_owned()),
            "character varying(40)" => Some("'x'::character varying".to_owned()),
            "numeric(10,2)" => Some("1.5".to_owned()),
            "boolean" => Some("true".to_owned()),
            "date" => Some("CURRENT_DATE".to_owned()),
            "timestamp with time zone" => Some("now()".to_owned()),
            _ => None,
        };
    }
    if wanted.check {
        let expression = match data_type.as_str() {
            "integer" | "bigint" | "smallint" => Some(format!("({quoted} > '-100'::integer)")),
            "numeric(10,2)" => Some(format!("({quoted} >= (0)::numeric)")),
            "text" => Some(format!("(length({quoted}) < 100)")),
            "character varying(40)" => Some(format!("(length(({quoted})::text) < 100)")),
            _ => None,
        };
        table.checks.extend(expression.map(|expression| CheckConstraint {
            name: format!("t{n}_c{at}_check"),
            expression,
        }));
    }
    let different = is_different_in_each_row(&built);
    let index = |keys: &str, unique: bool, predicate: Option<String>| Index {
        name: format!("t{n}_c{at}_idx"),
        method: "btree".to_owned(),
        keys: vec![keys.to_owned()],
        include: Vec::new(),
        unique,
        nulls_not_distinct: false,
        predicate,
    };
    match wanted.index {
        0 if different => table
            .uniques
            .push(key(format!("t{n}_c{at}_key"), vec![name.clone()])),
        1 => table.indexes.push(index(&quoted, false, None)),
        2 => table.indexes.push(index(&format!("{quoted} DESC"), false, None)),
        3 if different => table.indexes.push(index(&quoted, true, None)),
        4 => table
            .indexes
            .push(index(&quoted, false, Some(format!("({quoted} IS NOT NULL)")))),
        5 if data_type == "text" => table
            .indexes
            .push(index(&format!("lower({quoted})"), false, None)),
        6 if data_type == "integer" => table.indexes.push(Index {
            method: "hash".to_owned(),
            ..index(&quoted, false, None)
        }),
        _ => {}
    }
    let is_base = wanted.generated && data_type == "integer";
    table.columns.push(built);
    if is_base {
        table.columns.push(Column {
            generated: Some(format!("({quoted} + 1)")),
            ..column(format!("computed_{at}"), "integer", false)
        });
    }
}

/// Whether rows never share a value, so that it can be unique.
fn is_different_in_each_row(column: &Column) -> bool {
    !(column.data_type == "boolean" || column.data_type.starts_with("public.mood"))
}

pub(super) fn table_name(n: usize, table: &TableSpec) -> ObjectName {
    let schema = if table.in_schema { "shop" } else { "public" };
    let name = if table.odd_name {
        format!("Thing \"No {n}\"")
    } else {
        format!("things_of_kind_{n}")
    };
    ObjectName::new(schema, name)
}

fn key_columns(table: &TableSpec) -> Vec<String> {
    match table.key {
        4 => vec!["part_a".to_owned(), "part_b".to_owned()],
        5 => Vec::new(),
        _ => vec!["id".to_owned()],
    }
}

fn action(choice: u8) -> ForeignKeyAction {
    match choice {
        0 => ForeignKeyAction::NoAction,
        1 => ForeignKeyAction::Restrict,
        2 => ForeignKeyAction::Cascade,
        3 => ForeignKeyAction::SetNull,
        _ => ForeignKeyAction::SetDefault,
    }
}

fn column(name: String, data_type: &str, not_null: bool) -> Column {
    Column {
        name,
        data_type: data_type.to_owned(),
        not_null,
        default: None,
        auto_number: None,
        generated: None,
        comment: None,
    }
}

fn key(name: String, columns: Vec<String>) -> Key {
    Key {
        name,
        columns,
        deferrable: false,
        nulls_not_distinct: false,
    }
}

fn dotted(name: &ObjectName) -> String {
    format!("{}.{}", name.schema, name.name)
}

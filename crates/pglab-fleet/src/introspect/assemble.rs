//! Puts the flat lists of the document together to the snapshot that the rest of pglab speaks of.

use std::collections::{HashMap, HashSet};

use pglab_core::snapshot::{
    AutoNumber, CheckConstraint, Column, DomainType, EnumType, ForeignKey, ForeignKeyAction, Function,
    FunctionKind, Index, Key, ObjectName, SchemaSnapshot, Sequence, Table, Trigger, View,
};

use super::document::{
    Attribute, Constraint, Document, FunctionRow, IndexRow, Relation, SequenceRow, TriggerRow, TypeRow,
};
use crate::Error;

/// What constraints, indexes and triggers refer to by number.
struct Names {
    relations: HashMap<u32, ObjectName>,
    columns: HashMap<(u32, i16), String>,
}

impl Names {
    fn columns(&self, relation: u32, numbers: &[i16]) -> Vec<String> {
        numbers
            .iter()
            .filter_map(|number| self.columns.get(&(relation, *number)).cloned())
            .collect()
    }
}

pub(super) fn snapshot(text: &str) -> Result<SchemaSnapshot, Error> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| Error::Unexpected(format!("the catalog's JSON: {error}")))?;
    if let Some(why) = document.too_large {
        return Err(Error::TooLarge(why));
    }
    let mut names = Names {
        relations: HashMap::new(),
        columns: HashMap::new(),
    };
    for foreign in document.foreign.unwrap_or_default() {
        names
            .relations
            .insert(foreign.oid, ObjectName::new(foreign.schema, foreign.name));
        for (number, column) in foreign.columns.unwrap_or_default() {
            names.columns.insert((foreign.oid, number), column);
        }
    }
    let mut columns: HashMap<u32, Vec<Column>> = HashMap::new();
    for attribute in document.columns.unwrap_or_default() {
        names
            .columns
            .insert((attribute.relation, attribute.number), attribute.name.clone());
        columns
            .entry(attribute.relation)
            .or_default()
            .push(column(attribute));
    }
    let mut tables: HashMap<u32, Table> = HashMap::new();
    let mut views: HashMap<u32, View> = HashMap::new();
    for relation in document.relations.unwrap_or_default() {
        let name = ObjectName::new(relation.schema.clone(), relation.name.clone());
        names.relations.insert(relation.oid, name.clone());
        let columns = columns.remove(&relation.oid).unwrap_or_default();
        match relation.kind {
            'r' | 'p' => tables
                .insert(relation.oid, table(relation, name, columns))
                .map(drop),
            kind => views
                .insert(relation.oid, view(relation, name, kind, columns))
                .map(drop),
        };
    }
    let by_constraint = add_constraints(
        &mut tables,
        document.constraints.unwrap_or_default(),
        document.indexes.as_deref().unwrap_or_default(),
        &names,
    );
    for row in document.indexes.unwrap_or_default() {
        if !by_constraint.contains(&row.oid)
            && let Some(table) = tables.get_mut(&row.relation)
        {
            table.indexes.push(index(row, &names));
        }
    }
    for row in document.triggers.unwrap_or_default() {
        if let Some(table) = tables.get_mut(&row.relation) {
            table.triggers.push(trigger(row, &names));
        } else if let Some(view) = views.get_mut(&row.relation) {
            view.triggers.push(trigger(row, &names));
        }
    }
    let (enums, domains) = types(document.types.unwrap_or_default());
    Ok(SchemaSnapshot {
        server_version: document.server_version,
        schemas: sorted(document.schemas.unwrap_or_default(), Clone::clone),
        tables: sorted(tables.into_values().map(in_order), |table| table.name.clone()),
        views: sorted(views.into_values(), |view| view.name.clone()),
        functions: sorted(
            document.functions.unwrap_or_default().into_iter().map(function),
            |it| (it.name.clone(), it.argument_types.clone()),
        ),
        sequences: sorted(
            document.sequences.unwrap_or_default().into_iter().map(sequence),
            |it| it.name.clone(),
        ),
        enums: sorted(enums, |it| it.name.clone()),
        domains: sorted(domains, |it| it.name.clone()),
        extensions: document.extensions.unwrap_or_default(),
    })
}

fn sorted<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_by_cached_key(key);
    items
}

/// The catalog gives its rows in any order, which would make equal databases look different.
fn in_order(mut table: Table) -> Table {
    table.uniques.sort_by(|a, b| a.name.cmp(&b.name));
    table.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.checks.sort_by(|a, b| a.name.cmp(&b.name));
    table.exclusions.sort();
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    table.triggers.sort_by(|a, b| a.name.cmp(&b.name));
    table
}

fn table(relation: Relation, name: ObjectName, columns: Vec<Column>) -> Table {
    Table {
        name,
        oid: relation.oid,
        columns,
        primary_key: None,
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        partitioned: relation.kind == 'p',
        row_security: relation.row_security,
        comment: relation.comment,
        change_mark: relation.mark.unwrap_or_default(),
        bytes: relation
            .bytes
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(0),
    }
}

fn view(relation: Relation, name: ObjectName, kind: char, columns: Vec<Column>) -> View {
    View {
        name,
        oid: relation.oid,
        materialized: kind == 'm',
        columns: columns
            .into_iter()
            .map(|column| Column {
                not_null: false,
                default: None,
                auto_number: None,
                ..column
            })
            .collect(),
        triggers: Vec::new(),
        comment: relation.comment,
    }
}

fn column(attribute: Attribute) -> Column {
    let (mut default, mut generated, mut auto_number) = (None, None, None);
    match (attribute.generated.as_str(), attribute.identity.as_str()) {
        ("", "a") => auto_number = Some(AutoNumber::IdentityAlways),
        ("", "d") => auto_number = Some(AutoNumber::IdentityByDefault),
        ("", _) => match attribute.expression {
            Some(expression) if is_nextval(&expression) => auto_number = Some(AutoNumber::Serial),
            expression => default = expression,
        },
        _ => generated = attribute.expression,
    }
    Column {
        name: attribute.name,
        data_type: attribute.data_type,
        not_null: attribute.not_null,
        default,
        auto_number,
        generated,
        comment: attribute.comment,
    }
}

/// `nextval('public.t_id_seq'::regclass)` and nothing more, but perhaps a cast of it.
fn is_nextval(expression: &str) -> bool {
    let inner = expression.trim_start_matches('(');
    inner.starts_with("nextval(")
        && inner
            .rsplit_once("::regclass)")
            .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(")::") || rest.starts_with("::"))
}

/// Gives the tables their constraints, and the indexes that are behind them.
fn add_constraints(
    tables: &mut HashMap<u32, Table>,
    constraints: Vec<Constraint>,
    indexes: &[IndexRow],
    names: &Names,
) -> HashSet<u32> {
    let nulls_not_distinct: HashSet<u32> = indexes
        .iter()
        .filter(|index| index.nulls_not_distinct)
        .map(|index| index.oid)
        .collect();
    let mut by_constraint = HashSet::new();
    for constraint in constraints {
        let Some(table) = tables.get_mut(&constraint.relation) else {
            continue;
        };
        let columns = names.columns(constraint.relation, constraint.key.as_deref().unwrap_or_default());
        if matches!(constraint.kind, 'p' | 'u' | 'x') {
            by_constraint.insert(constraint.index);
        }
        let expression = constraint.expression.unwrap_or_default();
        match constraint.kind {
            'c' => table.checks.push(CheckConstraint {
                name: constraint.name,
                expression,
            }),
            'x' => table.exclusions.push(expression),
            'f' => {
                if let Some(ref_table) = names.relations.get(&constraint.ref_relation) {
                    table.foreign_keys.push(ForeignKey {
                        name: constraint.name,
                        columns,
                        ref_table: ref_table.clone(),
                        ref_columns: names.columns(
                            constraint.ref_relation,
                            constraint.ref_key.as_deref().unwrap_or_default(),
                        ),
                        on_update: action(&constraint.on_update),
                        on_delete: action(&constraint.on_delete),
                        match_full: constraint.match_full,
                        deferrable: constraint.deferrable,
                        initially_deferred: constraint.deferred,
                    });
                }
            }
            kind => {
                let key = Key {
                    name: constraint.name,
                    columns,
                    deferrable: constraint.deferrable,
                    nulls_not_distinct: nulls_not_distinct.contains(&constraint.index),
                };
                if kind == 'p' {
                    table.primary_key = Some(key);
                } else {
                    table.uniques.push(key);
                }
            }
        }
    }
    by_constraint
}

fn action(letter: &str) -> ForeignKeyAction {
    match letter {
        "r" => ForeignKeyAction::Restrict,
        "c" => ForeignKeyAction::Cascade,
        "n" => ForeignKeyAction::SetNull,
        "d" => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    }
}

fn index(row: IndexRow, names: &Names) -> Index {
    let mut keys = row.keys.unwrap_or_default();
    keys.truncate(row.n_keys);
    Index {
        name: row.name,
        method: row.method,
        keys,
        include: names.columns(row.relation, row.columns.get(row.n_keys..).unwrap_or_default()),
        unique: row.unique,
        predicate: row.predicate,
    }
}

/// The bits of `pg_trigger.tgtype`.
mod bits {
    pub(super) const ROW: i16 = 1;
    pub(super) const BEFORE: i16 = 2;
    pub(super) const INSERT: i16 = 4;
    pub(super) const DELETE: i16 = 8;
    pub(super) const UPDATE: i16 = 16;
    pub(super) const TRUNCATE: i16 = 32;
    pub(super) const INSTEAD: i16 = 64;
}

fn trigger(row: TriggerRow, names: &Names) -> Trigger {
    let has = |bit: i16| row.kind & bit != 0;
    let timing = match (has(bits::INSTEAD), has(bits::BEFORE)) {
        (true, _) => "INSTEAD OF",
        (false, true) => "BEFORE",
        (false, false) => "AFTER",
    };
    let events = [
        (bits::DELETE, "DELETE"),
        (bits::INSERT, "INSERT"),
        (bits::TRUNCATE, "TRUNCATE"),
        (bits::UPDATE, "UPDATE"),
    ];
    Trigger {
        timing: timing.to_owned(),
        events: events
            .into_iter()
            .filter(|(bit, _)| has(*bit))
            .map(|(_, event)| event.to_owned())
            .collect(),
        update_columns: sorted(names.columns(row.relation, &row.columns), Clone::clone),
        for_each_row: has(bits::ROW),
        condition: row.definition.as_deref().and_then(condition),
        name: row.name,
        function: ObjectName::new(row.function_schema, row.function_name),
        enabled: row.enabled,
    }
}

/// What stands between `WHEN (` and `) EXECUTE FUNCTION` in the definition of a trigger.
fn condition(definition: &str) -> Option<String> {
    let (_, rest) = definition.split_once(" WHEN (")?;
    // One that was cut has no end.
    let condition = rest
        .rsplit_once(") EXECUTE ")
        .map_or(rest, |(condition, _)| condition);
    Some(condition.to_owned())
}

fn function(row: FunctionRow) -> Function {
    let modes = row.modes.unwrap_or_default();
    let arguments = row.types.iter().enumerate().filter_map(|(i, data_type)| {
        Some(match modes.get(i) {
            Some('t') => return None,
            Some('o') => format!("OUT {data_type}"),
            Some('b') => format!("INOUT {data_type}"),
            Some('v') => format!("VARIADIC {data_type}"),
            _ => data_type.clone(),
        })
    });
    Function {
        name: ObjectName::new(row.schema, row.name),
        kind: match row.kind {
            'p' => FunctionKind::Procedure,
            'a' => FunctionKind::Aggregate,
            'w' => FunctionKind::Window,
            _ => FunctionKind::Function,
        },
        argument_types: arguments.collect::<Vec<_>>().join(", "),
        result: row.result.filter(|_| row.kind != 'p'),
        language: row.language,
        comment: row.comment,
    }
}

fn sequence(row: SequenceRow) -> Sequence {
    Sequence {
        name: ObjectName::new(row.schema, row.name),
        data_type: row.data_type,
        start: row.start,
        increment: row.increment,
        min: row.min,
        max: row.max,
        cycle: row.cycle,
    }
}

fn types(rows: Vec<TypeRow>) -> (Vec<EnumType>, Vec<DomainType>) {
    let (mut enums, mut domains) = (Vec::new(), Vec::new());
    for row in rows {
        let name = ObjectName::new(row.schema, row.name);
        if row.kind == 'e' {
            enums.push(EnumType {
                name,
                labels: row.labels.unwrap_or_default(),
            });
        } else {
            domains.push(DomainType {
                name,
                base_type: row.base_type.unwrap_or_default(),
                not_null: row.not_null,
                default: row.default,
                checks: sorted(row.checks.unwrap_or_default(), Clone::clone),
            });
        }
    }
    (enums, domains)
}

//! The parts of a snapshot, each from its row of the document.

use std::collections::{HashMap, HashSet};

use pglab_core::snapshot::{
    AutoNumber, CheckConstraint, Column, DomainType, EnumType, ForeignKey, ForeignKeyAction, Function,
    FunctionKind, Index, Key, ObjectName, Sequence, Table, Trigger, View,
};

use super::{
    assemble::{Marks, Names, sorted},
    document::{Attribute, Constraint, FunctionRow, IndexRow, Relation, SequenceRow, TriggerRow, TypeRow},
};
use crate::printed;

pub(super) fn table(
    relation: Relation,
    name: ObjectName,
    columns: Vec<Column>,
    comment: Option<String>,
    marks: &Marks,
) -> Table {
    let (change_mark, bytes) = marks.of_table(relation.oid, relation.kind == 'p');
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
        comment,
        change_mark,
        bytes,
    }
}

pub(super) fn view(
    relation: Relation,
    name: ObjectName,
    columns: Vec<Column>,
    comment: Option<String>,
) -> View {
    View {
        name,
        oid: relation.oid,
        materialized: relation.kind == 'm',
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
        comment,
    }
}

pub(super) fn column(attribute: Attribute, expression: Option<String>, comment: Option<String>) -> Column {
    let (mut default, mut generated, mut auto_number) = (None, None, None);
    match (attribute.generated.as_str(), attribute.identity.as_str()) {
        ("", "a") => auto_number = Some(AutoNumber::IdentityAlways),
        ("", "d") => auto_number = Some(AutoNumber::IdentityByDefault),
        ("", _) => match expression {
            Some(expression) if is_nextval(&expression) => auto_number = Some(AutoNumber::Serial),
            expression => default = expression,
        },
        _ => generated = expression,
    }
    Column {
        name: attribute.name,
        data_type: attribute.data_type,
        not_null: attribute.not_null,
        default,
        auto_number,
        generated,
        comment,
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
pub(super) fn add_constraints(
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
        let columns = names.columns(constraint.relation, &constraint.key);
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
                        ref_columns: names.columns(constraint.ref_relation, &constraint.ref_key),
                        on_update: action(constraint.on_update),
                        on_delete: action(constraint.on_delete),
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

fn action(letter: char) -> ForeignKeyAction {
    match letter {
        'r' => ForeignKeyAction::Restrict,
        'c' => ForeignKeyAction::Cascade,
        'n' => ForeignKeyAction::SetNull,
        'd' => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    }
}

pub(super) fn index(row: IndexRow, names: &Names) -> Index {
    let keys = row.keys.unwrap_or_default().into_iter().enumerate();
    let keys = keys.map(|(i, mut key)| {
        let column = row
            .columns
            .get(i)
            .and_then(|number| names.columns.get(&(row.relation, *number)));
        let collation = row.collations.get(i).copied().unwrap_or_default();
        if column.is_some_and(|column| column.collation != collation)
            && let Some(collation) = names.collations.get(&collation)
        {
            key.push_str(" COLLATE ");
            key.push_str(collation);
        }
        if let Some(class) = row.classes.get(i).and_then(|class| names.classes.get(class)) {
            key.push(' ');
            key.push_str(class);
        }
        // DESC and NULLS FIRST; one comes with the other unless said.
        key.push_str(match row.options.get(i).map(|bits| bits & 3) {
            Some(1) => " DESC NULLS LAST",
            Some(2) => " NULLS FIRST",
            Some(3) => " DESC",
            _ => "",
        });
        key
    });
    let (name, method) = names.indexes.get(&row.oid).cloned().unwrap_or_default();
    Index {
        keys: keys.collect(),
        name,
        method: names.methods.get(&method).cloned().unwrap_or_default(),
        include: names.columns(row.relation, row.columns.get(row.n_keys..).unwrap_or_default()),
        unique: row.unique,
        nulls_not_distinct: row.unique && row.nulls_not_distinct,
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

pub(super) fn trigger(row: TriggerRow, names: &Names) -> Trigger {
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
        function: printed::name(&row.function).unwrap_or_else(|| ObjectName::new("pg_catalog", row.function)),
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

pub(super) fn function(row: FunctionRow, names: &Names) -> Option<Function> {
    let name = names.object(row.oid, row.schema, row.name)?;
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
    Some(Function {
        name,
        kind: match row.kind {
            'p' => FunctionKind::Procedure,
            'a' => FunctionKind::Aggregate,
            'w' => FunctionKind::Window,
            _ => FunctionKind::Function,
        },
        argument_types: arguments.collect::<Vec<_>>().join(", "),
        result: row.result.filter(|_| row.kind != 'p'),
        language: names.languages.get(&row.language).cloned().unwrap_or_default(),
        comment: names.comments.get(&(row.oid, 0)).cloned(),
    })
}

pub(super) fn sequence(row: SequenceRow, names: &Names) -> Option<Sequence> {
    Some(Sequence {
        name: names.relations.get(&row.oid)?.clone(),
        data_type: row.data_type,
        start: row.start,
        increment: row.increment,
        min: row.min,
        max: row.max,
        cycle: row.cycle,
    })
}

pub(super) fn types(
    rows: impl IntoIterator<Item = TypeRow>,
    all_labels: impl IntoIterator<Item = (u32, String)>,
    constraints: Vec<Constraint>,
    names: &Names,
) -> (Vec<EnumType>, Vec<DomainType>) {
    let mut labels: HashMap<u32, Vec<String>> = HashMap::new();
    for (oid, label) in all_labels {
        labels.entry(oid).or_default().push(label);
    }
    let mut checks: HashMap<u32, Vec<String>> = HashMap::new();
    for constraint in constraints {
        if let (Some(expression), 'c') = (constraint.expression, constraint.kind) {
            checks.entry(constraint.domain).or_default().push(expression);
        }
    }
    let (mut enums, mut domains) = (Vec::new(), Vec::new());
    for row in rows {
        let Some(name) = names.object(row.oid, row.schema, row.name) else {
            continue;
        };
        if row.kind == 'e' {
            enums.push(EnumType {
                name,
                labels: labels.remove(&row.oid).unwrap_or_default(),
            });
        } else {
            domains.push(DomainType {
                name,
                base_type: row.base_type.unwrap_or_default(),
                not_null: row.not_null,
                default: row.default,
                checks: sorted(checks.remove(&row.oid).unwrap_or_default(), Clone::clone),
            });
        }
    }
    (enums, domains)
}

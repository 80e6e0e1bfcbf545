//! Puts the flat lists of the document together to the snapshot that the rest of pglab speaks of.

use std::collections::{HashMap, HashSet};

use pglab_core::snapshot::{
    AutoNumber, CheckConstraint, Column, DomainType, EnumType, ForeignKey, ForeignKeyAction, Function,
    FunctionKind, Index, Key, ObjectName, SchemaSnapshot, Sequence, Table, Trigger, View,
};

use super::document::{
    Attribute, Constraint, Document, FunctionRow, IndexRow, Relation, SequenceRow, TriggerRow, TypeRow,
};
use crate::{Error, printed};

/// What others refer to by number.
struct Names {
    /// Schemas that are spoken of.
    schemas: HashMap<u32, String>,
    relations: HashMap<u32, ObjectName>,
    columns: HashMap<(u32, i16), Named>,
    comments: HashMap<(u32, i32), String>,
    /// Indexes' names and methods, languages, operator classes, collations: numbers of one kind are never looked up in
    /// the list of another, but may be equal.
    indexes: HashMap<u32, (String, u32)>,
    methods: HashMap<u32, String>,
    classes: HashMap<u32, String>,
    collations: HashMap<u32, String>,
    languages: HashMap<u32, String>,
    /// By extensions.
    owned: HashSet<u32>,
}

struct Named {
    name: String,
    collation: u32,
}

impl Names {
    fn columns(&self, relation: u32, numbers: &[i16]) -> Vec<String> {
        numbers
            .iter()
            .filter_map(|number| {
                self.columns
                    .get(&(relation, *number))
                    .map(|column| column.name.clone())
            })
            .collect()
    }

    /// `None` where the schema is not spoken of, or the thing is an extension's.
    fn object(&self, oid: u32, schema: u32, name: String) -> Option<ObjectName> {
        let schema = self.schemas.get(&schema).filter(|_| !self.owned.contains(&oid))?;
        Some(ObjectName::new(schema, name))
    }
}

pub(super) fn snapshot(text: &str) -> Result<SchemaSnapshot, Error> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| Error::Unexpected(format!("the catalog's JSON: {error}")))?;
    if let Some(why) = document.too_large {
        return Err(Error::TooLarge(why));
    }
    let mut names = Names {
        schemas: document
            .schemas
            .into_iter()
            .filter(|(_, name)| is_theirs(name))
            .collect(),
        relations: HashMap::new(),
        columns: HashMap::new(),
        comments: document
            .comments
            .into_iter()
            .map(|(oid, column, comment)| ((oid, column), comment))
            .collect(),
        indexes: HashMap::new(),
        methods: document.methods.into_iter().collect(),
        classes: document.classes.into_iter().collect(),
        collations: document.collations.into_iter().collect(),
        languages: document.languages.into_iter().collect(),
        owned: HashSet::new(),
    };
    let mut by_column = HashSet::new();
    for (oid, how) in document.owned {
        if how == 'e' {
            &mut names.owned
        } else {
            &mut by_column
        }
        .insert(oid);
    }
    let mut defaults: HashMap<(u32, i16), String> = document
        .defaults
        .into_iter()
        .filter_map(|(relation, column, expression)| Some(((relation, column), expression?)))
        .collect();
    let mut columns: HashMap<u32, Vec<(i16, Column)>> = HashMap::new();
    for attribute in document.columns {
        let key = (attribute.relation, attribute.number);
        names.columns.insert(
            key,
            Named {
                name: attribute.name.clone(),
                collation: attribute.collation,
            },
        );
        let comment = names.comments.get(&(key.0, i32::from(key.1))).cloned();
        let column = column(attribute, defaults.remove(&key), comment);
        columns.entry(key.0).or_default().push((key.1, column));
    }
    let relations: Vec<Relation> = document.relations.into_iter().collect();
    let marks = Marks::new(&relations, document.children);
    let mut tables: HashMap<u32, Table> = HashMap::new();
    let mut views: HashMap<u32, View> = HashMap::new();
    for relation in relations {
        if matches!(relation.kind, 'i' | 'I') {
            names
                .indexes
                .insert(relation.oid, (relation.name, relation.method));
            continue;
        }
        let Some(schema) = names.schemas.get(&relation.schema) else {
            continue;
        };
        let name = ObjectName::new(schema, relation.name.clone());
        names.relations.insert(relation.oid, name.clone());
        if relation.is_partition || names.owned.contains(&relation.oid) {
            continue;
        }
        let mut columns = columns.remove(&relation.oid).unwrap_or_default();
        columns.sort_by_key(|(number, _)| *number);
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let comment = names.comments.get(&(relation.oid, 0)).cloned();
        match relation.kind {
            'r' | 'p' => tables
                .insert(relation.oid, table(relation, name, columns, comment, &marks))
                .map(drop),
            'v' | 'm' => views
                .insert(relation.oid, view(relation, name, columns, comment))
                .map(drop),
            _ => None,
        };
    }
    let indexes: Vec<IndexRow> = document.indexes.into_iter().collect();
    let mut constraints: Vec<Constraint> = document.constraints.into_iter().collect();
    let of_domains = constraints
        .extract_if(.., |constraint| constraint.domain != 0)
        .collect();
    let by_constraint = add_constraints(&mut tables, constraints, &indexes, &mut names);
    for row in indexes {
        if !by_constraint.contains(&row.oid)
            && let Some(table) = tables.get_mut(&row.relation)
        {
            table.indexes.push(index(row, &names));
        }
    }
    for row in document.triggers {
        if let Some(table) = tables.get_mut(&row.relation) {
            table.triggers.push(trigger(row, &names));
        } else if let Some(view) = views.get_mut(&row.relation) {
            view.triggers.push(trigger(row, &names));
        }
    }
    let (enums, domains) = types(document.types, document.labels, of_domains, &names);
    let functions = document
        .functions
        .into_iter()
        .filter_map(|row| function(row, &names));
    let sequences = document
        .sequences
        .into_iter()
        .filter(|row| !by_column.contains(&row.oid) && !names.owned.contains(&row.oid))
        .filter_map(|row| sequence(row, &names));
    Ok(SchemaSnapshot {
        server_version: document.server_version,
        schemas: sorted(
            names
                .schemas
                .iter()
                .filter(|(oid, name)| name.as_str() != "public" && !names.owned.contains(oid))
                .map(|(_, name)| name.clone()),
            Clone::clone,
        ),
        tables: sorted(tables.into_values().map(in_order), |table| table.name.clone()),
        views: sorted(views.into_values(), |view| view.name.clone()),
        functions: sorted(functions, |it| (it.name.clone(), it.argument_types.clone())),
        sequences: sorted(sequences, |it| it.name.clone()),
        enums: sorted(enums, |it| it.name.clone()),
        domains: sorted(domains, |it| it.name.clone()),
        extensions: document.extensions.into_iter().collect(),
    })
}

/// Not the system's, not temporary, and not ours.
fn is_theirs(schema: &str) -> bool {
    !schema.starts_with("pg_") && schema != "information_schema" && schema != "pglab"
}

/// Marks and sizes; those of a partitioned table are those of all that is below it.
struct Marks {
    own: HashMap<u32, (String, u64)>,
    children: HashMap<u32, Vec<u32>>,
}

impl Marks {
    fn new(relations: &[Relation], children: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let own = relations
            .iter()
            .filter_map(|relation| {
                let bytes = relation
                    .bytes
                    .and_then(|bytes| u64::try_from(bytes).ok())
                    .unwrap_or(0);
                Some((relation.oid, (relation.mark.clone()?, bytes)))
            })
            .collect();
        let mut of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (child, parent) in children {
            of.entry(parent).or_default().push(child);
        }
        of.values_mut().for_each(|children| children.sort_unstable());
        Self { own, children: of }
    }

    fn below(&self, parent: u32) -> (String, u64) {
        let (mut mark, mut bytes) = (String::new(), 0);
        let mut open = vec![parent];
        while let Some(relation) = open.pop() {
            if let Some((own, n)) = self.own.get(&relation) {
                mark.push_str(own);
                mark.push(' ');
                bytes += n;
            }
            open.extend(self.children.get(&relation).into_iter().flatten());
        }
        (mark, bytes)
    }
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

fn table(
    relation: Relation,
    name: ObjectName,
    columns: Vec<Column>,
    comment: Option<String>,
    marks: &Marks,
) -> Table {
    let (change_mark, bytes) = match relation.kind {
        'p' => marks.below(relation.oid),
        // Rows of tables that inherit from this one are theirs.
        _ => marks.own.get(&relation.oid).cloned().unwrap_or_default(),
    };
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

fn view(relation: Relation, name: ObjectName, columns: Vec<Column>, comment: Option<String>) -> View {
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

fn column(attribute: Attribute, expression: Option<String>, comment: Option<String>) -> Column {
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
fn add_constraints(
    tables: &mut HashMap<u32, Table>,
    constraints: Vec<Constraint>,
    indexes: &[IndexRow],
    names: &mut Names,
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
        for (number, name) in constraint.ref_columns.into_iter().flatten() {
            let named = Named { name, collation: 0 };
            names.columns.insert((constraint.ref_relation, number), named);
        }
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

fn function(row: FunctionRow, names: &Names) -> Option<Function> {
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

fn sequence(row: SequenceRow, names: &Names) -> Option<Sequence> {
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

fn types(
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

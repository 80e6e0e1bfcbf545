//! Puts the flat lists of the document together to the snapshot that the rest of pglab speaks of.

use std::collections::{HashMap, HashSet};

use pglab_core::snapshot::{Column, ObjectName, SchemaSnapshot, Table, View};

use super::{
    document::{Document, Relation},
    parts::{add_constraints, column, function, index, sequence, table, trigger, types, view},
};
/// What others refer to by number.
pub(super) struct Names {
    /// Schemas that are spoken of.
    pub(super) schemas: HashMap<u32, String>,
    pub(super) relations: HashMap<u32, ObjectName>,
    pub(super) columns: HashMap<(u32, i16), Named>,
    pub(super) comments: HashMap<(u32, i32), String>,
    /// Indexes' names and methods, languages, operator classes, collations: numbers of one kind are never looked up in
    /// the list of another, but may be equal.
    pub(super) indexes: HashMap<u32, (String, u32)>,
    pub(super) methods: HashMap<u32, String>,
    pub(super) classes: HashMap<u32, String>,
    pub(super) collations: HashMap<u32, String>,
    pub(super) languages: HashMap<u32, String>,
    /// By extensions.
    owned: HashSet<u32>,
}

pub(super) struct Named {
    pub(super) name: String,
    pub(super) collation: u32,
}

impl Names {
    pub(super) fn columns(&self, relation: u32, numbers: &[i16]) -> Vec<String> {
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
    pub(super) fn object(&self, oid: u32, schema: u32, name: String) -> Option<ObjectName> {
        let schema = self.schemas.get(&schema).filter(|_| !self.owned.contains(&oid))?;
        Some(ObjectName::new(schema, name))
    }
}

pub(super) fn snapshot(document: Document) -> SchemaSnapshot {
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
    let relations = document.relations;
    let marks = Marks::of(&relations, document.children);
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
    let indexes = document.indexes;
    let mut constraints = document.constraints;
    let of_domains = constraints
        .extract_if(.., |constraint| constraint.domain != 0)
        .collect();
    let by_constraint = add_constraints(&mut tables, constraints, &indexes, &names);
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
    SchemaSnapshot {
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
        extensions: document.extensions,
    }
}

/// Not the system's, not temporary, and not ours.
fn is_theirs(schema: &str) -> bool {
    !schema.starts_with("pg_") && schema != "information_schema" && schema != "pglab"
}

/// Marks and sizes; those of a partitioned table are those of all that is below it.
pub(super) struct Marks {
    own: HashMap<u32, (String, u64)>,
    children: HashMap<u32, Vec<u32>>,
}

impl Marks {
    fn of(relations: &[Relation], children: Vec<(u32, u32)>) -> Self {
        let own = relations
            .iter()
            .filter_map(|relation| Some((relation.oid, relation.mark.clone()?)));
        Self::new(own.collect(), children)
    }

    pub(super) fn new(own: HashMap<u32, (String, u64)>, children: Vec<(u32, u32)>) -> Self {
        let mut of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (child, parent) in children {
            of.entry(parent).or_default().push(child);
        }
        of.values_mut().for_each(|children| children.sort_unstable());
        Self { own, children: of }
    }

    pub(super) fn of_table(&self, oid: u32, partitioned: bool) -> (String, u64) {
        if partitioned {
            self.below(oid)
        } else {
            // Rows of tables that inherit from this one are theirs.
            self.own.get(&oid).cloned().unwrap_or_default()
        }
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

pub(super) fn sorted<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
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

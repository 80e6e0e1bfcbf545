//! A snapshot, indexed once by name so that each check finds its object without a search. It borrows and decides nothing.

use std::collections::HashMap;

use super::Outcome;
use crate::{
    snapshot::{
        Column, DomainType, EnumType, Function, ObjectName, SchemaSnapshot, Sequence, Table, Trigger, View,
    },
    words,
};

#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) schema: &'a SchemaSnapshot,
    tables: HashMap<&'a ObjectName, &'a Table>,
    views: HashMap<&'a ObjectName, &'a View>,
    functions: HashMap<&'a ObjectName, Vec<&'a Function>>,
    sequences: HashMap<&'a ObjectName, &'a Sequence>,
    enums: HashMap<&'a ObjectName, &'a EnumType>,
    domains: HashMap<&'a ObjectName, &'a DomainType>,
}

impl<'a> Found<'a> {
    pub(super) fn new(schema: &'a SchemaSnapshot) -> Self {
        let mut functions: HashMap<_, Vec<_>> = HashMap::new();
        for function in &schema.functions {
            functions.entry(&function.name).or_default().push(function);
        }
        Self {
            schema,
            tables: schema.tables.iter().map(|table| (&table.name, table)).collect(),
            views: schema.views.iter().map(|view| (&view.name, view)).collect(),
            functions,
            sequences: schema
                .sequences
                .iter()
                .map(|sequence| (&sequence.name, sequence))
                .collect(),
            enums: schema.enums.iter().map(|r#enum| (&r#enum.name, r#enum)).collect(),
            domains: schema
                .domains
                .iter()
                .map(|domain| (&domain.name, domain))
                .collect(),
        }
    }

    pub(super) fn has_schema(&self, name: &str) -> bool {
        name == "public" || self.schema.schemas.iter().any(|schema| schema == name)
    }

    pub(super) fn find_table(&self, name: &ObjectName) -> Option<&'a Table> {
        self.tables.get(name).copied()
    }

    pub(super) fn find_view(&self, name: &ObjectName) -> Option<&'a View> {
        self.views.get(name).copied()
    }

    pub(super) fn functions(&self, name: &ObjectName) -> &[&'a Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn sequence(&self, name: &ObjectName) -> Option<&'a Sequence> {
        self.sequences.get(name).copied()
    }

    pub(super) fn enumeration(&self, name: &ObjectName) -> Option<&'a EnumType> {
        self.enums.get(name).copied()
    }

    pub(super) fn domain(&self, name: &ObjectName) -> Option<&'a DomainType> {
        self.domains.get(name).copied()
    }

    /// The table that a check is about, or that it is not there yet.
    pub(super) fn table(&self, name: &ObjectName) -> Result<&'a Table, Outcome> {
        self.find_table(name)
            .ok_or_else(|| Outcome::NotYet(format!("the table {} is not there yet", words::object(name))))
    }

    /// The same for a column.
    pub(super) fn column(&self, table: &ObjectName, name: &str) -> Result<(&'a Table, &'a Column), Outcome> {
        let found = self.table(table)?;
        found.column(name).map(|column| (found, column)).ok_or_else(|| {
            Outcome::NotYet(format!(
                "the column {}.{} is not there yet",
                words::object(table),
                words::name(name)
            ))
        })
    }

    /// The triggers of a table or view.
    pub(super) fn triggers(&self, name: &ObjectName) -> Option<&'a [Trigger]> {
        self.find_table(name)
            .map(|table| table.triggers.as_slice())
            .or_else(|| self.find_view(name).map(|view| view.triggers.as_slice()))
    }
}

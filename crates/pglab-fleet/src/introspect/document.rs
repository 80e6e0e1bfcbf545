//! The document that `snapshot.sql` gives. The structs mirror its lists, element by element, in the same order; what
//! they mean is in `assemble`.

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) too_large: Option<String>,
    pub(super) server_version: u32,
    pub(super) schemas: List<(u32, String)>,
    pub(super) relations: List<Relation>,
    /// Child and parent.
    pub(super) children: List<(u32, u32)>,
    /// Of what, of which column of it (0 for none), and what.
    pub(super) comments: List<(u32, i32, String)>,
    /// What is owned, and how: `e` by an extension, others by a column.
    pub(super) owned: List<(u32, char)>,
    pub(super) columns: List<Attribute>,
    /// Relation, column, expression.
    pub(super) defaults: List<(u32, i16, Option<String>)>,
    pub(super) constraints: List<Constraint>,
    pub(super) indexes: List<IndexRow>,
    pub(super) methods: List<(u32, String)>,
    /// Operator classes that are not the default of their type.
    pub(super) classes: List<(u32, String)>,
    pub(super) collations: List<(u32, String)>,
    pub(super) triggers: List<TriggerRow>,
    pub(super) functions: List<FunctionRow>,
    pub(super) languages: List<(u32, String)>,
    pub(super) sequences: List<SequenceRow>,
    pub(super) types: List<TypeRow>,
    /// Type and label, in order.
    pub(super) labels: List<(u32, String)>,
    pub(super) extensions: List<String>,
}

/// `null` where there is nothing to aggregate.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct List<T>(Option<Vec<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.unwrap_or_default().into_iter()
    }
}

#[derive(Deserialize)]
pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) is_partition: bool,
    pub(super) method: u32,
    pub(super) row_security: bool,
    pub(super) mark: Option<String>,
    pub(super) bytes: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Attribute {
    pub(super) relation: u32,
    pub(super) number: i16,
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) not_null: bool,
    pub(super) identity: String,
    pub(super) generated: String,
    pub(super) collation: u32,
}

#[derive(Deserialize)]
pub(super) struct Constraint {
    pub(super) relation: u32,
    /// Where it is one of a domain.
    pub(super) domain: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) key: Option<Vec<i16>>,
    pub(super) index: u32,
    pub(super) ref_relation: u32,
    pub(super) ref_key: Option<Vec<i16>>,
    pub(super) on_update: String,
    pub(super) on_delete: String,
    pub(super) match_full: bool,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
    pub(super) expression: Option<String>,
    /// Where those are not among the columns.
    pub(super) ref_columns: Option<Vec<(i16, String)>>,
}

#[derive(Deserialize)]
pub(super) struct IndexRow {
    pub(super) relation: u32,
    pub(super) oid: u32,
    pub(super) unique: bool,
    pub(super) nulls_not_distinct: bool,
    pub(super) n_keys: usize,
    pub(super) columns: Vec<i16>,
    pub(super) classes: Vec<u32>,
    pub(super) collations: Vec<u32>,
    pub(super) options: Vec<i16>,
    /// `None` for primary keys.
    pub(super) keys: Option<Vec<String>>,
    pub(super) predicate: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TriggerRow {
    pub(super) relation: u32,
    pub(super) name: String,
    pub(super) kind: i16,
    pub(super) columns: Vec<i16>,
    /// Only where there is a condition.
    pub(super) definition: Option<String>,
    /// With its schema, unless that is `pg_catalog`.
    pub(super) function: String,
    pub(super) enabled: bool,
}

#[derive(Deserialize)]
pub(super) struct FunctionRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) language: u32,
    pub(super) types: Vec<String>,
    pub(super) modes: Option<Vec<char>>,
    pub(super) result: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SequenceRow {
    pub(super) oid: u32,
    pub(super) data_type: String,
    pub(super) start: i64,
    pub(super) increment: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) cycle: bool,
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) base_type: Option<String>,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
}

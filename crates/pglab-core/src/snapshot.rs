//! What a database holds, as the catalog tells it: the common language of the example, of a student's database and of
//! the checks. Made by `pglab-fleet` from one SQL statement, compared by [`crate::check`].
//!
//! Names are as the catalog holds them. Expressions are what `pg_get_expr` and its kin print with
//! `search_path = pg_catalog`, so that every other name in them carries its schema. What pglab itself puts into a
//! database (the schema `pglab`), extensions' own objects, and temporary objects are left out.

use serde::{Deserialize, Serialize};

/// Schema and name of an object. Sorts by schema, then name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObjectName {
    pub schema: String,
    pub name: String,
}

impl ObjectName {
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            name: name.into(),
        }
    }
    /// How people say it: without the schema where that is `public`.
    pub fn short(&self) -> String {
        if self.schema == "public" {
            self.name.clone()
        } else {
            format!("{}.{}", self.schema, self.name)
        }
    }
    /// Quoted for SQL, with its schema.
    pub fn quoted(&self) -> String {
        format!(
            "{}.{}",
            crate::ident::quote_ident(&self.schema),
            crate::ident::quote_ident(&self.name)
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SchemaSnapshot {
    /// `server_version_num`, e.g. 150018.
    pub server_version: u32,
    /// Schemas besides `public`, without system ones and `pglab`.
    pub schemas: Vec<String>,
    pub tables: Vec<Table>,
    pub views: Vec<View>,
    pub functions: Vec<Function>,
    /// Sequences that no column owns. Those behind `serial` and identity columns are told by [`Column::auto_number`].
    pub sequences: Vec<Sequence>,
    pub enums: Vec<EnumType>,
    pub domains: Vec<DomainType>,
    pub extensions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Table {
    pub name: ObjectName,
    /// `pg_class.oid`, to find its statistics again. Differs from database to database.
    #[serde(default)]
    pub oid: u32,
    /// In the order of the table.
    pub columns: Vec<Column>,
    #[serde(default)]
    pub primary_key: Option<Key>,
    #[serde(default)]
    pub uniques: Vec<Key>,
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    #[serde(default)]
    pub checks: Vec<CheckConstraint>,
    /// Exclusion constraints, as `pg_get_constraintdef` prints them.
    #[serde(default)]
    pub exclusions: Vec<String>,
    /// Without those behind constraints.
    #[serde(default)]
    pub indexes: Vec<Index>,
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    #[serde(default)]
    pub partitioned: bool,
    #[serde(default)]
    pub row_security: bool,
    #[serde(default)]
    pub comment: Option<String>,
    /// Changes whenever rows may have changed: file node, size and the tuple counters of the statistics, as one text.
    #[serde(default)]
    pub change_mark: String,
    /// Size on disk without indexes, in bytes.
    #[serde(default)]
    pub bytes: u64,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Column {
    pub name: String,
    /// As `format_type` prints it: `character varying(160)`, `numeric(10,2)`, `public.mood`.
    #[serde(rename = "type")]
    pub data_type: String,
    pub not_null: bool,
    /// The default expression, without that of an auto number.
    #[serde(default)]
    pub default: Option<String>,
    #[serde(default)]
    pub auto_number: Option<AutoNumber>,
    /// The expression of a generated column.
    #[serde(default)]
    pub generated: Option<String>,
    #[serde(default)]
    pub comment: Option<String>,
}

/// How a column numbers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AutoNumber {
    /// `serial`, or any default of `nextval(…)`.
    Serial,
    IdentityAlways,
    IdentityByDefault,
}

/// A primary key or unique constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Key {
    pub name: String,
    /// In the order of the constraint; compared as a set.
    pub columns: Vec<String>,
    #[serde(default)]
    pub deferrable: bool,
    #[serde(default)]
    pub nulls_not_distinct: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ForeignKey {
    pub name: String,
    /// Paired with `ref_columns` by position.
    pub columns: Vec<String>,
    pub ref_table: ObjectName,
    pub ref_columns: Vec<String>,
    pub on_update: ForeignKeyAction,
    pub on_delete: ForeignKeyAction,
    #[serde(default)]
    pub match_full: bool,
    #[serde(default)]
    pub deferrable: bool,
    #[serde(default)]
    pub initially_deferred: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForeignKeyAction {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl ForeignKeyAction {
    /// As SQL writes it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CheckConstraint {
    pub name: String,
    pub expression: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Index {
    pub name: String,
    /// `btree`, `hash`, `gin`, …
    pub method: String,
    /// Columns and expressions with their order and operator class where they are not the default, in order.
    pub keys: Vec<String>,
    #[serde(default)]
    pub include: Vec<String>,
    pub unique: bool,
    /// Of a unique index: an empty value equals another.
    #[serde(default)]
    pub nulls_not_distinct: bool,
    #[serde(default)]
    pub predicate: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Trigger {
    pub name: String,
    /// `BEFORE`, `AFTER` or `INSTEAD OF`.
    pub timing: String,
    /// Sorted: `DELETE`, `INSERT`, `TRUNCATE`, `UPDATE`.
    pub events: Vec<String>,
    /// Columns of `UPDATE OF`, sorted.
    #[serde(default)]
    pub update_columns: Vec<String>,
    pub for_each_row: bool,
    #[serde(default)]
    pub condition: Option<String>,
    pub function: ObjectName,
    /// Not disabled.
    pub enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct View {
    pub name: ObjectName,
    #[serde(default)]
    pub oid: u32,
    pub materialized: bool,
    /// Only name, type and comment are set.
    pub columns: Vec<Column>,
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    #[serde(default)]
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Function {
    pub name: ObjectName,
    pub kind: FunctionKind,
    /// As `pg_get_function_identity_arguments` prints them, without names: `integer, text`.
    pub argument_types: String,
    /// As `pg_get_function_result` prints it; `None` for a procedure.
    #[serde(default)]
    pub result: Option<String>,
    pub language: String,
    #[serde(default)]
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    Function,
    Procedure,
    Aggregate,
    Window,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sequence {
    pub name: ObjectName,
    #[serde(rename = "type")]
    pub data_type: String,
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cycle: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnumType {
    pub name: ObjectName,
    /// In their order.
    pub labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DomainType {
    pub name: ObjectName,
    pub base_type: String,
    pub not_null: bool,
    #[serde(default)]
    pub default: Option<String>,
    /// Expressions, sorted.
    #[serde(default)]
    pub checks: Vec<String>,
}

/// The content of a table or view without its order: how many rows, and two sums over a 64-bit hash of each row.
/// Equal digests mean equal multisets of rows, as far as a 63-bit hash can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RowDigest {
    pub n_rows: u64,
    pub sum_low: i64,
    pub sum_high: i64,
}

/// The content of a table or view in the example, by which a student's is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExpectedRows {
    pub name: ObjectName,
    /// The columns that the hash covers, in this order.
    pub columns: Vec<String>,
    pub digest: RowDigest,
    /// The hash of each row, sorted, for relations of at most [`MAX_HASHED_ROWS`] rows: tells missing from extra.
    #[serde(default)]
    pub hashes: Option<Vec<i64>>,
}

/// Above this many rows, a difference is told by its counts alone.
pub const MAX_HASHED_ROWS: u64 = 20_000;

/// What was found when the rows of a relation were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ObservedRows {
    /// Its content.
    Digest {
        digest: RowDigest,
        /// Asked for when the digest differs and both sides are small enough; sorted.
        hashes: Option<Vec<i64>>,
    },
    /// A table that lacks a column that is needed: its rows can be counted, and nothing more.
    Counted { n_rows: u64 },
    /// It is not there, or it is a view that lacks a column that is needed.
    Missing,
    /// PostgreSQL refused or took too long: its message.
    Failed(String),
}

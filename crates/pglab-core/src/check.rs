//! A check: one machine-checkable fact inside a task, with a weight; and its verdict. How checks are derived from an
//! example is in `derive`, how they are judged in `judge`.

use serde::{Deserialize, Serialize};

use crate::{
    id::CheckId,
    snapshot::{
        AutoNumber, DomainType, EnumType, ForeignKey, Function, Index, ObjectName, Sequence, Trigger,
    },
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub id: CheckId,
    /// What must hold, in words: `album.title is character varying(160)`.
    pub title: String,
    /// Why it matters or how to do it; shown to the student when it fails.
    pub explanation: String,
    /// Share of the task's points, relative to its other checks. 1 to 1000.
    pub weight: u32,
    pub fact: Fact,
}

/// What is checked. The tag is the `kind` of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    SchemaExists {
        schema: String,
    },
    TableExists {
        table: ObjectName,
    },
    ColumnExists {
        table: ObjectName,
        column: String,
    },
    ColumnType {
        table: ObjectName,
        column: String,
        data_type: String,
    },
    Nullability {
        table: ObjectName,
        column: String,
        not_null: bool,
    },
    Default {
        table: ObjectName,
        column: String,
        expression: String,
    },
    Generated {
        table: ObjectName,
        column: String,
        expression: String,
    },
    AutoNumber {
        table: ObjectName,
        column: String,
        auto_number: AutoNumber,
    },
    PrimaryKey {
        table: ObjectName,
        columns: Vec<String>,
    },
    ForeignKey {
        table: ObjectName,
        foreign_key: ForeignKey,
    },
    Unique {
        table: ObjectName,
        columns: Vec<String>,
        nulls_not_distinct: bool,
    },
    CheckConstraint {
        table: ObjectName,
        expression: String,
    },
    Exclusion {
        table: ObjectName,
        definition: String,
    },
    Index {
        table: ObjectName,
        index: Index,
    },
    Trigger {
        table: ObjectName,
        trigger: Trigger,
    },
    ViewExists {
        view: ObjectName,
        materialized: bool,
        columns: Vec<String>,
    },
    /// The view returns the same rows as in the example.
    ViewRows {
        view: ObjectName,
    },
    Function {
        function: Function,
    },
    Sequence {
        sequence: Sequence,
    },
    Enum {
        r#enum: EnumType,
    },
    Domain {
        domain: DomainType,
    },
    TableComment {
        table: ObjectName,
        comment: String,
    },
    ColumnComment {
        table: ObjectName,
        column: String,
        comment: String,
    },
    /// The table holds the same rows as in the example, in any order.
    Rows {
        table: ObjectName,
    },
    RowCount {
        table: ObjectName,
        n_rows: u64,
    },
}

impl Fact {
    /// The tag, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SchemaExists { .. } => "schema_exists",
            Self::TableExists { .. } => "table_exists",
            Self::ColumnExists { .. } => "column_exists",
            Self::ColumnType { .. } => "column_type",
            Self::Nullability { .. } => "nullability",
            Self::Default { .. } => "default",
            Self::Generated { .. } => "generated",
            Self::AutoNumber { .. } => "auto_number",
            Self::PrimaryKey { .. } => "primary_key",
            Self::ForeignKey { .. } => "foreign_key",
            Self::Unique { .. } => "unique",
            Self::CheckConstraint { .. } => "check_constraint",
            Self::Exclusion { .. } => "exclusion",
            Self::Index { .. } => "index",
            Self::Trigger { .. } => "trigger",
            Self::ViewExists { .. } => "view_exists",
            Self::ViewRows { .. } => "view_rows",
            Self::Function { .. } => "function",
            Self::Sequence { .. } => "sequence",
            Self::Enum { .. } => "enum",
            Self::Domain { .. } => "domain",
            Self::TableComment { .. } => "table_comment",
            Self::ColumnComment { .. } => "column_comment",
            Self::Rows { .. } => "rows",
            Self::RowCount { .. } => "row_count",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictState {
    Passed,
    Failed,
    /// What the check speaks of is not there yet.
    NotYet,
    /// The check could not be made: PostgreSQL refused or took too long.
    Error,
}

impl VerdictState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotYet => "not_yet",
            Self::Error => "error",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::NotYet, Self::Error]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What a check said of one database, in words that a student understands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub check: CheckId,
    pub state: VerdictState,
    pub expected: String,
    pub found: String,
}

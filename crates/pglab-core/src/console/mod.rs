//! What a SQL console says and hears: statements, columns, rows, notices, errors, as values that travel to a browser.
//! Nothing is executed here.

mod statements;

use serde::{Deserialize, Serialize};

pub use statements::{Statement, statements};

/// What is kept of one statement's result, and of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ConsoleLimits))]
pub struct Limits {
    /// Rows of one statement.
    pub rows: u32,
    /// Bytes of one statement's rows.
    pub bytes: u32,
    /// Bytes of one cell; the rest is cut off.
    pub cell_bytes: u32,
    /// Notices of one statement.
    pub notices: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 10_000,
            bytes: 8 << 20,
            cell_bytes: 256 << 10,
            notices: 200,
        }
    }
}

/// What `ReadyForQuery` says of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schema(as = ConsoleTransaction))]
pub enum Transaction {
    None,
    Open,
    /// Nothing but ROLLBACK is done any more.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ConsoleColumn))]
pub struct Column {
    pub name: String,
    /// The name of a built-in type; of others the oid.
    #[serde(rename = "type")]
    pub type_name: String,
    /// To be set flush right.
    pub is_number: bool,
}

/// The fields of an error or a notice, as PostgreSQL names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ConsoleComplaint))]
pub struct Complaint {
    /// ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO, LOG; never translated.
    pub severity: String,
    /// SQLSTATE.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// In UTF-16 units from the beginning of what was sent, so that an editor can point at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// A statement that PostgreSQL was led to by ours: in a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_query: Option<String>,
    /// Where it happened: a call stack, the line of a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
}

/// Why there are more rows than are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schema(as = ConsoleCut))]
pub enum Cut {
    Rows,
    Bytes,
}

/// What a console hears, in this order for every statement: `statement`, `columns` where it has any, `rows` in parts,
/// `done` or `error`; notices in between. An error ends what was sent. `finished` comes last.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ConsoleEvent))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The session is there.
    Ready {
        database: String,
        /// As whom statements run.
        role: String,
        /// Every statement is a transaction that may only read, and is taken back.
        read_only: bool,
        server_version: String,
        /// Of the backend, as `pg_stat_activity` has it.
        pid: i32,
        limits: Limits,
    },
    /// A statement begins: where it stands, in UTF-16 units of what was sent.
    Statement {
        from: u32,
        to: u32,
    },
    Columns {
        columns: Vec<Column>,
    },
    Rows {
        rows: Vec<Vec<Option<String>>>,
    },
    Notice {
        notice: Complaint,
    },
    /// Of LISTEN.
    Notification {
        channel: String,
        payload: String,
    },
    Done {
        /// What PostgreSQL calls it: `INSERT 0 1`. Empty where the result was not read to its end.
        tag: String,
        n_rows: u64,
        /// There is more, which is not shown.
        cut: Option<Cut>,
        n_cells_cut: u64,
        ms: f64,
    },
    Error {
        error: Complaint,
        ms: f64,
    },
    /// All that was sent is done, or was given up at an error.
    Finished {
        transaction: Transaction,
        ms: f64,
    },
    /// The tables and what else there is, for completion and for the browser of the schema.
    Catalog {
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        catalog: serde_json::Value,
    },
    /// Nothing comes any more: a sentence why, and a word for programs.
    Closed {
        reason: String,
        code: String,
    },
}

//! The watcher: holds students to the hard caps that PostgreSQL leaves them free to change. It looks and acts over one
//! maintenance connection, and never at sessions that are not of our students; what to do is decided in
//! `pglab_core::caps`.

use std::collections::BTreeMap;

use pglab_core::caps::{self, Action, Caps, Memory, Observed, Step};
use serde_json::{Value, json};

use crate::{
    Connection, Error,
    provision::script::{self, text},
};

/// Something that was done to a student's session or database, for their timeline and the instructor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforced {
    /// Empty where it concerns no one database.
    pub database: String,
    pub role: String,
    /// Of the session that was cancelled or ended.
    pub pid: Option<i32>,
    pub action: EnforcedAction,
    /// For people: what happened, and what to do.
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnforcedAction {
    Cancelled,
    Terminated,
    TurnedReadOnly,
    TurnedWritable,
    Closed,
    Reopened,
    Revoked,
}

impl EnforcedAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Terminated => "terminated",
            Self::TurnedReadOnly => "turned_read_only",
            Self::TurnedWritable => "turned_writable",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Revoked => "revoked",
        }
    }
}

/// Remembers between activations what it cancelled. A new one begins with a look at the size of every database.
#[derive(Debug, Default)]
pub struct Watcher {
    memory: Memory,
    turn: u64,
    /// Bytes of each database when it was measured last.
    sizes: BTreeMap<String, u64>,
    /// Of the students' databases at the last look, for when the next one is not possible.
    database_oids: String,
}

/// PostgreSQL's `out_of_memory`, which it also says when its table of locks is full.
const NO_ROOM: &str = "53200";

impl Watcher {
    /// Looks once and does what is due; to be called about once per second. `caps` names the students' databases;
    /// those without our mark are left alone all the same. One round trip, and two more when something is due.
    ///
    /// # Errors
    /// The connection broke, or the maintenance role may not do this (see `docs/security.md` for what it needs).
    pub async fn activate(
        &mut self,
        connection: &Connection,
        caps: &BTreeMap<String, Caps>,
    ) -> Result<Vec<Enforced>, Error> {
        let observed = match self.observe(connection, caps).await {
            Err(error) if error.code() == Some(NO_ROOM) => return self.relieve(connection).await,
            observed => observed?,
        };
        self.sizes.retain(|name, _| caps.contains_key(name));
        for database in &observed.databases {
            self.sizes.insert(database.name.clone(), database.bytes);
        }
        let actions = caps::plan(&observed, caps, &mut self.memory);
        if actions.is_empty() {
            return Ok(Vec::new());
        }
        let steps: Vec<Value> = actions.iter().map(step).collect();
        let wanted = json!({ "steps": steps });
        script::run(connection, include_str!("sql/alter.sql"), &wanted).await?;
        script::run(connection, include_str!("sql/signal.sql"), &wanted).await?;
        Ok(actions.into_iter().map(enforced).collect())
    }

    /// The size of each database in bytes, at most a minute old.
    pub fn sizes(&self) -> &BTreeMap<String, u64> {
        &self.sizes
    }

    async fn observe(
        &mut self,
        connection: &Connection,
        caps: &BTreeMap<String, Caps>,
    ) -> Result<Observed, Error> {
        let wanted = json!({
            "databases": caps.keys().collect::<Vec<_>>(),
            "least_connections": caps.values().map(|caps| caps.max_connections).min().unwrap_or(u16::MAX),
            "all": self.turn == 0,
            "turn": self.turn,
        });
        let rows = script::run(connection, include_str!("sql/observe.sql"), &wanted).await?;
        self.turn += 1;
        let row = rows
            .last()
            .ok_or_else(|| Error::Unexpected("no row about the sessions".to_owned()))?;
        self.database_oids = row.try_get("database_oids")?.unwrap_or_default().to_owned();
        serde_json::from_str(text(row, "observed")?).map_err(|error| Error::Unexpected(error.to_string()))
    }

    /// Somebody took all locks that there are: ends those who hold many. Whose they were can't be asked at this moment.
    async fn relieve(&self, connection: &Connection) -> Result<Vec<Enforced>, Error> {
        let wanted = json!({ "database_oids": self.database_oids });
        let rows = script::run(connection, include_str!("sql/relief.sql"), &wanted).await?;
        tracing::warn!(n_ended = rows.len(), "the server's table of locks was full");
        rows.iter()
            .map(|row| {
                Ok(Enforced {
                    database: String::new(),
                    role: String::new(),
                    pid: text(row, "pid")?.parse().ok(),
                    action: EnforcedAction::Terminated,
                    sentence: "A session was ended that had taken all locks of the server, so that nobody else could work.".to_owned(),
                })
            })
            .collect()
    }
}

fn step(action: &Action) -> Value {
    let mut step = match &action.step {
        Step::Cancel { pid, began } => json!({ "step": "cancel", "pid": pid, "began": began }),
        Step::Terminate { pid, began } => json!({ "step": "terminate", "pid": pid, "began": began }),
        Step::TurnReadOnly { bytes } => json!({ "step": "read_only", "bytes": bytes.to_string() }),
        Step::TurnWritable => json!({ "step": "writable" }),
        Step::Close => json!({ "step": "close" }),
        Step::Reopen { open } => json!({ "step": "reopen", "open": open }),
        Step::Revoke { from } => json!({ "step": "revoke", "from": from }),
    };
    step["database"] = action.database.as_str().into();
    step["role"] = action.role.as_str().into();
    step
}

fn enforced(action: Action) -> Enforced {
    let (kind, pid) = match action.step {
        Step::Cancel { pid, .. } => (EnforcedAction::Cancelled, Some(pid)),
        Step::Terminate { pid, .. } => (EnforcedAction::Terminated, Some(pid)),
        Step::TurnReadOnly { .. } => (EnforcedAction::TurnedReadOnly, None),
        Step::TurnWritable => (EnforcedAction::TurnedWritable, None),
        Step::Close => (EnforcedAction::Closed, None),
        Step::Reopen { .. } => (EnforcedAction::Reopened, None),
        Step::Revoke { .. } => (EnforcedAction::Revoked, None),
    };
    tracing::info!(
        database = action.database,
        role = action.role,
        action = kind.as_str(),
        "{}",
        action.sentence
    );
    Enforced {
        database: action.database,
        role: action.role,
        pid,
        action: kind,
        sentence: action.sentence,
    }
}

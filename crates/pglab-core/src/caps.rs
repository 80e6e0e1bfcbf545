//! Hard caps on what students do to a shared server: from what is observed to what is to be done about it. Who looks
//! and who acts is the fleet's business; time-outs that students can override are not decided here but set.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lab::LabSettings;

/// What bounds one student's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    pub statement_s: u32,
    pub idle_in_transaction_s: u32,
    pub max_connections: u16,
    pub quota_bytes: u64,
    /// May the student be in there at all? Decides whether a database that shrank is opened again.
    pub open: bool,
}

impl Caps {
    pub fn new(settings: &LabSettings, open: bool) -> Self {
        Self {
            statement_s: settings.statement_timeout_s,
            idle_in_transaction_s: settings.idle_in_transaction_timeout_s,
            max_connections: settings.max_connections,
            quota_bytes: u64::from(settings.database_quota_mib) << 20,
            open,
        }
    }
}

/// PostgreSQL's own time-outs come first, because they say what they are: a cap is enforced this much later.
const SLACK_MS: u64 = 2_000;
/// How long a statement may go on after it was cancelled, before its session is ended.
pub const GRACE_MS: u64 = 3_000;
/// A checker's session that is busy for longer is stuck in something that a student made.
pub const CHECKER_MS: u64 = 60_000;
/// An autovacuum that takes longer than this in a student's database runs a function of theirs: a vacuum of what a
/// quota allows takes seconds.
pub const AUTOVACUUM_MS: u64 = 300_000;
/// The queue of NOTIFY is one for the whole server. When it is this full, who holds it back has to go.
const QUEUE_FULL: f64 = 0.5;
const QUEUE_MS: u64 = 5_000;
/// The table of locks is one for the whole server. The sessions in one database may fill an eighth of it.
const LOCK_SHARE: u64 = 8;
/// Sessions with fewer locks are not what fills it.
const MANY_LOCKS: u64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    Student,
    Checker,
    Autovacuum,
}

/// What a session is doing, and for how many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Doing {
    Statement {
        /// When it began, in microseconds since 1970 by the server's clock: tells it from the next one.
        began: i64,
        for_ms: u64,
    },
    /// Idle with an open transaction.
    Nothing { for_ms: u64 },
    /// Idle, no transaction.
    Idle,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    pub database: String,
    pub role: String,
    pub owner: Owner,
    pub pid: i32,
    /// In microseconds since 1970: with the pid it names this session and no later one.
    pub began: i64,
    pub doing: Doing,
    /// Age of its transaction, 0 without one.
    pub transaction_ms: u64,
    /// The n-th connection of its role to this database, oldest first, from 1.
    pub nth: u32,
    /// Locks that it holds, of those that take room in the server's table.
    #[serde(default)]
    pub n_locks: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Database {
    pub name: String,
    pub bytes: u64,
    pub read_only: bool,
    /// Its size when it was turned read-only. Without a superuser this can't be kept, and nothing is ever closed.
    pub read_only_at: Option<u64>,
    /// Its student is kept out.
    pub closed: bool,
    /// The student of this database.
    pub role: Option<String>,
}

/// A student who let somebody else have their own role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Friend {
    pub role: String,
    pub member: String,
}

/// What one look at the server found. Sessions that need nothing may be left out.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Observed {
    pub sessions: Vec<Session>,
    /// Those that were measured this time.
    pub databases: Vec<Database>,
    pub friends: Vec<Friend>,
    /// How full the queue of NOTIFY is, 0 to 1.
    pub queue: f64,
    /// How many locks the server has room for, all sessions together.
    #[serde(default)]
    pub lock_room: u64,
    /// The server's clock in microseconds since 1970.
    pub now: i64,
}

/// Which statements were cancelled, and when. Lost at a restart, which costs a stubborn statement one more cancel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    cancelled: BTreeMap<(i32, i64), Cancelled>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cancelled {
    statement: i64,
    at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Cancel {
        pid: i32,
        began: i64,
    },
    Terminate {
        pid: i32,
        began: i64,
    },
    /// New transactions are read-only until a student says otherwise; their sessions are ended, so that all begin anew.
    TurnReadOnly {
        bytes: u64,
    },
    TurnWritable,
    /// Nobody but the checker gets in.
    Close,
    /// Back to read-only. Lets the student in only where the lab is open.
    Reopen {
        open: bool,
    },
    /// Takes the student's role from somebody whom they let have it.
    Revoke {
        from: String,
    },
}

/// One thing to do, with the sentence that the student and the instructor read about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Empty for a [`Step::Revoke`], which concerns all.
    pub database: String,
    pub role: String,
    pub step: Step,
    pub sentence: String,
}

/// What to do about what was observed. Databases without caps are left alone.
pub fn plan(observed: &Observed, caps: &BTreeMap<String, Caps>, memory: &mut Memory) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut still_cancelled = BTreeMap::new();
    for session in &observed.sessions {
        let Some(caps) = caps.get(&session.database) else {
            continue;
        };
        let key = (session.pid, session.began);
        let earlier = memory.cancelled.get(&key).copied();
        let Some((step, sentence)) = judge(session, caps, observed, earlier) else {
            continue;
        };
        match (&step, session.doing) {
            (Some(Step::Cancel { .. }), Doing::Statement { began, .. }) => {
                still_cancelled.insert(
                    key,
                    Cancelled {
                        statement: began,
                        at: observed.now,
                    },
                );
            }
            // Cancelled, and within its grace.
            (None, _) => {
                still_cancelled.extend(earlier.map(|cancelled| (key, cancelled)));
            }
            _ => {}
        }
        actions.extend(step.map(|step| Action {
            database: session.database.clone(),
            role: session.role.clone(),
            step,
            sentence,
        }));
    }
    memory.cancelled = still_cancelled;
    for database in &observed.databases {
        if let Some(caps) = caps.get(&database.name) {
            actions.extend(quota(database, caps));
        }
    }
    actions.extend(observed.friends.iter().map(|friend| Action {
        database: String::new(),
        role: friend.role.clone(),
        step: Step::Revoke {
            from: friend.member.clone(),
        },
        sentence: format!(
            "{} let {} have their role, and with it their database; it was taken back.",
            friend.role, friend.member
        ),
    }));
    actions
}

/// `None`: nothing wrong. No step: something is wrong, and was dealt with a moment ago.
fn judge(
    session: &Session,
    caps: &Caps,
    observed: &Observed,
    earlier: Option<Cancelled>,
) -> Option<(Option<Step>, String)> {
    let (pid, began) = (session.pid, session.began);
    let terminate = |sentence: String| Some((Some(Step::Terminate { pid, began }), sentence));
    match session.owner {
        Owner::Checker => {
            return match session.doing {
                Doing::Statement { for_ms, .. } | Doing::Nothing { for_ms } if for_ms > CHECKER_MS => terminate(
                    "A check of this database did not come to an end and was stopped: something in it runs for ever when it is looked at.".to_owned(),
                ),
                _ => None,
            };
        }
        Owner::Autovacuum => {
            return match session.doing {
                Doing::Statement { for_ms, .. } if for_ms > AUTOVACUUM_MS => Some((
                    Some(Step::Cancel { pid, began }),
                    "The server's own maintenance of this database took too long and was cancelled: an index or a statistic of it calls a function that does not end.".to_owned(),
                )),
                _ => None,
            };
        }
        Owner::Student => {}
    }
    if session.nth > u32::from(caps.max_connections) {
        return terminate(format!(
            "A connection was ended: {} may be open at a time.",
            caps.max_connections
        ));
    }
    if session.n_locks > MANY_LOCKS && locks_in(&session.database, observed) > observed.lock_room / LOCK_SHARE
    {
        return terminate(format!(
            "A session was ended that held {} locks: the server has room for {} for everybody.",
            session.n_locks, observed.lock_room
        ));
    }
    if observed.queue > QUEUE_FULL && session.transaction_ms > QUEUE_MS {
        return terminate(
            "A session was ended because the server's queue of notifications was filling up behind its open transaction.".to_owned(),
        );
    }
    match session.doing {
        Doing::Statement {
            began: statement,
            for_ms,
        } if for_ms > cap_ms(caps.statement_s) => {
            let sentence = |end: &str| {
                format!(
                    "A statement ran for longer than {} s, and {end}.",
                    caps.statement_s
                )
            };
            match earlier {
                Some(earlier) if earlier.statement == statement => {
                    let waited_ms = observed.now.saturating_sub(earlier.at) / 1_000;
                    if waited_ms < i64::try_from(GRACE_MS).unwrap_or(i64::MAX) {
                        Some((None, String::new()))
                    } else {
                        terminate(sentence("went on after it was cancelled: its session was ended"))
                    }
                }
                _ => Some((Some(Step::Cancel { pid, began }), sentence("was cancelled"))),
            }
        }
        Doing::Nothing { for_ms } if for_ms > cap_ms(caps.idle_in_transaction_s) => terminate(format!(
            "A session was ended that had left a transaction open for longer than {} s without doing anything: what the transaction did is undone.",
            caps.idle_in_transaction_s
        )),
        _ => None,
    }
}

fn locks_in(database: &str, observed: &Observed) -> u64 {
    let sessions = observed
        .sessions
        .iter()
        .filter(|session| session.database == database);
    sessions.map(|session| session.n_locks).sum()
}

fn cap_ms(seconds: u32) -> u64 {
    u64::from(seconds) * 1_000 + SLACK_MS
}

fn quota(database: &Database, caps: &Caps) -> Option<Action> {
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    // Between turning read-only and turning back, a twentieth, so that it does not go to and fro.
    let comfortable = caps.quota_bytes - caps.quota_bytes / 20;
    let (step, sentence) = match database.read_only_at {
        None if !database.read_only && database.bytes > caps.quota_bytes => (
            Step::TurnReadOnly {
                bytes: database.bytes,
            },
            format!(
                "The database holds {} MB and may hold {} MB: it is read-only now, and its sessions were ended. To make room: SET default_transaction_read_only = off; then DROP or TRUNCATE what is not needed.",
                mib(database.bytes),
                mib(caps.quota_bytes)
            ),
        ),
        _ if !database.read_only => return None,
        _ if database.bytes <= comfortable => (
            if database.closed {
                Step::Reopen { open: caps.open }
            } else {
                Step::TurnWritable
            },
            format!(
                "The database holds {} MB again and can be written to.",
                mib(database.bytes)
            ),
        ),
        Some(before) if !database.closed && database.bytes > before + caps.quota_bytes / 4 => (
            Step::Close,
            format!(
                "The database may hold {} MB, was turned read-only and still grew to {} MB: it is closed. A reset, or a larger quota, opens it again.",
                mib(caps.quota_bytes),
                mib(database.bytes)
            ),
        ),
        _ => return None,
    };
    Some(Action {
        database: database.name.clone(),
        role: database.role.clone().unwrap_or_default(),
        step,
        sentence,
    })
}

#[cfg(test)]
mod tests;

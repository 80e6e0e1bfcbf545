//! The state machine of an instance: one member's database.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// `queued → creating → active → terminating → terminated`, and `error` from which a retry goes back to `queued`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum InstanceState {
    /// Waits for its turn.
    Queued {
        attempts: u32,
    },
    /// Roles and database are being made. Past the deadline it is tried again.
    Creating {
        attempts: u32,
        deadline: DateTime<Utc>,
    },
    Active,
    /// The database is being dropped.
    Terminating {
        deadline: DateTime<Utc>,
    },
    Terminated,
    /// Could not be made; tried again at `retry_at`.
    Error {
        attempts: u32,
        reason: String,
        retry_at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceEvent {
    /// A worker took it.
    Start {
        deadline: DateTime<Utc>,
    },
    /// Its database is there, with all its rights.
    Ready,
    Failed {
        reason: String,
        retry_at: DateTime<Utc>,
    },
    Retry,
    /// A fresh copy is wanted.
    Reset {
        deadline: DateTime<Utc>,
    },
    /// It is no longer wanted.
    Terminate {
        deadline: DateTime<Utc>,
    },
    /// Its database is gone.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an instance that is {state} can't take {event}")]
pub struct InvalidTransition {
    pub state: &'static str,
    pub event: &'static str,
}

impl InstanceState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Creating { .. } => "creating",
            Self::Active => "active",
            Self::Terminating { .. } => "terminating",
            Self::Terminated => "terminated",
            Self::Error { .. } => "error",
        }
    }

    /// Why it waits, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Queued { attempts: 0 } => "Waits for its turn.".to_owned(),
            Self::Queued { attempts } => format!("Waits to be tried again, {attempts} failed so far."),
            Self::Creating { .. } => "The database is being made.".to_owned(),
            Self::Active => "Ready.".to_owned(),
            Self::Terminating { .. } => "The database is being removed.".to_owned(),
            Self::Terminated => "The database was removed.".to_owned(),
            Self::Error { attempts, reason, .. } => format!("Could not be made ({attempts} tries): {reason}"),
        }
    }

    /// # Errors
    /// The event has no meaning in this state.
    pub fn apply(self, event: InstanceEvent) -> Result<Self, InvalidTransition> {
        use InstanceEvent as E;
        let name = self.name();
        match (self, event) {
            (Self::Queued { attempts }, E::Start { deadline }) => Ok(Self::Creating {
                attempts: attempts + 1,
                deadline,
            }),
            // A worker that died in the middle: the next one starts over, which is safe at any point.
            (Self::Creating { attempts, .. }, E::Start { deadline }) => {
                Ok(Self::Creating { attempts, deadline })
            }
            (Self::Creating { .. }, E::Ready) => Ok(Self::Active),
            (Self::Creating { attempts, .. }, E::Failed { reason, retry_at }) => Ok(Self::Error {
                attempts,
                reason,
                retry_at,
            }),
            (Self::Error { attempts, .. }, E::Retry) => Ok(Self::Queued { attempts }),
            (Self::Active, E::Reset { deadline }) => Ok(Self::Creating {
                attempts: 1,
                deadline,
            }),
            (
                Self::Active | Self::Error { .. } | Self::Queued { .. } | Self::Creating { .. },
                E::Terminate { deadline },
            ) => Ok(Self::Terminating { deadline }),
            (Self::Terminating { .. }, E::Gone) => Ok(Self::Terminated),
            (Self::Terminated, E::Retry) => Ok(Self::Queued { attempts: 0 }),
            (_, event) => Err(InvalidTransition {
                state: name,
                event: event.name(),
            }),
        }
    }
}

impl InstanceEvent {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Ready => "ready",
            Self::Failed { .. } => "failed",
            Self::Retry => "retry",
            Self::Reset { .. } => "reset",
            Self::Terminate { .. } => "terminate",
            Self::Gone => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: what is not printed is refused.
    #[test]
    fn transition_table() {
        let at = DateTime::UNIX_EPOCH;
        let states = [
            InstanceState::Queued { attempts: 0 },
            InstanceState::Creating {
                attempts: 1,
                deadline: at,
            },
            InstanceState::Active,
            InstanceState::Terminating { deadline: at },
            InstanceState::Terminated,
            InstanceState::Error {
                attempts: 1,
                reason: "x".to_owned(),
                retry_at: at,
            },
        ];
        let events = [
            InstanceEvent::Start { deadline: at },
            InstanceEvent::Ready,
            InstanceEvent::Failed {
                reason: "x".to_owned(),
                retry_at: at,
            },
            InstanceEvent::Retry,
            InstanceEvent::Reset { deadline: at },
            InstanceEvent::Terminate { deadline: at },
            InstanceEvent::Gone,
        ];
        let mut table = String::new();
        for state in &states {
            for event in &events {
                if let Ok(next) = state.clone().apply(event.clone()) {
                    table.push_str(&format!(
                        "{} --{}--> {}\n",
                        state.name(),
                        event.name(),
                        next.name()
                    ));
                }
            }
        }
        insta::assert_snapshot!(table, @r"
        queued --start--> creating
        queued --terminate--> terminating
        creating --start--> creating
        creating --ready--> active
        creating --failed--> error
        creating --terminate--> terminating
        active --reset--> creating
        active --terminate--> terminating
        terminating --gone--> terminated
        terminated --retry--> queued
        error --retry--> queued
        error --terminate--> terminating
        ");
    }
}

//! The state machine of an instance that runs as a pod. The same words as that of databases; what it carries differs,
//! because what is known of a pod is only what a manager says.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::instance::InvalidTransition;

/// How long a started challenge runs where the lab does not say.
pub const LIFETIME: TimeDelta = TimeDelta::hours(4);

/// `queued → creating → active → terminating → terminated`, and `error` from which a retry goes back to `queued`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PodState {
    /// Waits for the next round.
    Queued {
        attempts: u32,
    },
    /// The manager was asked to start it.
    Creating {
        attempts: u32,
        /// It said that it will. False: the answer is not known.
        accepted: bool,
        deadline: DateTime<Utc>,
        /// Good answers in a row that say that it has failed.
        doubts: u32,
    },
    Active {
        since: DateTime<Utc>,
        /// Good answers in a row in which it was not to be seen.
        doubts: u32,
    },
    /// The manager is asked to end it, again and again until it is gone.
    Terminating {
        attempts: u32,
        next_at: DateTime<Utc>,
        because: String,
    },
    Terminated {
        because: String,
    },
    /// Did not come up, or failed; tried again at `retry_at`.
    Error {
        attempts: u32,
        reason: String,
        retry_at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodEvent {
    /// The manager is about to be asked to start it.
    Start {
        deadline: DateTime<Utc>,
    },
    /// The manager took it.
    Accepted,
    /// It runs.
    Ready {
        at: DateTime<Utc>,
    },
    /// A good answer in which it was not as it should be.
    Doubted,
    /// A good answer in which it was, after others in which it was not.
    Trusted,
    Failed {
        reason: String,
        retry_at: DateTime<Utc>,
    },
    Retry,
    /// It is no longer wanted.
    Terminate {
        because: String,
        at: DateTime<Utc>,
    },
    /// The manager is about to be asked to end it.
    Asked {
        next_at: DateTime<Utc>,
    },
    /// It is no longer listed.
    Gone,
}

impl PodState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Creating { .. } => "creating",
            Self::Active { .. } => "active",
            Self::Terminating { .. } => "terminating",
            Self::Terminated { .. } => "terminated",
            Self::Error { .. } => "error",
        }
    }

    /// When something is done about it at the latest, beside the end of its time.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Creating { deadline, .. } => Some(*deadline),
            Self::Terminating { next_at, .. } => Some(*next_at),
            Self::Error { retry_at, .. } => Some(*retry_at),
            Self::Queued { .. } | Self::Active { .. } | Self::Terminated { .. } => None,
        }
    }

    /// Why it waits, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Queued { attempts: 0 } => "Waits for its turn.".to_owned(),
            Self::Queued { attempts } => format!("Waits to be tried again, {attempts} failed so far."),
            Self::Creating { accepted: false, .. } => "The instance manager is asked to start it.".to_owned(),
            Self::Creating { .. } => "The instance manager starts it.".to_owned(),
            Self::Active { doubts: 0, .. } => "Ready.".to_owned(),
            Self::Active { doubts: 1, .. } => "Was not listed as running the last time.".to_owned(),
            Self::Active { doubts, .. } => format!("Was not listed as running {doubts} times in a row."),
            Self::Terminating {
                attempts: 0, because, ..
            } => format!("Is being ended: {because}."),
            Self::Terminating {
                attempts: 1, because, ..
            } => {
                format!("The instance manager was asked to end it: {because}.")
            }
            Self::Terminating {
                attempts, because, ..
            } => {
                format!("The instance manager was asked {attempts} times to end it: {because}.")
            }
            Self::Terminated { because } => format!("Ended: {because}."),
            Self::Error { attempts, reason, .. } => format!("Does not run ({attempts} tries): {reason}"),
        }
    }

    /// # Errors
    /// The event has no meaning in this state.
    pub fn apply(self, event: PodEvent) -> Result<Self, InvalidTransition> {
        use PodEvent as E;
        let name = self.name();
        match (self, event) {
            (Self::Queued { attempts }, E::Start { deadline }) => Ok(Self::Creating {
                attempts: attempts + 1,
                accepted: false,
                deadline,
                doubts: 0,
            }),
            (
                Self::Creating {
                    attempts,
                    deadline,
                    doubts,
                    ..
                },
                E::Accepted,
            ) => Ok(Self::Creating {
                attempts,
                accepted: true,
                deadline,
                doubts,
            }),
            (Self::Queued { .. } | Self::Creating { .. } | Self::Error { .. }, E::Ready { at }) => {
                Ok(Self::Active { since: at, doubts: 0 })
            }
            (
                Self::Creating {
                    attempts,
                    accepted,
                    deadline,
                    doubts,
                },
                E::Doubted,
            ) => Ok(Self::Creating {
                attempts,
                accepted,
                deadline,
                doubts: doubts.saturating_add(1),
            }),
            (
                Self::Creating {
                    attempts,
                    accepted,
                    deadline,
                    ..
                },
                E::Trusted,
            ) => Ok(Self::Creating {
                attempts,
                accepted,
                deadline,
                doubts: 0,
            }),
            (Self::Active { since, doubts }, E::Doubted) => Ok(Self::Active {
                since,
                doubts: doubts.saturating_add(1),
            }),
            (Self::Active { since, .. }, E::Trusted) => Ok(Self::Active { since, doubts: 0 }),
            (Self::Queued { attempts } | Self::Creating { attempts, .. }, E::Failed { reason, retry_at }) => {
                Ok(Self::Error {
                    attempts: attempts.max(1),
                    reason,
                    retry_at,
                })
            }
            (Self::Active { .. }, E::Failed { reason, retry_at }) => Ok(Self::Error {
                attempts: 1,
                reason,
                retry_at,
            }),
            // What is left of it does not go away.
            (Self::Error { attempts, .. }, E::Failed { reason, retry_at }) => Ok(Self::Error {
                attempts: attempts.saturating_add(1),
                reason,
                retry_at,
            }),
            (Self::Error { attempts, .. }, E::Retry) => Ok(Self::Queued { attempts }),
            (
                Self::Queued { .. } | Self::Creating { .. } | Self::Active { .. } | Self::Error { .. },
                E::Terminate { because, at },
            ) => Ok(Self::Terminating {
                attempts: 0,
                next_at: at,
                because,
            }),
            (
                Self::Terminating {
                    attempts, because, ..
                },
                E::Asked { next_at },
            ) => Ok(Self::Terminating {
                attempts: attempts.saturating_add(1),
                next_at,
                because,
            }),
            (Self::Terminating { because, .. }, E::Gone) => Ok(Self::Terminated { because }),
            (_, event) => Err(InvalidTransition {
                state: name,
                event: event.name(),
            }),
        }
    }
}

impl PodEvent {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Accepted => "accepted",
            Self::Ready { .. } => "ready",
            Self::Doubted => "doubted",
            Self::Trusted => "trusted",
            Self::Failed { .. } => "failed",
            Self::Retry => "retry",
            Self::Terminate { .. } => "terminate",
            Self::Asked { .. } => "asked",
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
            PodState::Queued { attempts: 0 },
            PodState::Creating {
                attempts: 1,
                accepted: false,
                deadline: at,
                doubts: 0,
            },
            PodState::Active { since: at, doubts: 0 },
            PodState::Terminating {
                attempts: 0,
                next_at: at,
                because: "x".to_owned(),
            },
            PodState::Terminated {
                because: "x".to_owned(),
            },
            PodState::Error {
                attempts: 1,
                reason: "x".to_owned(),
                retry_at: at,
            },
        ];
        let events = [
            PodEvent::Start { deadline: at },
            PodEvent::Accepted,
            PodEvent::Ready { at },
            PodEvent::Doubted,
            PodEvent::Trusted,
            PodEvent::Failed {
                reason: "x".to_owned(),
                retry_at: at,
            },
            PodEvent::Retry,
            PodEvent::Terminate {
                because: "x".to_owned(),
                at,
            },
            PodEvent::Asked { next_at: at },
            PodEvent::Gone,
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
        insta::assert_snapshot!(table, @"
        queued --start--> creating
        queued --ready--> active
        queued --failed--> error
        queued --terminate--> terminating
        creating --accepted--> creating
        creating --ready--> active
        creating --doubted--> creating
        creating --trusted--> creating
        creating --failed--> error
        creating --terminate--> terminating
        active --doubted--> active
        active --trusted--> active
        active --failed--> error
        active --terminate--> terminating
        terminating --asked--> terminating
        terminating --gone--> terminated
        error --ready--> active
        error --failed--> error
        error --retry--> queued
        error --terminate--> terminating
        ");
    }
}

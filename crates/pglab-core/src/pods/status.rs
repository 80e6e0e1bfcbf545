//! The states of instances in the words of the Database API, and what a client that sets one means by it.

use chrono::{DateTime, Utc};

use super::{
    state::{PodEvent, PodState},
    sync::APPEAR_DEADLINE,
};
use crate::{instance::InvalidTransition, plan_instances::back_off};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireStatus {
    Creating,
    Active,
    Queued,
    Terminating,
    Terminated,
    Error,
}

impl WireStatus {
    pub const ALL: [Self; 6] = [
        Self::Creating,
        Self::Active,
        Self::Queued,
        Self::Terminating,
        Self::Terminated,
        Self::Error,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Queued => "QUEUED",
            Self::Terminating => "TERMINATING",
            Self::Terminated => "TERMINATED",
            Self::Error => "ERROR",
        }
    }

    /// As written, in capitals.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub fn of(state: &PodState) -> Self {
        match state {
            PodState::Queued { .. } => Self::Queued,
            PodState::Creating { .. } => Self::Creating,
            PodState::Active { .. } => Self::Active,
            PodState::Terminating { .. } => Self::Terminating,
            PodState::Terminated { .. } => Self::Terminated,
            PodState::Error { .. } => Self::Error,
        }
    }

    /// The state that somebody outside wants, and the event that led there; `None` where it is there already.
    ///
    /// # Errors
    /// The machine has no such move.
    pub fn reached_from(
        self,
        state: &PodState,
        now: DateTime<Utc>,
    ) -> Result<Option<(PodState, &'static str)>, InvalidTransition> {
        if Self::of(state) == self {
            return Ok(None);
        }
        let event = match self {
            Self::Queued => PodEvent::Retry,
            Self::Creating => PodEvent::Start {
                deadline: now + APPEAR_DEADLINE,
            },
            Self::Active => PodEvent::Ready { at: now },
            Self::Terminating => PodEvent::Terminate {
                because: "it was ended through the Database API".to_owned(),
                at: now,
            },
            Self::Terminated => PodEvent::Gone,
            Self::Error => PodEvent::Failed {
                reason: "it was said to have failed, through the Database API.".to_owned(),
                retry_at: now + back_off(1),
            },
        };
        let name = event.name();
        Ok(Some((state.clone().apply(event)?, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client may set, from each state.
    #[test]
    fn what_may_be_set() {
        let at = DateTime::UNIX_EPOCH;
        let states = [
            PodState::Queued { attempts: 0 },
            PodState::Creating {
                attempts: 1,
                accepted: true,
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
        let mut table = String::new();
        for state in &states {
            let may: Vec<&str> = WireStatus::ALL
                .into_iter()
                .filter(|status| status.reached_from(state, at).is_ok())
                .map(WireStatus::as_str)
                .collect();
            table.push_str(&format!(
                "{} -> {}\n",
                WireStatus::of(state).as_str(),
                may.join(" ")
            ));
        }
        insta::assert_snapshot!(table, @"
        QUEUED -> CREATING ACTIVE QUEUED TERMINATING ERROR
        CREATING -> CREATING ACTIVE TERMINATING ERROR
        ACTIVE -> ACTIVE TERMINATING ERROR
        TERMINATING -> TERMINATING TERMINATED
        TERMINATED -> TERMINATED
        ERROR -> ACTIVE QUEUED TERMINATING ERROR
        ");
    }
}

//! What is to be done so that every student has the database they should have: by value, from what is wanted and what
//! was seen. Doing it, and everything about time-outs of servers, is the business of the instance reconciler.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{id::MemberId, instance::InstanceState, lab::LabState};

/// What a member should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// A database: made where there is none.
    Database,
    /// What is there stays, nothing new is made.
    Keep,
    /// Nothing on the cluster.
    Nothing,
}

/// The lab and the member, as far as they decide what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub lab: LabState,
    pub prepare_wanted: bool,
    pub delete_wanted: bool,
    /// Removed from the lab, disabled, or no student.
    pub shut_out: bool,
}

/// What a member should have, and whether they may connect to it now.
pub fn want(standing: Standing) -> (Want, bool) {
    let open = standing.lab == LabState::Open && !standing.shut_out && !standing.delete_wanted;
    let want = if standing.delete_wanted {
        Want::Nothing
    } else if standing.shut_out {
        Want::Keep
    } else {
        match standing.lab {
            LabState::Open => Want::Database,
            LabState::Draft if standing.prepare_wanted => Want::Database,
            LabState::Draft | LabState::Closed | LabState::Archived => Want::Keep,
        }
    };
    (want, open)
}

/// A member's instance as our own database and the cluster have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub state: InstanceState,
    /// Its database stands on the cluster.
    pub database: bool,
    /// The student may connect to it.
    pub connect: bool,
    /// Closed by the watcher, who alone opens it again.
    pub over_quota: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub member: MemberId,
    pub want: Want,
    pub open: bool,
    /// The template of the lab stands, and the member has a password.
    pub can_make: bool,
    pub instance: Option<Seen>,
}

/// The next step for one member. Steps that follow one another are found by planning again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Write down that a database is wanted.
    Queue,
    /// Try again what failed or was removed.
    Requeue,
    /// Make roles, database and rights, as far as they are not there.
    Make,
    /// It should stand, and does not: make it anew.
    MakeMissing,
    Open,
    Close,
    /// Write down that it is to go.
    Terminate,
    /// Drop it.
    Remove,
}

/// One step for each member who needs one, in the order of `cases`. Only for who is the only one at work: what is
/// found in the making was left by somebody who died.
pub fn plan(now: DateTime<Utc>, cases: &[Case]) -> Vec<(MemberId, Step)> {
    cases
        .iter()
        .filter_map(|case| step(now, case).map(|step| (case.member, step)))
        .collect()
}

fn step(now: DateTime<Utc>, case: &Case) -> Option<Step> {
    use InstanceState as S;
    let Some(seen) = &case.instance else {
        return (case.want == Want::Database).then_some(Step::Queue);
    };
    match (&seen.state, case.want) {
        (S::Terminating { .. }, _) => Some(Step::Remove),
        (S::Terminated, Want::Database) => Some(Step::Requeue),
        (S::Terminated, Want::Keep | Want::Nothing) => None,
        (_, Want::Nothing) => Some(Step::Terminate),
        // A copy that was begun is finished, so that what stands is whole.
        (S::Queued { .. }, Want::Database) | (S::Creating { .. }, Want::Database | Want::Keep)
            if case.can_make =>
        {
            Some(Step::Make)
        }
        (S::Error { retry_at, .. }, Want::Database) if *retry_at <= now => Some(Step::Requeue),
        // What a failed reset left there.
        (S::Queued { .. } | S::Creating { .. } | S::Error { .. }, _) => {
            (seen.database && seen.connect && !case.open).then_some(Step::Close)
        }
        (S::Active, Want::Database) if !seen.database => case.can_make.then_some(Step::MakeMissing),
        (S::Active, Want::Database | Want::Keep) => match (seen.database, case.open, seen.connect) {
            (true, true, false) if !seen.over_quota => Some(Step::Open),
            (true, false, true) => Some(Step::Close),
            _ => None,
        },
    }
}

/// How long to wait before the next try: 2 s, doubled with each failure, at most 2 minutes.
pub fn back_off(attempts: u32) -> TimeDelta {
    const LONGEST_S: i64 = 120;
    let seconds = 1_i64
        .checked_shl(attempts.clamp(1, 7))
        .unwrap_or(LONGEST_S)
        .min(LONGEST_S);
    TimeDelta::seconds(seconds)
}

/// How long making one may take before somebody should look: a template of some GB on a slow disk.
pub const MAKE_DEADLINE: TimeDelta = TimeDelta::minutes(10);
/// How long dropping one may take.
pub const REMOVE_DEADLINE: TimeDelta = TimeDelta::minutes(5);

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn states() -> Vec<(&'static str, Option<InstanceState>)> {
        let deadline = DateTime::UNIX_EPOCH;
        let error = |retry_s| InstanceState::Error {
            attempts: 1,
            reason: "x".to_owned(),
            retry_at: deadline + TimeDelta::seconds(retry_s),
        };
        vec![
            ("none", None),
            ("queued", Some(InstanceState::Queued { attempts: 0 })),
            (
                "creating",
                Some(InstanceState::Creating {
                    attempts: 1,
                    deadline,
                }),
            ),
            ("active", Some(InstanceState::Active)),
            ("terminating", Some(InstanceState::Terminating { deadline })),
            ("terminated", Some(InstanceState::Terminated)),
            ("error, due", Some(error(0))),
            ("error, later", Some(error(60))),
        ]
    }

    /// Every case, where the template stands. What is not printed needs nothing.
    #[test]
    fn table_of_steps() {
        let mut table = String::new();
        for (name, state) in states() {
            for (want, open) in [
                (Want::Database, true),
                (Want::Database, false),
                (Want::Keep, false),
                (Want::Nothing, false),
            ] {
                for (database, connect) in [(false, false), (true, false), (true, true)] {
                    let case = Case {
                        member: MemberId::from(Uuid::nil()),
                        want,
                        open,
                        can_make: true,
                        instance: state.clone().map(|state| Seen {
                            state,
                            database,
                            connect,
                            over_quota: false,
                        }),
                    };
                    if let Some(step) = step(DateTime::UNIX_EPOCH + TimeDelta::seconds(1), &case) {
                        table.push_str(&format!(
                            "{name:12} {:8} {:6} {:11} -> {step:?}\n",
                            format!("{want:?}"),
                            if open { "open" } else { "closed" },
                            match (database, connect) {
                                (false, _) => "no database",
                                (true, false) => "closed",
                                (true, true) => "open",
                            }
                        ));
                    }
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn nothing_is_made_without_a_template_and_nothing_opened_over_quota() {
        let mut case = Case {
            member: MemberId::from(Uuid::nil()),
            want: Want::Database,
            open: true,
            can_make: false,
            instance: Some(Seen {
                state: InstanceState::Queued { attempts: 0 },
                database: false,
                connect: false,
                over_quota: false,
            }),
        };
        assert_eq!(step(DateTime::UNIX_EPOCH, &case), None);
        case.instance = Some(Seen {
            state: InstanceState::Active,
            database: true,
            connect: false,
            over_quota: true,
        });
        assert_eq!(step(DateTime::UNIX_EPOCH, &case), None);
    }

    #[test]
    fn who_gets_in() {
        let standing = Standing {
            lab: LabState::Open,
            prepare_wanted: false,
            delete_wanted: false,
            shut_out: false,
        };
        assert_eq!(want(standing), (Want::Database, true));
        let draft = Standing {
            lab: LabState::Draft,
            ..standing
        };
        assert_eq!(want(draft), (Want::Keep, false));
        let prepared = Standing {
            prepare_wanted: true,
            ..draft
        };
        assert_eq!(want(prepared), (Want::Database, false));
        let removed = Standing {
            shut_out: true,
            ..standing
        };
        assert_eq!(want(removed), (Want::Keep, false));
        let deleted = Standing {
            delete_wanted: true,
            ..standing
        };
        assert_eq!(want(deleted), (Want::Nothing, false));
        let closed = Standing {
            lab: LabState::Closed,
            prepare_wanted: true,
            ..standing
        };
        assert_eq!(want(closed), (Want::Keep, false));
    }

    #[test]
    fn tries_get_rarer() {
        let seconds: Vec<i64> = [0, 1, 2, 3, 6, 7, 50]
            .into_iter()
            .map(|attempts| back_off(attempts).num_seconds())
            .collect();
        assert_eq!(seconds, [2, 2, 4, 8, 64, 120, 120]);
    }
}

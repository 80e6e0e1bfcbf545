//! Which databases were touched between two sweeps. A session is told by its times, because PostgreSQL writes a
//! session's counters up to 10 s late; a session that came and went in between is told by the counters, which it wrote
//! before it left.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::{Session, SessionState, Sweep};

/// The databases in which something may have been committed since `previous`. May name one in which nothing was: a
/// statement that only read looks the same. A database that `previous` did not have is named, one that is gone is not.
pub fn changed(previous: &Sweep, current: &Sweep) -> BTreeSet<String> {
    let mut touched = BTreeSet::new();
    for (name, counters) in &current.databases {
        if previous.databases.get(name) != Some(counters) {
            touched.insert(name.clone());
        }
    }
    let before: HashMap<_, _> = previous
        .sessions
        .iter()
        .map(|session| (key(session), session))
        .collect();
    for session in &current.sessions {
        let moved = match before.get(&key(session)) {
            Some(old) => marks(old) != marks(session),
            // Who only connected has done nothing yet; a query of a new session may be over already.
            None => session.query_start.is_some(),
        };
        if moved {
            touched.insert(session.database.clone());
        }
    }
    // Sessions that left: the last thing they did was after the previous sweep, or was seen by it.
    let now: HashMap<_, _> = current
        .sessions
        .iter()
        .map(|session| (key(session), ()))
        .collect();
    for session in &previous.sessions {
        if !now.contains_key(&key(session)) {
            touched.insert(session.database.clone());
        }
    }
    touched.retain(|name| current.databases.contains_key(name));
    touched
}

/// A process id is given again soon; together with its start it is unique.
fn key(session: &Session) -> (i32, DateTime<Utc>, &str) {
    (session.pid, session.backend_start, &session.database)
}

fn marks(session: &Session) -> (SessionState, [Option<DateTime<Utc>>; 3]) {
    (
        session.state,
        [session.state_change, session.query_start, session.xact_start],
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::activity::Counters;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn session(pid: i32, database: &str, start: i64, change: i64) -> Session {
        Session {
            pid,
            database: database.to_owned(),
            role: "ada".to_owned(),
            application: "psql".to_owned(),
            client: None,
            state: SessionState::Idle,
            backend_start: at(start),
            xact_start: None,
            query_start: Some(at(change)),
            state_change: Some(at(change)),
            waits_for_lock: false,
            blocked_by: Vec::new(),
            query: String::new(),
        }
    }

    fn sweep(databases: &[(&str, u32, i64)], sessions: Vec<Session>) -> Sweep {
        Sweep {
            server_now: Some(at(1000)),
            sessions,
            databases: databases
                .iter()
                .map(|(name, oid, n_written)| {
                    (
                        (*name).to_owned(),
                        Counters {
                            oid: *oid,
                            n_written: *n_written,
                        },
                    )
                })
                .collect(),
        }
    }

    fn names(touched: &BTreeSet<String>) -> Vec<&str> {
        touched.iter().map(String::as_str).collect()
    }

    #[test]
    fn counters_sessions_and_new_databases_tell() {
        let before = sweep(
            &[("a", 1, 5), ("b", 2, 5), ("c", 3, 5), ("d", 4, 0), ("g", 9, 1)],
            vec![
                session(10, "b", 0, 1),
                session(11, "c", 0, 1),
                session(12, "d", 0, 1),
            ],
        );
        let after = sweep(
            &[("a", 1, 6), ("b", 2, 5), ("c", 3, 5), ("d", 4, 0), ("e", 5, 0)],
            vec![session(10, "b", 0, 2), session(11, "c", 0, 1)],
        );
        // a: written; b: its session did something; c: idle; d: its session left; e: new; g: gone.
        assert_eq!(names(&changed(&before, &after)), ["a", "b", "d", "e"]);
    }

    #[test]
    fn a_database_made_anew_is_touched() {
        let before = sweep(&[("a", 1, 5)], vec![]);
        let after = sweep(&[("a", 7, 5)], vec![]);
        assert_eq!(names(&changed(&before, &after)), ["a"]);
    }

    #[test]
    fn a_process_id_given_again_is_another_session() {
        let before = sweep(&[("a", 1, 5), ("b", 2, 5)], vec![session(10, "a", 0, 1)]);
        let after = sweep(&[("a", 1, 5), ("b", 2, 5)], vec![session(10, "b", 3, 4)]);
        assert_eq!(names(&changed(&before, &after)), ["a", "b"]);
    }

    prop_compose! {
        fn any_sweep()(
            databases in prop::collection::hash_map("[a-d]", (1..4u32, 0..4i64), 0..4),
            sessions in prop::collection::vec((1..5i32, "[a-d]", 0..3i64, 0..4i64, 0..3u8), 0..6),
        ) -> Sweep {
            let mut seen = std::collections::HashSet::new();
            let databases: Vec<_> = databases.iter().map(|(name, (oid, n))| (name.as_str(), *oid, *n)).collect();
            sweep(&databases, sessions.into_iter().filter(|s| seen.insert((s.0, s.2, s.1.clone()))).map(|(pid, database, start, change, state)| {
                let mut made = session(pid, &database, start, change);
                made.state = [SessionState::Idle, SessionState::Active, SessionState::IdleInTransaction][usize::from(state)];
                made
            }).collect())
        }
    }

    proptest! {
        /// Nothing that stands still is touched; everything named exists; whatever moved is named, and nothing else.
        #[test]
        fn exactly_what_moved(before in any_sweep(), after in any_sweep()) {
            prop_assert!(changed(&before, &before).is_empty());
            let touched = changed(&before, &after);
            for name in after.databases.keys() {
                let of = |sweep: &Sweep| {
                    let mut sessions: Vec<_> = sweep.sessions.iter().filter(|s| s.database == *name)
                        .map(|s| (s.pid, s.backend_start, s.state_change, format!("{:?}", s.state))).collect();
                    sessions.sort();
                    (sweep.databases.get(name).copied(), sessions)
                };
                prop_assert_eq!(touched.contains(name), of(&before) != of(&after), "{}", name);
            }
            prop_assert!(touched.iter().all(|name| after.databases.contains_key(name)));
        }

        #[test]
        fn the_order_of_rows_does_not_matter(before in any_sweep(), after in any_sweep()) {
            let mut turned = after.clone();
            turned.sessions.reverse();
            prop_assert_eq!(changed(&before, &after), changed(&before, &turned));
        }
    }
}

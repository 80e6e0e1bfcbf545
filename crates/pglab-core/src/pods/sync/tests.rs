//! The table of all cases, and a world of random faults against which rounds are played.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::pods::Addresses;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn id(n: u128) -> InstanceId {
    InstanceId::from(Uuid::from_u128(n))
}

fn known(state: PodState) -> Known {
    Known {
        id: id(1),
        name: "p".to_owned(),
        user_id: "u".to_owned(),
        state,
        expires_at: at(100_000),
        unwanted: None,
    }
}

fn pod(status: PodStatus) -> Pod {
    Pod {
        name: "p".to_owned(),
        status,
        user_id: "u".to_owned(),
        addresses: Addresses::default(),
        flag_secret_name: None,
    }
}

fn states() -> Vec<(&'static str, PodState)> {
    let creating = |accepted, deadline, doubts| PodState::Creating {
        attempts: 1,
        accepted,
        deadline: at(deadline),
        doubts,
    };
    let active = |since, doubts| PodState::Active {
        since: at(since),
        doubts,
    };
    let terminating = |attempts, next_at| PodState::Terminating {
        attempts,
        next_at: at(next_at),
        because: "x".to_owned(),
    };
    let error = |retry_at| PodState::Error {
        attempts: 1,
        reason: "x".to_owned(),
        retry_at: at(retry_at),
    };
    vec![
        ("queued", PodState::Queued { attempts: 0 }),
        ("creating, not accepted", creating(false, 2000, 0)),
        ("creating, accepted", creating(true, 2000, 0)),
        ("creating, doubted twice", creating(true, 2000, 2)),
        ("creating, too late", creating(true, 900, 0)),
        ("active", active(0, 0)),
        ("active, doubted twice", active(0, 2)),
        ("active just now, doubted twice", active(990, 2)),
        ("terminating, new", terminating(0, 1000)),
        ("terminating, asked", terminating(1, 2000)),
        ("terminating, due", terminating(1, 1000)),
        (
            "terminated",
            PodState::Terminated {
                because: "x".to_owned(),
            },
        ),
        ("error, later", error(2000)),
        ("error, due", error(1000)),
    ]
}

/// Every case. What is not printed needs nothing.
#[test]
fn table_of_steps() {
    let mut table = String::new();
    for (name, state) in states() {
        for status in [
            None,
            Some(PodStatus::Coming),
            Some(PodStatus::Up),
            Some(PodStatus::Going),
            Some(PodStatus::Ended),
            Some(PodStatus::Failed),
            Some(PodStatus::Unknown("odd".to_owned())),
        ] {
            let word = status
                .as_ref()
                .map_or("missing", |status| status.word())
                .to_owned();
            let pods: Vec<Pod> = status.into_iter().map(pod).collect();
            let plan = plan(at(1000), &[known(state.clone())], Some(&pods));
            let mut done: Vec<String> = plan
                .moves
                .iter()
                .map(|(_, event)| event.name().to_owned())
                .collect();
            done.extend(plan.calls.iter().map(|(_, call)| format!("call {call:?}")));
            if !done.is_empty() {
                table.push_str(&format!("{name:30} {word:12} -> {}\n", done.join(", ")));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nothing_follows_from_no_answer() {
    for (_, state) in states() {
        let late = Known {
            expires_at: at(0),
            unwanted: Some("the lab is closed".to_owned()),
            ..known(state)
        };
        assert_eq!(plan(at(1000), &[late], None), Plan::default());
    }
}

#[test]
fn what_is_unwanted_or_over_is_ended() {
    for (name, state) in states() {
        for (expires_at, unwanted) in [(at(1000), None), (at(5000), Some("the lab is closed".to_owned()))] {
            let one = Known {
                expires_at,
                unwanted,
                ..known(state.clone())
            };
            let plan = plan(at(1000), &[one], Some(&[pod(PodStatus::Up)]));
            let ends = matches!(state, PodState::Terminating { .. } | PodState::Terminated { .. })
                || matches!(&*plan.moves, [(_, PodEvent::Terminate { .. })]);
            assert!(ends, "{name}: {plan:?}");
        }
    }
}

#[test]
fn contradictions_are_told_and_change_nothing() {
    let mut other = pod(PodStatus::Ended);
    other.user_id = "somebody".to_owned();
    let active = known(PodState::Active {
        since: at(0),
        doubts: 2,
    });
    for pods in [vec![pod(PodStatus::Up), pod(PodStatus::Failed)], vec![other]] {
        let plan = plan(at(1000), std::slice::from_ref(&active), Some(&pods));
        assert_eq!(
            (plan.moves.len(), plan.calls.len(), plan.remarks.len()),
            (0, 0, 1)
        );
    }
}

#[test]
fn rounds_get_rarer_without_answers() {
    let pauses: Vec<i64> = [
        (0, 255),
        (1, 0),
        (1, 255),
        (2, 0),
        (3, 0),
        (4, 0),
        (50, 0),
        (50, 255),
    ]
    .into_iter()
    .map(|(n, chance)| stays_away(TimeDelta::seconds(5), n, chance).num_milliseconds())
    .collect();
    assert_eq!(
        pauses,
        [5000, 10_000, 12_500, 20_000, 40_000, 60_000, 60_000, 75_000]
    );
}

/// A pod in the world of the property test.
#[derive(Debug, Clone)]
struct Running {
    status: PodStatus,
    appears_at: i64,
    goes_at: Option<i64>,
}

/// What goes wrong in one round.
#[derive(Debug, Clone)]
enum Fault {
    None,
    NoAnswer,
    /// The list lacks the instances whose bit is set.
    Hides(u8),
    /// The list says another status of them.
    Lies(u8, u8),
    /// Calls fail, though the manager may have done what it was asked.
    CallsFail {
        done_all_the_same: bool,
    },
    /// pglab dies: before the moves are written, after them, or before the results of calls are.
    Dies(u8),
    /// A pod dies by itself.
    PodDies(u8),
    /// The member ends it.
    Ended(u8),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::NoAnswer),
        2 => any::<u8>().prop_map(Fault::Hides),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(who, what)| Fault::Lies(who, what)),
        2 => any::<bool>().prop_map(|done_all_the_same| Fault::CallsFail { done_all_the_same }),
        2 => (0_u8..3).prop_map(Fault::Dies),
        1 => any::<u8>().prop_map(Fault::PodDies),
        1 => any::<u8>().prop_map(Fault::Ended),
    ]
}

struct World {
    now: i64,
    rows: Vec<Known>,
    pods: BTreeMap<String, Running>,
}

impl World {
    fn new(n: usize) -> Self {
        let rows = (0..n)
            .map(|n| Known {
                id: id(n as u128),
                name: format!("p{n}"),
                user_id: format!("u{n}"),
                state: PodState::Queued { attempts: 0 },
                expires_at: at(1_000_000),
                unwanted: None,
            })
            .collect();
        Self {
            now: 0,
            rows,
            pods: BTreeMap::new(),
        }
    }

    fn list(&mut self, fault: &Fault) -> Option<Vec<Pod>> {
        let now = self.now;
        self.pods.retain(|_, pod| pod.goes_at.is_none_or(|at| at > now));
        if matches!(fault, Fault::NoAnswer) {
            return None;
        }
        let mut listed = Vec::new();
        for (nth, row) in self.rows.iter().enumerate() {
            let bit = 1_u8 << (nth % 8);
            let Some(pod) = self.pods.get(&row.name).filter(|pod| pod.appears_at <= now) else {
                continue;
            };
            let mut status = pod.status.clone();
            match fault {
                Fault::Hides(who) if who & bit != 0 => continue,
                Fault::Lies(who, what) if who & bit != 0 => {
                    status = PodStatus::parse(
                        [
                            "failed",
                            "terminated",
                            "running",
                            "pending",
                            "terminating",
                            "weird",
                        ][usize::from(*what) % 6],
                    );
                }
                _ => {}
            }
            listed.push(Pod {
                name: row.name.clone(),
                user_id: row.user_id.clone(),
                ..pod_with(status)
            });
        }
        Some(listed)
    }

    fn call(&mut self, row: usize, call: Call, fault: &Fault) -> Result<(), String> {
        let name = self.rows[row].name.clone();
        let (fails, done) = match fault {
            Fault::CallsFail { done_all_the_same } => (true, *done_all_the_same),
            _ => (false, true),
        };
        if done {
            match call {
                Call::Start => {
                    let appears_at = self.now + 7;
                    self.pods.entry(name).or_insert(Running {
                        status: PodStatus::Up,
                        appears_at,
                        goes_at: None,
                    });
                }
                Call::End => {
                    if let Some(pod) = self.pods.get_mut(&name) {
                        pod.goes_at.get_or_insert(self.now + 8);
                    }
                }
            }
        }
        if fails { Err("500".to_owned()) } else { Ok(()) }
    }

    fn apply(&mut self, row: usize, event: PodEvent) {
        let state = self.rows[row].state.clone();
        let shown = format!("{state:?} {event:?}");
        self.rows[row].state = state
            .apply(event)
            .unwrap_or_else(|error| panic!("{error}: {shown}"));
    }

    /// A round with its fault. Panics where the machine refuses what was planned.
    fn round(&mut self, fault: &Fault) {
        let before: Vec<PodState> = self.rows.iter().map(|row| row.state.clone()).collect();
        let pick = |n: u8, rows: &[Known]| usize::from(n) % rows.len();
        match fault {
            Fault::PodDies(n) => {
                let name = self.rows[pick(*n, &self.rows)].name.clone();
                if let Some(pod) = self.pods.get_mut(&name) {
                    pod.status = PodStatus::Failed;
                }
            }
            Fault::Ended(n) => {
                let row = pick(*n, &self.rows);
                let event = PodEvent::Terminate {
                    because: "its member ended it".to_owned(),
                    at: at(self.now),
                };
                if self.rows[row].state.clone().apply(event.clone()).is_ok() {
                    self.apply(row, event);
                }
            }
            _ => {}
        }
        let listed = self.list(fault);
        let planned = plan(at(self.now), &self.rows, listed.as_deref());
        if listed.is_none() {
            assert_eq!(planned, Plan::default());
        }
        let dies = if let Fault::Dies(moment) = fault {
            Some(*moment)
        } else {
            None
        };
        self.now += 5;
        if dies == Some(0) {
            return;
        }
        let nth = |rows: &[Known], id: InstanceId| rows.iter().position(|row| row.id == id).unwrap();
        for (id, event) in planned.moves {
            let row = nth(&self.rows, id);
            // One answer never ends what ran.
            if let (PodState::Active { doubts, .. }, PodEvent::Terminate { .. } | PodEvent::Failed { .. }) =
                (&before[row], &event)
            {
                assert!(
                    doubts + 1 >= MISSED_ANSWERS,
                    "ended after {doubts} doubts: {event:?}"
                );
            }
            self.apply(row, event);
        }
        if dies == Some(1) {
            return;
        }
        for (id, call) in planned.calls {
            let row = nth(&self.rows, id);
            let outcome = self.call(row, call, fault);
            if dies != Some(2)
                && call == Call::Start
                && let Some(event) = after_start(at(self.now), &self.rows[row].state, outcome)
            {
                self.apply(row, event);
            }
        }
    }

    /// Nothing more is to come: what is wanted runs, what is not is gone, here and at the manager.
    fn settled(&self) -> Result<(), String> {
        for row in &self.rows {
            let pod = self.pods.get(&row.name);
            let right = match &row.state {
                PodState::Active { doubts: 0, .. } => pod.is_some_and(|pod| pod.status == PodStatus::Up),
                PodState::Terminated { .. } => pod.is_none(),
                _ => false,
            };
            if !right {
                return Err(format!("{row:?} with {pod:?}"));
            }
        }
        Ok(())
    }
}

fn pod_with(status: PodStatus) -> Pod {
    pod(status)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever a manager does for a while: no move is refused, no row is lost, no single answer ends what runs; and when
    /// it is itself again, every instance comes to where it should be.
    #[test]
    fn every_instance_gets_on_after_any_faults(
        n in 1_usize..5,
        faults in proptest::collection::vec(fault(), 0..60),
    ) {
        let mut world = World::new(n);
        for fault in &faults {
            world.round(fault);
            prop_assert_eq!(world.rows.len(), n);
        }
        // The longest wait is the deadline of a pod that never appeared, or the back-off of many failures.
        for _ in 0..600 {
            world.round(&Fault::None);
        }
        prop_assert!(world.settled().is_ok(), "{}", world.settled().unwrap_err());
        // And then it is quiet.
        let still = world.rows.clone();
        world.round(&Fault::None);
        prop_assert_eq!(still, world.rows);
    }
}

//! Whatever happens to a class, and however it is gathered into events: who reads the events sees the board.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    check::{Check, Fact},
    id::MemberId,
    judge::Judge,
    lab::{LabSettings, LabState, Slug, TypeRule},
    person::Login,
    snapshot::ObjectName,
    task::{Points, Task, TaskState},
};
use proptest::prelude::*;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    Beginning, Board, BoardEvent, BoardView, Change, Content,
    row::HandUp,
    state::{LabHead, Member, State, Who},
};
use crate::live::score::Standing;

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn task(n: u128) -> Task {
    Task {
        id: Uuid::from_u128(100 + n).into(),
        key: format!("t{n}"),
        title: format!("Task {n}"),
        explanation: String::new(),
        points: Points(1000),
        checks: vec![Check {
            id: Uuid::from_u128(200 + n).into(),
            title: String::new(),
            explanation: String::new(),
            weight: 1,
            fact: Fact::TableExists {
                table: ObjectName::new("public", format!("t{n}")),
            },
        }],
    }
}

fn who(n: u128) -> (MemberId, Member) {
    let who = Who {
        login: Login::parse(&format!("s{n}")).unwrap(),
        name: format!("Student {n}"),
        section: None,
        seat: None,
        instance: None,
        database: None,
        instance_state: "active",
    };
    (Uuid::from_u128(n).into(), Member::new(who))
}

fn class(n_members: u128) -> Board {
    let tasks: Vec<Task> = (0..3).map(task).collect();
    let content = Content {
        judge: Judge::new(&tasks, [], TypeRule::Strict),
        needed: Vec::new(),
        max_score: Points(3000),
        rule: TypeRule::Strict,
        tasks,
    };
    let lab = LabHead {
        id: Uuid::from_u128(1).into(),
        slug: Slug::parse("music").unwrap(),
        title: "Music".to_owned(),
        state: LabState::Open,
        opened_at: Some(start()),
        settings: LabSettings::default(),
    };
    let state = State {
        lab,
        content: Arc::new(content),
        members: (1..=n_members).map(who).collect(),
    };
    Board::new(state, 7, Arc::new(Notify::new()), start())
}

/// What somebody has who began with a whole board and read the events since.
struct Reader {
    members: BTreeMap<String, super::MemberRow>,
    class: super::ClassRow,
    shared: Vec<super::SharedError>,
    sequence: u64,
}

impl Reader {
    fn new(view: &BoardView) -> Self {
        Self {
            members: view
                .members
                .iter()
                .map(|row| (row.login.to_string(), (**row).clone()))
                .collect(),
            class: view.class.clone(),
            shared: view.shared_errors.clone(),
            sequence: view.sequence,
        }
    }

    /// False: the whole board is needed.
    fn take(&mut self, event: &BoardEvent) -> bool {
        assert_eq!(event.sequence, self.sequence + 1, "no number is left out");
        self.sequence = event.sequence;
        let Change::Member {
            member,
            class,
            shared_errors,
            ranks,
            ..
        } = &event.change
        else {
            return false;
        };
        self.members.insert(member.login.to_string(), (**member).clone());
        for (login, rank) in ranks {
            if let Some(row) = self.members.get_mut(login.as_str()) {
                row.need.rank = *rank;
            }
        }
        self.class = class.clone().unwrap_or_else(|| self.class.clone());
        self.shared = shared_errors.clone().unwrap_or_else(|| self.shared.clone());
        true
    }

    fn sees(&self, view: &BoardView) {
        let own: Vec<_> = self.members.values().collect();
        let board: Vec<_> = view.members.iter().map(|row| &**row).collect();
        assert_eq!(own, board);
        assert_eq!((&self.class, &self.shared), (&view.class, &view.shared_errors));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Score(u128, u128, i64),
    Hand(u128, bool),
    Error(u128, u8),
    Join(u128),
    Leave(u128),
    Wait(i64),
    Refresh,
    /// The reader goes away, and comes back at the end.
    Lose,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..6u128, 0..3u128, 0..3i64).prop_map(|(m, t, n)| Step::Score(m, t, n * 500)),
        2 => (1..6u128, any::<bool>()).prop_map(|(m, up)| Step::Hand(m, up)),
        2 => (1..6u128, 0..3u8).prop_map(|(m, e)| Step::Error(m, e)),
        1 => (1..8u128).prop_map(Step::Join),
        1 => (1..8u128).prop_map(Step::Leave),
        2 => (1..400i64).prop_map(Step::Wait),
        4 => Just(Step::Refresh),
        1 => Just(Step::Lose),
    ]
}

fn apply(state: &mut State, step: &Step, now: DateTime<Utc>) -> bool {
    match step {
        Step::Score(m, t, points) => {
            let Some(member) = state.members.get_mut(&Uuid::from_u128(*m).into()) else {
                return false;
            };
            let points = Points(*points);
            let standing = member
                .standings
                .entry(Uuid::from_u128(100 + t).into())
                .or_insert(Standing {
                    best: Points(0),
                    now: Points(0),
                    state: TaskState::NotStarted,
                    best_at: now,
                    completed_at: None,
                });
            standing.now = points;
            standing.best = standing.best.max(points);
            if points.0 == 1000 {
                standing.completed_at.get_or_insert(now);
            }
            true
        }
        Step::Hand(m, up) => state
            .members
            .get_mut(&Uuid::from_u128(*m).into())
            .is_some_and(|member| {
                member.hand = up.then(|| HandUp {
                    raised_at: now,
                    why: String::new(),
                });
                true
            }),
        Step::Error(m, e) => state
            .members
            .get_mut(&Uuid::from_u128(*m).into())
            .is_some_and(|member| {
                member.first_seen_at.get_or_insert(now);
                member
                    .mistakes
                    .add(now, "42P01", &format!("relation \"r{e}\" does not exist"), 1);
                true
            }),
        Step::Join(m) => {
            let (id, member) = who(*m);
            state.members.entry(id).or_insert(member);
            true
        }
        Step::Leave(m) => state.members.remove(&Uuid::from_u128(*m).into()).is_some(),
        Step::Wait(_) | Step::Refresh | Step::Lose => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn who_reads_the_events_sees_the_board(steps in prop::collection::vec(step(), 1..80)) {
        let board = class(5);
        let mut now = start();
        let mut subscription = board.subscribe(None, now);
        let Beginning::Whole(view) = &subscription.beginning else { panic!("the first is whole") };
        let mut reader = Reader::new(view);
        let mut away = false;
        for step in &steps {
            match step {
                Step::Wait(seconds) => now += TimeDelta::seconds(*seconds),
                Step::Refresh => board.refresh(now),
                Step::Lose => away = true,
                _ => { board.change(|state| apply(state, step, now)); }
            }
            while !away && let Ok(event) = subscription.events.try_recv() {
                if !reader.take(&event) {
                    subscription = board.subscribe(None, now);
                    let Beginning::Whole(view) = &subscription.beginning else { panic!("asked for the whole") };
                    reader = Reader::new(view);
                }
            }
        }
        // Comes back with the last number that was read.
        let back = board.subscribe(Some((7, reader.sequence)), now);
        match &back.beginning {
            Beginning::Whole(view) => reader = Reader::new(view),
            Beginning::Missed(events) => prop_assert!(events.iter().all(|event| reader.take(event))),
        }
        reader.sees(&board.view(now));
    }

    /// Any number of changes between two looks are one event for each member at most.
    #[test]
    fn changes_are_gathered(changes in prop::collection::vec((1..6u128, 0..3u128, 0..3i64), 1..100)) {
        let board = class(5);
        let mut events = board.subscribe(None, start()).events;
        for (m, t, n) in changes {
            board.change(|state| apply(state, &Step::Score(m, t, n * 500), start()));
        }
        board.refresh(start());
        board.refresh(start());
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            if let Change::Member { member, .. } = &event.change {
                told.push(member.login.to_string());
            }
        }
        let n_told = told.len();
        told.sort();
        told.dedup();
        prop_assert_eq!(told.len(), n_told);
        prop_assert_eq!(board.n_computed(), 2);
    }
}

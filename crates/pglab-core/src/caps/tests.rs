//! The watcher's decisions, by value.

use super::*;

const MIB: u64 = 1 << 20;

fn caps() -> BTreeMap<String, Caps> {
    let caps = Caps {
        statement_s: 60,
        idle_in_transaction_s: 600,
        max_connections: 3,
        quota_bytes: 100 * MIB,
        open: true,
    };
    BTreeMap::from([("shop_ada".to_owned(), caps)])
}

fn session(owner: Owner, doing: Doing) -> Session {
    Session {
        database: "shop_ada".to_owned(),
        role: "ada".to_owned(),
        owner,
        pid: 7,
        began: 70,
        doing,
        transaction_ms: 0,
        nth: 1,
        n_locks: 0,
    }
}

fn statement(for_s: u64) -> Doing {
    Doing::Statement {
        began: 700,
        for_ms: for_s * 1_000,
    }
}

fn steps(observed: &Observed, memory: &mut Memory) -> Vec<Step> {
    plan(observed, &caps(), memory)
        .into_iter()
        .map(|action| action.step)
        .collect()
}

fn look(now_s: i64, sessions: Vec<Session>) -> Observed {
    Observed {
        sessions,
        now: now_s * 1_000_000,
        ..Observed::default()
    }
}

const CANCEL: Step = Step::Cancel { pid: 7, began: 70 };
const TERMINATE: Step = Step::Terminate { pid: 7, began: 70 };

#[test]
fn a_long_statement_is_cancelled_once_and_then_its_session_ended() {
    let mut memory = Memory::default();
    let running = |for_s| vec![session(Owner::Student, statement(for_s))];
    assert_eq!(steps(&look(0, running(61)), &mut memory), []);
    assert_eq!(steps(&look(2, running(63)), &mut memory), [CANCEL]);
    assert_eq!(steps(&look(3, running(64)), &mut memory), []);
    assert_eq!(steps(&look(4, running(65)), &mut memory), []);
    assert_eq!(steps(&look(6, running(67)), &mut memory), [TERMINATE]);
}

#[test]
fn the_next_statement_of_a_session_has_its_own_time() {
    let mut memory = Memory::default();
    let first = look(0, vec![session(Owner::Student, statement(63))]);
    assert_eq!(steps(&first, &mut memory), [CANCEL]);
    let next = Doing::Statement {
        began: 900,
        for_ms: 63_000,
    };
    assert_eq!(
        steps(&look(90, vec![session(Owner::Student, next)]), &mut memory),
        [CANCEL]
    );
    // Gone in between: forgotten.
    assert_eq!(steps(&look(91, Vec::new()), &mut memory), []);
    assert_eq!(memory, Memory::default());
}

#[test]
fn idle_transactions_surplus_connections_and_stuck_checkers_are_ended() {
    let mut third = session(Owner::Student, Doing::Idle);
    third.nth = 3;
    let fourth = Session {
        nth: 4,
        ..third.clone()
    };
    let forgotten = session(Owner::Student, Doing::Nothing { for_ms: 603_000 });
    let thinking = session(Owner::Student, Doing::Nothing { for_ms: 599_000 });
    let stuck = session(Owner::Checker, statement(61));
    let busy = session(Owner::Checker, statement(30));
    let vacuum = session(Owner::Autovacuum, statement(299));
    let endless = session(Owner::Autovacuum, statement(301));
    for (session, expected) in [
        (third, vec![]),
        (fourth, vec![TERMINATE]),
        (forgotten, vec![TERMINATE]),
        (thinking, vec![]),
        (stuck, vec![TERMINATE]),
        (busy, vec![]),
        (vacuum, vec![]),
        (endless, vec![CANCEL]),
    ] {
        let observed = look(0, vec![session.clone()]);
        assert_eq!(steps(&observed, &mut Memory::default()), expected, "{session:?}");
    }
}

#[test]
fn who_holds_back_a_full_queue_has_to_go() {
    let mut listener = session(Owner::Student, Doing::Nothing { for_ms: 9_000 });
    listener.transaction_ms = 9_000;
    let mut observed = look(0, vec![listener]);
    assert_eq!(steps(&observed, &mut Memory::default()), []);
    observed.queue = 0.6;
    assert_eq!(steps(&observed, &mut Memory::default()), [TERMINATE]);
}

#[test]
fn who_fills_the_table_of_locks_has_to_go() {
    let mut hog = session(Owner::Student, Doing::Idle);
    hog.n_locks = 900;
    let mut modest = hog.clone();
    modest.pid = 8;
    modest.n_locks = 99;
    let mut observed = look(0, vec![hog, modest]);
    observed.lock_room = 8_000;
    assert_eq!(steps(&observed, &mut Memory::default()), []);
    observed.lock_room = 7_000;
    assert_eq!(steps(&observed, &mut Memory::default()), [TERMINATE]);
}

#[test]
fn other_databases_are_left_alone() {
    let mut stranger = session(Owner::Student, statement(9_000));
    stranger.database = "payroll".to_owned();
    let mut observed = look(0, vec![stranger]);
    observed.databases.push(database(900, None, false));
    observed.databases[0].name = "payroll".to_owned();
    assert_eq!(steps(&observed, &mut Memory::default()), []);
}

fn database(mib: u64, read_only_at_mib: Option<u64>, closed: bool) -> Database {
    Database {
        name: "shop_ada".to_owned(),
        bytes: mib * MIB,
        read_only: read_only_at_mib.is_some(),
        read_only_at: read_only_at_mib.map(|mib| mib * MIB),
        closed,
        role: Some("ada".to_owned()),
    }
}

#[test]
fn a_quota_turns_read_only_then_closes_and_both_ways_back() {
    for (database, expected) in [
        (database(100, None, false), vec![]),
        (
            database(101, None, false),
            vec![Step::TurnReadOnly { bytes: 101 * MIB }],
        ),
        // However far it went before it was stopped: only growing on counts.
        (database(300, Some(300), false), vec![]),
        (database(325, Some(300), false), vec![]),
        (database(326, Some(300), false), vec![Step::Close]),
        (database(400, Some(300), true), vec![]),
        (database(96, Some(101), false), vec![]),
        (database(95, Some(101), false), vec![Step::TurnWritable]),
        (database(95, Some(101), true), vec![Step::Reopen { open: true }]),
    ] {
        let observed = Observed {
            databases: vec![database.clone()],
            ..Observed::default()
        };
        assert_eq!(steps(&observed, &mut Memory::default()), expected, "{database:?}");
        // Where the size could not be kept, the wall is missing and the rest is the same.
        let mut forgetful = observed.clone();
        forgetful.databases[0].read_only_at = None;
        let expected: Vec<Step> = expected.into_iter().filter(|step| *step != Step::Close).collect();
        assert_eq!(
            steps(&forgetful, &mut Memory::default()),
            expected,
            "{database:?}"
        );
    }
}

#[test]
fn sentences_say_what_happened_and_what_to_do() {
    let observed = Observed {
        sessions: vec![session(Owner::Student, statement(63))],
        databases: vec![database(101, None, false)],
        friends: vec![Friend {
            role: "ada".to_owned(),
            member: "bob".to_owned(),
        }],
        ..Observed::default()
    };
    let text: String = plan(&observed, &caps(), &mut Memory::default())
        .into_iter()
        .map(|action| format!("{}: {}\n", action.role, action.sentence))
        .collect();
    insta::assert_snapshot!(text, @r"
    ada: A statement ran for longer than 60 s, and was cancelled.
    ada: The database holds 101 MB and may hold 100 MB: it is read-only now, and its sessions were ended. To make room: SET default_transaction_read_only = off; then DROP or TRUNCATE what is not needed.
    ada: ada let bob have their role, and with it their database; it was taken back.
    ");
}

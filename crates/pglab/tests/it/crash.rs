//! `kill -9` at random moments, with a fixed seed: of pglab while a class is prepared, of PostgreSQL while students
//! work. Nothing may be lost or be there twice. The short form runs always, the long one as `soak::`.

use std::{
    collections::BTreeSet,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use pglab_testkit::SeededRandom;
use serde_json::Value;

use crate::support::{Class, Place, alive, client, eventually, stderr, succeeds};

/// Prepares a class that grows by a few students a round, killing pglab in every round; then everything must be
/// there once.
pub fn kill_pglab_during_preparation(n_kills: u64, n_new_students: u64, seed: u64) {
    let place = Place::new();
    let random = SeededRandom::new(seed);
    let class = Class::new(&place);
    let mut up = place.up();
    let token = class.sign_in_as_admin(&up);
    class.apply_lab(&up, &token);
    for round in 1..=n_kills {
        // Whether the calls get through depends on the moment of the kill; both must be safe.
        let roster = class.write_roster(round * n_new_students);
        let url = up.url().to_owned();
        let calls = std::thread::spawn({
            let (url, token) = (url, token.clone());
            move || {
                client(&url, &token)
                    .args(["roster", "import", "kept"])
                    .arg(&roster)
                    .output()
                    .unwrap();
                client(&url, &token)
                    .args(["lab", "prepare", "kept"])
                    .output()
                    .unwrap();
            }
        });
        std::thread::sleep(Duration::from_millis(30 + random.next_u64() % 1200));
        up.kill();
        calls.join().unwrap();
        up = place.up();
        assert_eq!(
            place.postmasters().len(),
            1,
            "one server, also after kill {round}"
        );
    }
    let n_students = n_kills * n_new_students;
    let roster = class.write_roster(n_students);
    let url = up.url().to_owned();
    succeeds(
        &client(&url, &token)
            .args(["roster", "import", "kept"])
            .arg(&roster)
            .output()
            .unwrap(),
    );
    succeeds(
        &client(&url, &token)
            .args(["lab", "prepare", "kept", "--wait"])
            .output()
            .unwrap(),
    );
    succeeds(
        &client(&url, &token)
            .args(["lab", "open", "kept"])
            .output()
            .unwrap(),
    );

    let superuser = class.superuser();
    let logins: BTreeSet<String> = (1..=n_students).map(|number| format!("s{number:04}")).collect();
    let roles = superuser.lines("SELECT rolname FROM pg_roles WHERE rolname ~ '^s[0-9]{4}$'");
    assert_eq!(
        roles.iter().cloned().collect::<BTreeSet<_>>(),
        logins,
        "exactly one role each"
    );
    let databases = superuser.lines("SELECT datname FROM pg_database WHERE datname LIKE 'kept%' ");
    assert_eq!(
        databases.len(),
        logins.len(),
        "exactly one database each: {databases:?}"
    );
    let checkers = superuser.lines("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pglab\\_chk\\_%'");
    assert_eq!(checkers, [logins.len().to_string()], "exactly one checker each");
    let leftovers = superuser.lines(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'pglab\\_load\\_%' \
         UNION ALL SELECT datname FROM pg_database WHERE datname LIKE 'pglab\\_%' \
           AND datname NOT IN ('pglab', 'pglab_ex_kept_1', 'pglab_st_kept_1')",
    );
    assert_eq!(leftovers, [""; 0], "nothing is left of what was interrupted");
    for login in &logins {
        let kit = kit(&url, &token, login);
        eventually("the password of the kit lets its student in", || {
            Command::new("psql")
                .args(["-XAtc", "SELECT current_user", kit["uri"].as_str().unwrap()])
                .env("PGPASSWORD", kit["password"].as_str().unwrap())
                .output()
                .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == login)
        });
    }
    assert_eq!(up.stop(), Some(0));
}

/// Students insert numbered rows and note what PostgreSQL acknowledged, while it is killed again and again.
pub fn kill_postgresql_during_work(n_kills: u64, seed: u64) {
    let place = Place::new();
    let random = SeededRandom::new(seed);
    let class = Class::new(&place);
    let up = place.up();
    let token = class.sign_in_as_admin(&up);
    let url = up.url().to_owned();
    class.apply_lab(&up, &token);
    let roster = class.write_roster(3);
    succeeds(
        &client(&url, &token)
            .args(["roster", "import", "kept"])
            .arg(&roster)
            .output()
            .unwrap(),
    );
    succeeds(
        &client(&url, &token)
            .args(["lab", "prepare", "kept", "--wait"])
            .output()
            .unwrap(),
    );
    succeeds(
        &client(&url, &token)
            .args(["lab", "open", "kept"])
            .output()
            .unwrap(),
    );

    let stop = Arc::new(AtomicBool::new(false));
    let n_acknowledged = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (1..=3)
        .map(|number| {
            let login = format!("s{number:04}");
            let kit = kit(&url, &token, &login);
            let (stop, n_acknowledged) = (stop.clone(), n_acknowledged.clone());
            std::thread::spawn(move || insert_until(&stop, &n_acknowledged, &kit))
        })
        .collect();
    for round in 1..=n_kills {
        let before = n_acknowledged.load(Ordering::Relaxed);
        eventually("the students get on between two kills", || {
            n_acknowledged.load(Ordering::Relaxed) >= before + 5
        });
        std::thread::sleep(Duration::from_millis(random.next_u64() % 500));
        let first = place.postmaster().unwrap();
        kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
        eventually("another postmaster runs", || {
            place.postmaster().is_some_and(|pid| pid != first && alive(pid))
        });
        assert!(alive(up.pid()), "pglab lives through kill {round}");
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        let (kit, acknowledged) = worker.join().unwrap();
        let mut found: Vec<i64> = Vec::new();
        eventually("the student's database answers", || {
            let output = psql(&kit, "SELECT n FROM work ORDER BY n");
            found = String::from_utf8_lossy(&output.stdout)
                .lines()
                .filter_map(|line| line.parse().ok())
                .collect();
            output.status.success()
        });
        let unique: BTreeSet<i64> = found.iter().copied().collect();
        assert_eq!(unique.len(), found.len(), "no row is there twice");
        assert!(acknowledged.is_subset(&unique), "every acknowledged row is there");
    }
    // The live path came through it too: it sees the table.
    eventually("the board shows what the students made", || {
        let output = client(&url, &token)
            .args(["lab", "board", "kept", "--json"])
            .output()
            .unwrap();
        let board: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        board["members"].as_array().is_some_and(|members| {
            members.len() == 3
                && members
                    .iter()
                    .all(|member| member["now"].as_f64().unwrap_or(0.0) > 0.0)
        })
    });
    assert_eq!(up.stop(), Some(0));
}

/// Inserts 1, 2, 3 … one at a time; gives the numbers that were acknowledged. A number whose fate is unknown is not
/// sent again.
fn insert_until(stop: &AtomicBool, n_acknowledged: &AtomicU64, kit: &Value) -> (Value, BTreeSet<i64>) {
    eventually("the student's table can be made", || {
        psql(kit, "CREATE TABLE IF NOT EXISTS work (n bigint PRIMARY KEY)")
            .status
            .success()
    });
    let next = AtomicI64::new(0);
    let mut acknowledged = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if psql(kit, &format!("INSERT INTO work VALUES ({n})"))
            .status
            .success()
        {
            acknowledged.insert(n);
            n_acknowledged.fetch_add(1, Ordering::Relaxed);
        } else {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    (kit.clone(), acknowledged)
}

fn psql(kit: &Value, sql: &str) -> Output {
    Command::new("psql")
        .args([
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            kit["uri"].as_str().unwrap(),
        ])
        .env("PGPASSWORD", kit["password"].as_str().unwrap())
        .env("PGCONNECT_TIMEOUT", "5")
        .output()
        .unwrap()
}

fn kit(url: &str, token: &str, login: &str) -> Value {
    let output = client(url, token)
        .args(["kit", "kept", login, "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn pglab_may_die_at_any_moment_of_preparing() {
    kill_pglab_during_preparation(8, 2, 11);
}

#[test]
fn postgresql_may_die_while_students_work() {
    kill_postgresql_during_work(3, 12);
}

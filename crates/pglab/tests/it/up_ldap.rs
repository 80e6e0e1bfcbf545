//! `pglab up --ldap`: one password, which slapd keeps, for the pages and for psql; and a slapd that survives what happens
//! to it.

use std::process::{Command, Output};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::support::{Class, PROGRAM, Place, Up, alive, eventually, run_with_input, stderr};

/// A student of the class, as psql and the command line see them.
struct Student<'a> {
    place: &'a Place,
    login: String,
    database: String,
    config: tempfile::TempDir,
}

impl Student<'_> {
    fn psql(&self, password: &str, sql: &str) -> Output {
        let (host, port) = self.place.postgres();
        let ca = self.place.data_dir().join("tls/ca.crt");
        Command::new("psql")
            .arg(format!(
                "host={host} port={port} user={} dbname={} sslmode=verify-full sslrootcert={}",
                self.login,
                self.database,
                ca.display()
            ))
            .args(["-XAtc", sql])
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "15")
            .output()
            .unwrap()
    }

    fn is_let_in(&self, password: &str) -> bool {
        let output = self.psql(
            password,
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        );
        output.stdout == b"t\n"
    }

    fn sign_in(&self, up: &Up, password: &str) -> Output {
        use std::io::Write;
        let mut command = Command::new(PROGRAM);
        command
            .args([
                "login",
                "--url",
                up.url(),
                "--login",
                &self.login,
                "--password-stdin",
            ])
            .env("XDG_CONFIG_HOME", self.config.path())
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        child.wait_with_output().unwrap()
    }

    fn change_password(&self, old: &str, new: &str) {
        let mut command = Command::new(PROGRAM);
        command
            .args(["passwd", "--password-stdin"])
            .env("XDG_CONFIG_HOME", self.config.path());
        run_with_input(&mut command, &format!("{old}\n{new}\n"));
    }
}

fn owner(pid: i32) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

fn the_one_slapd(place: &Place) -> i32 {
    let found = place.slapds();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[test]
fn a_student_has_one_password_and_keeps_it_through_a_kill() {
    let place = Place::with_ldap();
    let class = Class::new(&place);
    let up = place.up();
    assert!(
        up.ready["ldap"]["url"]
            .as_str()
            .unwrap()
            .starts_with("ldaps://127.0.0.1:"),
        "{}",
        up.ready
    );
    assert_ne!(owner(the_one_slapd(&place)), 0, "slapd never runs as root");
    let token = class.sign_in_as_admin(&up);
    class.apply_lab(&up, &token);
    let works = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env("PGLAB_URL", up.url())
            .env("PGLAB_TOKEN", &token);
        run_with_input(&mut command, "")
    };
    let roster = class.write_roster(2);
    works(&["roster", "import", "kept", roster.to_str().unwrap()]);
    works(&["lab", "prepare", "kept", "--wait"]);
    works(&["lab", "open", "kept"]);
    let credentials: Value = serde_json::from_str(&works(&["credentials", "kept", "--json"])).unwrap();
    let items = credentials["items"].as_array().unwrap();
    let first = items.iter().find(|item| item["login"] == "s0001").unwrap();
    let initial = first["password"].as_str().unwrap();
    let kit: Value = serde_json::from_str(&works(&["kit", "kept", "s0001", "--json"])).unwrap();
    let student = Student {
        place: &place,
        login: "s0001".to_owned(),
        database: kit["database"].as_str().unwrap().to_owned(),
        config: tempfile::tempdir().unwrap(),
    };

    // By LDAP alone: PostgreSQL holds no password of students.
    let superuser = class.superuser();
    assert_eq!(
        superuser.lines("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 's0001'"),
        ["t"]
    );
    eventually("the password of the kit opens PostgreSQL", || {
        student.is_let_in(initial)
    });
    assert!(
        stderr(&student.psql("wrong", "SELECT 1")).contains("LDAP authentication failed for user \"s0001\"")
    );

    let signed_in = student.sign_in(&up, initial);
    assert!(signed_in.status.success(), "{}", stderr(&signed_in));
    student.change_password(initial, "my-own-word-7");
    assert!(student.is_let_in("my-own-word-7"));
    assert!(!student.is_let_in(initial));
    assert!(!student.sign_in(&up, initial).status.success());

    // kill -9 of pglab: whoever signs in to PostgreSQL still can, and the next start has one slapd again.
    let before = the_one_slapd(&place);
    up.kill();
    assert!(alive(before));
    assert!(student.is_let_in("my-own-word-7"));
    let up = place.up();
    the_one_slapd(&place);
    assert!(student.is_let_in("my-own-word-7"));
    assert!(student.sign_in(&up, "my-own-word-7").status.success());

    let second = place.command().output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains(&format!("pid {}", up.pid())),
        "{}",
        stderr(&second)
    );
    the_one_slapd(&place);

    assert_eq!(up.stop(), Some(0));
    assert_eq!(place.slapds(), [0i32; 0]);
    assert_eq!(place.postmasters(), [0i32; 0]);
}

/// `kill -9` of slapd: pglab starts it again. And a data directory that had it once keeps it.
#[test]
fn slapd_is_started_again_and_stays() {
    let place = Place::with_ldap();
    let up = place.up();
    let first = the_one_slapd(&place);
    let url = up.ready["ldap"]["url"].clone();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    eventually("another slapd runs", || {
        place
            .slapds()
            .first()
            .is_some_and(|pid| *pid != first && alive(*pid))
    });
    assert_eq!(up.stop(), Some(0));
    let place = place.without_ldap();
    let up = place.up();
    assert_eq!(up.ready["ldap"]["url"], url, "its port is kept");
    assert_eq!(up.stop(), Some(0));
    assert_eq!(place.slapds(), [0i32; 0]);
}

/// A place without it says nothing about it.
#[test]
fn without_the_option_there_is_none() {
    let place = Place::new();
    let up = place.up();
    assert!(up.ready["ldap"].is_null());
    assert!(!place.data_dir().join("ldap").exists());
}

//! `pglab up`: one process tree that survives what happens to it.

use std::io::{BufRead, BufReader};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{Place, alive, eventually, stderr};

#[test]
fn starts_says_so_and_stops_with_everything() {
    let place = Place::new();
    let up = place.up();
    assert_eq!(up.ready["ready"], true);
    assert_eq!(up.ready["admin"]["login"], "admin");
    assert_eq!(up.get("/healthz"), (200, r#"{"status":"ok"}"#.to_owned()));
    let postmaster = place.postmaster().unwrap();
    assert_ne!(owner(postmaster), 0, "PostgreSQL never runs as root");
    assert_eq!(up.stop(), Some(0));
    assert!(!alive(postmaster));
    assert_eq!(place.postmasters(), [0i32; 0]);
}

/// A disk that takes its time is played by a postmaster that stands still.
#[test]
fn a_slow_end_is_told() {
    let place = Place::new();
    let (up, log) = place.up_with_log();
    let postmaster = Pid::from_raw(place.postmaster().unwrap());
    kill(postmaster, Signal::SIGSTOP).unwrap();
    up.signal(Signal::SIGTERM);
    let mut lines = BufReader::new(log).lines();
    let told = lines.find(|line| line.as_ref().unwrap().starts_with("PostgreSQL is still writing"));
    kill(postmaster, Signal::SIGCONT).unwrap();
    assert!(told.is_some());
    std::thread::spawn(move || lines.count());
    assert_eq!(up.stop(), Some(0));
    assert!(!alive(postmaster.as_raw()));
}

fn owner(pid: i32) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

/// The password is told once, the ports are kept.
#[test]
fn the_second_start_is_the_same_place() {
    let place = Place::new();
    let first = place.up();
    let (url, password) = (first.url().to_owned(), first.ready["admin"]["password"].clone());
    assert!(
        password.as_str().is_some_and(|password| password.len() > 10),
        "{password}"
    );
    first.stop();
    let second = place.up();
    assert_eq!(second.url(), url);
    assert!(second.ready["admin"]["password"].is_null());
}

#[test]
fn a_second_one_on_the_same_directory_says_who_holds_it() {
    let place = Place::new();
    let up = place.up();
    let output = place.command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains(&format!("pid {}", up.pid())) && said.contains(up.url()),
        "{said}"
    );
}

/// `kill -9` of pglab: PostgreSQL lives on, the next start takes it over, and there is still one server.
#[test]
fn the_next_start_after_a_kill_takes_over() {
    let place = Place::new();
    let up = place.up();
    let postmaster = place.postmaster().unwrap();
    up.kill();
    assert!(alive(postmaster));
    let up = place.up();
    assert_eq!(place.postmasters(), [postmaster]);
    assert_eq!(up.get("/healthz").0, 200);
    assert_eq!(up.stop(), Some(0));
    assert_eq!(place.postmasters(), [0i32; 0]);
}

/// `kill -9` of PostgreSQL: pglab starts it again and goes on.
#[test]
fn postgresql_is_started_again() {
    let place = Place::new();
    let up = place.up();
    let first = place.postmaster().unwrap();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    eventually("another postmaster runs", || {
        place.postmaster().is_some_and(|pid| pid != first && alive(pid))
    });
    eventually("the API answers from our own database", || {
        up.get("/api/v1/session").0 == 200
    });
    assert_eq!(place.postmasters().len(), 1);
}

#[test]
fn ctrl_c_stops_it_too() {
    let place = Place::new();
    let up = place.up();
    up.signal(Signal::SIGINT);
    let pid = up.pid();
    eventually("it ends", || !alive(pid));
    assert_eq!(place.postmasters(), [0i32; 0]);
}

#[test]
fn what_it_can_not_use_is_told() {
    let place = Place::new();
    let output = place
        .command()
        .args(["--pg-bindir", "/nonexistent"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("/nonexistent is no folder of PostgreSQL server binaries"),
        "{}",
        stderr(&output)
    );
    let output = place.command().args(["--listen", "somewhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

//! What a sweep tells of a real server.

use std::collections::BTreeSet;

use pglab_fleet::{
    Address, Cluster,
    activity::{Sweeper, changed},
    private::SUPERUSER,
};
use pglab_testkit::TestServer;

fn cluster(server: &TestServer) -> Cluster {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
    };
    Cluster::new(
        address.clone(),
        vec![address],
        SUPERUSER.to_owned(),
        server.superuser_password().to_owned(),
    )
}

/// A student with a database of the same name, and a connection to it.
async fn student(server: &TestServer, login: &str) -> pglab_fleet::Connection {
    let maintenance = server.superuser("postgres").await;
    maintenance
        .batch_execute(&format!("CREATE ROLE {login} LOGIN PASSWORD 'secret'"))
        .await
        .unwrap();
    maintenance
        .batch_execute(&format!("CREATE DATABASE {login} OWNER {login}"))
        .await
        .unwrap();
    connect(server, login).await
}

async fn connect(server: &TestServer, login: &str) -> pglab_fleet::Connection {
    let name = pglab_core::ident::Ident::new(login).unwrap();
    pglab_fleet::Connection::open(&cluster(server).login_config(&name, "secret", &name))
        .await
        .unwrap()
}

fn names(touched: &BTreeSet<String>) -> Vec<&str> {
    touched.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_commit_is_told_and_silence_is_not() {
    let server = TestServer::start().await;
    let ada = student(&server, "ada").await;
    let _bob = student(&server, "bob").await;
    let sweeper = Sweeper::open(&cluster(&server)).await.unwrap();
    let first = sweeper.sweep().await.unwrap();
    let logins: BTreeSet<_> = first
        .sessions
        .iter()
        .map(|session| session.role.as_str())
        .collect();
    assert_eq!(logins, BTreeSet::from(["ada", "bob"]));
    // Nobody does anything, and our own looking does not count.
    server
        .superuser("bob")
        .await
        .batch_execute("BEGIN READ ONLY; SELECT count(*) FROM pg_class; ROLLBACK")
        .await
        .unwrap();
    let second = sweeper.sweep().await.unwrap();
    assert_eq!(names(&changed(&first, &second)), [""; 0]);
    ada.batch_execute("CREATE TABLE t (a int)").await.unwrap();
    let third = sweeper.sweep().await.unwrap();
    assert_eq!(names(&changed(&second, &third)), ["ada"]);
    assert_eq!(
        third.sessions.iter().find(|s| s.role == "ada").unwrap().query,
        "CREATE TABLE t (a int)"
    );
}

/// A session that came and went between two sweeps is told by what it wrote.
#[tokio::test]
async fn a_short_visit_is_told() {
    let server = TestServer::start().await;
    drop(student(&server, "ada").await);
    let sweeper = Sweeper::open(&cluster(&server)).await.unwrap();
    let mut before = sweeper.sweep().await.unwrap();
    while !before.sessions.is_empty() {
        before = sweeper.sweep().await.unwrap();
    }
    let visit = connect(&server, "ada").await;
    visit.batch_execute("CREATE TABLE t (a int)").await.unwrap();
    drop(visit);
    let mut after = sweeper.sweep().await.unwrap();
    // PostgreSQL 14 tells it half a second later.
    let late = server.server().settings().binaries.major < 15;
    while !after.sessions.is_empty() || late && changed(&before, &after).is_empty() {
        after = sweeper.sweep().await.unwrap();
    }
    assert_eq!(names(&changed(&before, &after)), ["ada"]);
}

#[tokio::test]
async fn who_waits_for_whom() {
    let server = TestServer::start().await;
    let holder = student(&server, "ada").await;
    let waiter = connect(&server, "ada").await;
    holder.batch_execute("CREATE TABLE t (a int)").await.unwrap();
    holder.batch_execute("BEGIN; LOCK TABLE t").await.unwrap();
    let waiting = tokio::spawn(async move { waiter.batch_execute("SELECT * FROM t").await });
    let sweeper = Sweeper::open(&cluster(&server)).await.unwrap();
    let blocked = loop {
        let sweep = sweeper.sweep().await.unwrap();
        assert!(!waiting.is_finished(), "it got through");
        if let Some(session) = sweep.sessions.into_iter().find(|session| session.waits_for_lock) {
            break session;
        }
    };
    assert_eq!(blocked.query, "SELECT * FROM t");
    assert_eq!(blocked.blocked_by.len(), 1);
    holder.batch_execute("COMMIT").await.unwrap();
    waiting.await.unwrap().unwrap();
}

//! Starting, adopting and stopping a private server.

use std::time::Duration;

use pglab_fleet::{
    Connection,
    private::{PrivateServer, ServerSettings},
};
use pglab_testkit::{TestServer, postgres::free_port};

#[tokio::test]
async fn starts_and_answers() {
    let server = TestServer::start().await;
    let row = server
        .superuser("postgres")
        .await
        .query_one("SELECT 40 + 2", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i32>(0), 42);
    assert_eq!(server.logged_errors(), []);
}

/// What `kill -9` of pglab leaves behind is a running server; the next start takes it over, sessions and all.
#[tokio::test]
async fn a_server_that_still_runs_is_adopted() {
    let first = TestServer::start().await;
    let session = first.superuser("postgres").await;
    let second = PrivateServer::start(first.server().settings().clone())
        .await
        .unwrap();
    assert_eq!(second.pid(), first.server().pid());
    session
        .query_one("SELECT 1", &[])
        .await
        .expect("the session lives on");
}

#[tokio::test]
async fn changed_settings_restart_it() {
    let first = TestServer::start().await;
    let settings = ServerSettings {
        port: free_port(),
        ..first.server().settings().clone()
    };
    let second = PrivateServer::start(settings).await.unwrap();
    assert_ne!(second.pid(), first.server().pid());
    Connection::open(&second.superuser_config("postgres"))
        .await
        .unwrap();
    second.stop().await.unwrap();
}

/// A postmaster that was killed leaves its pid file and its backends; the next start waits for them and recovers.
#[tokio::test]
async fn a_killed_server_starts_again() {
    let mut first = PrivateServerOfTest::start().await;
    let session = Connection::open(&first.0.superuser_config("postgres"))
        .await
        .unwrap();
    session
        .batch_execute("CREATE TABLE kept AS SELECT 1 AS one")
        .await
        .unwrap();
    nix_kill(first.0.pid());
    tokio::time::timeout(Duration::from_secs(10), first.0.wait_for_exit())
        .await
        .unwrap();
    let second = PrivateServer::start(first.0.settings().clone()).await.unwrap();
    let session = Connection::open(&second.superuser_config("postgres"))
        .await
        .unwrap();
    assert_eq!(
        session
            .query_one("SELECT one FROM kept", &[])
            .await
            .unwrap()
            .get::<_, i32>(0),
        1
    );
    second.stop().await.unwrap();
}

fn nix_kill(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
}

/// A server whose death the test causes itself, started over the files of a test server.
struct PrivateServerOfTest(
    PrivateServer,
    #[expect(dead_code, reason = "owns the files")] TestServer,
);

impl PrivateServerOfTest {
    async fn start() -> Self {
        let files = TestServer::start().await;
        let settings = ServerSettings {
            port: free_port(),
            durable: true,
            ..files.server().settings().clone()
        };
        Self(PrivateServer::start(settings).await.unwrap(), files)
    }
}

/// The reason is in the log that the server had begun to write, and the message has it.
#[tokio::test]
async fn a_port_in_use_is_told() {
    let first = TestServer::start().await;
    let holder = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let settings = ServerSettings {
        port: holder.local_addr().unwrap().port(),
        ..first.server().settings().clone()
    };
    let error = PrivateServer::start(settings).await.unwrap_err();
    assert!(error.port_is_taken(), "{error}");
}

//! Reading the log of a real server, from its files and through SQL; rotation, truncation and restarts of the reader.

use pglab_fleet::{
    Connection,
    log_feed::{Entry, LogSource, Position, Severity},
};
use pglab_testkit::TestServer;

async fn until(
    server: &TestServer,
    source: &mut LogSource,
    position: &mut Option<Position>,
    n: usize,
) -> Vec<Entry> {
    let connection = server.superuser("postgres").await;
    let mut entries = Vec::new();
    while entries.len() < n {
        let batch = source.read(&connection, position.take()).await.unwrap();
        *position = batch.position;
        let of_statements = |entry: &Entry| entry.severity != Severity::Connected;
        entries.extend(batch.entries.into_iter().filter(of_statements));
    }
    entries
}

/// On a connection that goes on: one that is closed with the end of the error's answer unread is told in the log too.
async fn fail(connection: &Connection, statement: &str) {
    connection.batch_execute(statement).await.unwrap_err();
}

async fn errors_and_hands(server: &TestServer, mut source: LogSource) {
    let connection = server.superuser("postgres").await;
    let mut position = source.read(&connection, None).await.unwrap().position;
    fail(&connection, "SELECT *\nFROM nowhere").await;
    connection
        .batch_execute("DO $$ BEGIN RAISE LOG USING ERRCODE = 'PGHLP', MESSAGE = 'I am lost'; END $$")
        .await
        .unwrap();
    let entries = until(server, &mut source, &mut position, 2).await;
    assert_eq!(entries[0].sqlstate, "42P01");
    assert_eq!(entries[0].statement.as_deref(), Some("SELECT *\nFROM nowhere"));
    assert_eq!(entries[0].database, "postgres");
    assert_eq!(entries[0].severity, Severity::Error);
    assert_eq!(
        (
            entries[1].sqlstate.as_str(),
            entries[1].message.as_str(),
            entries[1].severity
        ),
        ("PGHLP", "I am lost", Severity::Log)
    );
    // Nothing twice, and nothing lost over a rotation.
    fail(&connection, "SELECT before_rotation").await;
    connection
        .batch_execute("SELECT pg_sleep(1.1); SELECT pg_rotate_logfile(); SELECT pg_sleep(0.2)")
        .await
        .unwrap();
    fail(&connection, "SELECT after_rotation").await;
    let messages: Vec<_> = until(server, &mut source, &mut position, 2)
        .await
        .into_iter()
        .filter_map(|entry| entry.statement)
        .collect();
    assert_eq!(messages, ["SELECT before_rotation", "SELECT after_rotation"]);
}

#[tokio::test]
async fn from_the_folder() {
    let server = TestServer::start().await;
    let source = LogSource::folder(server.server().log_folder());
    errors_and_hands(&server, source).await;
}

#[tokio::test]
async fn through_the_server() {
    let server = TestServer::start().await;
    errors_and_hands(&server, LogSource::server()).await;
}

#[tokio::test]
async fn csvlog_from_the_folder() {
    let server = TestServer::start_with(&[("log_destination", "csvlog")]).await;
    let source = LogSource::folder(server.server().log_folder());
    errors_and_hands(&server, source).await;
}

/// A reader that starts anew goes on where the position says, also in the middle of what another one had begun; a file
/// that was cut is read from its beginning.
#[tokio::test]
async fn a_new_reader_and_a_cut_file() {
    let server = TestServer::start().await;
    let connection = server.superuser("postgres").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let line = |n: u32| {
        format!(
            "{{\"timestamp\":\"2026-03-02 09:00:00.000 UTC\",\"user\":\"ada\",\"dbname\":\"d\",\"error_severity\":\"ERROR\",\
             \"state_code\":\"42P01\",\"message\":\"m{n}\"}}\n"
        )
    };
    std::fs::write(&path, line(0)).unwrap();
    let mut first = LogSource::folder(folder.path().to_owned());
    let start = first.read(&connection, None).await.unwrap();
    assert!(start.entries.is_empty(), "what is old is not told");
    let whole = [line(0), line(1), line(2)].concat();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let begun = first.read(&connection, start.position).await.unwrap();
    assert_eq!(begun.entries.len(), 1);
    std::fs::write(&path, &whole).unwrap();
    for source in [&mut first, &mut LogSource::folder(folder.path().to_owned())] {
        let rest = source.read(&connection, begun.position.clone()).await.unwrap();
        assert_eq!(
            rest.entries
                .iter()
                .map(|e| e.message.as_str())
                .collect::<Vec<_>>(),
            ["m2"]
        );
        assert_eq!(rest.position.unwrap().offset, whole.len() as u64);
    }
    std::fs::write(&path, line(7)).unwrap();
    let end = Position {
        file: "a.json".to_owned(),
        offset: whole.len() as u64,
    };
    let cut = first.read(&connection, Some(end)).await.unwrap();
    assert_eq!(cut.entries[0].message, "m7");
}

/// Who was there too shortly to be seen is told by the log, in either of its formats.
#[tokio::test]
async fn who_connected() {
    for format in ["csvlog", "jsonlog"] {
        // PostgreSQL 14 doesn't know the other, and would not start.
        let major = pglab_fleet::private::Binaries::find(None).unwrap().major;
        if format == "jsonlog" && major < 15 {
            continue;
        }
        let server = TestServer::start_with(&[("log_destination", format)]).await;
        let connection = server.superuser("postgres").await;
        let visited = server.database("visited").await;
        let mut source = LogSource::folder(server.server().log_folder());
        let mut position = source.read(&connection, None).await.unwrap().position;
        drop(server.superuser("visited").await);
        let seen = loop {
            let batch = source.read(&connection, position.take()).await.unwrap();
            position = batch.position;
            let mut seen = batch.entries.into_iter();
            if let Some(entry) = seen.find(|entry| entry.database == "visited") {
                break entry;
            }
        };
        assert_eq!(seen.severity, Severity::Connected, "{visited}");
        assert_eq!(seen.role, pglab_fleet::private::SUPERUSER);
        assert_eq!(seen.message, "", "nothing of the client is kept");
    }
}

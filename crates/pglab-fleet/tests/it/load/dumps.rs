//! What `pg_dump` writes, in each of its forms, and live databases: the copy must be the same as the original.

use pglab_core::snapshot::SchemaSnapshot;
use pglab_fleet::{introspect, load::Source, rows};

use super::place::Workshop;

const RICH: &str = include_str!("../sql/rich.sql");

/// Without what differs from database to database.
fn comparable(mut schema: SchemaSnapshot) -> SchemaSnapshot {
    for table in &mut schema.tables {
        table.oid = 0;
        table.change_mark.clear();
        table.bytes = 0;
    }
    for view in &mut schema.views {
        view.oid = 0;
    }
    schema
}

async fn rich() -> Workshop {
    let workshop = Workshop::open().await;
    workshop.server.database("rich").await;
    let superuser = workshop.server.superuser("rich").await;
    superuser.batch_execute(RICH).await.unwrap();
    superuser
        .batch_execute("CREATE ROLE clerk; ALTER TABLE artist OWNER TO clerk; GRANT SELECT ON album TO clerk; REFRESH MATERIALIZED VIEW per_artist")
        .await
        .unwrap();
    workshop
}

async fn same_after(workshop: &Workshop, source: Source) {
    let superuser = workshop.server.superuser("rich").await;
    let original = introspect::snapshot(&superuser).await.unwrap();
    let rows = rows::expected(&superuser, &original).await.unwrap();
    let example = workshop.example_of(source).await.unwrap();
    assert_eq!(comparable(example.schema), comparable(original));
    assert_eq!(example.rows, rows);
    assert!(rows.rows.iter().any(|rows| rows.digest.n_rows > 0));
}

#[tokio::test]
async fn plain() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["rich"]);
    same_after(&workshop, Source::File(workshop.file(dump))).await;
}

#[tokio::test]
async fn plain_with_all_that_makes_it_again() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["--clean", "--create", "--if-exists", "rich"]);
    same_after(&workshop, Source::File(workshop.file(dump))).await;
}

#[tokio::test]
async fn plain_that_drops_first() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["--clean", "rich"]);
    same_after(&workshop, Source::File(workshop.file(dump))).await;
}

#[tokio::test]
async fn inserts() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["--inserts", "--column-inserts", "rich"]);
    same_after(&workshop, Source::File(workshop.file(dump))).await;
}

#[tokio::test]
async fn custom() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["--format=custom", "rich"]);
    same_after(&workshop, Source::File(workshop.file(dump))).await;
}

#[tokio::test]
async fn a_broken_custom_dump_says_so() {
    let workshop = rich().await;
    let dump = workshop.program("pg_dump", &["--format=custom", "rich"]);
    let source = Source::File(workshop.file(&dump[..dump.len() / 2]));
    let error = workshop.example_of(source).await.unwrap_err();
    assert!(error.message.contains("pg_restore"), "{error}");
    workshop.nothing_is_left_but(&["clerk"]).await;
}

#[tokio::test]
async fn live() {
    let workshop = rich().await;
    let uri = workshop.server.superuser_uri("rich");
    same_after(&workshop, Source::Live(uri)).await;
}

#[tokio::test]
async fn live_with_a_wrong_password() {
    let workshop = rich().await;
    let uri = workshop
        .server
        .superuser_uri("rich")
        .replace("test-only", "wrong");
    let error = workshop.example_of(Source::Live(uri)).await.unwrap_err();
    assert!(
        error.message.contains("password authentication failed"),
        "{error}"
    );
    assert!(!error.to_string().contains("wrong"), "{error}");
    workshop.nothing_is_left_but(&["clerk"]).await;
}

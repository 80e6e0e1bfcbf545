//! What a run says: rows, tags, notices, errors with their place, the state of the transaction.

use pglab_core::console::Transaction;
use pglab_fleet::console::Manner;

use super::{console, console_with, run};
use crate::attacks::class::{Class, albums, eventually};

#[tokio::test]
async fn several_statements_each_on_its_own() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let sql = "CREATE TABLE port (id int PRIMARY KEY, name text); -- one\n\
               INSERT INTO port VALUES (1, 'Bergen'), (2, NULL);\nSELECT * FROM port ORDER BY id;";
    let said = run(&mut ada, sql).await;
    assert_eq!(said.tags(), ["CREATE TABLE", "INSERT 0 2", "SELECT 2"]);
    assert_eq!(said.columns, ["id int4", "name text"]);
    assert_eq!(
        said.rows,
        [
            vec![Some("1".to_owned()), Some("Bergen".to_owned())],
            vec![Some("2".to_owned()), None]
        ]
    );
    assert_eq!(said.transaction, Some(Transaction::None));
    let (from, to) = said.statements[2];
    assert_eq!(&sql[from as usize..to as usize], "SELECT * FROM port ORDER BY id");

    // What came before an error stays, what comes after is not run; psql does the same.
    let said = run(
        &mut ada,
        "INSERT INTO port VALUES (3, 'Oslo'); INSERT INTO port VALUES (3, 'x'); DROP TABLE port",
    )
    .await;
    assert_eq!((said.tags(), said.code()), (vec!["INSERT 0 1"], "23505"));
    assert_eq!(
        said.error.unwrap().detail.unwrap(),
        "Key (id)=(3) already exists."
    );
    assert_eq!(run(&mut ada, "SELECT count(*) FROM port").await.cell(), "3");
    // Statements that can't share a transaction.
    assert_eq!(
        run(&mut ada, "VACUUM port; ANALYZE port").await.tags(),
        ["VACUUM", "ANALYZE"]
    );
    // The table is the student's, as if it came from psql.
    let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'port'";
    assert_eq!(run(&mut ada, owner).await.cell(), "ada");
    let nothing = run(&mut ada, " -- only a comment\n;").await;
    assert!(nothing.tags().is_empty() && nothing.error.is_none());
}

#[tokio::test]
async fn errors_point_at_their_place() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    // Before it: letters of one unit and of two, of several bytes.
    let sql = "SELECT 'größe 😀';\nSELECT nam FROM artist";
    let said = run(&mut ada, sql).await;
    assert_eq!(said.code(), "42703");
    let error = said.error.unwrap();
    let units: Vec<u16> = sql.encode_utf16().collect();
    let rest = String::from_utf16(&units[error.position.unwrap() as usize..]).unwrap();
    assert_eq!(rest, "nam FROM artist");
    assert_eq!(
        error.hint.unwrap(),
        "Perhaps you meant to reference the column \"artist.name\"."
    );

    let said = run(&mut ada, "SELECT 1; SELEC 2").await;
    assert_eq!(
        (said.code(), said.error.as_ref().unwrap().position),
        ("42601", Some(10))
    );
    let said = run(
        &mut ada,
        "CREATE FUNCTION bad() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$; SELECT bad()",
    )
    .await;
    assert_eq!(said.code(), "22012");
    assert!(
        said.error
            .unwrap()
            .context
            .unwrap()
            .contains("function bad() line 1")
    );
    assert_eq!(run(&mut ada, "SELECT 'a\0b'").await.code(), "22021");
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
}

#[tokio::test]
async fn the_transaction_is_told() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let mut state = async |sql: &str| run(&mut ada, sql).await.transaction.unwrap();
    assert_eq!(state("BEGIN; CREATE TABLE a (x int)").await, Transaction::Open);
    assert_eq!(state("SELECT nonsense").await, Transaction::Failed);
    assert_eq!(state("SELECT 1").await, Transaction::Failed);
    assert_eq!(state("ROLLBACK").await, Transaction::None);
    assert_eq!(state("BEGIN; SELECT 1").await, Transaction::Open);
    assert_eq!(state("COMMIT").await, Transaction::None);
    // What is deferred fails at the end.
    let said = run(
        &mut ada,
        "CREATE TABLE d (x int REFERENCES artist DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (9999)",
    )
    .await;
    assert_eq!((said.tags(), said.code()), (vec!["CREATE TABLE"], "23503"));
    // A procedure that commits.
    let said = run(
        &mut ada,
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO d VALUES (1); COMMIT; INSERT INTO d VALUES (2); COMMIT; END $$; CALL p(); TABLE d",
    )
    .await;
    assert_eq!(said.tags(), ["CREATE PROCEDURE", "CALL", "SELECT 2"]);
}

#[tokio::test]
async fn notices_and_notifications_are_told() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(
        &mut ada,
        "DROP TABLE IF EXISTS nowhere; DO $$ BEGIN RAISE WARNING 'mind the gap' USING HINT = 'step over it'; END $$",
    )
    .await;
    let told: Vec<_> = said
        .notices
        .iter()
        .map(|notice| (&*notice.severity, &*notice.message))
        .collect();
    assert_eq!(
        told,
        [
            ("NOTICE", "table \"nowhere\" does not exist, skipping"),
            ("WARNING", "mind the gap")
        ]
    );
    assert_eq!(said.notices[1].hint.as_deref(), Some("step over it"));
    run(&mut ada, "LISTEN news").await;
    let said = run(&mut ada, "NOTIFY news, 'from here'; SELECT 1").await;
    let mut heard = said.notifications;
    if heard.is_empty() {
        match ada.unasked().await.unwrap() {
            pglab_core::console::Event::Notification { channel, payload } => heard.push((channel, payload)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(heard, [("news".to_owned(), "from here".to_owned())]);
}

#[tokio::test]
async fn copy_says_what_it_can() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(&mut ada, "COPY (SELECT 1, 'two') TO STDOUT CSV; SELECT 1").await;
    assert_eq!(said.tags(), ["COPY 1", "SELECT 1"]);
    assert_eq!(said.cell(), "1,two");
    let said = run(&mut ada, "COPY artist FROM STDIN; SELECT 1").await;
    assert_eq!(said.code(), "57014");
    assert!(said.error.unwrap().message.contains("no file to send"));
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
}

#[tokio::test]
async fn who_only_looks_changes_nothing() {
    let class = Class::start().await;
    let mut onlooker = console_with(&class, "ada", Manner::ReadOnly, Default::default()).await;
    assert_eq!(
        run(&mut onlooker, "SELECT count(*) FROM album").await.cell(),
        "50"
    );
    for attempt in [
        "DELETE FROM album",
        "SET TRANSACTION READ WRITE; DELETE FROM album",
        "SET TRANSACTION READ WRITE",
        "SET default_transaction_read_only = off; DELETE FROM album",
        "COMMIT; DELETE FROM album",
        "COMMIT AND CHAIN; DELETE FROM album",
        "ROLLBACK; BEGIN READ WRITE; DELETE FROM album",
        "DO $$ BEGIN COMMIT; DELETE FROM album; END $$",
        "SELECT 1; DROP TABLE album",
    ] {
        let said = run(&mut onlooker, attempt).await;
        assert!(said.error.is_some(), "{attempt}: {said:?}");
        assert_eq!(said.transaction, Some(Transaction::None), "{attempt}");
    }
    // Not even a COMMIT of what only that statement did.
    run(&mut onlooker, "SET TRANSACTION READ WRITE; COMMIT").await;
    assert_eq!(albums(&class.student("ada").await).await, 50);
    class.assert_unharmed().await;
}

#[tokio::test]
async fn the_catalog_is_told() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let catalog: serde_json::Value = serde_json::from_str(&ada.catalog().await.unwrap().unwrap()).unwrap();
    let tables = catalog["tables"].as_array().unwrap();
    let names: Vec<_> = tables
        .iter()
        .map(|table| table["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["album", "artist", "discography"]);
    let album = &tables[0];
    assert_eq!(album["columns"][0]["type"], "integer");
    assert_eq!(album["columns"][0]["default"], "identity");
    assert_eq!(album["keys"][0]["kind"], "primary");
    assert_eq!(album["keys"][1]["ref_table"], "artist");
    assert_eq!(album["keys"][1]["columns"][0], "artist_id");
    assert_eq!(catalog["functions"][0]["name"], "n_albums");
    // Also within a transaction, and not in a failed one.
    run(&mut ada, "BEGIN; CREATE TABLE fresh (x int)").await;
    assert!(ada.catalog().await.unwrap().unwrap().contains("fresh"));
    run(&mut ada, "SELECT nonsense").await;
    assert_eq!(ada.catalog().await.unwrap(), None);
    run(&mut ada, "ROLLBACK").await;
    eventually("the table is gone", async || {
        albums(&class.student("ada").await).await == 50
    })
    .await;
}

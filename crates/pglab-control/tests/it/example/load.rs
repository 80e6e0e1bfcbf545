//! Loading, and what is told of it.

use futures::StreamExt;
use pglab_control::example::{self, ExampleState, UploadFor};
use pglab_core::lab::Start;

use super::{SHOP, Shop};

#[tokio::test]
async fn a_dump_becomes_tasks() {
    let shop = Shop::new(Start::Empty).await;
    let view = shop.upload(SHOP).await.unwrap();
    assert_eq!(view.state, ExampleState::Loading);
    assert_eq!(view.size_bytes, SHOP.len() as u64);
    assert_eq!(shop.activate().await.ready, 1);
    let view = shop.show().await;
    assert_eq!(view.state, ExampleState::Ready, "{view:?}");
    let summary = view.summary.unwrap();
    assert_eq!((summary.tables, summary.rows, summary.views), (2, 5, 1));
    assert_eq!(view.progress, None);
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(
        keys,
        [
            "table:public.artist",
            "table:public.album",
            "view:public.discography"
        ]
    );
    assert_eq!(shop.lab().await.max_score.as_f64(), 25.0);
    assert_eq!(
        shop.on_the_cluster().await,
        ["pglab_ex_shop_1", "pglab_st_shop_1", "role pglab_lab_shop"]
    );
    let schema = example::schema(&shop.control, &shop.grace, "shop").await.unwrap();
    assert_eq!(schema.tables.len(), 2);
    // Nothing is left to do.
    assert_eq!(shop.activate().await, example::Summary::default());
}

#[tokio::test]
async fn a_dump_that_fails_says_where_and_leaves_nothing() {
    let shop = Shop::new(Start::Empty).await;
    let script = "CREATE TABLE a (id integer);\n\nCREATE TABLE b (\n  id integer REFERENCES nowhere\n);\n";
    shop.upload(script).await.unwrap();
    assert_eq!(shop.activate().await.failed, 1);
    let view = shop.show().await;
    assert_eq!(view.state, ExampleState::Failed);
    let error = view.error.unwrap();
    assert_eq!(error.message, "relation \"nowhere\" does not exist");
    assert_eq!(error.sqlstate.as_deref(), Some("42P01"));
    assert!(matches!(error.line, Some(3..=5)), "{error:?}");
    assert_eq!(shop.on_the_cluster().await, Vec::<String>::new());
    // The next one is taken.
    shop.upload(SHOP).await.unwrap();
    assert_eq!(shop.activate().await.ready, 1);
    assert_eq!(shop.show().await.error, None);
    assert_eq!(shop.uploads().len(), 1);
}

#[tokio::test]
async fn a_new_upload_ends_the_one_that_is_being_loaded() {
    let shop = Shop::new(Start::Empty).await;
    shop.upload("CREATE TABLE slow AS SELECT pg_sleep(600) IS NULL AS x;")
        .await
        .unwrap();
    let events = example::events(&shop.control, &shop.grace, "shop").await.unwrap();
    let mut events = Box::pin(events);
    let replaced = async {
        // It is really being loaded.
        loop {
            let view = events.next().await.unwrap();
            if view.progress.is_some() && !shop.on_the_cluster().await.is_empty() {
                break;
            }
        }
        shop.upload(SHOP).await.unwrap();
    };
    let (summary, ()) = tokio::join!(shop.activate(), replaced);
    assert_eq!((summary.given_up, summary.ready), (1, 1), "{summary:?}");
    assert_eq!(
        shop.on_the_cluster().await,
        ["pglab_ex_shop_2", "pglab_st_shop_2", "role pglab_lab_shop"]
    );
    let last = loop {
        let view = events.next().await.unwrap();
        if view.state != ExampleState::Loading {
            break view;
        }
    };
    assert_eq!(last.state, ExampleState::Ready);
}

#[tokio::test]
async fn the_sample_of_the_guide() {
    let shop = Shop::new(Start::Tables(vec!["port".to_owned(), "ship".to_owned()])).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/harbour/harbour.sql");
    shop.upload(&std::fs::read_to_string(path).unwrap())
        .await
        .unwrap();
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    let summary = shop.show().await.summary.unwrap();
    assert_eq!((summary.tables, summary.views), (12, 4));
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    assert!(!keys.contains(&"table:public.port".to_owned()));
    assert!(keys.contains(&"table:public.booking".to_owned()));
}

#[tokio::test]
async fn a_live_database_is_read() {
    let shop = Shop::new(Start::Empty).await;
    let uri = shop.control.server.database("live").await;
    let live = shop.control.server.superuser("live").await;
    live.batch_execute(
        "CREATE TABLE note (id integer PRIMARY KEY, body text); INSERT INTO note VALUES (1, 'x')",
    )
    .await
    .unwrap();
    let view = example::from_uri(&shop.control, &shop.grace, "shop", &uri)
        .await
        .unwrap();
    assert!(
        !view.name.contains(shop.control.server.superuser_password()),
        "{}",
        view.name
    );
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["table:public.note"]);
}

#[tokio::test]
async fn a_start_of_its_own() {
    let shop = Shop::new(Start::Dump("begin.sql".to_owned())).await;
    shop.upload(SHOP).await.unwrap();
    assert_eq!(shop.activate().await.failed, 1);
    let error = shop.show().await.error.unwrap();
    assert_eq!(
        error.message,
        "students are to start with begin.sql, which has not been uploaded yet"
    );
    let begin = "CREATE TABLE artist (id integer PRIMARY KEY, name text NOT NULL UNIQUE);";
    shop.upload_for(UploadFor::Start, "begin.sql", begin)
        .await
        .unwrap();
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    // The rows of the table are all that is left to do in it.
    let tasks = shop.tasks().await;
    assert_eq!(tasks[0], ("table:public.artist".to_owned(), 10_000, 2));
    // A worse one leaves the example as it was.
    shop.upload_for(UploadFor::Start, "begin.sql", "CREATE TABEL x ();")
        .await
        .unwrap();
    assert_eq!(shop.activate().await.failed, 1);
    let error = shop.show().await.error.unwrap();
    assert_eq!((error.file.as_deref(), error.line), (Some("begin.sql"), Some(1)));
    assert_eq!(
        shop.on_the_cluster().await,
        ["pglab_ex_shop_1", "role pglab_lab_shop"]
    );
}

#[tokio::test]
async fn what_can_not_be_taken_in() {
    let shop = Shop::new(Start::Empty).await;
    for (name, script, said) in [
        ("x.sql", "", "the dump is empty"),
        (" / ", "SELECT 1;", "name the file, with at most 200 characters"),
    ] {
        let refused = shop.upload_for(UploadFor::Example, name, script).await;
        assert_eq!(refused.unwrap_err().to_string(), said);
    }
    let none = example::from_uri(&shop.control, &shop.grace, "shop", "mysql://x/y").await;
    assert!(none.is_err());
    assert_eq!(shop.uploads(), [""; 0]);
}

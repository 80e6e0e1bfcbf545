//! What an instructor does by hand, and what becomes of it when the example, the start or the rules change.

use pglab_control::{
    Error,
    lab::{self, LabChange},
    task::{self, CheckChange, NewCheck, NewTask, TaskChange},
};
use pglab_core::{check::Fact, lab::Start, snapshot::ObjectName, task::Task};
use serde_json::json;

use super::{SHOP, Shop};

impl Shop {
    async fn task(&self, key: &str) -> Task {
        let tasks = self.lab().await.tasks;
        tasks.into_iter().find(|task| task.key == key).unwrap()
    }
}

async fn loaded() -> Shop {
    let shop = Shop::new(Start::Empty).await;
    shop.upload(SHOP).await.unwrap();
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    shop
}

#[tokio::test]
async fn edits_survive_another_load() {
    let shop = loaded().await;
    let (control, grace) = (&shop.control, &shop.grace);
    let album = shop.task("table:public.album").await;
    let of_type = |task: &Task| {
        let mut checks = task.checks.iter();
        checks
            .find(|check| matches!(&check.fact, Fact::ColumnType { column, .. } if column == "title"))
            .unwrap()
            .clone()
    };
    let change = TaskChange {
        title: Some("The albums".to_owned()),
        points: Some(12.5),
        position: Some(0),
        checks: vec![CheckChange {
            id: of_type(&album).id,
            weight: Some(9),
            title: None,
            explanation: None,
        }],
        ..TaskChange::default()
    };
    let placed = task::change(control, grace, "shop", album.id, change)
        .await
        .unwrap();
    assert_eq!(placed.position, 0);
    let artist = shop.task("table:public.artist").await;
    let dropped = artist.checks[0].id;
    task::check_drop(control, grace, "shop", artist.id, dropped)
        .await
        .unwrap();
    let view = shop.task("view:public.discography").await;
    task::drop(control, grace, "shop", view.id).await.unwrap();
    let own = NewTask {
        key: Some("own:note".to_owned()),
        title: "Notes".to_owned(),
        explanation: String::new(),
        points: 3.0,
        checks: vec![NewCheck {
            title: None,
            explanation: None,
            weight: None,
            fact: Fact::TableExists {
                table: ObjectName::new("public", "note"),
            },
        }],
    };
    let own = task::create(control, grace, "shop", own).await.unwrap();
    assert_eq!(own.position, 2);

    // The title got longer, and there is one more table.
    let script = format!(
        "{}CREATE TABLE genre (id integer PRIMARY KEY);",
        SHOP.replace("(160)", "(200)")
    );
    shop.upload(&script).await.unwrap();
    assert_eq!(shop.activate().await.ready, 1);
    let again = shop.task("table:public.album").await;
    assert_eq!(
        (again.id, again.title.as_str(), again.points.0),
        (album.id, "The albums", 12_500)
    );
    let check = of_type(&again);
    assert_eq!((check.id, check.weight), (of_type(&album).id, 9));
    assert!(check.title.contains("(200)"), "{}", check.title);
    let artist = shop.task("table:public.artist").await;
    assert!(!artist.checks.iter().any(|check| check.id == dropped));
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert_eq!(keys[0], "table:public.album");
    assert!(keys.contains(&"own:note".to_owned()) && keys.contains(&"table:public.genre".to_owned()));

    let restored = task::derive(control, grace, "shop", true).await.unwrap();
    assert!(restored.iter().any(|task| task.id == view.id));
}

#[tokio::test]
async fn the_definition_tells_the_edits() {
    let shop = loaded().await;
    let (control, grace) = (&shop.control, &shop.grace);
    let plain = lab::definition(control, grace, "shop").await.unwrap();
    assert_eq!((plain.tasks.len(), plain.order.len()), (0, 0), "{plain:?}");
    let album = shop.task("table:public.album").await;
    let change = TaskChange {
        points: Some(1.0),
        position: Some(0),
        ..TaskChange::default()
    };
    task::change(control, grace, "shop", album.id, change)
        .await
        .unwrap();
    let view = shop.task("view:public.discography").await;
    task::drop(control, grace, "shop", view.id).await.unwrap();
    let edited = lab::definition(control, grace, "shop").await.unwrap();
    let told: Vec<_> = edited
        .tasks
        .iter()
        .map(|task| (task.key.as_str(), task.drop, task.points.map(|points| points.0)))
        .collect();
    assert_eq!(
        told,
        [
            ("table:public.album", false, Some(1000)),
            ("view:public.discography", true, None),
        ]
    );
    assert_eq!(edited.order, ["table:public.album", "table:public.artist"]);
}

#[tokio::test]
async fn a_changed_start_leaves_less_to_do() {
    let shop = loaded().await;
    let change = LabChange {
        start: Some(Start::Tables(vec!["artist".to_owned()])),
        ..LabChange::default()
    };
    lab::update(&shop.control, &shop.grace, "shop", change)
        .await
        .unwrap();
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    let keys: Vec<String> = shop.tasks().await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["table:public.album", "view:public.discography"]);
    // The example itself was not loaded again.
    assert_eq!(
        shop.on_the_cluster().await,
        ["pglab_ex_shop_1", "pglab_st_shop_1", "role pglab_lab_shop"]
    );
    let change = LabChange {
        start: Some(Start::Tables(vec!["nowhere".to_owned()])),
        ..LabChange::default()
    };
    lab::update(&shop.control, &shop.grace, "shop", change)
        .await
        .unwrap();
    assert_eq!(shop.activate().await.failed, 1);
    let error = shop.show().await.error.unwrap();
    assert!(error.message.contains("nowhere"), "{error:?}");
}

#[tokio::test]
async fn edits_that_make_no_sense() {
    let shop = loaded().await;
    let (control, grace) = (&shop.control, &shop.grace);
    let album = shop.task("table:public.album").await;
    for (change, path) in [
        (
            TaskChange {
                points: Some(-1.0),
                ..TaskChange::default()
            },
            "points",
        ),
        (
            TaskChange {
                points: Some(f64::NAN),
                ..TaskChange::default()
            },
            "points",
        ),
        (
            TaskChange {
                title: Some("\n".to_owned()),
                ..TaskChange::default()
            },
            "title",
        ),
    ] {
        let refused = task::change(control, grace, "shop", album.id, change)
            .await
            .unwrap_err();
        let Error::Invalid { fields, .. } = refused else {
            panic!("{refused}");
        };
        assert_eq!(fields[0].path, path);
    }
    let nothing = NewTask {
        key: None,
        title: "x".to_owned(),
        explanation: String::new(),
        points: 1.0,
        checks: vec![NewCheck {
            title: None,
            explanation: None,
            weight: None,
            fact: serde_json::from_value(
                json!({ "kind": "rows", "table": { "schema": "public", "name": "nowhere" } }),
            )
            .unwrap(),
        }],
    };
    let refused = task::create(control, grace, "shop", nothing).await.unwrap_err();
    assert_eq!(refused.to_string(), "the example holds no rows of nowhere");
    assert_eq!(shop.tasks().await.len(), 3);
}

//! Labs that end: archived with a dump per student, or deleted with everything.

use pglab_control::{instance, lab, lab::clean_up, prepare, roster};
use pglab_core::lab::{LabState, Start};

use super::{SHOP, Shop};

/// With two students whose databases are ready.
async fn class() -> Shop {
    let shop = Shop::new(Start::Tables(vec!["artist".to_owned()])).await;
    let (control, grace) = (&shop.control, &shop.grace);
    shop.upload(SHOP).await.unwrap();
    assert_eq!(shop.activate().await.ready, 1, "{:?}", shop.show().await.error);
    roster::import(
        control,
        grace,
        "shop",
        b"login,name\nada,Ada\n\"o'neil/x\",Oona\n",
        false,
    )
    .await
    .unwrap();
    prepare::prepare(control, grace, "shop").await.unwrap();
    instance::activate(control).await.unwrap();
    assert_eq!(prepare::look(control, grace, "shop").await.unwrap().ready, 2);
    shop
}

impl Shop {
    /// Both reconcilers, until nothing waits.
    async fn settle(&self) {
        for _ in 0..10 {
            instance::activate(&self.control).await.unwrap();
            let summary = clean_up::activate(&self.control).await.unwrap();
            assert_eq!(
                summary.failed,
                0,
                "{:?}",
                lab::list(&self.control, &self.grace).await
            );
            if summary.waiting == 0 {
                return;
            }
        }
        panic!("labs that end do not get on");
    }

    async fn databases(&self) -> Vec<String> {
        let superuser = self.control.server.superuser("postgres").await;
        let rows = superuser
            .query(
                "SELECT datname::text FROM pg_database WHERE datname LIKE '%shop%' ORDER BY 1",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn an_archive_has_a_dump_of_every_student() {
    let shop = class().await;
    let (control, grace) = (&shop.control, &shop.grace);
    lab::open(control, grace, "shop").await.unwrap();
    let refused = lab::archive(control, grace, "shop").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the lab \"shop\" is open; close it before it is archived"
    );
    lab::close(control, grace, "shop").await.unwrap();
    lab::archive(control, grace, "shop").await.unwrap();
    shop.settle().await;
    let lab = shop.lab().await;
    assert_eq!(lab.lab.state, LabState::Archived);
    assert_eq!(lab.tasks.len(), 2, "results stay");
    assert_eq!(shop.databases().await, [""; 0]);
    let folder = control.data_dir.join("archives/shop");
    for file in ["ada.dump", "o%27neil%2fx.dump"] {
        let dump = std::fs::read(folder.join(file)).unwrap();
        assert!(dump.starts_with(b"PGDMP"), "{file}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    assert!(lab::open(control, grace, "shop").await.is_err());
}

#[tokio::test]
async fn a_deleted_lab_leaves_nothing() {
    let shop = class().await;
    let (control, grace) = (&shop.control, &shop.grace);
    lab::delete(control, grace, "shop", "shop").await.unwrap();
    assert!(lab::show(control, grace, "shop").await.is_err());
    shop.settle().await;
    assert_eq!(shop.databases().await, [""; 0]);
    assert_eq!(shop.on_the_cluster().await, [""; 0]);
    assert_eq!(shop.uploads(), [""; 0]);
    assert!(lab::list(control, grace).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_example_stays_while_students_have_databases() {
    let shop = class().await;
    let refused = shop.upload(SHOP).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("2 databases of students were made"),
        "{refused}"
    );
    let change = lab::LabChange {
        start: Some(Start::Empty),
        ..lab::LabChange::default()
    };
    let refused = lab::update(&shop.control, &shop.grace, "shop", change)
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("2 databases of students were made"),
        "{refused}"
    );
}

//! A lab saved as a pack: installed, it makes the same lab.

use std::io::Cursor;

use pglab_control::{
    Error, example,
    lab::{self, FromPack, NewLab},
    pack::{self, archive},
    task,
};
use pglab_core::{
    access::Actor,
    check::Fact,
    lab::Start,
    pack::{Limits, Pack, assemble},
    person::Role,
    task::Points,
};

use super::{example as example_pack, install, make_lab, zip};
use crate::example::{SHOP, Shop};

/// All that a student meets of a task.
async fn tasks(
    control: &pglab_control::Control,
    actor: &Actor,
    slug: &str,
) -> Vec<(String, String, Points, Vec<(String, String, u32, Fact)>)> {
    let listed = task::list(control, actor, slug).await.unwrap();
    listed
        .into_iter()
        .map(|task| {
            let checks = task
                .checks
                .into_iter()
                .map(|check| (check.title, check.explanation, check.weight, check.fact));
            (task.title, task.explanation, task.points, checks.collect())
        })
        .collect()
}

fn opened(bytes: Vec<u8>) -> Pack {
    assemble(archive::read(Cursor::new(bytes), Limits::default()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_lab_that_was_derived_and_edited_comes_back_as_it_is() {
    let shop = Shop::new(Start::Tables(vec!["artist".to_owned()])).await;
    let (control, grace) = (&shop.control, &shop.grace);
    let nothing = pack::save(control, grace, "shop", None, None).await;
    assert!(matches!(nothing, Err(Error::Conflict(_))), "{nothing:?}");
    shop.upload(SHOP).await.unwrap();
    shop.activate().await;
    let derived = task::list(control, grace, "shop").await.unwrap();
    let change = task::TaskChange {
        title: Some("The albums".to_owned()),
        points: Some(12.5),
        ..task::TaskChange::default()
    };
    task::change(control, grace, "shop", derived[0].id, change)
        .await
        .unwrap();
    task::drop(control, grace, "shop", derived[1].id).await.unwrap();
    let stu = control.actor("stu", Role::Student).await;
    let refused = pack::save(control, &stu, "shop", None, None).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let wrong = pack::save(control, grace, "shop", Some("No Id"), None).await;
    assert!(matches!(wrong, Err(Error::Invalid { .. })), "{wrong:?}");
    let (name, bytes) = pack::save(control, grace, "shop", Some("shop-pack"), Some("2.0.0"))
        .await
        .unwrap();
    assert_eq!(name, "shop-pack-2.0.0.zip");
    let again = pack::save(control, grace, "shop", Some("shop-pack"), Some("2.0.0"))
        .await
        .unwrap();
    assert!(again.1 == bytes, "the same lab gives the same bytes");
    assert_eq!(opened(bytes.clone()).warnings, []);
    install(control, grace, bytes).await;
    let new = NewLab {
        slug: "again".to_owned(),
        title: "Again".to_owned(),
        start: None,
        settings: serde_json::Map::new(),
        pack: Some(FromPack {
            id: "shop-pack".to_owned(),
            challenges: Vec::new(),
        }),
    };
    let made = lab::create(control, grace, new).await.unwrap();
    assert_eq!(made.lab.start, Start::Tables(vec!["artist".to_owned()]));
    assert_eq!(example::activate(control).await.unwrap().ready, 1);
    let (was, is) = (
        tasks(control, grace, "shop").await,
        tasks(control, grace, "again").await,
    );
    assert!(
        was.iter()
            .any(|(title, _, points, _)| title == "The albums" && points.0 == 12_500)
    );
    assert_eq!(is, was);
    // Saved once more: nothing is lost on the way.
    let (_, bytes) = pack::save(control, grace, "again", Some("shop-pack"), Some("2.0.0"))
        .await
        .unwrap();
    let diff = pack::update_check(control, grace, bytes)
        .await
        .unwrap()
        .1
        .unwrap();
    assert!(diff.added.is_empty() && diff.removed.is_empty(), "{diff:?}");
    assert!(
        diff.changed.is_empty() && diff.files_changed.is_empty(),
        "{diff:?}"
    );
}

#[tokio::test]
async fn a_lab_of_a_pack_keeps_what_its_documents_say() {
    let shop = Shop::new(Start::Empty).await;
    let (control, grace) = (&shop.control, &shop.grace);
    let before = example_pack("harbour-mystery");
    install(control, grace, zip(&before.to_files())).await;
    make_lab(control, grace, "harbour-mystery").await.unwrap();
    assert_eq!(example::activate(control).await.unwrap().ready, 1);
    let (_, bytes) = pack::save(control, grace, "course", None, None).await.unwrap();
    let after = opened(bytes);
    assert_eq!(after.manifest.id, "course");
    let questions = |pack: &Pack| {
        let all = pack
            .challenges
            .iter()
            .flat_map(|one| one.challenge.questions.clone());
        let mut all: Vec<_> = all
            .map(|mut question| {
                (question.order, question.position) = (None, 0);
                question
            })
            .collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    };
    let (was, is) = (questions(&before), questions(&after));
    assert_eq!(is.len(), was.len());
    for (was, is) in was.into_iter().zip(is) {
        if was.kind.as_str() == "state" {
            continue;
        }
        assert_eq!(is, was);
    }
    let used: Vec<&str> = before
        .challenges
        .iter()
        .flat_map(|one| one.challenge.files())
        .collect();
    assert!(used.iter().all(|file| after.file(file) == before.file(file)));
}

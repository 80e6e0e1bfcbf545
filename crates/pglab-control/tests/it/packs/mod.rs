//! Packs installed, updated, removed and exported, and labs that are made of them.

mod installed;
mod labs;
mod library;
mod save;

use std::{io::Cursor, path::Path};

use pglab_control::{
    Error,
    lab::{self, FromPack, NewLab},
    pack::{self, archive},
    testing::TestControl,
};
use pglab_core::{
    access::Actor,
    pack::{Files, Limits, Pack, PackPath},
};
use serde_json::{Value, json};

/// One of the packs in `examples/packs`.
pub(crate) fn example(name: &str) -> Pack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/packs")
        .join(name);
    pack::read(&folder, Limits::default()).unwrap()
}

pub(crate) fn zip(files: &Files) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    archive::write(files, &mut bytes).unwrap();
    bytes.into_inner()
}

/// A pack of these documents; the key is the file's name.
pub(crate) fn pack_of(id: &str, version: &str, documents: &[(&str, String)]) -> Vec<u8> {
    let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
    let manifest = json!({ "id": id, "name": "Of the tests", "version": version, "challenges": names });
    let mut files = Files::new();
    files.insert(
        PackPath::parse("pack.json").unwrap(),
        manifest.to_string().into_bytes(),
    );
    for (name, text) in documents {
        let path = PackPath::parse(&format!("challenges/{name}")).unwrap();
        files.insert(path, text.clone().into_bytes());
    }
    zip(&files)
}

/// A challenge with these questions, without a database: component id and config.
pub(crate) fn challenge(id: &str, questions: &[(&str, Value)]) -> String {
    let components: Vec<Value> = questions
        .iter()
        .map(|(id, config)| json!({ "type": "question", "id": id, "config": config }))
        .collect();
    json!({
        "metadata": { "id": id, "name": id, "version": "1", "challenge_type": "sql-lab" },
        "components": components,
    })
    .to_string()
}

pub(crate) fn text(answer: &str) -> Value {
    json!({ "type": "text", "text": "What?", "answer": answer, "points": 10 })
}

pub(crate) async fn install(control: &TestControl, actor: &Actor, bytes: Vec<u8>) {
    pack::install(control, actor, bytes).await.unwrap();
}

pub(crate) async fn make_lab(
    control: &TestControl,
    actor: &Actor,
    pack: &str,
) -> Result<lab::LabView, Error> {
    let new = NewLab {
        slug: "course".to_owned(),
        title: "A course".to_owned(),
        start: None,
        settings: serde_json::Map::new(),
        pack: Some(FromPack {
            id: pack.to_owned(),
            challenges: Vec::new(),
        }),
    };
    lab::create(control, actor, new).await
}

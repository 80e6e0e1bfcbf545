//! A lab that is made of a pack: its tasks from the challenges, its databases from their component `database`. What the
//! databases are made from is kept with the lab, whatever becomes of the pack.

use bytes::Bytes;
use pglab_core::{cdf::Database, id::ChallengeId, lab::Start, pack::Pack};
use pglab_store::{
    Tx,
    example::{self, Example, ExampleSource, ExampleState},
    lab::Lab,
    lab_source::{self, LabSource},
    pack as pack_table,
    start_dump::{self, StartDump},
};
use serde_json::json;

use crate::{
    Control, Error,
    example::uploads::{self, Received},
    pack::{Chosen, load, renew},
};

/// Which pack, and which of its challenges by key: all of them where none are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromPack {
    pub id: String,
    pub challenges: Vec<String>,
}

/// What is to be written, with the files of its dumps in the folder of uploads.
#[derive(Debug)]
pub(crate) struct Material {
    pack: Pack,
    chosen: Vec<(ChallengeId, usize)>,
    database: Option<Database>,
    example: Option<(String, Received)>,
    start_dump: Option<(String, Received)>,
    /// What students begin with, in the words of a lab.
    pub(crate) start: Start,
}

impl Material {
    /// For a lab that could not be written.
    pub(crate) async fn give_up(self, control: &Control) {
        for (_, received) in self.example.into_iter().chain(self.start_dump) {
            uploads::remove(control, &received.file).await;
        }
    }
}

/// # Errors
/// No such pack or challenge; the challenges begin with different databases.
pub(crate) async fn gather(control: &Control, from: &FromPack) -> Result<Material, Error> {
    let pack = load(control, &from.id).await?;
    let ids = pack_table::challenges(control.store.pool(), &from.id).await?;
    let mut chosen = Vec::new();
    for key in &from.challenges {
        if !pack.challenges.iter().any(|one| one.challenge.key == *key) {
            return Err(Error::invalid(
                "pack.challenges",
                format!("the pack {:?} has no challenge {key:?}", from.id),
            ));
        }
    }
    for (at, one) in pack.challenges.iter().enumerate() {
        let key = &one.challenge.key;
        let wanted = from.challenges.is_empty() || from.challenges.contains(key);
        if let Some(row) = ids.iter().find(|row| row.key == *key).filter(|_| wanted) {
            chosen.push((row.id, at));
        }
    }
    // In the order in which they were named, where they were.
    let place = |at: usize| {
        let key = &pack.challenges[at].challenge.key;
        from.challenges.iter().position(|named| named == key)
    };
    chosen.sort_by_key(|(_, at)| (place(*at), *at));
    let database = one_database(&pack, &chosen)?;
    let mut material = Material {
        start: Start::Empty,
        example: None,
        start_dump: None,
        database,
        chosen,
        pack,
    };
    if let Err(error) = write_files(control, &mut material).await {
        material.give_up(control).await;
        return Err(error);
    }
    Ok(material)
}

/// All members have one database in a lab, so its challenges must begin alike.
fn one_database(pack: &Pack, chosen: &[(ChallengeId, usize)]) -> Result<Option<Database>, Error> {
    let mut found: Option<(&str, &Database)> = None;
    for (_, at) in chosen {
        let challenge = &pack.challenges[*at].challenge;
        for database in &challenge.databases {
            match found {
                None => found = Some((&challenge.key, database)),
                Some((key, other)) => {
                    let like = Database {
                        id: other.id.clone(),
                        ..database.clone()
                    };
                    if like != *other {
                        return Err(Error::invalid(
                            "pack.challenges",
                            format!(
                                "the challenges {key:?} and {:?} begin with different databases, and the members of a lab have one each; make a lab of each",
                                challenge.key
                            ),
                        ));
                    }
                }
            }
        }
    }
    Ok(found.map(|(_, database)| database.clone()))
}

async fn write_files(control: &Control, material: &mut Material) -> Result<(), Error> {
    let Some(database) = &material.database else {
        return Ok(());
    };
    let start = match &database.start {
        Start::Dump(path) => {
            let name = base_name(path);
            material.start_dump = Some((name.clone(), kept(control, &material.pack, path).await?));
            Start::Dump(name)
        }
        other => other.clone(),
    };
    // Without an example of its own the start is the example: nothing is derived from it, because all of it is there.
    let example = match (&database.example, &database.start) {
        (Some(path), _) | (None, Start::Dump(path)) => {
            (base_name(path), kept(control, &material.pack, path).await?)
        }
        (None, _) => {
            let empty = Bytes::from_static(b"-- The databases of this pack begin empty.\nSELECT 1;\n");
            let body = futures::stream::iter([Ok::<_, std::convert::Infallible>(empty)]);
            (
                "empty.sql".to_owned(),
                uploads::receive(control, body, u64::MAX, |_| ()).await?,
            )
        }
    };
    material.example = Some(example);
    material.start = start;
    Ok(())
}

async fn kept(control: &Control, pack: &Pack, path: &str) -> Result<Received, Error> {
    let bytes = pack
        .file(path)
        .ok_or_else(|| Error::NotFound(format!("file {path:?} in the pack")))?;
    let body = futures::stream::iter([Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(bytes))]);
    uploads::receive(control, body, u64::MAX, |_| ()).await
}

fn base_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// In the transaction that makes the lab.
pub(super) async fn write(
    control: &Control,
    tx: &mut Tx,
    lab: &Lab,
    material: &Material,
) -> Result<(), Error> {
    write_database(tx, lab, material).await?;
    let ids: Vec<ChallengeId> = material.chosen.iter().map(|(id, _)| *id).collect();
    lab_source::set_challenges(tx, lab.id, &ids).await?;
    let chosen: Vec<Chosen<'_>> = material
        .chosen
        .iter()
        .map(|(id, at)| Chosen {
            id: *id,
            challenge: &material.pack.challenges[*at].challenge,
        })
        .collect();
    renew(control, tx, lab.id, &chosen).await
}

/// What the databases of the lab are made from.
pub(crate) async fn write_database(tx: &mut Tx, lab: &Lab, material: &Material) -> Result<(), Error> {
    let source = LabSource {
        lab: lab.id,
        pack: material.pack.manifest.id.clone(),
        version: material.pack.manifest.version.to_string(),
        database: material.database.clone(),
    };
    let scripts: Vec<(&str, &[u8])> = material
        .database
        .iter()
        .flat_map(|database| {
            let hidden = database.hidden.iter().flat_map(|dataset| &dataset.files);
            database.seed.iter().chain(hidden)
        })
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter_map(|path| Some((path.as_str(), material.pack.file(path)?)))
        .collect();
    lab_source::insert(tx, &source, &scripts).await?;
    if let Some((name, received)) = &material.start_dump {
        let dump = StartDump {
            name: name.clone(),
            file: received.file.clone(),
            size_bytes: i64::try_from(received.size_bytes).unwrap_or(i64::MAX),
            sha256: received.sha256.clone(),
        };
        start_dump::put(tx, lab.id, &dump).await?;
    }
    if let Some((name, received)) = &material.example {
        let example = Example {
            lab: lab.id,
            source: ExampleSource::Dump,
            name: name.clone(),
            size_bytes: received.size_bytes,
            sha256: Some(received.sha256.clone()),
            file: Some(received.file.clone()),
            uri_sealed: None,
            generation: 1,
            state: ExampleState::Loading,
            progress: json!({}),
            error: None,
            warnings: json!([]),
            summary: None,
            example_database: None,
            start_database: None,
            start_made: None,
            loaded_at: None,
        };
        example::put(tx, &example).await?;
    }
    Ok(())
}

//! A lab saved as a pack: what belongs to it is read here, what the documents say of it is decided in
//! `pglab_core::pack::save`.

use std::io::Cursor;

use pglab_core::{
    access::{Actor, Operation},
    pack::{
        self as core_pack, Limits, Pack, Problem,
        save::{From, Saved, SavedTask, named},
    },
};
use pglab_store::{
    example::{self, ExampleSource},
    lab_source, pack as table, start_dump, task, task_content,
};

use super::{archive, list::load};
use crate::{Control, Error, example::uploads, lab};

/// The archive of a pack that a lab like this one can be made of, and a name for its file. `id`: the lab's short name;
/// `version`: 1.0.0.
///
/// # Errors
/// Not of the lab's staff, or neither an instructor nor an admin; an example that was read from a live database; no tasks, or
/// more than a pack holds.
pub async fn save(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: Option<&str>,
    version: Option<&str>,
) -> Result<(String, Vec<u8>), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    control.authorise(actor, Operation::PackView)?;
    let (id, version) = (
        id.unwrap_or(slug).to_owned(),
        version.unwrap_or("1.0.0").to_owned(),
    );
    if let Err(problems) = named(&id, &version) {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        return Err(Error::invalid("id", format!("no pack can be named so: {first}")));
    }
    let pool = control.store.pool();
    let tasks = task::live(pool, lab.id).await?;
    if tasks.is_empty() {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} has no tasks that could be saved"
        )));
    }
    let contents = task_content::of_lab(pool, lab.id).await?;
    let source = lab_source::of_lab(pool, lab.id).await?;
    let pack = match &source {
        Some(source) => Some(load(control, &source.pack).await?),
        None => None,
    };
    let keys = match &source {
        Some(source) => table::challenges(pool, &source.pack).await?,
        None => Vec::new(),
    };
    let (mut example_bytes, mut dump_bytes) = (None, None);
    if source.is_none() {
        if let Some(example) = example::of_lab(pool, lab.id).await? {
            if example.source == ExampleSource::Uri {
                return Err(Error::Conflict(format!(
                    "the example of the lab {slug:?} was read from a live database; upload a dump of it, then it can be saved"
                )));
            }
            example_bytes = read(control, example.file.as_deref()).await?;
        }
        let dump = start_dump::of_lab(pool, lab.id).await?;
        dump_bytes = read(control, dump.as_ref().map(|dump| dump.file.as_str())).await?;
    }
    let (name, file) = (lab.title.clone(), format!("{id}-{version}.zip"));
    let bytes = tokio::task::spawn_blocking(move || {
        let from = match &pack {
            Some(pack) => From::Pack(pack),
            None => From::Example {
                example: example_bytes.as_deref(),
                start: &lab.start,
                start_dump: dump_bytes.as_deref(),
            },
        };
        let saved = Saved {
            id: &id,
            name: &name,
            version: &version,
            tasks: tasks
                .iter()
                .map(|task| SavedTask {
                    task,
                    of: contents.get(&task.id).and_then(|content| {
                        let key = keys.iter().find(|key| key.id == content.challenge)?;
                        Some((key.key.as_str(), content.component.as_str()))
                    }),
                })
                .collect(),
            from,
        };
        let pack = core_pack::save::save(&saved).map_err(refused)?;
        written(&pack)
    })
    .await
    .map_err(Error::internal)??;
    Ok((file, bytes))
}

fn written(pack: &Pack) -> Result<Vec<u8>, Error> {
    let mut bytes = Cursor::new(Vec::new());
    archive::write(&pack.to_files(), &mut bytes).map_err(Error::internal)?;
    Ok(bytes.into_inner())
}

fn refused(problems: Vec<Problem>) -> Error {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    Error::Conflict(format!("the lab can't be saved as a pack: {first}"))
}

/// An uploaded file that a pack can hold.
async fn read(control: &Control, file: Option<&str>) -> Result<Option<Vec<u8>>, Error> {
    let Some(file) = file else { return Ok(None) };
    let path = uploads::path(control, file);
    let most = Limits::default().unpacked_bytes / 2;
    let size = tokio::fs::metadata(&path).await.map_err(Error::internal)?.len();
    if size > most {
        return Err(Error::Conflict(format!(
            "a dump of the lab has {} MiB; a pack holds one of at most {}",
            size >> 20,
            most >> 20
        )));
    }
    Ok(Some(tokio::fs::read(&path).await.map_err(Error::internal)?))
}

//! Giving a lab its example: a dump is written to a file, a URI is sealed, and the reconciler is woken. The same for
//! the dump that students' databases begin with.

use bytes::Bytes;
use futures::Stream;
use pglab_core::{
    access::{Actor, Operation},
    id::LabId,
    lab::LabState,
};
use pglab_store::{
    Tx, audit,
    example::{self, Example, ExampleSource, ExampleState},
    instance,
    lab::Lab,
    start_dump::{self, StartDump},
};
use serde_json::json;

use super::{
    live::{Phase, Progress},
    uploads::{self, Received},
    uri,
    view::{ExampleView, of_lab},
};
use crate::{Control, Error, lab};

const MAX_NAME_CHARS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadFor {
    /// The example itself.
    Example,
    /// What students' databases begin with.
    Start,
}

/// A dump on its way in.
#[derive(Debug)]
pub struct Upload<S> {
    pub purpose: UploadFor,
    /// As the person calls the file.
    pub name: String,
    /// Where the sender said it.
    pub size_bytes: Option<u64>,
    pub body: S,
}

/// Takes a dump in, and starts to load it. One that is being loaded already is given up.
///
/// # Errors
/// Not an instructor of the lab; it is archived, or has databases made from the example that it has; the dump is too
/// large, empty, or breaks off.
pub async fn upload<S, E>(
    control: &Control,
    actor: &Actor,
    slug: &str,
    upload: Upload<S>,
) -> Result<ExampleView, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let (found, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let name = file_name(&upload.name)?;
    // Before the body is read, and again when it is there.
    let mut tx = control.store.begin().await?;
    changeable(&mut tx, found.id, slug).await?;
    drop(tx);
    let limit = control.options().upload_bytes;
    if upload.size_bytes.is_some_and(|size| size > limit) {
        return Err(uploads::too_large(limit));
    }
    let total_bytes = upload.size_bytes.unwrap_or(0);
    let uploading = Uploading {
        control,
        lab: found.id,
    };
    let received = uploads::receive(control, upload.body, limit, |done_bytes| {
        uploading.tell(done_bytes, total_bytes);
    })
    .await?;
    drop(uploading);
    let file = received.file.clone();
    let done = match upload.purpose {
        UploadFor::Example => {
            let given = Given {
                source: ExampleSource::Dump,
                name,
                received: Some(received),
                uri_sealed: None,
            };
            give(control, actor, found.id, slug, given).await
        }
        UploadFor::Start => give_start(control, actor, found.id, slug, name, received).await,
    };
    if done.is_err() {
        uploads::remove(control, &file).await;
    }
    done
}

/// Takes a live database as the example: it is read, and never written.
///
/// # Errors
/// Not an instructor of the lab; it is archived, or has databases made from the example that it has; no URI.
pub async fn from_uri(
    control: &Control,
    actor: &Actor,
    slug: &str,
    given: &str,
) -> Result<ExampleView, Error> {
    let (found, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let given = uri::checked(given)?;
    let given = Given {
        source: ExampleSource::Uri,
        name: pglab_core::uri::without_password(given),
        received: None,
        uri_sealed: Some(
            control
                .sealer
                .seal(&*control.random, &seal_purpose(found.id), given)?,
        ),
    };
    give(control, actor, found.id, slug, given).await
}

struct Given {
    source: ExampleSource,
    name: String,
    received: Option<Received>,
    uri_sealed: Option<Vec<u8>>,
}

async fn give(
    control: &Control,
    actor: &Actor,
    id: LabId,
    slug: &str,
    given: Given,
) -> Result<ExampleView, Error> {
    let mut tx = control.store.begin().await?;
    let lab = changeable(&mut tx, id, slug).await?;
    let old = example::of_lab(&mut *tx, id).await?;
    let (file, size_bytes, sha256) = match given.received {
        Some(received) => (Some(received.file), received.size_bytes, Some(received.sha256)),
        None => (None, 0, None),
    };
    let example = Example {
        lab: id,
        source: given.source,
        name: given.name,
        size_bytes,
        sha256,
        file,
        uri_sealed: given.uri_sealed,
        generation: old.as_ref().map_or(1, |old| old.generation + 1),
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
    example::put(&mut tx, &example).await?;
    let entry = audit::Entry::new(control.now(), actor, "example_upload", lab.slug.as_str()).detail(
        json!({ "name": example.name, "size_bytes": example.size_bytes, "generation": example.generation }),
    );
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    if let Some(file) = old.and_then(|old| old.file) {
        uploads::remove(control, &file).await;
    }
    control.examples().changed();
    control.wake().example.notify_one();
    known(control, id, slug).await
}

async fn give_start(
    control: &Control,
    actor: &Actor,
    id: LabId,
    slug: &str,
    name: String,
    received: Received,
) -> Result<ExampleView, Error> {
    let mut tx = control.store.begin().await?;
    let lab = changeable(&mut tx, id, slug).await?;
    let old = start_dump::of_lab(&mut *tx, id).await?;
    let dump = StartDump {
        name,
        file: received.file,
        size_bytes: i64::try_from(received.size_bytes).unwrap_or(i64::MAX),
        sha256: received.sha256,
    };
    start_dump::put(&mut tx, id, &dump).await?;
    let entry = audit::Entry::new(control.now(), actor, "start_upload", lab.slug.as_str())
        .detail(json!({ "name": dump.name, "size_bytes": dump.size_bytes }));
    audit::insert(&mut tx, entry).await?;
    if let Some(mut example) = example::of_lab(&mut *tx, id).await?
        && matches!(lab.start, pglab_core::lab::Start::Dump(_))
    {
        example.state = ExampleState::Loading;
        example.start_database = None;
        example.start_made = None;
        example.error = None;
        example::put(&mut tx, &example).await?;
    }
    control.store.commit(tx).await?;
    if let Some(old) = old {
        uploads::remove(control, &old.file).await;
    }
    control.examples().changed();
    control.wake().example.notify_one();
    match of_lab(control, id).await? {
        Some(view) => Ok(view),
        // The start's dump may come before the example.
        None => Ok(ExampleView {
            source: ExampleSource::Dump,
            name: String::new(),
            size_bytes: 0,
            sha256: None,
            start_dump: Some(super::StartDumpView {
                sha256: super::view::hexadecimal(&dump.sha256),
                name: dump.name,
            }),
            state: ExampleState::Loading,
            progress: None,
            waits_for: None,
            error: None,
            warnings: Vec::new(),
            summary: None,
            loaded_at: None,
        }),
    }
}

async fn known(control: &Control, id: LabId, slug: &str) -> Result<ExampleView, Error> {
    of_lab(control, id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("lab {slug:?}")))
}

/// What the sealed URI of a lab is bound to.
pub(super) fn seal_purpose(lab: LabId) -> String {
    format!("example-uri/{lab}")
}

/// Locks the lab and says whether its example may change.
async fn changeable(tx: &mut Tx, id: LabId, slug: &str) -> Result<Lab, Error> {
    let lab = lab::locked(tx, id, slug).await?;
    if lab.state == LabState::Archived || lab.archive_wanted_at.is_some() {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} is archived and can't be changed"
        )));
    }
    let n = instance::n_standing(&mut **tx, id).await?;
    if n > 0 {
        return Err(Error::Conflict(format!(
            "{n} databases of students were made from the example of the lab {slug:?}; it can only be changed while there are none"
        )));
    }
    Ok(lab)
}

/// The last part of what may be a path, for people to recognise it; files on disk have names of our own.
fn file_name(given: &str) -> Result<String, Error> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > MAX_NAME_CHARS {
        return Err(Error::invalid(
            "name",
            format!("name the file, with at most {MAX_NAME_CHARS} characters"),
        ));
    }
    Ok(name.to_owned())
}

/// Shows an upload to those who watch, and takes it away however it ends.
struct Uploading<'a> {
    control: &'a Control,
    lab: LabId,
}

impl Uploading<'_> {
    fn tell(&self, done_bytes: u64, total_bytes: u64) {
        self.control.examples().set(
            self.lab,
            Progress {
                phase: Phase::Upload,
                done_bytes,
                total_bytes,
            },
        );
    }
}

impl Drop for Uploading<'_> {
    fn drop(&mut self) {
        self.control.examples().clear(self.lab);
    }
}

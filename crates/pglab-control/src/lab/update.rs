//! Changing a lab's title, start or settings.

use pglab_core::{
    access::{Actor, Operation},
    lab::{LabState, Start},
};
use pglab_store::{
    example::{self, ExampleState},
    instance,
};
use serde_json::json;

use super::{LabView, find, locked, settings, title, view, write};
use crate::{Control, Error, task};

/// What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct LabChange {
    pub title: Option<String>,
    pub start: Option<Start>,
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A changed start makes a new start template, and the tasks that it gives away go; a changed rule about types does
/// the latter.
///
/// # Errors
/// Not an instructor of the lab; the lab is archived; a start that is changed while students have databases; values
/// that make no sense.
pub async fn update(
    control: &Control,
    actor: &Actor,
    slug: &str,
    change: LabChange,
) -> Result<LabView, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let mut tx = control.store.begin().await?;
    let mut lab = locked(&mut tx, lab.id, slug).await?;
    if lab.state == LabState::Archived || lab.archive_wanted_at.is_some() {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} is archived and can't be changed"
        )));
    }
    let old = lab.clone();
    if let Some(text) = &change.title {
        lab.title = title::title("title", text)?;
    }
    if let Some(given) = change.settings {
        lab.settings = settings::merged(actor, &lab.settings, given)?;
    }
    if let Some(start) = change.start {
        lab.start = settings::start(start)?;
    }
    if lab == old {
        return view(control, actor, lab, place).await;
    }
    let templates_change = lab.start != old.start || lab.settings.extensions != old.settings.extensions;
    if templates_change {
        let n = instance::n_standing(&mut *tx, lab.id).await?;
        if n > 0 {
            return Err(Error::Conflict(format!(
                "{n} databases of students were made from the start of the lab {slug:?}; it can only be changed while there are none"
            )));
        }
        if let Some(mut example) = example::of_lab(&mut *tx, lab.id).await? {
            // Extensions are made in the example too, so that one is loaded anew.
            if lab.settings.extensions != old.settings.extensions {
                example.generation += 1;
                example.example_database = None;
            }
            example.state = ExampleState::Loading;
            example.start_database = None;
            example.start_made = None;
            example.error = None;
            example.progress = json!({});
            example::put(&mut tx, &example).await?;
        }
    } else if lab.settings.types != old.settings.types {
        task::derive_again(control, &mut tx, &lab).await?;
    }
    let detail = json!({ "title": lab.title, "start": lab.start, "settings": lab.settings });
    write(control, tx, actor, &lab, "lab_update", detail).await?;
    lab.version += 1;
    if templates_change {
        control.wake().example.notify_one();
    }
    control.wake().people_changed();
    control.wake().live.notify_one();
    view(control, actor, lab, place).await
}

//! One lab with all that its page shows, and what the actor may do with it.

use pglab_core::{
    access::{self, Actor, Membership, Operation},
    lab::{LabState, MemberRole},
    task::{Points, Task},
};
use pglab_store::{lab::Lab, membership, task};

use super::dumps::{self, ArchiveProgress};
use crate::{
    Control, Error,
    example::{self, ExampleView},
    lab::find,
    prepare::{self, Preparation},
};

#[derive(Debug, Clone)]
pub struct LabView {
    pub lab: Lab,
    /// Students, without those who were removed.
    pub n_members: u64,
    pub max_score: Points,
    pub example: Option<ExampleView>,
    pub tasks: Vec<Task>,
    pub preparation: Preparation,
    /// While it is being archived.
    pub archiving: Option<ArchiveProgress>,
    /// What the actor may do with the lab as it stands, in words that pages and programs know.
    pub may: Vec<&'static str>,
}

/// # Errors
/// No such lab, or the actor is not of its staff.
pub async fn show(control: &Control, actor: &Actor, slug: &str) -> Result<LabView, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    view(control, actor, lab, place).await
}

pub(crate) async fn view(
    control: &Control,
    actor: &Actor,
    lab: Lab,
    place: Option<Membership>,
) -> Result<LabView, Error> {
    let pool = control.store.pool();
    let tasks = task::live(pool, lab.id).await?;
    Ok(LabView {
        n_members: membership::count(pool, lab.id, MemberRole::Student).await?,
        max_score: tasks.iter().map(|task| task.points).sum(),
        example: example::of_lab(control, lab.id).await?,
        may: may(actor, place, &lab),
        preparation: prepare::of_lab(control, &lab).await?,
        archiving: dumps::progress(control, &lab).await?,
        tasks,
        lab,
    })
}

/// What the actor may do with a lab, left out what its state does not allow.
pub(super) fn may(actor: &Actor, place: Option<Membership>, lab: &Lab) -> Vec<&'static str> {
    use LabState::{Archived, Closed, Draft, Open};
    let mut words = Vec::new();
    let state = lab.state;
    let busy = lab.archive_wanted_at.is_some() && state != Archived;
    if access::may(actor, Operation::LabView(place)) {
        words.extend(["view", "results"]);
    }
    if access::may(actor, Operation::LabAssist(place)) && state != Archived {
        words.push("assist");
    }
    if access::may(actor, Operation::CredentialsView(place)) && state != Archived {
        words.push("credentials_view");
    }
    if access::may(actor, Operation::LabManage(place)) {
        if state != Archived && !busy {
            words.extend(["edit", "roster_import"]);
        }
        if matches!(state, Draft | Open) {
            words.push("prepare");
        }
        match state {
            Draft => words.push("open"),
            Open => words.push("close"),
            Closed if !busy => words.extend(["open", "archive"]),
            Closed | Archived => {}
        }
        words.push("delete");
    }
    if place.is_some_and(|place| place.role == MemberRole::Student) {
        words.push("work");
    }
    words
}

//! A student's own page: their kit, their tasks with verdicts, and where the class is, as far as the instructor allows.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    access::{Actor, Operation},
    lab::{LabState, MemberRole},
};
use pglab_store::{instance, lab::Lab, member, standing, timeline};

use super::{ClassRow, Content, MemberRow, TaskHead, member::row_of};
use crate::{
    Control, Error,
    kit::{self, MemberKit, visible_password},
    lab,
};

/// What the watcher did is told for so long, and so often at most.
const ENFORCED_SHOWN: TimeDelta = TimeDelta::hours(1);
const MAX_ENFORCED: i64 = 3;

#[derive(Debug)]
pub struct OwnPage {
    pub lab: Lab,
    /// With the initial password as long as it is one; `None` before there is a database.
    pub kit: Option<MemberKit>,
    pub row: Arc<MemberRow>,
    pub content: Arc<Content>,
    pub tasks: Arc<[TaskHead]>,
    /// `None` where the instructor does not show it.
    pub class: Option<ClassRow>,
    /// What the watcher lately did to them, as sentences; the newest first.
    pub enforced: Vec<(DateTime<Utc>, String)>,
    pub may: Vec<&'static str>,
}

/// # Errors
/// The actor is no student of this lab.
pub async fn own_page(control: &Control, actor: &Actor, slug: &str) -> Result<OwnPage, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let place = place.filter(|place| place.role == MemberRole::Student);
    let Some(place) = place else {
        // Who teaches here is told so; who has nothing to do with it learns nothing.
        control.authorise(actor, Operation::LabView(None))?;
        return Err(Error::NotFound(format!(
            "place of yours as a student of the lab {slug}"
        )));
    };
    control.authorise(actor, Operation::MemberSelf(Some(place), place.member))?;
    let pool = control.store.pool();
    let member = member::by_id(pool, place.member)
        .await?
        .ok_or_else(|| Error::NotFound(format!("place of yours in the lab {slug}")))?;
    let kit = match instance::by_member(pool, member.id).await? {
        Some(instance) => {
            let password = visible_password(control, &member).await?;
            Some(kit::assemble(
                &control.cluster,
                &lab.slug,
                &member,
                &instance,
                password,
            ))
        }
        None => None,
    };
    let board = control.boards().of_lab(control, &lab).await?;
    let view = board.view(control.now());
    let since = control.now() - ENFORCED_SHOWN;
    let enforced = timeline::enforced(pool, member.id, since, MAX_ENFORCED).await?;
    let mut may = Vec::new();
    if lab.state == LabState::Open {
        may.push("raise_hand");
        if lab.settings.student_reset && kit.is_some() {
            may.push("reset");
        }
    }
    if standing::rules(pool, lab.id).await?.standings {
        may.push("standings");
    }
    Ok(OwnPage {
        kit,
        row: row_of(&view, &member)?,
        content: board.read(|state| state.content.clone()),
        tasks: view.tasks.clone(),
        class: lab.settings.show_class_progress.then(|| view.class.clone()),
        enforced,
        may,
        lab,
    })
}

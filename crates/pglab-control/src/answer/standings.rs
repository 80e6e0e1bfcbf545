//! Who stands where in a lab: computed by one query after a change, when somebody looks, and shared by all who look.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    id::{LabId, MemberId, TaskId},
    points::standings as order,
    task::Points,
};
use pglab_store::{standing, task};
use serde_json::value::RawValue;

use crate::{Control, Error, lab};

#[derive(Debug)]
pub struct Standings {
    pub slug: String,
    pub title: String,
    pub frozen_at: Option<DateTime<Utc>>,
    /// These are not frozen, though the rules say so: for the staff.
    pub revealed: bool,
    pub tasks: Vec<(TaskId, String, Points)>,
    pub rows: Vec<Row>,
    pub computed_at: DateTime<Utc>,
    /// What an interface makes of them, kept here so that it is made once for all who look.
    pub text: OnceLock<Arc<RawValue>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From 1.
    pub rank: usize,
    /// Among those of the same section.
    pub section_rank: usize,
    /// Of a team, its first member.
    pub member: MemberId,
    /// Of a team, its name.
    pub login: String,
    /// Of a team, the names of its members.
    pub name: String,
    /// Logins of the members of a team.
    pub team: Option<Vec<String>>,
    pub section: Option<String>,
    pub points: Points,
    pub reached_at: Option<DateTime<Utc>>,
    /// In the order in which they were done.
    pub done: Vec<(TaskId, Points, DateTime<Utc>)>,
}

/// The standings as this actor may see them: students where the lab shows them, frozen; the staff always, and as they are.
///
/// # Errors
/// Not of this lab, or the lab shows none.
pub async fn standings(control: &Control, actor: &Actor, slug: &str) -> Result<Arc<Standings>, Error> {
    standings_for(control, actor, slug, Viewer::Actor).await
}

/// For whom the standings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    Actor,
    /// Whoever looks at the wall: as students see them, whoever put them there.
    Wall,
}

/// # Errors
/// As [`standings`].
pub async fn standings_for(
    control: &Control,
    actor: &Actor,
    slug: &str,
    viewer: Viewer,
) -> Result<Arc<Standings>, Error> {
    let (id, revealed) = admitted(control, actor, slug).await?;
    current(control, id, revealed && viewer == Viewer::Actor).await
}

pub(super) async fn admitted(control: &Control, actor: &Actor, slug: &str) -> Result<(LabId, bool), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    if control.authorise(actor, Operation::LabView(place)).is_ok() {
        return Ok((lab.id, true));
    }
    let Some(place) = place else {
        return control
            .authorise(actor, Operation::LabView(None))
            .map(|()| (lab.id, false));
    };
    control.authorise(actor, Operation::MemberSelf(Some(place), place.member))?;
    if !standing::rules(control.store.pool(), lab.id).await?.standings {
        return Err(Error::NotFound(format!(
            "table of standings of the lab {slug:?}: its instructor has not switched it on"
        )));
    }
    Ok((lab.id, false))
}

/// Without asking who looks: frozen where they are frozen, without hidden members.
pub(crate) async fn shown_to_members(control: &Control, lab: LabId) -> Result<Arc<Standings>, Error> {
    current(control, lab, false).await
}

/// As of the last change before it was asked: whoever asks meanwhile gets what is being computed, if that is new enough.
pub(super) async fn current(control: &Control, lab: LabId, revealed: bool) -> Result<Arc<Standings>, Error> {
    let live = control.answers();
    let (wanted, turn) = live.standings_turn(lab);
    if let Some(known) = live.standings_since(lab, revealed, wanted) {
        return Ok(known);
    }
    let _turn = turn.lock().await;
    if let Some(known) = live.standings_since(lab, revealed, wanted) {
        return Ok(known);
    }
    let (number, _) = live.standings_turn(lab);
    let computed = Arc::new(compute(control, lab, revealed).await?);
    live.keep_standings(lab, revealed, number, computed.clone());
    Ok(computed)
}

async fn compute(control: &Control, id: LabId, revealed: bool) -> Result<Standings, Error> {
    let pool = control.store.pool();
    let lab = pglab_store::lab::by_id(pool, id)
        .await?
        .ok_or_else(|| Error::NotFound("lab".to_owned()))?;
    let rules = standing::rules(pool, id).await?;
    let frozen_at = rules.frozen_at.filter(|_| !revealed);
    let mut earned = standing::of_lab(pool, id, frozen_at).await?;
    earned.retain(|one| revealed || !one.hidden);
    let members: Vec<MemberId> = earned.iter().map(|one| one.member).collect();
    let changes: Vec<order::Change> = earned
        .iter()
        .filter_map(|one| {
            Some(order::Change {
                member: one.member,
                points: one.points,
                at: one.reached_at?,
            })
        })
        .collect();
    let ranked = order::standings(&members, &changes, None);
    let mut by_member: std::collections::HashMap<MemberId, standing::Earned> =
        earned.into_iter().map(|one| (one.member, one)).collect();
    let mut rows: Vec<Row> = Vec::with_capacity(ranked.len());
    let mut sections: std::collections::HashMap<Option<String>, (usize, usize, usize)> =
        std::collections::HashMap::new();
    for place in ranked {
        let Some(one) = by_member.remove(&place.member) else {
            continue;
        };
        // How many came before in the section, and the rank of the last, for those who share one.
        let (n, rank, overall) = sections.entry(one.section.clone()).or_insert((0, 0, 0));
        *n += 1;
        if *overall != place.rank {
            (*rank, *overall) = (*n, place.rank);
        }
        rows.push(Row {
            rank: place.rank,
            section_rank: *rank,
            member: one.member,
            login: one.login,
            name: one.name,
            team: one.team,
            section: one.section,
            points: one.points,
            reached_at: one.reached_at,
            done: one.done,
        });
    }
    Ok(Standings {
        slug: lab.slug.as_str().to_owned(),
        title: lab.title,
        frozen_at: rules.frozen_at,
        revealed,
        tasks: task::live(pool, id)
            .await?
            .into_iter()
            .map(|task| (task.id, task.title, task.points))
            .collect(),
        rows,
        computed_at: control.now(),
        text: OnceLock::new(),
    })
}

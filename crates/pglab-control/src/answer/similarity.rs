//! Which pairs of members have answers in common that they hardly came to alone, for the staff of a lab. What counts is
//! decided in `pglab_core::similarity`.

use std::collections::HashMap;

use pglab_core::{
    access::{Actor, Operation},
    id::{MemberId, TaskId, TeamId},
    similarity::{Pair, pairs},
};
use pglab_store::{member, similarity as table, task, team};

use crate::{Control, Error, lab};

/// Pairs that are shown at most.
pub const MOST: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub struct Similarity {
    /// The most conspicuous first.
    pub pairs: Vec<Pair>,
    /// Login and name.
    pub people: HashMap<MemberId, (String, String)>,
    pub titles: HashMap<TaskId, String>,
}

/// Computed when somebody looks. Those of one team are never a pair: they work together.
///
/// # Errors
/// Not of the lab's staff.
pub async fn similarity(control: &Control, actor: &Actor, slug: &str) -> Result<Similarity, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let pool = control.store.pool();
    let evidence = table::of_lab(pool, lab.id).await?;
    let teams: HashMap<MemberId, TeamId> = team::places(pool, lab.id).await?.into_iter().collect();
    // A class of a thousand takes a core for a while.
    let pairs = tokio::task::spawn_blocking(move || {
        let together = |one: MemberId, other: MemberId| {
            teams
                .get(&one)
                .is_some_and(|team| teams.get(&other) == Some(team))
        };
        pairs(&evidence, together, MOST)
    })
    .await
    .map_err(Error::internal)?;
    let people = member::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|member| (member.id, (member.login.as_str().to_owned(), member.name)))
        .collect();
    let titles = task::live(pool, lab.id)
        .await?
        .into_iter()
        .map(|task| (task.id, task.title))
        .collect();
    Ok(Similarity {
        pairs,
        people,
        titles,
    })
}

//! The tasks that a student answers, as they may see them: what is asked, options, attempts, hints taken. Never an answer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    id::TaskId,
    lab::MemberRole,
    task::{Points, TaskKind},
};
use pglab_store::{answer as table, task as task_table, task_content};

use super::hint::HintTaken;
use crate::{Control, Error, lab};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTask {
    pub id: TaskId,
    pub challenge: String,
    pub title: String,
    pub text: String,
    pub kind: &'static str,
    /// Does one send something? Else one asks that the database be looked at, or it turns by itself.
    pub is_answered: bool,
    pub points: Points,
    pub format: String,
    pub options: Vec<String>,
    pub attempts: Option<u32>,
    pub n_counted: u32,
    pub wait_until: Option<DateTime<Utc>>,
    pub done_at: Option<DateTime<Utc>>,
    /// What each hint costs, in order.
    pub hint_prices: Vec<Points>,
    pub hints: Vec<HintTaken>,
    /// Once it is done.
    pub explanation: Option<String>,
}

/// In their order; for the staff without anything of a member's.
///
/// # Errors
/// Not of this lab.
pub async fn own_tasks(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<OwnTask>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let student = place.filter(|place| place.role == MemberRole::Student);
    match student {
        Some(place) => control.authorise(actor, Operation::MemberSelf(Some(place), place.member))?,
        None => control.authorise(actor, Operation::LabView(place))?,
    }
    let pool = control.store.pool();
    let contents = task_content::of_lab(pool, lab.id).await?;
    let tallies: HashMap<TaskId, table::Tally> = match student {
        Some(place) => table::tallies(pool, place.member)
            .await?
            .into_iter()
            .map(|tally| (tally.task, tally))
            .collect(),
        None => HashMap::new(),
    };
    Ok(task_table::live(pool, lab.id)
        .await?
        .into_iter()
        .filter_map(|task| {
            let content = &contents.get(&task.id)?.content;
            let tally = tallies.get(&task.id);
            let n_hints = tally.map_or(0, |tally| usize::try_from(tally.n_hints).unwrap_or(0));
            let done_at = tally.and_then(|tally| tally.done_at);
            Some(OwnTask {
                id: task.id,
                challenge: content.challenge.clone(),
                title: task.title,
                text: task.explanation,
                kind: content.kind.as_str(),
                is_answered: content.kind.is_answered(),
                points: task.points,
                format: content.format.clone(),
                options: match &content.kind {
                    TaskKind::Choice(choice) => choice.options.clone(),
                    TaskKind::Checkboxes(boxes) => boxes.options.clone(),
                    _ => Vec::new(),
                },
                attempts: content.attempts,
                n_counted: tally.map_or(0, |tally| u32::try_from(tally.n_counted).unwrap_or(0)),
                wait_until: tally.and_then(|tally| tally.wait_until),
                done_at,
                hint_prices: content.hints.iter().map(|hint| hint.price).collect(),
                hints: content
                    .hints
                    .iter()
                    .enumerate()
                    .take(n_hints)
                    .map(|(number, hint)| HintTaken {
                        number,
                        text: hint.text.clone(),
                        price: hint.price,
                    })
                    .collect(),
                explanation: done_at
                    .map(|_| content.explanation.clone())
                    .filter(|text| !text.is_empty()),
            })
        })
        .collect())
}

//! What the students of a lab scored, for export. How it is rendered stands in `pglab_core::results`.

use std::collections::HashMap;

use pglab_core::{
    access::{Actor, Operation},
    results::{ResultTask, Results, Scored, StudentResult},
};
use pglab_store::{gradebook, task, task_score};

use crate::{Control, Error, lab};

/// What was earned, or with the setting `grade_final_state` what the databases deserve now.
///
/// # Errors
/// No such lab, or the actor is not of its staff.
pub async fn results(control: &Control, actor: &Actor, slug: &str) -> Result<Results, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let pool = control.store.pool();
    let tasks = task::live(pool, lab.id).await?;
    let scores: HashMap<_, _> = task_score::of_lab(pool, lab.id, None)
        .await?
        .into_iter()
        .map(|score| ((score.member, score.task), score))
        .collect();
    let students = gradebook::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|student| StudentResult {
            scores: tasks
                .iter()
                .map(|task| {
                    scores
                        .get(&(student.member, task.id))
                        .map(|score| Scored {
                            // A task may have become cheaper since it was done.
                            points: if lab.settings.grade_final_state {
                                score.now
                            } else {
                                score.best
                            }
                            .min(task.points),
                            completed_at: score.completed_at,
                        })
                        .unwrap_or_default()
                })
                .collect(),
            login: student.login,
            name: student.name,
            email: student.email,
            external_id: student.external_id,
            section: student.section,
        })
        .collect();
    Ok(Results {
        lab: lab.slug.as_str().to_owned(),
        title: lab.title,
        tasks: tasks
            .into_iter()
            .map(|task| ResultTask {
                key: task.key,
                title: task.title,
                points: task.points,
            })
            .collect(),
        students,
    })
}

//! Where members stand: the leaderboard, their own progress, and challenges that are done as a whole. What they earned was
//! decided when they answered.

use chrono::{DateTime, Utc};
use pglab_core::{
    activity::Event,
    id::{AwardId, ChallengeId, PersonId},
    task::Points,
};
use pglab_store::{
    activity::NewActivity,
    competition::{self as table, ChallengeCompletion, LabChallenge},
    member, standing,
};
use serde_json::json;
use uuid::Uuid;

use super::{Caller, Refused, group, group_challenge, student, uuid};
use crate::{Control, activity, answer};

#[derive(Debug, Clone, PartialEq)]
pub struct LeaderboardRow {
    pub user: PersonId,
    pub name: String,
    pub points: Points,
    pub completions: usize,
}

/// As players may see it: frozen where it is frozen, without those who are hidden.
///
/// # Errors
/// No such lab, or one whose standings its members do not see.
pub async fn leaderboard(
    control: &Control,
    caller: &Caller,
    group_id: &str,
) -> Result<Vec<LeaderboardRow>, Refused> {
    let lab = group(control, caller, group_id).await?;
    let pool = control.store.pool();
    if !caller.manages(control, &lab).await? && !standing::rules(pool, lab.id).await?.standings {
        return Err(Refused::missing("this group has no leaderboard"));
    }
    let people: std::collections::HashMap<_, _> = member::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|member| (member.id, member.person))
        .collect();
    let standings = answer::shown_to_members(control, lab.id).await?;
    Ok(standings
        .rows
        .iter()
        .filter_map(|row| {
            Some(LeaderboardRow {
                user: *people.get(&row.member)?,
                name: row.name.clone(),
                points: row.points,
                completions: row.done.len(),
            })
        })
        .collect())
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProgressRow {
    pub challenge: ChallengeId,
    pub name: String,
    pub points: Points,
    pub is_completed: bool,
    pub earned: Points,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    pub rows: Vec<ProgressRow>,
    pub total: Points,
    pub earned: Points,
    /// Of the challenges, 0 to 100.
    pub percentage: f64,
}

/// # Errors
/// No such lab or member, or somebody else's.
pub async fn progress(
    control: &Control,
    caller: &Caller,
    group_id: &str,
    user: &str,
) -> Result<Progress, Refused> {
    let lab = group(control, caller, group_id).await?;
    let student = student(control, caller, &lab, user).await?;
    let pool = control.store.pool();
    let done = table::progress(pool, lab.id, student.id).await?;
    let completed = table::completions(pool, student.id).await?;
    let rows: Vec<ProgressRow> = table::challenges(pool, Some(lab.id), None)
        .await?
        .into_iter()
        .map(|one| {
            let tasks = done.iter().find(|of| of.challenge == one.challenge);
            let whole = completed.iter().find(|of| of.challenge == one.challenge);
            ProgressRow {
                is_completed: whole.is_some() || tasks.is_some_and(|of| of.n_done >= of.n_tasks),
                earned: tasks
                    .map(|of| of.earned)
                    .or(whole.map(|of| of.points))
                    .unwrap_or_default(),
                challenge: one.challenge,
                name: one.name,
                points: one.points,
            }
        })
        .collect();
    let n_done = rows.iter().filter(|row| row.is_completed).count();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred challenges")]
    let percentage = if rows.is_empty() {
        0.0
    } else {
        (n_done as f64 * 10_000.0 / rows.len() as f64).round() / 100.0
    };
    Ok(Progress {
        total: rows.iter().map(|row| row.points).sum(),
        earned: rows.iter().map(|row| row.earned).sum(),
        percentage,
        rows,
    })
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeCompletionRow {
    pub id: Uuid,
    pub user: PersonId,
    pub group_challenge: Uuid,
    pub points: Points,
    pub at: DateTime<Utc>,
}

/// What a client says that it earned is not asked for: its tasks earned what they earned.
///
/// # Errors
/// No such lab, challenge or member; tasks are open; it is completed already.
pub async fn complete_challenge(
    control: &Control,
    caller: &Caller,
    user: &str,
    group_challenge_id: &str,
    group_id: &str,
    challenge: &str,
) -> Result<ChallengeCompletionRow, Refused> {
    let lab = group(control, caller, group_id).await?;
    let (of, found) = group_challenge(control, caller, group_challenge_id).await?;
    if of.id != lab.id || uuid(challenge) != Some(found.challenge) {
        return Err(Refused::missing("Group challenge not found"));
    }
    let student = student(control, caller, &lab, user).await?;
    if found.n_tasks == 0 && !caller.is_service {
        return Err(Refused::Forbidden(
            "this challenge has no questions: only a service can say that it is done".to_owned(),
        ));
    }
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let earned = earned(&mut tx, &lab, student.id, &found).await?;
    let completion = ChallengeCompletion {
        id: ChallengeId::new(&*control.clock, &*control.random).uuid(),
        member: student.id,
        challenge: found.challenge,
        at: now,
        points: earned,
    };
    if !table::complete(&mut tx, &completion).await? {
        return Err(Refused::Conflict("Challenge already completed".to_owned()));
    }
    if found.n_tasks == 0 && earned.0 > 0 {
        let id = AwardId::new(&*control.clock, &*control.random);
        let by = Some(caller.person.id);
        standing::insert_award(&mut tx, id, student.id, now, earned, "Challenge completed", by).await?;
    }
    let told = NewActivity::new(now, Event::ChallengeCompleted)
        .person(student.person)
        .lab(lab.id)
        .challenge(found.challenge)
        .metadata(json!({ "points": earned.as_f64() }));
    activity::record(&mut tx, &told).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(ChallengeCompletionRow {
        id: completion.id,
        user: student.person,
        group_challenge: found.id,
        points: earned,
        at: now,
    })
}

/// Of a challenge whose tasks are all done.
async fn earned(
    tx: &mut pglab_store::Tx,
    lab: &pglab_store::lab::Lab,
    member: pglab_core::id::MemberId,
    challenge: &LabChallenge,
) -> Result<Points, Refused> {
    if challenge.n_tasks == 0 {
        return Ok(challenge.points);
    }
    let progress = table::progress(&mut **tx, lab.id, member).await?;
    let of = progress.iter().find(|one| one.challenge == challenge.challenge);
    let open = of.map_or(challenge.n_tasks, |of| of.n_tasks - of.n_done);
    if open > 0 {
        return Err(Refused::Conflict(format!(
            "{} of this challenge still open",
            pglab_core::words::count(u64::try_from(open).unwrap_or(0), "question")
        )));
    }
    Ok(of.map(|of| of.earned).unwrap_or_default())
}

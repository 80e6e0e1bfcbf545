//! The operations behind the Database API: what front ends of this family ask, in their words, answered by the same labs,
//! tasks and packs as everything else. Who may is decided by the token ([`Caller`]) and by `pglab_core::access`; the
//! server grades and prices, whatever a client sends.

mod activity;
mod caller;
mod cdf;
mod challenge;
mod compete;
mod competition;
mod health;
mod instance;
mod join;
mod packs;
mod points;
mod question;
mod refused;

use pglab_core::{
    id::{ChallengeId, LabId, PersonId},
    lab::MemberRole,
    task::Points,
};
use pglab_store::{
    competition::{self as table, LabChallenge},
    lab::Lab,
    member::{self, Member},
    membership,
    person::{self, Person},
};
use uuid::Uuid;

pub use activity::{NewReport, Reported, report};
pub use caller::{ACT_FOR, ANSWERS, Caller, identify};
pub use cdf::{Changed, Checked, export, import, update, validate};
pub use challenge::{AppRow, ChallengeDetails, ChallengeList, ListWanted, details, list as challenge_list};
pub use compete::{
    ChallengeCompletionRow, LeaderboardRow, Progress, ProgressRow, complete_challenge, leaderboard, progress,
};
pub use competition::{NewCompetition, add_challenge, challenges_of, create as competition_create};
pub use health::{Health, Status, health, status};
pub use instance::{InstancePatch, InstanceView, patch as instance_patch, show as instance_show};
pub use join::{NewAccessCode, generate_code, join};
pub use packs::{
    PackDetails, Skipped, Updated, Uploaded, details as pack_details, install as pack_install,
    list as pack_list, uninstall as pack_uninstall, update as pack_update, upload as pack_upload,
};
pub use pglab_store::{
    access_code::AccessCode,
    competition::{Competition, LabChallenge as GroupChallenge, MemberPoints},
    pack::ListedChallenge,
};
pub use points::{Change, add_points, get_points, set_points};
pub use question::{
    AttemptRow, Attempted, Completed, CompletionRow, NewAttempt, QuestionRow, attempt, complete, completed,
    details as question_details,
};
pub use refused::Refused;

use crate::Control;

/// The most points at once.
const MOST_POINTS: f64 = 1_000_000.0;

fn uuid<T: From<Uuid>>(text: &str) -> Option<T> {
    Uuid::try_parse(text).ok().map(T::from)
}

/// Somebody by id, whoever they are.
async fn person_by_id(control: &Control, id: &str) -> Result<Person, Refused> {
    let missing = || Refused::missing("User not found");
    let id: PersonId = uuid(id).ok_or_else(missing)?;
    person::by_id(control.store.pool(), id).await?.ok_or_else(missing)
}

/// A lab that the caller has to do with: one that their token acts in, or that they are in themselves.
async fn group(control: &Control, caller: &Caller, id: &str) -> Result<Lab, Refused> {
    let missing = || Refused::missing("Group not found");
    let id: LabId = uuid(id).ok_or_else(missing)?;
    let lab = pglab_store::lab::by_id(control.store.pool(), id)
        .await?
        .filter(|lab| lab.delete_wanted_at.is_none())
        .ok_or_else(missing)?;
    if caller.reaches(control, &lab).await? {
        Ok(lab)
    } else {
        Err(missing())
    }
}

/// A challenge in a lab that the caller has to do with.
async fn group_challenge(
    control: &Control,
    caller: &Caller,
    id: &str,
) -> Result<(Lab, LabChallenge), Refused> {
    let missing = || Refused::missing("Group challenge not found");
    let id: Uuid = uuid(id).ok_or_else(missing)?;
    let found = table::challenges(control.store.pool(), None, Some(id)).await?;
    let found = found.into_iter().next().ok_or_else(missing)?;
    match group(control, caller, &found.lab.to_string()).await {
        Ok(lab) => Ok((lab, found)),
        Err(Refused::Missing(_)) => Err(missing()),
        Err(other) => Err(other),
    }
}

/// The student whom a call is about. Who calls is that student, or a token that may act for them in this lab.
async fn student(control: &Control, caller: &Caller, lab: &Lab, user: &str) -> Result<Member, Refused> {
    caller.acts_for(control, lab, user).await?;
    let person = person_by_id(control, user).await?;
    let stranger = || Refused::Forbidden("User is not a member of this group".to_owned());
    let place = membership::of_person(control.store.pool(), lab.id, person.id)
        .await?
        .filter(|place| place.role == MemberRole::Student)
        .ok_or_else(stranger)?;
    member::by_id(control.store.pool(), place.member)
        .await?
        .ok_or_else(stranger)
}

/// The id of a question, which is the same in every lab: its challenge and its component.
fn question_id(challenge: ChallengeId, component: &str) -> String {
    format!("{challenge}:{component}")
}

fn question_parts(id: &str) -> Option<(ChallengeId, &str)> {
    let (challenge, component) = id.split_once(':')?;
    Some((uuid(challenge)?, component))
}

/// From a number in a request.
fn thousandths(field: &str, points: f64) -> Result<Points, Refused> {
    if !points.is_finite() || points.abs() > MOST_POINTS {
        return Err(Refused::bad(format!(
            "{field} must be a number of at most a million"
        )));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a thousand million")]
    let thousandths = (points * 1000.0).round() as i64;
    Ok(Points(thousandths))
}

//! Instances that run as pods, as people may see them.

use pglab_core::{
    access::{Actor, Operation},
    id::{ChallengeId, InstanceId},
    pods::needs_pods,
};
use pglab_fleet::instance_manager::{ManagerError, PodDetails};
use pglab_store::{audit, challenge_instance as table};

use super::{ChallengeInstance, Moved, flag, reach};
use crate::{Control, Error, lab};

/// The most that are listed.
const LONGEST_LIST: i64 = 1000;

/// A challenge that runs as a pod, with the newest instance of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnChallenge {
    pub id: ChallengeId,
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    pub instance: Option<ChallengeInstance>,
}

/// One's own, in the order of the lab's challenges.
///
/// # Errors
/// Not a member.
pub async fn own(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<OwnChallenge>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let Some(own) = place else {
        return Err(Error::Forbidden);
    };
    control.authorise(actor, Operation::MemberSelf(place, own.member))?;
    let pool = control.store.pool();
    let instances = table::of_lab(pool, lab.id, Some(own.member), LONGEST_LIST).await?;
    Ok(table::challenges(pool, lab.id)
        .await?
        .into_iter()
        .filter(|challenge| needs_pods(&challenge.challenge_type, &challenge.document))
        .map(|challenge| OwnChallenge {
            instance: instances
                .iter()
                .find(|instance| instance.challenge == challenge.id)
                .cloned(),
            id: challenge.id,
            key: challenge.key,
            name: challenge.name,
            challenge_type: challenge.challenge_type,
        })
        .collect())
}

/// All of a lab, the newest first, for its staff.
///
/// # Errors
/// Not of its staff.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<ChallengeInstance>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    Ok(table::of_lab(control.store.pool(), lab.id, None, LONGEST_LIST).await?)
}

/// # Errors
/// Not one's own, and not of the staff.
pub async fn show(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<ChallengeInstance, Error> {
    Ok(reach(control, actor, slug, id, false).await?.2)
}

/// Every move, the oldest first.
///
/// # Errors
/// Not one's own, and not of the staff.
pub async fn history(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<Vec<Moved>, Error> {
    let (_, _, instance) = reach(control, actor, slug, id, false).await?;
    Ok(table::history_of(control.store.pool(), instance.id).await?)
}

/// What the manager tells of its pod at this moment. `None`: it knows none.
///
/// # Errors
/// Not of the staff; the manager does not answer.
pub async fn status(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<Option<PodDetails>, Error> {
    let (_, place, instance) = reach(control, actor, slug, id, false).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let Some(manager) = control.instance_manager() else {
        return Err(Error::Conflict("this pglab has no instance manager".to_owned()));
    };
    manager.status(&instance.name).await.map_err(unavailable)
}

/// The flag that is planted there, for who may see the lab's secrets. It is audited.
///
/// # Errors
/// Not an instructor of the lab.
pub async fn secret(control: &Control, actor: &Actor, slug: &str, id: InstanceId) -> Result<String, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    let (_, _, instance) = reach(control, actor, slug, id, false).await?;
    let flag = flag(control, &instance)?;
    let subject = format!("lab/{}/member/{}", lab.slug, instance.login);
    let detail = serde_json::json!({ "instance": id });
    let entry = audit::Entry::new(control.now(), actor, "challenge_secret", &subject).detail(detail);
    let mut tx = control.store.begin().await?;
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(flag)
}

pub(super) fn unavailable(error: ManagerError) -> Error {
    tracing::warn!(%error, "the instance manager was asked");
    Error::Unavailable(format!("{error}; try again in a moment"))
}

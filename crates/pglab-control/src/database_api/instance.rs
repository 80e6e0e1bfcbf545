//! Instances of challenges that run as pods, by their id. What they are and how they move is `crate::pods`'s business.

use pglab_core::{activity::Event, id::InstanceId, pods::WireStatus};
use pglab_store::{activity::NewActivity, person, person::Person};
use uuid::Uuid;

use super::{Caller, Refused, group, uuid};
use crate::{
    Control, Error,
    pods::{self, ChallengeInstance, Patch},
};

#[derive(Debug, Clone)]
pub struct InstanceView {
    pub instance: ChallengeInstance,
    /// As its front end shows it.
    pub url: Option<String>,
    pub status: &'static str,
    /// Only for a token that sees answers.
    pub flag: Option<String>,
    pub flag_secret_name: Option<String>,
    pub person: Person,
    pub group_challenge: Option<Uuid>,
}

fn missing() -> Refused {
    Refused::missing("Challenge instance not found")
}

async fn found(control: &Control, caller: &Caller, id: &str) -> Result<ChallengeInstance, Refused> {
    let id: InstanceId = uuid(id).ok_or_else(missing)?;
    let instance = match pods::by_id(control, id).await {
        Err(Error::NotFound(_)) => return Err(missing()),
        other => other?,
    };
    let lab = match group(control, caller, &instance.lab.to_string()).await {
        Err(Refused::Missing(_)) => return Err(missing()),
        other => other?,
    };
    let own = instance.person == caller.person.id && !caller.is_service;
    if own || caller.manages(control, &lab).await? {
        Ok(instance)
    } else {
        Err(missing())
    }
}

async fn view(
    control: &Control,
    caller: &Caller,
    instance: ChallengeInstance,
) -> Result<InstanceView, Refused> {
    let pool = control.store.pool();
    let group_challenge = pglab_store::competition::challenges(pool, Some(instance.lab), None)
        .await?
        .into_iter()
        .find(|one| one.challenge == instance.challenge)
        .map(|one| one.id);
    let flag = if caller.sees_answers {
        Some(pods::flag(control, &instance)?)
    } else {
        None
    };
    Ok(InstanceView {
        url: instance.addresses.first().map(str::to_owned),
        status: WireStatus::of(&instance.state).as_str(),
        flag,
        flag_secret_name: instance.flag_secret_name.clone().filter(|_| caller.is_service),
        person: person::by_id(pool, instance.person).await?.ok_or_else(missing)?,
        group_challenge,
        instance,
    })
}

/// # Errors
/// No such instance, or somebody else's.
pub async fn show(control: &Control, caller: &Caller, id: &str) -> Result<InstanceView, Refused> {
    let instance = found(control, caller, id).await?;
    view(control, caller, instance).await
}

/// What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstancePatch {
    pub flag_secret_name: Option<String>,
    pub flag: Option<String>,
    pub status: Option<String>,
}

/// # Errors
/// No such instance; not a service's; an unknown status, or one that can't follow.
pub async fn patch(
    control: &Control,
    caller: &Caller,
    id: &str,
    wanted: InstancePatch,
) -> Result<InstanceView, Refused> {
    let instance = found(control, caller, id).await?;
    let lab = group(control, caller, &instance.lab.to_string()).await?;
    caller.must_manage(control, &lab).await?;
    let status = match &wanted.status {
        Some(word) => {
            Some(WireStatus::parse(word).ok_or_else(|| Refused::bad(format!("status can't be {word:?}")))?)
        }
        None => None,
    };
    if wanted == InstancePatch::default() {
        return Err(Refused::bad("one of flagSecretName, flag and status is required"));
    }
    let wanted = Patch {
        flag_secret_name: wanted.flag_secret_name,
        flag: wanted.flag,
        status,
    };
    let patched = pods::patch(control, &caller.actor, instance.id, wanted).await?;
    if patched != instance {
        let told = NewActivity::new(control.now(), Event::ChallengeInstanceUpdated)
            .person(patched.person)
            .lab(patched.lab)
            .challenge(patched.challenge)
            .instance(patched.id);
        let mut tx = control.store.begin().await?;
        crate::activity::record(&mut tx, &told).await?;
        control.store.commit(tx).await?;
    }
    view(control, caller, patched).await
}

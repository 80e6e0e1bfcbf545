//! A member starts a challenge that runs as a pod. Here it is only written down; the syncer asks the manager.

use pglab_core::{
    access::{Actor, Operation},
    activity::Event,
    id::{ChallengeId, InstanceId},
    lab::LabState,
    pods::{Addresses, LIFETIME, PodState, needs_pods},
};
use pglab_store::{audit, challenge_instance as table};

use super::{ChallengeInstance, person, tell};
use crate::{
    Control, Error,
    activity::{self, NewActivity},
    lab,
};

/// For oneself. It is queued; the lab must be open.
///
/// # Errors
/// Not a member; no such challenge, or it does not run as a pod; one of it, or too many, run already; there is no
/// instance manager.
pub async fn start(
    control: &Control,
    actor: &Actor,
    slug: &str,
    challenge: ChallengeId,
) -> Result<ChallengeInstance, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let Some(own) = place else {
        return Err(Error::Forbidden);
    };
    control.authorise(actor, Operation::ChallengeUse(place, own.member))?;
    let found = table::challenges(control.store.pool(), lab.id)
        .await?
        .into_iter()
        .find(|one| one.id == challenge)
        .ok_or_else(|| Error::NotFound(format!("challenge {challenge} in the lab {slug}")))?;
    let Some(manager) = control.instance_manager() else {
        return Err(Error::Conflict(
            "this pglab has no instance manager; its operator names one in [instance_manager] of pglab.toml"
                .to_owned(),
        ));
    };
    if !needs_pods(&found.challenge_type, &found.document) {
        return Err(Error::Conflict(format!(
            "the challenge {:?} runs in your database; there is nothing to start",
            found.name
        )));
    }
    if lab.state != LabState::Open {
        return Err(Error::Conflict(format!("the lab {slug} is not open")));
    }
    let Actor::Person(who) = actor else {
        return Err(Error::Forbidden);
    };
    let now = control.now();
    let id = InstanceId::new(&*control.clock, &*control.random);
    let name = format!("pglab-{}", id.uuid().simple());
    let instance = ChallengeInstance {
        id,
        lab: lab.id,
        member: own.member,
        challenge,
        flag_secret_name: Some(format!("{name}-flag")),
        name,
        state: PodState::Queued { attempts: 0 },
        version: 1,
        addresses: Addresses::default(),
        remark: None,
        flag_sealed: None,
        created_at: now,
        changed_at: now,
        expires_at: now + LIFETIME,
        person: who.id,
        login: who.login.clone(),
        challenge_name: found.name.clone(),
    };
    let mut tx = control.store.begin().await?;
    let most = manager.settings().per_member;
    if table::n_live_of(&mut tx, own.member).await? >= i64::from(most) {
        return Err(Error::Conflict(format!(
            "{most} challenges run already, and no more may at the same time; end one first"
        )));
    }
    match table::insert(&mut tx, &instance, person(actor)).await {
        Err(pglab_store::Error::Taken(_)) => {
            return Err(Error::Conflict(format!(
                "the challenge {:?} runs already",
                found.name
            )));
        }
        other => other?,
    }
    let started = NewActivity::new(now, Event::ChallengeStarted)
        .person(who.id)
        .lab(lab.id)
        .challenge(challenge)
        .instance(id);
    activity::record(&mut tx, &started).await?;
    tell(&mut tx, &instance, "wanted", true).await?;
    let subject = format!("lab/{}/member/{}", lab.slug, who.login);
    let detail = serde_json::json!({ "challenge": challenge, "instance": id });
    let entry = audit::Entry::new(now, actor, "challenge_start", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().pods.notify_one();
    Ok(instance)
}

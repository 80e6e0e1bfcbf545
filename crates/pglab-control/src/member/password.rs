//! A new initial password for one student, in the place of whatever they have.

use pglab_core::{
    access::{Actor, Operation},
    directory::IdentityMode,
    person::Role,
};
use pglab_store::{audit, claim_link, credential, session, timeline};

use super::find;
use crate::{Control, Error, lab};

/// The new password. Their sessions end and their claim links expire; PostgreSQL gets it a moment later.
///
/// # Errors
/// Not the actor's to do, no such member, or the member is no student.
pub async fn renew(control: &Control, actor: &Actor, slug: &str, login: &str) -> Result<String, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    control.authorise(actor, Operation::LabManage(place))?;
    if control.options().identity.mode() == IdentityMode::Directory {
        return Err(Error::Conflict(format!(
            "the password of {login} is kept by the directory of your university; it is reset there"
        )));
    }
    let found = find(control, &lab, place, actor, login).await?;
    if found.person_role != Role::Student {
        return Err(Error::Conflict(format!(
            "{login} is no student; an admin can give them a new password"
        )));
    }
    let (for_thread, person, must_change) =
        (control.clone(), found.person, lab.settings.must_change_password);
    let initial =
        tokio::task::spawn_blocking(move || crate::credential::initial(&for_thread, person, must_change))
            .await
            .map_err(Error::internal)??;
    let mut new = initial.credential;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    // What PostgreSQL holds is known to be another one: the reconciler gives it the new one.
    let old = credential::by_person_locked(&mut tx, found.person).await?;
    new.scram_applied = old.and_then(|old| old.scram_applied);
    credential::put(&mut tx, &new).await?;
    session::delete_of_person(&mut tx, found.person, None).await?;
    claim_link::expire_of_member(&mut tx, found.id, now).await?;
    let subject = format!("lab/{}/member/{}", lab.slug, found.login);
    audit::insert(
        &mut tx,
        audit::Entry::new(now, actor, "member_password", &subject),
    )
    .await?;
    let happened = timeline::NewEntry {
        member: found.id,
        at: now,
        kind: timeline::Kind::Password,
        text: "Got a new initial password.".to_owned(),
        task: None,
        points: None,
    };
    timeline::insert(&mut tx, &[happened]).await?;
    control.store.commit(tx).await?;
    if let Err(error) = crate::credential::converge(control, Some(found.person)).await {
        tracing::warn!(%error, %login, "PostgreSQL is given the new password later");
    }
    control.wake().people_changed();
    Ok(initial.password)
}

//! What people do with their own account: look at it, change the password. Passwords of others stand in
//! [`crate::people`] and with the class.

use pglab_core::access::{ActingPerson, Actor, Operation};
use pglab_identity::password;
use pglab_store::{
    audit,
    credential::{self, Credential},
    directory_account,
    person::{self, Person},
};

use crate::{
    Control, Error,
    credential::converge,
    directory,
    session::Identified,
    sign_in::{Attempt, hashing, password_fits},
};

/// One's own account.
#[derive(Debug)]
pub struct Account {
    pub person: Person,
    /// `None` for somebody who was given no password.
    pub credential: Option<Credential>,
}

/// # Errors
/// Not signed in.
pub async fn show(control: &Control, actor: &Actor) -> Result<Account, Error> {
    control.authorise(actor, Operation::OwnAccount)?;
    let pool = control.store.pool();
    let person = person::by_id(pool, acting(actor)?.id)
        .await?
        .ok_or(Error::NotSignedIn)?;
    let credential = credential::by_person(pool, person.id).await?;
    Ok(Account { person, credential })
}

/// The person behind the actor; pglab itself has no account.
pub(crate) fn acting(actor: &Actor) -> Result<&ActingPerson, Error> {
    match actor {
        Actor::Person(person) => Ok(person),
        Actor::Stranger | Actor::System => Err(Error::NotSignedIn),
    }
}

/// Changes one's own password, for the web and for PostgreSQL. Other sessions end; tokens stay.
///
/// PostgreSQL is given the new one right away where it answers, and else by [`converge`] as soon as it does.
///
/// # Errors
/// The old password is wrong, or the new one is not good enough.
pub async fn change_password(
    control: &Control,
    identified: &Identified,
    old: &str,
    new: &str,
) -> Result<(), Error> {
    let actor = &identified.actor;
    control.authorise(actor, Operation::OwnPassword)?;
    let me = acting(actor)?;
    let login = me.login.as_str();
    check("new_password", login, Some(old), new)?;
    let attempt = Attempt::begin(control, login, "changing the password").await?;
    let verified = credential::by_person(control.store.pool(), me.id).await?;
    let person = person::by_id(control.store.pool(), me.id).await?;
    let in_tree = !directory::is_local(control, person.as_ref(), verified.as_ref());
    if in_tree {
        match directory::password::change(control, &me.login, old, new).await {
            Ok(()) => {}
            // Nothing was compared.
            Err(error @ (Error::Unavailable(_) | Error::Conflict(_))) => {
                attempt.forget(control).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    } else if !password_fits(control, verified.as_ref(), old).await? {
        return Err(Error::invalid("old_password", "the old password is wrong"));
    }
    attempt.succeeded(control).await?;
    let text = new.to_owned();
    let (hash, verifier) =
        hashing(move || Ok((password::hash(&text)?, password::scram_verifier(&text)))).await?;

    let mut tx = control.store.begin().await?;
    let current = credential::by_person_locked(&mut tx, me.id).await?;
    let same = |a: &Option<Credential>| {
        a.as_ref()
            .map(|c| (c.password_hash.clone(), c.initial_sealed.clone()))
    };
    // What the tree holds by now counts; here is only a copy of it.
    if !in_tree && same(&current) != same(&verified) {
        return Err(Error::Conflict(
            "the password was changed by somebody else just now".to_owned(),
        ));
    }
    let changed = Credential {
        person: me.id,
        password_hash: Some(hash),
        scram_verifier: Some(verifier),
        initial_sealed: None,
        must_change: false,
        changed_at: control.now(),
        differs_since: None,
        scram_applied: current.as_ref().and_then(|c| c.scram_applied.clone()),
        claimed_at: current.and_then(|c| c.claimed_at),
    };
    credential::put(&mut tx, &changed).await?;
    if in_tree {
        directory_account::password_given(&mut tx, me.id, changed.changed_at).await?;
    }
    let keep = identified.session.as_ref().map(|session| session.token_hash);
    pglab_store::session::delete_of_person(&mut tx, me.id, keep).await?;
    let entry = audit::Entry::new(control.now(), actor, "password_change", login);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    if let Err(error) = converge(control, Some(me.id)).await {
        tracing::warn!(%error, %login, "PostgreSQL is given the changed password later");
    }
    control.wake().people_changed();
    Ok(())
}

/// Is the new password good enough? Length is what counts; rules about kinds of letters make passwords worse.
pub(crate) fn check(path: &str, login: &str, old: Option<&str>, new: &str) -> Result<(), Error> {
    let problem = if new.chars().count() < password::MIN_CHARS {
        format!("use at least {} characters", password::MIN_CHARS)
    } else if new.len() > password::MAX_BYTES {
        format!("use at most {} bytes", password::MAX_BYTES)
    } else if new.chars().any(char::is_control) {
        "leave out control characters: psql can't send them".to_owned()
    } else if new.to_lowercase() == login {
        "choose another one than the login".to_owned()
    } else if old == Some(new) {
        "choose another one than the old".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(path, problem))
}

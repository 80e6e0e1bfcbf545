//! An account that a stranger makes with a code, where the lab allows it and pglab itself keeps the passwords. It has no
//! e-mail address: nobody has checked that it is theirs.

use pglab_core::{
    access::Actor,
    access_code::AccessCode as Code,
    activity::Event,
    id::PersonId,
    person::{Login, Role},
};
use pglab_identity::password;
use pglab_store::{
    access_code as table, audit,
    credential::{self, Credential},
    person::{self, Person},
};
use serde_json::json;

use super::{
    join::{add, no_such_code, strangers_may, working},
    limit::{self, Guess},
};
use crate::{
    Control, Error, account,
    activity::{self, NewActivity},
    people, session,
    sign_in::hashing,
};

#[derive(Clone)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub password: String,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewAccount({:?})", self.login)
    }
}

/// Makes the account, a student of the code's lab, and signs in: the token for the cookie, and what the pages need to know.
///
/// # Errors
/// The code does not work, or too many were tried; the lab or the mode of identity allows no such accounts; the login is
/// taken; login, name or password are not what they can be.
pub async fn create_account(
    control: &Control,
    code: &str,
    new: NewAccount,
    address: &str,
) -> Result<(String, session::Description), Error> {
    let stranger = &Actor::Stranger;
    let guess = Guess::begin(control, stranger, address).await?;
    let lab = working(control, code).await?.ok_or_else(no_such_code)?;
    let code = Code::parse(code).map_err(|_| no_such_code())?;
    guess.succeeded(control).await?;
    if !strangers_may(control, &lab) {
        return Err(Error::Conflict(
            "with this code you join with the account that you have: sign in first, or ask your instructor for one"
                .to_owned(),
        ));
    }
    let login = Login::parse(&new.login).map_err(|error| Error::invalid("login", error.to_string()))?;
    let name = people::name(&new.name)?;
    account::check("password", login.as_str(), None, &new.password)?;
    let taken = || Error::Conflict(format!("the login {login} is taken; choose another one"));
    if person::by_login(control.store.pool(), &login).await?.is_some() {
        return Err(taken());
    }
    limit::account(control, address).await?;
    let text = new.password;
    let (hash, verifier) =
        hashing(move || Ok((password::hash(&text)?, password::scram_verifier(&text)))).await?;
    let now = control.now();
    let person = Person {
        id: PersonId::new(&*control.clock, &*control.random),
        login: login.clone(),
        name,
        email: None,
        external_id: None,
        role: Role::Student,
        created_at: now,
        disabled_at: None,
    };
    let secret = Credential {
        person: person.id,
        password_hash: Some(hash),
        scram_verifier: Some(verifier),
        initial_sealed: None,
        must_change: false,
        changed_at: now,
        differs_since: None,
        scram_applied: None,
        claimed_at: None,
    };
    let mut tx = control.store.begin().await?;
    // Before the code is counted: who waits for the same login waits for no lock that others need.
    person::insert(&mut tx, &person)
        .await
        .map_err(|error| match error {
            pglab_store::Error::Taken(_) => taken(),
            other => other.into(),
        })?;
    credential::put(&mut tx, &secret).await?;
    let lab = table::use_once(&mut tx, &code, now)
        .await?
        .ok_or_else(no_such_code)?;
    let (cookie, identified) = session::begin(control, &mut tx, &person).await?;
    let actor = &identified.actor;
    add(control, &mut tx, actor, lab, person.id, &code)
        .await?
        .ok_or_else(taken)?;
    let entry = audit::Entry::new(now, actor, "person_create", person.login.as_str())
        .detail(json!({ "role": person.role.as_str(), "code": code.as_str(), "address": address }));
    audit::insert(&mut tx, entry).await?;
    let registered = NewActivity::new(now, Event::UserRegistered).person(person.id);
    activity::record(&mut tx, &registered).await?;
    control.store.commit(tx).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    Ok((cookie, session::describe(control, &identified).await?))
}

//! Accounts, as an admin sees them: search, create, change, disable. People of a class come in by a roster instead.

use pglab_core::{
    access::{Actor, Operation},
    activity::Event,
    directory::IdentityMode,
    id::PersonId,
    person::{Login, Role},
};
pub use pglab_store::person::Person;
use pglab_store::{Tx, api_token, audit, credential, person, session};
use serde_json::json;

use crate::{
    Control, Error,
    activity::{self, NewActivity},
    credential::initial,
};

/// People on one page.
const PAGE: usize = 100;
/// The login of the first admin.
pub const FIRST_ADMIN: &str = "admin";

/// One page.
#[derive(Debug)]
pub struct Page {
    pub people: Vec<Person>,
    /// For the next call; `None` on the last page.
    pub next: Option<String>,
}

/// People whose login, name or e-mail contains `query`, by login; `cursor` is the `next` of the page before.
///
/// # Errors
/// Not an admin.
pub async fn list(
    control: &Control,
    actor: &Actor,
    query: &str,
    cursor: Option<&str>,
) -> Result<Page, Error> {
    control.authorise(actor, Operation::PersonManage)?;
    // A NUL can't be searched for, and nobody has one.
    if query.contains('\0') || cursor.is_some_and(|cursor| cursor.contains('\0')) {
        return Err(Error::invalid("query", "the query has a NUL character"));
    }
    let limit = i64::try_from(PAGE + 1).map_err(Error::internal)?;
    let mut people = person::list(control.store.pool(), query.trim(), cursor.unwrap_or(""), limit).await?;
    let more = people.len() > PAGE;
    people.truncate(PAGE);
    let next = people
        .last()
        .filter(|_| more)
        .map(|person| person.login.as_str().to_owned());
    Ok(Page { people, next })
}

#[derive(Debug, Clone)]
pub struct NewPerson {
    pub login: Login,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
}

/// The answer's second part is the initial password.
///
/// # Errors
/// Not an admin, the login is taken, or name and e-mail are not what they can be.
pub async fn create(control: &Control, actor: &Actor, new: NewPerson) -> Result<(Person, String), Error> {
    control.authorise(actor, Operation::PersonManage)?;
    if control.options().identity.mode() == IdentityMode::Directory && new.role != Role::Admin {
        return Err(Error::Conflict(
            "people come from the directory of your university: give them a role by one of its groups, or put them on the \
             roster of a lab. Only admins can have an account of pglab's own"
                .to_owned(),
        ));
    }
    let person = Person {
        id: PersonId::new(&*control.clock, &*control.random),
        login: new.login,
        name: name(&new.name)?,
        email: email(new.email)?,
        external_id: None,
        role: new.role,
        created_at: control.now(),
        disabled_at: None,
    };
    let mut tx = control.store.begin().await?;
    let password = insert(control, &mut tx, actor, &person)
        .await
        .map_err(|error| match error {
            Error::Conflict(_) => Error::Conflict(format!("the login {} is taken", person.login)),
            other => other,
        })?;
    control.store.commit(tx).await?;
    control.wake().people_changed();
    Ok((person, password))
}

async fn insert(control: &Control, tx: &mut Tx, actor: &Actor, person: &Person) -> Result<String, Error> {
    let initial = initial(control, person.id, false)?;
    person::insert(tx, person).await?;
    credential::put(tx, &initial.credential).await?;
    let entry = audit::Entry::new(control.now(), actor, "person_create", person.login.as_str())
        .detail(json!({ "role": person.role.as_str() }));
    audit::insert(tx, entry).await?;
    let registered = NewActivity::new(control.now(), Event::UserRegistered).person(person.id);
    activity::record(tx, &registered).await?;
    Ok(initial.password)
}

/// What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    pub name: Option<String>,
    /// An empty one takes the e-mail away.
    pub email: Option<String>,
    pub role: Option<Role>,
    /// Disabling ends the person's sessions and tokens.
    pub disabled: Option<bool>,
}

/// # Errors
/// Not an admin, nobody has the login, or it would leave nobody who is an admin.
pub async fn update(
    control: &Control,
    actor: &Actor,
    login: &Login,
    change: PersonChange,
) -> Result<Person, Error> {
    control.authorise(actor, Operation::PersonManage)?;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let admins = person::admins_locked(&mut tx).await?;
    let mut person = person::by_login(&mut *tx, login)
        .await?
        .ok_or_else(|| Error::NotFound(format!("person {login}")))?;
    if let Some(text) = change.name {
        person.name = name(&text)?;
    }
    if let Some(text) = change.email {
        person.email = email(Some(text))?;
    }
    let role_before = person.role;
    if let Some(role) = change.role {
        person.role = role;
    }
    match change.disabled {
        Some(true) => person.disabled_at = person.disabled_at.or(Some(now)),
        Some(false) => person.disabled_at = None,
        None => {}
    }
    let stays_admin = person.role == Role::Admin && person.disabled_at.is_none();
    if admins == [person.id] && !stays_admin {
        return Err(Error::Conflict(format!(
            "{login} is the only admin; make somebody else one first"
        )));
    }
    person::update(&mut tx, &person).await?;
    if person.disabled_at.is_some() {
        session::delete_of_person(&mut tx, person.id, None).await?;
        api_token::revoke_of_person(&mut tx, person.id, now).await?;
    }
    let entry = audit::Entry::new(now, actor, "person_update", login.as_str())
        .detail(json!({ "role": person.role.as_str(), "disabled": person.disabled_at.is_some() }));
    audit::insert(&mut tx, entry).await?;
    let changed = if person.role == role_before {
        NewActivity::new(now, Event::UserUpdated)
    } else {
        let roles = json!({ "from": role_before.as_str(), "to": person.role.as_str() });
        NewActivity::new(now, Event::UserRoleChanged).metadata(roles)
    };
    activity::record(&mut tx, &changed.person(person.id)).await?;
    control.store.commit(tx).await?;
    // Their way into PostgreSQL follows.
    control.wake().people_changed();
    Ok(person)
}

/// Makes the first admin where there is none, and gives the initial password: the only time that it is told.
///
/// # Errors
/// The login `admin` belongs to somebody who is no admin.
pub async fn ensure_admin(control: &Control) -> Result<Option<String>, Error> {
    let mut tx = control.store.begin().await?;
    if !person::admins_locked(&mut tx).await?.is_empty() {
        return Ok(None);
    }
    let person = Person {
        id: PersonId::new(&*control.clock, &*control.random),
        login: Login::parse(FIRST_ADMIN).map_err(Error::internal)?,
        name: "Administrator".to_owned(),
        email: None,
        external_id: None,
        role: Role::Admin,
        created_at: control.now(),
        disabled_at: None,
    };
    let password = insert(control, &mut tx, &Actor::System, &person).await?;
    control.store.commit(tx).await?;
    Ok(Some(password))
}

/// The initial password of the first admin, for as long as it stands. For who started pglab on this machine and was
/// not told it yet.
///
/// # Errors
/// Our own database does not answer.
pub async fn first_admin_password(control: &Control) -> Result<Option<String>, Error> {
    let login = Login::parse(FIRST_ADMIN).map_err(Error::internal)?;
    let Some(admin) = person::by_login(control.store.pool(), &login).await? else {
        return Ok(None);
    };
    match credential::by_person(control.store.pool(), admin.id).await? {
        Some(stored) => crate::credential::initial_password(control, &stored),
        None => Ok(None),
    }
}

pub(crate) fn name(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Error::invalid("name", "give a name of 1 to 200 characters"));
    }
    Ok(text.to_owned())
}

/// Only what can't be an address at all is refused.
fn email(text: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let fine = text.len() <= 254
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if fine {
        Ok(Some(text))
    } else {
        Err(Error::invalid("email", format!("{text:?} is no e-mail address")))
    }
}

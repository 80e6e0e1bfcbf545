//! Access codes: an instructor makes them, and whoever has one joins the lab as a student, once. Members who come by a
//! roster stand in [`crate::roster`].

mod account;
mod join;
mod limit;

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    access_code::AccessCode as Code,
    activity::Event,
    id::{AccessCodeId, PersonId},
    lab::LabState,
};
pub use pglab_store::access_code::AccessCode;
use pglab_store::{access_code as table, audit};
use serde_json::json;

pub use account::{NewAccount, create_account};
pub use join::{Joined, Offer, join, join_for, look};
pub(crate) use limit::{Guess, forget};

use crate::{
    Control, Error,
    activity::{self, NewActivity},
    lab,
};

/// Codes of one lab that work at the same time.
const MOST: usize = 100;
/// Uses of one code, if it has a limit at all.
const MOST_USES: u32 = 1_000_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCode {
    /// A random one when left out.
    pub code: Option<String>,
    /// `None`: until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// `None`: as many as one likes.
    pub max_uses: Option<u32>,
    /// Whom a program acts for. `None`: who acts.
    pub created_by: Option<PersonId>,
}

/// # Errors
/// Not an instructor of the lab; the lab takes nobody any more; the code is taken, or it, its end or its limit are not what
/// they can be.
pub async fn create(control: &Control, actor: &Actor, slug: &str, new: NewCode) -> Result<AccessCode, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let now = control.now();
    let own = match &new.code {
        Some(text) => Some(Code::parse(text).map_err(|error| Error::invalid("code", error.to_string()))?),
        None => None,
    };
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid("expires_at", "must be in the future"));
    }
    if new.max_uses.is_some_and(|most| !(1..=MOST_USES).contains(&most)) {
        return Err(Error::invalid("max_uses", "must be from 1 to 1000000"));
    }
    if !matches!(lab.state, LabState::Draft | LabState::Open) {
        return Err(Error::Conflict(format!(
            "the lab {slug} is {}: nobody joins it any more",
            lab.state.as_str()
        )));
    }
    let known = table::of_lab(control.store.pool(), lab.id).await?;
    if known.iter().filter(|code| code.works(now)).count() >= MOST {
        return Err(Error::Conflict(format!(
            "the lab {slug} has {MOST} codes that work; revoke some"
        )));
    }
    let created_by = new.created_by.or(match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    });
    let code = AccessCode {
        id: AccessCodeId::new(&*control.clock, &*control.random),
        lab: lab.id,
        code: own
            .unwrap_or_else(|| Code::random(&*control.random))
            .as_str()
            .to_owned(),
        expires_at: new.expires_at,
        max_uses: new.max_uses.and_then(|most| i32::try_from(most).ok()),
        used_count: 0,
        created_by,
        created_at: now,
        revoked_at: None,
    };
    let mut tx = control.store.begin().await?;
    table::insert(&mut tx, &code).await.map_err(|error| match error {
        pglab_store::Error::Taken(_) => {
            Error::Conflict(format!("the code {} is taken; choose another one", code.code))
        }
        other => other.into(),
    })?;
    let subject = format!("lab/{}", lab.slug);
    let detail = json!({ "code": code.code, "expires_at": code.expires_at, "max_uses": code.max_uses });
    let entry = audit::Entry::new(now, actor, "access_code_create", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    let generated = NewActivity::new(now, Event::AccessCodeGenerated)
        .person(created_by)
        .lab(lab.id)
        .access_code(code.id.uuid());
    activity::record(&mut tx, &generated).await?;
    control.store.commit(tx).await?;
    Ok(code)
}

/// The newest first, also those that work no longer.
///
/// # Errors
/// Not an instructor of the lab.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<AccessCode>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    Ok(table::of_lab(control.store.pool(), lab.id).await?)
}

/// Nobody joins by it any more; who did stays. Revoking twice is fine.
///
/// # Errors
/// Not an instructor of the lab, or the lab has no such code.
pub async fn revoke(control: &Control, actor: &Actor, slug: &str, code: &str) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let missing = || Error::NotFound(format!("access code {code:?} of the lab {slug}"));
    let parsed = Code::parse(code).map_err(|_| missing())?;
    let mut tx = control.store.begin().await?;
    if !table::revoke(&mut tx, lab.id, &parsed, control.now()).await? {
        return Err(missing());
    }
    let subject = format!("lab/{}", lab.slug);
    let entry = audit::Entry::new(control.now(), actor, "access_code_revoke", &subject)
        .detail(json!({ "code": parsed.as_str() }));
    audit::insert(&mut tx, entry).await?;
    let revoked = NewActivity::new(control.now(), Event::AccessCodeDeleted)
        .lab(lab.id)
        .metadata(json!({ "code": parsed.as_str() }));
    activity::record(&mut tx, &revoked).await?;
    Ok(control.store.commit(tx).await?)
}

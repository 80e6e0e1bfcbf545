//! Whom the provider vouches for, here: found by the sign-in that is linked to them, else recognised once by what is
//! configured, else made or refused.

use pglab_core::{
    access::Actor,
    activity::Event,
    directory::IdentityMode,
    id::PersonId,
    oidc::{Claimed, LinkBy, OidcSettings, Refusal, Strangers},
    person::{Login, Role},
};
use pglab_identity::oidc::SignedIn;
use pglab_store::{
    Tx, audit, credential, oidc_account,
    person::{self, Person},
};
use serde_json::json;

use super::Failure;
use crate::{
    Control, Error,
    activity::{self, NewActivity},
    credential::initial,
};

/// The person, in a transaction that is still open; and whether people changed, for who has to be woken.
pub(super) async fn admit(
    control: &Control,
    settings: &OidcSettings,
    signed_in: &SignedIn,
) -> Result<(Tx, Person, bool), Failure> {
    if signed_in.claims.groups_left_out(settings) {
        tracing::warn!(subject = %signed_in.subject, "the provider left the groups out because there are too many");
    }
    let refused = |refusal: Refusal| {
        tracing::info!(subject = %signed_in.subject, code = refusal.code(), "the provider's person did not get in");
        Failure::from(refusal)
    };
    let claimed = signed_in.claims.read(settings).map_err(refused)?;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let linked = oidc_account::person_of(&mut *tx, &settings.issuer, &signed_in.subject).await?;
    let linked = match linked {
        Some(id) => person::by_id(&mut *tx, id).await?,
        None => None,
    };
    let (person, made) = match linked {
        Some(known) => (known, false),
        None => match recognise(&mut tx, settings, &claimed).await? {
            Some(known) => {
                may_be_linked(&mut tx, settings, &known).await?.map_err(refused)?;
                link(control, &mut tx, settings, signed_in, &known).await?;
                (known, false)
            }
            None => {
                let made = make(control, &mut tx, settings, &claimed)
                    .await?
                    .map_err(refused)?;
                link(control, &mut tx, settings, signed_in, &made).await?;
                (made, true)
            }
        },
    };
    if person.disabled_at.is_some() {
        return Err(refused(Refusal::Disabled));
    }
    let fresh = refresh(&mut tx, &person, &claimed).await?;
    oidc_account::signed_in(
        &mut tx,
        &settings.issuer,
        &signed_in.subject,
        &claimed.groups,
        now,
    )
    .await?;
    let changed = made || fresh != person;
    Ok((tx, fresh, changed))
}

/// Who of the people here this is, as far as the settings let a claim say so.
async fn recognise(tx: &mut Tx, settings: &OidcSettings, claimed: &Claimed) -> Result<Option<Person>, Error> {
    for by in &settings.link_by {
        let found = match by {
            LinkBy::Login => match &claimed.login {
                Ok(login) => person::by_login(&mut **tx, login).await?,
                Err(_) => None,
            },
            LinkBy::ExternalId => match &claimed.external_id {
                Some(id) => {
                    let found = oidc_account::people_by_external_id(&mut **tx, id).await?;
                    only(tx, &found).await?
                }
                None => None,
            },
            LinkBy::Email => match claimed.email.as_ref().filter(|_| claimed.email_verified) {
                Some(email) => {
                    let found = oidc_account::people_by_email(&mut **tx, email).await?;
                    only(tx, &found).await?
                }
                None => None,
            },
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Two people with one address are nobody.
async fn only(tx: &mut Tx, found: &[PersonId]) -> Result<Option<Person>, Error> {
    match found {
        [one] => Ok(person::by_id(&mut **tx, *one).await?),
        _ => Ok(None),
    }
}

/// An admin of pglab's own is nobody at the provider, even one who is called the same; and who is linked stays so.
async fn may_be_linked(
    tx: &mut Tx,
    settings: &OidcSettings,
    known: &Person,
) -> Result<Result<(), Refusal>, Error> {
    if known.role == Role::Admin && credential::by_person(&mut **tx, known.id).await?.is_some() {
        return Ok(Err(Refusal::Admin));
    }
    let taken = oidc_account::is_linked(&mut **tx, &settings.issuer, known.id).await?;
    Ok(if taken { Err(Refusal::Taken) } else { Ok(()) })
}

async fn link(
    control: &Control,
    tx: &mut Tx,
    settings: &OidcSettings,
    signed_in: &SignedIn,
    person: &Person,
) -> Result<(), Failure> {
    let now = control.now();
    match oidc_account::link(tx, &settings.issuer, &signed_in.subject, person.id, now).await {
        Ok(()) => {}
        // Two first sign-ins at the same time.
        Err(pglab_store::Error::Taken(_)) => return Err(Refusal::Taken.into()),
        Err(error) => return Err(error.into()),
    }
    let entry = audit::Entry::new(now, &Actor::System, "person_link", person.login.as_str())
        .detail(json!({ "issuer": settings.issuer, "subject": signed_in.subject }));
    audit::insert(tx, entry).await?;
    Ok(())
}

async fn make(
    control: &Control,
    tx: &mut Tx,
    settings: &OidcSettings,
    claimed: &Claimed,
) -> Result<Result<Person, Refusal>, Error> {
    let login: Login = match &claimed.login {
        Ok(login) => login.clone(),
        Err(refusal) => return Ok(Err(*refusal)),
    };
    let roles = &settings.roles;
    let groups_decide = !(roles.admin.is_empty() && roles.instructor.is_empty() && roles.student.is_empty());
    let role = match claimed.role {
        Some(role) => role,
        None if !groups_decide => Role::Student,
        None => return Ok(Err(Refusal::Nobody)),
    };
    if settings.strangers == Strangers::Refuse {
        return Ok(Err(Refusal::Nobody));
    }
    if person::by_login(&mut **tx, &login).await?.is_some() {
        return Ok(Err(Refusal::Taken));
    }
    let person = Person {
        id: PersonId::new(&*control.clock, &*control.random),
        name: claimed.name.clone().unwrap_or_else(|| login.as_str().to_owned()),
        email: claimed.email.clone(),
        external_id: claimed.external_id.clone(),
        login,
        role,
        created_at: control.now(),
        disabled_at: None,
    };
    person::insert(tx, &person).await?;
    let registered = NewActivity::new(person.created_at, Event::UserRegistered).person(person.id);
    activity::record(tx, &registered).await?;
    // For PostgreSQL, where the provider opens nothing. The directory of a university has everybody's password already.
    if control.options().identity.mode() != IdentityMode::Directory {
        credential::put(tx, &initial(control, person.id, false)?.credential).await?;
    }
    let entry = audit::Entry::new(
        control.now(),
        &Actor::System,
        "person_create",
        person.login.as_str(),
    )
    .detail(json!({ "role": role.as_str(), "issuer": settings.issuer }));
    audit::insert(tx, entry).await?;
    Ok(Ok(person))
}

/// Who is in no group that means something keeps what an instructor made them; and nobody loses the last admin.
async fn refresh(tx: &mut Tx, known: &Person, claimed: &Claimed) -> Result<Person, Error> {
    let mut role = claimed.role.unwrap_or(known.role);
    if known.role == Role::Admin && role != Role::Admin && person::admins_locked(tx).await? == [known.id] {
        role = Role::Admin;
    }
    let fresh = Person {
        name: claimed.name.clone().unwrap_or_else(|| known.name.clone()),
        email: claimed.email.clone().or_else(|| known.email.clone()),
        external_id: claimed.external_id.clone().or_else(|| known.external_id.clone()),
        role,
        ..known.clone()
    };
    if fresh != *known {
        person::update(tx, &fresh).await?;
    }
    Ok(fresh)
}

//! Letting somebody in whom the directory lets in: who they are here, made at their first time and refreshed at every
//! other. In the mode `managed` pglab knows everybody already.

use std::time::Instant;

use pglab_core::{
    access::Actor,
    activity::Event,
    directory::{DirectorySettings, IdentityMode, IdentitySettings, roles},
    id::{MemberId, PersonId},
    lab::{LabState, MemberRole, Slug},
    person::{Login, Role},
};
use pglab_identity::{
    directory::{Entry, PolicyError, Refusal, SignIn, SignedIn},
    password,
};
use pglab_store::{
    Tx, audit,
    credential::{self, Credential},
    directory_account, lab,
    member::{self, NewMember},
    person::{self, Person},
};

use super::away;
use crate::{
    Control, Error,
    activity::{self, NewActivity},
    credential::initial_password,
    sign_in::{hashing, password_fits},
};

/// Asks the directory, and brings the person up to date.
///
/// # Errors
/// The directory refuses, does not answer, or pglab has no place for the person.
pub(crate) async fn person(control: &Control, login: &Login, password: &str) -> Result<Person, Error> {
    let Some(directory) = control.directory() else {
        return Err(Error::SignInRefused);
    };
    if password.is_empty() || password.len() > password::MAX_BYTES {
        return Err(Error::SignInRefused);
    }
    let identity = &control.options().identity;
    let begun = Instant::now();
    let answer = directory.sign_in(login.as_str(), password).await;
    control.metrics().directory_asked(begun.elapsed());
    let signed_in = match answer {
        Err(error) => return Err(away(&error)),
        Ok(SignIn::In(signed_in)) => *signed_in,
        // The password is right, and good for choosing another: in pglab's own tree that is done here.
        Ok(SignIn::Refused(Refusal::MustChange)) if identity.mode() == IdentityMode::Managed => {
            return managed(control, login, password, true).await;
        }
        Ok(SignIn::Refused(Refusal::MustChange)) => return Err(held(identity, PolicyError::MustChange)),
        Ok(SignIn::Refused(Refusal::Policy(error))) => return Err(held(identity, error)),
        Ok(SignIn::Refused(Refusal::Wrong)) => return Err(Error::SignInRefused),
        Ok(SignIn::Refused(Refusal::Nobody | Refusal::Several)) => {
            // As long as the comparison that there was none of.
            password_fits(control, None, password).await?;
            return Err(Error::SignInRefused);
        }
    };
    match identity {
        IdentitySettings::Local => Err(Error::SignInRefused),
        IdentitySettings::Managed(..) => {
            // It has expired, and works a few times more.
            let must_change = signed_in.policy.grace_left.is_some();
            managed(control, login, password, must_change).await
        }
        IdentitySettings::Directory(settings) => admit(control, settings, login, password, signed_in).await,
    }
}

/// What the directory says, with what to do about it.
fn held(identity: &IdentitySettings, error: PolicyError) -> Error {
    let said = match identity.mode() {
        IdentityMode::Directory => error.sentence_elsewhere(),
        IdentityMode::Local | IdentityMode::Managed => error.sentence(),
    };
    Error::AccountHeld(said.to_owned())
}

/// A person of the tree that pglab fills. Was the initial password changed by other means than pglab's, it is of no use to
/// anybody and is forgotten. `must_change`: the directory wants another password before anything else.
async fn managed(
    control: &Control,
    login: &Login,
    password: &str,
    must_change: bool,
) -> Result<Person, Error> {
    let pool = control.store.pool();
    let known = person::by_login(pool, login).await?;
    let person = known
        .filter(|person| person.disabled_at.is_none())
        .ok_or(Error::SignInRefused)?;
    let Some(found) = credential::by_person(pool, person.id).await? else {
        return Ok(person);
    };
    let initial = initial_password(control, &found)?;
    let chosen_elsewhere = initial.is_some_and(|initial| initial != password);
    if !chosen_elsewhere && (found.must_change || !must_change) {
        return Ok(person);
    }
    let fresh = if chosen_elsewhere {
        let chosen = password.to_owned();
        let (hash, verifier) =
            hashing(move || Ok((password::hash(&chosen)?, password::scram_verifier(&chosen)))).await?;
        Credential {
            password_hash: Some(hash),
            scram_verifier: Some(verifier),
            initial_sealed: None,
            must_change,
            changed_at: control.now(),
            ..found.clone()
        }
    } else {
        Credential {
            must_change,
            ..found.clone()
        }
    };
    let mut tx = control.store.begin().await?;
    let current = credential::by_person_locked(&mut tx, person.id).await?;
    let as_found = current.as_ref().is_some_and(|current| {
        current.initial_sealed == found.initial_sealed && current.changed_at == found.changed_at
    });
    if as_found {
        credential::put(&mut tx, &fresh).await?;
        if chosen_elsewhere {
            directory_account::password_given(&mut tx, person.id, fresh.changed_at).await?;
        }
        control.store.commit(tx).await?;
    }
    Ok(person)
}

/// A person of the university's directory.
async fn admit(
    control: &Control,
    settings: &DirectorySettings,
    typed: &Login,
    password: &str,
    signed_in: SignedIn,
) -> Result<Person, Error> {
    let SignedIn { entry, groups, .. } = signed_in;
    // The directory may know people by more than one name; here they have one.
    let login = match &entry.login {
        Some(login) => Login::parse(login).map_err(|error| {
            Error::AccountHeld(format!(
                "the directory calls you by a login that PostgreSQL can't have: {error}"
            ))
        })?,
        None => typed.clone(),
    };
    let role = settings.roles.role_of(&groups);
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let person = match person::by_login(&mut *tx, &login).await? {
        Some(known) if known.disabled_at.is_some() => return Err(Error::SignInRefused),
        Some(known) => {
            // An admin of pglab's own is nobody in the directory, even one who is called the same.
            if known.role == Role::Admin && credential::by_person(&mut *tx, known.id).await?.is_some() {
                return Err(Error::SignInRefused);
            }
            refresh(&mut tx, known, &entry, role).await?
        }
        None => {
            let role = role.ok_or_else(|| {
                Error::AccountHeld(
                    "the directory knows you, but you have no place in pglab; ask your instructor for one"
                        .to_owned(),
                )
            })?;
            let person = Person {
                id: PersonId::new(&*control.clock, &*control.random),
                name: entry.name.clone().unwrap_or_else(|| login.as_str().to_owned()),
                email: entry.email.clone(),
                external_id: entry.external_id.clone(),
                login,
                role,
                created_at: now,
                disabled_at: None,
            };
            person::insert(&mut tx, &person).await?;
            let registered = NewActivity::new(person.created_at, Event::UserRegistered).person(person.id);
            activity::record(&mut tx, &registered).await?;
            let made = audit::Entry::new(now, &Actor::System, "person_create", person.login.as_str())
                .detail(serde_json::json!({ "role": role.as_str(), "directory": entry.dn }));
            audit::insert(&mut tx, made).await?;
            person
        }
    };
    // From a time when pglab kept the passwords.
    directory_account::forget_credential(&mut tx, person.id).await?;
    let joined = join_labs(control, &mut tx, settings, &person, &groups).await?;
    let fallback = if directory_account::has_fallback(&mut *tx, person.id).await? {
        let known = password.to_owned();
        Some(hashing(move || Ok(password::scram_verifier(&known))).await?)
    } else {
        None
    };
    directory_account::signed_in(&mut tx, person.id, &groups, fallback.as_deref(), now).await?;
    control.store.commit(tx).await?;
    if joined || fallback.is_some() {
        control.wake().people_changed();
    }
    Ok(person)
}

async fn refresh(tx: &mut Tx, known: Person, entry: &Entry, role: Option<Role>) -> Result<Person, Error> {
    let fresh = Person {
        name: entry.name.clone().unwrap_or_else(|| known.name.clone()),
        email: entry.email.clone().or_else(|| known.email.clone()),
        external_id: entry.external_id.clone().or_else(|| known.external_id.clone()),
        // Who is in no group that means something keeps what an instructor made them.
        role: role.unwrap_or(known.role),
        ..known.clone()
    };
    if fresh != known {
        person::update(tx, &fresh).await?;
    }
    Ok(fresh)
}

/// Gives the person the places that their groups have. Whom an instructor took out of a lab stays out.
async fn join_labs(
    control: &Control,
    tx: &mut Tx,
    settings: &DirectorySettings,
    person: &Person,
    groups: &[String],
) -> Result<bool, Error> {
    let mut joined = false;
    for place in roles::labs_of(&settings.labs, groups) {
        let Ok(slug) = Slug::parse(&place.lab) else {
            continue;
        };
        let Some(lab) = lab::by_slug(&mut **tx, &slug).await? else {
            tracing::warn!(lab = %place.lab, group = %place.group, "a group of the directory is for a lab that is not there");
            continue;
        };
        if !matches!(lab.state, LabState::Draft | LabState::Open) {
            continue;
        }
        // Whoever teaches a lab sees its students' passwords: an account of more power is no student.
        if place.role == MemberRole::Student && person.role != Role::Student {
            continue;
        }
        let there = member::of_lab(&mut **tx, lab.id).await?;
        if there.iter().any(|member| member.person == person.id) {
            continue;
        }
        let new = NewMember {
            id: MemberId::new(&*control.clock, &*control.random),
            lab: lab.id,
            person: person.id,
            role: place.role,
            section: None,
            seat: None,
            added_at: control.now(),
        };
        member::insert(tx, &new).await?;
        joined = true;
    }
    Ok(joined)
}

//! Joining a lab by a code. Whoever is a student of the lab already uses nothing up; whoever was removed stays out.

use pglab_core::{
    access::{Actor, Operation},
    access_code::AccessCode as Code,
    activity::Event,
    directory::IdentityMode,
    id::{LabId, MemberId, PersonId},
    lab::{LabState, MemberRole},
    person::Role,
};
use pglab_store::{
    Tx, access_code as table, audit,
    lab::{self as labs, Lab},
    membership, person, timeline,
};
use serde_json::json;

use super::limit::Guess;
use crate::{
    Control, Error,
    account::acting,
    activity::{self, NewActivity},
};

/// The lab that somebody is a student of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub lab: Lab,
    pub member: MemberId,
    /// They were before, and nothing was used up.
    pub already: bool,
}

/// What a code is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub lab: Lab,
    /// Who has no account may make one with it.
    pub accounts: bool,
}

/// Mistyped, revoked, expired, used up, or of a lab that is over: whoever guesses learns nothing.
pub(super) fn no_such_code() -> Error {
    Error::invalid(
        "code",
        "no lab can be joined by this code: it may be mistyped, expired or used up; ask your instructor",
    )
}

/// What the code is for, for whoever has it.
///
/// # Errors
/// The code does not work, or too many were tried.
pub async fn look(control: &Control, actor: &Actor, code: &str, address: &str) -> Result<Offer, Error> {
    let guess = Guess::begin(control, actor, address).await?;
    let lab = working(control, code).await?.ok_or_else(no_such_code)?;
    guess.succeeded(control).await?;
    Ok(Offer {
        accounts: strangers_may(control, &lab),
        lab,
    })
}

/// Where others keep the accounts, people come with theirs.
pub(super) fn strangers_may(control: &Control, lab: &Lab) -> bool {
    lab.settings.self_registration
        && control.options().identity.mode() == IdentityMode::Local
        && control.oidc().is_none()
}

/// The lab of a code that works now.
pub(super) async fn working(control: &Control, code: &str) -> Result<Option<Lab>, Error> {
    let Ok(code) = Code::parse(code) else {
        return Ok(None);
    };
    let pool = control.store.pool();
    let Some(code) = table::by_code(pool, &code)
        .await?
        .filter(|code| code.works(control.now()))
    else {
        return Ok(None);
    };
    Ok(labs::by_id(pool, code.lab).await?.filter(|lab| {
        matches!(lab.state, LabState::Draft | LabState::Open) && lab.delete_wanted_at.is_none()
    }))
}

/// Makes who acts a student of the code's lab.
///
/// # Errors
/// Not signed in; the code does not work, or too many were tried; an account that is no student's; removed from the lab.
pub async fn join(control: &Control, actor: &Actor, code: &str, address: &str) -> Result<Joined, Error> {
    control.authorise(actor, Operation::LabJoin)?;
    let me = acting(actor)?.id;
    let guess = Guess::begin(control, actor, address).await?;
    let joined = as_student(control, actor, me, code, |_| true).await;
    if !matches!(joined, Err(Error::Invalid { .. })) {
        guess.succeeded(control).await?;
    }
    joined
}

/// The same for a person whom a program acts for, in the labs that it may act in. Nothing limits how often it tries.
///
/// # Errors
/// As [`join`]; only pglab itself may. A code of another lab does not work.
pub async fn join_for(
    control: &Control,
    actor: &Actor,
    person: PersonId,
    code: &str,
    within: impl Fn(LabId) -> bool,
) -> Result<Joined, Error> {
    match actor {
        Actor::System => as_student(control, actor, person, code, within).await,
        Actor::Stranger => Err(Error::NotSignedIn),
        Actor::Person(_) => Err(Error::Forbidden),
    }
}

async fn as_student(
    control: &Control,
    actor: &Actor,
    person: PersonId,
    code: &str,
    within: impl Fn(LabId) -> bool,
) -> Result<Joined, Error> {
    let code = Code::parse(code).map_err(|_| no_such_code())?;
    let pool = control.store.pool();
    let known = table::by_code(pool, &code)
        .await?
        .filter(|known| within(known.lab))
        .ok_or_else(no_such_code)?;
    if let Some(joined) = already(control, known.lab, person).await? {
        return Ok(joined);
    }
    let account = person::by_id(pool, person)
        .await?
        .filter(|account| account.disabled_at.is_none())
        .ok_or_else(|| Error::NotFound("person".to_owned()))?;
    // Whoever teaches a lab sees and resets the passwords of its students.
    if account.role != Role::Student {
        return Err(Error::Conflict(
            "this is the account of an instructor or admin; students join with an account of their own"
                .to_owned(),
        ));
    }
    let mut tx = control.store.begin().await?;
    let lab = table::use_once(&mut tx, &code, control.now())
        .await?
        .ok_or_else(no_such_code)?;
    let Some(member) = add(control, &mut tx, actor, lab, person, &code).await? else {
        // Rolled back: nothing is used up.
        drop(tx);
        return already(control, lab, person).await?.ok_or_else(|| {
            Error::Conflict(
                "you were removed from this lab; ask its instructor to let you in again".to_owned(),
            )
        });
    };
    control.store.commit(tx).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    joined(control, lab, member, false).await
}

async fn already(control: &Control, lab: LabId, person: PersonId) -> Result<Option<Joined>, Error> {
    let Some(place) = membership::of_person(control.store.pool(), lab, person).await? else {
        return Ok(None);
    };
    if place.role != MemberRole::Student {
        return Err(Error::Conflict(
            "you are of the staff of this lab already".to_owned(),
        ));
    }
    joined(control, lab, place.member, true).await.map(Some)
}

async fn joined(control: &Control, lab: LabId, member: MemberId, already: bool) -> Result<Joined, Error> {
    let lab = labs::by_id(control.store.pool(), lab)
        .await?
        .ok_or_else(no_such_code)?;
    Ok(Joined { lab, member, already })
}

/// `None`: is or was a member.
pub(super) async fn add(
    control: &Control,
    tx: &mut Tx,
    actor: &Actor,
    lab: LabId,
    person: PersonId,
    code: &Code,
) -> Result<Option<MemberId>, Error> {
    let member = MemberId::new(&*control.clock, &*control.random);
    let now = control.now();
    if !table::add_student(tx, member, lab, person, now).await? {
        return Ok(None);
    }
    let happened = timeline::NewEntry {
        member,
        at: now,
        kind: timeline::Kind::Roster,
        text: format!("Joined with the code {code}."),
        task: None,
        points: None,
    };
    timeline::insert(tx, &[happened]).await?;
    let subject = member.to_string();
    let detail = json!({ "lab": lab.to_string(), "person": person.to_string(), "code": code.as_str() });
    let entry = audit::Entry::new(now, actor, "lab_join", &subject).detail(detail);
    audit::insert(tx, entry).await?;
    for event in [Event::AccessCodeUsed, Event::GroupJoined] {
        let joined = NewActivity::new(now, event)
            .person(person)
            .lab(lab)
            .metadata(json!({ "code": code.as_str() }));
        activity::record(tx, &joined).await?;
    }
    Ok(Some(member))
}

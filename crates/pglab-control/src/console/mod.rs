//! SQL consoles on students' databases: who may open one, how many there are, and the login that they use. What is said
//! in one is in [`serve`]; how it reaches a browser is the API's business.

mod places;
mod serve;

use std::{hash::BuildHasher, time::Duration};

use pglab_core::{
    access::{Actor, Operation, may},
    console::{Event, Limits},
    id::MemberId,
    ident::Ident,
    instance::InstanceState,
    lab::{LabState, MemberRole},
    names,
};
use pglab_fleet::{
    console::{Error as SessionError, Manner, Session},
    provision::console::{ConsoleLogin, open_login},
};
use pglab_identity::password;
use pglab_store::{audit, instance};
use tokio::sync::{Mutex, MutexGuard};

pub use self::{
    places::{Consoles, Place},
    serve::{Command, Console},
};
use crate::{Control, Error, lab, member};

/// A fresh password is good for so long.
const USABLE_FOR: Duration = Duration::from_secs(30);
/// Open at a time on one database, over all processes of pglab; more than one person may have here, because a backend
/// that lost its browser takes a moment to end.
const MAX_CONNECTIONS: u16 = 8;
/// Another process may set another password in between.
const ATTEMPTS: u32 = 3;

/// Whose database, and what may be done there.
#[derive(Debug, Clone)]
pub struct Target {
    member: MemberId,
    database: Ident,
    member_role: Ident,
    login_role: Ident,
    mark: String,
    manner: Manner,
}

impl Target {
    pub fn is_read_only(&self) -> bool {
        self.manner == Manner::ReadOnly
    }
}

/// May the actor have a console on the database of `login` (their own, where it is not said), now? Asked again before
/// everything that is run.
///
/// # Errors
/// Not theirs to do, the lab is not open, or there is no database at this moment.
pub async fn check(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: Option<&str>,
) -> Result<Target, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let pool = control.store.pool();
    let found = match (login, place) {
        (Some(login), _) => member::find(control, &lab, place, actor, login).await?,
        (None, Some(place)) if place.role == MemberRole::Student => {
            pglab_store::member::by_id(pool, place.member)
                .await?
                .ok_or_else(|| Error::NotFound(format!("place of yours in the lab {slug}")))?
        }
        (None, _) => {
            control.authorise(actor, Operation::LabView(None))?;
            return Err(Error::NotFound(format!(
                "place of yours as a student of the lab {slug}"
            )));
        }
    };
    let manner = if may(actor, Operation::ConsoleUse(place, found.id)) {
        Manner::Plain
    } else {
        control.authorise(actor, Operation::ConsoleLook(place))?;
        Manner::ReadOnly
    };
    if lab.state != LabState::Open {
        return Err(Error::Conflict(format!(
            "the lab {slug} is not open: nobody can run statements there now"
        )));
    }
    let instance = instance::by_member(pool, found.id)
        .await?
        .filter(|instance| instance.state == InstanceState::Active)
        .ok_or_else(|| {
            Error::Conflict(format!(
                "the database of {} is not ready; try again in a moment",
                found.login
            ))
        })?;
    let login_role = match manner {
        Manner::Plain => names::console_role(found.id),
        Manner::ReadOnly => names::onlooker_role(found.id),
    };
    Ok(Target {
        member: found.id,
        database: instance.database,
        member_role: found.login.role().clone(),
        login_role: login_role.map_err(Error::internal)?,
        mark: instance.id.to_string(),
        manner,
    })
}

/// Takes one of the places that there are for consoles, for one that [`check`] allows.
///
/// # Errors
/// Too many are open.
pub async fn admit(control: &Control, actor: &Actor, slug: &str, target: &Target) -> Result<Place, Error> {
    let place = control.consoles().take(actor)?;
    if target.is_read_only() {
        // Somebody looks into somebody else's work.
        let subject = format!("lab/{slug}/member/{}", target.member_role.as_str());
        let mut tx = control.store.begin().await?;
        let entry = audit::Entry::new(control.now(), actor, "console_look", &subject);
        audit::insert(&mut tx, entry).await?;
        control.store.commit(tx).await?;
    }
    Ok(place)
}

/// Opens the session.
///
/// # Errors
/// The cluster does not answer, or refuses.
pub async fn open(control: &Control, target: Target, place: Place) -> Result<Console, Error> {
    let session = sign_in(control, &target).await?;
    let ready = Event::Ready {
        database: target.database.as_str().to_owned(),
        role: target.member_role.as_str().to_owned(),
        read_only: target.is_read_only(),
        server_version: session.server_version().to_owned(),
        pid: session.canceller().pid(),
        limits: Limits::default(),
    };
    Ok(Console::new(
        control.clone(),
        target.login_role,
        session,
        ready,
        place,
    ))
}

async fn sign_in(control: &Control, target: &Target) -> Result<Session, Error> {
    // The second of two that sign in at once would set another password under the first.
    let _alone = control.consoles().alone(target.member).await;
    let maintenance = control.cluster.maintenance().await?;
    let mut attempts = 0;
    loop {
        let secret = password::readable(&*control.random);
        let of = secret.clone();
        let verifier = tokio::task::spawn_blocking(move || password::scram_verifier(&of))
            .await
            .map_err(Error::internal)?;
        let login = ConsoleLogin {
            role: &target.login_role,
            member_role: &target.member_role,
            verifier: &verifier,
            usable_for: USABLE_FOR,
            max_connections: MAX_CONNECTIONS,
            mark: &target.mark,
        };
        open_login(&maintenance, &login).await?;
        let config = control
            .cluster
            .login_config(&target.login_role, &secret, &target.database);
        let role = target.member_role.as_str();
        attempts += 1;
        match Session::open(&config, role, target.manner, Limits::default()).await {
            Ok(session) => return Ok(session),
            Err(error) if error.code() == Some("28P01") && attempts < ATTEMPTS => {}
            Err(error) => return Err(refused(target, error)),
        }
    }
}

fn refused(target: &Target, error: SessionError) -> Error {
    let database = target.database.as_str();
    match error.code() {
        Some("53300") => Error::Conflict(format!(
            "too many connections to {database} are open; close some and try again"
        )),
        Some("42501" | "3D000" | "55000") => Error::Conflict(format!(
            "the database {database} takes no connections at this moment; your instructor sees why"
        )),
        Some(_) => {
            tracing::warn!(database, %error, "a console could not sign in");
            Error::Unavailable("PostgreSQL refuses the console; pglab's log has the cause".to_owned())
        }
        None => {
            tracing::error!(database, %error, "a console could not be opened");
            Error::Unavailable("the students' PostgreSQL does not answer; try again in a moment".to_owned())
        }
    }
}

/// One of a few locks, so that sign-ins of one member go one after the other and those of a class not all at once.
#[derive(Debug, Default)]
struct Alone {
    locks: [Mutex<()>; 16],
    hasher: std::hash::RandomState,
}

impl Alone {
    async fn lock(&self, member: MemberId) -> Option<MutexGuard<'_, ()>> {
        let n = self.hasher.hash_one(member) % 16;
        match self.locks.get(usize::try_from(n).unwrap_or(0)) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}

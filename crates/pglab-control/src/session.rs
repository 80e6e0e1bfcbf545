//! Who acts: sessions of the pages and API tokens become an [`Actor`] here. Signing in and the rate limits stand in
//! [`crate::sign_in`]; what an actor may do is decided in `pglab_core::access`.

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    access::{ActingPerson, Actor, Operation},
    activity::Event,
};
use pglab_identity::token;
use pglab_store::{
    Tx,
    api_token::{self, ApiToken},
    credential, oidc_account,
    person::{self, Person},
    session::{self, Session},
};

use crate::{
    Control, Error,
    activity::{self, NewActivity},
};

/// A session that nobody uses ends after this long.
const IDLE: TimeDelta = TimeDelta::hours(12);
/// A session ends after this long, however much it is used.
pub const LONGEST: TimeDelta = TimeDelta::days(7);
/// When something was used last is written at most this often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// The scope of a token that may scrape metrics and nothing else.
pub const SCRAPING: &str = "metrics";
/// What an API token begins with.
pub const TOKEN_PREFIX: &str = "pgl_";

/// What somebody shows to say who they are.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    Nothing,
    Cookie(&'a str),
    ApiToken(&'a str),
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Cookie(_) => "Cookie(…)",
            Self::ApiToken(_) => "ApiToken(…)",
        })
    }
}

/// Who it is.
#[derive(Debug, Clone)]
pub struct Identified {
    pub actor: Actor,
    /// Only behind a cookie.
    pub session: Option<Session>,
}

impl Identified {
    const STRANGER: Self = Self {
        actor: Actor::Stranger,
        session: None,
    };

    /// Does the request carry the session's CSRF token? Where there is no cookie, there is nothing to forge.
    pub fn csrf_fits(&self, shown: Option<&str>) -> bool {
        self.session
            .as_ref()
            .is_none_or(|session| shown.is_some_and(|shown| token::same(shown, &session.csrf_token)))
    }
}

/// Looks up who shows this. A cookie that does not stand any more makes a stranger, so that its owner can sign in
/// again; a token that does not is an error, because a program that carries one means it.
///
/// # Errors
/// Not signed in, for a token that is unknown, expired or revoked, or whose owner is disabled.
pub async fn identify(control: &Control, shown: Shown<'_>) -> Result<Identified, Error> {
    match shown {
        Shown::Nothing => Ok(Identified::STRANGER),
        Shown::Cookie(cookie) => by_cookie(control, cookie).await,
        Shown::ApiToken(token) => by_token(control, token, "read").await,
    }
}

/// The same for a program that scrapes: its token needs only the scope `metrics`, and one that reads will do.
///
/// # Errors
/// As [`identify`].
pub async fn identify_scraper(control: &Control, shown: Shown<'_>) -> Result<Identified, Error> {
    match shown {
        Shown::ApiToken(token) => by_token(control, token, SCRAPING).await,
        other => identify(control, other).await,
    }
}

async fn by_cookie(control: &Control, cookie: &str) -> Result<Identified, Error> {
    let now = control.now();
    let pool = control.store.pool();
    let Some(mut session) = session::by_hash(pool, token::hash(cookie), now).await? else {
        return Ok(Identified::STRANGER);
    };
    let Some(person) = person::by_id(pool, session.person).await? else {
        return Ok(Identified::STRANGER);
    };
    if person.disabled_at.is_some() {
        return Ok(Identified::STRANGER);
    }
    if now - session.last_seen_at >= NOTED_EVERY {
        session.last_seen_at = now;
        session.expires_at = expiry(session.created_at, now);
        let mut tx = control.store.begin().await?;
        session::seen(&mut tx, session.token_hash, now, session.expires_at).await?;
        control.store.commit(tx).await?;
    }
    // Whoever came through a provider may not even know the initial password.
    let must_change_password = must_change(control, &person).await?
        && oidc_account::id_token_of(pool, session.token_hash)
            .await?
            .is_none();
    Ok(Identified {
        actor: acting(&person, must_change_password, false),
        session: Some(session),
    })
}

async fn by_token(control: &Control, shown: &str, scope: &str) -> Result<Identified, Error> {
    let now = control.now();
    let pool = control.store.pool();
    let Some(found) = api_token::by_hash(pool, token::hash(shown), now).await? else {
        return Err(Error::NotSignedIn);
    };
    // One that reads may see all that its owner may, so also what is scraped.
    if !found.scopes.iter().any(|has| has == scope || has == "read") {
        return Err(Error::Forbidden);
    }
    of_token(control, &found, found.scopes.iter().any(|scope| scope == "write")).await
}

/// The owner of a token that was looked up; `writes`: the token may change something.
pub(crate) async fn of_token(control: &Control, found: &ApiToken, writes: bool) -> Result<Identified, Error> {
    let now = control.now();
    let person = person::by_id(control.store.pool(), found.person)
        .await?
        .ok_or(Error::NotSignedIn)?;
    if person.disabled_at.is_some() {
        return Err(Error::NotSignedIn);
    }
    if found.last_used_at.is_none_or(|last| now - last >= NOTED_EVERY) {
        let mut tx = control.store.begin().await?;
        api_token::used(&mut tx, found.id, now).await?;
        control.store.commit(tx).await?;
    }
    let must_change_password = must_change(control, &person).await?;
    Ok(Identified {
        actor: acting(&person, must_change_password, !writes),
        session: None,
    })
}

async fn must_change(control: &Control, person: &Person) -> Result<bool, Error> {
    let credential = credential::by_person(control.store.pool(), person.id).await?;
    Ok(credential.is_some_and(|credential| credential.must_change))
}

fn acting(person: &Person, must_change_password: bool, read_only: bool) -> Actor {
    Actor::Person(ActingPerson {
        id: person.id,
        login: person.login.clone(),
        role: person.role,
        must_change_password,
        read_only,
    })
}

fn expiry(created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + IDLE).min(created_at + LONGEST)
}

/// Begins a session for somebody who proved who they are. The token is for the cookie; only its hash is kept.
pub(crate) async fn begin(
    control: &Control,
    tx: &mut Tx,
    person: &Person,
) -> Result<(String, Identified), Error> {
    let now = control.now();
    let cookie = token::generate(&*control.random, "");
    let session = Session {
        token_hash: token::hash(&cookie),
        person: person.id,
        csrf_token: token::generate(&*control.random, ""),
        created_at: now,
        last_seen_at: now,
        expires_at: expiry(now, now),
    };
    session::insert(tx, &session).await?;
    activity::record(tx, &NewActivity::new(now, Event::UserLoggedIn).person(person.id)).await?;
    let must_change_password = must_change(control, person).await?;
    let identified = Identified {
        actor: acting(person, must_change_password, false),
        session: Some(session),
    };
    Ok((cookie, identified))
}

/// Ends the session. A token stays: it is revoked instead.
///
/// # Errors
/// Not signed in.
pub async fn end(control: &Control, identified: &Identified) -> Result<(), Error> {
    control.authorise(&identified.actor, Operation::OwnSession)?;
    if let Some(session) = &identified.session {
        let mut tx = control.store.begin().await?;
        session::delete(&mut tx, session.token_hash).await?;
        control.store.commit(tx).await?;
    }
    Ok(())
}

/// What the pages need to know of who is signed in.
#[derive(Debug, Clone)]
pub struct Description {
    /// `None` for a stranger.
    pub person: Option<Person>,
    pub must_change_password: bool,
    pub csrf_token: Option<String>,
    /// What the person may do besides their own account and labs.
    pub may: Vec<&'static str>,
}

/// Describes whoever it is; a stranger is one too.
///
/// # Errors
/// Our own database does not answer.
pub async fn describe(control: &Control, identified: &Identified) -> Result<Description, Error> {
    let Actor::Person(acting) = &identified.actor else {
        return Ok(Description {
            person: None,
            must_change_password: false,
            csrf_token: None,
            may: Vec::new(),
        });
    };
    let may = [
        ("lab_create", Operation::LabCreate),
        ("person_manage", Operation::PersonManage),
        ("system_view", Operation::SystemView),
    ];
    Ok(Description {
        person: person::by_id(control.store.pool(), acting.id).await?,
        must_change_password: acting.must_change_password,
        csrf_token: identified
            .session
            .as_ref()
            .map(|session| session.csrf_token.clone()),
        may: may
            .into_iter()
            .filter(|(_, operation)| control.authorise(&identified.actor, *operation).is_ok())
            .map(|(name, _)| name)
            .collect(),
    })
}

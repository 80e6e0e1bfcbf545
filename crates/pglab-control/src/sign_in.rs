//! Signing in with login and password, and the limits on trying. Refusals don't tell, by words or by time, whether the
//! login exists.

use chrono::TimeDelta;
use pglab_core::{directory::IdentityMode, person::Login};
use pglab_identity::{password, token};
use pglab_store::{
    audit,
    credential::{self, Credential},
    person, sign_in_failure,
};
use tokio::sync::Semaphore;

use crate::{Control, Error, credential::initial_password, directory, session};

/// Failures are counted over this long.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Failures of one login from one address.
pub const MOST_OF_BOTH: i64 = 10;
/// Failures of one login from anywhere: somebody who tries from many addresses.
pub const MOST_OF_LOGIN: i64 = 50;
/// Failures from one address, over all logins. A class often shares one.
pub const MOST_OF_ADDRESS: i64 = 300;

/// Passwords hashed at a time, in the whole process: each takes 19 MiB and one core for tens of milliseconds.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Signs in: the token for the cookie, and what the pages need to know. `address` is where the request comes from.
///
/// # Errors
/// [`Error::SignInRefused`], or [`Error::RateLimited`] after too many of them.
pub async fn sign_in(
    control: &Control,
    login: &str,
    password: &str,
    address: &str,
) -> Result<(String, session::Description), Error> {
    let mut mode = control.options().identity.mode();
    let result = sign_in_uncounted(control, login, password, address, &mut mode).await;
    control.metrics().signed_in(mode.as_str(), &result);
    result
}

/// `mode` becomes who was asked.
async fn sign_in_uncounted(
    control: &Control,
    login: &str,
    password: &str,
    address: &str,
    mode: &mut IdentityMode,
) -> Result<(String, session::Description), Error> {
    let parsed = Login::parse(login).ok();
    let counted = counted(login, parsed.as_ref());
    let attempt = Attempt::begin(control, &counted, address).await?;
    let pool = control.store.pool();
    let person = match &parsed {
        Some(login) => person::by_login(pool, login).await?,
        None => None,
    };
    let credential = match &person {
        Some(person) => credential::by_person(pool, person.id).await?,
        None => None,
    };
    let person = if directory::is_local(control, person.as_ref(), credential.as_ref()) {
        *mode = IdentityMode::Local;
        let fits = password_fits(control, credential.as_ref(), password).await?;
        person
            .filter(|person| fits && person.disabled_at.is_none())
            .ok_or(Error::SignInRefused)?
    } else {
        let login = parsed.as_ref().ok_or(Error::SignInRefused)?;
        match directory::sign_in::person(control, login, password).await {
            Ok(person) => person,
            // Nothing was compared: whoever tries while the directory is away is not shut out afterwards.
            Err(error @ Error::Unavailable(_)) => {
                attempt.forget(control).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    };
    let mut tx = control.store.begin().await?;
    sign_in_failure::delete_of(&mut tx, attempt.login, attempt.address).await?;
    let (cookie, identified) = session::begin(control, &mut tx, &person).await?;
    let entry = audit::Entry::new(control.now(), &identified.actor, "sign_in", &counted)
        .detail(serde_json::json!({ "address": address }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok((cookie, session::describe(control, &identified).await?))
}

/// What the login is counted as: what somebody typed may be anything.
fn counted(typed: &str, parsed: Option<&Login>) -> String {
    match parsed {
        Some(login) => login.as_str().to_owned(),
        None => typed.chars().filter(|c| !c.is_control()).take(63).collect(),
    }
}

/// One try, counted as a failure until it succeeds: so many at the same time are no way around the limit.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    id: i64,
    login: &'a str,
    address: &'a str,
}

impl<'a> Attempt<'a> {
    pub(crate) async fn begin(control: &Control, login: &'a str, address: &'a str) -> Result<Self, Error> {
        let now = control.now();
        let mut tx = control.store.begin().await?;
        let id = sign_in_failure::insert(&mut tx, login, address, now).await?;
        control.store.commit(tx).await?;
        let mut tx = control.store.begin().await?;
        let mut until = None;
        for (login, address, most) in [
            (Some(login), Some(address), MOST_OF_BOTH),
            (Some(login), None, MOST_OF_LOGIN),
            (None, Some(address), MOST_OF_ADDRESS),
        ] {
            // This try is the latest; the one before `most` others has to leave the window first.
            let earlier =
                sign_in_failure::nth_latest(&mut *tx, login, address, now - WINDOW, most + 1).await?;
            until = until.max(earlier.map(|at| at + WINDOW));
        }
        let Some(until) = until else {
            return Ok(Self { id, login, address });
        };
        sign_in_failure::delete(&mut tx, id).await?;
        control.store.commit(tx).await?;
        tracing::warn!(%login, %address, "too many failed sign-ins");
        Err(Error::RateLimited((until - now).to_std().unwrap_or_default()))
    }

    /// It does not count.
    pub(crate) async fn forget(self, control: &Control) -> Result<(), Error> {
        let mut tx = control.store.begin().await?;
        sign_in_failure::delete(&mut tx, self.id).await?;
        Ok(control.store.commit(tx).await?)
    }

    pub(crate) async fn succeeded(self, control: &Control) -> Result<(), Error> {
        let mut tx = control.store.begin().await?;
        sign_in_failure::delete_of(&mut tx, self.login, self.address).await?;
        Ok(control.store.commit(tx).await?)
    }
}

/// Does the password fit? A refusal always costs one hash.
pub(crate) async fn password_fits(
    control: &Control,
    credential: Option<&Credential>,
    password: &str,
) -> Result<bool, Error> {
    if password.len() > password::MAX_BYTES {
        return Ok(false);
    }
    if let Some(credential) = credential
        && let Some(initial) = initial_password(control, credential)?
        && token::same(&initial, password)
    {
        return Ok(true);
    }
    let stored = credential.and_then(|credential| credential.password_hash.clone());
    let exists = stored.is_some();
    let stored = stored.unwrap_or_else(|| password::HASH_OF_NONE.to_owned());
    let password = password.to_owned();
    let fits = hashing(move || password::verify(&password, &stored)).await?;
    Ok(fits && exists)
}

/// Runs what computes for long off the async threads, a few at a time.
pub(crate) async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, password::PasswordError> + Send + 'static,
) -> Result<T, Error> {
    let _permit = HASHING.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
}

//! The limits on guessing codes, and on accounts made from one address. A try counts as a failure until it succeeds, so that
//! many at the same time are no way around.

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::access::Actor;
use pglab_store::{
    Tx,
    access_code_try::{self as table, Kind},
};

use crate::{Control, Error};

const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Codes that do not work, by one who is signed in.
const MOST_OF_PERSON: i64 = 20;
/// The same by strangers of one address. A class often shares one.
const MOST_OF_ADDRESS: i64 = 100;
/// Accounts from one address.
const MOST_ACCOUNTS: i64 = 500;

/// One try of a code.
#[derive(Debug)]
pub(crate) struct Guess(i64);

impl Guess {
    /// `address` is where a stranger asks from.
    pub(crate) async fn begin(control: &Control, actor: &Actor, address: &str) -> Result<Self, Error> {
        let (who, most) = match actor {
            Actor::Person(person) => (format!("login {}", person.login), MOST_OF_PERSON),
            Actor::Stranger | Actor::System => (format!("address {address}"), MOST_OF_ADDRESS),
        };
        Ok(Self(begin(control, Kind::Guess, &who, most).await?))
    }

    /// It was right, and does not count.
    pub(crate) async fn succeeded(self, control: &Control) -> Result<(), Error> {
        let mut tx = control.store.begin().await?;
        table::delete(&mut tx, self.0).await?;
        Ok(control.store.commit(tx).await?)
    }
}

/// An account that is being made; it counts for good.
pub(super) async fn account(control: &Control, address: &str) -> Result<(), Error> {
    begin(
        control,
        Kind::Account,
        &format!("address {address}"),
        MOST_ACCOUNTS,
    )
    .await?;
    Ok(())
}

async fn begin(control: &Control, kind: Kind, who: &str, most: i64) -> Result<i64, Error> {
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let id = table::insert(&mut tx, kind, who, now).await?;
    control.store.commit(tx).await?;
    // This one is the latest; the one before `most` others has to leave the window first.
    let earlier = table::nth_latest(control.store.pool(), kind, who, now - WINDOW, most + 1).await?;
    let Some(earlier) = earlier else { return Ok(id) };
    let mut tx = control.store.begin().await?;
    table::delete(&mut tx, id).await?;
    control.store.commit(tx).await?;
    tracing::warn!(%who, ?kind, "too many tries of access codes");
    Err(Error::RateLimited(
        (earlier + WINDOW - now).to_std().unwrap_or_default(),
    ))
}

/// Forgets what no limit counts any more.
pub(crate) async fn forget(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), Error> {
    Ok(table::delete_before(tx, now - WINDOW).await?)
}

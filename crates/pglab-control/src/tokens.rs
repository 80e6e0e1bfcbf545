//! One's own API tokens: made, listed, revoked. What a token lets in is looked up in [`crate::session`].

use chrono::TimeDelta;
use pglab_core::{
    access::{Actor, Operation},
    id::{LabId, TokenId},
};
use pglab_identity::token;
pub use pglab_store::api_token::ApiToken;
use pglab_store::{api_token, audit};

use crate::{
    Control, Error,
    account::acting,
    database_api::{ACT_FOR, ANSWERS},
    lab,
    session::{SCRAPING, TOKEN_PREFIX},
};

/// Tokens of one person that work at the same time.
const MOST: usize = 100;

#[derive(Debug, Clone, Default)]
pub struct NewToken {
    pub name: String,
    /// `read`, `write`, `metrics`, `act_for`, `answers`; empty for the first two.
    pub scopes: Vec<String>,
    /// Short names of the labs that a token with `act_for` acts in. `None`: all of them, for admins.
    pub labs: Option<Vec<String>>,
    /// `None`: until it is revoked.
    pub expires_in_days: Option<u32>,
}

/// The answer's second part is the token, which nobody will see again.
///
/// # Errors
/// The name, scopes or days are not what they can be.
pub async fn create(control: &Control, actor: &Actor, new: NewToken) -> Result<(ApiToken, String), Error> {
    control.authorise(actor, Operation::OwnTokens)?;
    let me = acting(actor)?;
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "name",
            "give the token a name of 1 to 100 characters",
        ));
    }
    if let Some(unknown) = new
        .scopes
        .iter()
        .find(|scope| !["read", "write", SCRAPING, ACT_FOR, ANSWERS].contains(&scope.as_str()))
    {
        return Err(Error::invalid(
            "scopes",
            format!(
                "there is no scope {unknown:?}; use \"read\", \"write\", \"metrics\", \"act_for\" or \"answers\""
            ),
        ));
    }
    if new
        .expires_in_days
        .is_some_and(|days| !(1..=3650).contains(&days))
    {
        return Err(Error::invalid("expires_in_days", "use 1 to 3650 days"));
    }
    let wants = |wanted: &str| new.scopes.iter().any(|scope| scope == wanted);
    let mut scopes = Vec::new();
    if new.scopes.is_empty() || wants("read") || wants("write") {
        scopes.push("read".to_owned());
    }
    if new.scopes.is_empty() || wants("write") {
        scopes.push("write".to_owned());
    }
    if wants(SCRAPING) {
        // What is scraped is about everybody.
        control.authorise(actor, Operation::SystemView)?;
        scopes.push(SCRAPING.to_owned());
    }
    let labs = labs(control, actor, &new).await?;
    if wants(ACT_FOR) {
        scopes.push(ACT_FOR.to_owned());
        if wants(ANSWERS) {
            scopes.push(ANSWERS.to_owned());
        }
    }
    let now = control.now();
    let live = api_token::of_person(control.store.pool(), me.id)
        .await?
        .iter()
        .filter(|token| token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now))
        .count();
    if live >= MOST {
        return Err(Error::Conflict(format!(
            "you have {MOST} tokens already; revoke some that you do not use"
        )));
    }
    let secret = token::generate(&*control.random, TOKEN_PREFIX);
    let token = ApiToken {
        id: TokenId::new(&*control.clock, &*control.random),
        person: me.id,
        name,
        scopes,
        labs,
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_in_days.map(|days| now + TimeDelta::days(days.into())),
        revoked_at: None,
    };
    let mut tx = control.store.begin().await?;
    api_token::insert(&mut tx, &token, token::hash(&secret)).await?;
    let entry = audit::Entry::new(now, actor, "token_create", &token.name)
        .detail(serde_json::json!({ "scopes": token.scopes, "labs": new.labs }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok((token, secret))
}

/// Where a token acts for others: only where its owner is an instructor.
async fn labs(control: &Control, actor: &Actor, new: &NewToken) -> Result<Option<Vec<LabId>>, Error> {
    let wants = |wanted: &str| new.scopes.iter().any(|scope| scope == wanted);
    if !wants(ACT_FOR) {
        if wants(ANSWERS) {
            return Err(Error::invalid("scopes", "\"answers\" goes with \"act_for\" only"));
        }
        if new.labs.is_some() {
            return Err(Error::invalid(
                "labs",
                "only a token with the scope \"act_for\" is for some labs",
            ));
        }
        return Ok(None);
    }
    let Some(slugs) = &new.labs else {
        // In every lab, those of others too.
        control.authorise(actor, Operation::PersonManage)?;
        return Ok(None);
    };
    // One for no lab yet is for those that it makes.
    control.authorise(actor, Operation::LabCreate)?;
    let mut labs = Vec::new();
    for slug in slugs {
        let (lab, place) = lab::find(control, actor, slug).await?;
        control.authorise(actor, Operation::LabManage(place))?;
        labs.push(lab.id);
    }
    Ok(Some(labs))
}

/// The newest first, also those that ended.
///
/// # Errors
/// Not signed in.
pub async fn list(control: &Control, actor: &Actor) -> Result<Vec<ApiToken>, Error> {
    control.authorise(actor, Operation::OwnAccount)?;
    Ok(api_token::of_person(control.store.pool(), acting(actor)?.id).await?)
}

/// Revoking twice is fine.
///
/// # Errors
/// There is no such token of this person.
pub async fn revoke(control: &Control, actor: &Actor, id: TokenId) -> Result<(), Error> {
    control.authorise(actor, Operation::OwnTokens)?;
    let mut tx = control.store.begin().await?;
    if !api_token::revoke(&mut tx, acting(actor)?.id, id, control.now()).await? {
        return Err(Error::NotFound(format!("token {id} of yours")));
    }
    let subject = id.to_string();
    let entry = audit::Entry::new(control.now(), actor, "token_revoke", &subject);
    audit::insert(&mut tx, entry).await?;
    Ok(control.store.commit(tx).await?)
}

//! A sign-in through the provider: begun with a secret that stays in the browser and one that travels, and finished once,
//! by the same browser.

use chrono::TimeDelta;
use pglab_core::{
    access::Actor,
    oidc::{LocalPath, Refusal},
};
use pglab_identity::{
    oidc::{OidcError, Proof},
    token,
};
use pglab_store::{
    audit, oidc_account,
    oidc_flow::{self, Flow},
};

use super::{Failure, admit::admit, provider};
use crate::{Control, session};

/// How long somebody may take at the provider.
pub const FLOW: TimeDelta = TimeDelta::minutes(10);
/// Sign-ins that one address may have under way. A class often shares one.
const MOST_OF_ADDRESS: i64 = 1000;

/// Where the browser goes, and what it keeps.
#[derive(Clone)]
pub struct Begun {
    pub url: String,
    /// Tells the cookies of several sign-ins of one browser apart: no secret.
    pub name: String,
    /// For the cookie.
    pub browser: String,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun(…)")
    }
}

/// What a browser came back with.
#[derive(Clone, Default)]
pub struct Returned {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    pub iss: Option<String>,
    /// The cookie that goes with `state`.
    pub browser: Option<String>,
    /// Where the browser is.
    pub address: String,
}

impl std::fmt::Debug for Returned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Returned")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Somebody is in.
#[derive(Clone)]
pub struct Finished {
    /// For the cookie of the session.
    pub cookie: String,
    pub next: LocalPath,
}

impl std::fmt::Debug for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Finished(…, {})", self.next)
    }
}

/// What tells the cookie of a sign-in from others: the beginning of `state`.
pub fn name_of(state: &str) -> String {
    state
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect()
}

/// Begins. `next` is the page that the person wants; what is none of ours becomes the start page.
///
/// # Errors
/// The provider does not answer, too many are under way, or there is no provider.
pub async fn begin(control: &Control, next: Option<&str>, address: &str) -> Result<Begun, Failure> {
    let oidc = provider(control)?;
    let now = control.now();
    let under_way = oidc_flow::count_of_address(control.store.pool(), address, now).await?;
    if under_way >= MOST_OF_ADDRESS {
        tracing::warn!(%address, under_way, "too many sign-ins through the provider are under way");
        return Err(Refusal::Busy.into());
    }
    let begun = oidc
        .begin(&*control.random, now)
        .await
        .map_err(|error| told(&error))?;
    let browser = token::generate(&*control.random, "");
    let state_hash = token::hash(&begun.state);
    let proof = format!("{} {}", begun.proof.nonce, begun.proof.verifier);
    let flow = Flow {
        state_hash,
        browser_hash: token::hash(&browser),
        address: address.to_owned(),
        proof_sealed: control
            .sealer
            .seal(&*control.random, &purpose(&state_hash), &proof)?,
        next: next
            .and_then(LocalPath::parse)
            .unwrap_or_else(LocalPath::start)
            .to_string(),
        created_at: now,
        expires_at: now + FLOW,
    };
    let mut tx = control.store.begin().await?;
    oidc_flow::insert(&mut tx, &flow).await?;
    control.store.commit(tx).await?;
    Ok(Begun {
        url: begun.url,
        name: name_of(&begun.state),
        browser,
    })
}

/// Brings it to its end. Whatever comes of it, the same answer of the provider is of no use a second time.
///
/// # Errors
/// Anything about it does not fit, the provider or pglab has no place for the person, or something is away.
pub async fn finish(control: &Control, returned: Returned) -> Result<Finished, Failure> {
    let oidc = provider(control)?;
    let now = control.now();
    let (proof, next) = take(control, &returned).await?;
    let fits = oidc
        .issuer_fits(returned.iss.as_deref(), now)
        .await
        .map_err(|error| told(&error))?;
    if !fits {
        tracing::warn!("an answer came back with the name of another provider, or with none");
        return Err(Refusal::Untrusted.into());
    }
    if let Some(error) = returned.error {
        let error: String = error.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        tracing::info!(%error, "the provider signed nobody in");
        return Err(match error.as_str() {
            "access_denied" | "consent_required" | "interaction_required" | "login_required" => {
                Refusal::Denied
            }
            "unauthorized_client" | "invalid_scope" | "invalid_request" | "unsupported_response_type" => {
                Refusal::Setup
            }
            "temporarily_unavailable" | "server_error" => Refusal::Away,
            _ => Refusal::Provider,
        }
        .into());
    }
    let code = returned.code.ok_or(Refusal::Provider)?;
    let signed_in = oidc
        .finish(&code, &proof, now)
        .await
        .map_err(|error| told(&error))?;
    let (mut tx, person, changed) = admit(control, oidc.settings(), &signed_in).await?;
    let (cookie, identified) = session::begin(control, &mut tx, &person).await?;
    if let Some(session) = &identified.session {
        let sealed = control.sealer.seal(
            &*control.random,
            &token_purpose(&session.token_hash),
            &signed_in.id_token,
        )?;
        oidc_account::session_began(&mut tx, session.token_hash, &sealed).await?;
    }
    let actor: &Actor = &identified.actor;
    let entry = audit::Entry::new(now, actor, "sign_in", person.login.as_str()).detail(serde_json::json!({
        "issuer": oidc.settings().issuer, "subject": signed_in.subject, "address": returned.address,
    }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    if changed {
        control.wake().people_changed();
    }
    let next = LocalPath::parse(&next).unwrap_or_else(LocalPath::start);
    Ok(Finished { cookie, next })
}

/// Takes what was kept since the beginning, if this browser began it.
async fn take(control: &Control, returned: &Returned) -> Result<(Proof, String), Failure> {
    let now = control.now();
    let state_hash = token::hash(&returned.state);
    if let Some(browser) = &returned.browser {
        let mut tx = control.store.begin().await?;
        let taken = oidc_flow::take(&mut tx, state_hash, token::hash(browser), now).await?;
        control.store.commit(tx).await?;
        if let Some(taken) = taken {
            let proof = control.sealer.open(&purpose(&state_hash), &taken.proof_sealed)?;
            let (nonce, verifier) = proof.split_once(' ').ok_or(Refusal::Inside)?;
            let proof = Proof {
                nonce: nonce.to_owned(),
                verifier: verifier.to_owned(),
            };
            return Ok((proof, taken.next));
        }
    }
    let stands = oidc_flow::exists(control.store.pool(), state_hash, now).await?;
    Err(if stands {
        Refusal::OtherBrowser
    } else {
        Refusal::Stale
    }
    .into())
}

/// The cause goes to the log; the person gets a sentence.
fn told(error: &OidcError) -> Failure {
    tracing::warn!(%error, "a sign-in through the provider failed");
    error.refusal().into()
}

fn purpose(state_hash: &[u8; 32]) -> String {
    format!("sign-in through a provider {state_hash:02x?}")
}

/// What the ID token of a session is sealed for.
pub(super) fn token_purpose(token_hash: &[u8; 32]) -> String {
    format!("ID token of session {token_hash:02x?}")
}

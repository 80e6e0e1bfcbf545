//! The client of an OpenID Connect provider: discovery, where to send a browser, and what comes of the code that it
//! returns with. Who a person is here, and whether they get in, is decided by `pglab_core::oidc` and `control`.

mod error;
mod exchange;
mod http;
mod provider;
mod steps;
mod words;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use openidconnect::{
    CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, Scope,
    core::CoreAuthenticationFlow,
};
use pglab_core::{Random, oidc::OidcSettings};

pub use error::OidcError;
pub use exchange::{Proof, SignedIn};

use self::{http::Http, provider::Known};
use crate::token;

/// Cheap to clone. What the provider says of itself is kept for an hour.
#[derive(Debug, Clone)]
pub struct Oidc(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: OidcSettings,
    /// Where the provider sends browsers back to: as registered there.
    redirect_uri: String,
    http: Http,
    known: Known,
}

/// A sign-in that was begun: what has to be remembered until the browser is back.
#[derive(Clone)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// Comes back with it.
    pub state: String,
    pub proof: Proof,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun(…)")
    }
}

impl Oidc {
    /// Connects to nothing yet.
    pub fn new(settings: OidcSettings, redirect_uri: String) -> Self {
        Self(Arc::new(Inner {
            http: Http::new(&settings),
            settings,
            redirect_uri,
            known: Known::default(),
        }))
    }

    pub fn settings(&self) -> &OidcSettings {
        &self.0.settings
    }

    pub fn redirect_uri(&self) -> &str {
        &self.0.redirect_uri
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// The provider does not answer, or not as one.
    pub async fn begin(&self, random: &dyn Random, now: DateTime<Utc>) -> Result<Begun, OidcError> {
        let metadata = self.metadata(now).await?;
        let client = self.client(&metadata)?;
        let state = token::generate(random, "");
        let proof = Proof {
            nonce: token::generate(random, ""),
            verifier: token::generate(random, ""),
        };
        let verifier = PkceCodeVerifier::new(proof.verifier.clone());
        let (csrf, nonce) = (CsrfToken::new(state.clone()), Nonce::new(proof.nonce.clone()));
        let (url, ..) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || csrf,
                move || nonce,
            )
            .add_scopes(
                self.settings()
                    .scopes
                    .iter()
                    .map(|scope| Scope::new(scope.clone())),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(Begun {
            url: url.into(),
            state,
            proof,
        })
    }

    /// Is the `iss` of an answer (RFC 9207) what it must be? A provider that says it sends it has to.
    ///
    /// # Errors
    /// The provider does not answer.
    pub async fn issuer_fits(&self, iss: Option<&str>, now: DateTime<Utc>) -> Result<bool, OidcError> {
        match iss {
            Some(iss) => Ok(iss == self.settings().issuer),
            None => Ok(!self.metadata(now).await?.additional_metadata().sends_issuer()),
        }
    }

    /// Where a browser signs out of the provider too, and comes back to `back`. `None`: the provider has no such place.
    ///
    /// # Errors
    /// The provider does not answer.
    pub async fn sign_out_url(
        &self,
        id_token: Option<&str>,
        back: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, OidcError> {
        let metadata = self.metadata(now).await?;
        let Some(place) = metadata.additional_metadata().end_session_endpoint() else {
            return Ok(None);
        };
        let mut url = place.url().clone();
        {
            let back = PostLogoutRedirectUrl::new(back.to_owned()).map_err(|error| OidcError::Answer {
                what: "pglab's own address",
                why: error.to_string(),
            })?;
            let mut query = url.query_pairs_mut();
            if let Some(id_token) = id_token {
                query.append_pair("id_token_hint", id_token);
            }
            query.append_pair("client_id", &self.settings().client_id);
            query.append_pair("post_logout_redirect_uri", back.as_str());
        }
        Ok(Some(url.into()))
    }

    fn client(&self, metadata: &words::Metadata) -> Result<words::Client, OidcError> {
        let settings = self.settings();
        let redirect = RedirectUrl::new(self.0.redirect_uri.clone()).map_err(|error| OidcError::Answer {
            what: "pglab's own address",
            why: error.to_string(),
        })?;
        Ok(words::client(metadata, settings).set_redirect_uri(redirect))
    }
}

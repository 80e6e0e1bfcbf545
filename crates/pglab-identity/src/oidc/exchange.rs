//! From the code that a browser came back with to claims that can be believed: the exchange, and every check of the ID
//! token. Tokens are neither logged nor part of an error.

use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeVerifier, RequestTokenError, TokenResponse, UserInfoClaims, UserInfoError,
    core::{CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKeySet},
};
use pglab_core::oidc::Claims;
use serde_json::{Map, Value};

use super::{
    Oidc, OidcError,
    error::said,
    words::{AnyClaims, Metadata, SIGNATURES, Tokens},
};

/// What was made for one sign-in and must fit when it comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    pub nonce: String,
    /// Of PKCE.
    pub verifier: String,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Somebody whom the provider vouches for.
#[derive(Clone)]
pub struct SignedIn {
    /// With the issuer, the one thing that never changes about a person and is never given to another.
    pub subject: String,
    pub claims: Claims,
    /// For signing out of the provider.
    pub id_token: String,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedIn({:?}, …)", self.subject)
    }
}

type BoxFuture = Pin<Box<dyn Future<Output = Result<HttpResponse, OidcError>> + Send>>;
type IdTokenClaims = openidconnect::IdTokenClaims<AnyClaims, CoreGenderClaim>;

impl Oidc {
    /// Gives the code to the provider, and believes the answer only if everything about it fits.
    ///
    /// # Errors
    /// The provider does not answer or refuses, or its answer is not to be believed.
    pub async fn finish(&self, code: &str, proof: &Proof, now: DateTime<Utc>) -> Result<SignedIn, OidcError> {
        let metadata = self.metadata(now).await?;
        let tokens = self.exchange(&metadata, code, proof).await?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| OidcError::Untrusted("the provider sent no ID token".to_owned()))?;
        let verify = |keys: &CoreJsonWebKeySet| -> Result<IdTokenClaims, OidcError> {
            let verifier = self.verifier(keys.clone(), now)?;
            let claims = id_token.claims(&verifier, &Nonce::new(proof.nonce.clone()))?;
            if let Some(hash) = claims.access_token_hash() {
                let untrusted = |why: &dyn std::fmt::Display| OidcError::Untrusted(why.to_string());
                let key = id_token
                    .signing_key(&verifier)
                    .map_err(|error| untrusted(&error))?;
                let alg = id_token.signing_alg().map_err(|error| untrusted(&error))?;
                let found = AccessTokenHash::from_token(tokens.access_token(), alg, key)
                    .map_err(|error| untrusted(&error))?;
                if &found != hash {
                    return Err(OidcError::Untrusted(
                        "it is not that of the access token".to_owned(),
                    ));
                }
            }
            Ok(claims.clone())
        };
        let claims = match verify(&*self.keys(&metadata, false, now).await?) {
            // The provider changed its keys since we looked.
            Err(OidcError::UnknownKey) => verify(&*self.keys(&metadata, true, now).await?)?,
            other => other?,
        };
        self.check_rest(&claims, now)?;
        let subject = claims.subject().to_string();
        let mut known = object(&claims)?;
        let lacking = Claims(known.clone()).lack(self.settings());
        if lacking && metadata.userinfo_endpoint().is_some() {
            match self.userinfo(&metadata, &tokens, &claims).await {
                Ok(more) => {
                    for (name, value) in more {
                        known.entry(name).or_insert(value);
                    }
                }
                // Most of what it could tell is no condition of getting in, and what is one is then missing.
                Err(error) => tracing::warn!(%error, "the userinfo endpoint was of no use"),
            }
        }
        Ok(SignedIn {
            subject,
            claims: Claims(known),
            id_token: id_token.to_string(),
        })
    }

    /// For the library. It owns what it needs, so that what waits for it can go from thread to thread.
    fn caller(&self) -> impl Fn(HttpRequest) -> BoxFuture + use<> {
        let oidc = self.clone();
        move |request| {
            let oidc = oidc.clone();
            Box::pin(async move { oidc.0.http.call(request).await })
        }
    }

    async fn exchange(&self, metadata: &Metadata, code: &str, proof: &Proof) -> Result<Tokens, OidcError> {
        const WHAT: &str = "the answer of the token endpoint";
        let client = self.client(metadata)?;
        let unusable = |why: String| OidcError::Answer { what: WHAT, why };
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| unusable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(proof.verifier.clone()));
        let call = self.caller();
        request.request_async(&call).await.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(answer) => OidcError::Refused {
                code: said(answer.error().as_ref()),
                said: said(answer.error_description().map_or("", String::as_str)),
            },
            // The body may hold tokens.
            RequestTokenError::Parse(error, _) => {
                unusable(format!("it is not understood at {}", error.path()))
            }
            RequestTokenError::Other(why) => unusable(said(&why)),
        })
    }

    fn verifier(
        &self,
        keys: CoreJsonWebKeySet,
        now: DateTime<Utc>,
    ) -> Result<CoreIdTokenVerifier<'static>, OidcError> {
        let settings = self.settings();
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| OidcError::Untrusted(format!("identity.oidc.issuer is no URL: {error}")))?;
        let skew = TimeDelta::from_std(settings.clock_skew).unwrap_or_default();
        // As a public client: the secret is no key that a signature could be made with.
        let client_id = ClientId::new(settings.client_id.clone());
        let verifier = CoreIdTokenVerifier::new_public_client(client_id, issuer, keys)
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(move || now - skew)
            .set_issue_time_verifier_fn(move |issued| {
                if issued > now + skew {
                    return Err(format!("it was made at {issued}, and here it is {now}"));
                }
                Ok(())
            })
            // A token for others too is believed if `azp` says that it was made for us: see `check_rest`.
            .set_other_audience_verifier_fn(|_| true);
        Ok(verifier)
    }

    /// What the library leaves to its user.
    fn check_rest(&self, claims: &IdTokenClaims, now: DateTime<Utc>) -> Result<(), OidcError> {
        let us = &self.settings().client_id;
        match claims.authorized_party() {
            Some(party) if party.as_str() != us => {
                return Err(OidcError::Audience(format!("azp is {:?}", said(party))));
            }
            None if claims.audiences().len() > 1 => {
                return Err(OidcError::Audience(
                    "it has several audiences and no azp".to_owned(),
                ));
            }
            _ => {}
        }
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > 255 || subject.chars().any(char::is_control) {
            return Err(OidcError::Untrusted("its sub is empty or no text".to_owned()));
        }
        let skew = i64::try_from(self.settings().clock_skew.as_secs()).unwrap_or_default();
        let not_before = object(claims)?.get("nbf").and_then(Value::as_i64);
        match not_before {
            Some(from) if from > now.timestamp() + skew => {
                Err(OidcError::Clock("it is not valid yet (nbf)".to_owned()))
            }
            _ => Ok(()),
        }
    }

    async fn userinfo(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        claims: &IdTokenClaims,
    ) -> Result<Map<String, Value>, OidcError> {
        const WHAT: &str = "the answer of the userinfo endpoint";
        let unusable = |why: String| OidcError::Answer { what: WHAT, why };
        let client = self.client(metadata)?;
        let call = self.caller();
        let request = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|error| unusable(error.to_string()))?;
        let answer: Result<UserInfoClaims<AnyClaims, CoreGenderClaim>, _> =
            request.request_async(&call).await;
        let found = answer.map_err(|error| match error {
            UserInfoError::Request(error) => error,
            UserInfoError::ClaimsVerification(error) => error.into(),
            UserInfoError::Response(status, ..) => unusable(format!("it answers {status}")),
            UserInfoError::Parse(error) => unusable(format!("it is not understood at {}", error.path())),
            other => unusable(said(&other.to_string())),
        })?;
        object(&found)
    }
}

fn object(claims: &impl serde::Serialize) -> Result<Map<String, Value>, OidcError> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(OidcError::Untrusted("its claims are no object".to_owned())),
    }
}

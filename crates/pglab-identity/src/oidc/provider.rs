//! What the provider says of itself: its settings and its keys, fetched when they are needed and kept for an hour. Keys
//! are fetched again when a token names one that is not known, but not more often than every half minute.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::CoreJsonWebKeySet;
use parking_lot::Mutex;

use super::{Oidc, OidcError, error::said, words::Metadata};

const KEPT: TimeDelta = TimeDelta::hours(1);
/// Keys are not asked for more often, whatever tokens name.
const KEYS_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// A provider that does not answer is not asked by everybody who waits.
const FAILURE_KEPT: TimeDelta = TimeDelta::seconds(3);

#[derive(Debug, Default)]
pub(super) struct Known {
    state: Mutex<State>,
    /// One fetches, the others wait for what it gets.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    metadata: Option<(Arc<Metadata>, DateTime<Utc>)>,
    failure: Option<(OidcError, DateTime<Utc>)>,
    keys: Option<(Arc<CoreJsonWebKeySet>, DateTime<Utc>)>,
}

fn fresh(at: DateTime<Utc>, now: DateTime<Utc>, kept: TimeDelta) -> bool {
    (TimeDelta::zero()..kept).contains(&(now - at))
}

impl Oidc {
    pub(super) async fn metadata(&self, now: DateTime<Utc>) -> Result<Arc<Metadata>, OidcError> {
        let known = &self.0.known;
        let look = || -> Option<Result<Arc<Metadata>, OidcError>> {
            let state = known.state.lock();
            if let Some((metadata, at)) = &state.metadata
                && fresh(*at, now, KEPT)
            {
                return Some(Ok(Arc::clone(metadata)));
            }
            let (error, at) = state.failure.as_ref()?;
            fresh(*at, now, FAILURE_KEPT).then(|| Err(error.clone()))
        };
        if let Some(known) = look() {
            return known;
        }
        let _one = known.fetching.lock().await;
        if let Some(known) = look() {
            return known;
        }
        let fetched = self.discover().await.map(Arc::new);
        let mut state = known.state.lock();
        match &fetched {
            Ok(metadata) => {
                state.metadata = Some((Arc::clone(metadata), now));
                state.failure = None;
            }
            Err(error) => state.failure = Some((error.clone(), now)),
        }
        fetched
    }

    /// The settings of the provider, asked for anew.
    pub(super) async fn discover(&self) -> Result<Metadata, OidcError> {
        const WHAT: &str = "what the provider says of itself";
        let issuer = &self.settings().issuer;
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let document = self.0.http.document(WHAT, &url).await?;
        let metadata: Metadata = serde_json::from_slice(&document).map_err(|error| OidcError::Answer {
            what: WHAT,
            why: said(&error.to_string()),
        })?;
        if metadata.issuer().as_str() != issuer {
            return Err(OidcError::OtherIssuer {
                said: said(metadata.issuer().as_str()),
            });
        }
        let unusable = |why: String| OidcError::Answer { what: WHAT, why };
        let token = metadata
            .token_endpoint()
            .ok_or_else(|| unusable("it names no token endpoint".to_owned()))?;
        let mut places = vec![
            metadata.authorization_endpoint().url(),
            token.url(),
            metadata.jwks_uri().url(),
        ];
        places.extend(metadata.userinfo_endpoint().map(|place| place.url()));
        places.extend(
            metadata
                .additional_metadata()
                .end_session_endpoint()
                .map(|place| place.url()),
        );
        // A provider that is reached safely sends nobody to where tokens could be read on the way.
        let weak = places
            .iter()
            .find(|place| issuer.starts_with("https://") && place.scheme() != "https");
        match weak {
            Some(place) => Err(unusable(format!("{place} does not start with https://"))),
            None => Ok(metadata),
        }
    }

    /// The provider's keys. `unknown`: a token named one that is not among them.
    pub(super) async fn keys(
        &self,
        metadata: &Metadata,
        unknown: bool,
        now: DateTime<Utc>,
    ) -> Result<Arc<CoreJsonWebKeySet>, OidcError> {
        let known = &self.0.known;
        let kept = if unknown { KEYS_AGAIN } else { KEPT };
        let look = || {
            let state = known.state.lock();
            let (keys, at) = state.keys.as_ref()?;
            fresh(*at, now, kept).then(|| Arc::clone(keys))
        };
        if let Some(keys) = look() {
            return Ok(keys);
        }
        let _one = known.fetching.lock().await;
        if let Some(keys) = look() {
            return Ok(keys);
        }
        let keys = Arc::new(self.fetch_keys(metadata).await?);
        known.state.lock().keys = Some((Arc::clone(&keys), now));
        Ok(keys)
    }

    pub(super) async fn fetch_keys(&self, metadata: &Metadata) -> Result<CoreJsonWebKeySet, OidcError> {
        const WHAT: &str = "the provider's keys";
        let document = self.0.http.document(WHAT, metadata.jwks_uri().as_str()).await?;
        serde_json::from_slice(&document).map_err(|error| OidcError::Answer {
            what: WHAT,
            why: said(&error.to_string()),
        })
    }
}

//! "Test this": each step of reaching the provider, and what it said to it. Nobody signs in, and nothing is changed.

use chrono::{DateTime, Utc};
use openidconnect::JsonWebKey;

use super::{Oidc, words::SIGNATURES};
use crate::directory::Step;

impl Oidc {
    /// Goes through the steps and stops where the next would make no sense. `now` is our clock.
    pub async fn steps(&self, now: DateTime<Utc>) -> Vec<Step> {
        let settings = self.settings();
        let metadata = match self.discover().await {
            Ok(metadata) => metadata,
            Err(error) => return vec![Step::failed("Discovery", error.to_string())],
        };
        let mut steps = vec![Step::passed(
            "Discovery",
            format!("{} answers, and is who it should be", settings.issuer),
        )];
        steps.push(match self.fetch_keys(&metadata).await {
            Ok(keys) if keys.keys().is_empty() => Step::failed(
                "Keys",
                "the provider publishes no key that pglab can check a signature with",
            ),
            Ok(keys) => {
                let names: Vec<_> = keys
                    .keys()
                    .iter()
                    .map(|key| key.key_id().map_or("without a name", |id| id.as_str()))
                    .collect();
                Step::passed("Keys", format!("{} published: {}", names.len(), names.join(", ")))
            }
            Err(error) => Step::failed("Keys", error.to_string()),
        });
        let signed = metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .any(|each| SIGNATURES.contains(each));
        steps.push(if signed {
            Step::passed("Signatures", "the provider signs in a way that pglab accepts")
        } else {
            Step::failed(
                "Signatures",
                "the provider signs ID tokens in no way that pglab accepts (RS256, ES256, …)",
            )
        });
        let mut places = vec![
            format!("browsers go to {}", metadata.authorization_endpoint().as_str()),
            match metadata.token_endpoint() {
                Some(place) => format!("codes to {}", place.as_str()),
                None => "there is no token endpoint".to_owned(),
            },
        ];
        places.push(match metadata.userinfo_endpoint() {
            Some(place) => format!("claims that the ID token lacks come from {}", place.as_str()),
            None => "claims come from the ID token alone".to_owned(),
        });
        places.push(match metadata.additional_metadata().end_session_endpoint() {
            Some(place) => format!("people sign out at {}", place.url()),
            None => "people sign out of pglab alone".to_owned(),
        });
        steps.push(Step::passed("Endpoints", places.join("; ")));
        if let Some(known) = metadata.scopes_supported() {
            let unknown: Vec<_> = settings
                .scopes
                .iter()
                .filter(|scope| !known.iter().any(|each| each.as_str() == *scope))
                .cloned()
                .collect();
            steps.push(if unknown.is_empty() {
                Step::passed(
                    "Scopes",
                    format!("openid {} are known", settings.scopes.join(" ")),
                )
            } else {
                Step::failed(
                    "Scopes",
                    format!("the provider does not know {}", unknown.join(", ")),
                )
            });
        }
        steps.push(Step::passed(
            "Address to register",
            format!(
                "the provider has to know {}; pglab's clock says {}",
                self.redirect_uri(),
                now.format("%F %T UTC")
            ),
        ));
        steps
    }
}

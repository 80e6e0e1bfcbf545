//! Why a sign-in through the provider came to nothing, as far as the provider or its answer is the cause. No token, code
//! or secret is ever part of a message.

use openidconnect::{ClaimsVerificationError, SignatureVerificationError};
use pglab_core::oidc::Refusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    #[error("the provider does not answer at {url}: {why}")]
    Away { url: String, why: String },
    #[error("the certificate of {url} is not trusted: {why}")]
    Certificate { url: String, why: String },
    /// It answered, and what it said can't be used.
    #[error("{what} can't be used: {why}")]
    Answer { what: &'static str, why: String },
    #[error("the provider says that it is {said:?}; identity.oidc.issuer must be that to the letter")]
    OtherIssuer { said: String },
    /// The token endpoint refused: the code of RFC 6749, and the provider's words.
    #[error("the provider refused the code ({code}): {said}")]
    Refused { code: String, said: String },
    #[error("the ID token is too old, or not valid yet: {0}")]
    Clock(String),
    #[error("the ID token is for somebody else: {0}")]
    Audience(String),
    #[error("the ID token can't be trusted: {0}")]
    Untrusted(String),
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("the CA file {path} can't be used: {why}")]
    CaFile { path: String, why: String },
}

impl OidcError {
    /// What the person is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Away { .. } | Self::Certificate { .. } | Self::CaFile { .. } => Refusal::Away,
            Self::Answer { .. } => Refusal::Provider,
            Self::OtherIssuer { .. } => Refusal::Setup,
            Self::Refused { code, .. } => match code.as_str() {
                "invalid_client" | "unauthorized_client" | "unsupported_grant_type" => Refusal::Setup,
                // The code was used already, or is too old.
                "invalid_grant" => Refusal::Stale,
                _ => Refusal::Provider,
            },
            Self::Clock(_) => Refusal::Clock,
            Self::Audience(_) => Refusal::Audience,
            Self::Untrusted(_) | Self::UnknownKey => Refusal::Untrusted,
        }
    }
}

impl From<ClaimsVerificationError> for OidcError {
    fn from(error: ClaimsVerificationError) -> Self {
        use ClaimsVerificationError as Of;
        match error {
            Of::Expired(why) => Self::Clock(why),
            Of::InvalidAudience(why) => Self::Audience(why),
            Of::SignatureVerification(SignatureVerificationError::NoMatchingKey) => Self::UnknownKey,
            Of::SignatureVerification(why) => Self::Untrusted(why.to_string()),
            // The nonce itself is a secret of this sign-in.
            Of::InvalidNonce(_) => Self::Untrusted("the nonce is not that of this sign-in".to_owned()),
            other => Self::Untrusted(other.to_string()),
        }
    }
}

/// What a provider wrote, short and without what a terminal would obey.
pub(super) fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

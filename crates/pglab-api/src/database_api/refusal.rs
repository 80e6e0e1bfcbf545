//! Errors of the Database API: `{"error": "<text>"}` and a status. The one place where a refusal of `control` becomes one.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use pglab_control::{Error, database_api::Refused};
use serde::Serialize;
use utoipa::ToSchema;

/// What every error looks like.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What happened, to what, and what to do.
    pub error: String,
    /// All that is wrong with a pack or a document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<ValidationError>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ValidationError {
    /// File and place in it.
    pub path: String,
    pub error: String,
}

#[derive(Debug, Clone)]
pub struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    retry_after_s: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            body: ErrorBody {
                error: text.into(),
                validation_errors: Vec::new(),
            },
            retry_after_s: None,
        }
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn internal() -> Self {
        let text = "something went wrong inside pglab; its log has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let text = refused.to_string();
        match refused {
            Refused::Bad(_) => Self::bad(text),
            Refused::Unfit { problems, .. } => {
                let mut refusal = Self::bad(text);
                refusal.body.validation_errors = problems
                    .into_iter()
                    .map(|(path, error)| ValidationError { path, error })
                    .collect();
                refusal
            }
            Refused::Missing(_) => Self::new(StatusCode::NOT_FOUND, text),
            Refused::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, text),
            Refused::Conflict(_) => Self::new(StatusCode::CONFLICT, text),
            Refused::Other(error) => error.into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotSignedIn | Error::SignInRefused => Self::new(
                StatusCode::UNAUTHORIZED,
                "send a token that works: Authorization: Bearer pgl_…",
            ),
            Error::AccountHeld(_) | Error::PasswordChangeRequired | Error::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, text)
            }
            Error::NotFound(_) | Error::Gone(_) => Self::new(StatusCode::NOT_FOUND, text),
            Error::Invalid { fields, .. } => {
                let field = fields
                    .into_iter()
                    .next()
                    .map(|field| field.path)
                    .unwrap_or_default();
                if field.is_empty() || text.contains(&field) {
                    Self::bad(text)
                } else {
                    Self::bad(format!("{field}: {text}"))
                }
            }
            Error::Conflict(_) | Error::Done(_) => Self::new(StatusCode::CONFLICT, text),
            Error::RateLimited(wait) => Self {
                retry_after_s: Some(wait.as_secs().max(1)),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, text)
            },
            Error::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, text),
            Error::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, text),
            Error::Internal(cause) => {
                tracing::error!(error = %cause, "a request of the Database API failed inside");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        response
    }
}

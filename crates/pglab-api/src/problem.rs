//! Errors as RFC 9457 problems: the one place where an error of `control` becomes a status.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pglab_control::Error;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: what is special about the problem is in `code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words of the status.
    pub title: String,
    pub status: u16,
    /// Stable, for programs.
    pub code: String,
    /// What happened, to what, and what to do: for people.
    pub detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ProblemField>,
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemField {
    pub path: String,
    pub message: String,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            fields: Vec::new(),
            retry_after_s: None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", detail),
            Error::SignInRefused => Self::new(StatusCode::UNAUTHORIZED, "sign_in_refused", detail),
            Error::AccountHeld(_) => Self::new(StatusCode::FORBIDDEN, "account_held", detail),
            Error::PasswordChangeRequired => {
                Self::new(StatusCode::FORBIDDEN, "password_change_required", detail)
            }
            Error::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            Error::Invalid { fields, .. } => {
                let fields = fields
                    .into_iter()
                    .map(|field| ProblemField {
                        path: field.path,
                        message: field.message,
                    })
                    .collect();
                Self {
                    fields,
                    ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
                }
            }
            Error::Conflict(_) | Error::Done(_) => Self::new(StatusCode::CONFLICT, "conflict", detail),
            Error::Gone(_) => Self::new(StatusCode::GONE, "gone", detail),
            Error::RateLimited(wait) => Self {
                retry_after_s: Some(wait.as_secs().max(1)),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
            },
            Error::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail),
            Error::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail),
            Error::Internal(cause) => {
                tracing::error!(error = %cause, "a request failed inside");
                let detail = "something went wrong inside pglab; its log has the cause";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_s;
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

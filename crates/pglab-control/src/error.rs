//! What an operation can answer besides its result. The API turns each into a status; nothing else is told outside.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where in the request: `settings.max_connections`.
    pub path: String,
    pub message: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("sign in first")]
    NotSignedIn,
    /// Login and password don't fit, for whatever reason.
    #[error("the login or the password is wrong")]
    SignInRefused,
    /// Who they are is known, and they are kept out for now: a sentence why.
    #[error("{0}")]
    AccountHeld(String),
    #[error("change the initial password first")]
    PasswordChangeRequired,
    #[error("this is not yours to do")]
    Forbidden,
    /// The thing, in words: `lab "x"`.
    #[error("there is no {0}")]
    NotFound(String),
    #[error("{message}")]
    Invalid {
        message: String,
        fields: Vec<FieldProblem>,
    },
    /// The state of the thing does not allow it, or the name is taken: a sentence.
    #[error("{0}")]
    Conflict(String),
    /// The task earned already what it earns: a sentence.
    #[error("{0}")]
    Done(String),
    /// It was there once, and is no longer: a sentence.
    #[error("{0}")]
    Gone(String),
    #[error("too many tries; wait {} s", .0.as_secs())]
    RateLimited(Duration),
    #[error("{0}")]
    TooLarge(String),
    /// A server that we need does not answer: which, and what to do.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// One thing is wrong with the request.
    pub fn invalid(path: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid {
            message: message.clone(),
            fields: vec![FieldProblem {
                path: path.to_owned(),
                message,
            }],
        }
    }

    pub fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<pglab_store::Error> for Error {
    fn from(error: pglab_store::Error) -> Self {
        match error {
            pglab_store::Error::Unavailable(_) => {
                tracing::error!(%error, "our own database does not answer");
                Self::Unavailable("pglab's own database does not answer; try again in a moment".to_owned())
            }
            pglab_store::Error::Taken(what) => Self::Conflict(format!("{what} is taken")),
            other => Self::internal(other),
        }
    }
}

impl From<pglab_fleet::Error> for Error {
    fn from(error: pglab_fleet::Error) -> Self {
        match error {
            pglab_fleet::Error::Connection(_)
            | pglab_fleet::Error::Unreachable(_)
            | pglab_fleet::Error::Deadline(_) => {
                tracing::error!(%error, "the cluster does not answer");
                Self::Unavailable(
                    "the students' PostgreSQL does not answer; try again in a moment".to_owned(),
                )
            }
            other => Self::internal(other),
        }
    }
}

impl From<pglab_identity::SealError> for Error {
    fn from(error: pglab_identity::SealError) -> Self {
        Self::internal(error)
    }
}

//! Why a call was refused, in the texts that clients of the Database API know. What this API has no text of its own for is
//! said as everywhere.

use crate::Error;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Something in the request is missing or can't be: names the field.
    #[error("{0}")]
    Bad(String),
    /// The same, with all that is wrong and where.
    #[error("{message}")]
    Unfit {
        message: String,
        /// Path and error.
        problems: Vec<(String, String)>,
    },
    #[error("{0}")]
    Missing(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    Conflict(String),
    #[error(transparent)]
    Other(#[from] Error),
}

impl Refused {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::Bad(text.into())
    }
    pub(super) fn missing(text: impl Into<String>) -> Self {
        Self::Missing(text.into())
    }
    pub(super) fn done() -> Self {
        Self::Bad("Question already completed".to_owned())
    }
}

impl From<pglab_store::Error> for Refused {
    fn from(error: pglab_store::Error) -> Self {
        Self::Other(error.into())
    }
}

//! Titles and explanations as people type them: trimmed, of one line where they must be, and not endless.

use crate::Error;

const MAX_TITLE_CHARS: usize = 200;
const MAX_TEXT_BYTES: usize = 20_000;

/// A title: one line that is not empty.
pub(crate) fn title(path: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        Err(Error::invalid(path, "a title must not be empty"))
    } else if text.chars().count() > MAX_TITLE_CHARS {
        Err(Error::invalid(
            path,
            format!("a title has at most {MAX_TITLE_CHARS} characters"),
        ))
    } else if text.chars().any(char::is_control) {
        Err(Error::invalid(
            path,
            "a title is one line without control characters",
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// A longer text, which may be empty.
pub(crate) fn text(path: &str, text: &str) -> Result<String, Error> {
    if text.len() > MAX_TEXT_BYTES {
        Err(Error::invalid(
            path,
            format!("a text has at most {MAX_TEXT_BYTES} bytes"),
        ))
    } else if text.contains('\0') {
        Err(Error::invalid(path, "a text must not have NUL characters"))
    } else {
        Ok(text.trim().to_owned())
    }
}

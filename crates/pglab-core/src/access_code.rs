//! The code by which somebody joins a lab: what it looks like, and a random one. Which codes there are, and how often each
//! was used, is known to `pglab_store::access_code`.

use std::fmt;

use crate::Random;

const SHORTEST: usize = 4;
const LONGEST: usize = 32;
/// Of a random one: 36^8, some 2.8 million million.
const MADE: usize = 8;
const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A–Z and 0–9, in capitals.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessCode(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code has 4 to 32 letters and digits, A-Z and 0-9")]
pub struct AccessCodeError;

impl AccessCode {
    /// As people type it: in any case, with spaces around it.
    ///
    /// # Errors
    /// Not of the form above.
    pub fn parse(text: &str) -> Result<Self, AccessCodeError> {
        let code = text.trim();
        let fine =
            (SHORTEST..=LONGEST).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if fine {
            Ok(Self(code.to_ascii_uppercase()))
        } else {
            Err(AccessCodeError)
        }
    }

    /// A new one that nobody can guess.
    pub fn random(random: &dyn Random) -> Self {
        let mut code = String::with_capacity(MADE);
        while code.len() < MADE {
            let mut byte = [0u8];
            random.fill(&mut byte);
            // 252 is the largest multiple of 36 in a byte: each letter is equally likely.
            if byte[0] < 252 {
                code.push(char::from(LETTERS[usize::from(byte[0] % 36)]));
            }
        }
        Self(code)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessCode({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[derive(Debug)]
    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn codes_are_taken_in_any_case_and_nothing_else_is() {
        assert_eq!(AccessCode::parse(" summer26\n").unwrap().as_str(), "SUMMER26");
        for wrong in [
            "",
            "abc",
            "ab cd",
            "über1234",
            "A-B-C-D",
            &"X".repeat(33),
            "a\0bcd",
        ] {
            assert_eq!(AccessCode::parse(wrong), Err(AccessCodeError), "{wrong:?}");
        }
    }

    #[test]
    fn random_ones_are_of_all_letters_and_digits() {
        let random = Counting(AtomicU8::new(248));
        // 252 to 255 are drawn again.
        assert_eq!(AccessCode::random(&random).as_str(), "6789ABCD");
        assert_eq!(AccessCode::random(&random).as_str(), "EFGHIJKL");
        assert_eq!(AccessCode::parse("6789abcd").unwrap().as_str(), "6789ABCD");
    }
}

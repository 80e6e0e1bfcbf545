//! Passwords: readable initial ones, argon2id for the web, SCRAM verifiers for PostgreSQL.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use pglab_core::Random;
use sha1::{Digest, Sha1};

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    #[error("the stored password hash can't be read: {0}")]
    Stored(String),
}

/// The shortest password that a person may choose, in characters.
pub const MIN_CHARS: usize = 8;
/// The longest, in bytes: bounds the work of hashing.
pub const MAX_BYTES: usize = 256;

/// OWASP's second recommendation for argon2id: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

/// argon2id in PHC form. Takes tens of milliseconds and 19 MiB: run it off the async threads.
///
/// # Errors
/// The library refuses, which it does only for passwords over 4 GiB.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hashed = argon2()
        .hash_password(password.as_bytes())
        .map_err(|e| PasswordError::Hash(e.to_string()))?;
    Ok(hashed.to_string())
}

/// What slapd's module argon2 stores for a hash in PHC form.
pub fn slapd_argon2(hash: &str) -> String {
    format!("{{ARGON2}}{hash}")
}

/// What slapd stores where it has no such module, and for long random passwords of programs, which need no slow hash:
/// salted SHA-1.
pub fn slapd_ssha(password: &str, random: &dyn Random) -> String {
    let mut salt = [0u8; 16];
    random.fill(&mut salt);
    let mut stored = Sha1::new()
        .chain_update(password.as_bytes())
        .chain_update(salt)
        .finalize()
        .to_vec();
    stored.extend_from_slice(&salt);
    format!("{{SSHA}}{}", STANDARD.encode(stored))
}

/// A hash of no password, for somebody who does not exist: checking against it takes as long as against a real one.
pub const HASH_OF_NONE: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm8gcGFzc3dvcmQgZml0cw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Does the password fit the hash? As expensive as [`hash`].
///
/// # Errors
/// The stored hash can't be read.
pub fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|e| PasswordError::Stored(e.to_string()))?;
    Ok(argon2().verify_password(password.as_bytes(), &stored).is_ok())
}

/// What PostgreSQL stores for SCRAM-SHA-256, with a random salt. A role can be given it in place of the password, so
/// that the password itself never reaches the server or its log.
pub fn scram_verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}

/// A random password that can be read out and typed: four words of two syllables, 53 bits.
pub fn readable(random: &dyn Random) -> String {
    const CONSONANTS: &[u8; 20] = b"bcdfghjklmnprstvwxyz";
    const VOWELS: &[u8; 5] = b"aeiou";
    let mut password = String::with_capacity(19);
    for word in 0..4 {
        if word > 0 {
            password.push('-');
        }
        for _ in 0..2 {
            let syllable = below_100(random);
            password.push(char::from(CONSONANTS[usize::from(syllable / 5)]));
            password.push(char::from(VOWELS[usize::from(syllable % 5)]));
        }
    }
    password
}

/// A random number below 100, each equally likely.
fn below_100(random: &dyn Random) -> u8 {
    loop {
        let mut byte = [0u8];
        random.fill(&mut byte);
        if byte[0] < 200 {
            return byte[0] % 100;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn hashes_verify() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", &stored).unwrap());
        assert!(!verify("wrong horse", &stored).unwrap());
        assert!(verify("x", "no hash").is_err());
        assert!(!verify("", HASH_OF_NONE).unwrap());
    }

    #[test]
    fn initial_passwords_are_readable_and_differ() {
        let (one, two) = (readable(&SystemRandom), readable(&SystemRandom));
        assert_ne!(one, two);
        assert_eq!(one.len(), 19);
        assert!(one.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    }

    #[test]
    fn verifiers_are_what_postgresql_stores() {
        let verifier = scram_verifier("secret");
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
    }
}

//! Sealing of secrets that must be shown again (initial passwords, checker passwords): XChaCha20-Poly1305 with a key
//! that is kept outside our database, bound to what the secret is for.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use pglab_core::Random;
use sha2::Sha256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret can't be opened: the key is not the one it was sealed with, or it was altered")]
pub struct SealError;

/// Seals and opens. The key is 32 random bytes, in the data directory or the configuration.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    names: Hmac<Sha256>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

const NONCE_BYTES: usize = 24;

impl Sealer {
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(key.into()),
            names: Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default())),
        }
    }

    /// A name for `what` that is always the same, another for every purpose, and leads back only with the key.
    pub fn pseudonym(&self, purpose: &str, what: &str) -> String {
        let mut mac = self.names.clone();
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(what.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let hex: String = bytes.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("s-{hex}")
    }

    /// 32 hexadecimal digits that are always the same for `purpose` and `what`, and that nobody finds without the key:
    /// members' own flags, and passwords that need not be kept.
    pub fn derived(&self, purpose: &str, what: &str) -> String {
        let mut mac = self.names.clone();
        mac.update(b"derived\0");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(what.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Seals `secret` for `purpose` (such as the person's id): it opens only for the same purpose.
    ///
    /// # Errors
    /// The secret is too long for the cipher (256 GiB).
    pub fn seal(&self, random: &dyn Random, purpose: &str, secret: &str) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE_BYTES];
        random.fill(&mut nonce);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// # Errors
    /// Another key, another purpose, or altered bytes.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<String, SealError> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError)?;
        let payload = Payload {
            msg: body,
            aad: purpose.as_bytes(),
        };
        let secret = self
            .cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError)?;
        String::from_utf8(secret).map_err(|_| SealError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn opens_only_with_the_key_and_for_the_purpose() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(&SystemRandom, "ada", "kavo-miru").unwrap();
        assert_eq!(sealer.open("ada", &sealed).as_deref(), Ok("kavo-miru"));
        assert_eq!(sealer.open("bob", &sealed), Err(SealError));
        assert_eq!(Sealer::new(&[8; 32]).open("ada", &sealed), Err(SealError));
        let mut altered = sealed.clone();
        altered[30] ^= 1;
        assert_eq!(sealer.open("ada", &altered), Err(SealError));
        assert_eq!(sealer.open("ada", &sealed[..10]), Err(SealError));
    }
}

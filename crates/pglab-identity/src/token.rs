//! Tokens that somebody carries: session cookies, API tokens, claim links. 256 random bits; only their SHA-256 is
//! stored, which needs no salt because nobody can guess them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pglab_core::Random;
use sha2::{Digest, Sha256};

/// A new token: `prefix` and 43 characters of base64url.
pub fn generate(random: &dyn Random, prefix: &str) -> String {
    let mut bytes = [0u8; 32];
    random.fill(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a token.
pub fn hash(token: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(token.as_ref()).into()
}

/// Compares two secrets without telling by its time how far they agree.
pub fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

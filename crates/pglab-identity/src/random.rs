//! The operating system's random numbers: the only place that draws them.

use pglab_core::Random;
use rand::{TryRng, rngs::SysRng};

#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness every password would be guessable: there is nothing sensible to go on with.
        #[expect(
            clippy::panic,
            reason = "an operating system without randomness can't run pglab"
        )]
        if let Err(error) = SysRng.try_fill_bytes(bytes) {
            panic!("the operating system gave no random numbers: {error}");
        }
    }
}

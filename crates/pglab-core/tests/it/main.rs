//! Tests of pglab-core that need the test kit.

mod derive;
mod judge;
mod music;
mod sentences;

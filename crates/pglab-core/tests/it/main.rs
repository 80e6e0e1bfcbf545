//! Tests of pglab-core that need the test kit.

mod judge;

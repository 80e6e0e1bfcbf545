//! Tests of `pglab-control` on real PostgreSQL servers. `pglab_control::testing::TestControl` sets them up.

mod session;

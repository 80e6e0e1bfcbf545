//! Tests of `pglab-fleet` on real PostgreSQL servers.

mod private;

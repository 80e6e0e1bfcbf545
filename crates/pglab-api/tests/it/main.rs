//! Tests of the HTTP interface: the real router over a real PostgreSQL server, requests in process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod account;
mod activity;
mod answers;
mod board;
mod class;
mod console;
mod database_api;
mod document;
mod extract;
mod idempotency;
mod labs;
mod metrics;
mod monitoring;
mod oidc;
mod people;
mod probe;
mod proxies;
mod schema;
mod session;
mod support;
mod system;
mod tokens;

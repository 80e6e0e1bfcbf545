//! The HTTP interface: routes, wire types, the OpenAPI document, events, and the embedded pages. A handler makes one
//! call into `pglab-control`; no SQL and no decision is made here.

#![expect(
    unused_qualifications,
    reason = "utoipa writes out the path of the types behind `params`"
)]

pub mod access_codes;
pub mod account;
pub mod activity;
pub mod answers;
pub mod board;
pub mod claims;
pub mod console;
pub mod credentials;
pub mod database_api;
mod document;
pub mod events;
pub mod example;
pub mod extract;
mod headers;
pub mod health;
mod idempotency;
mod identity;
mod instances;
pub mod kit;
pub mod labs;
mod library;
pub mod members;
pub mod metrics;
pub mod monitoring;
pub mod oidc;
pub mod packs;
mod pages;
pub mod people;
pub mod preparation;
mod problem;
pub mod query_report;
pub mod rejudging;
pub mod results;
pub mod roster;
mod router;
pub mod session;
pub mod similarity;
pub mod standings;
pub mod system;
pub mod tasks;
pub mod teams;
pub mod tokens;
pub mod words;

pub use problem::Problem;
pub use router::{document, metrics_router, router};

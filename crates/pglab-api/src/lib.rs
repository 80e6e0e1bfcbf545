//! The HTTP interface: routes, wire types, the OpenAPI document, events, and the embedded pages. A handler makes one
//! call into `pglab-control`; no SQL and no decision is made here.

#![expect(
    unused_qualifications,
    reason = "utoipa writes out the path of the types behind `params`"
)]

pub mod account;
mod document;
pub mod events;
pub mod example;
pub mod extract;
mod headers;
pub mod health;
mod idempotency;
pub mod labs;
mod pages;
pub mod people;
mod problem;
pub mod results;
mod router;
pub mod session;
pub mod tasks;
pub mod tokens;
pub mod words;

pub use problem::Problem;
pub use router::{document, router};

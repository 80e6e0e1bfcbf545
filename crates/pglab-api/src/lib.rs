//! The HTTP interface: routes, wire types, the OpenAPI document, events, and the embedded pages. A handler makes one
//! call into `pglab-control`; no SQL and no decision is made here.

pub mod account;
mod document;
pub mod extract;
mod headers;
pub mod health;
mod idempotency;
mod pages;
pub mod people;
mod problem;
mod router;
pub mod session;
pub mod tokens;
pub mod words;

pub use problem::Problem;
pub use router::{document, router};

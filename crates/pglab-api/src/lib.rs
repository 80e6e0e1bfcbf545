//! The HTTP interface: routes, wire types, the OpenAPI document, events, and the embedded pages. A handler makes one
//! call into `pglab-control`; no SQL and no decision is made here.

pub mod extract;
pub mod health;
mod pages;
mod problem;
mod router;

pub use problem::Problem;
pub use router::{document, router};

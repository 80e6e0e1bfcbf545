//! Values and decisions of pglab. Nothing here does I/O, reads a clock or draws a random number: what depends on
//! them takes a [`Clock`] or a [`Random`].

pub mod access;
pub mod access_code;
pub mod activity;
pub mod answer;
pub mod caps;
pub mod cdf;
pub mod check;
pub mod check_query;
pub mod clock;
pub mod console;
pub mod derive;
pub mod directory;
pub mod distinguish;
pub mod exporter;
pub mod expression;
pub mod hba;
pub mod id;
pub mod ident;
pub mod instance;
pub mod judge;
pub mod kit;
pub mod lab;
pub mod lexical;
pub mod names;
pub mod need;
pub mod oidc;
pub mod pack;
pub mod person;
pub mod plan_instances;
pub mod pods;
pub mod points;
pub mod proxies;
pub mod results;
pub mod roster;
pub mod similarity;
pub mod snapshot;
pub mod spreadsheet;
pub mod task;
pub mod types;
pub mod uri;
pub mod words;

pub use clock::{Clock, Random};

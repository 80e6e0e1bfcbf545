//! pglab's own database: one file per table, SQL checked at compile time. Reads take any executor, writes take a
//! transaction; nothing here decides who may do what.

pub mod access_code;
pub mod access_code_try;
pub mod activity;
pub mod answer;
pub mod api_token;
pub mod audit;
pub mod challenge_instance;
pub mod claim_link;
pub mod class;
pub mod credential;
pub mod directory_account;
pub mod example;
pub mod example_rows;
pub mod gradebook;
pub mod hand;
pub mod idempotency;
pub mod initial_password;
pub mod instance;
pub mod judge_database;
pub mod lab;
pub mod lab_history;
pub mod lab_source;
pub mod leader;
pub mod log_position;
pub mod member;
pub mod membership;
pub mod mistake;
pub mod notice;
pub mod oidc_account;
pub mod oidc_flow;
pub mod pack;
pub mod person;
mod pool;
pub mod session;
pub mod sign_in_failure;
pub mod snapshot_database;
pub mod standing;
pub mod start_dump;
pub mod task;
pub mod task_content;
pub mod task_score;
pub mod timeline;
pub mod verdict;

pub use leader::Leadership;
pub use pool::{Error, Store, Tx};

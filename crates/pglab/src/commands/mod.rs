//! One file per command or group of commands. `up` and `serve` run pglab; all others are clients of its API or look
//! at this machine and its files.

pub mod account;
pub mod class;
pub mod config;
pub mod directory;
pub mod doctor;
pub mod lab;
pub mod migrate;
pub mod monitoring;
pub mod pack;
pub mod person;
pub mod query_report;
pub mod rejudge;
pub mod roster;
pub mod serve;
pub mod task;
pub mod token;
pub mod up;

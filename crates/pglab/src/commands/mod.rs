//! One file per command or group of commands. `up` and `serve` run pglab; all others are clients of its API or look
//! at this machine.

pub mod config;
pub mod doctor;
pub mod migrate;
pub mod serve;
pub mod up;

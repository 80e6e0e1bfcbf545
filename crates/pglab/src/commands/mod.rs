//! One file per command or group of commands. `up` and `serve` run pglab; all others are clients of its API or look
//! at this machine.

pub mod up;

//! The live path on a real server: commits, errors, hands, trouble, readers.

mod caps;
mod commits;
mod readers;
mod school;
mod trouble;

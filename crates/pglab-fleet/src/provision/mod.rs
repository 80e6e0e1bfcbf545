//! Making and taking away what students work in: roles, databases, and the pair of both that is an instance. Who is to
//! have what is decided elsewhere; here stands how PostgreSQL is told, in as few statements as it takes.
//!
//! What pglab makes carries its mark, a comment that starts with [`MARK`]. Nothing here alters or drops a role or
//! database without it: such a call fails with [`NOT_OURS`].

pub mod cluster;
pub mod console;
pub mod database;
pub mod instance;
pub mod role;

pub(crate) mod script;

pub use instance::{InstanceLimits, InstanceSpec};
pub use role::RoleLimits;

/// How the comment on everything that pglab made begins. Students can read it, so it holds ids and nothing else.
pub const MARK: &str = "pglab:";

/// The SQLSTATE of a refusal to touch a role or database that exists and does not carry our mark.
pub const NOT_OURS: &str = "PL001";

/// The comment for a mark that may have been given without its beginning.
fn comment(mark: &str) -> String {
    if mark.starts_with(MARK) {
        mark.to_owned()
    } else {
        format!("{MARK}{mark}")
    }
}

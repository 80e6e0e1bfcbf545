//! What a student could try, tried: each test is a real student on a real server, and ends by showing that the
//! neighbour and the checkers are unharmed. `docs/security.md` says what stops each group.

pub(crate) mod class;

mod grants;
mod load;
mod locks;
mod reach;
mod server;
mod shadow;

//! The live page of a lab: who is how far, who needs help. Boards are kept in memory, made from the store when they are
//! first needed; what feeds them is `live`.

#[expect(clippy::module_inception, reason = "the board is what the folder is about")]
mod board;
mod boards;
mod content;
pub mod feed;
mod load;
mod mistakes;
mod row;
mod state;

pub use board::{Beginning, Board, Subscription};
pub use boards::Boards;
pub(crate) use boards::settle;
pub use content::Content;
pub use mistakes::{RecentMistakes, SharedError};
pub use row::{
    Activity, ActivityState, BoardEvent, BoardView, Change, ClassRow, HandUp, MemberRow, MemberState,
    NeedRow, TaskHead, TaskRow,
};
pub use state::{LabHead, Member, SessionsSeen, State, Who};

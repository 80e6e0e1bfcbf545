//! The live page of a lab: who is how far, who needs help. Boards are kept in memory, made from the store when they are
//! first needed; what feeds them is `live`.

#[expect(clippy::module_inception, reason = "the board is what the folder is about")]
mod board;
mod boards;
mod content;
pub mod feed;
mod hand;
mod load;
mod me;
mod member;
mod mistakes;
mod row;
mod show;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use load::earned_changed;

pub use board::{Beginning, Board, Subscription};
pub use boards::Boards;
pub use content::Content;
pub use hand::{lower as hand_lower, raise as hand_raise};
pub use me::{OwnPage, own_page};
pub use member::{MemberConnection, MemberDetail, MemberSchema, detail, schema};
pub use mistakes::{RecentMistakes, SharedError};
pub use row::{
    Activity, ActivityState, BoardEvent, BoardView, Change, ClassRow, HandUp, MemberRow, MemberState,
    NeedRow, TaskHead, TaskRow,
};
pub use show::{Shown, n_computed, show, subscribe};
pub use state::{LabHead, Member, SessionsSeen, State, Who};

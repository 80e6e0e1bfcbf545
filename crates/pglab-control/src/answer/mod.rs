//! Answers: taken, judged, counted and priced. What is right is decided in `pglab_core::answer`, the SQL runs in
//! `pglab_fleet::answer`, caps and limits are decided by the one statement of `pglab_store::answer` that counts.

mod attempts;
mod datasets;
mod flag;
mod hint;
mod judge;
mod live;
mod mutated;
mod own;
pub mod rejudge;
pub mod report;
mod rules;
mod seed;
mod similarity;
mod standings;
mod standings_feed;
mod submit;
mod verdict;
mod vouch;

pub use attempts::{attempts, give_back};
pub use hint::{HintTaken, hint};
pub use own::{OwnTask, own_tasks};
pub use pglab_store::answer::Attempt;
pub use rules::{MemberRules, award, member_rules, rules, set_member_rules, set_rules};
pub use similarity::{Similarity, similarity};
pub use standings::{Row, Standings, Viewer, standings, standings_for};
pub use standings_feed::{Moved, StandingsChange, Told, watch};
pub use submit::{Answered, Given, submit};
pub use verdict::{Part, RowsThatDiffer, SqlProblem, Verdict};

pub(crate) use datasets::remove as remove_datasets;
pub(crate) use flag::of_member as flag_of_member;
pub(crate) use live::Live;
pub(crate) use seed::{has_seed, plant};
pub(crate) use standings::shown_to_members;
pub(crate) use vouch::vouch;

//! Labs: one file per operation. What is inside a lab (example, tasks, roster) has folders of its own.

mod archive;
mod challenges;
mod change;
pub mod clean_up;
mod close;
mod create;
mod definition;
mod delete;
mod dumps;
mod find;
pub(crate) mod from_pack;
mod list;
mod open;
mod settings;
mod show;
pub(crate) mod title;
mod update;

pub use archive::archive;
pub use challenges::{LabChallenges, challenges, set_challenges};
pub use close::close;
pub use create::{NewLab, create};
pub use definition::{Definition, DefinitionCheck, DefinitionTask, ExampleFrom, definition};
pub use delete::delete;
pub use dumps::ArchiveProgress;
pub use find::find;
pub use from_pack::FromPack;
pub use list::{LabSummary, list};
pub use open::open;
pub use pglab_store::lab::Lab;
pub use show::{LabView, show};
pub use update::{LabChange, update};

pub(crate) use change::{locked, write};
pub(crate) use show::view;

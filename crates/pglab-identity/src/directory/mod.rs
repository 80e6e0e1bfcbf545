//! The client of an LDAP directory: signing in, finding people and their groups, changing passwords. What it is told comes
//! from `pglab_core::directory`; whom it lets in here, and as what, is decided by `control`.

mod connect;
mod counters;
mod error;
mod find;
mod members;
mod password;
mod policy;
mod sign_in;
mod steps;
mod tree;

use std::sync::Arc;

use pglab_core::directory::{DirectorySettings, ManagedTree};

pub use counters::{Counters, ServerState};
pub use error::DirectoryError;
pub use find::{Entry, Membership};
pub use members::Members;
pub use password::ChangeRefusal;
pub use policy::{PolicyAnswer, PolicyError};
pub use sign_in::{Refusal, SignIn, SignedIn};
pub use steps::Step;
pub use tree::Writing;

/// Connections for people who sign in, at a time: a hash is checked on the other side for each, and the directory has
/// other clients.
const MOST_SIGNING_IN: usize = 8;
/// Connections for searches.
const MOST_SEARCHING: usize = 4;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: DirectorySettings,
    tree: Option<ManagedTree>,
    signing_in: connect::Pool,
    searching: connect::Pool,
    counters: Counters,
    /// Servers that failed lately are tried last.
    failed: parking_lot::Mutex<Vec<Option<tokio::time::Instant>>>,
}

impl Directory {
    /// Connects to nothing yet.
    pub fn new(settings: DirectorySettings) -> Self {
        Self::with_tree(settings, None)
    }

    /// Of a tree that pglab fills.
    pub fn managed(settings: DirectorySettings, tree: ManagedTree) -> Self {
        Self::with_tree(settings, Some(tree))
    }

    fn with_tree(settings: DirectorySettings, tree: Option<ManagedTree>) -> Self {
        Self(Arc::new(Inner {
            counters: Counters::new(&settings),
            failed: parking_lot::Mutex::new(vec![None; settings.servers.len()]),
            settings,
            tree,
            signing_in: connect::Pool::new(MOST_SIGNING_IN),
            searching: connect::Pool::new(MOST_SEARCHING),
        }))
    }

    pub fn settings(&self) -> &DirectorySettings {
        &self.0.settings
    }

    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }
}

//! Wakes reconcilers after a change that they care about, so that nobody waits for the next period. A wake-up that
//! finds its reconciler busy is remembered: it runs once more.

use tokio::sync::Notify;

/// One per reconciler. Only the process that works listens; the others' reconcilers come by on their period.
#[derive(Debug, Default)]
pub struct Wake {
    /// An example was uploaded, or a start changed.
    pub example: Notify,
    /// Members, their access or their databases are to change.
    pub prepare: Notify,
    /// The same, for the accounts in an LDAP tree.
    pub directory: Notify,
    /// A lab is to be archived or deleted.
    pub clean_up: Notify,
    /// A challenge is to be started or ended at the instance manager.
    pub pods: Notify,
    /// Tasks or settings changed: every database is judged anew.
    pub live: Notify,
}

impl Wake {
    /// People came or went, or their passwords, access or databases are to change.
    pub fn people_changed(&self) {
        self.prepare.notify_one();
        self.directory.notify_one();
    }
}

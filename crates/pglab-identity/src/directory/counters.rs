//! What is counted of the directory, for the metrics: plain numbers since the process began.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use pglab_core::directory::DirectorySettings;

#[derive(Debug)]
pub struct Counters {
    servers: Vec<(String, AtomicI64)>,
    pub signed_in: AtomicU64,
    /// Wrong passwords, and logins that nobody has.
    pub refused: AtomicU64,
    pub locked: AtomicU64,
    /// Tries while the directory did not answer.
    pub away: AtomicU64,
}

/// How a server of the directory was when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerState {
    pub url: String,
    /// `None` before it was asked for the first time.
    pub up: Option<bool>,
}

const UNKNOWN: i64 = -1;

impl Counters {
    pub(super) fn new(settings: &DirectorySettings) -> Self {
        let url = |server: &pglab_core::directory::Server| server.url(settings.tls);
        Self {
            servers: settings
                .servers
                .iter()
                .map(|server| (url(server), AtomicI64::new(UNKNOWN)))
                .collect(),
            signed_in: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            locked: AtomicU64::new(0),
            away: AtomicU64::new(0),
        }
    }

    pub(super) fn note(&self, server: usize, up: bool) {
        if let Some((_, state)) = self.servers.get(server) {
            state.store(i64::from(up), Ordering::Relaxed);
        }
    }

    pub fn servers(&self) -> Vec<ServerState> {
        self.servers
            .iter()
            .map(|(url, state)| ServerState {
                url: url.clone(),
                up: match state.load(Ordering::Relaxed) {
                    UNKNOWN => None,
                    state => Some(state == 1),
                },
            })
            .collect()
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

//! Is pglab there, and is its own database?

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pglab_store::health as table;
pub use pglab_store::health::{Health as DatabaseHealth, TableSize};

use super::{Caller, Refused};
use crate::Control;

/// A database that takes longer to say a word is away.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub is_connected: bool,
    pub at: DateTime<Utc>,
}

/// For everybody, without a token.
pub async fn status(control: &Control) -> Status {
    let said = tokio::time::timeout(PATIENCE, table::ping(control.store.pool())).await;
    Status {
        is_connected: matches!(said, Ok(Ok(()))),
        at: control.now(),
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    pub at: DateTime<Utc>,
    pub uptime_s: i64,
    pub database: DatabaseHealth,
    pub query_latency: Duration,
    pub transaction_latency: Duration,
    pub tables: Vec<TableSize>,
}

/// # Errors
/// Neither a service nor an instructor; our own database does not answer.
pub async fn health(control: &Control, caller: &Caller) -> Result<Health, Refused> {
    if !caller.sees_content(control) {
        return Err(crate::Error::Forbidden.into());
    }
    let began = Instant::now();
    table::ping(control.store.pool()).await?;
    let query_latency = began.elapsed();
    let began = Instant::now();
    let mut tx = control.store.begin().await?;
    table::ping(&mut *tx).await?;
    control.store.commit(tx).await?;
    let transaction_latency = began.elapsed();
    Ok(Health {
        at: control.now(),
        uptime_s: (control.now() - control.started_at()).num_seconds(),
        database: table::of_database(control.store.pool()).await?,
        query_latency,
        transaction_latency,
        tables: table::tables(control.store.pool()).await?,
    })
}

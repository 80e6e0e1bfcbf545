//! Connections that change what students work in. Each holds a lock on the cluster, which one of a predecessor that was
//! killed holds until its last statement has ended there: nobody works beside the dead.

use std::time::Duration;

use crate::{Cluster, Connection, Error};

/// An arbitrary number that is ours: "pglabw" in ASCII. The first connection holds this lock, each further one the next.
const LOCK: i64 = 0x70_67_6c_61_62_77;
/// The most connections besides the first.
pub const MAX_FURTHER: u8 = 8;

/// How long a dead predecessor's statement is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first connection of an activation: waits until no other activation is at work, nor what one has left running.
///
/// # Errors
/// The server can't be reached, or another is at work for too long.
pub async fn begin(cluster: &Cluster) -> Result<Connection, Error> {
    let mut script = format!("SELECT pg_catalog.pg_advisory_lock({LOCK});");
    for nth in 1..=i64::from(MAX_FURTHER) {
        let lock = LOCK + nth;
        script.push_str(&format!(
            "SELECT pg_catalog.pg_advisory_lock({lock}); SELECT pg_catalog.pg_advisory_unlock({lock});"
        ));
    }
    open(cluster, &script).await
}

/// The `nth` further connection of an activation that has begun, from 1 to [`MAX_FURTHER`]. Nobody else waits for its
/// lock, because whoever does not hold the first one does not get as far.
///
/// # Errors
/// The server can't be reached.
pub async fn join(cluster: &Cluster, nth: u8) -> Result<Connection, Error> {
    let lock = LOCK + i64::from(nth.clamp(1, MAX_FURTHER));
    open(cluster, &format!("SELECT pg_catalog.pg_advisory_lock({lock})")).await
}

async fn open(cluster: &Cluster, take_lock: &str) -> Result<Connection, Error> {
    let connection = cluster.maintenance().await?;
    match tokio::time::timeout(PATIENCE, connection.batch_execute(take_lock)).await {
        Ok(taken) => taken?,
        Err(_) => return Err(Error::Deadline(PATIENCE)),
    }
    Ok(connection)
}

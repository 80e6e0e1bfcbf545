//! Connections that change what students work in. All of one activation share a lock on the cluster, which a
//! predecessor that was killed holds until its last statement has ended there: nobody works beside the dead.

use std::time::Duration;

use crate::{Cluster, Connection, Error};

/// An arbitrary number that is ours: "pglabw" in ASCII.
const LOCK: i64 = 0x70_67_6c_61_62_77;

/// How long a dead predecessor's statement is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first connection of an activation: waits until no other holds the lock, then shares it.
///
/// # Errors
/// The server can't be reached, or the predecessor's statement does not end.
pub async fn begin(cluster: &Cluster) -> Result<Connection, Error> {
    let script = format!(
        "SELECT pg_catalog.pg_advisory_lock({LOCK}); SELECT pg_catalog.pg_advisory_lock_shared({LOCK}); \
         SELECT pg_catalog.pg_advisory_unlock({LOCK})"
    );
    open(cluster, &script).await
}

/// A further connection of an activation that has begun.
///
/// # Errors
/// The server can't be reached.
pub async fn join(cluster: &Cluster) -> Result<Connection, Error> {
    open(
        cluster,
        &format!("SELECT pg_catalog.pg_advisory_lock_shared({LOCK})"),
    )
    .await
}

async fn open(cluster: &Cluster, take_lock: &str) -> Result<Connection, Error> {
    let connection = cluster.maintenance().await?;
    match tokio::time::timeout(PATIENCE, connection.batch_execute(take_lock)).await {
        Ok(taken) => taken?,
        Err(_) => return Err(Error::Deadline(PATIENCE)),
    }
    Ok(connection)
}

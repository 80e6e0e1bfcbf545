//! Serving: the API's listener and the workers around one `Control`, until told to stop. The same for `up` and
//! `serve`.

use std::{future::IntoFuture, net::SocketAddr, time::Duration};

use anyhow::Context;
use pglab_control::{Control, pg_hba, workers};
use pglab_core::ident::Ident;
use pglab_fleet::provision::cluster;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests in flight may take after a stop; event streams are cut then.
const GRACE: Duration = Duration::from_secs(2);

pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}"))
}

/// Closes what students must not reach, before anybody is let in.
pub async fn prepare(control: &Control, own_database: Option<&Ident>) -> anyhow::Result<()> {
    let connection = control
        .cluster
        .maintenance()
        .await
        .context("the cluster can't be reached")?;
    let secured = cluster::secure(&connection, own_database)
        .await
        .context("the cluster could not be secured")?;
    tracing::debug!(?secured, "the cluster is closed to others");
    let except = pg_hba::fallback_roles(control).await?;
    pg_hba::apply(control, &control.options().identity, except)
        .await
        .context("PostgreSQL could not be told who may sign in how")?;
    Ok(())
}

/// Answers those who scrape, on a listener of its own, until `stop`.
pub async fn run_metrics(control: Control, listener: TcpListener, stop: CancellationToken) {
    let served = axum::serve(listener, pglab_api::metrics_router(control))
        .with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the listener for metrics failed");
    }
}

/// Answers requests and works in the background until `stop`.
pub async fn run(control: Control, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let router = pglab_api::router(control.clone());
    let working = tokio::spawn(workers::run(control, stop.clone()));
    let signal = stop.clone();
    let serving = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { signal.cancelled().await })
    .into_future();
    tokio::select! {
        served = serving => served.context("the web listener failed")?,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {}
    }
    stop.cancel();
    working.await.context("the workers died")?;
    Ok(())
}

/// A token that is cancelled by SIGTERM or Ctrl-C.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("can't wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't wait for SIGINT")?;
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        told.cancel();
    });
    Ok(stop)
}

//! The reconciler that keeps accounts in order: it removes what has expired, and gives PostgreSQL the passwords that it
//! could not be given when they were changed.

use std::{fmt, time::Duration};

use pglab_store::{idempotency, oidc_flow, session, sign_in_failure};
use tokio_util::sync::CancellationToken;

use crate::{
    Control, Error, Worker, credential::converge, idempotency::KEPT, reports::counted, sign_in::WINDOW,
};

const PERIOD: Duration = Duration::from_secs(60);

pub const WORKER: Worker = Worker {
    name: "accounts",
    about: "Removes what has expired, and gives PostgreSQL the passwords that it could not be given at once",
    period: PERIOD,
};

/// What one activation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub sessions_expired: u64,
    pub failures_forgotten: u64,
    pub answers_forgotten: u64,
    pub passwords_applied: u64,
    pub attempts_given_back: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.sessions_expired, "sessions expired"),
            (self.failures_forgotten, "failed sign-ins forgotten"),
            (self.answers_forgotten, "kept answers forgotten"),
            (self.passwords_applied, "passwords applied"),
            (self.attempts_given_back, "attempts given back"),
        ];
        counted(f, &counts)
    }
}

/// # Errors
/// Our own database or the cluster does not answer. What was done stays done.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let now = control.now();
    let mut tx = control.store.begin().await?;
    oidc_flow::delete_expired(&mut tx, now).await?;
    crate::access_code::forget(&mut tx, now).await?;
    let mut summary = Summary {
        sessions_expired: session::delete_expired(&mut tx, now).await?,
        failures_forgotten: sign_in_failure::delete_before(&mut tx, now - WINDOW).await?,
        answers_forgotten: idempotency::delete_before(&mut tx, now - KEPT).await?,
        passwords_applied: 0,
        attempts_given_back: 0,
    };
    control.store.commit(tx).await?;
    summary.attempts_given_back = crate::answer::give_back(control).await?;
    summary.passwords_applied = converge(control, None).await?;
    Ok(summary)
}

/// Every minute, until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    loop {
        let outcome = activate(&control).await;
        control.report(&WORKER, &outcome);
        match outcome {
            Ok(summary) if summary == Summary::default() => {}
            Ok(summary) => tracing::info!(?summary, "accounts are in order"),
            Err(error) => tracing::warn!(%error, "accounts could not be put in order; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

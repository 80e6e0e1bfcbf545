//! The databases in which answers are judged: a copy of the start, changed by scripts for a hidden dataset. Only those
//! get in who are members of the lab's role for judging: its checkers, and the role that runs the references.

use std::path::PathBuf;

use pglab_core::{Random, ident::Ident};
use tokio_util::sync::CancellationToken;

use super::{
    finished_with,
    mutate::{self, Mutation},
};
use crate::{
    Cluster, Connection, Error,
    load::{self, LoadError, LoadLimits, LoadRequest, Place, PlaceSpec, Source},
    provision::{RoleLimits, role},
};

/// What is judged in.
#[derive(Debug)]
pub struct JudgeRequest<'a> {
    pub cluster: &'a Cluster,
    pub place: PlaceSpec,
    /// NOLOGIN; its members may connect.
    pub judge_role: &'a Ident,
    /// What it is a copy of; empty where there is none.
    pub copied: Option<&'a Ident>,
    /// Run in this order, as the lab's role.
    pub scripts: &'a [PathBuf],
    /// What is changed after these.
    pub mutation: Option<Mutation<'a>>,
    pub programs: &'a std::path::Path,
    pub limits: LoadLimits,
    pub random: &'a dyn Random,
}

/// One of that name that pglab made before is replaced.
///
/// # Errors
/// See [`LoadError`]. Then nothing is left behind.
pub async fn make_judge(request: &JudgeRequest<'_>) -> Result<(), LoadError> {
    let place = Place::make(
        request.cluster,
        &request.place,
        request.copied,
        &request.limits,
        request.random,
    )
    .await?;
    let work = async {
        for script in request.scripts {
            let load = LoadRequest {
                cluster: request.cluster,
                place: request.place.clone(),
                source: Source::File(script.clone()),
                programs: request.programs,
                limits: request.limits,
                random: request.random,
                cancel: CancellationToken::new(),
            };
            load::fill(&place, &load, &|_| ()).await?;
        }
        let connection = place.loader().await?;
        if let Some(mutation) = request.mutation {
            let work = async { Ok(mutate::carry_out(&connection, mutation).await?) };
            let cancel = CancellationToken::new();
            let n_made = load::guarded(&place, &request.limits, &cancel, work).await?;
            let n_changes = mutation.changes.len();
            tracing::debug!(database = %request.place.database, n_made, n_changes, "a dataset was mutated");
        }
        if let Err(error) = connection.batch_execute("ANALYZE").await {
            tracing::warn!(%error, "a dataset could not be analysed");
        }
        Ok(())
    };
    let outcome = work.await;
    finished_with(place, outcome, request.judge_role).await
}

/// The roles for judging in a lab: the group that may connect, and the login that runs the references, which also owns what
/// the lab owns, so that it reads everything.
///
/// # Errors
/// A role of that name is not ours, or PostgreSQL refuses.
pub async fn ensure_roles(
    maintenance: &Connection,
    judge_role: &Ident,
    reference_role: &Ident,
    lab_role: &Ident,
    verifier: &str,
    mark: &str,
) -> Result<(), Error> {
    role::ensure_nologin(maintenance, judge_role, mark).await?;
    role::ensure_login(
        maintenance,
        reference_role,
        verifier,
        &RoleLimits::default(),
        mark,
    )
    .await?;
    role::grant_membership(maintenance, judge_role, reference_role).await?;
    role::grant_membership(maintenance, lab_role, reference_role).await
}

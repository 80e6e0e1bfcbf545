//! The databases of a lab that students never work in: the example, which is what they are to arrive at, and the start,
//! which their databases are copies of. Both are closed to everybody once they are made; a template that nobody can
//! connect to can always be copied. They are no `IS_TEMPLATE` databases, which other roles could copy too.

mod judge;
mod mutate;
mod start;

pub use judge::{JudgeRequest, ensure_roles, make_judge};
pub use mutate::Mutation;

use std::path::Path;

use pglab_core::{Random, ident::Ident, lab::Start, snapshot::SchemaSnapshot};
use tokio_util::sync::CancellationToken;

use crate::{
    Cluster, Connection, Error, introspect,
    load::{
        self, LoadError, LoadFault, LoadLimits, LoadPhase, LoadProgress, LoadReport, LoadRequest, Place,
        PlaceSpec, Progress, Source,
    },
    provision::database,
    rows::{self, Expected, RowLimits},
};

/// An example that was loaded and looked at.
#[derive(Debug, Clone)]
pub struct Example {
    pub report: LoadReport,
    pub schema: SchemaSnapshot,
    pub rows: Expected,
}

/// Loads a sample database, and reads what is in it. A database of that name that pglab made before is replaced.
///
/// # Errors
/// See [`LoadError`]; then nothing is left behind.
pub async fn make_example(request: &LoadRequest<'_>, progress: Progress<'_>) -> Result<Example, LoadError> {
    progress(at_the_beginning());
    let place = Place::make(
        request.cluster,
        &request.place,
        None,
        &request.limits,
        request.random,
    )
    .await?;
    let work = async {
        let report = load::fill(&place, request, progress).await?;
        progress(LoadProgress {
            phase: LoadPhase::Reading,
            n_bytes: report.n_bytes,
            n_total: Some(report.n_bytes),
            n_statements: report.n_statements,
        });
        let reading = read(&place, &request.limits);
        let (schema, rows) = load::guarded(&place, &request.limits, &request.cancel, reading).await?;
        Ok((report, schema, rows))
    };
    let outcome = work.await;
    let (report, schema, rows) = finished(place, outcome).await?;
    Ok(Example { report, schema, rows })
}

/// By the loader, as the role of the lab: views are executed with no more power than that.
async fn read(place: &Place, limits: &LoadLimits) -> Result<(SchemaSnapshot, Expected), LoadError> {
    let connection = place.loader().await?;
    // The planner knows nothing of what was just loaded, and neither would that of the copies.
    if let Err(error) = connection.batch_execute("ANALYZE").await {
        tracing::warn!(%error, "an example could not be analysed");
    }
    let schema = introspect::snapshot(&connection).await?;
    let limits = RowLimits {
        statement: limits.relation,
        total: limits.total,
        ..RowLimits::default()
    };
    let rows = rows::expected_within(&connection, &schema, limits).await?;
    Ok((schema, rows))
}

/// What a start is made from.
#[derive(Debug)]
pub struct StartRequest<'a> {
    pub cluster: &'a Cluster,
    pub place: PlaceSpec,
    pub start: &'a Start,
    /// For [`Start::Schema`] and [`Start::Tables`].
    pub example: Option<&'a Ident>,
    /// For [`Start::Dump`].
    pub dump: Option<Source>,
    pub programs: &'a Path,
    pub limits: LoadLimits,
    pub random: &'a dyn Random,
    pub cancel: CancellationToken,
}

/// A start that was made.
#[derive(Debug, Clone)]
pub struct Started {
    /// Where it came from a dump.
    pub report: Option<LoadReport>,
    /// What is in it, which therefore earns no points.
    pub schema: SchemaSnapshot,
    pub rows: Expected,
}

/// Makes the database that students' databases are copies of. One of that name that pglab made before is replaced; the
/// copies that exist do not notice.
///
/// # Errors
/// The example or dump is missing or can't be used; see [`LoadError`]. Then nothing is left behind.
pub async fn make_start(request: &StartRequest<'_>, progress: Progress<'_>) -> Result<Started, LoadError> {
    progress(at_the_beginning());
    let missing = |what| {
        LoadError::new(
            LoadFault::Server,
            format!("the start needs {what}, which is not there"),
        )
    };
    let copied = match request.start {
        Start::Empty | Start::Dump(_) => None,
        Start::Schema | Start::Tables(_) => Some(request.example.ok_or_else(|| missing("the example"))?),
    };
    let place = Place::make(
        request.cluster,
        &request.place,
        copied,
        &request.limits,
        request.random,
    )
    .await?;
    let work = async {
        let mut report = None;
        match request.start {
            Start::Empty => {}
            Start::Dump(_) => {
                let load = LoadRequest {
                    cluster: request.cluster,
                    place: request.place.clone(),
                    source: request.dump.clone().ok_or_else(|| missing("a dump"))?,
                    programs: request.programs,
                    limits: request.limits,
                    random: request.random,
                    cancel: request.cancel.clone(),
                };
                report = Some(load::fill(&place, &load, progress).await?);
            }
            Start::Schema => {
                let work = start::keep_schema(&place);
                load::guarded(&place, &request.limits, &request.cancel, work).await?;
            }
            Start::Tables(tables) => {
                let work = start::keep_tables(&place, tables);
                load::guarded(&place, &request.limits, &request.cancel, work).await?;
            }
        }
        let inside = place.maintenance_inside().await?;
        inside.batch_execute(include_str!("sql/help.sql")).await?;
        std::mem::drop(inside);
        let reading = read(&place, &request.limits);
        let (schema, rows) = load::guarded(&place, &request.limits, &request.cancel, reading).await?;
        Ok(Started { report, schema, rows })
    };
    let outcome = work.await;
    finished(place, outcome).await
}

/// Drops an example or a start. No error where there is none.
///
/// # Errors
/// It is not ours, or PostgreSQL refuses.
pub async fn drop(maintenance: &Connection, database: &Ident) -> Result<(), Error> {
    database::drop(maintenance, database).await
}

/// Closes the place after the work, or takes it away.
async fn finished<T>(place: Place, outcome: Result<T, LoadError>) -> Result<T, LoadError> {
    match outcome {
        Ok(done) => {
            place.close().await?;
            Ok(done)
        }
        Err(error) => {
            place.take_away().await;
            Err(error)
        }
    }
}

/// Opens the place for the members of this role, or takes it away.
async fn finished_with(place: Place, outcome: Result<(), LoadError>, role: &Ident) -> Result<(), LoadError> {
    match outcome {
        Ok(()) => Ok(place.open_for(role).await?),
        Err(error) => {
            place.take_away().await;
            Err(error)
        }
    }
}

fn at_the_beginning() -> LoadProgress {
    LoadProgress {
        phase: LoadPhase::Preparing,
        n_bytes: 0,
        n_total: None,
        n_statements: 0,
    }
}

//! Loads a script that somebody uploaded, or a copy of a live database, into a new database. The script is hostile
//! until proven otherwise: it is executed by a role that may do nothing but fill this one database, no command of psql
//! is executed at all, and whatever goes wrong leaves nothing behind. What the database is for is decided elsewhere.

mod error;
mod live;
mod place;
mod rule;
mod run;
pub mod script;
mod source;
mod tokens;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use pglab_core::Random;
use tokio_util::sync::CancellationToken;

pub use error::{LoadError, LoadFault};
pub(crate) use place::Place;
pub use place::PlaceSpec;

use crate::Cluster;

/// Where the content comes from.
#[derive(Clone)]
pub enum Source {
    /// A script, plain or compressed with gzip, or a dump in `pg_dump`'s custom format.
    File(PathBuf),
    /// The URI of a database that is read and never written.
    Live(String),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // It may have a password.
            Self::Live(_) => f.write_str("Live(…)"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// For all of it.
    pub total: Duration,
    /// Of the database on disk. Watched every other second, so that it can become somewhat larger.
    pub max_database_bytes: u64,
    pub max_statement_bytes: usize,
    /// For reading one table or view of the result. A view that takes longer is not asked for.
    pub relation: Duration,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(3600),
            max_database_bytes: 20 << 30,
            max_statement_bytes: script::MAX_STATEMENT_BYTES,
            relation: Duration::from_secs(30),
        }
    }
}

/// What is to be loaded, and where to.
#[derive(Debug)]
pub struct LoadRequest<'a> {
    pub cluster: &'a Cluster,
    pub place: PlaceSpec,
    pub source: Source,
    /// The folder of PostgreSQL's programs: `pg_restore` and `pg_dump` are used.
    pub programs: &'a Path,
    pub limits: LoadLimits,
    /// For the password of the loader.
    pub random: &'a dyn Random,
    /// Ends it early.
    pub cancel: CancellationToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadPhase {
    Preparing,
    Loading,
    /// The content is there and is looked at.
    Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadProgress {
    pub phase: LoadPhase,
    /// Of the file, as it is on disk.
    pub n_bytes: u64,
    /// Unknown for a live database.
    pub n_total: Option<u64>,
    pub n_statements: u64,
}

pub type Progress<'a> = &'a (dyn Fn(LoadProgress) + Send + Sync);

/// Something in the script that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub line: u64,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    pub n_statements: u64,
    /// Rows that came by COPY.
    pub n_copied_rows: u64,
    pub n_bytes: u64,
    /// The first hundred.
    pub warnings: Vec<Warning>,
    pub n_warnings: u64,
}

/// Makes the database and loads the source into it. Everything in it then belongs to the role of the lab, nobody may
/// connect, and the loader is gone. After an error there is neither database nor loader; after a crash the next load
/// into the same place removes them.
///
/// # Errors
/// See [`LoadError`].
pub async fn load(request: &LoadRequest<'_>, progress: Progress<'_>) -> Result<LoadReport, LoadError> {
    let place = Place::make(
        request.cluster,
        &request.place,
        None,
        &request.limits,
        request.random,
    )
    .await?;
    match fill(&place, request, progress).await {
        Ok(report) => {
            place.close().await?;
            Ok(report)
        }
        Err(error) => {
            place.take_away().await;
            Err(error)
        }
    }
}

/// Loads the source into a place that is there, and hands everything over to the role of the lab.
pub(crate) async fn fill(
    place: &Place,
    request: &LoadRequest<'_>,
    progress: Progress<'_>,
) -> Result<LoadReport, LoadError> {
    let work = async {
        let input = match &request.source {
            Source::File(path) => source::Input::open(path, request.programs)?,
            Source::Live(uri) => source::Input::of_database(request.programs, &live::environment(uri)?)?,
        };
        let connection = place.loader().await?;
        let runner = run::Runner::new(&connection, request.limits.max_statement_bytes, progress);
        let report = runner.run(input).await?;
        drop(connection);
        place.hand_over().await?;
        Ok(report)
    };
    guarded(place, &request.limits, &request.cancel, work).await
}

/// Does the work within its limits. What it has begun on the server ends with the database.
pub(crate) async fn guarded<T>(
    place: &Place,
    limits: &LoadLimits,
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, LoadError>>,
) -> Result<T, LoadError> {
    let too_long = || {
        LoadError::new(
            LoadFault::Limit,
            format!(
                "loading took longer than {} s and was ended",
                limits.total.as_secs_f32()
            ),
        )
    };
    let watch = async {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            match place.size().await {
                Ok(size) if size > limits.max_database_bytes => {
                    return LoadError::new(
                        LoadFault::Limit,
                        format!(
                            "the database grew over {} MiB, which is the limit for what is loaded",
                            limits.max_database_bytes >> 20
                        ),
                    );
                }
                Ok(_) => {}
                Err(error) => return error.into(),
            }
        }
    };
    tokio::select! {
        outcome = work => outcome,
        error = watch => Err(error),
        () = tokio::time::sleep(limits.total) => Err(too_long()),
        () = cancel.cancelled() => Err(LoadError::new(LoadFault::Cancelled, "loading was cancelled")),
    }
}

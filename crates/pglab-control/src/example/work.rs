//! What is made of an example on the cluster, by the functions of `pglab_fleet`: the example database, the start
//! template, and their removal. Nothing is decided or written down here.

use std::path::{Path, PathBuf};

use pglab_core::{
    ident::Ident,
    lab::Start,
    names,
    snapshot::{ExpectedRows, ObjectName, ObservedRows, SchemaSnapshot},
    words,
};
use pglab_fleet::{
    Connection, dump,
    load::{
        LoadError, LoadFault, LoadLimits, LoadPhase, LoadProgress, LoadReport, LoadRequest, PlaceSpec, Source,
    },
    provision::{database, role},
    template::{self, StartRequest},
};
use pglab_store::{example::Example, lab::Lab, start_dump::StartDump};
use tokio_util::sync::CancellationToken;

use super::{
    live::{Phase, Progress},
    upload::seal_purpose,
    uploads,
    view::{ExampleProblem, Warning},
};
use crate::{Control, Error};

/// Why something could not be made.
pub(super) enum Failure {
    /// What was given is at fault: told to the instructor.
    Problem(ExampleProblem),
    /// The surroundings are: tried again later.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(super) struct ExampleMade {
    pub(super) database: Ident,
    pub(super) snapshot: SchemaSnapshot,
    pub(super) rows: Vec<ExpectedRows>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) struct StartWanted<'a> {
    pub(super) lab: &'a Lab,
    pub(super) example: &'a Example,
    pub(super) dump: Option<&'a StartDump>,
}

pub(super) struct StartMade {
    pub(super) database: Ident,
    pub(super) snapshot: SchemaSnapshot,
    pub(super) rows: Vec<(ObjectName, ObservedRows)>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) type Told<'a> = &'a (dyn Fn(Progress) + Send + Sync);

pub(super) async fn make_example(
    control: &Control,
    lab: &Lab,
    example: &Example,
    told: Told<'_>,
) -> Result<ExampleMade, Failure> {
    let source = match (&example.uri_sealed, &example.file) {
        (Some(sealed), _) => Source::Live(
            control
                .sealer
                .open(&seal_purpose(lab.id), sealed)
                .map_err(Error::from)?,
        ),
        (None, Some(file)) => Source::File(uploads::path(control, file)),
        (None, None) => return Err(problem("the dump is not there any more; upload it again")),
    };
    let database = names::example_database(&lab.slug, example.generation).map_err(Error::internal)?;
    let request = LoadRequest {
        cluster: &control.cluster,
        place: place(lab, database.clone())?,
        source,
        programs: &programs(control)?,
        limits: LoadLimits::default(),
        random: &*control.random,
        cancel: CancellationToken::new(),
    };
    let made = match template::make_example(&request, &|progress| told(phased(progress))).await {
        Ok(made) => made,
        Err(error) => return Err(failure(control, error, None).await),
    };
    let mut warnings = warnings(&made.report, None);
    warnings.extend(made.rows.left_out.iter().map(|(name, reason)| Warning {
        file: None,
        line: None,
        message: format!("the rows of {} are not asked for: {reason}", words::object(name)),
    }));
    Ok(ExampleMade {
        database,
        snapshot: made.schema,
        rows: made.rows.rows,
        warnings,
    })
}

pub(super) async fn make_start(
    control: &Control,
    wanted: StartWanted<'_>,
    told: Told<'_>,
) -> Result<StartMade, Failure> {
    let StartWanted { lab, example, dump } = wanted;
    let source = match (&lab.start, dump) {
        (Start::Dump(_), Some(dump)) => Some(Source::File(uploads::path(control, &dump.file))),
        (Start::Dump(name), None) => {
            return Err(problem(&format!(
                "students are to start with {name}, which has not been uploaded yet"
            )));
        }
        _ => None,
    };
    let start_file = source
        .is_some()
        .then(|| dump.map(|dump| dump.name.as_str()))
        .flatten();
    let database = names::start_database(&lab.slug, example.generation).map_err(Error::internal)?;
    let request = StartRequest {
        cluster: &control.cluster,
        place: place(lab, database.clone())?,
        start: &lab.start,
        example: example.example_database.as_ref(),
        dump: source,
        programs: &programs(control)?,
        limits: LoadLimits::default(),
        random: &*control.random,
        cancel: CancellationToken::new(),
    };
    let making = |progress: LoadProgress| {
        told(Progress {
            phase: Phase::Templates,
            done_bytes: progress.n_bytes,
            total_bytes: progress.n_total.unwrap_or(0),
        });
    };
    let made = match template::make_start(&request, &making).await {
        Ok(made) => made,
        Err(error) => return Err(failure(control, error, start_file).await),
    };
    Ok(StartMade {
        database,
        snapshot: made.schema,
        // Equal or not is all that is asked of them.
        rows: made
            .rows
            .rows
            .into_iter()
            .map(|rows| {
                let digest = rows.digest;
                (rows.name, ObservedRows::Digest { digest, hashes: None })
            })
            .collect(),
        warnings: made
            .report
            .as_ref()
            .map(|report| warnings(report, start_file))
            .unwrap_or_default(),
    })
}

fn place(lab: &Lab, database: Ident) -> Result<PlaceSpec, Error> {
    Ok(PlaceSpec {
        database,
        lab_role: names::lab_role(&lab.slug).map_err(Error::internal)?,
        loader_role: names::loader_role(&lab.slug).map_err(Error::internal)?,
        mark: lab.id.to_string(),
        extensions: lab.settings.extensions.clone(),
    })
}

/// The folder of `pg_restore` and `pg_dump`.
fn programs(control: &Control) -> Result<PathBuf, Failure> {
    let program =
        dump::program(control.options().pg_bindir.as_deref()).map_err(|error| problem(&error.to_string()))?;
    Ok(program.parent().map(Path::to_owned).unwrap_or_default())
}

fn phased(progress: LoadProgress) -> Progress {
    Progress {
        phase: match progress.phase {
            LoadPhase::Preparing | LoadPhase::Loading => Phase::Load,
            LoadPhase::Reading => Phase::Introspect,
        },
        done_bytes: progress.n_bytes,
        total_bytes: progress.n_total.unwrap_or(0),
    }
}

/// `file` where the lines are not of the example's own dump.
fn warnings(report: &LoadReport, file: Option<&str>) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = report
        .warnings
        .iter()
        .map(|warning| Warning {
            file: file.map(str::to_owned),
            line: Some(warning.line),
            message: warning.message.clone(),
        })
        .collect();
    let untold = report.n_warnings.saturating_sub(warnings.len() as u64);
    if untold > 0 {
        warnings.push(Warning {
            file: file.map(str::to_owned),
            line: None,
            message: format!("and {} more", words::count(untold, "warning")),
        });
    }
    warnings
}

fn problem(message: &str) -> Failure {
    Failure::Problem(ExampleProblem {
        message: message.to_owned(),
        ..ExampleProblem::default()
    })
}

/// A server at fault may be ours, which will be back, or the one that an example was to be read from.
async fn failure(control: &Control, error: LoadError, file: Option<&str>) -> Failure {
    if error.fault == LoadFault::Server
        && let Err(away) = control.cluster.maintenance().await
    {
        return Failure::Error(away.into());
    }
    Failure::Problem(ExampleProblem {
        file: file.map(str::to_owned),
        line: error.line,
        statement: error.statement,
        message: error.message,
        hint: error.hint,
        sqlstate: error.sqlstate,
    })
}

/// Example, start templates and loader of a lab, of every generation.
pub(crate) async fn remove_all(control: &Control, lab: &Lab) -> Result<(), Error> {
    let connection = control.cluster.maintenance().await?;
    for generation in 1..=generations(control, lab).await? {
        let name = names::example_database(&lab.slug, generation).map_err(Error::internal)?;
        database::drop(&connection, &name).await?;
    }
    drop_starts(control, &connection, lab).await?;
    let loader = names::loader_role(&lab.slug).map_err(Error::internal)?;
    Ok(role::remove(&connection, &loader).await?)
}

/// The role that owns what is in the lab's databases; all of them must be gone.
pub(crate) async fn remove_lab_role(control: &Control, lab: &Lab) -> Result<(), Error> {
    let connection = control.cluster.maintenance().await?;
    let lab_role = names::lab_role(&lab.slug).map_err(Error::internal)?;
    Ok(role::remove(&connection, &lab_role).await?)
}

/// The start templates alone.
pub(super) async fn remove_starts(control: &Control, lab: &Lab) -> Result<(), Error> {
    let connection = control.cluster.maintenance().await?;
    drop_starts(control, &connection, lab).await
}

async fn drop_starts(control: &Control, connection: &Connection, lab: &Lab) -> Result<(), Error> {
    // Copies of the start, in which answers are judged.
    crate::answer::remove_datasets(control, connection, lab).await?;
    for generation in 1..=generations(control, lab).await? {
        let name = names::start_database(&lab.slug, generation).map_err(Error::internal)?;
        database::drop(connection, &name).await?;
    }
    Ok(())
}

async fn generations(control: &Control, lab: &Lab) -> Result<i32, Error> {
    let example = pglab_store::example::of_lab(control.store.pool(), lab.id).await?;
    Ok(example.map_or(0, |example| example.generation))
}

/// The uploads of a lab that is being deleted.
pub(crate) async fn remove_files(control: &Control, files: &[String]) {
    for file in files {
        uploads::remove(control, file).await;
    }
}

//! What is made of an example on the cluster, by the functions of `pglab_fleet`: the example database, the start
//! template, and their removal. Nothing is decided or written down here.

use pglab_core::{
    ident::Ident,
    names,
    snapshot::{ExpectedRows, ObjectName, ObservedRows, SchemaSnapshot},
};
use pglab_fleet::{
    Connection,
    provision::{database, role},
};
use pglab_store::{example::Example, lab::Lab, start_dump::StartDump};

use super::{
    live::Progress,
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
    pub(super) snapshot: &'a SchemaSnapshot,
    pub(super) rows: &'a [ExpectedRows],
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
    _control: &Control,
    _lab: &Lab,
    _example: &Example,
    _told: Told<'_>,
) -> Result<ExampleMade, Failure> {
    Err(Error::Unavailable("not yet".to_owned()).into())
}

pub(super) async fn make_start(
    _control: &Control,
    _wanted: StartWanted<'_>,
    _told: Told<'_>,
) -> Result<StartMade, Failure> {
    Err(Error::Unavailable("not yet".to_owned()).into())
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
    Ok(role::drop(&connection, &loader).await?)
}

/// The start templates alone.
pub(super) async fn remove_starts(control: &Control, lab: &Lab) -> Result<(), Error> {
    let connection = control.cluster.maintenance().await?;
    drop_starts(control, &connection, lab).await
}

async fn drop_starts(control: &Control, connection: &Connection, lab: &Lab) -> Result<(), Error> {
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
        super::uploads::remove(control, file).await;
    }
}

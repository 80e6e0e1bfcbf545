//! What is made of an example on the cluster, by the functions of `pglab_fleet`: the example database, the start
//! template, and their removal. Nothing is decided or written down here.

use pglab_core::{
    ident::Ident,
    lab::Slug,
    snapshot::{ExpectedRows, ObjectName, ObservedRows, SchemaSnapshot},
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
pub(crate) async fn remove_all(_control: &Control, _slug: &Slug) -> Result<(), Error> {
    Ok(())
}

/// The start templates alone.
pub(super) async fn remove_starts(_control: &Control, _slug: &Slug) -> Result<(), Error> {
    Ok(())
}

/// The uploads of a lab that is being deleted.
pub(crate) async fn remove_files(control: &Control, files: &[String]) {
    for file in files {
        super::uploads::remove(control, file).await;
    }
}

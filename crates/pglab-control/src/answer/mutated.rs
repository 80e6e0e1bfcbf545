//! The datasets that pglab makes of a lab's start by mutating it: planned from the schema and from all references of the lab, made
//! when the first answer or report needs them, and kept until the start or a reference changes. Hidden, all of them.

use std::sync::Arc;

use pglab_core::{
    answer::rows::RowSet,
    distinguish::{self, Cut, Mutated},
    id::LabId,
    ident::Ident,
    names,
    snapshot::SchemaSnapshot,
    task::TaskKind,
};
use pglab_fleet::{
    Connection,
    answer::{AnswerSession, Fault},
    introspect,
    provision::database,
    template::Mutation,
};
use pglab_store::{example, judge_database, lab::Lab, lab_source, task_content};

use super::datasets::{self, as_reference, reference_target};
use crate::{Control, Error};

/// The datasets of a lab as they were planned, and the schema that they were planned for.
#[derive(Debug)]
pub(super) struct Planned {
    /// Of the references and the load of the start that this is of.
    digest: u64,
    pub(super) schema: SchemaSnapshot,
    pub(super) datasets: Vec<(Ident, Mutated)>,
}

/// How the name of a mutated dataset begins in `judge_database`.
const PREFIX: &str = "mutated:";

/// All of the lab, ready.
///
/// # Errors
/// The lab's databases are not ready, or a dataset can't be made.
pub(super) async fn ready(control: &Control, lab: &Lab) -> Result<Arc<Planned>, Error> {
    let pool = control.store.pool();
    let not_ready =
        || Error::Conflict("the databases of this lab are not ready yet; try again in a moment".to_owned());
    let example = example::of_lab(pool, lab.id).await?.ok_or_else(not_ready)?;
    let start = example.start_database.ok_or_else(not_ready)?;
    let references = references(control, lab.id).await?;
    let digest = digest(example.generation, &references);
    let known = |planned: &Arc<Planned>| planned.digest == digest;
    if let Some(planned) = control.answers().planned(lab.id).filter(known) {
        return Ok(planned);
    }
    // The copy of the start first, which has the seeds; it takes the same turn.
    let starts = datasets::ready(control, lab, &[]).await?;
    let copy = starts.first().ok_or_else(not_ready)?.database.clone();
    let making = control.answers().making(lab.id);
    let _turn = making.lock().await;
    if let Some(planned) = control.answers().planned(lab.id).filter(known) {
        return Ok(planned);
    }
    let connection = Connection::open(&reference_target(control, lab, &copy)?).await?;
    let schema = introspect::snapshot(&connection).await?;
    drop(connection);
    let used: Vec<_> = references
        .iter()
        .filter_map(|reference| distinguish::used(reference, &schema).ok())
        .collect();
    let mut datasets = Vec::new();
    for (n, mutated) in distinguish::plan(&schema, &used, digest).into_iter().enumerate() {
        let name =
            names::mutated_database(&lab.slug, example.generation, digest, n).map_err(Error::internal)?;
        datasets.push((name, mutated));
    }
    let seed_files = lab_source::of_lab(pool, lab.id)
        .await?
        .and_then(|source| source.database)
        .map(|database| database.seed)
        .unwrap_or_default();
    let files: Vec<&String> = seed_files.iter().collect();
    let there = judge_database::of_lab(pool, lab.id).await?;
    for (name, mutated) in &datasets {
        if there.iter().any(|(other, ready)| other == name && *ready) {
            continue;
        }
        let dataset = format!("{PREFIX}{digest:016x}:{}", mutated.name);
        judge_database::insert(pool, lab.id, &dataset, example.generation, name).await?;
        let mutation = Mutation {
            changes: &mutated.changes,
            seed: digest,
        };
        datasets::make(control, lab, name, Some(&start), &files, Some(mutation)).await?;
        control.answers().forget_references(name);
        judge_database::set_ready(pool, name, control.now()).await?;
    }
    remove_others(control, lab.id, &datasets).await?;
    let planned = Arc::new(Planned {
        digest,
        schema,
        datasets,
    });
    control.answers().keep_planned(lab.id, planned.clone());
    Ok(planned)
}

/// Those of other references. Who is being judged there is judged again.
async fn remove_others(control: &Control, lab: LabId, wanted: &[(Ident, Mutated)]) -> Result<(), Error> {
    let pool = control.store.pool();
    let old: Vec<Ident> = judge_database::with_prefix(pool, lab, PREFIX)
        .await?
        .into_iter()
        .filter(|name| wanted.iter().all(|(other, _)| other != name))
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let maintenance = control.cluster.maintenance().await?;
    for name in old {
        database::drop(&maintenance, &name).await?;
        control.answers().forget_references(&name);
        judge_database::delete(pool, &name).await?;
    }
    Ok(())
}

/// Of all queries of the lab, whether they are judged on mutated data or not: so that the data stay the same when that is
/// switched.
async fn references(control: &Control, lab: LabId) -> Result<Vec<String>, Error> {
    let mut references: Vec<String> = task_content::of_lab(control.store.pool(), lab)
        .await?
        .into_values()
        .filter_map(|kept| match kept.content.kind {
            TaskKind::Query(task) => Some(task.reference),
            _ => None,
        })
        .collect();
    references.sort();
    references.dedup();
    Ok(references)
}

/// FNV-1a: the same everywhere and always.
fn digest(generation: i32, references: &[String]) -> u64 {
    let mut digest: u64 = 0xcbf2_9ce4_8422_2325;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(&generation.to_le_bytes());
    for reference in references {
        take(reference.as_bytes());
        take(&[0]);
    }
    digest
}

/// Why a task is not judged on mutated data at all, though its author wants it: for them.
pub(super) fn unfit(reference: &str, schema: &SchemaSnapshot) -> Option<String> {
    match (distinguish::used(reference, schema), distinguish::cut(reference)) {
        (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
        (Ok(used), _) if used.takes_first => Some(
            "which rows the reference returns is not decided by the data alone where rows tie (row_number, DISTINCT ON, a list of values, LIMIT within)"
                .to_owned(),
        ),
        (_, Ok(Cut::Open)) => {
            Some("the reference takes the first rows of no order, or leaves some out".to_owned())
        }
        _ => None,
    }
}

/// What the reference returns there. `None`: nothing can be judged there, because it fails on these data, or because where
/// it cuts rows tie.
pub(super) async fn reference(
    control: &Control,
    lab: &Lab,
    database: &Ident,
    sql: &str,
) -> Result<Option<Arc<RowSet>>, Error> {
    if let Some(known) = control.answers().reference(database, sql) {
        return Ok(Some(known));
    }
    if control.answers().is_unusable(database, sql) {
        return Ok(None);
    }
    let session = as_reference(control, lab, database).await?;
    match usable(&session, sql).await {
        Ok(Some(rows)) => {
            let rows = Arc::new(rows);
            control.answers().keep_reference(database, sql, rows.clone());
            Ok(Some(rows))
        }
        // Perhaps only now.
        Err(Fault::OutOfTime(_)) => Ok(None),
        Ok(None) | Err(Fault::Refused { .. } | Fault::NoResult | Fault::TooMuch(_)) => {
            control.answers().keep_unusable(database, sql);
            Ok(None)
        }
        Err(Fault::Away(error)) => Err(error.into()),
    }
}

async fn usable(session: &AnswerSession, sql: &str) -> Result<Option<RowSet>, Fault> {
    let rows = session.query(sql).await?;
    match distinguish::cut(sql) {
        Ok(Cut::None) => Ok(Some(rows)),
        Ok(Cut::Ties(with_ties)) => {
            let all = session.query(&with_ties).await?;
            Ok(Some(rows).filter(|rows| rows.rows.len() == all.rows.len()))
        }
        Ok(Cut::Open) | Err(_) => Ok(None),
    }
}

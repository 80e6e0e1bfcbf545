//! The databases in which queries are judged: a copy of the start, and one for each hidden dataset. Made when the first answer
//! needs them, and kept until the start changes or the lab ends.

use std::{path::PathBuf, sync::Arc};

use pglab_core::{answer::rows::RowSet, cdf::DatasetBase, ident::Ident, names};
use pglab_fleet::{
    Connection, Target,
    answer::{AnswerLimits, AnswerSession, Fault},
    check::terminate_by,
    dump,
    load::{LoadLimits, PlaceSpec},
    provision::{database, role},
    template::{JudgeRequest, Mutation, ensure_roles, make_judge},
};
use pglab_identity::password::scram_verifier;
use pglab_store::{example, instance::Instance, judge_database, lab::Lab, lab_source};

use super::seed;
use crate::{Control, Error};

/// One of the databases that an answer is judged in.
#[derive(Debug, Clone)]
pub(super) struct Dataset {
    /// Empty for the start.
    pub(super) name: String,
    pub(super) database: Ident,
    /// Its rows may be shown: the start, or a small one whose author allows it.
    pub(super) show_rows: bool,
    pub(super) hidden: bool,
}

/// The start and these hidden datasets, ready.
pub(super) async fn ready(control: &Control, lab: &Lab, wanted: &[String]) -> Result<Vec<Dataset>, Error> {
    let pool = control.store.pool();
    let source = lab_source::of_lab(pool, lab.id)
        .await?
        .and_then(|source| source.database);
    let example = example::of_lab(pool, lab.id).await?;
    let Some((source, (generation, start))) =
        source.zip(example.and_then(|example| Some((example.generation, example.start_database?))))
    else {
        return Err(Error::Conflict(
            "the databases of this lab are not ready yet; try again in a moment".to_owned(),
        ));
    };
    let mut datasets = Vec::new();
    for n in 0..=source.hidden.len() {
        let hidden = n.checked_sub(1).and_then(|at| source.hidden.get(at));
        if hidden.is_some_and(|hidden| !wanted.contains(&hidden.name)) {
            continue;
        }
        let name = names::judge_database(&lab.slug, generation, n).map_err(Error::internal)?;
        datasets.push((name, hidden));
    }
    let known = judge_database::of_lab(pool, lab.id).await?;
    let is_ready =
        |name: &Ident, known: &[(Ident, bool)]| known.iter().any(|(other, ready)| other == name && *ready);
    if !datasets.iter().all(|(name, _)| is_ready(name, &known)) {
        // One makes them, the others wait.
        let making = control.answers().making(lab.id);
        let _turn = making.lock().await;
        let known = judge_database::of_lab(pool, lab.id).await?;
        for (name, hidden) in &datasets {
            if is_ready(name, &known) {
                continue;
            }
            judge_database::insert(
                pool,
                lab.id,
                hidden.map_or("", |hidden| &hidden.name),
                generation,
                name,
            )
            .await?;
            let base = hidden.map_or(DatasetBase::Start, |hidden| hidden.base);
            let from_start = base == DatasetBase::Start;
            // A member's database begins with the start and the seed, and so does what a dataset changes.
            let seeds = source.seed.iter().filter(|_| from_start);
            let files: Vec<&String> = seeds
                .chain(hidden.iter().flat_map(|hidden| &hidden.files))
                .collect();
            make(
                control,
                lab,
                name,
                Some(&start).filter(|_| from_start),
                &files,
                None,
            )
            .await?;
            control.answers().forget_references(name);
            judge_database::set_ready(pool, name, control.now()).await?;
        }
    }
    Ok(datasets
        .into_iter()
        .map(|(database, hidden)| Dataset {
            name: hidden.map(|hidden| hidden.name.clone()).unwrap_or_default(),
            database,
            show_rows: hidden.is_none_or(|hidden| hidden.show_rows),
            hidden: hidden.is_some(),
        })
        .collect())
}

/// One of them, in place of what is left of that name.
pub(super) async fn make(
    control: &Control,
    lab: &Lab,
    name: &Ident,
    copied: Option<&Ident>,
    files: &[&String],
    mutation: Option<Mutation<'_>>,
) -> Result<(), Error> {
    let judge_role = names::judge_role(&lab.slug).map_err(Error::internal)?;
    let reference_role = names::reference_role(&lab.slug).map_err(Error::internal)?;
    let lab_role = names::lab_role(&lab.slug).map_err(Error::internal)?;
    let mark = lab.id.to_string();
    let maintenance = control.cluster.maintenance().await?;
    let secret = reference_password(control, lab);
    let verifier = tokio::task::spawn_blocking(move || scram_verifier(&secret))
        .await
        .map_err(Error::internal)?;
    ensure_roles(
        &maintenance,
        &judge_role,
        &reference_role,
        &lab_role,
        &verifier,
        &mark,
    )
    .await?;
    drop(maintenance);
    let folder = control.data_dir.join("judging");
    tokio::fs::create_dir_all(&folder)
        .await
        .map_err(Error::internal)?;
    let mut scripts: Vec<PathBuf> = Vec::new();
    for (n, path) in files.iter().enumerate() {
        let bytes = lab_source::file(control.store.pool(), lab.id, path)
            .await?
            .unwrap_or_default();
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => seed::filled_for_nobody(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let script = folder.join(format!("{name}-{n}.sql"));
        tokio::fs::write(&script, bytes).await.map_err(Error::internal)?;
        scripts.push(script);
    }
    let program = dump::program(control.options().pg_bindir.as_deref())
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let programs = program.parent().map(ToOwned::to_owned).unwrap_or_default();
    let request = JudgeRequest {
        cluster: &control.cluster,
        place: PlaceSpec {
            database: name.clone(),
            lab_role,
            loader_role: names::loader_role(&lab.slug).map_err(Error::internal)?,
            mark,
            extensions: lab.settings.extensions.clone(),
        },
        judge_role: &judge_role,
        copied,
        scripts: &scripts,
        mutation,
        programs: &programs,
        limits: LoadLimits::default(),
        random: &*control.random,
    };
    let made = make_judge(&request).await;
    for script in &scripts {
        // What stays is overwritten by the next.
        let _ = tokio::fs::remove_file(script).await;
    }
    made.map_err(|error| {
        Error::Conflict(format!(
            "a dataset of this lab can't be made, so that answers can't be judged: {}",
            error.message
        ))
    })
}

fn reference_password(control: &Control, lab: &Lab) -> String {
    control
        .sealer
        .derived("reference role of a lab", &lab.id.to_string())
}

/// What the reference returns there; computed once.
pub(super) async fn reference(
    control: &Control,
    lab: &Lab,
    database: &Ident,
    sql: &str,
) -> Result<Arc<RowSet>, Error> {
    if let Some(known) = control.answers().reference(database, sql) {
        return Ok(known);
    }
    let session = as_reference(control, lab, database).await?;
    let limits_hint = |fault: Fault| match fault {
        Fault::Away(error) => Error::from(error),
        other => Error::Conflict(format!(
            "this task can't be judged, its author must look at it: the reference fails: {other}"
        )),
    };
    let rows = Arc::new(session.query(sql).await.map_err(limits_hint)?);
    control.answers().keep_reference(database, sql, rows.clone());
    Ok(rows)
}

/// A session in one of these databases for the staff and the references.
pub(super) async fn as_reference(
    control: &Control,
    lab: &Lab,
    database: &Ident,
) -> Result<AnswerSession, Error> {
    open(control, &reference_target(control, lab, database)?).await
}

/// How the role of the references signs in there.
pub(super) fn reference_target(control: &Control, lab: &Lab, database: &Ident) -> Result<Target, Error> {
    let role = names::reference_role(&lab.slug).map_err(Error::internal)?;
    Ok(control
        .cluster
        .login_config(&role, &reference_password(control, lab), database))
}

/// A session of a member's own checker: in their own database, or in one of these, where it is let in the first time.
pub(super) async fn as_member(
    control: &Control,
    lab: &Lab,
    instance: &Instance,
    database: &Ident,
) -> Result<AnswerSession, Error> {
    let password = crate::instance::checker_password(control, instance)?;
    let target = control
        .cluster
        .login_config(&instance.checker_role, &password, database);
    let first = AnswerSession::open(
        &target,
        AnswerLimits::default(),
        terminate_by(control.cluster.clone()),
    )
    .await;
    match first {
        Err(error) if error.code() == Some("42501") && *database != instance.database => {
            let judge_role = names::judge_role(&lab.slug).map_err(Error::internal)?;
            let maintenance = control.cluster.maintenance().await?;
            role::grant_membership(&maintenance, &judge_role, &instance.checker_role).await?;
            open(control, &target).await
        }
        other => Ok(other?),
    }
}

async fn open(control: &Control, target: &Target) -> Result<AnswerSession, Error> {
    let terminate = terminate_by(control.cluster.clone());
    Ok(AnswerSession::open(target, AnswerLimits::default(), terminate).await?)
}

/// All of a lab, with their roles.
pub(crate) async fn remove(control: &Control, connection: &Connection, lab: &Lab) -> Result<(), Error> {
    let pool = control.store.pool();
    control.answers().forget_planned(lab.id);
    let known = judge_database::of_lab(pool, lab.id).await?;
    if known.is_empty() {
        return Ok(());
    }
    for (name, _) in known {
        database::drop(connection, &name).await?;
        control.answers().forget_references(&name);
        judge_database::delete(pool, &name).await?;
    }
    let reference_role = names::reference_role(&lab.slug).map_err(Error::internal)?;
    let judge_role = names::judge_role(&lab.slug).map_err(Error::internal)?;
    role::drop(connection, &reference_role).await?;
    Ok(role::drop(connection, &judge_role).await?)
}

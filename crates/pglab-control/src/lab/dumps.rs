//! The archive of a lab: a file for every student's database, several written at a time, and how far that has got. That
//! the databases go afterwards is the business of others.

use std::{collections::HashMap, path::PathBuf};

use futures::future::try_join_all;
use parking_lot::Mutex;
use pglab_core::{instance::InstanceState, person::Login};
use pglab_fleet::{Connection, dump, provision::database};
use pglab_store::{
    instance::{self, Instance},
    lab::Lab,
    member,
};
use tokio::fs;

use crate::{Control, Error, instance as instances};

/// Files written at the same time. Each keeps one process of its own and one of the server busy.
const CONCURRENCY: usize = 4;
const ENDING: &str = "dump";

/// How far the archiving of a lab has got. First all dumps are written, then the databases are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveProgress {
    pub n_databases: u64,
    pub n_dumped: u64,
    pub n_dropped: u64,
}

/// `None` where nothing is being archived. Read from what is there: any process can tell.
pub(super) async fn progress(control: &Control, lab: &Lab) -> Result<Option<ArchiveProgress>, Error> {
    if lab.archive_wanted_at.is_none() || lab.archived_at.is_some() {
        return Ok(None);
    }
    let instances = instance::of_lab(control.store.pool(), lab.id).await?;
    let gone = |instance: &&Instance| instance.state == InstanceState::Terminated;
    let mut n_dumped = 0;
    if let Ok(mut entries) = fs::read_dir(folder(control, lab)).await {
        while let Ok(Some(entry)) = entries.next_entry().await {
            n_dumped += u64::from(entry.path().extension().is_some_and(|ending| ending == ENDING));
        }
    }
    Ok(Some(ArchiveProgress {
        n_databases: instances.len() as u64,
        n_dumped,
        n_dropped: instances.iter().filter(gone).count() as u64,
    }))
}

/// A dump per student in the archive's folder. Those that are there already are complete.
pub(super) async fn write_all(control: &Control, lab: &Lab) -> Result<(), Error> {
    let pool = control.store.pool();
    let going = |instance: &Instance| {
        matches!(
            instance.state,
            InstanceState::Terminating { .. } | InstanceState::Terminated
        )
    };
    let mut wanted: HashMap<_, _> = instance::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .filter(|instance| !going(instance))
        .map(|instance| (instance.member, instance))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let folder = folder(control, lab);
    fs::create_dir_all(&folder).await.map_err(Error::internal)?;
    let program = dump::program(control.options().pg_bindir.as_deref())
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let writing = Writing {
        control,
        program,
        connection: control.cluster.maintenance().await?,
        folder,
    };
    let members = member::of_lab(pool, lab.id).await?;
    let students: Vec<_> = members
        .into_iter()
        .filter_map(|one| Some((one.login, wanted.remove(&one.id)?)))
        .collect();
    let queue = Mutex::new(students);
    let hands = (0..CONCURRENCY).map(|_| work_off(&writing, &queue));
    try_join_all(hands).await?;
    // The databases are dropped next: by then the names of the files must be on disk too.
    let names = fs::File::open(&writing.folder).await.map_err(Error::internal)?;
    names.sync_all().await.map_err(Error::internal)
}

struct Writing<'a> {
    control: &'a Control,
    program: PathBuf,
    connection: Connection,
    folder: PathBuf,
}

async fn work_off(writing: &Writing<'_>, queue: &Mutex<Vec<(Login, Instance)>>) -> Result<(), Error> {
    loop {
        let next = queue.lock().pop();
        match next {
            Some((login, instance)) => write_one(writing, &login, &instance).await?,
            None => return Ok(()),
        }
    }
}

async fn write_one(writing: &Writing<'_>, login: &Login, instance: &Instance) -> Result<(), Error> {
    let file = writing.folder.join(format!("{}.{ENDING}", safe(login.as_str())));
    // One that could not be made has nothing to keep.
    if fs::try_exists(&file).await.map_err(Error::internal)?
        || !database::exists(&writing.connection, &instance.database).await?
    {
        return Ok(());
    }
    let part = file.with_extension("part");
    let password = instances::checker_password(writing.control, instance)?;
    dump::write(
        &writing.program,
        &writing.control.cluster,
        &instance.checker_role,
        &password,
        &instance.database,
        &part,
    )
    .await
    .map_err(|error| {
        Error::Unavailable(format!(
            "the database of {login} could not be written to the archive: {error}"
        ))
    })?;
    let written = fs::File::open(&part).await.map_err(Error::internal)?;
    written.sync_all().await.map_err(Error::internal)?;
    fs::rename(&part, &file).await.map_err(Error::internal)
}

pub(super) fn folder(control: &Control, lab: &Lab) -> PathBuf {
    control.data_dir.join("archives").join(lab.slug.as_str())
}

/// A login as the name of a file: what could lead elsewhere is written as its code.
fn safe(login: &str) -> String {
    login
        .char_indices()
        .map(|(at, c)| match c {
            '.' if at == 0 => "%2e".to_owned(),
            c if c.is_alphanumeric() || ['-', '_', '.', '@', '+'].contains(&c) => c.to_string(),
            c => format!("%{:02x}", u32::from(c)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn logins_as_file_names() {
        assert_eq!(safe("ada.lovelace"), "ada.lovelace");
        assert_eq!(safe("../etc/passwd"), "%2e.%2fetc%2fpasswd");
        assert_eq!(safe("a/b\\c d%"), "a%2fb%5cc%20d%25");
        assert_eq!(safe("é"), "é");
    }
}

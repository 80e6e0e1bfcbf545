//! A lab as the exporters report it: its tasks, and a session of the checker's role for every student.

use std::{
    collections::HashMap,
    io::{Cursor, Write},
};

use pglab_core::{
    access::{Actor, Operation},
    exporter::{DsnParts, ExportedLab, ExportedStudent, File, dsn, files},
    instance::InstanceState,
    lab::MemberRole,
};
use pglab_fleet::tls::Mode;
use pglab_store::{example_rows, instance, lab::Lab, member, task};

use crate::{Control, Error, instance::checker_password, lab, metrics::student_name};

/// The files for one lab, with the passwords of its checkers.
///
/// # Errors
/// Not the lab's instructor, no such lab, or its students are not in metrics.
pub async fn lab_files(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<File>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    let exported = exported(control, &lab).await?;
    if exported.students.is_empty() {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} has no student to report: prepare the class, and do not set its metrics to \"off\""
        )));
    }
    files(&[exported]).map_err(Error::internal)
}

pub(super) async fn exported(control: &Control, lab: &Lab) -> Result<ExportedLab, Error> {
    let pool = control.store.pool();
    let members: HashMap<_, _> = member::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none())
        .map(|member| (member.id, member))
        .collect();
    let address = control.cluster.address();
    let monitoring = &control.options().monitoring;
    // The exporters' driver has no "prefer".
    let tls = control.cluster.tls();
    let sslmode = match &monitoring.sslmode {
        Some(sslmode) => sslmode.as_str(),
        None if matches!(tls.mode(), Mode::Disable | Mode::Prefer) => "disable",
        None => tls.mode().as_str(),
    };
    let ca_file = tls.ca_file().filter(|_| sslmode.starts_with("verify"));
    let ca_file = ca_file.map(|path| path.to_string_lossy());
    let mut students = Vec::new();
    for instance in instance::of_lab(pool, lab.id).await? {
        let (InstanceState::Active, Some(member)) = (&instance.state, members.get(&instance.member)) else {
            continue;
        };
        let names = lab.settings.metrics;
        let Some(name) = student_name(control, names, lab.id, member.id, member.login.as_str()) else {
            continue;
        };
        let password = checker_password(control, &instance)?;
        students.push(ExportedStudent {
            name: name.into_owned(),
            section: member.section.clone().unwrap_or_default(),
            database: instance.database.as_str().to_owned(),
            dsn: dsn(DsnParts {
                host: &address.host,
                port: address.port,
                sslmode,
                ca_file: ca_file.as_deref(),
                role: instance.checker_role.as_str(),
                password: &password,
                database: instance.database.as_str(),
            }),
        });
    }
    students.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ExportedLab {
        slug: lab.slug.clone(),
        tasks: task::live(pool, lab.id).await?,
        rows: example_rows::of_lab(pool, lab.id).await?,
        rule: lab.settings.types,
        students,
    })
}

/// The files as an archive.
///
/// # Errors
/// None that depends on the files.
pub fn zip(files: &[File]) -> Result<Vec<u8>, Error> {
    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o600);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        archive
            .start_file(file.path.as_str(), options)
            .map_err(Error::internal)?;
        archive.write_all(file.text.as_bytes()).map_err(Error::internal)?;
    }
    Ok(archive.finish().map_err(Error::internal)?.into_inner())
}

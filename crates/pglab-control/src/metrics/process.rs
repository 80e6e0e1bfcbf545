//! The metrics of this process, of its workers and of the servers it was told of.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    CLUSTER,
    family::{Families, Family, count, number},
};
use crate::{Control, workers};

pub(super) fn families(control: &Control) -> Families {
    let mut families = Families::default();
    families.push(
        Family::gauge("pglab_build_info", "The version of pglab; always 1")
            .with(&[("version", env!("CARGO_PKG_VERSION"))], 1.0),
    );
    let works = f64::from(u8::from(control.works()));
    families.push(
        Family::gauge(
            "pglab_works",
            "1 in the process that works; the others only answer requests",
        )
        .with(&[], works),
    );
    disks(control, &mut families);
    certificates(control, &mut families);
    if !control.works() {
        return families;
    }
    workers(control, &mut families);
    nodes(control, &mut families);
    if let Some(live) = control.live_facts() {
        families.push(
            Family::gauge(
                "pglab_check_queue_length",
                "Databases that were touched and wait to be looked at",
            )
            .with(&[("cluster", CLUSTER)], count(live.n_waiting)),
        );
        families.push(
            Family::gauge("pglab_check_connections", "Databases that are being looked at")
                .with(&[("cluster", CLUSTER)], count(live.n_looking)),
        );
    }
    families
}

fn workers(control: &Control, families: &mut Families) {
    let mut successes = Family::gauge(
        "pglab_worker_last_success_timestamp_seconds",
        "When a background worker last succeeded; absent before the first time",
    );
    let known = control.metrics().worker_successes.lock();
    for worker in workers::ALL {
        if let Some(at) = known.get(worker.name) {
            let at = number(u64::try_from(at.timestamp()).unwrap_or(0));
            successes.add(&[("worker", worker.name)], at);
        }
    }
    families.push(successes);
}

fn nodes(control: &Control, families: &mut Families) {
    let mut up = Family::gauge("pglab_node_up", "1 if the node answered the last time");
    let mut primary = Family::gauge("pglab_node_primary", "1 if the node takes writes");
    let mut connections = Family::gauge("pglab_node_connections", "Sessions of clients on the node");
    let mut most = Family::gauge(
        "pglab_node_max_connections",
        "Sessions that the node takes at most",
    );
    let mut databases = Family::gauge("pglab_node_databases", "Databases on the node, without templates");
    let mut lag = Family::gauge(
        "pglab_node_replication_lag_bytes",
        "How far a standby is behind in replaying, as its primary sees it",
    );
    for (node, health) in control.metrics().nodes.lock().iter() {
        let labels = [("cluster", CLUSTER), ("node", node.as_str())];
        up.add(&labels, f64::from(u8::from(health.is_some())));
        let Some(health) = health else { continue };
        primary.add(&labels, f64::from(u8::from(health.primary)));
        connections.add(&labels, number(health.n_connections));
        most.add(&labels, number(health.max_connections));
        databases.add(&labels, number(health.n_databases));
        for standby in &health.standbys {
            lag.add(
                &[("cluster", CLUSTER), ("node", node), ("standby", &standby.name)],
                number(standby.lag_bytes),
            );
        }
    }
    for family in [up, primary, connections, most, databases, lag] {
        families.push(family);
    }
}

fn disks(control: &Control, families: &mut Families) {
    let mut free = Family::gauge("pglab_disk_free_bytes", "Free space where pglab keeps its files");
    let mut size = Family::gauge(
        "pglab_disk_size_bytes",
        "Size of the file system where pglab keeps its files",
    );
    if let Ok(disk) = pglab_fleet::node::disk(&control.data_dir) {
        let path = control.data_dir.to_string_lossy();
        free.add(&[("path", &path)], number(disk.free_bytes));
        size.add(&[("path", &path)], number(disk.size_bytes));
    }
    families.push(free);
    families.push(size);
}

/// Of the files that the configuration names. The first certificate in a file is the one that it is about.
fn certificates(control: &Control, families: &mut Families) {
    let mut expiry = Family::gauge(
        "pglab_certificate_expiry_timestamp_seconds",
        "When the certificate in the file ends",
    );
    for file in certificate_files(control) {
        if let Some(until) = pglab_fleet::private::certificate::expiry(&file) {
            let until = number(u64::try_from(until.timestamp()).unwrap_or(0));
            expiry.add(&[("file", &file.to_string_lossy())], until);
        }
    }
    families.push(expiry);
}

/// Of PostgreSQL, of the directory, and what the operator added.
fn certificate_files(control: &Control) -> BTreeSet<PathBuf> {
    let mut files: BTreeSet<PathBuf> = control.cluster.certificate_files().into_iter().collect();
    let options = control.options();
    files.extend(
        options
            .identity
            .directory()
            .and_then(|directory| directory.ca_file.clone()),
    );
    files.extend(options.monitoring.certificates.iter().cloned());
    files
}

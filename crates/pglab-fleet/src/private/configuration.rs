//! How a private server is to run, and the files that tell PostgreSQL so. Who may sign in is in [`super::access`].

use std::{fs, net::IpAddr, path::PathBuf};

use super::{Binaries, PrivateError, ServerTls, certificate};

/// How a private server is to run. Written to `pglab.conf` in its data directory at every start.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    pub binaries: Binaries,
    /// The data directory of PostgreSQL itself. Made if missing.
    pub folder: PathBuf,
    pub listen: IpAddr,
    pub port: u16,
    pub superuser_password: String,
    /// Off only in tests: then a crash of the machine may lose data, and everything is faster.
    pub durable: bool,
    /// None only in tests: then nobody can connect with TLS.
    pub tls: Option<ServerTls>,
    /// Lines for `pglab.conf` besides our own.
    pub extra: Vec<(String, String)>,
}

/// Writes `pglab.conf`; tells whether that changed anything, which then needs a restart.
pub(super) fn write_configuration(settings: &ServerSettings) -> Result<bool, PrivateError> {
    let write = |path: PathBuf, text: &str| {
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old == text {
            return Ok(false);
        }
        fs::write(&path, text).map_err(|source| PrivateError::File {
            what: "could not write",
            path,
            source,
        })?;
        Ok(true)
    };
    let main = settings.folder.join("postgresql.conf");
    let text = fs::read_to_string(&main).unwrap_or_default();
    if !text.lines().any(|line| line.trim() == "include 'pglab.conf'") {
        write(main, &format!("{text}\ninclude 'pglab.conf'\n"))?;
    }
    write(settings.folder.join("pglab.conf"), &configuration(settings))
}

fn configuration(settings: &ServerSettings) -> String {
    let major = settings.binaries.major;
    let mut lines = vec![
        ("listen_addresses", settings.listen.to_string()),
        ("port", settings.port.to_string()),
        ("unix_socket_directories", String::new()),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("max_connections", "400".to_owned()),
        ("superuser_reserved_connections", "10".to_owned()),
        // Clients that connect and then say nothing hold a slot for this long.
        ("authentication_timeout", "10s".to_owned()),
        ("shared_buffers", "256MB".to_owned()),
        ("max_wal_size", "2GB".to_owned()),
        // Nobody streams from a private server, and loading dumps is faster so.
        ("wal_level", "minimal".to_owned()),
        ("max_wal_senders", "0".to_owned()),
        // The error feed of the board reads this log.
        ("logging_collector", "on".to_owned()),
        (
            "log_destination",
            if major >= 15 { "jsonlog" } else { "csvlog" }.to_owned(),
        ),
        ("log_directory", "log".to_owned()),
        ("log_filename", "postgresql-%Y%m%d-%H%M%S.log".to_owned()),
        ("log_file_mode", "0600".to_owned()),
        ("log_rotation_size", "64MB".to_owned()),
        ("log_rotation_age", "1d".to_owned()),
        // Who was here for less than a second is seen by this alone.
        (
            "log_connections",
            if major >= 18 { "authorization" } else { "on" }.to_owned(),
        ),
        ("log_min_messages", "warning".to_owned()),
        ("log_min_error_statement", "error".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("lc_messages", "C".to_owned()),
    ];
    if major >= 18 {
        lines.push(("file_copy_method", "clone".to_owned()));
    }
    if cfg!(target_os = "linux") {
        // A class is tens of thousands of small files: after a crash, syncing them one by one takes minutes.
        lines.push(("recovery_init_sync_method", "syncfs".to_owned()));
    }
    if settings.tls.is_some() {
        lines.extend([
            ("ssl", "on".to_owned()),
            ("ssl_cert_file", certificate::CERTIFICATE_FILE.to_owned()),
            ("ssl_key_file", certificate::KEY_FILE.to_owned()),
            ("ssl_min_protocol_version", "TLSv1.2".to_owned()),
        ]);
    }
    if !settings.durable {
        lines.extend([
            ("fsync", "off".to_owned()),
            ("synchronous_commit", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
        ]);
    }
    let extra = settings
        .extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let mut text =
        "# Written by pglab at every start; changes are lost. Yours belong into postgresql.conf.\n"
            .to_owned();
    for (name, value) in lines.into_iter().chain(extra) {
        text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
    }
    text
}

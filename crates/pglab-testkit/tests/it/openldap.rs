//! The files of `deploy/openldap` are what pglab itself writes for a slapd, with variables for paths and names: nobody
//! writes rules for access twice. `UPDATE_FILES=1` writes them anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pglab_core::directory::slapd::{SERVICES, ServiceAccount, SlapdFiles};

fn files() -> SlapdFiles {
    SlapdFiles {
        folder: "${PGLAB_ETC}/openldap".into(),
        data_folder: "${PGLAB_DATA}/openldap".into(),
        suffix: "${PGLAB_LDAP_BASE}".to_owned(),
        ca_file: Some("${PGLAB_ETC}/openldap/ca.crt".into()),
        certificate_file: "${PGLAB_ETC}/openldap/server.crt".into(),
        key_file: "${PGLAB_ETC}/openldap/server.key".into(),
        module_folder: "${PGLAB_LDAP_MODULES}".into(),
        schema_folder: "${PGLAB_LDAP_SCHEMA}".into(),
        argon2: true,
        max_bytes: 1 << 30,
        plain_binds: false,
        extra: String::new(),
    }
}

fn same(name: &str, wanted: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/openldap")
        .join(name);
    if std::env::var_os("UPDATE_FILES").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(
        found, wanted,
        "{name} is not what pglab writes: UPDATE_FILES=1 cargo nextest run -p pglab-testkit openldap"
    );
}

#[test]
fn the_stack_s_configuration_is_pglab_s() {
    same("slapd.conf", &files().configuration());
}

#[test]
fn the_stack_s_entries_are_pglab_s() {
    let services = SERVICES.map(|name| ServiceAccount {
        name,
        stored_password: format!("${{PGLAB_LDAP_HASH_{}}}", name.to_uppercase()),
    });
    let entries = files().base_entries(&services);
    // The first label can't be cut out of a variable.
    same(
        "base.ldif",
        &entries.replacen("\ndc: lab\n", "\ndc: ${PGLAB_LDAP_FIRST}\n", 1),
    );
}

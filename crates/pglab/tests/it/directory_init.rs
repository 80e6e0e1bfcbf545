//! `pglab directory init`: what it makes is started and asked, and what is there is left alone.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use pglab_testkit::postgres::free_port;
use serde_json::Value;

use crate::support::{PROGRAM, eventually, stderr};

fn init(folder: &Path, more: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(["directory", "init", "--suffix", "dc=lab,dc=test", "--folder"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder that every account may pass through.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn states(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().unwrap();
    items.iter().map(|item| item["state"].as_str().unwrap()).collect()
}

fn contents(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            contents(&path, found);
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// slapd, started with the very words that were printed.
struct Started(Child);

impl Started {
    fn new(report: &Value) -> Self {
        let words: Vec<&str> = report["start"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let child = Command::new(words[0])
            .args(&words[1..])
            // Stays in the foreground.
            .args(["-d", "0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn who_am_i(folder: &Path, url: &str, service: &str) -> Output {
    Command::new("ldapwhoami")
        .args([
            "-x",
            "-H",
            url,
            "-D",
            &format!("cn={service},ou=services,dc=lab,dc=test"),
            "-y",
        ])
        .arg(folder.join(format!("{service}.password.bare")))
        .env("LDAPTLS_CACERT", folder.join("ca.crt"))
        .output()
        .unwrap()
}

#[test]
fn what_it_makes_can_be_started_and_told_to_pglab() {
    let place = folder();
    let folder = place.path().join("ldap");
    let ports = [free_port().to_string(), free_port().to_string()];
    let first = init(
        &folder,
        &["--ldap-port", &ports[0], "--ldaps-port", &ports[1], "--json"],
    );
    let first = report(&first);
    assert!(states(&first).iter().all(|state| *state == "made"), "{first}");
    assert_eq!(first["password_hash"], "argon2");
    for service in ["pglab", "postgres", "grafana"] {
        let path = folder.join(format!("{service}.password"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
        // ldapwhoami takes a line break for a part of the password.
        let bare = fs::read_to_string(&path).unwrap();
        fs::write(folder.join(format!("{service}.password.bare")), bare.trim()).unwrap();
    }
    let slapd = folder.join("slapd");
    assert_eq!(fs::metadata(&slapd).unwrap().permissions().mode() & 0o777, 0o700);

    let _running = Started::new(&first);
    let url = first["url"].as_str().unwrap();
    eventually("slapd answers", || {
        who_am_i(&folder, url, "pglab").status.success()
    });
    for service in ["postgres", "grafana"] {
        let output = who_am_i(&folder, url, service);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    // The section is understood, and leads to it.
    let key = place.path().join("seal.key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    let config = place.path().join("pglab.toml");
    let text = format!(
        "[server]\nlisten = '127.0.0.1:1'\npublic_url = 'http://x'\ndata_dir = '/x'\n[store]\nuri = 'postgresql://x'\n\
         [cluster]\nhost = 'h'\nmaintenance_role = 'r'\nmaintenance_password = 'p'\n[secrets]\nseal_key_file = '{}'\n\n{}",
        key.display(),
        first["identity"].as_str().unwrap()
    );
    fs::write(&config, text).unwrap();
    let check = Command::new(PROGRAM)
        .args(["directory", "check", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{said}{}", stderr(&check));
    assert!(
        said.contains("the directory lets in cn=pglab,ou=services,dc=lab,dc=test"),
        "{said}"
    );
}

#[test]
fn a_second_time_nothing_is_overwritten_unless_told() {
    let place = folder();
    let folder = place.path().join("ldap");
    report(&init(&folder, &["--json"]));
    let configuration = folder.join("slapd/slapd.conf");
    let mine = format!("{}# mine\n", fs::read_to_string(&configuration).unwrap());
    fs::write(&configuration, &mine).unwrap();
    let mut before = BTreeMap::new();
    contents(&folder, &mut before);

    let again = init(&folder, &["--host", "ldap.lab.test", "--json"]);
    assert!(
        stderr(&again).contains("--overwrite replaces it"),
        "{}",
        stderr(&again)
    );
    let again = report(&again);
    assert_eq!(
        states(&again).iter().filter(|state| **state == "kept").count(),
        states(&again).len() - 1
    );
    assert!(states(&again).contains(&"differs"), "{again}");
    let mut after = BTreeMap::new();
    contents(&folder, &mut after);
    assert!(before == after, "a file changed");

    let told = report(&init(
        &folder,
        &["--host", "ldap.lab.test", "--overwrite", "--json"],
    ));
    assert_eq!(
        states(&told).iter().filter(|state| **state == "replaced").count(),
        2,
        "{told}"
    );
    assert!(!fs::read_to_string(&configuration).unwrap().contains("# mine"));
    for (path, content) in before {
        let kept = path.extension().is_some_and(|end| end == "password") || path.ends_with("ca.crt");
        assert!(!kept || fs::read(&path).unwrap() == content, "{path:?}");
    }
    let text = init(&folder, &[]);
    let said = String::from_utf8_lossy(&text.stdout);
    for words in [
        "was there",
        "slapd.conf -h",
        "[identity.tree]",
        "pglab directory hba",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let place = folder();
    let folder = place.path().join("ldap");
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let empty = empty.to_str().unwrap();
    let refused = |more: &[&str]| {
        let output = init(&folder, more);
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    let said = refused(&["--module-folder", empty, "--schema-folder", empty]);
    for words in [
        "the module ppolicy in",
        "core.schema",
        "apt-get install slapd ldap-utils",
        "--module-folder",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!folder.exists());
    let said = refused(&[
        "--certificate",
        "/nonexistent/a.crt",
        "--key",
        "/nonexistent/a.key",
    ]);
    assert!(said.contains("there is no file /nonexistent/a.crt"), "{said}");
    let output = init(&folder, &["--suffix", "ou=somewhere"]);
    assert_eq!(output.status.code(), Some(2));
}

/// The tree is of no use without the passwords that it was made with.
#[test]
fn a_password_that_was_lost_is_told() {
    let place = folder();
    let folder = place.path().join("ldap");
    report(&init(&folder, &["--json"]));
    fs::remove_file(folder.join("pglab.password")).unwrap();
    let output = init(&folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("pglab.password is missing"),
        "{}",
        stderr(&output)
    );
}

/// Without the module argon2 passwords are stored as SSHA, and it is said.
#[test]
fn without_argon2_it_says_so() {
    let place = folder();
    let folder = place.path().join("ldap");
    let (modules, _) = pglab_testkit::slapd::module_and_schema_folders();
    let fewer = place.path().join("modules");
    fs::create_dir(&fewer).unwrap();
    fs::set_permissions(&fewer, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(&modules).unwrap().flatten() {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("argon2") {
            std::os::unix::fs::symlink(entry.path(), fewer.join(name)).unwrap();
        }
    }
    let fewer = fewer.to_str().unwrap();
    let text = init(&folder, &["--module-folder", fewer]);
    assert!(text.status.success(), "{}", stderr(&text));
    let said = String::from_utf8_lossy(&text.stdout);
    assert!(
        said.contains("salted SHA-1 (SSHA)") && said.contains("password_hash = \"ssha\""),
        "{said}"
    );
    let report = report(&init(&folder, &["--module-folder", fewer, "--json"]));
    assert_eq!(report["password_hash"], "ssha");
}

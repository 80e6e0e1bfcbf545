//! Signing in, tokens and people by the command line, against a running pglab.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::{PROGRAM, Place, stderr};

/// A person at a terminal of their own: commands, and what they kept.
struct Shell {
    config: tempfile::TempDir,
}

impl Shell {
    fn new() -> Self {
        Self {
            config: tempfile::tempdir().unwrap(),
        }
    }

    fn credentials(&self) -> std::path::PathBuf {
        self.config.path().join("pglab/credentials.toml")
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        self.run_with(arguments, stdin, &[])
    }

    fn run_with(&self, arguments: &[&str], stdin: &str, environment: &[(&str, &str)]) -> Output {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .env_remove("PGLAB_URL")
            .env_remove("PGLAB_TOKEN")
            .env("XDG_CONFIG_HOME", self.config.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not want it may have gone already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The output of a command that works.
    #[track_caller]
    fn works(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.works(arguments, "")).unwrap()
    }

    /// The one line that a command which fails says.
    #[track_caller]
    fn fails(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let said = stderr(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        said.trim().to_owned()
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn from_the_first_sign_in_to_people_of_ones_own() {
    let place = Place::new();
    let up = place.up();
    let password = up.ready["admin"]["password"].as_str().unwrap();
    let url = up.url();
    let admin = Shell::new();
    assert!(admin.fails(&["whoami"], "").contains("not signed in"));
    let login = ["login", "--url", url, "--login", "admin", "--password-stdin"];
    assert_eq!(
        admin.fails(&login, "wrong\n"),
        "pglab: the login or the password is wrong"
    );
    assert!(!admin.credentials().exists());
    admin.works(&login, &format!("{password}\n"));
    assert_eq!(mode(&admin.credentials()), 0o600);
    assert!(
        !std::fs::read_to_string(admin.credentials())
            .unwrap()
            .contains(password)
    );
    assert_eq!(
        admin.works(&["whoami"], ""),
        format!("admin (Administrator), admin at {url}/")
    );

    // Tokens: shown once, listed, revoked.
    let token = admin.works(&["token", "create", "--name", "ci", "--read-only"], "");
    assert!(token.starts_with("pgl_") && !token.contains(char::is_whitespace));
    let script = Shell::new();
    let environment = [("PGLAB_URL", url), ("PGLAB_TOKEN", token.as_str())];
    let output = script.run_with(&["whoami", "--json"], "", &environment);
    let me: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(me["login"], "admin");
    let refused = script.run_with(&["token", "create", "--name", "x"], "", &environment);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("may only read"), "{}", stderr(&refused));
    let tokens = admin.json(&["token", "list", "--json"]);
    let id = tokens["items"][0]["id"].as_str().unwrap();
    assert!(admin.works(&["token", "list"], "").contains(id));
    admin.works(&["token", "revoke", id], "");
    assert!(!admin.works(&["token", "list"], "").contains(id));
    let output = script.run_with(&["whoami"], "", &environment);
    assert!(stderr(&output).contains("sign in first"), "{}", stderr(&output));

    // People.
    let add = [
        "person",
        "add",
        "grace",
        "--name",
        "Grace Hopper",
        "--role",
        "instructor",
    ];
    let initial = admin.works(&add, "");
    assert_eq!(admin.fails(&add, ""), "pglab: the login grace is taken");
    let found = admin.json(&["person", "list", "hopper", "--json"]);
    assert_eq!(found["items"][0]["login"], "grace");
    let grace = Shell::new();
    let login = ["login", "--url", url, "--login", "grace", "--password-stdin"];
    grace.works(&login, &initial);
    assert_eq!(
        grace.fails(&["person", "list"], ""),
        "pglab: this is not yours to do"
    );
    let passwd = ["passwd", "--password-stdin"];
    assert_eq!(
        grace.fails(&passwd, &format!("{initial}\nshort\n")),
        "pglab: use at least 8 characters"
    );
    grace.works(&passwd, &format!("{initial}\na long enough one\n"));
    assert!(grace.fails(&login, &initial).contains("wrong"));
    grace.works(&login, "a long enough one");
    // Signing in again left no second token, and signing out leaves none.
    let live = |shell: &Shell| {
        let tokens = shell.json(&["token", "list", "--json"]);
        let items = tokens["items"].as_array().unwrap().clone();
        items.iter().filter(|token| token["revoked_at"].is_null()).count()
    };
    assert_eq!(live(&grace), 1);
    let kept = std::fs::read(grace.credentials()).unwrap();
    grace.works(&["logout"], "");
    assert!(!grace.credentials().exists());
    std::fs::write(grace.credentials(), kept).unwrap();
    assert!(grace.fails(&["whoami"], "").contains("sign in first"));
    grace.works(&login, "a long enough one");
    admin.works(&["person", "change", "grace", "--disable"], "");
    assert!(grace.fails(&["whoami"], "").contains("sign in first"));
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let shell = Shell::new();
    let nobody_there = format!("http://127.0.0.1:{}", pglab_testkit::postgres::free_port());
    let login = [
        "login",
        "--url",
        &nobody_there,
        "--login",
        "a",
        "--password-stdin",
    ];
    let said = shell.fails(&login, "x\n");
    assert!(
        said.starts_with("pglab: can't reach pglab at http://127.0.0.1:"),
        "{said}"
    );
    let said = shell.fails(
        &["login", "--url", "ftp://x", "--login", "a", "--password-stdin"],
        "x",
    );
    assert!(said.contains("must begin with http:// or https://"), "{said}");
    let said = shell.fails(&["login", "--url", &nobody_there, "--login", "a"], "x");
    assert!(said.contains("use --password-stdin"), "{said}");
    let said = shell.fails(&login, "");
    assert!(said.contains("no password on stdin"), "{said}");
    // Wrong usage is told apart.
    assert_eq!(shell.run(&["token", "create"], "").status.code(), Some(2));
}

/// A token goes only to the server that it is of.
#[test]
fn the_kept_token_stays_with_its_server() {
    let place = Place::new();
    let up = place.up();
    let shell = Shell::new();
    let login = ["login", "--url", up.url(), "--login", "admin", "--password-stdin"];
    shell.works(&login, up.ready["admin"]["password"].as_str().unwrap());
    let output = shell.run_with(&["whoami"], "", &[("PGLAB_URL", "http://127.0.0.1:1")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("no token for http://127.0.0.1:1"),
        "{}",
        stderr(&output)
    );
}

//! `pglab serve` on a server that exists, with a maintenance role that is no superuser: a lab from its example to its
//! archive, and what `pglab doctor` says of the role before it has what it needs.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use pglab_testkit::{TestServer, postgres::free_port};
use serde_json::Value;

use crate::support::{PROGRAM, eventually, run_with_input, stderr};

/// What `docs/security.md` asks for, with the databases that everybody can reach closed by their owner.
const GRANTS: &str = "GRANT pg_monitor, pg_signal_backend TO keeper;
    REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
    GRANT CONNECT ON DATABASE postgres TO keeper;
    GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO keeper";

/// A server with an own database for pglab, a role `keeper` without any grant, and the configuration of `serve`.
struct Site {
    server: TestServer,
    files: tempfile::TempDir,
    url: String,
}

impl Site {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let superuser = server.superuser("postgres").await;
        for statement in [
            "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeps'",
            "CREATE ROLE store LOGIN PASSWORD 'stores'",
            "CREATE DATABASE pglab OWNER store",
            "REVOKE CONNECT ON DATABASE pglab FROM PUBLIC",
        ] {
            superuser.batch_execute(statement).await.unwrap();
        }
        let files = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(files.path().join(name), text).unwrap();
        let (port, listen) = (server.port(), free_port());
        let folder = files.path().display();
        write("seal.key", &"5a".repeat(32));
        write(
            "pglab.toml",
            &format!(
                "[server]\nlisten = \"127.0.0.1:{listen}\"\npublic_url = \"http://127.0.0.1:{listen}\"\n\
                 data_dir = \"{folder}/data\"\n\
                 [store]\nuri = \"postgresql://store:stores@127.0.0.1:{port}/pglab\"\n\
                 [cluster]\nhost = \"127.0.0.1\"\nport = {port}\n\
                 maintenance_role = \"keeper\"\nmaintenance_password = \"keeps\"\n\
                 [secrets]\nseal_key_file = \"{folder}/seal.key\"\n\
                 [database_api]\nlisten = \"127.0.0.1:0\"\n"
            ),
        );
        write(
            "shop.sql",
            "CREATE TABLE artist (id integer PRIMARY KEY, name text NOT NULL);
             CREATE TABLE album (id serial PRIMARY KEY, artist_id integer REFERENCES artist);
             INSERT INTO artist VALUES (1, 'Nina'), (2, 'Miriam');",
        );
        write(
            "lab.yaml",
            "lab: shop\ntitle: Shop\nexample:\n  dump: shop.sql\nstart: { tables: [artist] }\n",
        );
        write("roster.csv", "login,name\nada,Ada\nbob,Bob\n");
        std::fs::create_dir(files.path().join("data")).unwrap();
        Self {
            server,
            files,
            url: format!("http://127.0.0.1:{listen}"),
        }
    }

    fn path(&self) -> &Path {
        self.files.path()
    }

    fn doctor(&self) -> Output {
        Command::new(PROGRAM)
            .args(["doctor", "--config"])
            .arg(self.path().join("pglab.toml"))
            .output()
            .unwrap()
    }

    fn migrate(&self) {
        let mut migrate = Command::new(PROGRAM);
        migrate.args(["migrate", "--config"]);
        run_with_input(migrate.arg(self.path().join("pglab.toml")), "");
    }

    /// Starts `serve`, and signs in with the password that it prints.
    fn serve(&self) -> Serving {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(self.path().join("pglab.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = said.next().unwrap().unwrap();
        let password = first.rsplit(' ').next().unwrap().to_owned();
        let ready = said.next().unwrap().unwrap();
        assert!(ready.starts_with("pglab is ready"), "{first} {ready}");
        let config = self.path().join("config");
        let mut login = Command::new(PROGRAM);
        login.args([
            "login",
            "--url",
            &self.url,
            "--login",
            "admin",
            "--password-stdin",
        ]);
        run_with_input(login.env("XDG_CONFIG_HOME", &config), &format!("{password}\n"));
        let mut token = Command::new(PROGRAM);
        token.args(["token", "create", "--name", "test"]);
        let token = run_with_input(token.env("XDG_CONFIG_HOME", &config), "");
        Serving {
            child,
            token: token.trim().to_owned(),
        }
    }

    fn pglab(&self, serving: &Serving, arguments: &[&str]) -> String {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.path());
        command
            .env("PGLAB_URL", &self.url)
            .env("PGLAB_TOKEN", &serving.token);
        run_with_input(&mut command, "")
    }

    fn row(&self, serving: &Serving, login: &str) -> Value {
        let board = self.pglab(serving, &["lab", "board", "shop", "--json"]);
        let board: Value = serde_json::from_str(&board).unwrap();
        let rows = board["members"].as_array().unwrap();
        rows.iter().find(|row| row["login"] == login).unwrap().clone()
    }
}

struct Serving {
    child: Child,
    token: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn psql(kit: &Value, sql: &str) -> Output {
    let mut child = Command::new("psql")
        .args(["-XqAt", "-v", "ON_ERROR_STOP=1", kit["uri"].as_str().unwrap()])
        .env("PGPASSWORD", kit["password"].as_str().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_maintenance_role_that_is_no_superuser() {
    let site = Site::new().await;
    site.migrate();

    // The doctor names what is missing, and what is then not to be had.
    let sick = site.doctor();
    let said = String::from_utf8_lossy(&sick.stdout).into_owned();
    assert_eq!(sick.status.code(), Some(1), "{said}");
    for missing in [
        "keeper can't end what runs too long, nor the sessions of students who are shut out or start over: GRANT pg_signal_backend TO keeper",
        "keeper doesn't see what students do, so the board notices neither their work nor who is connected, and no cap is kept: GRANT pg_read_all_stats TO keeper",
        "keeper may not read the server's log, so the board shows no errors",
        "keeper can't read pg_authid, so passwords changed with psql go unnoticed",
        "keeper is no superuser, which is fine; what is not to be had then: temp_file_limit",
    ] {
        assert!(said.contains(missing), "{missing}\n--\n{said}");
    }
    let superuser = site.server.superuser("postgres").await;
    superuser.batch_execute(GRANTS).await.unwrap();
    let well = site.doctor();
    if superuser.server_version() < 150_000 {
        // There it takes a superuser, and the doctor is the one who says so.
        let said = String::from_utf8_lossy(&well.stdout).into_owned();
        assert_eq!(well.status.code(), Some(1), "{said}");
        assert!(
            said.contains("keeper can load no example: ALTER ROLE keeper SUPERUSER"),
            "{said}"
        );
        return;
    }
    assert_eq!(
        well.status.code(),
        Some(0),
        "{}{}",
        String::from_utf8_lossy(&well.stdout),
        stderr(&well)
    );

    let serving = site.serve();
    let run = |arguments: &[&str]| site.pglab(&serving, arguments);
    let kit =
        |login: &str| -> Value { serde_json::from_str(&run(&["kit", "shop", login, "--json"])).unwrap() };
    run(&["lab", "apply", "lab.yaml"]);
    run(&["roster", "import", "shop", "roster.csv"]);
    run(&["lab", "prepare", "shop", "--wait"]);
    run(&["lab", "open", "shop"]);
    let (ada, bob) = (kit("ada"), kit("bob"));

    // What came with the start is theirs to alter, and their work is seen; so are their errors.
    let done = psql(
        &ada,
        "ALTER TABLE artist ADD born date; ALTER TABLE artist DROP born;
         CREATE TABLE album (id serial PRIMARY KEY, artist_id integer REFERENCES artist);",
    );
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(!psql(&bob, "SELECT * FROM nowhere").status.success());
    let row = site.row(&serving, "ada");
    assert_eq!(row["now"], row["max_score"], "{row}");
    eventually("bob's error is on the board", || {
        site.row(&serving, "bob")["n_errors_recent"] == 1
    });

    // A fresh database.
    run(&["reset", "shop", "ada", "--yes"]);
    eventually("ada has a fresh database", || {
        let found = psql(&ada, "SELECT to_regclass('album') IS NULL");
        found.status.success() && found.stdout == b"t\n"
    });
    // Who leaves the class is out.
    std::fs::write(site.path().join("roster.csv"), "login,name\nada,Ada\n").unwrap();
    run(&["roster", "import", "shop", "roster.csv"]);
    eventually("bob is out", || !psql(&bob, "SELECT 1").status.success());

    run(&["lab", "close", "shop"]);
    eventually("ada is out", || !psql(&ada, "SELECT 1").status.success());
    run(&["lab", "archive", "shop"]);
    let left = superuser
        .query(
            "SELECT datname::text FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'pglab')
             UNION ALL SELECT rolname FROM pg_roles WHERE rolname IN ('ada', 'bob')",
            &[],
        )
        .await
        .unwrap();
    let left: Vec<String> = left.iter().map(|row| row.get(0)).collect();
    let of_students: Vec<&String> = left.iter().filter(|name| !name.starts_with("pglab_")).collect();
    assert!(of_students.is_empty(), "{left:?}");
}

/// What the doctor says about `pg_hba.conf`, without the mark of the line and the server's name.
fn said_of_hba(site: &Site) -> Vec<String> {
    let said = String::from_utf8(site.doctor().stdout).unwrap();
    let name = format!("127.0.0.1:{}: ", site.server.port());
    said.lines()
        .filter_map(|line| line.split_once("pg_hba.conf: "))
        .map(|(mark, says)| format!("{} {}", mark.trim(), says.replace(&name, "")))
        .collect()
}

#[tokio::test]
async fn the_doctor_compares_pg_hba_with_the_settings_of_identity() {
    let site = Site::new().await;
    site.migrate();
    let superuser = site.server.superuser("postgres").await;
    superuser
        .batch_execute("GRANT CONNECT ON DATABASE postgres TO keeper")
        .await
        .unwrap();
    let said = said_of_hba(&site);
    assert!(
        said[0].starts_with("warning keeper may not see how people sign in"),
        "{said:?}"
    );
    superuser
        .batch_execute(
            "GRANT SELECT ON pg_hba_file_rules TO keeper; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO keeper;
             GRANT EXECUTE ON FUNCTION pg_stat_file(text) TO keeper; GRANT pg_read_all_settings TO keeper",
        )
        .await
        .unwrap();
    assert_eq!(
        said_of_hba(&site),
        ["ok students sign in with PostgreSQL's own passwords"]
    );

    // The passwords move to a directory; nobody told PostgreSQL.
    let config = site.path().join("pglab.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let identity = |server: &str| {
        format!(
            "{text}[identity]\nmode = \"directory\"\nservers = [\"{server}\"]\nbind_prefix = \"uid=\"\n\
             bind_suffix = \",ou=people,dc=lab,dc=test\"\n"
        )
    };
    std::fs::write(&config, identity("ldaps://ldap.lab.test")).unwrap();
    let file = superuser.query_one("SHOW hba_file", &[]).await.unwrap();
    let file = std::path::PathBuf::from(file.get::<_, String>(0));
    let theirs = std::fs::read_to_string(&file).unwrap();
    let said = said_of_hba(&site);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("PROBLEM pg_hba.conf has no line for +pglab_students")
            && said[0].contains("--from RANGE` prints what belongs to the top of the file"),
        "{said:?}"
    );

    // Lines with TLS need a server with TLS.
    let folder = file.parent().unwrap();
    let script = "cd \"$1\" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x \
                  -keyout t.key -out t.crt && chown --reference pg_hba.conf t.key t.crt && chmod 600 t.key";
    let mut certificate = Command::new("sh");
    run_with_input(certificate.args(["-c", script, "certificate"]).arg(folder), "");
    for statement in [
        "ALTER SYSTEM SET ssl_cert_file = 't.crt'",
        "ALTER SYSTEM SET ssl_key_file = 't.key'",
        "ALTER SYSTEM SET ssl = 'on'",
        "SELECT pg_reload_conf()",
    ] {
        superuser.batch_execute(statement).await.unwrap();
    }
    while superuser
        .query_one("SHOW ssl", &[])
        .await
        .unwrap()
        .get::<_, String>(0)
        != "on"
    {
        tokio::task::yield_now().await;
    }
    // What `pglab directory hba` prints is what the doctor wants.
    let print = |from: &str| {
        let mut print = Command::new(PROGRAM);
        print
            .args(["directory", "hba", "--from", from, "--config"])
            .arg(&config);
        run_with_input(&mut print, "")
    };
    std::fs::write(&file, format!("{}\n{theirs}", print("10.1.0.0/16"))).unwrap();
    // PostgreSQL tells the time of a file in whole seconds.
    let written = std::fs::File::options().write(true).open(&file).unwrap();
    let at = written.metadata().unwrap().modified().unwrap();
    written
        .set_modified(at + std::time::Duration::from_secs(5))
        .unwrap();
    let said = said_of_hba(&site);
    assert_eq!(
        said,
        [
            "ok students sign in by the directory, pglab's roles by their passwords",
            "warning the file was changed after the server read it: SELECT pg_reload_conf()"
        ]
    );
    // Another server in the settings than in the file.
    std::fs::write(&config, identity("ldaps://other.lab.test")).unwrap();
    let said = said_of_hba(&site);
    assert!(
        said[0].starts_with(
            "PROBLEM pg_hba.conf lacks the rule \"hostssl all +pglab_students 10.1.0.0/16 ldap\" of pglab's"
        ) && said[0].contains("--from 10.1.0.0/16` prints"),
        "{said:?}"
    );
    // Back to passwords of pglab's: what was left there keeps everybody out.
    std::fs::write(&config, &text).unwrap();
    let said = said_of_hba(&site);
    assert!(
        said[0].contains("sends students to an LDAP directory, but pglab keeps the passwords itself"),
        "{said:?}"
    );
}

//! A server to load into, and what must be true on it afterwards.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use pglab_core::ident::Ident;
use pglab_fleet::{
    Address, Cluster, Connection,
    load::{self, LoadError, LoadLimits, LoadReport, LoadRequest, PlaceSpec, Source},
    private::{Binaries, SUPERUSER},
    template::{self, Example},
};
use pglab_testkit::{SeededRandom, TestServer};
use tokio_util::sync::CancellationToken;

pub(crate) struct Workshop {
    pub(crate) server: TestServer,
    pub(crate) cluster: Cluster,
    pub(crate) limits: LoadLimits,
    pub(crate) random: SeededRandom,
    pub(crate) programs: PathBuf,
    pub(crate) extensions: Vec<String>,
    folder: tempfile::TempDir,
}

pub(crate) fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

impl Workshop {
    pub(crate) async fn open() -> Self {
        let server = TestServer::start().await;
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: server.port(),
        };
        let password = server.superuser_password().to_owned();
        Self {
            cluster: Cluster::new(address.clone(), vec![address], SUPERUSER.to_owned(), password),
            server,
            limits: LoadLimits {
                relation: Duration::from_secs(1),
                ..LoadLimits::default()
            },
            random: SeededRandom::new(1),
            programs: Binaries::find(None).unwrap().folder,
            extensions: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn file(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("script.sql");
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn place(&self) -> PlaceSpec {
        PlaceSpec {
            database: name("pglab_ex_shop_1"),
            lab_role: name("pglab_lab_shop"),
            loader_role: name("pglab_load_shop"),
            mark: "lab-1".to_owned(),
            extensions: self.extensions.clone(),
        }
    }

    pub(crate) fn request(&self, source: Source) -> LoadRequest<'_> {
        LoadRequest {
            cluster: &self.cluster,
            place: self.place(),
            source,
            programs: &self.programs,
            limits: self.limits,
            random: &self.random,
            cancel: CancellationToken::new(),
        }
    }

    pub(crate) async fn load_file(&self, path: &Path) -> Result<LoadReport, LoadError> {
        let outcome = load::load(&self.request(Source::File(path.to_owned())), &|_| {}).await;
        if outcome.is_err() {
            self.nothing_is_left().await;
        }
        outcome
    }

    pub(crate) async fn load(&self, script: impl AsRef<[u8]>) -> Result<LoadReport, LoadError> {
        self.load_file(&self.file(script)).await
    }

    pub(crate) async fn example_of(&self, source: Source) -> Result<Example, LoadError> {
        template::make_example(&self.request(source), &|_| {}).await
    }

    pub(crate) async fn example(&self, path: &Path) -> Result<Example, LoadError> {
        self.example_of(Source::File(path.to_owned())).await
    }

    /// What a load that failed must leave: neither database nor loader, nor anything that it made.
    pub(crate) async fn nothing_is_left(&self) {
        self.nothing_is_left_but(&[]).await;
    }

    pub(crate) async fn nothing_is_left_but(&self, roles: &[&str]) {
        let superuser = self.server.superuser("postgres").await;
        let row = superuser
            .query_one(
                "SELECT (SELECT count(*) FROM pg_database WHERE datname LIKE 'pglab%'),
                        (SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> ALL ($1)
                             AND rolname NOT IN ('pglab_super', 'pglab_lab_shop', 'pglab_students', 'pglab_services')),
                        (SELECT count(*) FROM pg_roles WHERE rolsuper), (SELECT count(*) FROM pg_prepared_xacts)",
                &[&roles],
            )
            .await
            .unwrap();
        let counts: [i64; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
        assert_eq!(
            counts,
            [0, 0, 1, 0],
            "databases, roles, superusers, prepared transactions"
        );
    }

    /// The superuser inside a database that was closed.
    pub(crate) async fn inside(&self, database: &str) -> Connection {
        let superuser = self.server.superuser("postgres").await;
        superuser
            .batch_execute(&format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS true"))
            .await
            .unwrap();
        self.server.superuser(database).await
    }

    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(self.programs.join(program))
            .args(arguments)
            .env("PGPASSWORD", self.server.superuser_password())
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.server.port().to_string())
            .env("PGUSER", SUPERUSER)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

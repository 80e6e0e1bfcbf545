//! What is measured: pglab as `pglab up` runs it, on a private server of its own, with labs made from the first tables
//! of `examples/harbour`. Nothing is measured here.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use pglab_control::{
    Control, Parts, SystemClock, board,
    example::{self, ExampleState, Upload, UploadFor},
    instance, kit, lab, member, prepare, roster, task, workers,
};
use pglab_core::{access::Actor, check::Fact, directory::IdentitySettings, ident::Ident};
use pglab_fleet::{Address, Cluster, Connection, private::SUPERUSER, provision::cluster};
use pglab_identity::{Sealer, SystemRandom};
use pglab_store::{Store, example::Example};
use pglab_testkit::TestServer;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Outcome, students::Student};

/// Three tables with their types and rows.
const DUMP: &str = concat!(
    include_str!("../../../../examples/harbour/solution/010-types.sql"),
    include_str!("../../../../examples/harbour/solution/020-port.sql"),
    include_str!("../../../../examples/harbour/solution/030-berth.sql"),
    include_str!("../../../../examples/harbour/solution/040-ship.sql"),
);
const N_CHECKS: usize = 80;
pub const OWN_DATABASE: &str = "pglab";
pub const OWN_ROLE: &str = "pglab_store";
pub const OWN_PASSWORD: &str = "of-the-bench";

/// A test server has all this off or small; here it is as `pglab up` has it.
const AS_IN_USE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "256MB"),
];

pub struct School {
    pub server: TestServer,
    pub control: Control,
    data_dir: tempfile::TempDir,
    identity: IdentitySettings,
}

impl School {
    pub async fn start() -> Outcome<Self> {
        Self::start_with(IdentitySettings::Local).await
    }

    /// Where somebody else keeps the passwords.
    pub async fn start_with(identity: IdentitySettings) -> Outcome<Self> {
        let server = TestServer::start_with(AS_IN_USE).await;
        server
            .server()
            .ensure_own_database(&Ident::new(OWN_DATABASE)?, &Ident::new(OWN_ROLE)?, OWN_PASSWORD)
            .await?;
        let data_dir = tempfile::tempdir()?;
        let control = control(&server, data_dir.path(), &identity).await?;
        control.store.migrate().await?;
        let maintenance = control.cluster.maintenance().await?;
        cluster::secure(&maintenance, Some(&Ident::new(OWN_DATABASE)?)).await?;
        Ok(Self {
            server,
            control,
            data_dir,
            identity,
        })
    }

    /// pglab after a restart: it knows nothing but what is stored.
    pub async fn restarted(&self) -> Outcome<Control> {
        control(&self.server, self.data_dir.path(), &self.identity).await
    }

    pub fn data_dir(&self) -> &std::path::Path {
        self.data_dir.path()
    }

    pub async fn superuser(&self) -> Connection {
        self.server.superuser("postgres").await
    }

    pub fn postmaster(&self) -> i32 {
        self.server.server().pid()
    }

    /// A class of whom everybody has done everything: a lab that is open, with all that the example has in each database.
    /// Returns how many checks it has.
    pub async fn class(&self, slug: &str, n_students: usize) -> Outcome<usize> {
        let n_checks = self.lab(slug, n_students).await?;
        let working = Working::start(&self.control);
        prepare(&self.control, slug).await?;
        working.end().await?;
        lab::open(&self.control, &Actor::System, slug).await?;
        instance::activate(&self.control).await?;
        let members = member::list(&self.control, &Actor::System, slug).await?;
        stream::iter(members)
            .map(|member| async move {
                let student = self.student(slug, member.member.login.as_str()).await?;
                let config = self.control.cluster.login_config(
                    &Ident::new(student.login)?,
                    &student.password,
                    &Ident::new(student.database)?,
                );
                Connection::open(&config).await?.batch_execute(DUMP).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
            .buffer_unordered(4)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(n_checks)
    }

    /// What a student's kit says.
    pub async fn student(&self, slug: &str, login: &str) -> Outcome<Student> {
        let kit = kit::of_member(&self.control, &Actor::System, slug, login).await?;
        Ok(Student {
            login: kit.login,
            password: kit.password.ok_or("a kit without its password")?,
            database: kit.database,
        })
    }

    /// A lab whose example and start are ready, with a roster, not prepared. Returns how many checks it has.
    pub async fn lab(&self, slug: &str, n_students: usize) -> Outcome<usize> {
        let new = lab::NewLab {
            slug: slug.to_owned(),
            title: format!("Lab {slug} of the bench"),
            start: None,
            settings: serde_json::Map::new(),
            pack: None,
        };
        lab::create(&self.control, &Actor::System, new).await?;
        let upload = Upload {
            purpose: UploadFor::Example,
            name: "harbour.sql".to_owned(),
            size_bytes: Some(DUMP.len() as u64),
            body: stream::once(async { Ok::<_, std::convert::Infallible>(DUMP.into()) }).boxed(),
        };
        example::upload(&self.control, &Actor::System, slug, upload).await?;
        for _ in 0..600 {
            example::activate(&self.control).await?;
            let shown = example::show(&self.control, &Actor::System, slug).await?;
            if let Some(problem) = shown.error {
                return Err(format!("the example could not be loaded: {problem:?}").into());
            }
            if shown.state == ExampleState::Ready {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut csv = "login,name\n".to_owned();
        for nth in 1..=n_students {
            csv.push_str(&format!("{slug}_{nth:04},Student {nth} of {slug}\n"));
        }
        let report = roster::import(&self.control, &Actor::System, slug, csv.as_bytes(), false).await?;
        if !report.applied {
            return Err(format!("the roster was refused: {:?}", report.problems).into());
        }
        self.fewer_checks(slug).await
    }

    /// Drops checks of columns being NOT NULL until there are as many as the budget speaks of.
    async fn fewer_checks(&self, slug: &str) -> Outcome<usize> {
        let tasks = task::list(&self.control, &Actor::System, slug).await?;
        let mut n: usize = tasks.iter().map(|task| task.checks.len()).sum();
        for task in &tasks {
            for check in &task.checks {
                if n > N_CHECKS && matches!(check.fact, Fact::Nullability { .. }) {
                    task::check_drop(&self.control, &Actor::System, slug, task.id, check.id).await?;
                    n -= 1;
                }
            }
        }
        Ok(n)
    }

    pub async fn example(&self, slug: &str) -> Outcome<Example> {
        let view = lab::list(&self.control, &Actor::System).await?;
        let found = view
            .iter()
            .find(|view| view.lab.slug.as_str() == slug)
            .ok_or("no such lab")?;
        Ok(
            pglab_store::example::of_lab(self.control.store.pool(), found.lab.id)
                .await?
                .ok_or("no example")?,
        )
    }

    pub async fn checkpoint(&self) -> Outcome<()> {
        Ok(self.superuser().await.batch_execute("CHECKPOINT").await?)
    }

    /// Whether a crash may lose what was committed. Many databases are made faster so.
    pub async fn hurry(&self, hurry: bool) -> Outcome<()> {
        let superuser = self.superuser().await;
        for statement in [
            if hurry {
                "ALTER SYSTEM SET fsync = off"
            } else {
                "ALTER SYSTEM RESET fsync"
            },
            "SELECT pg_reload_conf()",
            "CHECKPOINT",
        ] {
            superuser.batch_execute(statement).await?;
        }
        Ok(())
    }
}

async fn control(
    server: &TestServer,
    data_dir: &std::path::Path,
    identity: &IdentitySettings,
) -> Outcome<Control> {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
    };
    let store = Store::connect(&format!(
        "postgresql://{OWN_ROLE}:{OWN_PASSWORD}@127.0.0.1:{}/{OWN_DATABASE}",
        server.port()
    ))
    .await?;
    let parts = Parts {
        store,
        cluster: Cluster::new(
            address.clone(),
            vec![address],
            SUPERUSER.to_owned(),
            server.superuser_password().to_owned(),
        ),
        sealer: Sealer::new(&[7; 32]),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        public_url: "http://127.0.0.1:8432".to_owned(),
        data_dir: data_dir.to_owned(),
        log_folder: Some(server.server().log_folder()),
    };
    let options = pglab_control::Options {
        identity: identity.clone(),
        ..pglab_control::Options::default()
    };
    Ok(Control::with_options(parts, options))
}

/// Everything that runs in the background.
pub struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    pub fn start(control: &Control) -> Self {
        let stop = CancellationToken::new();
        Self {
            task: tokio::spawn(workers::run(control.clone(), stop.clone())),
            stop,
        }
    }

    pub async fn end(mut self) -> Outcome<()> {
        self.stop.cancel();
        Ok((&mut self.task).await?)
    }
}

/// A row that is given up must not go on beside the next one.
impl Drop for Working {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks for every student's database and waits until they are ready.
pub async fn prepare(control: &Control, slug: &str) -> Outcome<()> {
    prepare::prepare(control, &Actor::System, slug).await?;
    let mut events = Box::pin(prepare::events(control, &Actor::System, slug).await?);
    while let Some(now) = events.next().await {
        if let Some((login, reason)) = now.failed.first() {
            return Err(format!("the database of {login} could not be made: {reason}").into());
        }
        if now.ready == now.total && now.total > 0 {
            return Ok(());
        }
    }
    Err("the preparation was not told to its end".into())
}

/// Waits until the live path has looked at every database of the lab that is to be looked at.
pub async fn settled(control: &Control, slug: &str) -> Outcome<()> {
    loop {
        let asked = std::time::Instant::now();
        board::show(control, &Actor::System, slug, true).await?;
        // Longer means that it gave up waiting.
        if asked.elapsed() < Duration::from_millis(4900) {
            return Ok(());
        }
    }
}

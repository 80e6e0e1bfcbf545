//! A class at work: a lab from a small example, students with real databases and logins, and the live path running.

use std::{path::Path, sync::Arc, time::Duration};

use pglab_control::{
    board::{self, BoardView, MemberRow, TaskRow},
    instance, kit, lab, prepare, roster,
    testing::TestControl,
    workers,
};
use pglab_core::{
    access::Actor,
    derive::{self, DeriveOptions},
    ident::Ident,
    lab::Start,
    names,
    person::{Login, Role},
};
use pglab_fleet::{
    Connection, introspect,
    load::{LoadLimits, PlaceSpec},
    private::PrivateServer,
    provision, rows,
    template::{self, StartRequest},
};
use pglab_store::{
    example::{self, Example, ExampleSource, ExampleState},
    example_rows,
    task::{self, KeptTask},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

pub(crate) const SLUG: &str = "music";

/// What the students are to build.
pub(crate) const ARTIST: &str = "CREATE TABLE artist (id integer PRIMARY KEY, name text NOT NULL); \
     INSERT INTO artist VALUES (1, 'Nina Simone'), (2, 'Bach')";
pub(crate) const ALBUM: &str = "CREATE TABLE album (id integer PRIMARY KEY, title text NOT NULL, \
     artist_id integer NOT NULL REFERENCES artist); INSERT INTO album VALUES (1, 'Pastel Blues', 1)";
pub(crate) const VIEW: &str =
    "CREATE VIEW titles AS SELECT title, name FROM album JOIN artist ON artist.id = artist_id";

pub(crate) struct School {
    pub(crate) control: TestControl,
    pub(crate) teacher: Actor,
    stop: CancellationToken,
    working: Option<JoinHandle<()>>,
    second_server: Option<PrivateServer>,
}

impl Drop for School {
    fn drop(&mut self) {
        if let Some(server) = &self.second_server {
            let _ = std::process::Command::new("kill")
                .args(["-QUIT", &server.pid().to_string()])
                .status();
        }
    }
}

impl std::ops::Deref for School {
    type Target = TestControl;
    fn deref(&self) -> &TestControl {
        &self.control
    }
}

impl School {
    /// A class that is let in; everything that runs in the background runs.
    pub(crate) async fn start(logins: &[&str]) -> Self {
        let mut school = Self::closed(logins).await;
        lab::open(&school, &school.teacher, SLUG).await.unwrap();
        instance::activate(&school).await.unwrap();
        school.work();
        school
    }

    /// The same, with the doors closed and nothing running.
    pub(crate) async fn closed(logins: &[&str]) -> Self {
        let logins: Vec<String> = logins.iter().map(|&login| login.to_owned()).collect();
        let school = Self::roster_only(&logins).await;
        prepare::prepare(&school, &school.teacher, SLUG).await.unwrap();
        instance::activate(&school).await.unwrap();
        school
    }

    /// Students without databases.
    pub(crate) async fn roster_only(logins: &[String]) -> Self {
        let control = TestControl::start().await;
        let teacher = control.actor("teacher", Role::Instructor).await;
        let school = Self {
            control,
            teacher,
            stop: CancellationToken::new(),
            working: None,
            second_server: None,
        };
        school.lab().await;
        let report = roster::import(
            &school,
            &school.teacher,
            SLUG,
            logins.join("\n").as_bytes(),
            false,
        )
        .await
        .unwrap();
        assert!(report.applied, "{:?}", report.problems);
        school
    }

    /// An immediate shutdown, which writes nothing, and the start with its recovery.
    pub(crate) async fn server_dies_and_comes_back(&mut self) {
        let settings = self.server.server().settings().clone();
        let killed = std::process::Command::new("kill")
            .args(["-QUIT", &self.server.server().pid().to_string()])
            .status();
        assert!(killed.unwrap().success());
        while settings.folder.join("postmaster.pid").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.second_server = Some(PrivateServer::start(settings).await.unwrap());
    }

    pub(crate) fn work(&mut self) {
        self.stop = CancellationToken::new();
        self.working = Some(tokio::spawn(workers::run(
            self.control.control.clone(),
            self.stop.clone(),
        )));
    }

    pub(crate) async fn rest(&mut self) {
        self.stop.cancel();
        if let Some(working) = self.working.take() {
            working.await.unwrap();
        }
    }

    async fn lab(&self) {
        let new = lab::NewLab {
            slug: SLUG.to_owned(),
            title: "Music".to_owned(),
            start: None,
            settings: serde_json::Map::new(),
            pack: None,
        };
        let view = lab::create(self, &self.teacher, new).await.unwrap();
        let slug = &view.lab.slug;
        let maintenance = self.cluster.maintenance().await.unwrap();
        provision::cluster::secure(&maintenance, None).await.unwrap();
        let (template, solution) = (
            names::start_database(slug, 1).unwrap(),
            names::example_database(slug, 1).unwrap(),
        );
        let request = StartRequest {
            cluster: &self.cluster,
            place: PlaceSpec {
                database: template.clone(),
                lab_role: names::lab_role(slug).unwrap(),
                loader_role: names::loader_role(slug).unwrap(),
                mark: "pglab:test".to_owned(),
                extensions: Vec::new(),
            },
            start: &Start::Empty,
            example: None,
            dump: None,
            programs: Path::new("/nowhere"),
            limits: LoadLimits::default(),
            random: &*self.random,
            cancel: CancellationToken::new(),
        };
        template::make_start(&request, &|_| {}).await.unwrap();
        provision::database::create(&maintenance, &solution, None, "pglab:test")
            .await
            .unwrap();
        let inside = self.server.superuser(solution.as_str()).await;
        inside
            .batch_execute(&[ARTIST, ALBUM, VIEW].join(";"))
            .await
            .unwrap();
        let snapshot = introspect::snapshot(&inside).await.unwrap();
        let expected = rows::expected(&inside, &snapshot).await.unwrap().rows;
        let tasks: Vec<KeptTask> = derive::tasks(
            &snapshot,
            &expected,
            DeriveOptions::default(),
            &*self.clock,
            &*self.random,
        )
        .into_iter()
        .map(|task| KeptTask {
            task,
            dropped_at: None,
            dropped_checks: Default::default(),
            is_answered: false,
        })
        .collect();
        let example = Example {
            lab: view.lab.id,
            source: ExampleSource::Dump,
            name: "music.sql".to_owned(),
            size_bytes: 1,
            sha256: None,
            file: None,
            uri_sealed: None,
            generation: 1,
            state: ExampleState::Ready,
            progress: serde_json::json!({}),
            error: None,
            warnings: serde_json::json!([]),
            summary: None,
            example_database: Some(solution),
            start_database: Some(template),
            start_made: Some(Start::Empty),
            loaded_at: Some(self.now()),
        };
        let mut tx = self.store.begin().await.unwrap();
        example::put(&mut tx, &example).await.unwrap();
        example::set_snapshot(&mut tx, view.lab.id, &snapshot)
            .await
            .unwrap();
        example_rows::replace(&mut tx, view.lab.id, &expected)
            .await
            .unwrap();
        task::replace(&mut tx, view.lab.id, &tasks).await.unwrap();
        self.store.commit(tx).await.unwrap();
    }

    /// As psql would, with the kit.
    pub(crate) async fn sign_in(&self, login: &str) -> Connection {
        let kit = kit::of_member(self, &self.teacher, SLUG, login).await.unwrap();
        let config = self.cluster.login_config(
            &Ident::new(login).unwrap(),
            &kit.password.unwrap(),
            &Ident::new(kit.database).unwrap(),
        );
        Connection::open(&config).await.unwrap()
    }

    /// One statement in a session of its own, as `psql -c`. The error's SQLSTATE is the answer.
    pub(crate) async fn psql(&self, login: &str, statement: &str) -> Result<(), String> {
        let session = self.sign_in(login).await;
        session.batch_execute(statement).await.map_err(|error| {
            error
                .code()
                .map(|code| code.code().to_owned())
                .unwrap_or_default()
        })
    }

    pub(crate) async fn student(&self, login: &str) -> Actor {
        let login = Login::parse(login).unwrap();
        let person = pglab_store::person::by_login(self.store.pool(), &login)
            .await
            .unwrap();
        pglab_control::testing::acting(&person.unwrap())
    }

    /// As `pglab lab board` asks for it.
    pub(crate) async fn board(&self) -> Arc<BoardView> {
        board::show(self, &self.teacher, SLUG, true).await.unwrap().view
    }

    pub(crate) async fn row(&self, login: &str) -> Arc<MemberRow> {
        let view = self.board().await;
        row(&view, login)
    }

    /// Without asking for a look: waits until the live path has seen it by itself, at most `patience`.
    pub(crate) async fn until(
        &self,
        login: &str,
        patience: Duration,
        holds: impl Fn(&MemberRow) -> bool,
    ) -> Arc<MemberRow> {
        let mut last = None;
        let waited = timeout(patience, async {
            let mut subscription = board::subscribe(self, &self.teacher, SLUG, None).await.unwrap();
            loop {
                // While our own database is away, there is none.
                if let Ok(board::Shown { view, .. }) = board::show(self, &self.teacher, SLUG, false).await {
                    last = view
                        .members
                        .iter()
                        .find(|row| row.login.as_str() == login)
                        .cloned();
                    if let Some(row) = last.as_ref().filter(|row| holds(row)) {
                        return row.clone();
                    }
                }
                let _ = timeout(Duration::from_millis(500), subscription.events.recv()).await;
            }
        })
        .await;
        match waited {
            Ok(row) => row,
            Err(_) => panic!("not within {patience:?}: {last:#?}"),
        }
    }
}

pub(crate) fn row(view: &BoardView, login: &str) -> Arc<MemberRow> {
    view.members
        .iter()
        .find(|row| row.login.as_str() == login)
        .unwrap()
        .clone()
}

pub(crate) fn task<'a>(row: &'a MemberRow, title: &str) -> &'a TaskRow {
    row.tasks
        .iter()
        .find(|task| &*task.title == title)
        .unwrap_or_else(|| {
            panic!(
                "{:?}",
                row.tasks.iter().map(|task| &task.title).collect::<Vec<_>>()
            )
        })
}

/// States by shape, in the order of the tasks, with what is earned and what is there now.
pub(crate) fn shapes(row: &MemberRow) -> String {
    let tasks: Vec<String> = row
        .tasks
        .iter()
        .map(|task| format!("{} {}", task.title, task.state.as_str()))
        .collect();
    format!(
        "{}/{} of {}: {}",
        row.score.as_f64(),
        row.now.as_f64(),
        row.max_score.as_f64(),
        tasks.join(", ")
    )
}

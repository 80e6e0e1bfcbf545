//! A lab with a tiny start template and an instructor, for the tests of this folder.

use pglab_control::{
    Options, credentials,
    instance::{self, Summary},
    kit, lab, member, prepare,
    roster::{self, Report},
    testing::TestControl,
};
use pglab_core::{
    access::Actor,
    ident::Ident,
    lab::Start,
    names,
    person::{Login, Role},
};
use pglab_fleet::{Connection, Error, provision};
use pglab_store::example::{self, Example, ExampleSource, ExampleState};

pub(crate) struct Lesson {
    pub(crate) control: TestControl,
    pub(crate) teacher: Actor,
}

pub(crate) const SLUG: &str = "tiny";

impl std::ops::Deref for Lesson {
    type Target = TestControl;
    fn deref(&self) -> &TestControl {
        &self.control
    }
}

impl Lesson {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let control = TestControl::start_with(options).await;
        let teacher = control.actor("teacher", Role::Instructor).await;
        let lesson = Self { control, teacher };
        lesson.lab(SLUG).await;
        lesson
    }

    /// A draft lab whose start holds one table.
    pub(crate) async fn lab(&self, slug: &str) {
        let new = lab::NewLab {
            slug: slug.to_owned(),
            title: "Tiny".to_owned(),
            start: None,
            settings: serde_json::Map::new(),
            pack: None,
        };
        let view = lab::create(self, &self.teacher, new).await.unwrap();
        let slug = &view.lab.slug;
        let (role, template) = (
            names::lab_role(slug).unwrap(),
            names::start_database(slug, 1).unwrap(),
        );
        let connection = self.cluster.maintenance().await.unwrap();
        provision::cluster::secure(&connection, None).await.unwrap();
        provision::role::ensure_nologin(&connection, &role, "test")
            .await
            .unwrap();
        provision::database::create(&connection, &template, None, "test")
            .await
            .unwrap();
        let inside = self.server.superuser(template.as_str()).await;
        let script = format!(
            "CREATE TABLE artist (id integer PRIMARY KEY, name text NOT NULL); \
             INSERT INTO artist VALUES (1, 'Nina Simone'); ALTER TABLE artist OWNER TO {role}; \
             GRANT ALL ON SCHEMA public TO {role}"
        );
        inside.batch_execute(&script).await.unwrap();
        drop(inside);
        let example = Example {
            lab: view.lab.id,
            source: ExampleSource::Dump,
            name: "tiny.sql".to_owned(),
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
            example_database: None,
            start_database: Some(template),
            start_made: Some(Start::Empty),
            loaded_at: Some(self.now()),
        };
        let mut tx = self.store.begin().await.unwrap();
        example::put(&mut tx, &example).await.unwrap();
        self.store.commit(tx).await.unwrap();
    }

    pub(crate) async fn import(&self, text: &str) -> Report {
        let report = self.import_into(SLUG, text).await;
        assert!(report.applied, "{:?}", report.problems);
        report
    }

    pub(crate) async fn import_into(&self, slug: &str, text: &str) -> Report {
        roster::import(self, &self.teacher, slug, text.as_bytes(), false)
            .await
            .unwrap()
    }

    pub(crate) async fn prepare(&self) -> Summary {
        prepare::prepare(self, &self.teacher, SLUG).await.unwrap();
        self.reconcile().await
    }

    pub(crate) async fn open(&self) -> Summary {
        lab::open(self, &self.teacher, SLUG).await.unwrap();
        self.reconcile().await
    }

    pub(crate) async fn reconcile(&self) -> Summary {
        instance::activate(self).await.unwrap()
    }

    /// A class that is ready and let in.
    pub(crate) async fn with_students(logins: &[&str]) -> Self {
        let lesson = Self::start().await;
        lesson.import(&logins.join("\n")).await;
        lesson.prepare().await;
        lesson.open().await;
        lesson
    }

    pub(crate) async fn kit(&self, login: &str) -> kit::MemberKit {
        kit::of_member(self, &self.teacher, SLUG, login).await.unwrap()
    }

    /// Over TCP, with a password, as the student would.
    pub(crate) async fn connect(
        &self,
        login: &str,
        password: &str,
        database: &str,
    ) -> Result<Connection, Error> {
        let role = Ident::new(login).unwrap();
        let config = self
            .cluster
            .login_config(&role, password, &Ident::new(database).unwrap());
        Connection::open(&config).await
    }

    /// With the kit as it is given out.
    pub(crate) async fn sign_in(&self, login: &str) -> Result<Connection, Error> {
        let kit = self.kit(login).await;
        self.connect(login, &kit.password.unwrap(), &kit.database).await
    }

    pub(crate) async fn listed(&self, login: &str) -> member::Listed {
        let listed = member::list(self, &self.teacher, SLUG).await.unwrap();
        listed
            .into_iter()
            .find(|listed| listed.member.login.as_str() == login)
            .unwrap()
    }

    pub(crate) async fn state(&self, login: &str) -> &'static str {
        self.listed(login).await.instance.unwrap().state.name()
    }

    pub(crate) async fn credentials(&self) -> Vec<credentials::Credentials> {
        credentials::list(self, &self.teacher, SLUG).await.unwrap()
    }

    /// One value from the cluster, seen by the superuser.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let row = self
            .server
            .superuser("postgres")
            .await
            .query_one(query, &[])
            .await
            .unwrap();
        row.get(0)
    }

    /// The student themself.
    pub(crate) async fn student(&self, login: &str) -> Actor {
        let login = Login::parse(login).unwrap();
        let person = pglab_store::person::by_login(self.store.pool(), &login)
            .await
            .unwrap();
        pglab_control::testing::acting(&person.unwrap())
    }
}

/// `s01` … as lines.
pub(crate) fn class_of(n: usize) -> Vec<String> {
    (1..=n).map(|n| format!("s{n:02}")).collect()
}

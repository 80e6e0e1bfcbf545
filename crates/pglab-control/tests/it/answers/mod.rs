//! Answers taken, judged, counted and priced, on a real server.

mod counted;
mod mutated;
mod rejudge;
mod similarity;
mod sql;
mod standings;
mod teams;

use pglab_control::{
    Error,
    answer::{self, Answered, Given},
    example, instance, lab, pack, prepare, roster, task,
    testing::{TestControl, acting},
};
use pglab_core::{
    access::Actor,
    id::TaskId,
    person::{Login, Role},
};

use crate::packs::{example as example_pack, make_lab, zip};

pub(crate) const SLUG: &str = "course";

/// A lab of a pack, and its teacher.
pub(crate) struct Course {
    pub(crate) control: TestControl,
    pub(crate) teacher: Actor,
}

impl Course {
    pub(crate) async fn of(archive: Vec<u8>) -> Self {
        let control = TestControl::start().await;
        let teacher = control.actor("teacher", Role::Instructor).await;
        let id = pack::install(&control, &teacher, archive).await.unwrap().pack.id;
        make_lab(&control, &teacher, &id).await.unwrap();
        Self { control, teacher }
    }

    /// An example pack, with databases for these students, open.
    pub(crate) async fn example(name: &str, logins: &[&str]) -> Self {
        Self::with_databases(zip(&example_pack(name).to_files()), logins).await
    }

    /// A pack with a database, with databases for these students, open.
    pub(crate) async fn with_databases(archive: Vec<u8>, logins: &[&str]) -> Self {
        let course = Self::of(archive).await;
        let control = &course.control;
        assert_eq!(example::activate(control).await.unwrap().ready, 1);
        course.students(logins).await;
        prepare::prepare(control, &course.teacher, SLUG).await.unwrap();
        instance::activate(control).await.unwrap();
        lab::open(control, &course.teacher, SLUG).await.unwrap();
        instance::activate(control).await.unwrap();
        course
    }

    /// Open without databases, for tasks that need none.
    pub(crate) async fn open_without(archive: Vec<u8>, logins: &[&str]) -> Self {
        let course = Self::of(archive).await;
        course.students(logins).await;
        lab::open(&course.control, &course.teacher, SLUG).await.unwrap();
        course
    }

    async fn students(&self, logins: &[&str]) {
        let text = format!("login\n{}\n", logins.join("\n"));
        let report = roster::import(&self.control, &self.teacher, SLUG, text.as_bytes(), false)
            .await
            .unwrap();
        assert!(report.applied, "{:?}", report.problems);
    }

    pub(crate) async fn student(&self, login: &str) -> Actor {
        let login = Login::parse(login).unwrap();
        let person = pglab_store::person::by_login(self.control.store.pool(), &login)
            .await
            .unwrap()
            .unwrap();
        acting(&person)
    }

    /// By the id of its component.
    pub(crate) async fn task(&self, component: &str) -> TaskId {
        let tasks = task::list(&self.control, &self.teacher, SLUG).await.unwrap();
        let end = format!("/{component}");
        tasks
            .into_iter()
            .find(|task| task.key.ends_with(&end))
            .unwrap()
            .id
    }

    pub(crate) async fn answer(&self, actor: &Actor, task: TaskId, text: &str) -> Result<Answered, Error> {
        answer::submit(&self.control, actor, SLUG, task, Given::Text(text.to_owned())).await
    }

    /// One value from our own database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let ours = self.control.server.superuser("pglab").await;
        ours.query_one(sql, &[]).await.unwrap().get(0)
    }
}

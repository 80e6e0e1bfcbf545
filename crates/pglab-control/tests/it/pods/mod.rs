//! Challenges that run as pods, against a fake instance manager that can go wrong in every way.

mod crashes;
mod faults;
mod life;

use std::time::Duration;

use chrono::TimeDelta;
use pglab_control::{
    Control, Error, Options, lab, pack,
    pods::{self, ChallengeInstance, Summary},
    roster,
    testing::{TestControl, acting},
};
use pglab_core::{
    access::Actor,
    id::ChallengeId,
    person::{Login, Role},
    pods::{ManagerSettings, ManagerUrl, PodState},
};
use pglab_testkit::FakeManager;
use serde_json::json;

use crate::packs::{make_lab, pack_of};

pub(crate) const SLUG: &str = "course";

/// An open lab with a challenge that runs as a pod, and one that does not; ada and bob are in it.
pub(crate) struct Arena {
    pub(crate) control: TestControl,
    pub(crate) manager: FakeManager,
    pub(crate) teacher: Actor,
    pub(crate) ada: Actor,
    pub(crate) shop: ChallengeId,
}

fn document(id: &str, kind: &str) -> String {
    json!({
        "metadata": { "id": id, "name": format!("The {id}"), "version": "1", "challenge_type": kind },
        "components": [
            { "type": "container", "id": "c", "config": {
                "image": "shop:1", "env": { "FLAG": "{{FLAG}}", "WHO": "{{USER_ID}}", "IN": "{{COMPETITION_ID}}",
                "NAME": "{{INSTANCE_NAME}}", "AT": "{{DOMAIN}}", "SECRET": "{{FLAG_SECRET_NAME}}", "OTHER": "{{OTHER}}" } } },
            { "type": "question", "id": "q", "config": { "type": "flag", "text": "Which?", "answer": "{{FLAG}}", "points": 10 } },
        ],
    })
    .to_string()
}

impl Arena {
    pub(crate) async fn open() -> Self {
        let manager = FakeManager::start().await;
        let mut settings = ManagerSettings::new(ManagerUrl::parse(manager.url()).unwrap());
        // No round of these tests waits for it; a busy machine may take its time.
        settings.timeout = Duration::from_secs(60);
        settings.token = Some("the-token".to_owned());
        manager.set_token("the-token");
        let control = TestControl::start_with(Options {
            instance_manager: Some(settings),
            ..Options::default()
        })
        .await;
        let teacher = control.actor("teacher", Role::Instructor).await;
        let quiz = json!({
            "metadata": { "id": "quiz", "name": "A quiz", "version": "1", "challenge_type": "sql-lab" },
            "components": [{ "type": "question", "id": "q", "config": { "type": "text", "text": "?", "answer": "x" } }],
        });
        let archive = pack_of(
            "arena",
            "1.0.0",
            &[
                ("shop.json", document("shop", "container")),
                ("forum.json", document("forum", "web")),
                ("quiz.json", quiz.to_string()),
            ],
        );
        pack::install(&control, &teacher, archive).await.unwrap();
        make_lab(&control, &teacher, "arena").await.unwrap();
        let report = roster::import(&control, &teacher, SLUG, b"login\nada\nbob\n", false)
            .await
            .unwrap();
        assert!(report.applied, "{:?}", report.problems);
        let ours = control.server.superuser("pglab").await;
        ours.batch_execute("UPDATE lab SET state = 'open', opened_at = created_at")
            .await
            .unwrap();
        let ada = student(&control, "ada").await;
        let challenges = pods::own(&control, &ada, SLUG).await.unwrap();
        let shop = challenges.iter().find(|one| one.key == "shop").unwrap().id;
        Self {
            control,
            manager,
            teacher,
            ada,
            shop,
        }
    }

    pub(crate) async fn student(&self, login: &str) -> Actor {
        student(&self.control, login).await
    }

    /// ada starts the shop.
    pub(crate) async fn start(&self) -> ChallengeInstance {
        pods::start(&self.control, &self.ada, SLUG, self.shop)
            .await
            .unwrap()
    }

    /// Five seconds later, a round.
    pub(crate) async fn round(&self) -> Result<Summary, Error> {
        self.control.clock.advance(TimeDelta::seconds(5));
        pods::activate(&self.control).await
    }

    pub(crate) async fn rounds(&self, n: usize) {
        for _ in 0..n {
            self.round().await.unwrap();
        }
    }

    pub(crate) async fn seen(&self, instance: &ChallengeInstance) -> ChallengeInstance {
        pods::by_id(&self.control, instance.id).await.unwrap()
    }

    pub(crate) async fn state(&self, instance: &ChallengeInstance) -> &'static str {
        self.seen(instance).await.state.name()
    }

    /// Rounds, also bad ones, until the instance is in this state.
    pub(crate) async fn until(&self, instance: &ChallengeInstance, state: &str) -> ChallengeInstance {
        for _ in 0..200 {
            let seen = self.seen(instance).await;
            if seen.state.name() == state {
                return seen;
            }
            self.round().await.ok();
        }
        panic!("never {state}: {:?}", self.seen(instance).await);
    }

    /// Nobody has a point, an attempt or a completed task.
    pub(crate) async fn nobody_earned_anything(&self) {
        let ours = self.control.server.superuser("pglab").await;
        let n: i64 = ours
            .query_one(
                "SELECT (SELECT count(*) FROM task_score WHERE best > 0 OR completed_at IS NOT NULL)
                   + (SELECT count(*) FROM completion) + (SELECT count(*) FROM attempt)",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(n, 0, "somebody earned something");
    }

    /// The last line of each history is the state of its row, and each row is there.
    pub(crate) async fn histories_fit(&self, n_rows: usize) {
        let rows = pods::list(&self.control, &self.teacher, SLUG).await.unwrap();
        assert_eq!(rows.len(), n_rows);
        for row in rows {
            let moves = pods::history(&self.control, &self.teacher, SLUG, row.id)
                .await
                .unwrap();
            let last = moves.last().unwrap();
            assert_eq!(last.state.name(), row.state.name(), "{row:?}");
            for pair in moves.windows(2) {
                assert!(pair[0].at <= pair[1].at);
            }
        }
    }
}

async fn student(control: &Control, login: &str) -> Actor {
    let login = Login::parse(login).unwrap();
    let person = pglab_store::person::by_login(control.store.pool(), &login)
        .await
        .unwrap()
        .unwrap();
    acting(&person)
}

pub(crate) async fn close(arena: &Arena) {
    lab::close(&arena.control, &arena.teacher, SLUG).await.unwrap();
}

pub(crate) fn attempts(instance: &ChallengeInstance) -> u32 {
    match instance.state {
        PodState::Terminating { attempts, .. } | PodState::Error { attempts, .. } => attempts,
        _ => 0,
    }
}

//! Data that pglab makes of a lab's start: they tell wrong queries apart that the author's data do not, the author is told which,
//! and no reference is refused on them.

use pglab_control::{
    Error,
    answer::{self, report::Report},
    pack,
};
use pglab_core::{
    pack::{Files, PackPath},
    points::Rules,
    task::TaskKind,
};
use serde_json::{Value, json};

use super::{Course, SLUG};
use crate::packs::{example as example_pack, zip};

/// Every ship has a port, and every port a ship.
const START: &str = "
CREATE TABLE port (code text PRIMARY KEY, name text NOT NULL, depth numeric NOT NULL CHECK (depth > 0));
CREATE TABLE ship (id integer PRIMARY KEY, name text NOT NULL, home text REFERENCES port, seats integer NOT NULL);
INSERT INTO port VALUES ('A', 'Alba', 4), ('B', 'Bor', 9);
INSERT INTO ship VALUES (1, 'One', 'A', 10), (2, 'Two', 'B', 20), (3, 'Three', 'B', 30);
";

fn fleet(version: &str, questions: &[(&str, &str)]) -> Vec<u8> {
    let mut components = vec![
        json!({ "type": "database", "id": "db", "config": { "start": { "dump": "shared_resources/start.sql" } } }),
    ];
    components.extend(questions.iter().map(
        |(id, answer)| json!({ "type": "question", "id": id, "config": { "type": "query", "text": "Which?", "answer": answer } }),
    ));
    let challenge = json!({
        "metadata": { "id": "a", "name": "Fleet", "version": "1", "challenge_type": "sql-lab" },
        "components": components,
    });
    let manifest = json!({ "id": "fleet", "name": "Fleet", "version": version, "challenges": ["a.json"],
        "shared_resources": ["start.sql"] });
    let mut files = Files::new();
    for (path, text) in [
        ("pack.json", manifest.to_string()),
        ("challenges/a.json", challenge.to_string()),
        ("shared_resources/start.sql", START.to_owned()),
    ] {
        files.insert(PackPath::parse(path).unwrap(), text.into_bytes());
    }
    zip(&files)
}

const QUESTIONS: [(&str, &str); 3] = [
    (
        "homes",
        "SELECT ship.name, port.name FROM ship LEFT JOIN port ON port.code = ship.home",
    ),
    ("large", "SELECT name FROM ship WHERE seats > 15"),
    (
        "first",
        "SELECT name, seats FROM ship ORDER BY seats DESC LIMIT 1",
    ),
];

impl Course {
    async fn report(&self, component: &str) -> Report {
        let task = self.task(component).await;
        answer::report::report(&self.control, &self.teacher, SLUG, task)
            .await
            .unwrap()
    }

    async fn mutations_on(&self) {
        let rules = Rules {
            mutations: true,
            ..Rules::default()
        };
        answer::set_rules(&self.control, &self.teacher, SLUG, rules)
            .await
            .unwrap();
    }

    async fn is_right(&self, component: &str, sql: &str) -> bool {
        let task = self.task(component).await;
        self.answer(&self.teacher, task, sql).await.unwrap().verdict.right
    }

    async fn mutated_databases(&self) -> i64 {
        let server = self.control.server.superuser("postgres").await;
        let sql = r"SELECT count(*) FROM pg_database WHERE datname LIKE 'pglab\_jd\_course\_%\_m%'";
        server.query_one(sql, &[]).await.unwrap().get(0)
    }
}

fn missed<'r>(report: &'r Report, changed: &str) -> Option<&'r answer::report::Missed> {
    report.missed.iter().find(|one| one.changed == changed)
}

#[tokio::test]
async fn what_no_dataset_tells_is_reported_and_told_once_data_are_mutated() {
    let course = Course::with_databases(fleet("1.0.0", &QUESTIONS), &["ada"]).await;
    let inner = "SELECT ship.name, port.name FROM ship JOIN port ON port.code = ship.home";
    let changed = "JOIN in place of LEFT JOIN with port";
    assert!(course.is_right("homes", inner).await, "the data do not tell it");
    let before = course.report("homes").await;
    assert!(!before.mutations);
    let one = missed(&before, changed).unwrap();
    assert_eq!(one.suggestion, "a row without a match in the other table");
    assert!(one.told_by_mutation.as_ref().unwrap().starts_with("mutated "));
    let n_before = course.mutated_databases().await;
    assert!(n_before >= 5, "{n_before}");

    course.mutations_on().await;
    let after = course.report("homes").await;
    assert!(missed(&after, changed).is_none());
    let told = after.told.iter().find(|one| one.changed == changed).unwrap();
    assert!(told.dataset.starts_with("mutated "), "{told:?}");
    assert!(!course.is_right("homes", inner).await);
    let task = course.task("homes").await;
    let ada = course.student("ada").await;
    let said = course.answer(&ada, task, inner).await.unwrap().verdict;
    assert!(
        said.message.starts_with("Right on the data that you see"),
        "{said:?}"
    );
    assert!(said.rows.is_none() && said.error.is_none());
    assert!(
        course
            .answer(&ada, task, QUESTIONS[0].1)
            .await
            .unwrap()
            .verdict
            .right
    );

    // The value of the condition stands in no row of the start.
    let boundary = ">= in place of > between seats and 15";
    let report = course.report("large").await;
    let told = report.told.iter().find(|one| one.changed == boundary).unwrap();
    assert_eq!(told.dataset, "mutated boundaries");
    // Where the cut goes through rows that tie, nothing is judged: another row is as good.
    let report = course.report("first").await;
    let ties = report
        .datasets
        .iter()
        .find(|one| one.name == "mutated ties")
        .unwrap();
    assert!(!ties.judged_on, "{ties:?}");
    assert!(course.is_right("first", QUESTIONS[2].1).await);

    // Another reference, other data: what was made for the one before is gone.
    let mut corrected = QUESTIONS;
    corrected[1].1 = "SELECT name FROM ship WHERE seats > 12";
    pack::update(
        &course.control,
        &course.teacher,
        fleet("1.0.1", &corrected),
        false,
    )
    .await
    .unwrap();
    let report = course.report("large").await;
    assert!(
        report
            .told
            .iter()
            .any(|one| one.changed == ">= in place of > between seats and 12")
    );
    assert_eq!(course.mutated_databases().await, n_before);
    // Another process finds them as they are.
    let other = course.control.again().await;
    let task = course.task("large").await;
    let again = answer::report::report(&other, &course.teacher, SLUG, task)
        .await
        .unwrap();
    assert_eq!(again, report);

    let refused = answer::report::report(&course.control, &ada, SLUG, task).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
}

#[tokio::test]
async fn every_reference_is_accepted_on_mutated_data() {
    let mut counts = Vec::new();
    for name in ["harbour-design", "harbour-mystery", "harbour-sql"] {
        let queries: Vec<(String, String)> = example_pack(name)
            .challenges
            .iter()
            .flat_map(|one| &one.challenge.questions)
            .filter_map(|question| match &question.kind {
                TaskKind::Query(query) => Some((question.id.clone(), query.reference.clone())),
                _ => None,
            })
            .collect();
        counts.push(queries.len());
        if queries.is_empty() {
            continue;
        }
        let course = Course::example(name, &["ada"]).await;
        course.mutations_on().await;
        let ada = course.student("ada").await;
        for (id, reference) in queries {
            let task = course.task(&id).await;
            let said = course.answer(&ada, task, &reference).await.unwrap().verdict;
            assert!(said.right, "{id}: {said:?}");
        }
        assert!(course.mutated_databases().await >= 7);
    }
    assert_eq!(counts, [0, 4, 40]);
}

/// Switched on by the question itself.
#[test]
fn the_key_of_a_question_is_read() {
    let bytes: Value = json!({
        "metadata": { "id": "a", "name": "A", "version": "1", "challenge_type": "sql-lab" },
        "components": [
            { "type": "database", "id": "db", "config": {} },
            { "type": "question", "id": "q", "config": { "type": "query", "text": "t", "answer": "SELECT 1", "mutations": true } },
        ],
    });
    let document = pglab_core::cdf::Document::parse(&bytes.to_string()).unwrap();
    let checked = document.check().unwrap();
    let TaskKind::Query(query) = &checked.challenge.questions[0].kind else {
        panic!("a query")
    };
    assert!(
        query.mutations && checked.warnings.is_empty(),
        "{:?}",
        checked.warnings
    );
}

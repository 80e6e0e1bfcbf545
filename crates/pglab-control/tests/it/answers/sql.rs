//! Answers that are SQL, on the databases of a class: every reference of the example packs is accepted, every answer that its
//! author wrote down as wrong is refused, and nobody gets more out of it than a verdict.

use pglab_control::{
    Error,
    answer::{self, Given},
};
use pglab_core::task::TaskKind;

use super::{Course, SLUG};
use crate::packs::example as example_pack;

#[tokio::test]
async fn references_are_accepted_and_what_is_wrong_is_explained() {
    let mut n_tasks = 0;
    for name in ["harbour-mystery", "harbour-sql"] {
        let course = Course::example(name, &["ada"]).await;
        let ada = course.student("ada").await;
        for one in &example_pack(name).challenges {
            for question in &one.challenge.questions {
                let TaskKind::Query(query) = &question.kind else {
                    continue;
                };
                let task = course.task(&question.id).await;
                for wrong in &query.wrong {
                    let said = course
                        .answer(&course.teacher, task, &wrong.sql)
                        .await
                        .unwrap()
                        .verdict;
                    assert!(!said.right, "{}: {}", question.id, wrong.sql);
                    assert!(!said.message.is_empty());
                }
                let said = course.answer(&ada, task, &query.reference).await.unwrap();
                assert!(said.verdict.right, "{}: {:?}", question.id, said.verdict);
                assert_eq!(said.earned, Some(question.points), "{}", question.id);
                n_tasks += 1;
            }
        }
    }
    assert_eq!(n_tasks, 44);
}

#[tokio::test]
async fn an_answer_gets_nothing_but_a_verdict() {
    let course = Course::example("harbour-mystery", &["ada"]).await;
    let ada = course.student("ada").await;
    let task = course.task("the-crate").await;
    let refused = |said: answer::Answered| {
        assert!(!said.verdict.right);
        said.verdict
    };
    for hostile in [
        "DELETE FROM ship",
        "SELECT 1; DELETE FROM ship",
        "INSERT INTO ship DEFAULT VALUES RETURNING 1",
        "COMMIT",
        "SET default_transaction_read_only = off",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "COPY ship TO '/tmp/ship'",
        "SELECT pg_read_file('/etc/passwd')",
        "DO $$ BEGIN PERFORM 1; END $$",
        "SELECT query FROM pg_stat_activity WHERE query ILIKE '%amber%' AND pid <> pg_backend_pid()",
        "SELECT rolpassword FROM pg_authid",
    ] {
        let said = refused(course.answer(&ada, task, hostile).await.unwrap());
        assert!(
            said.rows
                .is_none_or(|rows| rows.extra.is_empty() || hostile.contains("set_config")),
            "{hostile}"
        );
    }
    course.control.clock.advance(chrono::TimeDelta::minutes(2));
    let said = refused(course.answer(&ada, task, "SELECT nmae FROM ship").await.unwrap());
    let error = said.error.unwrap();
    assert_eq!((error.sqlstate.as_str(), error.position), ("42703", Some(8)));
    let said = refused(
        course
            .answer(&ada, task, "SELECT generate_series(1, 1000000000)")
            .await
            .unwrap(),
    );
    assert_eq!(said.message, "Not yet: the result has more than 10000 rows.");
    let said = refused(course.answer(&ada, task, "SELECT pg_sleep(60)").await.unwrap());
    assert_eq!(said.message, "Not yet: it did not end within 5 s.");
    // Right on what is seen only, by saying what is there: nothing of the hidden data is told.
    let TaskKind::Query(query) = &example_pack("harbour-mystery").challenges[0].challenge.questions[0].kind
    else {
        panic!()
    };
    let start = course.control.server.superuser("course_ada").await;
    let rows = start
        .query(
            &format!(
                "SELECT format('(%s, %L, %L::timestamptz)', x.id, x.name, x.departs_at) FROM ({}) AS x",
                query.reference
            ),
            &[],
        )
        .await
        .unwrap();
    let values: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(!values.is_empty());
    let guessed = format!("SELECT * FROM (VALUES {}) AS seen", values.join(", "));
    let said = refused(course.answer(&ada, task, &guessed).await.unwrap());
    assert!(
        said.message
            .starts_with("Right on the data that you see, but not on other data"),
        "{said:?}"
    );
    assert!(said.rows.is_none() && said.error.is_none());
    // An error there tells its state and no value.
    let quoting = format!(
        "SELECT *, (SELECT consignee::integer FROM cargo WHERE NOT EXISTS (SELECT FROM cargo WHERE id = 9001 AND weight_kg = 38) LIMIT 1) FROM ({guessed}) AS x"
    );
    let said = refused(course.answer(&ada, task, &quoting).await.unwrap());
    assert!(said.error.is_none(), "{said:?}");
}

#[tokio::test]
async fn flags_are_planted_and_a_foreign_one_is_noted() {
    let course = Course::example("harbour-mystery", &["ada", "bob"]).await;
    let (ada, bob) = (course.student("ada").await, course.student("bob").await);
    let flag_task = {
        let pack = example_pack("harbour-mystery");
        let questions = &pack.challenges[0].challenge.questions;
        let flag = questions
            .iter()
            .find(|one| matches!(one.kind, TaskKind::Flag(_)))
            .unwrap();
        course.task(&flag.id).await
    };
    let found = |database: &'static str| {
        let course = &course;
        async move {
            let inside = course.control.server.superuser(database).await;
            let sql = "SELECT n.nspname || '.' || c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r' \
                 AND a.atttypid IN ('text'::regtype, 'varchar'::regtype) AND a.attnum > 0 AND NOT a.attisdropped";
            for row in inside.query(sql, &[]).await.unwrap() {
                let (table, column): (String, String) = (row.get(0), row.get(1));
                let sql = format!(
                    "SELECT substring({column} from 'flag\\{{[0-9a-f]+\\}}') FROM {table} WHERE {column} ~ 'flag\\{{[0-9a-f]+\\}}'"
                );
                if let Some(row) = inside.query(&sql, &[]).await.unwrap().first() {
                    return row.get::<_, String>(0);
                }
            }
            panic!("no flag is planted")
        }
    };
    let (of_ada, of_bob) = (found("course_ada").await, found("course_bob").await);
    assert_ne!(of_ada, of_bob);
    assert!(
        !course
            .answer(&ada, flag_task, &of_bob)
            .await
            .unwrap()
            .verdict
            .right
    );
    assert!(
        course
            .answer(&ada, flag_task, &of_ada)
            .await
            .unwrap()
            .verdict
            .right
    );
    assert!(
        course
            .answer(&bob, flag_task, &of_bob)
            .await
            .unwrap()
            .verdict
            .right
    );
    let attempts = answer::attempts(&course.control, &course.teacher, SLUG, None, Some("ada"), None)
        .await
        .unwrap();
    let noted: Vec<(&str, Option<&str>)> = attempts
        .iter()
        .map(|one| (one.outcome.as_str(), one.flag_of.as_deref()))
        .collect();
    assert_eq!(noted, [("right", None), ("wrong", Some("bob"))]);
    let seen = answer::attempts(&course.control, &ada, SLUG, None, None, None).await;
    assert!(matches!(seen, Err(Error::Forbidden)));
}

#[tokio::test]
async fn a_design_is_judged_where_it_stands() {
    let course = Course::example("harbour-design", &["ada"]).await;
    let ada = course.student("ada").await;
    let pack = example_pack("harbour-design");
    let judged: Vec<(String, bool)> = pack.challenges[0]
        .challenge
        .questions
        .iter()
        .filter(|one| {
            matches!(
                one.kind,
                TaskKind::Assert(_) | TaskKind::Behaviour(_) | TaskKind::Plan(_)
            )
        })
        .map(|one| (one.id.clone(), one.kind.is_answered()))
        .collect();
    assert_eq!(judged.len(), 8);
    let look = async || {
        let mut n_right = 0;
        for (id, is_answered) in &judged {
            assert!(!is_answered);
            let task = course.task(id).await;
            let said = answer::submit(&course.control, &ada, SLUG, task, Given::Nothing)
                .await
                .unwrap();
            assert!(
                !said.verdict.parts.is_empty() || said.verdict.error.is_some(),
                "{id}: {:?}",
                said.verdict
            );
            n_right += usize::from(said.verdict.right);
        }
        n_right
    };
    assert_eq!(look().await, 0);
    let solution = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/packs/solutions/harbour-design/right.sql");
    let solution = std::fs::read_to_string(solution).unwrap();
    let inside = course.control.server.superuser("course_ada").await;
    inside
        .batch_execute(&format!("SET ROLE ada; {solution}"))
        .await
        .unwrap();
    assert_eq!(look().await, 8);
    // What was tried was rolled back.
    let n: i64 = inside
        .query_one("SELECT count(*) FROM job", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(look_before_and_after(&course).await, n);
}

async fn look_before_and_after(course: &Course) -> i64 {
    let inside = course.control.server.superuser("course_ada").await;
    inside
        .query_one("SELECT count(*) FROM job", &[])
        .await
        .unwrap()
        .get(0)
}

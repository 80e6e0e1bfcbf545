//! Pairs whose answers are alike, from answers that were really sent.

use chrono::TimeDelta;
use pglab_control::{Error, answer};

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of, text};

#[tokio::test]
async fn a_planted_pair_is_shown_to_the_staff() {
    let questions = [
        ("one", text("right")),
        ("two", text("right")),
        ("three", text("right")),
    ];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada", "bob", "cy", "dee"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    // What is compared is SQL; it was judged elsewhere.
    let one = course.task("one").await;
    let ours = control.server.superuser("pglab").await;
    for (login, minutes, sql) in [
        (
            "ada",
            0,
            "SELECT s.name, count(*) AS visits FROM ship AS s JOIN visit AS v ON v.ship = s.id GROUP BY s.name ORDER BY 2",
        ),
        (
            "bob",
            7,
            "select  S.name , COUNT(*) as visits\nfrom ship as s -- mine\njoin visit as v on v.ship = s.id group by s.name order by 2;",
        ),
        (
            "cy",
            9,
            "SELECT ship.name, sum(1) FROM visit LEFT JOIN ship ON ship.id = visit.ship WHERE ship.name IS NOT NULL GROUP BY 1",
        ),
    ] {
        ours.execute(
            "INSERT INTO attempt (id, member_id, task_id, at, answer, outcome)
             SELECT gen_random_uuid(), m.id, t.id, now() + $2 * interval '1 minute', to_jsonb($3::text), 'right'
             FROM member m JOIN person p ON p.id = m.person_id, task t WHERE p.login = $1 AND t.id::text = $4",
            &[&login, &f64::from(minutes), &sql, &one.to_string()],
        )
        .await
        .unwrap();
    }
    ours.execute(
        "UPDATE task_content SET content = jsonb_set(content, '{kind}',
           '{\"kind\": \"query\", \"reference\": \"SELECT 1\"}') WHERE task_id::text = $1",
        &[&one.to_string()],
    )
    .await
    .unwrap();
    // Somebody else's flag.
    ours.batch_execute(
        "INSERT INTO attempt (id, member_id, task_id, at, answer, outcome, flag_of)
         SELECT gen_random_uuid(), m.id, t.id, now(), '\"flag{x}\"', 'wrong', o.id
         FROM member m JOIN person p ON p.id = m.person_id AND p.login = 'dee',
           member o JOIN person q ON q.id = o.person_id AND q.login = 'cy', task t WHERE t.key LIKE '%/two'",
    )
    .await
    .unwrap();
    let found = answer::similarity(control, teacher, SLUG).await.unwrap();
    let shown: Vec<String> = found
        .pairs
        .iter()
        .map(|pair| {
            let mut logins: Vec<&str> = pair
                .members
                .iter()
                .map(|member| found.people[member].0.as_str())
                .collect();
            logins.sort_unstable();
            let distances: Vec<usize> = pair.answers.iter().map(|alike| alike.distance).collect();
            format!("{} {:?} {}", logins.join("+"), distances, pair.flags.len())
        })
        .collect();
    assert_eq!(shown, ["cy+dee [] 1", "ada+bob [0] 0"]);
    assert!(
        found.pairs[1].answers[0]
            .sql
            .iter()
            .any(|sql| sql.contains("-- mine"))
    );
    control.clock.advance(TimeDelta::seconds(1));
    let ada = course.student("ada").await;
    let refused = answer::similarity(control, &ada, SLUG).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
}

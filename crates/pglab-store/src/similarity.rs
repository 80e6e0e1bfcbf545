//! What pairs of members are compared by: one answer of each to each task, flags of others, and when tasks were done. Which
//! pairs are conspicuous is decided in `pglab_core::similarity`.

use pglab_core::{
    id::LabId,
    similarity::{Answer, Done, Evidence, FlagOfOther},
};
use sqlx::PgExecutor;

use crate::Error;

/// Of the students of a lab. Of the answers that are SQL, the last right one of a member, else the last; of long ones the
/// beginning.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Evidence, Error> {
    let rows = sqlx::query!(
        r#"WITH student AS (
             SELECT id FROM member WHERE lab_id = $1 AND role = 'student' AND removed_at IS NULL),
           question AS (
             SELECT t.id, coalesce(c.content -> 'kind' ->> 'kind', 'state') AS kind
             FROM task t LEFT JOIN task_content c ON c.task_id = t.id WHERE t.lab_id = $1 AND t.dropped_at IS NULL)
           (SELECT DISTINCT ON (a.member_id, a.task_id) 'answer' AS "what!", a.member_id AS "member_id!",
              a.task_id AS "task_id!", a.at AS "at!", left(a.answer #>> '{}', 8000) AS sql, NULL::uuid AS of
            FROM attempt a JOIN student s ON s.id = a.member_id JOIN question q ON q.id = a.task_id
            WHERE q.kind IN ('query', 'plan') AND a.outcome IN ('right', 'wrong') AND jsonb_typeof(a.answer) = 'string'
            ORDER BY a.member_id, a.task_id, (a.outcome = 'right') DESC, a.at DESC)
           UNION ALL
           SELECT 'flag', a.member_id, a.task_id, a.at, NULL, a.flag_of
           FROM attempt a JOIN student s ON s.id = a.member_id JOIN question q ON q.id = a.task_id
           JOIN student o ON o.id = a.flag_of
           UNION ALL
           SELECT 'done', c.member_id, c.task_id, c.completed_at, NULL, NULL
           FROM task_score c JOIN student s ON s.id = c.member_id JOIN question q ON q.id = c.task_id
           WHERE c.completed_at IS NOT NULL"#,
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?;
    let mut evidence = Evidence::default();
    for row in rows {
        let (member, task, at) = (row.member_id.into(), row.task_id.into(), row.at);
        match (row.sql, row.of) {
            (Some(sql), _) => evidence.answers.push(Answer {
                member,
                task,
                at,
                sql,
            }),
            (None, Some(of)) => evidence.flags.push(FlagOfOther {
                member,
                of: of.into(),
                task,
                at,
            }),
            (None, None) => evidence.done.push(Done { member, task, at }),
        }
    }
    Ok(evidence)
}

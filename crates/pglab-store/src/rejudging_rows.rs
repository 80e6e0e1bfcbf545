//! Putting rows of a task's answers in the place of others, each only where it is still as it was: what a rejudging does, and
//! by the same statements what undoes it. Which rows is decided elsewhere.

use serde_json::{Value, json};

use crate::{
    Error, Tx,
    rejudging::{Change, Relation},
};

/// Puts the new row of each change in the place of the old one. Gives the changes with the new rows as they are now written,
/// or those whose old row is no longer as it was; then nothing may be committed.
pub async fn put(tx: &mut Tx, changes: Vec<Change>) -> Result<Result<Vec<Change>, Vec<Change>>, Error> {
    let mut done = Vec::new();
    let mut missed = Vec::new();
    for relation in Relation::ALL {
        let of_relation: Vec<&Change> = changes.iter().filter(|one| one.relation == relation).collect();
        if of_relation.is_empty() {
            continue;
        }
        let pairs: Vec<Value> = of_relation
            .iter()
            .enumerate()
            .map(|(n, change)| json!({ "n": n, "old": change.old, "new": change.new }))
            .collect();
        let pairs = Value::Array(pairs);
        let mut written = match relation {
            Relation::Attempt => attempts(tx, &pairs).await?,
            Relation::Tally => tallies(tx, &pairs).await?,
            Relation::Completion => completions(tx, &pairs).await?,
            Relation::Score => scores(tx, &pairs).await?,
            Relation::Timeline => lines(tx, &pairs).await?,
        };
        for (n, change) in (0_i32..).zip(of_relation) {
            match written.iter().position(|(of, _)| *of == n) {
                Some(at) => done.push(Change {
                    new: written.swap_remove(at).1,
                    ..change.clone()
                }),
                None => missed.push(change.clone()),
            }
        }
    }
    Ok(if missed.is_empty() { Ok(done) } else { Err(missed) })
}

/// The number of a change, and the row as it is written.
type Written = Vec<(i32, Option<Value>)>;

async fn attempts(tx: &mut Tx, pairs: &Value) -> Result<Written, Error> {
    Ok(sqlx::query!(
        r#"UPDATE attempt t SET outcome = r.outcome, verdict = r.verdict, flag_of = r.flag_of
           FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::attempt, p.new) AS r
           WHERE t.id = r.id AND to_jsonb(t) = p.old RETURNING p.n AS "n!", to_jsonb(t) AS row"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| (row.n, row.row))
    .collect())
}

async fn tallies(tx: &mut Tx, pairs: &Value) -> Result<Written, Error> {
    Ok(sqlx::query!(
        r#"UPDATE answer_tally t SET n_counted = r.n_counted, done_at = r.done_at
           FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::answer_tally, p.new) AS r
           WHERE t.member_id = r.member_id AND t.task_id = r.task_id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!", to_jsonb(t) AS row"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| (row.n, row.row))
    .collect())
}

async fn completions(tx: &mut Tx, pairs: &Value) -> Result<Written, Error> {
    let mut written: Written = sqlx::query!(
        r#"UPDATE completion t SET attempt_id = r.attempt_id, at = r.at, points = r.points, late_percent = r.late_percent
           FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::completion, p.new) AS r
           WHERE t.member_id = r.member_id AND t.task_id = r.task_id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!", to_jsonb(t) AS row"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| (row.n, row.row))
    .collect();
    let gone = sqlx::query_scalar!(
        r#"DELETE FROM completion t
           USING jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::completion, p.old) AS o
           WHERE p.new IS NULL AND t.member_id = o.member_id AND t.task_id = o.task_id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!""#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    written.extend(gone.into_iter().map(|n| (n, None)));
    let made = sqlx::query!(
        r#"WITH p AS (SELECT p.n, r.* FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb),
             jsonb_populate_record(NULL::completion, p.new) AS r WHERE p.old IS NULL),
           t AS (INSERT INTO completion (member_id, task_id, attempt_id, at, points, late_percent)
             SELECT member_id, task_id, attempt_id, at, points, late_percent FROM p
             ON CONFLICT DO NOTHING RETURNING *)
           SELECT p.n AS "n!", to_jsonb(t) AS row FROM t JOIN p USING (member_id, task_id)"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    written.extend(made.into_iter().map(|row| (row.n, row.row)));
    Ok(written)
}

async fn scores(tx: &mut Tx, pairs: &Value) -> Result<Written, Error> {
    let mut written: Written = sqlx::query!(
        r#"UPDATE task_score t SET best = r.best, now = r.now, state = r.state, best_at = r.best_at,
             completed_at = r.completed_at, changed_at = r.changed_at
           FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::task_score, p.new) AS r
           WHERE t.member_id = r.member_id AND t.task_id = r.task_id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!", to_jsonb(t) AS row"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| (row.n, row.row))
    .collect();
    let gone = sqlx::query_scalar!(
        r#"DELETE FROM task_score t
           USING jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::task_score, p.old) AS o
           WHERE p.new IS NULL AND t.member_id = o.member_id AND t.task_id = o.task_id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!""#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    written.extend(gone.into_iter().map(|n| (n, None)));
    let made = sqlx::query!(
        r#"WITH p AS (SELECT p.n, r.* FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb),
             jsonb_populate_record(NULL::task_score, p.new) AS r WHERE p.old IS NULL),
           t AS (INSERT INTO task_score (member_id, task_id, best, now, state, best_at, completed_at, changed_at)
             SELECT member_id, task_id, best, now, state, best_at, completed_at, changed_at FROM p
             ON CONFLICT DO NOTHING RETURNING *)
           SELECT p.n AS "n!", to_jsonb(t) AS row FROM t JOIN p USING (member_id, task_id)"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    written.extend(made.into_iter().map(|row| (row.n, row.row)));
    Ok(written)
}

/// Lines are not changed: they come and go, and one that comes back has its number again.
async fn lines(tx: &mut Tx, pairs: &Value) -> Result<Written, Error> {
    let gone = sqlx::query_scalar!(
        r#"DELETE FROM timeline t
           USING jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::timeline, p.old) AS o
           WHERE p.new IS NULL AND t.id = o.id AND to_jsonb(t) = p.old
           RETURNING p.n AS "n!""#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut written: Written = gone.into_iter().map(|n| (n, None)).collect();
    let made = sqlx::query!(
        r#"WITH p AS (SELECT p.n, coalesce(r.id, nextval(pg_get_serial_sequence('timeline', 'id'))) AS id, r.member_id, r.at,
               r.kind, r.text, r.task_id, r.points
             FROM jsonb_to_recordset($1) AS p (n int, old jsonb, new jsonb), jsonb_populate_record(NULL::timeline, p.new) AS r
             WHERE p.old IS NULL),
           t AS (INSERT INTO timeline (id, member_id, at, kind, text, task_id, points) OVERRIDING SYSTEM VALUE
             SELECT id, member_id, at, kind, text, task_id, points FROM p RETURNING *)
           SELECT p.n AS "n!", to_jsonb(t) AS row FROM t JOIN p USING (id)"#,
        pairs
    )
    .fetch_all(&mut **tx)
    .await?;
    written.extend(made.into_iter().map(|row| (row.n, row.row)));
    Ok(written)
}

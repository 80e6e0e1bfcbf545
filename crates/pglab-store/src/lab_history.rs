//! The table `lab_history`: a lab over time, for graphs.

use chrono::{DateTime, Utc};
use pglab_core::{id::LabId, task::Points};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPoint {
    pub at: DateTime<Utc>,
    /// Done by all students together.
    pub n_completions: i64,
    pub n_connected: i64,
    /// Within the seconds that the point speaks of.
    pub n_errors: i64,
    pub n_hands: i64,
    /// Earned by all students together.
    pub points: Points,
    pub seconds_per_task: Option<i64>,
}

/// Writes what the last `seconds` were like. Twice at one moment is once.
pub async fn insert(tx: &mut Tx, lab: LabId, point: HistoryPoint, seconds: i32) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO lab_history (lab_id, at, seconds, completions, connected, errors, hands, points, seconds_per_task)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        lab.uuid(),
        point.at,
        seconds,
        point.n_completions,
        point.n_connected,
        point.n_errors,
        point.n_hands,
        point.points.0,
        point.seconds_per_task,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One point per `step` seconds: what grows as it was last, what comes and goes at its most, what happens added up.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    step: i64,
) -> Result<Vec<HistoryPoint>, Error> {
    let rows = sqlx::query!(
        r#"SELECT to_timestamp(floor(extract(epoch FROM at) / $4::bigint) * $4::bigint) AS "at!", max(completions) AS "completions!",
             max(connected) AS "connected!", sum(errors)::bigint AS "errors!", max(hands) AS "hands!",
             max(points) AS "points!", (array_agg(seconds_per_task ORDER BY at DESC))[1] AS seconds_per_task
         FROM lab_history WHERE lab_id = $1 AND at >= $2 AND at < $3 GROUP BY 1 ORDER BY 1"#,
        lab.uuid(),
        from,
        to,
        step,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| HistoryPoint {
            at: row.at,
            n_completions: row.completions,
            n_connected: row.connected,
            n_errors: row.errors,
            n_hands: row.hands,
            points: Points(row.points),
            seconds_per_task: row.seconds_per_task,
        })
        .collect())
}

/// Makes rows of at least `seconds` of all that are shorter and older than `before`; how many rows there are less.
pub async fn roll_up(tx: &mut Tx, before: DateTime<Utc>, seconds: i32) -> Result<i64, Error> {
    let less = sqlx::query_scalar!(
        r#"WITH old AS (
             DELETE FROM lab_history WHERE at < $1 AND seconds < $2::integer RETURNING *
         ), rolled AS (
             INSERT INTO lab_history (lab_id, at, seconds, completions, connected, errors, hands, points, seconds_per_task)
             SELECT lab_id, max(at), $2::integer, max(completions), max(connected), sum(errors), max(hands), max(points),
               (array_agg(seconds_per_task ORDER BY at DESC))[1]
             FROM old GROUP BY lab_id, floor(extract(epoch FROM at) / $2::integer)
             ON CONFLICT (lab_id, at) DO UPDATE SET seconds = $2::integer
             RETURNING 1)
         SELECT (SELECT count(*) FROM old) - (SELECT count(*) FROM rolled) AS "n!""#,
        before,
        seconds,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(less)
}

//! The table `activity`: what happened, written in the transaction in which it happens. The audit keeps who changed
//! what; this is for those who run a lab, and for front ends. Nothing is decided by it.

use chrono::{DateTime, Utc};
use pglab_core::{
    activity::{Event, Severity},
    id::{ChallengeId, InstanceId, LabId, MemberId, PersonId, TaskId},
    task::Points,
};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Error, Tx, pool::document};

#[derive(Debug, Clone, PartialEq)]
pub struct NewActivity {
    pub at: DateTime<Utc>,
    pub event: Event,
    pub severity: Severity,
    /// Told by a front end, not seen by pglab itself.
    pub is_reported: bool,
    /// Who did it or to whom it happened. `None`: pglab itself.
    pub person: Option<PersonId>,
    pub lab: Option<LabId>,
    pub challenge: Option<ChallengeId>,
    pub task: Option<TaskId>,
    pub instance: Option<InstanceId>,
    pub access_code: Option<Uuid>,
    /// An object. No secrets: it is shown to instructors.
    pub metadata: Value,
}

impl NewActivity {
    /// About nothing yet.
    pub fn new(at: DateTime<Utc>, event: Event) -> Self {
        Self {
            at,
            event,
            severity: Severity::Info,
            is_reported: false,
            person: None,
            lab: None,
            challenge: None,
            task: None,
            instance: None,
            access_code: None,
            metadata: Value::Object(serde_json::Map::new()),
        }
    }
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
    pub fn person(self, person: impl Into<Option<PersonId>>) -> Self {
        let person = person.into();
        Self { person, ..self }
    }
    pub fn lab(self, lab: impl Into<Option<LabId>>) -> Self {
        let lab = lab.into();
        Self { lab, ..self }
    }
    pub fn challenge(self, challenge: impl Into<Option<ChallengeId>>) -> Self {
        let challenge = challenge.into();
        Self { challenge, ..self }
    }
    pub fn instance(self, instance: impl Into<Option<InstanceId>>) -> Self {
        let instance = instance.into();
        Self { instance, ..self }
    }
    pub fn access_code(self, access_code: impl Into<Option<Uuid>>) -> Self {
        let access_code = access_code.into();
        Self { access_code, ..self }
    }
    pub fn metadata(self, metadata: Value) -> Self {
        Self { metadata, ..self }
    }
}

/// Gives the id: later entries have greater ones, except for those of transactions that ran at the same time.
pub async fn insert(tx: &mut Tx, new: &NewActivity) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO activity (at, event, severity, is_reported, person_id, lab_id, challenge_id, task_id, instance_id,
           access_code_id, metadata)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        new.at,
        new.event.as_str(),
        new.severity.as_str(),
        new.is_reported,
        new.person.map(PersonId::uuid),
        new.lab.map(LabId::uuid),
        new.challenge.map(ChallengeId::uuid),
        new.task.map(TaskId::uuid),
        new.instance.map(InstanceId::uuid),
        new.access_code,
        new.metadata,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Tasks that turned by themselves, with what they earned.
pub async fn insert_completed(
    tx: &mut Tx,
    at: DateTime<Utc>,
    member: MemberId,
    done: &[(TaskId, Points)],
) -> Result<(), Error> {
    let tasks: Vec<Uuid> = done.iter().map(|(task, _)| task.uuid()).collect();
    let points: Vec<i64> = done.iter().map(|(_, points)| points.0).collect();
    sqlx::query!(
        "INSERT INTO activity (at, event, person_id, lab_id, challenge_id, task_id, metadata)
         SELECT $1, $5, m.person_id, m.lab_id, c.challenge_id, d.task_id, jsonb_build_object('points', d.points / 1000.0)
         FROM unnest($3::uuid[], $4::bigint[]) AS d (task_id, points) JOIN member m ON m.id = $2
         LEFT JOIN task_content c ON c.task_id = d.task_id",
        at,
        member.uuid(),
        &tasks,
        &points,
        Event::QuestionCompleted.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which entries are wanted. Empty lists mean all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub events: Vec<Event>,
    pub severities: Vec<Severity>,
    pub login: Option<String>,
    /// `None`: those of every lab, and those of none.
    pub labs: Option<Vec<LabId>>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    /// Older than this entry.
    pub before: Option<i64>,
    /// Newer than this entry.
    pub after: Option<i64>,
}

/// An entry with the names of what it speaks of, as far as that is still there.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub event: Event,
    pub severity: Severity,
    pub is_reported: bool,
    pub person: Option<PersonId>,
    pub login: Option<String>,
    pub name: Option<String>,
    pub lab: Option<LabId>,
    /// Its short name.
    pub slug: Option<String>,
    pub challenge: Option<ChallengeId>,
    pub challenge_name: Option<String>,
    pub task: Option<TaskId>,
    pub task_title: Option<String>,
    pub instance: Option<InstanceId>,
    pub access_code: Option<Uuid>,
    pub metadata: Value,
}

/// The newest first.
pub async fn list(executor: impl PgExecutor<'_>, filter: &Filter, limit: i64) -> Result<Vec<Entry>, Error> {
    let events: Vec<String> = filter.events.iter().map(|one| one.as_str().to_owned()).collect();
    let severities: Vec<String> = filter
        .severities
        .iter()
        .map(|one| one.as_str().to_owned())
        .collect();
    let labs: Option<Vec<Uuid>> = filter
        .labs
        .as_ref()
        .map(|labs| labs.iter().map(|lab| lab.uuid()).collect());
    sqlx::query!(
        r#"SELECT a.id, a.at, a.event, a.severity, a.is_reported, a.person_id, p.login AS "login?", p.name AS "name?",
             a.lab_id, l.slug AS "slug?", a.challenge_id, c.name AS "challenge_name?", a.task_id,
             t.title AS "task_title?", a.instance_id, a.access_code_id, a.metadata
           FROM activity a LEFT JOIN person p ON p.id = a.person_id LEFT JOIN lab l ON l.id = a.lab_id
           LEFT JOIN challenge c ON c.id = a.challenge_id LEFT JOIN task t ON t.id = a.task_id
           WHERE (cardinality($1::text[]) = 0 OR a.event = ANY ($1))
             AND (cardinality($2::text[]) = 0 OR a.severity = ANY ($2))
             AND ($3::text IS NULL OR p.login = $3)
             AND ($4::uuid[] IS NULL OR a.lab_id = ANY ($4))
             AND ($5::timestamptz IS NULL OR a.at >= $5)
             AND ($6::timestamptz IS NULL OR a.at < $6)
             AND ($7::bigint IS NULL OR a.id < $7)
             AND ($8::bigint IS NULL OR a.id > $8)
           ORDER BY a.id DESC LIMIT $9"#,
        &events,
        &severities,
        filter.login,
        labs.as_deref(),
        filter.since,
        filter.until,
        filter.before,
        filter.after,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Entry {
            id: row.id,
            at: row.at,
            event: document("an event of the activity log", row.event.into())?,
            severity: document("a severity of the activity log", row.severity.into())?,
            is_reported: row.is_reported,
            person: row.person_id.map(PersonId::from),
            login: row.login,
            name: row.name,
            lab: row.lab_id.map(LabId::from),
            slug: row.slug,
            challenge: row.challenge_id.map(ChallengeId::from),
            challenge_name: row.challenge_name,
            task: row.task_id.map(TaskId::from),
            task_title: row.task_title,
            instance: row.instance_id.map(InstanceId::from),
            access_code: row.access_code_id,
            metadata: row.metadata,
        })
    })
    .collect()
}

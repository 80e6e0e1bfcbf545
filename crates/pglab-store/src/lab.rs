//! The table `lab`. What belongs to a lab has files of its own: `example`, `task`, `member`.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, PersonId},
    lab::{LabSettings, LabState, Slug, Start},
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lab {
    pub id: LabId,
    pub slug: Slug,
    pub title: String,
    pub state: LabState,
    pub start: Start,
    pub settings: LabSettings,
    /// Grows with every change: who changes a lab says which version they saw.
    pub version: i64,
    pub created_by: Option<PersonId>,
    pub created_at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub archived_at: Option<DateTime<Utc>>,
    pub prepare_wanted_at: Option<DateTime<Utc>>,
    pub archive_wanted_at: Option<DateTime<Utc>>,
    pub delete_wanted_at: Option<DateTime<Utc>>,
    /// Why archiving or deleting does not get on, in a sentence.
    pub trouble: Option<String>,
}

struct Row {
    id: uuid::Uuid,
    slug: String,
    title: String,
    state: String,
    start: serde_json::Value,
    settings: serde_json::Value,
    version: i64,
    created_by: Option<uuid::Uuid>,
    created_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    archived_at: Option<DateTime<Utc>>,
    prepare_wanted_at: Option<DateTime<Utc>>,
    archive_wanted_at: Option<DateTime<Utc>>,
    delete_wanted_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
}

impl Row {
    fn into_lab(self) -> Result<Lab, Error> {
        use crate::pool::document;
        Ok(Lab {
            id: self.id.into(),
            slug: document("a lab's slug", self.slug.into())?,
            title: self.title,
            state: document("a lab's state", self.state.into())?,
            start: document("a lab's start", self.start)?,
            settings: document("a lab's settings", self.settings)?,
            version: self.version,
            created_by: self.created_by.map(Into::into),
            created_at: self.created_at,
            opened_at: self.opened_at,
            closed_at: self.closed_at,
            archived_at: self.archived_at,
            prepare_wanted_at: self.prepare_wanted_at,
            archive_wanted_at: self.archive_wanted_at,
            delete_wanted_at: self.delete_wanted_at,
            trouble: self.trouble,
        })
    }
}

/// # Errors
/// [`Error::Taken`] if the slug exists.
pub async fn insert(tx: &mut Tx, lab: &Lab) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO lab (id, slug, title, state, start, settings, version, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        lab.id.uuid(),
        lab.slug.as_str(),
        lab.title,
        lab.state.as_str(),
        crate::pool::json("a lab's start", &lab.start)?,
        crate::pool::json("a lab's settings", &lab.settings)?,
        lab.version,
        lab.created_by.map(PersonId::uuid),
        lab.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Also labs that are being deleted.
pub async fn by_slug(executor: impl PgExecutor<'_>, slug: &Slug) -> Result<Option<Lab>, Error> {
    sqlx::query_as!(Row, "SELECT * FROM lab WHERE slug = $1", slug.as_str())
        .fetch_optional(executor)
        .await?
        .map(Row::into_lab)
        .transpose()
}

/// Also labs that are being deleted.
pub async fn by_id(executor: impl PgExecutor<'_>, id: LabId) -> Result<Option<Lab>, Error> {
    sqlx::query_as!(Row, "SELECT * FROM lab WHERE id = $1", id.uuid())
        .fetch_optional(executor)
        .await?
        .map(Row::into_lab)
        .transpose()
}

/// Every lab, the newest first; also those that are being deleted.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Lab>, Error> {
    sqlx::query_as!(Row, "SELECT * FROM lab ORDER BY id DESC")
        .fetch_all(executor)
        .await?
        .into_iter()
        .map(Row::into_lab)
        .collect()
}

/// Locks the lab's row until the transaction ends, so that changes of one lab come one after the other.
pub async fn lock(tx: &mut Tx, id: LabId) -> Result<Option<Lab>, Error> {
    sqlx::query_as!(Row, "SELECT * FROM lab WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?
        .map(Row::into_lab)
        .transpose()
}

/// Writes everything but id, slug and origin, and counts the version up. False: somebody else changed it since
/// `lab.version`, and nothing was written.
pub async fn update(tx: &mut Tx, lab: &Lab) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE lab SET title = $3, state = $4, start = $5, settings = $6, opened_at = $7, closed_at = $8,
           archived_at = $9, prepare_wanted_at = $10, archive_wanted_at = $11, delete_wanted_at = $12, trouble = $13,
           version = version + 1
         WHERE id = $1 AND version = $2",
        lab.id.uuid(),
        lab.version,
        lab.title,
        lab.state.as_str(),
        crate::pool::json("a lab's start", &lab.start)?,
        crate::pool::json("a lab's settings", &lab.settings)?,
        lab.opened_at,
        lab.closed_at,
        lab.archived_at,
        lab.prepare_wanted_at,
        lab.archive_wanted_at,
        lab.delete_wanted_at,
        lab.trouble,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// With everything that belongs to it.
pub async fn delete(tx: &mut Tx, id: LabId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM lab WHERE id = $1", id.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

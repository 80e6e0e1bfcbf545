//! The tables `pack`, `pack_file` and `challenge`: content that was installed. Files are kept byte by byte; what a pack
//! means was decided before.

use chrono::{DateTime, Utc};
use pglab_core::id::ChallengeId;
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq)]
pub struct InstalledPack {
    pub id: String,
    pub version: String,
    pub manifest: Value,
    pub n_bytes: i64,
    pub installed_at: DateTime<Utc>,
    pub installed_by: Option<Uuid>,
    pub updated_at: DateTime<Utc>,
    pub removed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct InstalledChallenge {
    pub id: ChallengeId,
    pub pack: String,
    pub key: String,
    pub path: String,
    pub position: i32,
    pub name: String,
    pub challenge_type: String,
    pub difficulty: Option<String>,
    pub document: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub removed_at: Option<DateTime<Utc>>,
}

/// Whoever changes packs waits for the others who do.
pub async fn lock_all(tx: &mut Tx) -> Result<(), Error> {
    sqlx::query!("LOCK TABLE pack IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Without removed ones, by id.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<InstalledPack>, Error> {
    Ok(sqlx::query_as!(
        InstalledPack,
        r#"SELECT id, version, manifest, n_bytes, installed_at, installed_by, updated_at, removed_at
           FROM pack WHERE removed_at IS NULL ORDER BY id"#
    )
    .fetch_all(executor)
    .await?)
}

/// Removed ones too.
pub async fn by_id(executor: impl PgExecutor<'_>, id: &str) -> Result<Option<InstalledPack>, Error> {
    Ok(sqlx::query_as!(
        InstalledPack,
        r#"SELECT id, version, manifest, n_bytes, installed_at, installed_by, updated_at, removed_at
           FROM pack WHERE id = $1"#,
        id
    )
    .fetch_optional(executor)
    .await?)
}

/// A new pack, a new version, or one that had been removed.
pub async fn put(tx: &mut Tx, pack: &InstalledPack) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO pack (id, version, manifest, n_bytes, installed_at, installed_by, updated_at, removed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, manifest = excluded.manifest,
           n_bytes = excluded.n_bytes, updated_at = excluded.updated_at, removed_at = excluded.removed_at",
        pack.id,
        pack.version,
        pack.manifest,
        pack.n_bytes,
        pack.installed_at,
        pack.installed_by,
        pack.updated_at,
        pack.removed_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn files(executor: impl PgExecutor<'_>, id: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    Ok(sqlx::query!(
        "SELECT path, bytes FROM pack_file WHERE pack_id = $1 ORDER BY path",
        id
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.path, row.bytes))
    .collect())
}

/// These and no others.
pub async fn replace_files(tx: &mut Tx, id: &str, files: &[(&str, &[u8])]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM pack_file WHERE pack_id = $1", id)
        .execute(&mut **tx)
        .await?;
    for (path, bytes) in files {
        sqlx::query!(
            "INSERT INTO pack_file (pack_id, path, bytes) VALUES ($1, $2, $3)",
            id,
            *path,
            *bytes
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// In their order; with those that are no longer in the pack.
pub async fn challenges(executor: impl PgExecutor<'_>, id: &str) -> Result<Vec<InstalledChallenge>, Error> {
    Ok(sqlx::query_as!(
        InstalledChallenge,
        r#"SELECT id, pack_id AS pack, key, path, position, name, challenge_type, difficulty, document,
             created_at, updated_at, removed_at
           FROM challenge WHERE pack_id = $1 ORDER BY position, key"#,
        id
    )
    .fetch_all(executor)
    .await?)
}

pub async fn put_challenge(tx: &mut Tx, challenge: &InstalledChallenge) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO challenge (id, pack_id, key, path, position, name, challenge_type, difficulty, document, created_at,
           updated_at, removed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET path = excluded.path, position = excluded.position, name = excluded.name,
           challenge_type = excluded.challenge_type, difficulty = excluded.difficulty, document = excluded.document,
           updated_at = excluded.updated_at, removed_at = excluded.removed_at",
        challenge.id.uuid(),
        challenge.pack,
        challenge.key,
        challenge.path,
        challenge.position,
        challenge.name,
        challenge.challenge_type,
        challenge.difficulty,
        challenge.document,
        challenge.created_at,
        challenge.updated_at,
        challenge.removed_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A challenge with its pack, for lists.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedChallenge {
    pub id: ChallengeId,
    pub name: String,
    pub pack: String,
    pub pack_name: String,
    pub pack_version: String,
    pub challenge_type: String,
    pub difficulty: Option<String>,
    pub description: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Which challenges are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChallengeFilter {
    pub challenge_type: Option<String>,
    pub difficulty: Option<String>,
    pub pack: Option<String>,
    /// In the name or the description.
    pub search: Option<String>,
    /// Only those of labs that this person is in, and that take or took answers at this time.
    pub of_student: Option<(Uuid, DateTime<Utc>)>,
}

/// Installed challenges by pack and place, and how many there are in all.
pub async fn challenge_list(
    executor: impl PgExecutor<'_>,
    filter: &ChallengeFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ListedChallenge>, i64), Error> {
    let rows = sqlx::query!(
        r#"WITH wanted AS (
             SELECT c.id, c.name, c.pack_id, p.manifest ->> 'name' AS pack_name, p.version, c.challenge_type, c.difficulty,
               c.document #>> '{metadata,description}' AS description, c.created_at, c.updated_at, c.position, c.key
             FROM challenge c JOIN pack p ON p.id = c.pack_id
             WHERE c.removed_at IS NULL
               AND ($1::text IS NULL OR c.challenge_type = $1)
               AND ($2::text IS NULL OR c.difficulty = $2)
               AND ($3::text IS NULL OR c.pack_id = $3)
               AND ($4::text IS NULL OR strpos(lower(c.name || E'\n'
                 || coalesce(c.document #>> '{metadata,description}', '')), lower($4)) > 0)
               AND ($5::uuid IS NULL OR EXISTS (SELECT FROM lab_challenge lc JOIN lab l ON l.id = lc.lab_id
                 JOIN member m ON m.lab_id = l.id LEFT JOIN lab_rules r ON r.lab_id = l.id
                 WHERE lc.challenge_id = c.id AND m.person_id = $5 AND m.removed_at IS NULL
                   AND l.state IN ('open', 'closed') AND l.delete_wanted_at IS NULL
                   AND coalesce((r.rules ->> 'opens_at')::timestamptz <= $8, true))))
           SELECT n.n AS "n!", w.id AS "id?", w.name AS "name?", w.pack_id AS "pack_id?", w.pack_name, w.version AS "version?",
             w.challenge_type AS "challenge_type?", w.difficulty AS "difficulty?", w.description, w.created_at AS "created_at?",
             w.updated_at AS "updated_at?"
           FROM (SELECT count(*) AS n FROM wanted) n
           LEFT JOIN (SELECT * FROM wanted ORDER BY pack_id, position, key LIMIT $6 OFFSET $7) w ON true
           ORDER BY w.pack_id, w.position, w.key"#,
        filter.challenge_type,
        filter.difficulty,
        filter.pack,
        filter.search,
        filter.of_student.map(|(person, _)| person),
        limit,
        offset,
        filter.of_student.map(|(_, at)| at),
    )
    .fetch_all(executor)
    .await?;
    let total = rows.first().map_or(0, |row| row.n);
    let listed = rows.into_iter().filter_map(|row| {
        Some(ListedChallenge {
            id: row.id?.into(),
            name: row.name?,
            pack: row.pack_id?,
            pack_name: row.pack_name.unwrap_or_default(),
            pack_version: row.version?,
            challenge_type: row.challenge_type?,
            difficulty: row.difficulty,
            description: row.description.unwrap_or_default(),
            created_at: row.created_at?,
            updated_at: row.updated_at?,
        })
    });
    Ok((listed.collect(), total))
}

/// Also one that is no longer in its pack.
pub async fn challenge(
    executor: impl PgExecutor<'_>,
    id: ChallengeId,
) -> Result<Option<InstalledChallenge>, Error> {
    Ok(sqlx::query_as!(
        InstalledChallenge,
        r#"SELECT id, pack_id AS pack, key, path, position, name, challenge_type, difficulty, document,
             created_at, updated_at, removed_at
           FROM challenge WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(executor)
    .await?)
}

/// Those of a lab, in its order.
pub async fn challenges_of_lab(
    executor: impl PgExecutor<'_>,
    lab: pglab_core::id::LabId,
) -> Result<Vec<InstalledChallenge>, Error> {
    Ok(sqlx::query_as!(
        InstalledChallenge,
        r#"SELECT c.id, c.pack_id AS pack, c.key, c.path, c.position, c.name, c.challenge_type, c.difficulty, c.document,
             c.created_at, c.updated_at, c.removed_at
           FROM lab_challenge lc JOIN challenge c ON c.id = lc.challenge_id WHERE lc.lab_id = $1
           ORDER BY lc.position, lc.id"#,
        lab.uuid()
    )
    .fetch_all(executor)
    .await?)
}

/// The packs that have a challenge of this key now.
pub async fn packs_with_key(
    executor: impl PgExecutor<'_>,
    key: &str,
) -> Result<Vec<InstalledChallenge>, Error> {
    Ok(sqlx::query_as!(
        InstalledChallenge,
        r#"SELECT c.id, c.pack_id AS pack, c.key, c.path, c.position, c.name, c.challenge_type, c.difficulty, c.document,
             c.created_at, c.updated_at, c.removed_at
           FROM challenge c JOIN pack p ON p.id = c.pack_id
           WHERE c.key = $1 AND c.removed_at IS NULL AND p.removed_at IS NULL ORDER BY c.pack_id"#,
        key
    )
    .fetch_all(executor)
    .await?)
}

/// Is the person in a lab with this challenge, which takes or took answers at this time?
pub async fn is_met_by(
    executor: impl PgExecutor<'_>,
    id: ChallengeId,
    person: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM lab_challenge lc JOIN lab l ON l.id = lc.lab_id
             JOIN member m ON m.lab_id = l.id LEFT JOIN lab_rules r ON r.lab_id = l.id
             WHERE lc.challenge_id = $1 AND m.person_id = $2 AND m.removed_at IS NULL
               AND l.state IN ('open', 'closed') AND l.delete_wanted_at IS NULL
               AND coalesce((r.rules ->> 'opens_at')::timestamptz <= $3, true)) AS "met!""#,
        id.uuid(),
        person,
        at,
    )
    .fetch_one(executor)
    .await?)
}

/// The labs, by short name, that were made of challenges of this pack and are not archived.
pub async fn labs_using(executor: impl PgExecutor<'_>, id: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT l.slug FROM lab l WHERE l.state <> 'archived'
           AND (EXISTS (SELECT FROM lab_source s WHERE s.lab_id = l.id AND s.pack_id = $1)
             OR EXISTS (SELECT FROM lab_challenge lc JOIN challenge c ON c.id = lc.challenge_id
               WHERE lc.lab_id = l.id AND c.pack_id = $1))
         ORDER BY l.slug",
        id
    )
    .fetch_all(executor)
    .await?)
}

/// Challenges that no lab was ever made of go for good; gives the ids of those that stay.
pub async fn drop_unused_challenges(
    tx: &mut Tx,
    id: &str,
    at: DateTime<Utc>,
) -> Result<Vec<ChallengeId>, Error> {
    sqlx::query!(
        "DELETE FROM challenge c WHERE pack_id = $1
           AND NOT EXISTS (SELECT FROM lab_challenge l WHERE l.challenge_id = c.id)
           AND NOT EXISTS (SELECT FROM task_content t WHERE t.challenge_id = c.id)
           AND NOT EXISTS (SELECT FROM challenge_instance i WHERE i.challenge_id = c.id)",
        id
    )
    .execute(&mut **tx)
    .await?;
    let kept = sqlx::query_scalar!(
        "UPDATE challenge SET removed_at = coalesce(removed_at, $2) WHERE pack_id = $1 RETURNING id",
        id,
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(kept.into_iter().map(ChallengeId::from).collect())
}

/// The pack itself goes for good, where nothing of it is in use any more; else it is only marked.
pub async fn remove(tx: &mut Tx, id: &str, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("DELETE FROM pack_file WHERE pack_id = $1", id)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("UPDATE pack SET removed_at = $2 WHERE id = $1", id, at)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "DELETE FROM pack p WHERE id = $1 AND NOT EXISTS (SELECT FROM challenge c WHERE c.pack_id = p.id)
           AND NOT EXISTS (SELECT FROM lab_source s WHERE s.pack_id = p.id)",
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

//! Everything that the instance reconciler wants, read in one go: each lab with its start template, and each student
//! with their password's verifier. What stands is read from `instance` and from the cluster.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId, PersonId},
    ident::Ident,
    lab::{LabSettings, LabState, Slug},
    person::Login,
};
use sqlx::PgExecutor;

use crate::{Error, pool::document};

#[derive(Debug, Clone)]
pub struct ClassLab {
    pub id: LabId,
    pub slug: Slug,
    pub state: LabState,
    pub settings: LabSettings,
    pub prepare_wanted_at: Option<DateTime<Utc>>,
    pub archive_wanted_at: Option<DateTime<Utc>>,
    pub delete_wanted_at: Option<DateTime<Utc>>,
    /// The start template, once it stands: which load it is of, and its name.
    pub start: Option<(i32, Ident)>,
    /// There is an example, and it could not be loaded.
    pub example_failed: bool,
}

pub async fn labs(executor: impl PgExecutor<'_>) -> Result<Vec<ClassLab>, Error> {
    sqlx::query!(
        r#"SELECT l.id, l.slug, l.state, l.settings, l.prepare_wanted_at, l.archive_wanted_at, l.delete_wanted_at,
             e.state AS "example_state?", e.generation AS "generation?", e.start_database
           FROM lab l LEFT JOIN example e ON e.lab_id = l.id
           WHERE l.state <> 'archived' OR EXISTS
             (SELECT FROM instance i WHERE i.lab_id = l.id AND i.state_name <> 'terminated')"#,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let start = match (row.example_state.as_deref(), row.generation, row.start_database) {
            (Some("ready"), Some(generation), Some(name)) => {
                Some((generation, document("a database's name", name.into())?))
            }
            _ => None,
        };
        Ok(ClassLab {
            id: row.id.into(),
            slug: document("a lab's slug", row.slug.into())?,
            state: document("a lab's state", row.state.into())?,
            settings: document("a lab's settings", row.settings)?,
            prepare_wanted_at: row.prepare_wanted_at,
            archive_wanted_at: row.archive_wanted_at,
            delete_wanted_at: row.delete_wanted_at,
            start,
            example_failed: row.example_state.as_deref() == Some("failed"),
        })
    })
    .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassStudent {
    pub member: MemberId,
    pub lab: LabId,
    pub person: PersonId,
    pub login: Login,
    /// Removed from the lab, or their account is disabled.
    pub shut_out: bool,
    /// What PostgreSQL should hold of their password; none before they have one.
    pub scram_verifier: Option<String>,
    /// What pglab last gave to PostgreSQL.
    pub scram_applied: Option<String>,
    pub differs_since: Option<DateTime<Utc>>,
}

/// Everybody who has, had or should have a database, in every lab.
pub async fn students(executor: impl PgExecutor<'_>) -> Result<Vec<ClassStudent>, Error> {
    sqlx::query!(
        r#"SELECT m.id, m.lab_id, m.person_id, p.login,
             (m.removed_at IS NOT NULL OR p.disabled_at IS NOT NULL OR m.role <> 'student') AS "shut_out!",
             c.scram_verifier AS "scram_verifier?", c.scram_applied AS "scram_applied?",
             c.differs_since AS "differs_since?"
           FROM member m JOIN person p ON p.id = m.person_id LEFT JOIN credential c ON c.person_id = m.person_id
           WHERE m.role = 'student' OR EXISTS (SELECT FROM instance i WHERE i.member_id = m.id)
           ORDER BY m.id"#,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(ClassStudent {
            member: row.id.into(),
            lab: row.lab_id.into(),
            person: row.person_id.into(),
            login: document("a login", row.login.into())?,
            shut_out: row.shut_out,
            scram_verifier: row.scram_verifier,
            scram_applied: row.scram_applied,
            differs_since: row.differs_since,
        })
    })
    .collect()
}

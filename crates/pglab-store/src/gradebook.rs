//! The students of a lab as a gradebook knows them, from `member` and `person`. What they scored is in `task_score`.

use pglab_core::id::{LabId, MemberId};
use sqlx::PgExecutor;

use crate::Error;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradedStudent {
    pub member: MemberId,
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub external_id: Option<String>,
    pub section: Option<String>,
}

/// By section, name and login; without those who were removed from the roster.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<GradedStudent>, Error> {
    Ok(sqlx::query_as!(
        GradedStudent,
        "SELECT m.id AS member, p.login, p.name, p.email, p.external_id, m.section
           FROM member m JOIN person p ON p.id = m.person_id
           WHERE m.lab_id = $1 AND m.role = 'student' AND m.removed_at IS NULL
           ORDER BY m.section NULLS FIRST, p.name, p.login",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?)
}

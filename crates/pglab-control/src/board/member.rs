//! One member closely: row, verdicts, timeline, errors, connections, and their schema beside the expected one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    instance::InstanceState,
    lab::LabState,
    snapshot::SchemaSnapshot,
};
use pglab_fleet::{
    activity::SessionState,
    check::{CheckSession, terminate_by},
};
use pglab_store::{
    example, instance,
    lab::Lab,
    member::Member,
    mistake::{self, Mistake},
    timeline,
};

use super::{ActivityState, BoardView, Content, MemberRow};
use crate::{
    Control, Error,
    instance::checker_password,
    kit::{self, MemberKit},
    lab, live, member,
};

/// How much of the past is told.
const MAX_TIMELINE: i64 = 200;
const MAX_ERRORS: i64 = 100;

#[derive(Debug)]
pub struct MemberDetail {
    pub row: Arc<MemberRow>,
    /// For the titles and explanations of the verdicts.
    pub content: Arc<Content>,
    /// The newest first.
    pub timeline: Vec<timeline::Entry>,
    pub errors: Vec<Mistake>,
    pub connections: Vec<MemberConnection>,
    /// Without the password.
    pub kit: Option<MemberKit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberConnection {
    pub pid: i32,
    pub application: String,
    pub client: Option<String>,
    pub state: ActivityState,
    pub since: Option<DateTime<Utc>>,
    pub query: String,
    /// Whom it waits for.
    pub blocked_by: Vec<i32>,
}

/// The row of a member on a board that was just made; none for who is no student, or no longer.
pub(super) fn row_of(view: &BoardView, member: &Member) -> Result<Arc<MemberRow>, Error> {
    view.members
        .iter()
        .find(|row| row.id == member.id)
        .cloned()
        .ok_or_else(|| {
            Error::NotFound(format!(
                "student {:?} in the lab {}",
                member.login.as_str(),
                view.lab
            ))
        })
}

/// # Errors
/// Not the member themselves nor of the lab's staff; no such student.
pub async fn detail(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
) -> Result<MemberDetail, Error> {
    let (lab, member) = found(control, actor, slug, login).await?;
    let board = control.boards().of_lab(control, &lab).await?;
    let row = row_of(&board.view(control.now()), &member)?;
    let pool = control.store.pool();
    let instance = instance::by_member(pool, member.id).await?;
    let (content, connections) = board.read(|state| {
        let known = state.members.get(&member.id);
        let ahead = known.map_or_else(Default::default, |known| known.clock_ahead);
        let connections = known.map(|known| known.sessions.as_slice()).unwrap_or_default();
        let connections = connections
            .iter()
            .map(|session| MemberConnection {
                pid: session.pid,
                application: session.application.clone(),
                client: session.client.clone(),
                state: match session.state {
                    _ if session.waits_for_lock => ActivityState::Blocked,
                    SessionState::Active => ActivityState::Active,
                    SessionState::Idle => ActivityState::Idle,
                    SessionState::IdleInTransaction => ActivityState::IdleInTransaction,
                },
                since: session.state_change.map(|at| at + ahead),
                query: session.query.clone(),
                blocked_by: session.blocked_by.clone(),
            })
            .collect();
        (state.content.clone(), connections)
    });
    Ok(MemberDetail {
        row,
        content,
        timeline: timeline::of_member(pool, member.id, MAX_TIMELINE).await?,
        errors: mistake::of_member(pool, member.id, MAX_ERRORS).await?,
        connections,
        kit: instance.map(|instance| kit::assemble(&control.cluster, &lab.slug, &member, &instance, None)),
    })
}

async fn found(control: &Control, actor: &Actor, slug: &str, login: &str) -> Result<(Lab, Member), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let member = member::find(control, &lab, place, actor, login).await?;
    control.authorise(actor, Operation::MemberSelf(place, member.id))?;
    Ok((lab, member))
}

#[derive(Debug)]
pub struct MemberSchema {
    pub expected: SchemaSnapshot,
    pub found: SchemaSnapshot,
}

/// What the example holds, and what the member's database holds at this moment.
///
/// # Errors
/// Not of the lab's staff; there is no example or no database; the database does not answer in time.
pub async fn schema(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
) -> Result<MemberSchema, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    // The expected schema is the solution.
    control.authorise(actor, Operation::LabView(place))?;
    let member = member::find(control, &lab, place, actor, login).await?;
    let expected = example::snapshot(control.store.pool(), lab.id)
        .await?
        .ok_or_else(|| Error::Conflict(format!("the lab {slug} has no example yet")))?;
    let instance = instance::by_member(control.store.pool(), member.id)
        .await?
        .filter(|instance| instance.state == InstanceState::Active && lab.state != LabState::Archived)
        .ok_or_else(|| Error::Conflict(format!("{login} has no database at this moment")))?;
    let _place = control.boards().schema_places().await;
    let config = control.cluster.login_config(
        &instance.checker_role,
        &checker_password(control, &instance)?,
        &instance.database,
    );
    let busy = |error: pglab_fleet::Error| match error.code() {
        Some("55P03") => Error::Conflict(format!("{login} holds locks at this moment; try again")),
        _ => Error::from(error),
    };
    let mut session = CheckSession::open(&config, live::LIMITS, terminate_by(control.cluster.clone()))
        .await
        .map_err(busy)?;
    let found = session.observe_structure().await.map_err(busy)?;
    Ok(MemberSchema { expected, found })
}

//! A lab made by a front end: open at once, with standings, taking answers between its dates; and challenges added to it.

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Membership, Operation},
    activity::Event,
    cdf::{Challenge, Database, Document},
    id::{ChallengeId, LabId, MemberId},
    lab::{LabSettings, LabState, MemberRole, Slug, Start},
    person::Role,
    points::Rules,
};
use pglab_store::{
    activity::NewActivity,
    api_token, audit,
    competition::{self as table, Competition, LabChallenge},
    lab::{self as labs, Lab},
    lab_source, membership, pack, standing,
};
use serde_json::json;
use uuid::Uuid;

use super::{Caller, Refused, group, person_by_id, thousandths, uuid};
use crate::{
    Control, Error, activity,
    lab::{FromPack, from_pack, title},
    pack::renew_all,
};

/// The longest description, in bytes.
const MOST_DESCRIPTION: usize = 20_000;
/// Instructors of one lab.
const MOST_INSTRUCTORS: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCompetition {
    pub name: String,
    pub start_date: DateTime<Utc>,
    pub end_date: Option<DateTime<Utc>>,
    pub description: String,
    pub instructor_ids: Vec<String>,
}

/// # Errors
/// Neither an instructor nor an admin; dates that make no sense; unknown instructors.
pub async fn create(control: &Control, caller: &Caller, new: NewCompetition) -> Result<Competition, Refused> {
    control.authorise(&caller.actor, Operation::LabCreate)?;
    if new.end_date.is_some_and(|end| end <= new.start_date) {
        return Err(Refused::bad("endDate must be after startDate"));
    }
    if new.description.len() > MOST_DESCRIPTION {
        return Err(Refused::bad("description must be at most 20000 bytes"));
    }
    if new.instructor_ids.len() > MOST_INSTRUCTORS {
        return Err(Refused::bad("instructorIds must name at most 100 people"));
    }
    let mut instructors = vec![caller.person.id];
    for id in &new.instructor_ids {
        let person = person_by_id(control, id).await?;
        if person.role == Role::Student {
            return Err(Refused::bad(format!("instructorIds: {id} is a student")));
        }
        if !instructors.contains(&person.id) {
            instructors.push(person.id);
        }
    }
    let id = LabId::new(&*control.clock, &*control.random);
    let now = control.now();
    let lab = Lab {
        id,
        slug: slug(&new.name, id)?,
        title: title::title("name", &new.name)?,
        state: LabState::Open,
        start: Start::Empty,
        settings: LabSettings::default(),
        version: 1,
        created_by: Some(caller.person.id),
        created_at: now,
        opened_at: Some(now),
        closed_at: None,
        archived_at: None,
        prepare_wanted_at: None,
        archive_wanted_at: None,
        delete_wanted_at: None,
        trouble: None,
    };
    let rules = Rules {
        opens_at: Some(new.start_date),
        due_at: new.end_date,
        standings: true,
        ..Rules::default()
    };
    let mut tx = control.store.begin().await?;
    labs::insert(&mut tx, &lab).await?;
    labs::update(&mut tx, &lab).await?;
    for person in instructors {
        let place = Membership {
            lab: id,
            member: MemberId::new(&*control.clock, &*control.random),
            role: MemberRole::Instructor,
        };
        membership::insert(&mut tx, place, person, now).await?;
    }
    standing::set_rules(&mut tx, id, &rules).await?;
    table::describe(&mut tx, id, &new.description, now).await?;
    if caller.labs.is_some() {
        api_token::add_lab(&mut tx, caller.token, id).await?;
    }
    let entry = audit::Entry::new(now, &caller.actor, "lab_create", lab.slug.as_str())
        .detail(json!({ "through": "database_api" }));
    audit::insert(&mut tx, entry).await?;
    let made = NewActivity::new(now, Event::GroupCreated)
        .person(caller.person.id)
        .lab(id);
    activity::record(&mut tx, &made).await?;
    control.store.commit(tx).await?;
    control.wake().people_changed();
    table::by_id(control.store.pool(), id)
        .await?
        .ok_or_else(|| Refused::missing("Group not found"))
}

/// `Spring Cup 2026` becomes `spring-cup-2026-3f9a1c`: no other lab has it.
fn slug(name: &str, id: LabId) -> Result<Slug, Refused> {
    let mut text = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
        if text.len() >= 30 {
            break;
        }
    }
    let id = id.uuid().simple().to_string();
    let tail = &id[id.len() - 8..];
    let base = text.trim_matches('-');
    let base = if base.is_empty() { "competition" } else { base };
    Slug::parse(&format!("{base}-{tail}")).map_err(|error| Refused::bad(format!("name: {error}")))
}

/// The lab with its challenges in their order.
///
/// # Errors
/// No such lab.
pub async fn challenges_of(
    control: &Control,
    lab: LabId,
) -> Result<(Competition, Vec<LabChallenge>), Refused> {
    let pool = control.store.pool();
    let found = table::by_id(pool, lab)
        .await?
        .ok_or_else(|| Refused::missing("Group not found"))?;
    Ok((found, table::challenges(pool, Some(lab), None).await?))
}

/// The tasks of the challenge become tasks of the lab, worth `points` together.
///
/// # Errors
/// Not an instructor's to do; no such lab or challenge; it is there already; it needs another database than the lab has.
pub async fn add_challenge(
    control: &Control,
    caller: &Caller,
    challenge: &str,
    group_id: &str,
    points: f64,
) -> Result<LabChallenge, Refused> {
    let points = thousandths("points", points)?;
    if points.0 < 0 {
        return Err(Refused::bad("points must not be below 0"));
    }
    let lab = group(control, caller, group_id).await?;
    caller.must_manage(control, &lab).await?;
    let missing = || Refused::missing("Challenge not found");
    let id: ChallengeId = uuid(challenge).ok_or_else(missing)?;
    let row = pack::challenge(control.store.pool(), id)
        .await?
        .filter(|row| row.removed_at.is_none())
        .ok_or_else(missing)?;
    let document = Document::from_value(row.document).map_err(|problem| Refused::bad(problem.to_string()))?;
    let challenge = document
        .check()
        .map_err(|_| Error::Conflict("this challenge can't be used by this version of pglab".to_owned()))?
        .challenge;
    let from = FromPack {
        id: row.pack,
        challenges: vec![row.key],
    };
    let material = match database_of(control, &lab, &challenge).await? {
        Needs::Nothing => None,
        Needs::Database => Some(from_pack::gather(control, &from).await?),
    };
    let added = added(control, caller, &lab, id, points, material.as_ref()).await;
    match (&added, material) {
        (Ok(_), Some(_)) => {
            control.examples().changed();
            control.wake().example.notify_one();
            control.wake().people_changed();
        }
        (Err(_), Some(material)) => material.give_up(control).await,
        (_, None) => {}
    }
    let added = added?;
    control.wake().live.notify_one();
    control.answers().standings_changed(lab.id);
    let found = table::challenges(control.store.pool(), None, Some(added)).await?;
    found.into_iter().next().ok_or_else(missing)
}

enum Needs {
    Nothing,
    Database,
}

/// The members of a lab have one database each: of which kind, the first challenge that needs one says.
async fn database_of(control: &Control, lab: &Lab, challenge: &Challenge) -> Result<Needs, Refused> {
    let Some(first) = challenge.databases.first() else {
        return Ok(Needs::Nothing);
    };
    let pool = control.store.pool();
    let source = lab_source::of_lab(pool, lab.id).await?;
    let known = source.and_then(|source| source.database);
    if let Some(known) = known {
        let alike = |one: &Database| {
            Database {
                id: known.id.clone(),
                ..one.clone()
            } == known
        };
        if challenge.databases.iter().all(alike) {
            return Ok(Needs::Nothing);
        }
    } else if pglab_store::example::of_lab(pool, lab.id).await?.is_none()
        && lab_source::of_lab(pool, lab.id).await?.is_none()
        && challenge.databases.iter().all(|one| {
            Database {
                id: first.id.clone(),
                ..one.clone()
            } == *first
        })
    {
        return Ok(Needs::Database);
    }
    Err(Refused::Conflict(
        "the challenge begins with another database than this group has, and its members have one each"
            .to_owned(),
    ))
}

async fn added(
    control: &Control,
    caller: &Caller,
    lab: &Lab,
    challenge: ChallengeId,
    points: pglab_core::task::Points,
    material: Option<&from_pack::Material>,
) -> Result<Uuid, Refused> {
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let mut lab = crate::lab::locked(&mut tx, lab.id, lab.slug.as_str()).await?;
    if lab.state == LabState::Archived {
        return Err(Refused::Conflict("this group is archived".to_owned()));
    }
    let id = ChallengeId::new(&*control.clock, &*control.random).uuid();
    if !table::add_challenge(&mut tx, id, lab.id, challenge, points, now).await? {
        return Err(Refused::Conflict("Challenge is already in this group".to_owned()));
    }
    if let Some(material) = material {
        from_pack::write_database(&mut tx, &lab, material).await?;
        lab.start = material.start.clone();
        lab.prepare_wanted_at = lab.prepare_wanted_at.or(Some(now));
        labs::update(&mut tx, &lab).await?;
    }
    renew_all(control, &mut tx, lab.id, &[], None).await?;
    let detail = json!({ "challenge": challenge.to_string(), "points": points.as_f64() });
    let entry = audit::Entry::new(now, &caller.actor, "lab_challenge_add", lab.slug.as_str()).detail(detail);
    audit::insert(&mut tx, entry).await?;
    let changed = NewActivity::new(now, Event::GroupUpdated)
        .person(caller.person.id)
        .lab(lab.id)
        .challenge(challenge);
    activity::record(&mut tx, &changed).await?;
    control.store.commit(tx).await?;
    Ok(id)
}

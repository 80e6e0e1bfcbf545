//! Teams of a lab: made by its instructors, joined by a code or by being put into one. What a team has in common is decided
//! where answers are counted, in `pglab_store::answer`, and in the standings.

use pglab_core::{
    access::{Actor, Operation},
    access_code::AccessCode as Code,
    id::{MemberId, TeamId},
    lab::MemberRole,
};
pub use pglab_store::team::Team;
use pglab_store::{
    audit,
    lab::Lab,
    notice::{self, Notice, Subject},
    team as table,
};
use serde_json::json;

use crate::{Control, Error, access_code::Guess, lab, member};

/// By name.
///
/// # Errors
/// Not of the lab's staff.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<Team>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    Ok(table::of_lab(control.store.pool(), lab.id, None).await?)
}

/// The team of the student who acts. `None`: in none.
///
/// # Errors
/// No student of the lab.
pub async fn own(control: &Control, actor: &Actor, slug: &str) -> Result<Option<Team>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let member = place.map_or(uuid::Uuid::nil().into(), |place| place.member);
    control.authorise(actor, Operation::MemberSelf(place, member))?;
    of_member(control, &lab, member).await
}

async fn of_member(control: &Control, lab: &Lab, member: MemberId) -> Result<Option<Team>, Error> {
    let found = table::of_lab(control.store.pool(), lab.id, Some(member)).await?;
    Ok(found.into_iter().next())
}

async fn student(control: &Control, actor: &Actor, slug: &str) -> Result<(Lab, MemberId), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let place = place.filter(|place| place.role == MemberRole::Student);
    let member = place.map_or(uuid::Uuid::nil().into(), |place| place.member);
    control.authorise(actor, Operation::Answer(place, member))?;
    Ok((lab, member))
}

/// # Errors
/// Not an instructor of the lab; the lab has no teams; a name that is taken or can't be one.
pub async fn create(control: &Control, actor: &Actor, slug: &str, name: &str) -> Result<Team, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    has_teams(&lab)?;
    let team = Team {
        id: TeamId::new(&*control.clock, &*control.random),
        lab: lab.id,
        name: lab::title::title("name", name)?,
        code: Code::random(&*control.random).as_str().to_owned(),
        created_at: control.now(),
        members: Vec::new(),
    };
    let mut tx = control.store.begin().await?;
    table::insert(&mut tx, &team).await.map_err(|error| match error {
        pglab_store::Error::Taken(_) => {
            Error::Conflict(format!("the lab {slug} has a team {:?} already", team.name))
        }
        other => other.into(),
    })?;
    let subject = format!("lab/{}", lab.slug);
    let entry =
        audit::Entry::new(control.now(), actor, "team_create", &subject).detail(json!({ "name": team.name }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(team)
}

/// # Errors
/// Not an instructor of the lab; there is no such team, or somebody is in it.
pub async fn delete(control: &Control, actor: &Actor, slug: &str, team: TeamId) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let mut tx = control.store.begin().await?;
    if !table::delete_empty(&mut tx, lab.id, team).await? {
        let known = table::of_lab(&mut *tx, lab.id, None).await?;
        return Err(match known.into_iter().find(|known| known.id == team) {
            Some(known) => Error::Conflict(format!(
                "somebody is in the team {:?}, or was until they were removed from the lab; put them elsewhere first",
                known.name
            )),
            None => Error::NotFound(format!("team {team} in the lab {slug}")),
        });
    }
    let subject = format!("lab/{}", lab.slug);
    let entry = audit::Entry::new(control.now(), actor, "team_delete", &subject)
        .detail(json!({ "team": team.to_string() }));
    audit::insert(&mut tx, entry).await?;
    Ok(control.store.commit(tx).await?)
}

/// Puts a student into the team of this name, or into none. Who has answered or earned something stays where they are: it
/// counted there.
///
/// # Errors
/// Not an instructor of the lab; no such student or team; they have begun already.
pub async fn assign(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    name: Option<&str>,
) -> Result<Option<Team>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let found = member::find(control, &lab, place, actor, login).await?;
    if found.role != MemberRole::Student {
        return Err(Error::Conflict(format!("{login:?} is no student of this lab")));
    }
    let team = match name {
        Some(name) => {
            has_teams(&lab)?;
            let teams = table::of_lab(control.store.pool(), lab.id, None).await?;
            let team = teams.into_iter().find(|team| team.name == name.trim());
            Some(team.ok_or_else(|| Error::invalid("team", format!("the lab has no team {name:?}")))?)
        }
        None => None,
    };
    put(control, actor, &lab, found.id, login, team.map(|team| team.id)).await?;
    of_member(control, &lab, found.id).await
}

/// The student who acts joins the team of a code.
///
/// # Errors
/// No student of the lab; no such code, or too many were tried; they have begun already, or are in another team.
pub async fn join(
    control: &Control,
    actor: &Actor,
    slug: &str,
    code: &str,
    address: &str,
) -> Result<Team, Error> {
    let (lab, member) = student(control, actor, slug).await?;
    has_teams(&lab)?;
    let guess = Guess::begin(control, actor, address).await?;
    let unknown = || {
        Error::invalid(
            "code",
            "no team of this lab has this code; ask who is in the team",
        )
    };
    let code = Code::parse(code).map_err(|_| unknown())?;
    let team = table::by_code(control.store.pool(), lab.id, &code)
        .await?
        .ok_or_else(unknown)?;
    guess.succeeded(control).await?;
    if let Some(own) = of_member(control, &lab, member).await?
        && own.id != team
    {
        return Err(Error::Conflict(format!(
            "you are in the team {:?}; your instructor can move you",
            own.name
        )));
    }
    let subject = member.to_string();
    put(control, actor, &lab, member, &subject, Some(team)).await?;
    of_member(control, &lab, member).await?.ok_or_else(unknown)
}

fn has_teams(lab: &Lab) -> Result<(), Error> {
    if lab.settings.teams {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "everybody works alone in the lab {}: switch its setting \"teams\" on first",
        lab.slug
    )))
}

async fn put(
    control: &Control,
    actor: &Actor,
    lab: &Lab,
    member: MemberId,
    subject: &str,
    team: Option<TeamId>,
) -> Result<(), Error> {
    let mut tx = control.store.begin().await?;
    let (before, has_begun) = table::place_locked(&mut tx, member).await?;
    if before == team {
        return Ok(());
    }
    if has_begun {
        return Err(Error::Conflict(
            "who has answered or earned something stays in the team, or alone, where it counted".to_owned(),
        ));
    }
    table::set(&mut tx, member, team).await?;
    let entry = audit::Entry::new(control.now(), actor, "team_assign", subject)
        .detail(json!({ "lab": lab.slug.as_str(), "team": team.map(|team| team.to_string()) }));
    audit::insert(&mut tx, entry).await?;
    let told = Notice {
        subject: Subject::Earned,
        lab: lab.id,
        member: Some(member),
    };
    notice::tell(&mut tx, told).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(())
}

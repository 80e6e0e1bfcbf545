//! The rules of a lab about answers and standings, what is different for one member, and points given by a person.

use pglab_core::{
    access::{Actor, Operation},
    id::{AwardId, LabId, MemberId},
    lab::MemberRole,
    points::Rules,
    task::Points,
};
use pglab_store::{
    Tx, audit, member,
    notice::{self, Notice, Subject},
    standing,
};
use serde_json::json;

use crate::{Control, Error, lab};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberRules {
    /// Extra time, in seconds.
    pub extra_s: u32,
    /// Not in the standings.
    pub hidden: bool,
}

/// The most that is given or taken at once.
const MAX_AWARD: f64 = 1_000_000.0;

/// # Errors
/// Not of the lab's staff.
pub async fn rules(control: &Control, actor: &Actor, slug: &str) -> Result<Rules, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    Ok(standing::rules(control.store.pool(), lab.id).await?)
}

/// # Errors
/// Not an instructor of the lab; times or percents that make no sense.
pub async fn set_rules(control: &Control, actor: &Actor, slug: &str, rules: Rules) -> Result<Rules, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    if let (Some(opens), Some(due)) = (rules.opens_at, rules.due_at)
        && opens >= due
    {
        return Err(Error::invalid("due_at", "must be after opens_at"));
    }
    let late = rules.late;
    for (path, percent) in [
        ("late.once_percent", late.once_percent),
        ("late.day_percent", late.day_percent),
        ("late.most_percent", late.most_percent),
    ] {
        if percent > 100 {
            return Err(Error::invalid(path, "must be from 0 to 100"));
        }
    }
    if !(1..=1000).contains(&rules.answers_per_minute) {
        return Err(Error::invalid("answers_per_minute", "must be from 1 to 1000"));
    }
    let mut tx = control.store.begin().await?;
    standing::set_rules(&mut tx, lab.id, &rules).await?;
    let entry = audit::Entry::new(control.now(), actor, "lab_rules", lab.slug.as_str())
        .detail(serde_json::to_value(&rules).unwrap_or_default());
    audit::insert(&mut tx, entry).await?;
    tell(&mut tx, lab.id, None).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(rules)
}

/// # Errors
/// Not of the lab's staff; no such member.
pub async fn member_rules(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
) -> Result<MemberRules, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let member = student(control, lab.id, login).await?;
    let (extra_s, hidden) = standing::member_rules(control.store.pool(), member.id).await?;
    Ok(MemberRules {
        extra_s: u32::try_from(extra_s).unwrap_or(0),
        hidden,
    })
}

/// # Errors
/// Not an instructor of the lab; no such member.
pub async fn set_member_rules(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    rules: MemberRules,
) -> Result<MemberRules, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let member = student(control, lab.id, login).await?;
    let extra_s = i32::try_from(rules.extra_s)
        .map_err(|_| Error::invalid("extra_s", "must be at most some 68 years"))?;
    let mut tx = control.store.begin().await?;
    standing::set_member_rules(&mut tx, member.id, extra_s, rules.hidden).await?;
    let detail = json!({ "lab": lab.slug.as_str(), "extra_s": extra_s, "hidden": rules.hidden });
    let entry = audit::Entry::new(control.now(), actor, "member_rules", login).detail(detail);
    audit::insert(&mut tx, entry).await?;
    tell(&mut tx, lab.id, Some(member.id)).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(rules)
}

/// Gives points to a member, or takes them where they are below zero.
///
/// # Errors
/// Not an instructor of the lab; no such member; no reason.
pub async fn award(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    points: f64,
    reason: &str,
) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let member = student(control, lab.id, login).await?;
    let reason = lab::title::title("reason", reason)?;
    if !points.is_finite() || points.abs() > MAX_AWARD || points == 0.0 {
        return Err(Error::invalid(
            "points",
            "must be a number that is not 0, of at most a million",
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a thousand million")]
    let thousandths = Points((points * 1000.0).round() as i64);
    let given_by = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let id = AwardId::new(&*control.clock, &*control.random);
    let mut tx = control.store.begin().await?;
    standing::insert_award(
        &mut tx,
        id,
        member.id,
        control.now(),
        thousandths,
        &reason,
        given_by,
    )
    .await?;
    let detail = json!({ "lab": lab.slug.as_str(), "points": points, "reason": reason });
    let entry = audit::Entry::new(control.now(), actor, "award", login).detail(detail);
    audit::insert(&mut tx, entry).await?;
    tell(&mut tx, lab.id, Some(member.id)).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(())
}

/// The standings of every process.
async fn tell(tx: &mut Tx, lab: LabId, member: Option<MemberId>) -> Result<(), Error> {
    let told = Notice {
        subject: Subject::Earned,
        lab,
        member,
    };
    Ok(notice::tell(tx, told).await?)
}

async fn student(control: &Control, lab: LabId, login: &str) -> Result<member::Member, Error> {
    let missing = || Error::NotFound(format!("student {login:?} in this lab"));
    let parsed = pglab_core::person::Login::parse(login).map_err(|_| missing())?;
    member::by_login(control.store.pool(), lab, &parsed)
        .await?
        .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none())
        .ok_or_else(missing)
}

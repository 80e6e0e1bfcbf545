//! The labs that somebody may see: an admin all, everybody else those that they are a member of.

use pglab_core::{
    access::{Actor, Membership, Operation},
    lab::MemberRole,
    person::Role,
};
use pglab_store::{lab::Lab, membership};

use super::show::may;
use crate::{Control, Error};

#[derive(Debug, Clone)]
pub struct LabSummary {
    pub lab: Lab,
    /// `None`: an admin who is no member.
    pub role: Option<MemberRole>,
    pub n_members: u64,
    pub may: Vec<&'static str>,
}

/// The newest first.
///
/// # Errors
/// Nobody is signed in.
pub async fn list(control: &Control, actor: &Actor) -> Result<Vec<LabSummary>, Error> {
    control.authorise(actor, Operation::LabList)?;
    let pool = control.store.pool();
    let (places, sees_all) = match actor {
        Actor::Person(person) => (
            membership::all_of_person(pool, person.id).await?,
            person.role == Role::Admin,
        ),
        Actor::System => (Vec::new(), true),
        Actor::Stranger => (Vec::new(), false),
    };
    let place_in =
        |lab: &Lab| -> Option<Membership> { places.iter().find(|place| place.lab == lab.id).copied() };
    let mut summaries = Vec::new();
    for lab in pglab_store::lab::all(pool).await? {
        let place = place_in(&lab);
        if lab.delete_wanted_at.is_some() || (place.is_none() && !sees_all) {
            continue;
        }
        summaries.push(LabSummary {
            n_members: membership::count(pool, lab.id, MemberRole::Student).await?,
            role: place.map(|place| place.role),
            may: may(actor, place, &lab),
            lab,
        });
    }
    Ok(summaries)
}

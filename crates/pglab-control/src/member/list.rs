//! Everybody in a lab, with how their database and their password stand.

use std::collections::HashMap;

use pglab_core::access::{Actor, Operation};
use pglab_store::{
    credential::Credential,
    hand::{self, Hand},
    initial_password,
    instance::{self, Instance},
    member::{self, Member},
};

use crate::{Control, Error, lab};

/// Where a password came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordKind {
    /// The initial one, which can still be shown.
    Initial,
    /// The initial one, shown to its owner by a claim link, and to nobody any more.
    Claimed,
    Changed,
}

impl PasswordKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Claimed => "claimed",
            Self::Changed => "changed",
        }
    }
}

pub fn password_kind(state: &Credential) -> PasswordKind {
    if state.differs_since.is_some() {
        PasswordKind::Changed
    } else if state.initial_sealed.is_some() {
        PasswordKind::Initial
    } else if state
        .claimed_at
        .is_some_and(|claimed_at| claimed_at >= state.changed_at)
    {
        PasswordKind::Claimed
    } else {
        PasswordKind::Changed
    }
}

#[derive(Debug, Clone)]
pub struct Listed {
    pub member: Member,
    pub instance: Option<Instance>,
    pub password: Option<PasswordKind>,
    pub hand: Option<Hand>,
}

/// Everybody who is or was in the lab, by login.
///
/// # Errors
/// Not the actor's to see.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<Listed>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let pool = control.store.pool();
    let members = member::of_lab(pool, lab.id).await?;
    let mut instances: HashMap<_, _> = instance::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|instance| (instance.member, instance))
        .collect();
    let passwords: HashMap<_, _> = initial_password::of_lab(pool, lab.id)
        .await?
        .iter()
        .map(|state| (state.person, password_kind(state)))
        .collect();
    let mut hands: HashMap<_, _> = hand::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|hand| (hand.member, hand))
        .collect();
    Ok(members
        .into_iter()
        .map(|member| Listed {
            instance: instances.remove(&member.id),
            password: passwords.get(&member.person).copied(),
            hand: hands.remove(&member.id),
            member,
        })
        .collect())
}

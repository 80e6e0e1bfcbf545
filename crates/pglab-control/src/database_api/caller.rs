//! Who calls the Database API: a member by a token of their own, as themselves only; or a service, whose token may act for
//! the students of the labs that it is made for. The power of a token ends where that of its owner ends.

use pglab_core::{
    access::{ActingPerson, Actor, Operation},
    id::LabId,
    person::Role,
};
use pglab_identity::token;
use pglab_store::{api_token, lab::Lab, membership, person};

use super::Refused;
use crate::{
    Control, Error,
    session::{self, Identified},
};

/// The scope of a token that may act for the students of its labs.
pub const ACT_FOR: &str = "act_for";
/// The scope of such a token that also receives answers and flags.
pub const ANSWERS: &str = "answers";

#[derive(Debug, Clone)]
pub struct Caller {
    /// The token's owner.
    pub(super) actor: Actor,
    pub(super) person: ActingPerson,
    pub(super) is_service: bool,
    pub(super) sees_answers: bool,
    /// Of a service, `None` for all.
    pub(super) labs: Option<Vec<LabId>>,
    pub(super) token: pglab_core::id::TokenId,
}

/// Who shows this token.
///
/// # Errors
/// No token, or one that does not work or is not for this.
pub async fn identify(control: &Control, shown: Option<&str>, changes: bool) -> Result<Caller, Refused> {
    let shown = shown.ok_or(Error::NotSignedIn)?;
    let now = control.now();
    let found = api_token::by_hash(control.store.pool(), token::hash(shown), now)
        .await?
        .ok_or(Error::NotSignedIn)?;
    let has = |wanted: &str| found.scopes.iter().any(|scope| scope == wanted);
    let is_service = has(ACT_FOR);
    if !is_service && !has("read") {
        return Err(Refused::Forbidden(
            "this token is not for the Database API; make one with the scope \"act_for\" or \"read\""
                .to_owned(),
        ));
    }
    if !is_service && changes && !has("write") {
        return Err(Refused::Forbidden(
            "this token may only read; make one with the scope \"write\"".to_owned(),
        ));
    }
    let Identified { actor, .. } = session::of_token(control, &found, is_service || has("write")).await?;
    let Actor::Person(person) = actor.clone() else {
        return Err(Error::NotSignedIn.into());
    };
    if person.must_change_password {
        return Err(Error::PasswordChangeRequired.into());
    }
    Ok(Caller {
        sees_answers: is_service && has(ANSWERS),
        labs: found.labs.filter(|_| is_service),
        token: found.id,
        actor,
        person,
        is_service,
    })
}

impl Caller {
    fn covers(&self, lab: LabId) -> bool {
        self.labs.as_ref().is_none_or(|labs| labs.contains(&lab))
    }

    /// May they run this lab: as an instructor of it, and with a token that is for it?
    pub(super) async fn manages(&self, control: &Control, lab: &Lab) -> Result<bool, Refused> {
        let place = membership::of_person(control.store.pool(), lab.id, self.person.id).await?;
        let may = control
            .authorise(&self.actor, Operation::LabManage(place))
            .is_ok();
        Ok(may && self.covers(lab.id))
    }

    pub(super) async fn must_manage(&self, control: &Control, lab: &Lab) -> Result<(), Refused> {
        if self.manages(control, lab).await? {
            Ok(())
        } else {
            Err(Error::Forbidden.into())
        }
    }

    /// Have they to do with this lab at all?
    pub(super) async fn reaches(&self, control: &Control, lab: &Lab) -> Result<bool, Refused> {
        if self.is_service {
            return self.manages(control, lab).await;
        }
        let place = membership::of_person(control.store.pool(), lab.id, self.person.id).await?;
        Ok(place.is_some() || self.person.role == Role::Admin)
    }

    pub(super) fn is(&self, user: &str) -> bool {
        super::uuid(user) == Some(self.person.id)
    }

    /// Acting for somebody in a lab: oneself, or a student whom a service acts for.
    pub(super) async fn acts_for(&self, control: &Control, lab: &Lab, user: &str) -> Result<(), Refused> {
        if self.is(user) && !self.is_service {
            return Ok(());
        }
        if !self.is_service {
            return Err(Refused::Forbidden(
                "this token acts for its owner only; a service needs one with the scope \"act_for\""
                    .to_owned(),
            ));
        }
        self.must_manage(control, lab).await
    }

    /// May they use content beyond their own labs: instructors, admins, and services of these?
    pub(super) fn sees_content(&self, control: &Control) -> bool {
        control.authorise(&self.actor, Operation::PackView).is_ok()
    }

    pub(super) fn must_manage_content(&self, control: &Control) -> Result<(), Refused> {
        Ok(control.authorise(&self.actor, Operation::PackManage)?)
    }

    pub(super) fn must_see_answers(&self) -> Result<(), Refused> {
        if self.sees_answers {
            return Ok(());
        }
        Err(Refused::Forbidden(
            "documents hold answers: that needs a service token with the scope \"answers\"".to_owned(),
        ))
    }

    /// May a person's name and address be told?
    pub(super) async fn knows(
        &self,
        control: &Control,
        user: pglab_core::id::PersonId,
    ) -> Result<bool, Refused> {
        if user == self.person.id && !self.is_service {
            return Ok(true);
        }
        if !self.is_service {
            return Ok(false);
        }
        if person::by_id(control.store.pool(), user).await?.is_none() {
            return Ok(false);
        }
        let pool = control.store.pool();
        for place in membership::all_of_person(pool, user).await? {
            if self.covers(place.lab)
                && let Some(lab) = pglab_store::lab::by_id(pool, place.lab).await?
                && self.manages(control, &lab).await?
            {
                return Ok(true);
            }
        }
        Ok(self.labs.is_none() && self.person.role == Role::Admin)
    }
}

//! Access codes as front ends use them: made for a lab, and joined by. The codes themselves stand in `crate::access_code`.

use chrono::{DateTime, Utc};
use pglab_core::{access::Actor, id::LabId};
use pglab_store::{
    access_code::AccessCode,
    competition::{Competition, LabChallenge},
};

use super::{Caller, Refused, challenges_of, group, person_by_id};
use crate::{
    Control, Error,
    access_code::{self, NewCode},
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAccessCode {
    pub group_id: String,
    pub created_by: String,
    pub code: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<u32>,
}

/// # Errors
/// Not an instructor's to do; no such lab or person; the code is taken or can't be one.
pub async fn generate_code(
    control: &Control,
    caller: &Caller,
    new: NewAccessCode,
) -> Result<AccessCode, Refused> {
    let lab = group(control, caller, &new.group_id).await?;
    caller.must_manage(control, &lab).await?;
    if !caller.is_service && !caller.is(&new.created_by) {
        return Err(Refused::Forbidden(
            "this token acts for its owner only".to_owned(),
        ));
    }
    let person = person_by_id(control, &new.created_by).await?;
    let code = NewCode {
        code: new.code,
        expires_at: new.expires_at,
        max_uses: new.max_uses,
        created_by: Some(person.id),
    };
    Ok(access_code::create(control, &caller.actor, lab.slug.as_str(), code).await?)
}

/// The lab that the person is a student of now, with its challenges.
///
/// # Errors
/// The code does not work, or is of a lab that the token is not for; no such person, or one that can't join.
pub async fn join(
    control: &Control,
    caller: &Caller,
    code: &str,
    user: &str,
    address: &str,
) -> Result<(Competition, Vec<LabChallenge>), Refused> {
    let lab = joined(control, caller, code, user, address).await?;
    challenges_of(control, lab).await
}

async fn joined(
    control: &Control,
    caller: &Caller,
    code: &str,
    user: &str,
    address: &str,
) -> Result<LabId, Refused> {
    let unfit = |error: Error| match error {
        Error::Invalid { .. } => Refused::bad("Invalid or expired access code"),
        other => other.into(),
    };
    if !caller.is_service {
        if !caller.is(user) {
            return Err(Refused::Forbidden(
                "this token acts for its owner only".to_owned(),
            ));
        }
        let joined = access_code::join(control, &caller.actor, code, address).await;
        return Ok(joined.map_err(unfit)?.lab.id);
    }
    let person = person_by_id(control, user).await?;
    let mut covered = Vec::new();
    for lab in pglab_store::lab::all(control.store.pool()).await? {
        if caller.manages(control, &lab).await? {
            covered.push(lab.id);
        }
    }
    let joined = access_code::join_for(control, &Actor::System, person.id, code, |lab| {
        covered.contains(&lab)
    });
    Ok(joined.await.map_err(unfit)?.lab.id)
}

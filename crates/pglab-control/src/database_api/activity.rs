//! What a front end tells for the activity log. It is kept as told, about people and things that exist; nobody is made up.

use chrono::{DateTime, Utc};
use pglab_core::{
    activity::{Event, Severity},
    id::{ChallengeId, InstanceId},
};
use pglab_store::activity::{self as table, NewActivity};
use serde_json::Value;
use uuid::Uuid;

use super::{Caller, Refused, group, person_by_id, uuid};
use crate::Control;

/// The longest metadata, in bytes of JSON.
const MOST_METADATA: usize = 64 << 10;

/// As it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewReport {
    pub event_type: Option<String>,
    pub user_id: Option<String>,
    pub severity: Option<String>,
    /// An object, or the text of one.
    pub metadata: Option<Value>,
    pub challenge_id: Option<String>,
    pub group_id: Option<String>,
    pub challenge_instance_id: Option<String>,
    pub access_code_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    pub id: i64,
    pub at: DateTime<Utc>,
}

/// # Errors
/// Person or event are missing or unknown; not theirs to tell.
pub async fn report(control: &Control, caller: &Caller, new: NewReport) -> Result<Reported, Refused> {
    let (Some(event), Some(user)) = (&new.event_type, &new.user_id) else {
        return Err(Refused::bad("eventType and userId are required"));
    };
    let event = Event::parse(event).ok_or_else(|| Refused::bad(format!("eventType can't be {event:?}")))?;
    let severity = new.severity.as_deref().unwrap_or("INFO");
    let severity =
        Severity::parse(severity).ok_or_else(|| Refused::bad(format!("severity can't be {severity:?}")))?;
    let metadata = metadata(new.metadata)?;
    let lab = match &new.group_id {
        Some(id) => Some(group(control, caller, id).await?.id),
        None => None,
    };
    let person = person_by_id(control, user).await?;
    if !caller.knows(control, person.id).await? {
        return Err(if caller.is_service {
            Refused::missing("User not found")
        } else {
            Refused::Forbidden("this token acts for its owner only".to_owned())
        });
    }
    let at = control.now();
    let entry = NewActivity {
        severity,
        is_reported: true,
        challenge: id::<ChallengeId>("challengeId", new.challenge_id.as_deref())?,
        instance: id::<InstanceId>("challengeInstanceId", new.challenge_instance_id.as_deref())?,
        access_code: id::<Uuid>("accessCodeId", new.access_code_id.as_deref())?,
        ..NewActivity::new(at, event)
            .person(person.id)
            .lab(lab)
            .metadata(metadata)
    };
    let mut tx = control.store.begin().await?;
    let id = table::insert(&mut tx, &entry).await?;
    control.store.commit(tx).await?;
    Ok(Reported { id, at })
}

fn id<T: From<Uuid>>(field: &str, text: Option<&str>) -> Result<Option<T>, Refused> {
    text.map(|text| uuid(text).ok_or_else(|| Refused::missing(format!("{field} not found"))))
        .transpose()
}

fn metadata(given: Option<Value>) -> Result<Value, Refused> {
    let value = match given {
        None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
        Some(Value::String(text)) => pglab_core::cdf::Document::parse(&text)
            .map_err(|_| Refused::bad("metadata must be an object, or the text of one"))?
            .into_value(),
        Some(value) => value,
    };
    if !value.is_object() {
        return Err(Refused::bad("metadata must be an object, or the text of one"));
    }
    if value.to_string().len() > MOST_METADATA {
        return Err(Refused::bad("metadata must be at most 64 KiB"));
    }
    Ok(value)
}

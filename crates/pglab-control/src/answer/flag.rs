//! Members' own flags: made from pglab's key, the lab, the member and a name, so that none is kept anywhere.

use pglab_core::{
    answer::flag::whose,
    id::{LabId, MemberId},
    lab::MemberRole,
    task::{
        TaskKind,
        kind::{Accepted, FlagTask},
    },
};
use pglab_store::{lab::Lab, member};
use serde_json::Value;

use crate::{Control, Error};

pub(crate) fn of_member(control: &Control, lab: LabId, member: MemberId, name: &str) -> String {
    let what = format!("{lab}/{member}/{name}");
    format!("flag{{{}}}", control.sealer.derived("flag of a member", &what))
}

/// The name of the flags that this task takes, where each member has their own.
pub(super) fn name(task: &FlagTask) -> Option<&str> {
    task.accepted.iter().find_map(|accepted| match accepted {
        Accepted::Member(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Whose flag was sent, where it is another member's.
async fn owner(
    control: &Control,
    lab: LabId,
    asker: MemberId,
    name: &str,
    answer: &str,
) -> Result<Option<MemberId>, Error> {
    let others: Vec<(MemberId, String)> = member::of_lab(control.store.pool(), lab)
        .await?
        .into_iter()
        .filter(|member| member.role == MemberRole::Student && member.id != asker)
        .map(|member| (member.id, of_member(control, lab, member.id, name)))
        .collect();
    Ok(whose(
        answer,
        others.iter().map(|(member, flag)| (*member, flag.as_str())),
    ))
}

/// Whose flag was sent as a wrong answer, where it is another member's.
pub(super) async fn foreign(
    control: &Control,
    lab: &Lab,
    kind: &TaskKind,
    asker: MemberId,
    right: bool,
    answer: &Value,
) -> Result<Option<MemberId>, Error> {
    let (TaskKind::Flag(task), false, Some(answer)) = (kind, right, answer.as_str()) else {
        return Ok(None);
    };
    match name(task) {
        Some(name) => owner(control, lab.id, asker, name, answer).await,
        None => Ok(None),
    }
}

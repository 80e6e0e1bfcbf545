//! Flags: the same for all, or one of each member's own. How a member's flag is made is `pglab-identity`'s business;
//! here it comes as a value.

use super::{
    Outcome,
    text::{AnswerHashes, accepts, fit, same},
};
use crate::{id::MemberId, task::kind::FlagTask};

/// `own` is the flag of the member who answers, where the task has one per member.
pub fn judge(task: &FlagTask, answer: &str, own: Option<&str>, hashes: &dyn AnswerHashes) -> Outcome {
    match fit(answer) {
        Ok(answer) => accepts(&task.accepted, answer, own, hashes).into(),
        Err(unfit) => unfit,
    }
}

/// Whose flag was sent? To be asked when an answer was wrong, with the flags of the others.
pub fn whose<'a>(answer: &str, flags: impl IntoIterator<Item = (MemberId, &'a str)>) -> Option<MemberId> {
    let answer = answer.trim();
    flags.into_iter().fold(
        None,
        |found, (member, flag)| {
            if same(flag, answer) { Some(member) } else { found }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{answer::NoHashes, task::kind::Accepted};

    #[test]
    fn each_has_a_flag_of_their_own() {
        let task = FlagTask {
            accepted: vec![Accepted::Member("log".to_owned())],
        };
        let ada = MemberId::from(uuid::Uuid::from_u128(1));
        let bob = MemberId::from(uuid::Uuid::from_u128(2));
        let flags = [(ada, "flag{11}"), (bob, "flag{22}")];
        assert_eq!(
            judge(&task, "flag{11} ", Some("flag{11}"), &NoHashes),
            Outcome::Right
        );
        assert_eq!(
            judge(&task, "flag{22}", Some("flag{11}"), &NoHashes),
            Outcome::Wrong
        );
        assert_eq!(judge(&task, "flag{11}", None, &NoHashes), Outcome::Wrong);
        assert_eq!(whose("flag{22}", flags), Some(bob));
        assert_eq!(whose("flag{33}", flags), None);
    }
}

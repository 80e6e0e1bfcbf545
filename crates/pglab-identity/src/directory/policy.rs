//! What a directory says about a password beyond right and wrong: the response control of password policies
//! (draft-behera-ldap-password-policy), as OpenLDAP and others send it.

use ldap3::{
    LdapResult,
    asn1::{PL, parse_tag, parse_uint},
    controls::{Control, RawControl},
};

const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// The request: without it nothing but "invalid credentials" is said.
pub(super) fn request() -> RawControl {
    RawControl {
        ctype: OID.to_owned(),
        crit: false,
        val: None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyError {
    Expired,
    Locked,
    MustChange,
    MayNotChange,
    OldPasswordNeeded,
    TooSimple,
    TooShort,
    TooYoung,
    InHistory,
    TooLong,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyAnswer {
    pub error: Option<PolicyError>,
    /// The password expires in so many seconds.
    pub expires_in: Option<u64>,
    /// It has expired, and works so many times more.
    pub grace_left: Option<u64>,
}

impl PolicyError {
    fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            0 => Self::Expired,
            1 => Self::Locked,
            2 => Self::MustChange,
            3 => Self::MayNotChange,
            4 => Self::OldPasswordNeeded,
            5 => Self::TooSimple,
            6 => Self::TooShort,
            7 => Self::TooYoung,
            8 => Self::InHistory,
            9 => Self::TooLong,
            _ => return None,
        })
    }

    /// For the person whose password it is.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "your password has expired; ask your instructor for a new one",
            Self::Locked => {
                "this account is locked after too many wrong passwords; wait some minutes or ask your instructor"
            }
            Self::MustChange => "your password has to be changed before it is good for anything else",
            Self::MayNotChange => {
                "the directory does not let people change their passwords; ask your instructor"
            }
            Self::OldPasswordNeeded => "the directory wants the old password as well",
            Self::TooSimple => {
                "the directory finds the new password too simple; make it longer or less guessable"
            }
            Self::TooShort => "the new password is too short for the directory; use more characters",
            Self::TooYoung => "your password was changed only just now; the directory wants you to wait",
            Self::InHistory => "you have used this password before; the directory wants a new one",
            Self::TooLong => "the new password is too long for the directory; use fewer characters",
        }
    }

    /// The same where pglab can't change passwords: in a directory that it only reads.
    pub fn sentence_elsewhere(self) -> &'static str {
        match self {
            Self::Expired => {
                "your password has expired; change it where you do that for everything else, then sign in here"
            }
            Self::Locked => {
                "this account is locked in the directory of your university; wait some minutes or ask who looks after it"
            }
            Self::MustChange => {
                "your password has to be changed first; do that where you do it for everything else, then sign in here"
            }
            other => other.sentence(),
        }
    }
}

/// What the answer carries of it, if anything.
pub(super) fn answer(result: &LdapResult) -> PolicyAnswer {
    result
        .ctrls
        .iter()
        .find_map(|Control(_, raw)| (raw.ctype == OID).then_some(raw.val.as_deref()).flatten())
        .and_then(decode)
        .unwrap_or_default()
}

/// `SEQUENCE { warning [0] CHOICE { timeBeforeExpiration [0], graceAuthNsRemaining [1] }, error [1] ENUMERATED }`, both
/// parts optional.
fn decode(value: &[u8]) -> Option<PolicyAnswer> {
    let (_, sequence) = parse_tag(value).ok()?;
    let mut answer = PolicyAnswer::default();
    for part in sequence.expect_constructed()? {
        match (part.id, part.payload) {
            (0, PL::C(choice)) => {
                let choice = choice.into_iter().next()?;
                if let PL::P(bytes) = choice.payload {
                    let number = number(&bytes);
                    match choice.id {
                        0 => answer.expires_in = number,
                        1 => answer.grace_left = number,
                        _ => {}
                    }
                }
            }
            (1, PL::P(bytes)) => answer.error = number(&bytes).and_then(PolicyError::from_code),
            _ => {}
        }
    }
    Some(answer)
}

fn number(bytes: &[u8]) -> Option<u64> {
    parse_uint(bytes).ok().map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(decode(&[0x30, 0]), Some(PolicyAnswer::default()));
        assert_eq!(
            decode(&[0x30, 3, 0x81, 1, 1]).unwrap().error,
            Some(PolicyError::Locked)
        );
        let both = decode(&[0x30, 8, 0xa0, 3, 0x81, 1, 2, 0x81, 1, 0]).unwrap();
        assert_eq!(
            (both.grace_left, both.error),
            (Some(2), Some(PolicyError::Expired))
        );
        assert_eq!(
            decode(&[0x30, 6, 0xa0, 4, 0x80, 2, 1, 0]).unwrap().expires_in,
            Some(256)
        );
        for nonsense in [&[][..], &[0x30, 9, 1], &[4, 1, 1], &[0x30, 3, 0x81, 1, 99]] {
            assert_eq!(
                decode(nonsense).unwrap_or_default(),
                PolicyAnswer::default(),
                "{nonsense:?}"
            );
        }
    }
}

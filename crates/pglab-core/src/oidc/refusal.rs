//! Why somebody did not get in through the provider. Each has a code, which is all that a browser is sent back with, and
//! a sentence; so no link can put words of its own on the page.

/// The code stands in the address of the page, the sentence on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Stale,
    OtherBrowser,
    Away,
    Denied,
    Provider,
    Setup,
    Clock,
    Audience,
    Untrusted,
    NoLogin,
    BadLogin,
    Domain,
    Unverified,
    Nobody,
    Taken,
    Disabled,
    Admin,
    Busy,
    Inside,
}

impl Refusal {
    pub const ALL: [Self; 19] = [
        Self::Stale,
        Self::OtherBrowser,
        Self::Away,
        Self::Denied,
        Self::Provider,
        Self::Setup,
        Self::Clock,
        Self::Audience,
        Self::Untrusted,
        Self::NoLogin,
        Self::BadLogin,
        Self::Domain,
        Self::Unverified,
        Self::Nobody,
        Self::Taken,
        Self::Disabled,
        Self::Admin,
        Self::Busy,
        Self::Inside,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::OtherBrowser => "other_browser",
            Self::Away => "away",
            Self::Denied => "denied",
            Self::Provider => "provider",
            Self::Setup => "setup",
            Self::Clock => "clock",
            Self::Audience => "audience",
            Self::Untrusted => "untrusted",
            Self::NoLogin => "no_login",
            Self::BadLogin => "bad_login",
            Self::Domain => "domain",
            Self::Unverified => "unverified",
            Self::Nobody => "nobody",
            Self::Taken => "taken",
            Self::Disabled => "disabled",
            Self::Admin => "admin",
            Self::Busy => "busy",
            Self::Inside => "inside",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// What happened and what to do. `label` is the name of the provider.
    pub fn sentence(self, label: &str) -> String {
        match self {
            Self::Stale => "This sign-in was begun more than ten minutes ago, or was used already. Begin again.".to_owned(),
            Self::OtherBrowser => {
                "This sign-in was begun in another browser, or at another address of pglab. Begin again here; if that does \
                 not help, allow cookies for this page."
                    .to_owned()
            }
            Self::Away => format!(
                "{label} does not answer, so nobody can sign in through it at the moment; whoever is signed in stays so. \
                 Try again in a minute."
            ),
            Self::Denied => format!("The sign-in at {label} was cancelled, or it does not let you use pglab."),
            Self::Provider => format!("{label} could not sign you in. Begin again; if it stays so, tell your instructor."),
            Self::Setup => format!(
                "{label} refuses pglab itself: its client id, secret or redirect address is not the one registered there. \
                 Tell your instructor."
            ),
            Self::Clock => format!(
                "The clocks of pglab and of {label} are too far apart to tell whether the sign-in is fresh. Tell your \
                 instructor."
            ),
            Self::Audience => {
                format!("{label} made its answer out to another program than pglab. Tell your instructor.")
            }
            Self::Untrusted => format!(
                "pglab can't be sure that the answer came from {label} for this sign-in, so it let nobody in. Begin again; \
                 if it stays so, tell your instructor."
            ),
            Self::NoLogin => format!("{label} did not say what your login is. Tell your instructor."),
            Self::BadLogin => {
                format!("{label} calls you by a login that PostgreSQL can't have. Tell your instructor.")
            }
            Self::Domain => "Your e-mail address is none of those that may sign in here. Sign in with the account of your \
                             university."
                .to_owned(),
            Self::Unverified => format!(
                "{label} has not verified your e-mail address. Verify it there, then sign in again."
            ),
            Self::Nobody => format!(
                "{label} knows you, but you are on no roster here. Ask your instructor to put you on one, with the login \
                 that you have at {label}."
            ),
            Self::Taken => format!(
                "The account here that looks like yours belongs to another sign-in of {label}. Tell your instructor."
            ),
            Self::Disabled => "Your account here is disabled. Ask your instructor.".to_owned(),
            Self::Admin => format!(
                "The account here with your login is that of an admin with a password of its own, which {label} does not \
                 open. Sign in with the password."
            ),
            Self::Busy => "Too many sign-ins are under way from your network. Try again in some minutes.".to_owned(),
            Self::Inside => "Something went wrong inside pglab; its log has the cause.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_and_everything_has_its_sentence() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_code(refusal.code()), Some(refusal));
            let sentence = refusal.sentence("Example");
            assert!(sentence.ends_with('.') && sentence.len() > 30, "{sentence}");
        }
        assert_eq!(Refusal::from_code("<b>"), None);
    }
}

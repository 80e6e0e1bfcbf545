//! The words of the activity log: what can happen, and how much it matters. They are those of the Database API, whose
//! clients know them; what is written when is decided by the operations.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = $schema))]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// As written, in capitals.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

words! {
    /// What happened.
    Event as ActivityEvent {
        UserRegistered = "USER_REGISTERED",
        UserLoggedIn = "USER_LOGGED_IN",
        UserRoleChanged = "USER_ROLE_CHANGED",
        UserUpdated = "USER_UPDATED",
        ChallengeCompleted = "CHALLENGE_COMPLETED",
        ChallengeStarted = "CHALLENGE_STARTED",
        ChallengeInstanceCreated = "CHALLENGE_INSTANCE_CREATED",
        ChallengeInstanceUpdated = "CHALLENGE_INSTANCE_UPDATED",
        ChallengeInstanceDeleted = "CHALLENGE_INSTANCE_DELETED",
        ChallengeInstanceQueued = "CHALLENGE_INSTANCE_QUEUED",
        ChallengeTerminationInitiated = "CHALLENGE_TERMINATION_INITIATED",
        QuestionAttempted = "QUESTION_ATTEMPTED",
        QuestionCompleted = "QUESTION_COMPLETED",
        GroupJoined = "GROUP_JOINED",
        GroupCreated = "GROUP_CREATED",
        GroupUpdated = "GROUP_UPDATED",
        GroupLeft = "GROUP_LEFT",
        GroupDeleted = "GROUP_DELETED",
        GroupMemberRemoved = "GROUP_MEMBER_REMOVED",
        AccessCodeGenerated = "ACCESS_CODE_GENERATED",
        AccessCodeUsed = "ACCESS_CODE_USED",
        AccessCodeExpired = "ACCESS_CODE_EXPIRED",
        AccessCodeDeleted = "ACCESS_CODE_DELETED",
        AccessCodeInvalid = "ACCESS_CODE_INVALID",
        SystemWarning = "SYSTEM_WARNING",
        SystemError = "SYSTEM_ERROR",
        SecurityEvent = "SECURITY_EVENT",
        ChallengePackInstalled = "CHALLENGE_PACK_INSTALLED",
        ChallengeTypeInstalled = "CHALLENGE_TYPE_INSTALLED",
        UserDeleted = "USER_DELETED",
    }
}

words! {
    /// How much it matters.
    Severity as ActivitySeverity {
        Info = "INFO",
        Warning = "WARNING",
        Error = "ERROR",
        Critical = "CRITICAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(*event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        assert_eq!(Event::ALL.len(), 30);
        assert_eq!(Severity::parse("WARNING"), Some(Severity::Warning));
        assert_eq!(Severity::parse("warning"), None);
    }
}

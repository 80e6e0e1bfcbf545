//! Who may do what: one function, [`may`]. Every operation of `pglab-control` asks it before anything else.

use serde::{Deserialize, Serialize};

use crate::{
    id::{LabId, MemberId, PersonId},
    lab::MemberRole,
    person::{Login, Role},
};

/// Who acts. Made at the edge from a session or an API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Stranger,
    Person(ActingPerson),
    /// pglab itself: reconcilers and the command line of the operator on the same machine.
    System,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingPerson {
    pub id: PersonId,
    pub login: Login,
    pub role: Role,
    /// The initial password must be changed first: only that, and signing out, is allowed.
    pub must_change_password: bool,
    /// A token that may only read.
    pub read_only: bool,
}

/// The actor's place in the lab that an operation is about, looked up by `control`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub lab: LabId,
    pub member: MemberId,
    pub role: MemberRole,
}

/// What somebody wants to do, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// See people, make accounts, change roles.
    PersonManage,
    /// See one's own account and tokens.
    OwnAccount,
    /// Sign out.
    OwnSession,
    /// Change one's own password: the one thing that somebody can do who must.
    OwnPassword,
    /// Make and revoke one's own tokens.
    OwnTokens,
    /// See the labs that one is a member of.
    LabList,
    /// Become a student of a lab by a code.
    LabJoin,
    LabCreate,
    /// See the lab's definition, its members, the board, results.
    LabView(Option<Membership>),
    /// Change definition, tasks, roster; prepare, open, close, archive.
    LabManage(Option<Membership>),
    /// See initial passwords and make claim links.
    CredentialsView(Option<Membership>),
    /// Help during the class: lower hands, reset a database, reset a password.
    LabAssist(Option<Membership>),
    /// What a member sees of themselves: kit, tasks, verdicts; raise a hand.
    MemberSelf(Option<Membership>, MemberId),
    /// Answer a task, take a hint: nobody does it for another.
    Answer(Option<Membership>, MemberId),
    /// See installed packs, and take them out with their answers.
    PackView,
    /// Install, update and remove packs.
    PackManage,
    /// Start and end what runs for one's own challenges.
    ChallengeUse(Option<Membership>, MemberId),
    /// See what happened in one's own labs, or everywhere.
    ActivityView,
    /// Run SQL in one's own database, from the page.
    ConsoleUse(Option<Membership>, MemberId),
    /// Run SQL that only reads in a member's database.
    ConsoleLook(Option<Membership>),
    /// Health of servers, reconcilers, configuration.
    SystemView,
}

impl Operation {
    fn changes_something(self) -> bool {
        matches!(
            self,
            Self::PersonManage
                | Self::OwnPassword
                | Self::OwnTokens
                | Self::LabJoin
                | Self::LabCreate
                | Self::LabManage(_)
                | Self::CredentialsView(_)
                | Self::LabAssist(_)
                | Self::Answer(..)
                | Self::PackManage
                | Self::ChallengeUse(_, _)
                | Self::ConsoleUse(_, _)
                | Self::ConsoleLook(_)
        )
    }
}

/// May `actor` do this? The only place that decides it.
pub fn may(actor: &Actor, operation: Operation) -> bool {
    use Operation as O;
    let person = match actor {
        Actor::System => return true,
        Actor::Stranger => return false,
        Actor::Person(person) => person,
    };
    if person.must_change_password && !matches!(operation, O::OwnSession | O::OwnPassword) {
        return false;
    }
    if person.read_only && operation.changes_something() {
        return false;
    }
    let teaches = |place: Option<Membership>| {
        person.role == Role::Admin || place.is_some_and(|m| m.role == MemberRole::Instructor)
    };
    let assists = |place: Option<Membership>| {
        person.role == Role::Admin || place.is_some_and(|m| m.role != MemberRole::Student)
    };
    match operation {
        O::OwnSession | O::OwnPassword | O::OwnTokens | O::OwnAccount | O::LabList | O::LabJoin => true,
        O::PersonManage | O::SystemView => person.role == Role::Admin,
        O::LabCreate | O::PackView | O::PackManage | O::ActivityView => {
            matches!(person.role, Role::Admin | Role::Instructor)
        }
        O::LabManage(place) | O::CredentialsView(place) => teaches(place),
        O::LabView(place) | O::LabAssist(place) | O::ConsoleLook(place) => assists(place),
        // What is done there counts as the student's own work.
        O::Answer(place, member) | O::ConsoleUse(place, member) => {
            place.is_some_and(|m| m.member == member && m.role == MemberRole::Student)
        }
        O::ChallengeUse(place, member) => place.is_some_and(|m| m.member == member),
        O::MemberSelf(place, member) => assists(place) || place.is_some_and(|m| m.member == member),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn person(role: Role) -> ActingPerson {
        ActingPerson {
            id: PersonId::from(Uuid::from_u128(1)),
            login: Login::parse("ada").unwrap(),
            role,
            must_change_password: false,
            read_only: false,
        }
    }

    fn place(role: MemberRole) -> Membership {
        Membership {
            lab: LabId::from(Uuid::from_u128(2)),
            member: MemberId::from(Uuid::from_u128(3)),
            role,
        }
    }

    /// Everything that there is to do, in a lab where the actor has this place.
    fn operations(place: Option<Membership>) -> Vec<Operation> {
        let (own, others) = (Uuid::from_u128(3).into(), Uuid::from_u128(4).into());
        vec![
            Operation::PersonManage,
            Operation::OwnAccount,
            Operation::OwnSession,
            Operation::OwnPassword,
            Operation::OwnTokens,
            Operation::LabList,
            Operation::LabJoin,
            Operation::LabCreate,
            Operation::LabView(place),
            Operation::LabManage(place),
            Operation::CredentialsView(place),
            Operation::LabAssist(place),
            Operation::MemberSelf(place, own),
            Operation::MemberSelf(place, others),
            Operation::Answer(place, own),
            Operation::Answer(place, others),
            Operation::PackView,
            Operation::PackManage,
            Operation::ChallengeUse(place, own),
            Operation::ChallengeUse(place, others),
            Operation::ActivityView,
            Operation::ConsoleUse(place, own),
            Operation::ConsoleUse(place, others),
            Operation::ConsoleLook(place),
            Operation::SystemView,
        ]
    }

    /// A column per actor: what they may (x) and may not (.) do.
    #[test]
    fn who_may_do_what() {
        let waiting = ActingPerson {
            must_change_password: true,
            ..person(Role::Admin)
        };
        let reading = ActingPerson {
            read_only: true,
            ..person(Role::Admin)
        };
        let student = place(MemberRole::Student);
        let actors = [
            (Actor::Stranger, None),
            (Actor::Person(person(Role::Student)), None),
            (Actor::Person(person(Role::Student)), Some(student)),
            (
                Actor::Person(person(Role::Student)),
                Some(place(MemberRole::Assistant)),
            ),
            (Actor::Person(person(Role::Instructor)), None),
            (
                Actor::Person(person(Role::Instructor)),
                Some(place(MemberRole::Instructor)),
            ),
            (Actor::Person(person(Role::Admin)), None),
            (Actor::Person(waiting), None),
            (Actor::Person(reading), None),
            (Actor::System, None),
        ];
        let mut table = String::new();
        for (n, operation) in operations(Some(student)).into_iter().enumerate() {
            let row: String = actors
                .iter()
                .map(|(actor, place)| {
                    if may(actor, operations(*place)[n]) {
                        " x"
                    } else {
                        " ."
                    }
                })
                .collect();
            let name = format!("{operation:?}");
            let name = name.split('(').next().unwrap_or_default().to_owned();
            table.push_str(&format!("{row}  {name}\n"));
        }
        let heading = "stranger, student elsewhere, student here, assistant here, instructor elsewhere, instructor here, \
                       admin, admin with an initial password, admin's token for reading, system";
        insta::assert_snapshot!(format!("{heading}\n{table}"), @r"
        stranger, student elsewhere, student here, assistant here, instructor elsewhere, instructor here, admin, admin with an initial password, admin's token for reading, system
         . . . . . . x . . x  PersonManage
         . x x x x x x . x x  OwnAccount
         . x x x x x x x x x  OwnSession
         . x x x x x x x . x  OwnPassword
         . x x x x x x . . x  OwnTokens
         . x x x x x x . x x  LabList
         . x x x x x x . . x  LabJoin
         . . . . x x x . . x  LabCreate
         . . . x . x x . x x  LabView
         . . . . . x x . . x  LabManage
         . . . . . x x . . x  CredentialsView
         . . . x . x x . . x  LabAssist
         . . x x . x x . x x  MemberSelf
         . . . x . x x . x x  MemberSelf
         . . x . . . . . . x  Answer
         . . . . . . . . . x  Answer
         . . . . x x x . x x  PackView
         . . . . x x x . . x  PackManage
         . . x x . x . . . x  ChallengeUse
         . . . . . . . . . x  ChallengeUse
         . . . . x x x . x x  ActivityView
         . . x . . . . . . x  ConsoleUse
         . . . . . . . . . x  ConsoleUse
         . . . x . x x . . x  ConsoleLook
         . . . . . . x . x x  SystemView
        ");
    }
}

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
                | Self::LabCreate
                | Self::LabManage(_)
                | Self::CredentialsView(_)
                | Self::LabAssist(_)
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
        O::OwnSession | O::OwnPassword | O::OwnTokens | O::OwnAccount | O::LabList => true,
        O::PersonManage | O::SystemView => person.role == Role::Admin,
        O::LabCreate => matches!(person.role, Role::Admin | Role::Instructor),
        O::LabManage(place) | O::CredentialsView(place) => teaches(place),
        O::LabView(place) | O::LabAssist(place) => assists(place),
        O::MemberSelf(place, member) => assists(place) || place.is_some_and(|m| m.member == member),
    }
}

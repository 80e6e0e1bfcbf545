//! Words of the domain as the wire spells them, for several route files.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is in the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Instructor,
    Student,
}

impl From<pglab_core::person::Role> for Role {
    fn from(role: pglab_core::person::Role) -> Self {
        match role {
            pglab_core::person::Role::Admin => Self::Admin,
            pglab_core::person::Role::Instructor => Self::Instructor,
            pglab_core::person::Role::Student => Self::Student,
        }
    }
}

impl From<Role> for pglab_core::person::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Instructor => Self::Instructor,
            Role::Student => Self::Student,
        }
    }
}

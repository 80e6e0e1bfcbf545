//! An LDAP directory as pglab is told about it: where it is, how people are found in it, and what its groups mean here.
//! Only words and decisions; the client that speaks LDAP is `pglab_identity::directory`.

pub mod escape;
pub mod plan;
pub mod roles;
pub mod settings;
pub mod slapd;

pub use settings::{
    Attributes, BindMode, DirectorySettings, GroupSettings, IdentityMode, IdentitySettings, LabGroup,
    ManagedTree, RoleGroups, Scope, Search, Secret, Server, SettingsError, StoredHash, Tls,
};

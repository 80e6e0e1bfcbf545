//! What groups of the directory make somebody here: a role, and places in labs. Pure, so that who becomes what can be
//! read in one place.

use crate::person::Role;

use super::{LabGroup, RoleGroups};

/// Stands for everybody whom the directory lets in.
pub const EVERYBODY: &str = "*";

impl RoleGroups {
    /// The greatest role that one of these groups has. `None`: the directory lets them in, pglab does not.
    pub fn role_of(&self, groups: &[String]) -> Option<Role> {
        let holds = |names: &[String]| {
            names
                .iter()
                .any(|name| name == EVERYBODY || groups.iter().any(|group| same_name(name, group)))
        };
        [
            (Role::Admin, &self.admin),
            (Role::Instructor, &self.instructor),
            (Role::Student, &self.student),
        ]
        .into_iter()
        .find_map(|(role, names)| holds(names).then_some(role))
    }
}

/// The places that somebody in these groups has.
pub fn labs_of<'a>(labs: &'a [LabGroup], groups: &[String]) -> Vec<&'a LabGroup> {
    labs.iter()
        .filter(|lab| lab.group == EVERYBODY || groups.iter().any(|group| same_name(&lab.group, group)))
        .collect()
}

/// Names of entries are compared without case, and without the spaces that some write after commas.
fn same_name(a: &str, b: &str) -> bool {
    fn parts(name: &str) -> impl Iterator<Item = String> {
        name.split(',').map(|part| {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            format!(
                "{}={}",
                attribute.trim().to_lowercase(),
                value.trim().to_lowercase()
            )
        })
    }
    parts(a).eq(parts(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_role_counts() {
        let roles = RoleGroups {
            admin: vec!["cn=Admins,ou=groups,dc=x".to_owned()],
            instructor: vec!["cn=staff, ou=groups, dc=x".to_owned()],
            student: vec!["*".to_owned()],
        };
        let of = |groups: &[&str]| roles.role_of(&groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), Some(Role::Student));
        assert_eq!(of(&["CN=Staff,OU=groups,DC=x"]), Some(Role::Instructor));
        assert_eq!(
            of(&["cn=staff,ou=groups,dc=x", "cn=admins,ou=groups,dc=x"]),
            Some(Role::Admin)
        );
        assert_eq!(of(&["cn=staff,ou=groups,dc=x,dc=y"]), Some(Role::Student));
        assert_eq!(RoleGroups::default().role_of(&["cn=staff,dc=x".to_owned()]), None);
    }
}

//! What is wrong with `pg_hba.conf` of a server that pglab does not run, and does not write to: its operator is told in
//! sentences. Our rules may stand there for whatever ranges of addresses the operator chose.

use super::{Block, HbaError, Origin, STUDENTS, SeenRule, StudentAccess, difference};
use crate::ident::Ident;

/// How a server differs from what the settings of identity want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Nothing if all is as it should be.
    pub problems: Vec<String>,
    /// Where students come from, by the rules that stand there.
    pub from: Vec<Origin>,
}

/// `own` are the roles that only pglab signs in as.
///
/// # Errors
/// PostgreSQL can't be told what the settings say.
pub fn examined(own: &[Ident], students: &StudentAccess, seen: &[SeenRule]) -> Result<Examined, HbaError> {
    let members = format!("+{STUDENTS}");
    let usable = || seen.iter().filter(|rule| rule.error.is_none());
    let of_students = |rule: &SeenRule| rule.users.contains(&members);
    let everybody = |rule: &SeenRule| rule.users.iter().any(|user| user == "all");
    let mut problems = Vec::new();
    for rule in usable().filter(|rule| rule.method == "trust" && rule.kind != "local") {
        if everybody(rule) || of_students(rule) {
            problems.push(format!(
                "line {} of pg_hba.conf lets anybody from {} in as any student, without a password: put scram-sha-256 in \
                 the place of trust",
                rule.line, rule.from,
            ));
        }
    }
    let mut from: Vec<Origin> = Vec::new();
    for rule in usable().filter(|rule| of_students(rule) && rule.kind != "local") {
        let Ok(origin) = rule.from.parse() else { continue };
        if !from.contains(&origin) {
            from.push(origin);
        }
    }
    match students {
        StudentAccess::Scram => {
            problems.extend(seen.iter().filter_map(SeenRule::unusable));
            for rule in usable().filter(|rule| of_students(rule) && rule.method == "ldap") {
                problems.push(format!(
                    "line {} of pg_hba.conf sends students to an LDAP directory, but pglab keeps the passwords itself \
                     (identity.mode is local), so that nobody gets in with them: take pglab's part out of the file",
                    rule.line,
                ));
            }
            let by_password = |rule: &SeenRule| {
                ["scram-sha-256", "md5", "password"].contains(&rule.method.as_str()) && rule.kind != "local"
            };
            if !usable().any(|rule| by_password(rule) && (everybody(rule) || of_students(rule))) {
                problems.push(
                    "no line of pg_hba.conf lets students in with a password: add one for all, or for +pglab_students, \
                     with scram-sha-256"
                        .to_owned(),
                );
            }
        }
        StudentAccess::Ldap { .. } if from.is_empty() => {
            problems.extend(seen.iter().filter_map(SeenRule::unusable));
            problems.push(
                "pg_hba.conf has no line for +pglab_students, so that PostgreSQL does not ask the directory for their \
                 passwords"
                    .to_owned(),
            );
        }
        StudentAccess::Ldap { .. } => {
            let wanted = Block::elsewhere(own, &from, students);
            // From the machine itself, nothing has to be encrypted.
            let seen: Vec<SeenRule> = seen.iter().map(SeenRule::as_if_encrypted).collect();
            problems.extend(difference(&wanted, &seen)?);
        }
    }
    Ok(Examined { problems, from })
}

impl SeenRule {
    fn as_if_encrypted(&self) -> Self {
        let mut rule = self.clone();
        let within = Origin::LOOPBACK
            .iter()
            .any(|origin| origin.to_string() == self.from);
        if within && rule.kind == "host" {
            "hostssl".clone_into(&mut rule.kind);
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hba::{Find, LdapMethod, Protection};

    fn rule(line: i32, kind: &str, users: &[&str], from: &str, method: &str, options: &[&str]) -> SeenRule {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        SeenRule {
            line,
            kind: kind.to_owned(),
            databases: vec!["all".to_owned()],
            users: owned(users),
            from: from.to_owned(),
            method: method.to_owned(),
            options: owned(options),
            error: None,
        }
    }

    fn ldap() -> StudentAccess {
        StudentAccess::Ldap {
            method: LdapMethod {
                hosts: vec!["ldap.example.edu".to_owned()],
                port: Some(636),
                protection: Protection::Ldaps,
                find: Find::Bind {
                    prefix: "uid=".to_owned(),
                    suffix: ",ou=people".to_owned(),
                },
            },
            except: Vec::new(),
        }
    }

    const OPTIONS: [&str; 6] = [
        "ldapserver=ldap.example.edu",
        "ldapport=636",
        "ldapscheme=ldaps",
        "ldapprefix=uid=",
        "ldapsuffix=,ou=people",
        "ldapscope=2",
    ];

    fn problems(students: &StudentAccess, seen: &[SeenRule]) -> Vec<String> {
        examined(&[Ident::new("keeper").unwrap()], students, seen)
            .unwrap()
            .problems
    }

    #[test]
    fn pglab_s_part_for_the_ranges_that_the_operator_chose() {
        let services = ["keeper", "+pglab_services"];
        let good = [
            rule(1, "hostssl", &services, "10.1.0.0/16", "scram-sha-256", &[]),
            rule(2, "host", &services, "127.0.0.1/32", "scram-sha-256", &[]),
            rule(
                3,
                "hostssl",
                &["+pglab_students"],
                "10.1.0.0/16",
                "ldap",
                &OPTIONS,
            ),
            rule(4, "host", &["+pglab_students"], "127.0.0.1/32", "ldap", &OPTIONS),
            rule(5, "local", &["all"], "", "peer", &[]),
            rule(6, "hostssl", &["all"], "all", "scram-sha-256", &[]),
        ];
        let found = examined(&[Ident::new("keeper").unwrap()], &ldap(), &good).unwrap();
        assert_eq!(found.problems, [""; 0]);
        assert_eq!(
            found.from,
            ["10.1.0.0/16", "127.0.0.1/32"].map(|range| range.parse().unwrap())
        );
        // Without TLS from elsewhere, or to another server.
        for (at, spoiled) in [
            (
                2,
                rule(3, "host", &["+pglab_students"], "10.1.0.0/16", "ldap", &OPTIONS),
            ),
            (
                2,
                rule(
                    3,
                    "hostssl",
                    &["+pglab_students"],
                    "10.1.0.0/16",
                    "ldap",
                    &OPTIONS[1..],
                ),
            ),
        ] {
            let mut bad = good.clone();
            bad[at] = spoiled;
            assert_eq!(
                problems(&ldap(), &bad),
                [
                    "pg_hba.conf lacks the rule \"hostssl all +pglab_students 10.1.0.0/16 ldap\" of pglab's, or has it \
                     in another order or with other options"
                ]
            );
        }
        // Something for all before it.
        let mut bad = good.to_vec();
        bad.insert(0, rule(0, "host", &["all"], "all", "trust", &[]));
        assert_eq!(
            problems(&ldap(), &bad),
            [
                "line 0 of pg_hba.conf lets anybody from all in as any student, without a password: put scram-sha-256 in \
                 the place of trust",
                "line 0 of pg_hba.conf stands before pglab's part and is for everybody from all: move it below",
            ]
        );
        assert_eq!(
            problems(&ldap(), &good[4..]),
            [
                "pg_hba.conf has no line for +pglab_students, so that PostgreSQL does not ask the directory for their \
                 passwords"
            ]
        );
    }

    #[test]
    fn passwords_that_pglab_keeps_need_a_line_with_a_password() {
        let all = rule(1, "hostssl", &["all"], "all", "scram-sha-256", &[]);
        assert_eq!(
            problems(&StudentAccess::Scram, std::slice::from_ref(&all)),
            [""; 0]
        );
        let left = rule(1, "hostssl", &["+pglab_students"], "all", "ldap", &OPTIONS);
        let said = problems(&StudentAccess::Scram, &[left, all]);
        assert!(
            said[0].starts_with("line 1 of pg_hba.conf sends students to an LDAP directory"),
            "{said:?}"
        );
        let mut unread = rule(3, "host", &["all"], "all", "scram-sha-256", &[]);
        unread.error = Some("invalid".to_owned());
        assert_eq!(
            problems(&StudentAccess::Scram, &[unread]),
            [
                "line 3 of pg_hba.conf can't be used: invalid",
                "no line of pg_hba.conf lets students in with a password: add one for all, or for +pglab_students, with \
                 scram-sha-256",
            ]
        );
    }
}

//! What a slapd of pglab's own is told: its configuration and the entries it begins with, as text. Who may read and write
//! what stands here; starting it, and filling it with people, do not.

use std::{fmt::Write, path::PathBuf};

use super::escape;
use crate::person::Role;

/// Where things of this slapd are, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlapdFiles {
    /// Its configuration. Private to the account that slapd runs as.
    pub folder: PathBuf,
    /// Database and run-time files. Private to that account too; may be the same folder.
    pub data_folder: PathBuf,
    /// `dc=lab,dc=example`.
    pub suffix: String,
    /// The authority of the certificate; none where the machine's own are enough.
    pub ca_file: Option<PathBuf>,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// Where the distribution keeps slapd's modules and its schema: Debian's are in `/usr/lib/ldap` and
    /// `/etc/ldap/schema`.
    pub module_folder: PathBuf,
    pub schema_folder: PathBuf,
    /// Whether the module `argon2` is there. Without it, passwords are stored as salted SHA-1.
    pub argon2: bool,
    /// How much the database may grow to, in bytes: it is only reserved.
    pub max_bytes: u64,
    /// Also take passwords over connections that are not protected. For networks where nobody can listen, and tests.
    pub plain_binds: bool,
    /// Lines of more overlays and the like, after the database's own.
    pub extra: String,
}

/// What slapd has to find in its folder of modules; [`ARGON2`] it can do without.
pub const MODULES: [&str; 3] = ["back_mdb", "ppolicy", "syncprov"];
pub const ARGON2: &str = "argon2";
/// And in its folder of schema.
pub const SCHEMA: [&str; 3] = ["core", "cosine", "inetorgperson"];

/// What the description of a group says that pglab fills with everybody of a role, which follows.
pub const ROLE_MARK: &str = "pglab role ";
/// A group that Grafana looks at, filled by pglab.
pub const INSTRUCTORS: &str = "instructors";
/// One that it leaves alone: its own admins have no account in the tree, and another of the same name is somebody else.
const ADMINS: &str = "admins";

/// The accounts that programs use, with what is stored of their passwords (a hash in slapd's form).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub name: &'static str,
    pub stored_password: String,
}

/// pglab's own: it alone writes.
pub const WRITER: &str = "pglab";
/// PostgreSQL's: finds people, reads nothing else.
pub const POSTGRES: &str = "postgres";
/// Grafana's: finds people and their groups.
pub const GRAFANA: &str = "grafana";
pub const SERVICES: [&str; 3] = [WRITER, POSTGRES, GRAFANA];

/// The rules for passwords that people choose.
pub const MIN_PASSWORD_CHARS: usize = 8;
pub const PASSWORDS_IN_HISTORY: usize = 5;
pub const FAILURES_UNTIL_LOCKED: usize = 10;
pub const LOCKED_SECONDS: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the suffix {0:?} must be like dc=lab,dc=example, of letters, digits and hyphens")]
pub struct SuffixError(pub String);

/// Is this a suffix that we make a tree under?
///
/// # Errors
/// Anything but `dc=` parts.
pub fn check_suffix(suffix: &str) -> Result<(), SuffixError> {
    let wrong = || SuffixError(suffix.to_owned());
    let mut n_parts = 0;
    for part in suffix.split(',') {
        let label = part.strip_prefix("dc=").ok_or_else(wrong)?;
        let fine = !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fine {
            return Err(wrong());
        }
        n_parts += 1;
    }
    if n_parts == 0 { Err(wrong()) } else { Ok(()) }
}

pub fn service_dn(name: &str, suffix: &str) -> String {
    format!("cn={},ou=services,{suffix}", escape::dn_value(name))
}

impl SlapdFiles {
    pub fn database_folder(&self) -> PathBuf {
        self.data_folder.join("db")
    }
    pub fn run_folder(&self) -> PathBuf {
        self.data_folder.join("run")
    }
    pub fn pid_file(&self) -> PathBuf {
        self.run_folder().join("slapd.pid")
    }
    pub fn configuration_file(&self) -> PathBuf {
        self.folder.join("slapd.conf")
    }

    /// `slapd.conf`. There is no root password: nobody is above the rules for access.
    pub fn configuration(&self) -> String {
        let suffix = &self.suffix;
        let writer = service_dn(WRITER, suffix);
        let postgres = service_dn(POSTGRES, suffix);
        let grafana = service_dn(GRAFANA, suffix);
        let mut text =
            "# Written by pglab. Yours belongs into slapd.local.conf beside this file.\n".to_owned();
        for schema in SCHEMA {
            line(
                &mut text,
                "include",
                &self.schema_folder.join(format!("{schema}.schema")),
            );
        }
        line(&mut text, "modulepath", &self.module_folder);
        for module in MODULES.into_iter().chain(self.argon2.then_some(ARGON2)) {
            let _ = writeln!(text, "moduleload {module}");
        }
        line(&mut text, "pidfile", &self.pid_file());
        line(&mut text, "argsfile", &self.run_folder().join("slapd.args"));
        if let Some(ca_file) = &self.ca_file {
            line(&mut text, "TLSCACertificateFile", ca_file);
        }
        line(&mut text, "TLSCertificateFile", &self.certificate_file);
        line(&mut text, "TLSCertificateKeyFile", &self.key_file);
        // Who is not signed in sees nothing, and a password is never sent in the clear: 1 lets in connections with any
        // protection, and TLS or the local socket give more.
        text.push_str(
            "TLSProtocolMin 3.3\n\
             localSSF 128\n\
             security simple_bind={BIND}\n\
             disallow bind_anon\n\
             require bind\n\
             password-hash {HASH}\n\
             sizelimit size.soft=500 size.hard=1000 size.prtotal=unlimited\n\
             timelimit 60\n\
             idletimeout 3600\n\
             loglevel none\n\n"
                .replace("{BIND}", if self.plain_binds { "0" } else { "112" })
                .replace("{HASH}", if self.argon2 { "{ARGON2}" } else { "{SSHA}" })
                .as_str(),
        );
        let _ = write!(
            text,
            "database mdb\n\
             suffix \"{suffix}\"\n\
             rootdn \"cn=nobody,{suffix}\"\n"
        );
        line(&mut text, "directory", &self.database_folder());
        let _ = write!(
            text,
            "maxsize {}\n\
             index objectClass eq\n\
             index uid,cn,mail eq\n\
             index member eq\n\
             index entryCSN,entryUUID eq\n\
             limits dn.exact=\"{writer}\" size=unlimited time=unlimited\n\
             limits dn.exact=\"{grafana}\" size=unlimited\n\
             overlay ppolicy\n\
             ppolicy_default \"cn=default,ou=policies,{suffix}\"\n\
             ppolicy_hash_cleartext\n\
             ppolicy_use_lockout\n\
             overlay syncprov\n\
             access to attrs=userPassword\n  \
               by dn.exact=\"{writer}\" =xw\n  \
               by self =xw\n  \
               by anonymous auth\n  \
               by * none\n\
             access to dn.subtree=\"ou=services,{suffix}\"\n  \
               by self read\n  \
               by dn.exact=\"{writer}\" search\n  \
               by * none\n\
             access to dn.subtree=\"ou=people,{suffix}\"\n  \
               by dn.exact=\"{writer}\" write\n  \
               by dn.exact=\"{postgres}\" read\n  \
               by dn.exact=\"{grafana}\" read\n  \
               by self read\n  \
               by * none\n\
             access to dn.subtree=\"ou=groups,{suffix}\"\n  \
               by dn.exact=\"{writer}\" write\n  \
               by dn.exact=\"{grafana}\" read\n  \
               by * none\n\
             access to *\n  \
               by dn.exact=\"{writer}\" read\n  \
               by users search\n  \
               by * none\n",
            self.max_bytes,
        );
        text.push_str(&self.extra);
        text
    }

    /// The entries that the tree begins with, for `slapadd`.
    pub fn base_entries(&self, services: &[ServiceAccount]) -> String {
        let suffix = &self.suffix;
        let first = suffix
            .split(',')
            .next()
            .and_then(|part| part.strip_prefix("dc="))
            .unwrap_or("lab");
        let mut text = format!(
            "dn: {suffix}\nobjectClass: dcObject\nobjectClass: organization\no: pglab\ndc: {first}\n\n"
        );
        for unit in ["people", "groups", "services", "policies"] {
            let _ = write!(
                text,
                "dn: ou={unit},{suffix}\nobjectClass: organizationalUnit\nou: {unit}\n\n"
            );
        }
        let _ = write!(
            text,
            "dn: cn=default,ou=policies,{suffix}\n\
             objectClass: device\n\
             objectClass: pwdPolicy\n\
             cn: default\n\
             pwdAttribute: userPassword\n\
             pwdMinLength: {MIN_PASSWORD_CHARS}\n\
             pwdCheckQuality: 1\n\
             pwdInHistory: {PASSWORDS_IN_HISTORY}\n\
             pwdAllowUserChange: TRUE\n\
             pwdLockout: TRUE\n\
             pwdMaxFailure: {FAILURES_UNTIL_LOCKED}\n\
             pwdFailureCountInterval: {LOCKED_SECONDS}\n\
             pwdLockoutDuration: {LOCKED_SECONDS}\n\n"
        );
        // Programs are not locked out: whoever knows their names could lock everybody out with them.
        let _ = write!(
            text,
            "dn: cn=services,ou=policies,{suffix}\n\
             objectClass: device\n\
             objectClass: pwdPolicy\n\
             cn: services\n\
             pwdAttribute: userPassword\n\
             pwdLockout: FALSE\n\n"
        );
        for service in services {
            let _ = write!(
                text,
                "dn: {}\n\
                 objectClass: organizationalRole\n\
                 objectClass: simpleSecurityObject\n\
                 cn: {}\n\
                 userPassword: {}\n\
                 pwdPolicySubentry: cn=services,ou=policies,{suffix}\n\n",
                service_dn(service.name, suffix),
                service.name,
                service.stored_password,
            );
        }
        let groups = [
            (
                ADMINS,
                "For Grafana. pglab leaves it alone: add the names of people's entries".to_owned(),
            ),
            (INSTRUCTORS, format!("{ROLE_MARK}{}", Role::Instructor.as_str())),
        ];
        for (group, description) in groups {
            let _ = write!(
                text,
                "dn: cn={group},ou=groups,{suffix}\n\
                 objectClass: groupOfNames\n\
                 cn: {group}\n\
                 description: {description}\n\
                 member: cn=nobody,{suffix}\n\n"
            );
        }
        text
    }
}

/// A directive with a path. Quotes and backslashes are escaped as slapd reads them.
fn line(text: &mut String, directive: &str, path: &std::path::Path) {
    let path = path
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    let _ = writeln!(text, "{directive} \"{path}\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes() {
        assert_eq!(check_suffix("dc=lab,dc=example"), Ok(()));
        for wrong in ["", "lab", "dc=", "dc=a b", "dc=a,ou=b", "dc=a\nrootpw x"] {
            assert!(check_suffix(wrong).is_err(), "{wrong:?}");
        }
    }
}

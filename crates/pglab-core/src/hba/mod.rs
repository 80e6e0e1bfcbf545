//! pglab's part of a server's `pg_hba.conf`: who signs in how, as rules, as text between two marks, and compared with what
//! the server says that it understood. Nothing is read or written here.

mod file;
mod ldap;
mod seen;
mod server;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

pub use file::{BEGIN, END, SpliceError, block_in, spliced};
pub use ldap::{Find, LdapMethod, Protection, SearchBy};
pub use seen::{SeenRule, difference};
pub use server::{Examined, examined};

use crate::ident::Ident;

/// NOLOGIN; every lab's role is a member, and so every student is, by way of it.
pub const STUDENTS: &str = "pglab_students";
/// NOLOGIN; checkers and loaders are members: they sign in with passwords that only pglab knows.
pub const SERVICES: &str = "pglab_services";

/// The longest value that PostgreSQL 14 and 15 read; they leave out longer ones with no more than a line in the log.
const MAX_TOKEN_BYTES: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HbaError {
    #[error("{what} has a line break or a zero byte, which pg_hba.conf can't hold")]
    Unprintable { what: &'static str },
    #[error("{what} has more than {MAX_TOKEN_BYTES} bytes, which PostgreSQL does not read in pg_hba.conf")]
    TooLong { what: &'static str },
    #[error("{0:?} is no address range: give an address, or ADDRESS/BITS")]
    NotARange(String),
    #[error("the search filter has no $username, so that it would find the same person for everybody")]
    FilterWithoutName,
    #[error("PostgreSQL has one port for all LDAP servers; {0} and {1} differ")]
    SeveralPorts(u16, u16),
    #[error("no LDAP server is named")]
    NoServer,
}

/// Where connections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Everywhere,
    Range(IpAddr, u8),
}

impl Origin {
    pub const LOOPBACK: [Self; 2] = [
        Self::Range(IpAddr::V4(Ipv4Addr::LOCALHOST), 32),
        Self::Range(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    ];

    pub fn host(address: IpAddr) -> Self {
        Self::Range(address, if address.is_ipv4() { 32 } else { 128 })
    }
}

impl FromStr for Origin {
    type Err = HbaError;
    fn from_str(text: &str) -> Result<Self, HbaError> {
        let bad = || HbaError::NotARange(text.to_owned());
        if text == "all" {
            return Ok(Self::Everywhere);
        }
        let Some((address, bits)) = text.split_once('/') else {
            return text.parse().map(Self::host).map_err(|_| bad());
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let bits: u8 = bits.parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        if bits > most {
            return Err(bad());
        }
        Ok(Self::Range(address, bits))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("all"),
            Self::Range(address, bits) => write!(f, "{address}/{bits}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    All,
    Role(Ident),
    /// The role's members, direct and indirect.
    MembersOf(Ident),
    /// The members of [`STUDENTS`].
    Students,
    /// The members of [`SERVICES`].
    Services,
}

impl Who {
    /// The role and whether its members are meant; none for everybody.
    fn role(&self) -> Option<(bool, &str)> {
        match self {
            Self::All => None,
            Self::Role(role) => Some((false, role.as_str())),
            Self::MembersOf(role) => Some((true, role.as_str())),
            Self::Students => Some((true, STUDENTS)),
            Self::Services => Some((true, SERVICES)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    Scram,
    Ldap(Box<LdapMethod>),
}

/// One line. All of them are for all databases: which databases somebody may enter is the databases' own affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Connections without TLS are not meant by it.
    pub only_tls: bool,
    pub who: Vec<Who>,
    pub from: Origin,
    pub method: Method,
}

impl Rule {
    fn line(&self) -> Result<String, HbaError> {
        let who = self
            .who
            .iter()
            .map(|who| match who.role() {
                None => Ok("all".to_owned()),
                Some((members, role)) => {
                    let plus = if members { "+" } else { "" };
                    Ok(format!("{plus}{}", quoted("the name of a role", role)?))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let method = match &self.method {
            Method::Scram => "scram-sha-256".to_owned(),
            Method::Ldap(method) => format!("ldap {}", method.options()?),
        };
        Ok(format!(
            "{} all {} {} {method}",
            if self.only_tls { "hostssl" } else { "host" },
            who.join(","),
            self.from,
        ))
    }
}

/// How students prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StudentAccess {
    /// With a password that PostgreSQL holds.
    Scram,
    Ldap {
        method: LdapMethod,
        /// The roles of labs whose instructors turned the fallback on: their members use the password in PostgreSQL.
        except: Vec<Ident>,
    },
}

/// All of our rules, in the order in which PostgreSQL tries them: the first that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    rules: Vec<Rule>,
}

impl Block {
    /// For a server that is pglab's alone and listens on `listen`. `own` are the roles that only pglab signs in as. From
    /// elsewhere, nobody comes in without TLS.
    pub fn private(own: &[Ident], listen: IpAddr, students: &StudentAccess) -> Self {
        let mut ways: Vec<(bool, Origin)> = Origin::LOOPBACK.map(|from| (false, from)).to_vec();
        if !listen.is_loopback() {
            // From this machine to its own address, which does not leave it either.
            if !listen.is_unspecified() {
                ways.push((false, Origin::host(listen)));
            }
            ways.push((true, Origin::Everywhere));
        }
        let mut rules = Self::rules(own, &ways, students);
        rules.extend(ways.iter().map(|(only_tls, from)| Rule {
            only_tls: *only_tls,
            who: vec![Who::All],
            from: *from,
            method: Method::Scram,
        }));
        Self { rules }
    }

    /// For a server that others use too: rules for pglab's roles and students, with TLS, and none for anybody else.
    pub fn elsewhere(own: &[Ident], from: &[Origin], students: &StudentAccess) -> Self {
        let ways: Vec<(bool, Origin)> = from.iter().map(|from| (true, *from)).collect();
        let mut rules = Self::rules(own, &ways, students);
        if *students == StudentAccess::Scram {
            rules.extend(ways.iter().map(|(only_tls, from)| Rule {
                only_tls: *only_tls,
                who: vec![Who::Students],
                from: *from,
                method: Method::Scram,
            }));
        }
        Self { rules }
    }

    /// Checkers are members of their students' roles, and loaders of their lab's: so their lines come first.
    fn rules(own: &[Ident], ways: &[(bool, Origin)], students: &StudentAccess) -> Vec<Rule> {
        let rules = |who: &[Who], method: &Method| -> Vec<Rule> {
            ways.iter()
                .map(|(only_tls, from)| Rule {
                    only_tls: *only_tls,
                    who: who.to_vec(),
                    from: *from,
                    method: method.clone(),
                })
                .collect()
        };
        let mut services: Vec<Who> = own.iter().cloned().map(Who::Role).collect();
        services.push(Who::Services);
        let mut all = rules(&services, &Method::Scram);
        if let StudentAccess::Ldap { method, except } = students {
            let except: Vec<Who> = except.iter().cloned().map(Who::MembersOf).collect();
            if !except.is_empty() {
                all.extend(rules(&except, &Method::Scram));
            }
            all.extend(rules(&[Who::Students], &Method::Ldap(Box::new(method.clone()))));
        }
        all
    }

    pub fn rules_in_order(&self) -> &[Rule] {
        &self.rules
    }

    /// With the marks, and a line break at the end.
    ///
    /// # Errors
    /// A value can't stand in such a file.
    pub fn text(&self) -> Result<String, HbaError> {
        let mut text = format!("{BEGIN}\n");
        for rule in &self.rules {
            text.push_str(&rule.line()?);
            text.push('\n');
        }
        text.push_str(END);
        text.push('\n');
        Ok(text)
    }
}

/// A value as PostgreSQL reads it back: in quotes, in which a quote stands for itself when it is doubled. Nothing else has
/// a meaning there, not even a backslash, unless it ends a line, which the closing quote prevents.
fn quoted(what: &'static str, value: &str) -> Result<String, HbaError> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(HbaError::Unprintable { what });
    }
    if value.len() > MAX_TOKEN_BYTES {
        return Err(HbaError::TooLong { what });
    }
    Ok(format!("\"{}\"", value.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests;

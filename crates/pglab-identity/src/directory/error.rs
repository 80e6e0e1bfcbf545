//! Why the directory could not be asked. What it answered to a person's password is no error: see `Refusal`.

use std::{path::PathBuf, time::Duration};

use ldap3::{LdapError, LdapResult};

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// No server could be connected to: each with its reason.
    #[error("no server of the directory answers: {}", list(.0))]
    Away(Vec<(String, String)>),
    #[error("the directory {url} did not answer within {} s", .limit.as_secs())]
    Slow { url: String, limit: Duration },
    #[error("the certificate of the directory {url} is not trusted: {why}")]
    Certificate { url: String, why: String },
    #[error("the CA file {path} can't be used: {why}")]
    CaFile { path: PathBuf, why: String },
    /// The account that pglab searches or writes with is refused.
    #[error("the directory refuses pglab's own account {dn:?}: {said}")]
    OwnAccount { dn: String, said: String },
    #[error("the directory refused to {what}: {said}")]
    Refused { what: String, code: u32, said: String },
    #[error("the connection to the directory {url} broke: {why}")]
    Broken { url: String, why: String },
}

fn list(tried: &[(String, String)]) -> String {
    let parts: Vec<_> = tried.iter().map(|(url, why)| format!("{url}: {why}")).collect();
    parts.join("; ")
}

impl DirectoryError {
    /// Would it help to try again later? Otherwise somebody has to change a setting.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Slow { .. } | Self::Broken { .. })
    }

    /// What is told to somebody who wants to sign in, without a word about how pglab is set up.
    pub fn for_people(&self) -> &'static str {
        match self {
            Self::Away(_) | Self::Broken { .. } => {
                "the directory that keeps the passwords does not answer, so nobody can sign in at the moment; whoever is \
                 signed in stays so. Try again in a minute"
            }
            Self::Slow { .. } => {
                "the directory that keeps the passwords takes too long to answer; try again in a minute"
            }
            Self::Certificate { .. } | Self::CaFile { .. } => {
                "the directory that keeps the passwords can't prove that it is the right one, so no password is sent to \
                 it; tell your instructor"
            }
            Self::OwnAccount { .. } | Self::Refused { .. } => {
                "the directory that keeps the passwords does not let pglab ask; tell your instructor"
            }
        }
    }

    pub(super) fn from_ldap(url: &str, limit: Duration, error: LdapError) -> Self {
        let url = url.to_owned();
        match error {
            LdapError::Timeout { .. } => Self::Slow { url, limit },
            other => match certificate_problem(&other) {
                Some(why) => Self::Certificate { url, why },
                None => Self::Broken {
                    url,
                    why: other.to_string(),
                },
            },
        }
    }

    pub(super) fn refused(what: impl Into<String>, result: &LdapResult) -> Self {
        Self::Refused {
            what: what.into(),
            code: result.rc,
            said: said(result),
        }
    }
}

/// What the server said, in its words and its number.
pub(super) fn said(result: &LdapResult) -> String {
    let meaning = match result.rc {
        0 => "success",
        1 => "operations error",
        4 => "size limit exceeded",
        8 => "stronger authentication required",
        10 => "referral to another server",
        11 => "administrative limit exceeded",
        13 => "confidentiality required",
        19 => "constraint violation",
        20 => "the value exists",
        21 => "invalid syntax",
        32 => "no such entry",
        34 => "invalid name",
        48 => "inappropriate authentication",
        49 => "invalid credentials",
        50 => "insufficient access",
        51 => "busy",
        52 => "unavailable",
        53 => "unwilling to perform",
        68 => "the entry exists",
        _ => "error",
    };
    if result.text.is_empty() {
        format!("{meaning} ({})", result.rc)
    } else {
        format!("{meaning} ({}): {}", result.rc, result.text)
    }
}

/// A complaint of TLS about the other side's certificate, in a few words.
pub(super) fn certificate_problem(error: &LdapError) -> Option<String> {
    let inner = match error {
        LdapError::Io { source } => source.get_ref()?.downcast_ref::<rustls::Error>()?,
        LdapError::Rustls { source } => source,
        _ => return None,
    };
    match inner {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            Some("it is signed by an authority that pglab was not told of (see ca_file)".to_owned())
        }
        rustls::Error::InvalidCertificate(
            rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. },
        ) => Some("it has expired".to_owned()),
        rustls::Error::InvalidCertificate(
            rustls::CertificateError::NotValidForName
            | rustls::CertificateError::NotValidForNameContext { .. },
        ) => Some("it is made out to another name than the one in the settings".to_owned()),
        rustls::Error::InvalidCertificate(other) => Some(format!("{other:?}")),
        _ => None,
    }
}

//! How the way to a PostgreSQL server is protected: libpq's `sslmode`, with the meaning that it has there. The
//! server's own side, certificates and keys, is in [`crate::private`].

mod verify;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::verify::{Check, Verifier};

/// As libpq names them; `allow` is left out, which protects nobody from anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// In the clear.
    #[default]
    Disable,
    /// Encrypted where the server offers it.
    Prefer,
    /// Encrypted; whose certificate it is, is not looked at, unless there is a CA: then as `VerifyCa`.
    Require,
    /// The certificate comes from the CA.
    VerifyCa,
    /// It also names the host that we connect to.
    VerifyFull,
}

impl Mode {
    pub const ALL: [Self; 5] = [
        Self::Disable,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    pub fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = TlsError;
    fn from_str(text: &str) -> Result<Self, TlsError> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| TlsError::UnknownMode(text.to_owned()))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{0:?} is no sslmode: use disable, prefer, require, verify-ca or verify-full")]
    UnknownMode(String),
    #[error("{0} needs a file with the certificate of the CA (a server can't be verified against nothing)")]
    NoCa(Mode),
    #[error("the CA file {path} can't be used: {why}")]
    BadCa { path: PathBuf, why: String },
    #[error("TLS can't be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// What a connection does about TLS. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tls {
    mode: Mode,
    ca_file: Option<PathBuf>,
    connector: Option<MakeRustlsConnect>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("mode", &self.mode)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// In the clear: for a server on this machine.
    pub fn disabled() -> Self {
        Self::default()
    }

    /// Reads the CA file, which may hold several certificates. A server certificate that is in it itself is trusted
    /// too, as one does with self-signed ones.
    ///
    /// # Errors
    /// The mode verifies and there is no CA file, or the file has no certificate in PEM.
    pub fn new(mode: Mode, ca_file: Option<&Path>) -> Result<Self, TlsError> {
        if mode == Mode::Disable {
            return Ok(Self::disabled());
        }
        let provider = Arc::new(ring::default_provider());
        let check = match (mode, ca_file) {
            (Mode::VerifyCa | Mode::VerifyFull, None) => return Err(TlsError::NoCa(mode)),
            (Mode::VerifyFull, Some(path)) => Check::Name(read_ca(path)?),
            (Mode::Require | Mode::VerifyCa, Some(path)) => Check::Chain(read_ca(path)?),
            _ => Check::Nothing,
        };
        let verifier = Verifier::new(check, &provider)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self {
            mode,
            ca_file: ca_file.map(Path::to_owned),
            connector: Some(MakeRustlsConnect::new(config)),
        })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    pub(crate) fn connector(&self) -> Option<MakeRustlsConnect> {
        self.connector.clone()
    }

    /// The same for PostgreSQL's own client programs.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![("PGSSLMODE", self.mode.to_string())];
        // Without one, libpq would look for a file in somebody's home directory.
        let ca_file = self
            .ca_file
            .as_ref()
            .map_or_else(|| "/nonexistent".to_owned(), |path| path.display().to_string());
        environment.push(("PGSSLROOTCERT", ca_file));
        environment
    }
}

/// The certificates of a CA file.
pub(crate) struct Ca {
    roots: Arc<RootCertStore>,
    certificates: Vec<CertificateDer<'static>>,
}

fn read_ca(path: &Path) -> Result<Ca, TlsError> {
    let bad = |why: String| TlsError::BadCa {
        path: path.to_owned(),
        why,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    let (n_taken, _) = roots.add_parsable_certificates(certificates.iter().cloned());
    if n_taken == 0 {
        return Err(bad("it has no certificate in PEM".to_owned()));
    }
    Ok(Ca {
        roots: Arc::new(roots),
        certificates,
    })
}

/// Where distributions keep the certificates that everybody trusts.
pub(crate) fn system_bundle() -> Option<&'static Path> {
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/opt/homebrew/etc/ca-certificates/cert.pem",
    ]
    .into_iter()
    .map(Path::new)
    .find(|path| path.is_file())
}

/// What is wrong with the protection, in a sentence that says what to do; nothing if an error is about something else.
pub(crate) fn complaint(error: &tokio_postgres::Error) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let inner = current
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = inner.or_else(|| current.downcast_ref()) {
            return Some(sentence(tls));
        }
        if current.to_string() == "server does not support TLS" {
            return Some(
                "the server offers no TLS; set ssl = on there, or use the sslmode disable here".to_owned(),
            );
        }
        cause = current.source();
    }
    None
}

fn sentence(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "the server's certificate was not issued by the CA in our CA file".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate names other hosts than the one that we connect to; use a name that it has, \
                 or the sslmode verify-ca"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired".to_owned()
            }
            other => format!("the server's certificate is not accepted ({other})"),
        },
        other => other.to_string(),
    }
}

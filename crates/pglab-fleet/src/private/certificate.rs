//! The certificates of a private server: a CA of its own, whose certificate goes into kits and lives for decades, and the
//! server's, which is made anew whenever its names change or its end comes near. Nobody else's CA is asked.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Datelike, Duration, Utc};
use pglab_core::Clock;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::{Account, PrivateError};

/// Relative to the data directory of PostgreSQL.
pub(super) const CERTIFICATE_FILE: &str = "pglab-server.crt";
pub(super) const KEY_FILE: &str = "pglab-server.key";

/// Students keep the CA's certificate in their home directories.
const CA_YEARS: i32 = 30;
/// More is refused by some clients.
const SERVER_LIFE: Duration = Duration::days(800);
/// The server's certificate is made anew when less than this is left.
const RENEW_BEFORE: Duration = Duration::days(200);

/// What a private server needs for TLS.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// Where the CA is kept: the certificate `ca.crt`, and its key, which PostgreSQL's account can't read.
    pub folder: PathBuf,
    /// How clients call this machine: names and addresses.
    pub names: Vec<String>,
    pub clock: Arc<dyn Clock>,
}

impl ServerTls {
    /// What clients need to verify the server.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }
}

/// Makes what is missing or comes to its end. Tells whether the server's files changed, so that it must read them again.
pub(super) fn ensure(
    tls: &ServerTls,
    cluster: &Path,
    account: Option<Account>,
) -> Result<bool, PrivateError> {
    ensure_for(
        tls,
        "PostgreSQL of pglab",
        &cluster.join(CERTIFICATE_FILE),
        &cluster.join(KEY_FILE),
        account,
    )
}

/// The same for any server of pglab's: the certificate and its key in these files, which are `account`'s.
///
/// # Errors
/// The files can't be written.
pub fn ensure_for(
    tls: &ServerTls,
    subject: &str,
    certificate_file: &Path,
    key_file: &Path,
    account: Option<Account>,
) -> Result<bool, PrivateError> {
    let now = tls.clock.now();
    let issuer = authority(tls, now)?;
    let names = usable_names(&tls.names);
    if key_file.exists()
        && Found::read(certificate_file).is_some_and(|found| found.serves(&names, &issuer.name, now))
    {
        return Ok(false);
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, subject);
    set_life(&mut params, now, now + SERVER_LIFE);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &issuer.issuer)?;
    write(key_file, &key.serialize_pem(), 0o600, account)?;
    write(certificate_file, &certificate.pem(), 0o644, account)?;
    Ok(true)
}

/// When the certificate in a file ends. `None` where there is none that can be read.
pub fn expiry(path: &Path) -> Option<DateTime<Utc>> {
    Found::read(path).map(|found| found.until)
}

struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The CA, made at the first start. A new one is made only for one whose end is near: then kits must be given out again.
fn authority(tls: &ServerTls, now: DateTime<Utc>) -> Result<Authority, PrivateError> {
    let key_file = tls.folder.join("ca.key");
    let kept = fs::read_to_string(&key_file).ok();
    let key = match &kept {
        Some(pem) => KeyPair::from_pem(pem)?,
        None => KeyPair::generate()?,
    };
    let mut params = CertificateParams::default();
    let id: String = params
        .key_identifier(&key)
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("pglab CA {id}");
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name.clone());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let lives = Found::read(&tls.ca_file()).is_some_and(|found| found.until > now + SERVER_LIFE);
    if kept.is_none() || !lives {
        let year = now.year();
        params.not_before = date_time_ymd(year - 1, 1, 1);
        params.not_after = date_time_ymd(year + CA_YEARS, 1, 1);
        let certificate: Certificate = params.self_signed(&key)?;
        fs::create_dir_all(&tls.folder).map_err(|source| PrivateError::File {
            what: "could not make the folder",
            path: tls.folder.clone(),
            source,
        })?;
        if kept.is_none() {
            write(&key_file, &key.serialize_pem(), 0o600, None)?;
        }
        write(&tls.ca_file(), &certificate.pem(), 0o644, None)?;
    }
    Ok(Authority {
        name,
        issuer: Issuer::new(params, key),
    })
}

/// Whole days, the first of them yesterday: clocks of clients are not exact.
fn set_life(params: &mut CertificateParams, from: DateTime<Utc>, until: DateTime<Utc>) {
    let day = |at: DateTime<Utc>| {
        let (month, day) = (at.month(), at.day());
        date_time_ymd(
            at.year(),
            u8::try_from(month).unwrap_or(1),
            u8::try_from(day).unwrap_or(1),
        )
    };
    params.not_before = day(from - Duration::days(1));
    params.not_after = day(until);
}

/// Those that can be in a certificate.
fn usable_names(names: &[String]) -> BTreeSet<String> {
    names
        .iter()
        .filter_map(|name| match name.parse::<IpAddr>() {
            Ok(address) => Some(address.to_string()),
            Err(_) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Some(name.to_ascii_lowercase())
            }
            Err(_) => {
                tracing::warn!(name, "this name can't be in a certificate; it is left out");
                None
            }
        })
        .collect()
}

/// What is written in a certificate that was made before.
struct Found {
    names: BTreeSet<String>,
    issuer: String,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Found {
    fn read(path: &Path) -> Option<Self> {
        let der = CertificateDer::from_pem_file(path).ok()?;
        let certificate = x509_cert::Certificate::from_der(&der).ok()?;
        let body = &certificate.tbs_certificate;
        let at = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            DateTime::from_timestamp(seconds, 0)
        };
        let names = match body.get::<SubjectAltName>().ok()? {
            Some((_, SubjectAltName(names))) => names.iter().filter_map(text).collect(),
            None => BTreeSet::new(),
        };
        Some(Self {
            names,
            issuer: body.issuer.to_string(),
            from: at(body.validity.not_before)?,
            until: at(body.validity.not_after)?,
        })
    }

    fn serves(&self, names: &BTreeSet<String>, issuer: &str, now: DateTime<Utc>) -> bool {
        self.names == *names
            && self.issuer == format!("CN={issuer}")
            && self.from <= now
            && self.until > now + RENEW_BEFORE
    }
}

fn text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(octets) => match octets.as_bytes().len() {
            4 => <[u8; 4]>::try_from(octets.as_bytes())
                .ok()
                .map(|octets| IpAddr::from(octets).to_string()),
            _ => <[u8; 16]>::try_from(octets.as_bytes())
                .ok()
                .map(|octets| IpAddr::from(octets).to_string()),
        },
        _ => None,
    }
}

/// Writes beside and renames. The file is `account`'s.
///
/// # Errors
/// It can't be written.
pub fn write(path: &Path, text: &str, mode: u32, account: Option<Account>) -> Result<(), PrivateError> {
    let fresh = path.with_extension("new");
    let failed = |source| PrivateError::File {
        what: "could not write",
        path: path.to_owned(),
        source,
    };
    // What an interrupted start left may have another owner or mode.
    let _ = fs::remove_file(&fresh);
    let mut file = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    if let Some(account) = account {
        account.own(&fresh)?;
    }
    fs::rename(&fresh, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that tests move.
    #[derive(Debug)]
    struct SetClock(Mutex<DateTime<Utc>>);

    impl Clock for SetClock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn the_ca_stays_and_the_server_s_certificate_follows_names_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Arc::new(SetClock(Mutex::new(start)));
        let mut tls = ServerTls {
            folder: folder.path().join("tls"),
            names: vec!["127.0.0.1".to_owned(), "::1".to_owned(), "Lab.example".to_owned()],
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let made = |tls: &ServerTls| ensure(tls, folder.path(), None).unwrap();
        let file = folder.path().join(CERTIFICATE_FILE);
        assert!(made(&tls));
        assert!(!made(&tls));
        let ca = fs::read_to_string(tls.ca_file()).unwrap();
        let until = expiry(&file).unwrap();
        assert!(until > start + Duration::days(700), "{until}");
        assert_eq!(
            Found::read(&file).unwrap().names,
            ["127.0.0.1", "::1", "lab.example"].map(str::to_owned).into()
        );

        tls.names.push("10.1.2.3".to_owned());
        assert!(made(&tls));
        assert!(!made(&tls));
        *clock.0.lock().unwrap() = until - Duration::days(100);
        assert!(made(&tls));
        assert!(expiry(&file).unwrap() > until);
        assert_eq!(fs::read_to_string(tls.ca_file()).unwrap(), ca);

        // A server certificate of another CA is of no use.
        fs::remove_file(tls.folder.join("ca.key")).unwrap();
        assert!(made(&tls));
        assert_ne!(fs::read_to_string(tls.ca_file()).unwrap(), ca);

        assert_eq!(expiry(&folder.path().join("nothing")), None);
    }
}

//! A small OpenLDAP server for these tests: people under `ou=people`, one account that may search, TLS with a CA of its own.
//! What pglab makes of a tree of its own is not here.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use pglab_core::directory::{Attributes, BindMode, DirectorySettings, RoleGroups, Server, Tls};
use pglab_testkit::free_port;

const SUFFIX: &str = "dc=lab,dc=test";

const CONFIGURATION: &str = "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile FOLDER/ca.crt
TLSCertificateFile FOLDER/server.crt
TLSCertificateKeyFile FOLDER/server.key
disallow bind_anon
database mdb
suffix dc=lab,dc=test
rootdn cn=admin,dc=lab,dc=test
rootpw admin-secret
directory FOLDER/db
maxsize 67108864
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=cn=postgres,dc=lab,dc=test read by * none
";

const ENTRIES: &str = "dn: dc=lab,dc=test
objectClass: dcObject
objectClass: organization
o: Lab
dc: lab

dn: ou=people,dc=lab,dc=test
objectClass: organizationalUnit
ou: people

dn: cn=postgres,dc=lab,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: postgres
userPassword: postgres-secret
";

#[derive(Debug)]
pub(super) struct Slapd {
    folder: tempfile::TempDir,
    pub(super) ldap: u16,
    pub(super) ldaps: u16,
    running: Option<Child>,
}

impl Slapd {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        fs::create_dir(folder.path().join("db")).unwrap();
        let text = CONFIGURATION.replace("FOLDER", folder.path().to_str().unwrap());
        fs::write(folder.path().join("slapd.conf"), text).unwrap();
        let mut slapd = Self {
            folder,
            ldap: free_port(),
            ldaps: free_port(),
            running: None,
        };
        let entries = slapd.folder.path().join("entries.ldif");
        fs::write(&entries, ENTRIES).unwrap();
        let added = Command::new("/usr/sbin/slapadd")
            .arg("-f")
            .arg(slapd.folder.path().join("slapd.conf"))
            .arg("-l")
            .arg(&entries)
            .status();
        assert!(added.unwrap().success());
        slapd.start_again();
        slapd
    }

    pub(super) fn start_again(&mut self) {
        // With a level for messages it stays in the foreground.
        let child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(self.folder.path().join("slapd.conf"))
            .args(["-d", "0", "-h"])
            .arg(format!(
                "ldap://127.0.0.1:{}/ ldaps://127.0.0.1:{}/",
                self.ldap, self.ldaps
            ))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.running = Some(child);
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", self.ldaps)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("slapd does not answer");
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Connections are still accepted by the kernel, and nothing is answered.
    pub(super) fn freeze(&self) {
        self.signal(nix::sys::signal::Signal::SIGSTOP);
    }

    pub(super) fn thaw(&self) {
        self.signal(nix::sys::signal::Signal::SIGCONT);
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = self.running.as_ref().unwrap().id();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), signal).unwrap();
    }

    pub(super) fn ca(&self) -> String {
        fs::read_to_string(self.folder.path().join("ca.crt")).unwrap()
    }

    /// Of a CA that did not sign slapd's certificate.
    pub(super) fn other_ca(&self) -> String {
        fs::read_to_string(self.folder.path().join("other-ca.crt")).unwrap()
    }

    pub(super) fn people(&self) -> String {
        format!("ou=people,{SUFFIX}")
    }

    /// The account that may search.
    pub(super) fn account(&self) -> (String, String) {
        (format!("cn=postgres,{SUFFIX}"), "postgres-secret".to_owned())
    }

    pub(super) fn settings(&self, tls: Tls, bind: BindMode) -> DirectorySettings {
        DirectorySettings {
            servers: vec![Server {
                host: "127.0.0.1".to_owned(),
                port: if tls == Tls::Ldaps { self.ldaps } else { self.ldap },
            }],
            tls,
            ca_file: None::<PathBuf>,
            bind,
            attributes: Attributes::default(),
            groups: None,
            roles: RoleGroups::default(),
            labs: Vec::new(),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(2),
        }
    }

    /// `dn` is the name of the entry as it is in the file, with its escapes.
    pub(super) fn add_person(&self, login: &str, dn_value: &str, password: &str) {
        self.ldif(&format!(
            "dn: uid={dn_value},{}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {login}\nsn: x\n\
             mail: {login}@lab.test\nuserPassword: {password}\n",
            self.people()
        ));
    }

    pub(super) fn ldif(&self, text: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.ldap)])
            .args(["-D", &format!("cn=admin,{SUFFIX}"), "-w", "admin-secret"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A CA, slapd's certificate for 127.0.0.1, and a CA of somebody else.
fn make_certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (pem, Issuer::new(params, key))
    };
    let (ca, issuer) = authority("CA of the tests");
    let (other, _) = authority("another CA");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("ca.crt"), ca).unwrap();
    fs::write(folder.join("other-ca.crt"), other).unwrap();
    fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

//! A private OpenLDAP server per test, with the configuration that pglab writes: its own CA and certificate, ppolicy and
//! argon2. A watchdog process ends it and removes its files also when the test was killed.

use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use pglab_core::directory::{
    Attributes, BindMode, DirectorySettings, GroupSettings, IdentitySettings, ManagedTree, RoleGroups, Scope,
    Search, Secret, Server, StoredHash, Tls,
    slapd::{GRAFANA, POSTGRES, SERVICES, ServiceAccount, SlapdFiles, WRITER, service_dn},
};
use pglab_fleet::private::{
    Account,
    slapd::{PrivateSlapd, SlapdListen, has_argon2, initialise},
};

pub use pglab_fleet::private::slapd::module_and_schema_folders;

use crate::{free_port, postgres::set_mode};

pub const SUFFIX: &str = "dc=lab,dc=test";

#[derive(Debug, Clone, Default)]
pub struct SlapdOptions {
    /// Take passwords over connections that are not protected.
    pub plain_binds: bool,
    /// People `p00000` and so on from the beginning, without passwords.
    pub n_people: usize,
    /// More lines for the configuration, at its end.
    pub extra: String,
}

#[derive(Debug)]
pub struct Slapd {
    running: Option<(PrivateSlapd, Child)>,
    files: SlapdFiles,
    listen: SlapdListen,
    folder: PathBuf,
}

impl Slapd {
    pub async fn start() -> Self {
        Self::start_with(SlapdOptions::default()).await
    }

    pub async fn start_with(options: SlapdOptions) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pglab-test-slapd-")
            .tempdir()
            .expect("a folder for slapd")
            .keep();
        set_mode(&folder, 0o755);
        make_certificates(&folder);
        let (module_folder, schema_folder) = module_and_schema_folders();
        let files = SlapdFiles {
            folder: folder.join("ldap"),
            data_folder: folder.join("ldap"),
            suffix: SUFFIX.to_owned(),
            ca_file: Some(folder.join("ca.crt")),
            certificate_file: folder.join("server.crt"),
            key_file: folder.join("server.key"),
            argon2: has_argon2(&module_folder),
            module_folder,
            schema_folder,
            max_bytes: 256 << 20,
            plain_binds: options.plain_binds,
            extra: options.extra,
        };
        let services = SERVICES.map(|name| ServiceAccount {
            name,
            stored_password: format!("{name}-secret"),
        });
        initialise(
            &files,
            &services,
            Account::for_servers().expect("an account for servers"),
        )
        .await
        .expect("the tree can be made");
        add_many(&files, options.n_people);
        let listen = SlapdListen {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ldap: free_port(),
            ldaps: free_port(),
        };
        let mut slapd = Self {
            running: None,
            files,
            listen,
            folder,
        };
        slapd.start_again().await;
        slapd
    }

    /// Starts it after [`Self::stop`], at the same ports.
    pub async fn start_again(&mut self) {
        let server = PrivateSlapd::start(self.files.clone(), self.listen)
            .await
            .expect("slapd starts");
        let watchdog = watch(server.pid(), &self.folder);
        self.running = Some((server, watchdog));
    }

    pub async fn stop(&mut self) {
        if let Some((server, mut watchdog)) = self.running.take() {
            server.stop().await.expect("slapd stops");
            let _ = watchdog.wait();
        }
    }

    /// Changes by `slapmodify`, which nobody's access limits: to its policies, say. It is stopped meanwhile.
    pub async fn change_at_rest(&mut self, ldif: &str) {
        self.stop().await;
        let path = self.folder.join("change.ldif");
        fs::write(&path, ldif).expect("the file can be written");
        at_rest(&self.files, "slapmodify", &path);
        self.start_again().await;
    }

    /// The default policy for passwords, with these lines more.
    pub async fn policy(&mut self, lines: &[&str]) {
        let changes: Vec<String> = lines
            .iter()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| format!("replace: {name}\n{name}:{value}\n-\n"))
            .collect();
        self.change_at_rest(&format!(
            "dn: cn=default,ou=policies,{SUFFIX}\nchangetype: modify\n{}",
            changes.concat()
        ))
        .await;
    }

    /// Stops its clock, as it were: connections are still accepted by the kernel, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some((server, _)) = &self.running {
            let status = Command::new("kill")
                .args([signal, &server.pid().to_string()])
                .status();
            assert!(status.expect("kill runs").success());
        }
    }

    pub fn pid(&self) -> i32 {
        self.running.as_ref().map_or(0, |(server, _)| server.pid())
    }

    pub fn files(&self) -> &SlapdFiles {
        &self.files
    }

    pub fn listen(&self) -> SlapdListen {
        self.listen
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// The certificate of a CA that did not sign slapd's.
    pub fn other_ca_file(&self) -> PathBuf {
        self.folder.join("other-ca.crt")
    }

    pub fn people(&self) -> String {
        format!("ou=people,{SUFFIX}")
    }

    pub fn service(&self, name: &str) -> (String, String) {
        (service_dn(name, SUFFIX), format!("{name}-secret"))
    }

    /// How pglab reaches it: LDAPS, searching as the account of PostgreSQL.
    pub fn settings(&self) -> DirectorySettings {
        let (bind_dn, password) = self.service(GRAFANA);
        DirectorySettings {
            servers: vec![Server {
                host: "127.0.0.1".to_owned(),
                port: self.listen.ldaps,
            }],
            tls: Tls::Ldaps,
            ca_file: Some(self.ca_file()),
            bind: BindMode::Search(Search {
                bind_dn: Some(bind_dn),
                bind_password: Some(Secret::new(password)),
                base: self.people(),
                scope: Scope::One,
                filter: "(&(objectClass=inetOrgPerson)(uid={login}))".to_owned(),
            }),
            attributes: Attributes {
                external_id: Some("employeeNumber".to_owned()),
                ..Attributes::default()
            },
            groups: Some(GroupSettings {
                base: format!("ou=groups,{SUFFIX}"),
                filter: "(&(objectClass=groupOfNames)(member={dn}))".to_owned(),
            }),
            roles: RoleGroups {
                student: vec!["*".to_owned()],
                ..RoleGroups::default()
            },
            labs: Vec::new(),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(2),
        }
    }

    /// The same by StartTLS.
    pub fn settings_starttls(&self) -> DirectorySettings {
        DirectorySettings {
            servers: vec![Server {
                host: "127.0.0.1".to_owned(),
                port: self.listen.ldap,
            }],
            tls: Tls::StartTls,
            ..self.settings()
        }
    }

    /// What PostgreSQL would use.
    pub fn postgres_account(&self) -> (String, String) {
        self.service(POSTGRES)
    }

    pub fn tree(&self) -> ManagedTree {
        let (writer_dn, password) = self.service(WRITER);
        ManagedTree {
            suffix: SUFFIX.to_owned(),
            writer_dn,
            writer_password: Secret::new(password),
            hash: StoredHash::Argon2,
        }
    }

    pub fn managed(&self) -> IdentitySettings {
        IdentitySettings::Managed(self.settings(), self.tree())
    }

    /// Adds what somebody else would have: a person with a password.
    pub fn add_person(&self, login: &str, password: &str) -> String {
        let dn = self.tree().person_dn(login);
        self.ldif(&format!(
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid:: {}\ncn:: {}\nsn: Tests\n\
             {}userPassword: {password}\n",
            base64(login.as_bytes()),
            base64(format!("{login} of the tests").as_bytes()),
            if login.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                format!("mail: {login}@lab.test\nemployeeNumber: e-{login}\n")
            } else {
                String::new()
            },
        ));
        dn
    }

    pub fn add_group(&self, name: &str, members: &[&str]) -> String {
        let dn = format!("cn={name},ou=groups,{SUFFIX}");
        let members: String = members
            .iter()
            .map(|member| format!("member: {member}\n"))
            .collect();
        self.ldif(&format!(
            "dn: {dn}\nobjectClass: groupOfNames\ncn: {name}\n{members}"
        ));
        dn
    }

    /// Entries, or changes with their `changetype`, as the account that may write.
    pub fn ldif(&self, text: &str) {
        let (dn, password) = self.service(WRITER);
        self.try_ldif(&dn, &password, text).expect("the change is made");
    }

    /// The same as somebody else; the error is what was said.
    ///
    /// # Errors
    /// The server refuses it.
    pub fn try_ldif(&self, dn: &str, password: &str, text: &str) -> Result<(), String> {
        let mut child = self
            .client("ldapmodify", dn, password)
            .arg("-a")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ldapmodify runs");
        let mut input = child.stdin.take().expect("stdin");
        input.write_all(text.as_bytes()).expect("ldapmodify reads");
        drop(input);
        let output = child.wait_with_output().expect("ldapmodify ends");
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// One entry and these of its attributes, as somebody: what `ldapsearch` prints.
    pub fn search(&self, dn: &str, password: &str, base: &str, attributes: &str) -> String {
        let output = self
            .client("ldapsearch", dn, password)
            .args(["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", base])
            .args(["(objectClass=*)", attributes])
            .output()
            .expect("ldapsearch runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn client(&self, program: &str, dn: &str, password: &str) -> Command {
        let mut command = Command::new(program);
        command
            .args([
                "-x",
                "-H",
                &format!("ldaps://127.0.0.1:{}", self.listen.ldaps),
                "-D",
                dn,
                "-w",
                password,
            ])
            .env("LDAPTLS_CACERT", self.ca_file());
        command
    }

    /// Everything that is in the tree, by `slapcat`, and without the hashes of passwords.
    pub fn dump(&self) -> String {
        let output = Command::new("/usr/sbin/slapcat")
            .args(["-o", "ldif-wrap=no", "-f"])
            .arg(self.files.configuration_file())
            .output()
            .expect("slapcat runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| !line.starts_with("userPassword") && !line.starts_with("pwdHistory"))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        if let Some((server, mut watchdog)) = self.running.take() {
            let _ = Command::new("kill")
                .args(["-KILL", &server.pid().to_string()])
                .stderr(Stdio::null())
                .status();
            drop(server);
            let _ = watchdog.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A shell that waits for this test or slapd to end, then ends slapd and removes its files.
fn watch(slapd: i32, folder: &Path) -> Child {
    let script = "while kill -0 $1 2>/dev/null && kill -0 $2 2>/dev/null && \
                  ! grep -q 'State:.Z' /proc/$2/status 2>/dev/null; do sleep 0.1; done; \
                  kill -KILL $2 2>/dev/null; \
                  kill -0 $1 2>/dev/null || { sleep 1; rm -rf \"$3\"; }";
    Command::new("sh")
        .args(["-c", script, "watchdog"])
        .arg(std::process::id().to_string())
        .arg(slapd.to_string())
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs")
}

/// A CA and slapd's certificate for 127.0.0.1 and `localhost`, and a CA of somebody else.
fn make_certificates(folder: &Path) {
    let script = "set -e; cd \"$1\"; umask 022
        new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
        openssl req -x509 $new -days 30 -keyout ca.key -out ca.crt -subj '/CN=CA of the tests'
        openssl req -x509 $new -days 30 -keyout other.key -out other-ca.crt -subj '/CN=another CA'
        openssl req $new -keyout server.key -out server.csr -subj '/CN=slapd of the tests'
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage=serverAuth\\n' > san
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out server.crt
        chmod 644 server.key";
    let output = Command::new("sh")
        .args(["-c", script, "certificates"])
        .arg(folder)
        .output()
        .expect("sh runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Straight into the database, while nobody runs on it.
fn add_many(files: &SlapdFiles, n_people: usize) {
    if n_people == 0 {
        return;
    }
    let text: String = (0..n_people)
        .map(|n| {
            format!(
                "dn: uid=p{n:05},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: p{n:05}\ncn: Person {n}\nsn: {n}\n\
                 mail: p{n:05}@lab.test\n\n"
            )
        })
        .collect();
    let ldif = files.folder.join("many.ldif");
    fs::write(&ldif, text).expect("the file can be written");
    at_rest(files, "slapadd", &ldif);
}

/// `slapadd` or `slapmodify`, while nobody runs on the database.
fn at_rest(files: &SlapdFiles, program: &str, ldif: &Path) {
    let configuration = files.configuration_file();
    let mut command = Command::new(Path::new("/usr/sbin").join(program));
    if program == "slapadd" {
        command.arg("-q");
    }
    let output = command
        .arg("-f")
        .arg(&configuration)
        .arg("-l")
        .arg(ldif)
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // It ran as who we are: the files are to stay those of slapd's account.
    let owned = Command::new("chown")
        .arg("-R")
        .arg("--reference")
        .arg(&configuration)
        .arg(files.database_folder())
        .status();
    assert!(owned.expect("chown runs").success());
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = usize::try_from(word >> (18 - 6 * at) & 63).unwrap_or(0);
            text.push(if at <= chunk.len() {
                char::from(DIGITS[digit])
            } else {
                '='
            });
        }
    }
    text
}

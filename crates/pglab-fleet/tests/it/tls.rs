//! TLS from both ends: a private server with its own CA, pglab's connections in every mode, and psql with what a kit has.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::Command,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use pglab_core::{Clock, hba::StudentAccess};
use pglab_fleet::{
    Connection, Error, Target,
    private::{PrivateServer, ServerSettings, ServerTls, certificate},
    tls::{Mode, Tls},
};
use pglab_testkit::{TestServer, postgres::free_port};

/// The other side of a connection has the real time too.
#[derive(Debug)]
struct WallClock;

impl Clock for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates are verified by the real time"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A server with TLS over the files of a test server, that listens everywhere.
struct TlsServer {
    server: PrivateServer,
    tls: ServerTls,
    files: TestServer,
    folder: tempfile::TempDir,
}

impl TlsServer {
    async fn start() -> Self {
        let files = TestServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let tls = ServerTls {
            folder: folder.path().join("tls"),
            names: vec!["127.0.0.1".to_owned(), "lab.test".to_owned()],
            clock: Arc::new(WallClock),
        };
        let settings = ServerSettings {
            listen: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: free_port(),
            tls: Some(tls.clone()),
            ..files.server().settings().clone()
        };
        let server = PrivateServer::start(settings).await.unwrap();
        server
            .access(&[])
            .unwrap()
            .apply(&StudentAccess::Scram, None)
            .await
            .unwrap();
        Self {
            server,
            tls,
            files,
            folder,
        }
    }

    fn target(&self, host: &str, mode: Mode, ca: Option<&Path>) -> Target {
        let mut target = Target::new(tokio_postgres::Config::new(), Tls::new(mode, ca).unwrap());
        target
            .host(host)
            .port(self.server.address().port)
            .user("pglab_super")
            .password(self.files.superuser_password())
            .dbname("postgres");
        target
    }

    /// A name for 127.0.0.1 that the certificate has or does not have.
    fn named(&self, name: &str, mode: Mode, ca: Option<&Path>) -> Target {
        let mut target = self.target(name, mode, ca);
        target.hostaddr(IpAddr::V4(Ipv4Addr::LOCALHOST));
        target
    }
}

async fn encrypted(connection: &Connection) -> bool {
    connection
        .query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0)
}

fn refusal(outcome: Result<Connection, Error>) -> String {
    match outcome {
        Err(Error::Unprotected(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_mode_asks_what_it_promises() {
    let server = TlsServer::start().await;
    let ca = server.tls.ca_file();
    // Another server's CA.
    let elsewhere = ServerTls {
        folder: server.folder.path().join("other"),
        ..server.tls.clone()
    };
    let other_files = TestServer::start().await;
    let settings = ServerSettings {
        tls: Some(elsewhere.clone()),
        ..other_files.server().settings().clone()
    };
    PrivateServer::start(settings).await.unwrap();
    let other = elsewhere.ca_file();

    let open = async |target: Target| Connection::open(&target).await;
    assert!(
        !encrypted(
            &open(server.target("127.0.0.1", Mode::Disable, None))
                .await
                .unwrap()
        )
        .await
    );
    for mode in [Mode::Prefer, Mode::Require] {
        assert!(encrypted(&open(server.target("127.0.0.1", mode, None)).await.unwrap()).await);
    }
    for mode in [Mode::Require, Mode::VerifyCa, Mode::VerifyFull] {
        assert!(encrypted(&open(server.target("127.0.0.1", mode, Some(&ca))).await.unwrap()).await);
        assert_eq!(
            refusal(open(server.target("127.0.0.1", mode, Some(&other))).await),
            "the server's certificate was not issued by the CA in our CA file"
        );
    }
    assert!(
        open(server.named("lab.test", Mode::VerifyFull, Some(&ca)))
            .await
            .is_ok()
    );
    assert!(
        open(server.named("evil.test", Mode::VerifyCa, Some(&ca)))
            .await
            .is_ok()
    );
    let why = refusal(open(server.named("evil.test", Mode::VerifyFull, Some(&ca))).await);
    assert!(why.contains("names other hosts"), "{why}");
    // The server's own certificate, as one does with self-signed ones.
    let own = server.server.certificate_file().unwrap();
    assert!(
        open(server.target("127.0.0.1", Mode::VerifyFull, Some(&own)))
            .await
            .is_ok()
    );
    let why = refusal(open(server.named("evil.test", Mode::VerifyFull, Some(&own))).await);
    assert!(why.contains("names other hosts"), "{why}");
}

/// Connections to databases of students take no endless messages, also where they come encrypted.
#[tokio::test]
async fn messages_are_limited_inside_of_the_encryption() {
    let server = TlsServer::start().await;
    for mode in [Mode::Disable, Mode::Prefer, Mode::VerifyFull] {
        let ca = server.tls.ca_file();
        let ca = (mode == Mode::VerifyFull).then_some(ca.as_path());
        let target = server.target("127.0.0.1", mode, ca);
        let connection = Connection::open_limited(&target, 100_000).await.unwrap();
        assert_eq!(encrypted(&connection).await, mode != Mode::Disable);
        connection
            .query_one("SELECT repeat('x', 90000)", &[])
            .await
            .unwrap();
        connection
            .query_one("SELECT repeat('x', 200000)", &[])
            .await
            .unwrap_err();
        assert!(connection.is_closed());
    }
    // A server that has no TLS answers the question for it with a single letter.
    let plain = TestServer::start().await;
    let mut target = plain.server().superuser_config("postgres");
    target.protect(Tls::new(Mode::Prefer, None).unwrap());
    let connection = Connection::open_limited(&target, 100_000).await.unwrap();
    assert!(!encrypted(&connection).await);
    target.protect(Tls::new(Mode::Require, None).unwrap());
    let why = refusal(Connection::open_limited(&target, 100_000).await);
    assert!(why.contains("offers no TLS"), "{why}");
}

/// From elsewhere nobody comes in without TLS; on the machine itself both ways are open.
#[tokio::test]
async fn from_elsewhere_only_with_tls() {
    let server = TlsServer::start().await;
    let address = own_address();
    let Some(address) = address else {
        // A machine without any network has no elsewhere.
        return;
    };
    let refused = Connection::open(&server.target(&address, Mode::Disable, None))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("28000"), "{refused}");
    let connection = Connection::open(&server.target(&address, Mode::Require, None))
        .await
        .unwrap();
    assert!(encrypted(&connection).await);
}

/// The address by which this machine would go out.
fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

/// What a kit says works with libpq, and an impostor is noticed.
#[tokio::test]
async fn psql_verifies_with_the_ca_of_the_kit() {
    let server = TlsServer::start().await;
    let psql = |host: &str, ca: &Path| {
        let output = Command::new("psql")
            .arg(format!(
                "postgresql://pglab_super@{host}:{}/postgres?sslmode=verify-full&sslrootcert={}&hostaddr=127.0.0.1",
                server.server.address().port,
                ca.display()
            ))
            .args(["-Atc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"])
            .env("PGPASSWORD", server.files.superuser_password())
            .output()
            .unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let ca = server.tls.ca_file();
    assert_eq!(psql("127.0.0.1", &ca), ("t\n".to_owned(), String::new()));
    assert_eq!(psql("lab.test", &ca).0, "t\n");
    let (_, said) = psql("evil.test", &ca);
    assert!(said.contains("does not match host name \"evil.test\""), "{said}");
}

/// A class that was set up before there was TLS gets it at the next start, and a new name does not need a restart.
#[tokio::test]
async fn data_directories_of_before_get_it() {
    let files = TestServer::start().await;
    let session = files.superuser("postgres").await;
    assert!(!encrypted(&session).await);
    let hba = files.server().settings().folder.join("pg_hba.conf");
    std::fs::write(
        &hba,
        "# Written by pglab at every start.\nhost all all 127.0.0.1/32 scram-sha-256\n",
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tls = ServerTls {
        folder: folder.path().to_owned(),
        names: vec!["127.0.0.1".to_owned()],
        clock: Arc::new(WallClock),
    };
    let with = |tls: &ServerTls| ServerSettings {
        tls: Some(tls.clone()),
        ..files.server().settings().clone()
    };
    let server = PrivateServer::start(with(&tls)).await.unwrap();
    let mut target = server.superuser_config("postgres");
    target.protect(Tls::new(Mode::VerifyFull, Some(&tls.ca_file())).unwrap());
    assert!(encrypted(&Connection::open(&target).await.unwrap()).await);
    assert!(
        std::fs::read_to_string(&hba)
            .unwrap()
            .starts_with("# BEGIN pglab")
    );
    let file = server.certificate_file().unwrap();
    assert!(certificate::expiry(&file).is_some());

    let before = std::fs::read(&file).unwrap();
    tls.names.push("lab.test".to_owned());
    let adopted = PrivateServer::start(with(&tls)).await.unwrap();
    assert_eq!(adopted.pid(), server.pid());
    assert_ne!(std::fs::read(&file).unwrap(), before);
    for _ in 0..200 {
        let mut named = Target::new(tokio_postgres::Config::new(), target.tls().clone());
        named
            .host("lab.test")
            .hostaddr(IpAddr::V4(Ipv4Addr::LOCALHOST))
            .port(adopted.address().port)
            .user("pglab_super")
            .password(files.superuser_password())
            .dbname("postgres");
        if Connection::open(&named).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the new certificate is not shown");
}

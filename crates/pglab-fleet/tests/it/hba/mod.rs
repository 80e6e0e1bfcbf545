//! Students sign in by LDAP, from the block that pglab writes into `pg_hba.conf`, on a real PostgreSQL against a real
//! slapd; everybody else goes on as before, and a wrong block is taken back.

mod slapd;

use std::{fs, process::Command};

use pglab_core::{
    directory::{
        BindMode, DirectorySettings, Scope, Search, Secret, Server, Tls, slapd::FAILURES_UNTIL_LOCKED,
    },
    hba::{Find, LdapMethod, Protection, SearchBy, StudentAccess, difference},
    ident::Ident,
};
use pglab_fleet::{
    Connection, Error,
    hba::rules,
    private::{AccessError, Applied, PrivateAccess},
    provision::{RoleLimits, role},
};
use pglab_testkit::TestServer;

use self::slapd::Slapd;

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

/// A server with two students of two labs, and one of pglab's own roles that is a member of a student's, as checkers are.
struct School {
    server: TestServer,
    slapd: Slapd,
    access: PrivateAccess,
    maintenance: Connection,
}

impl School {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let slapd = Slapd::start().await;
        slapd.server().add_person("ada", "ada-of-ldap");
        slapd.server().add_person("o'neil \"x\"", "quotes-of-ldap");
        let maintenance = server.superuser("postgres").await;
        maintenance
            .batch_execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
            .await
            .unwrap();
        for lab in ["pglab_lab_one", "pglab_lab_two"] {
            role::ensure_nologin(&maintenance, &ident(lab), "lab")
                .await
                .unwrap();
        }
        // `carol` is in PostgreSQL and not in the directory.
        for (login, lab) in [
            ("ada", "pglab_lab_one"),
            ("carol", "pglab_lab_one"),
            ("bob", "pglab_lab_two"),
            ("o'neil \"x\"", "pglab_lab_one"),
        ] {
            maintenance
                .batch_execute(&format!(
                    "CREATE ROLE {0} LOGIN PASSWORD 'of-postgresql'; COMMENT ON ROLE {0} IS 'pglab:x'",
                    ident(login)
                ))
                .await
                .unwrap();
            role::grant_membership(&maintenance, &ident(lab), &ident(login))
                .await
                .unwrap();
        }
        let limits = RoleLimits::default();
        role::ensure_login(
            &maintenance,
            &ident("pglab_chk_ada"),
            "of-the-checker",
            &limits,
            "x",
        )
        .await
        .unwrap();
        role::grant_membership(&maintenance, &ident("ada"), &ident("pglab_chk_ada"))
            .await
            .unwrap();
        let access = server.server().access(&[]).unwrap();
        Self {
            server,
            slapd,
            access,
            maintenance,
        }
    }

    async fn sign_in(&self, role: &str, password: &str) -> Result<Connection, Error> {
        let mut target = self.server.server().superuser_config("postgres");
        target.user(role).password(password);
        Connection::open(&target).await
    }

    async fn apply(&self, method: LdapMethod) -> Result<Applied, AccessError> {
        let students = StudentAccess::Ldap {
            method,
            except: vec![ident("pglab_lab_two")],
        };
        self.access.apply(&students, Some(&self.slapd.ca())).await
    }

    /// In with the right password; out with a wrong one, without one, as somebody unknown, and with PostgreSQL's password;
    /// checkers, the maintenance role and labs with the fallback as before.
    async fn assert_all(&self, mode: &str) {
        for (role, password) in [
            ("ada", "ada-of-ldap"),
            ("bob", "of-postgresql"),
            ("pglab_chk_ada", "of-the-checker"),
            ("pglab_super", self.server.superuser_password()),
        ] {
            if let Err(error) = self.sign_in(role, password).await {
                panic!("{mode}: {role} is refused: {error}");
            }
        }
        for (role, password) in [
            ("ada", "wrong"),
            ("ada", "of-postgresql"),
            ("ada", ""),
            ("carol", "of-postgresql"),
            ("carol", "ada-of-ldap"),
            ("bob", "ada-of-ldap"),
            ("pglab_chk_ada", "ada-of-ldap"),
            ("nobody", "ada-of-ldap"),
        ] {
            let error = self.sign_in(role, password).await.unwrap_err();
            assert!(
                matches!(error.code(), Some("28000" | "28P01")),
                "{mode}: {role} with {password:?}: {error}"
            );
        }
    }

    fn simple(&self) -> BindMode {
        BindMode::Simple {
            prefix: "uid=".to_owned(),
            suffix: format!(",{}", self.slapd.server().people()),
        }
    }

    fn search(&self, scope: Scope, filter: &str) -> BindMode {
        let (dn, password) = self.slapd.server().postgres_account();
        BindMode::Search(Search {
            bind_dn: Some(dn),
            bind_password: Some(Secret::new(password)),
            base: self.slapd.server().people(),
            scope,
            filter: filter.to_owned(),
        })
    }
}

#[tokio::test]
async fn seven_ways_to_ask_a_directory() {
    let school = School::start().await;
    let dead_first = |mut settings: DirectorySettings| {
        let dead = Server {
            host: "127.0.0.9".to_owned(),
            ..settings.servers[0].clone()
        };
        settings.servers.insert(0, dead);
        settings
    };
    let either = "(&(objectClass=inetOrgPerson)(|(uid={login})(mail={login}@lab.test)))";
    let modes = [
        (
            "simple bind, plain",
            school.slapd.settings(Tls::Plain, school.simple()),
        ),
        (
            "simple bind, StartTLS",
            school.slapd.settings(Tls::StartTls, school.simple()),
        ),
        (
            "simple bind, LDAPS",
            school.slapd.settings(Tls::Ldaps, school.simple()),
        ),
        (
            "search by attribute, StartTLS",
            school
                .slapd
                .settings(Tls::StartTls, school.search(Scope::Subtree, "(uid={login})")),
        ),
        (
            "search one level by URL, LDAPS",
            school
                .slapd
                .settings(Tls::Ldaps, school.search(Scope::One, "(uid={login})")),
        ),
        (
            "search by filter, StartTLS",
            school
                .slapd
                .settings(Tls::StartTls, school.search(Scope::Subtree, either)),
        ),
        (
            "two servers, the first one dead",
            dead_first(school.slapd.settings(Tls::StartTls, school.simple())),
        ),
        // Beyond the seven: what a URL and options together can say.
        (
            "one level, filter, two servers",
            dead_first(
                school
                    .slapd
                    .settings(Tls::Ldaps, school.search(Scope::One, either)),
            ),
        ),
    ];
    for (mode, settings) in modes {
        let method = LdapMethod::of(&settings).unwrap();
        assert_eq!(
            school.apply(method.clone()).await.unwrap(),
            Applied::Changed,
            "{mode}"
        );
        school.assert_all(mode).await;
        assert_eq!(school.apply(method).await.unwrap(), Applied::AsBefore, "{mode}");
    }
    // A login with all that hba files, filters and quotes care about.
    let search = school
        .slapd
        .settings(Tls::StartTls, school.search(Scope::Subtree, "(uid={login})"));
    school.apply(LdapMethod::of(&search).unwrap()).await.unwrap();
    school.sign_in("o'neil \"x\"", "quotes-of-ldap").await.unwrap();

    // And back.
    school.access.apply(&StudentAccess::Scram, None).await.unwrap();
    school.sign_in("ada", "of-postgresql").await.unwrap();
    assert_eq!(
        school.sign_in("ada", "ada-of-ldap").await.unwrap_err().code(),
        Some("28P01")
    );
}

/// Values that need quotes reach the directory as they are.
#[tokio::test]
async fn a_search_password_with_quotes_and_a_hash() {
    let school = School::start().await;
    let password = "two \"words\" # 'one', $username";
    let (dn, _) = school.slapd.server().postgres_account();
    school.slapd.server().ldif(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n"
    ));
    let BindMode::Search(search) = school.search(Scope::Subtree, "(uid={login})") else {
        unreachable!("it is a search");
    };
    let bind = BindMode::Search(Search {
        bind_password: Some(Secret::new(password)),
        ..search
    });
    let settings = school.slapd.settings(Tls::StartTls, bind);
    school.apply(LdapMethod::of(&settings).unwrap()).await.unwrap();
    school.assert_all("quotes").await;
}

/// The certificate of the LDAP server is verified: by the CA that was named, and by no other.
#[tokio::test]
async fn an_impostor_of_the_directory_learns_no_password() {
    let school = School::start().await;
    for tls in [Tls::StartTls, Tls::Ldaps] {
        let method = LdapMethod::of(&school.slapd.settings(tls, school.simple())).unwrap();
        let students = StudentAccess::Ldap {
            method,
            except: Vec::new(),
        };
        school
            .access
            .apply(&students, Some(&school.slapd.other_ca()))
            .await
            .unwrap();
        assert_eq!(
            school.sign_in("ada", "ada-of-ldap").await.unwrap_err().code(),
            Some("28000")
        );
        school
            .access
            .apply(&students, Some(&school.slapd.ca()))
            .await
            .unwrap();
        school.sign_in("ada", "ada-of-ldap").await.unwrap();
    }
}

/// While the directory is away, sessions go on, pglab's own roles sign in, students are told, and nothing is to be done
/// when it is back. A directory that accepts and does not answer costs seconds, not for ever.
#[tokio::test]
async fn the_directory_is_away_and_comes_back() {
    let mut school = School::start().await;
    let method = LdapMethod::of(&school.slapd.settings(Tls::StartTls, school.simple())).unwrap();
    school.apply(method).await.unwrap();
    let session = school.sign_in("ada", "ada-of-ldap").await.unwrap();

    school.slapd.server_mut().stop().await;
    session.query_one("SELECT 1", &[]).await.unwrap();
    let refused = school.sign_in("ada", "ada-of-ldap").await.unwrap_err();
    assert_eq!(refused.to_string(), "LDAP authentication failed for user \"ada\"");
    school.sign_in("pglab_chk_ada", "of-the-checker").await.unwrap();
    school.sign_in("bob", "of-postgresql").await.unwrap();
    school.slapd.server_mut().start_again().await;
    school.sign_in("ada", "ada-of-ldap").await.unwrap();

    school.slapd.server().freeze();
    let output = psql(&school, "ada", "ada-of-ldap");
    assert!(output.contains("FATAL"), "{output}");
    school.sign_in("pglab_chk_ada", "of-the-checker").await.unwrap();
    school.slapd.server().thaw();
    school.sign_in("ada", "ada-of-ldap").await.unwrap();
}

/// PostgreSQL binds and reads nothing else: a password that must be changed opens psql, one that has expired or an account
/// that is locked does not, and all that psql says is that it was LDAP.
#[tokio::test]
async fn rules_for_passwords_as_psql_sees_them() {
    let mut school = School::start().await;
    let method = LdapMethod::of(&school.slapd.settings(Tls::StartTls, school.simple())).unwrap();
    school.apply(method).await.unwrap();
    let refused = "FATAL:  LDAP authentication failed for user \"ada\"";
    let dn = school.slapd.server().tree().person_dn("ada");
    let mark =
        |name: &str, value: &str| format!("dn: {dn}\nchangetype: modify\nreplace: {name}\n{name}: {value}\n");
    let slapd = school.slapd.server_mut();
    slapd.policy(&["pwdMustChange: TRUE", "pwdMaxAge: 86400"]).await;
    slapd.change_at_rest(&mark("pwdReset", "TRUE")).await;
    assert_eq!(psql(&school, "ada", "ada-of-ldap"), "");

    let slapd = school.slapd.server_mut();
    slapd.change_at_rest(&mark("pwdReset", "FALSE")).await;
    slapd
        .change_at_rest(&mark("pwdChangedTime", "20200101000000Z"))
        .await;
    let said = psql(&school, "ada", "ada-of-ldap");
    assert!(said.contains(refused), "{said}");

    // A new password ends that; wrong ones lock, and a new one ends that too.
    let change = |password: &str| mark("userPassword", password);
    school.slapd.server().ldif(&change("second-of-ada"));
    assert_eq!(psql(&school, "ada", "second-of-ada"), "");
    for _ in 0..FAILURES_UNTIL_LOCKED {
        assert!(psql(&school, "ada", "guessed").contains(refused));
    }
    assert!(psql(&school, "ada", "second-of-ada").contains(refused));
    school.slapd.server().ldif(&change("third-of-ada"));
    assert_eq!(psql(&school, "ada", "third-of-ada"), "");
}

fn psql(school: &School, role: &str, password: &str) -> String {
    let output = Command::new("psql")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &school.server.port().to_string(),
            "-U",
            role,
            "-d",
            "postgres",
            "-Atc",
            "SELECT 1",
        ])
        .env("PGPASSWORD", password)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The server says no, the file is as it was, and everybody signs in as before.
#[tokio::test]
async fn a_wrong_block_is_taken_back() {
    let school = School::start().await;
    let method = LdapMethod::of(&school.slapd.settings(Tls::StartTls, school.simple())).unwrap();
    school.apply(method.clone()).await.unwrap();
    let file = school.server.server().settings().folder.join("pg_hba.conf");
    let before = fs::read_to_string(&file).unwrap();

    let wrong = LdapMethod {
        hosts: vec!["no[host".to_owned()],
        port: None,
        protection: Protection::Plain,
        find: Find::Search {
            base: "dc=x".to_owned(),
            one_level: true,
            by: SearchBy::Attribute("uid".to_owned()),
            account: None,
        },
    };
    let error = school.apply(wrong).await.unwrap_err();
    assert!(matches!(&error, AccessError::NotAccepted(_)), "{error}");
    assert!(error.to_string().contains("lacks the rule"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    school.assert_all("after a wrong block").await;

    // Somebody's own line, above or below, stays, unless it keeps the file from being loaded: then that is said.
    let theirs = format!("# ours to keep\nlocal all all reject\n{before}# the end\n");
    fs::write(&file, &theirs).unwrap();
    school.access.apply(&StudentAccess::Scram, None).await.unwrap();
    let kept = fs::read_to_string(&file).unwrap();
    assert!(
        kept.starts_with("# ours to keep\nlocal all all reject\n# BEGIN pglab"),
        "{kept}"
    );
    assert!(kept.ends_with("# END pglab\n# the end\n"), "{kept}");
    fs::write(&file, format!("{kept}host all all nonsense\n")).unwrap();
    let error = school.apply(method).await.unwrap_err();
    assert!(error.to_string().contains("line "), "{error}");
    school.sign_in("ada", "of-postgresql").await.unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        format!("{kept}host all all nonsense\n")
    );
}

/// Bytes outside of ASCII and the longest that PostgreSQL 15 reads: what the server shows is what was meant.
#[tokio::test]
async fn the_server_reads_what_was_written() {
    let school = School::start().await;
    for prefix in [
        "uid=é漢, # \"\" ",
        "a\\",
        "x,y",
        &format!("uid={}", "x".repeat(230)),
    ] {
        let method = LdapMethod {
            hosts: vec!["127.0.0.1".to_owned()],
            port: None,
            protection: Protection::StartTls,
            find: Find::Bind {
                prefix: prefix.to_owned(),
                suffix: ",dc=x".to_owned(),
            },
        };
        school.apply(method).await.unwrap();
    }
    let seen = rules(&school.maintenance).await.unwrap();
    let own = pglab_core::hba::Block::private(
        &[ident("pglab_super")],
        "127.0.0.1".parse().unwrap(),
        &StudentAccess::Scram,
    );
    // Other people's rules between ours are no mistake.
    assert_eq!(difference(&own, &seen).unwrap(), Vec::<String>::new());
}

//! A small class on a server of its own: a lab role, a template as a lab would have it, and two students with their
//! checkers, made by the functions that make real ones.

use pglab_core::ident::Ident;
use pglab_fleet::{
    Connection, Error, Target,
    provision::{InstanceLimits, InstanceSpec, cluster, database, instance, role},
};
use pglab_testkit::TestServer;

/// What stands in the template: rather like a real lab's, with a function, a view and a sequence.
const TEMPLATE: &str = "
    ALTER SCHEMA public OWNER TO pglab_lab_shop;
    SET ROLE pglab_lab_shop;
    CREATE TABLE artist (artist_id integer PRIMARY KEY, name text NOT NULL);
    CREATE TABLE album (
        album_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        artist_id integer NOT NULL REFERENCES artist,
        title text NOT NULL CHECK (title <> ''));
    INSERT INTO artist SELECT n, 'artist ' || n FROM generate_series(1, 50) n;
    INSERT INTO album (artist_id, title) SELECT n, 'album ' || n FROM generate_series(1, 50) n;
    CREATE VIEW discography AS SELECT name, title FROM artist JOIN album USING (artist_id);
    CREATE FUNCTION n_albums(integer) RETURNS bigint LANGUAGE sql STABLE
        RETURN (SELECT count(*) FROM album WHERE artist_id = $1);
    RESET ROLE;";

pub(crate) struct Class {
    pub(crate) server: TestServer,
    /// Of the maintenance role, to the maintenance database.
    pub(crate) maintenance: Connection,
}

pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

impl Class {
    /// Ada and Bob, in the databases `shop_ada` and `shop_bob`.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let class = Self::empty(settings).await;
        for login in ["ada", "bob"] {
            instance::ensure(&class.maintenance, &spec(login)).await.unwrap();
        }
        class
    }

    /// With the template, but without students.
    pub(crate) async fn empty(settings: &[(&str, &str)]) -> Self {
        let server = TestServer::start_with(settings).await;
        let maintenance = server.superuser("postgres").await;
        cluster::secure(&maintenance, Some(&ident("pglab")))
            .await
            .unwrap();
        role::ensure_nologin(&maintenance, &ident("pglab_lab_shop"), "lab shop")
            .await
            .unwrap();
        let template = ident("pglab_st_shop_1");
        database::create(&maintenance, &template, None, "start shop 1")
            .await
            .unwrap();
        let filling = server.superuser(template.as_str()).await;
        filling.batch_execute(TEMPLATE).await.unwrap();
        let class = Self { server, maintenance };
        drop(filling);
        class.wait_until_alone(template.as_str()).await;
        class
    }

    /// Returns when nobody is connected to the database: a session ends a moment after its client.
    pub(crate) async fn wait_until_alone(&self, database: &str) {
        eventually("everybody has left", async || {
            self.count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1",
                database,
            )
            .await
                == 0
        })
        .await;
    }

    /// A number that the maintenance role asks for.
    pub(crate) async fn count(&self, query: &str, parameter: &str) -> i64 {
        self.maintenance
            .query_one(query, &[&parameter])
            .await
            .unwrap()
            .get(0)
    }

    pub(crate) fn config(&self, role: &str, database: &str) -> Target {
        let mut config = self.server.server().address().config();
        config.user(role).password(password(role)).dbname(database);
        config
    }

    /// Tries to get in; students and checkers alike.
    pub(crate) async fn connect(&self, role: &str, database: &str) -> Result<Connection, Error> {
        Connection::open(&self.config(role, database)).await
    }

    /// A student in their own database.
    pub(crate) async fn student(&self, login: &str) -> Connection {
        self.connect(login, &format!("shop_{login}")).await.unwrap()
    }

    /// A checker in the database of their student.
    pub(crate) async fn checker(&self, login: &str) -> Connection {
        self.connect(checker(login).as_str(), &format!("shop_{login}"))
            .await
            .unwrap()
    }

    /// The neighbour works on, and both checkers still see what they should.
    pub(crate) async fn assert_unharmed(&self) {
        let bob = self.student("bob").await;
        bob.batch_execute("INSERT INTO artist SELECT max(artist_id) + 1, 'new' FROM artist")
            .await
            .unwrap();
        assert_eq!(albums(&bob).await, 50);
        for login in ["ada", "bob"] {
            let checker = self.checker(login).await;
            let seen: i64 = checker
                .query_one("SELECT count(*) FROM pg_catalog.pg_tables", &[])
                .await
                .unwrap()
                .get(0);
            assert!(seen > 60, "the checker of {login} sees {seen} tables");
        }
    }
}

pub(crate) async fn albums(session: &Connection) -> i64 {
    session
        .query_one("SELECT pg_catalog.count(*) FROM public.album", &[])
        .await
        .unwrap()
        .get(0)
}

pub(crate) fn checker(login: &str) -> Ident {
    // Real ones are named by an id.
    let short: String = login
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(20)
        .collect();
    ident(&format!("pglab_chk_{short}"))
}

fn password(role: &str) -> String {
    format!("secret of {role}")
}

/// What a student is to have, with limits that a test can reach.
pub(crate) fn spec(login: &str) -> InstanceSpec {
    let checker = checker(login);
    InstanceSpec {
        database: ident(&format!("shop_{login}")),
        template: ident("pglab_st_shop_1"),
        lab_role: ident("pglab_lab_shop"),
        member_role: ident(login),
        member_verifier: verifier(&password(login)),
        checker_verifier: verifier(&password(checker.as_str())),
        checker_role: checker,
        limits: InstanceLimits {
            max_connections: 5,
            statement_timeout_s: 20,
            idle_in_transaction_timeout_s: 20,
            temp_file_limit_mib: 8,
        },
        mark: format!("instance {login}"),
        open: true,
    }
}

pub(crate) fn verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}

/// The SQLSTATE that the statements end with.
pub(crate) async fn refusal(session: &Connection, statements: &str) -> String {
    match session.batch_execute(statements).await.map_err(Error::from) {
        Ok(()) => panic!("this was allowed: {statements}"),
        Err(error) => error
            .code()
            .unwrap_or_else(|| panic!("no refusal, but {error}: {statements}"))
            .to_owned(),
    }
}

/// Insufficient privilege.
pub(crate) const DENIED: &str = "42501";

/// Each of these is refused for want of a privilege.
pub(crate) async fn assert_denied(session: &Connection, attempts: &[&str]) {
    for attempt in attempts {
        assert_eq!(refusal(session, attempt).await, DENIED, "{attempt}");
    }
}

/// Waits until the condition holds, for at most 20 seconds.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if condition().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("this did not come true: {what}");
}

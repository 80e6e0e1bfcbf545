//! Making roles, databases and instances: what they may do, and that an interruption at any point is made good by
//! another run.

use pglab_fleet::{
    Address, Connection, Error, Target,
    provision::{InstanceSpec, NOT_OURS, RoleLimits, cluster, database, instance, role},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::attacks::class::{Class, albums, checker, eventually, ident, refusal, spec, verifier};

#[tokio::test]
async fn an_instance_is_a_students_own() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_eq!(albums(&ada).await, 50);
    // What came from the template can be altered, what is new can be made, and settings are in place.
    ada.batch_execute(
        "ALTER TABLE album ADD COLUMN year integer; CREATE TABLE mine (x integer); CREATE SCHEMA more;
         CREATE TEMPORARY TABLE scratch (x integer); CREATE EXTENSION pg_trgm; DROP VIEW discography;",
    )
    .await
    .unwrap();
    for (setting, value) in [
        ("statement_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "20s"),
        ("temp_file_limit", "8MB"),
    ] {
        let shown: String = ada
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(shown, value, "{setting}");
    }
    // The checker sees what the student made, and nobody else's.
    let looks = class.checker("ada").await;
    looks.batch_execute("SELECT * FROM mine").await.unwrap();
    let refused = class
        .connect(checker("ada").as_str(), "shop_bob")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("42501"));
    let owner: String = ada
        .query_one(
            "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(owner, pglab_fleet::private::SUPERUSER);
}

#[tokio::test]
async fn ensuring_again_changes_nothing_of_the_students() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("CREATE TABLE mine (x integer); ALTER ROLE ada PASSWORD 'my own'")
        .await
        .unwrap();
    let changed = role::verifier(&class.maintenance, &ident("ada")).await.unwrap();
    let again = InstanceSpec {
        member_verifier: verifier("another"),
        checker_verifier: verifier("secret of pglab_chk_ada"),
        ..spec("ada")
    };
    instance::ensure(&class.maintenance, &again).await.unwrap();
    assert_eq!(
        role::verifier(&class.maintenance, &ident("ada")).await.unwrap(),
        changed
    );
    ada.batch_execute("SELECT * FROM mine").await.unwrap();
    // In another lab with fewer connections she keeps the higher number.
    let mut other = spec("ada");
    other.database = ident("other_ada");
    other.checker_role = ident("pglab_chk_other");
    other.limits.max_connections = 2;
    instance::ensure(&class.maintenance, &other).await.unwrap();
    let limit: i32 = ada
        .query_one("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'ada'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(limit, 5);
    assert_eq!(class.server.logged_errors(), []);
}

#[tokio::test]
async fn closing_keeps_the_student_out_and_lets_the_checker_in() {
    let class = Class::start().await;
    let (database, login) = (ident("shop_ada"), ident("ada"));
    let ada = class.student("ada").await;
    instance::close_access(&class.maintenance, &database, &login)
        .await
        .unwrap();
    eventually("the session is ended", async || ada.is_closed()).await;
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("42501")
    );
    class.checker("ada").await;
    instance::ensure(
        &class.maintenance,
        &InstanceSpec {
            open: false,
            ..spec("ada")
        },
    )
    .await
    .unwrap();
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("42501")
    );
    instance::open_access(&class.maintenance, &database, &login)
        .await
        .unwrap();
    class.student("ada").await;

    role::close_login(&class.maintenance, &login).await.unwrap();
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("28000")
    );
    role::open_login(&class.maintenance, &login).await.unwrap();
    class.student("ada").await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn removing_takes_all_of_it_and_can_be_repeated() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    for _ in 0..2 {
        instance::remove(&class.maintenance, &ident("shop_ada"), &checker("ada"))
            .await
            .unwrap();
        role::drop(&class.maintenance, &ident("ada")).await.unwrap();
    }
    eventually("the session is ended", async || ada.is_closed()).await;
    let left = class
        .count("SELECT (SELECT count(*) FROM pg_roles WHERE rolname LIKE '%' || $1) + (SELECT count(*) FROM pg_database WHERE datname LIKE '%' || $1)", "ada")
        .await;
    assert_eq!(left, 0);
}

/// Anybody who owns a table can grant it to anybody's checker, and hold on to that role by it.
#[tokio::test]
async fn who_was_granted_something_elsewhere_is_closed_instead() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    class.student("bob").await;
    ada.batch_execute("CREATE TABLE bait (x int); GRANT SELECT ON bait TO pglab_chk_bob")
        .await
        .unwrap();
    let roles = "SELECT count(*) FROM pg_roles WHERE NOT rolcanlogin AND rolname = $1";
    for _ in 0..2 {
        instance::remove(&class.maintenance, &ident("shop_bob"), &checker("bob"))
            .await
            .unwrap();
        assert_eq!(class.count(roles, "pglab_chk_bob").await, 1);
    }
    ada.batch_execute("DROP TABLE bait").await.unwrap();
    role::remove(&class.maintenance, &checker("bob")).await.unwrap();
    assert_eq!(class.count(roles, "pglab_chk_bob").await, 0);
}

#[tokio::test]
async fn a_database_is_renamed_measured_and_kept_as_a_snapshot() {
    let class = Class::start().await;
    let _ada = class.student("ada").await;
    let kept = ident("shop_ada_before");
    database::rename(&class.maintenance, &ident("shop_ada"), &kept)
        .await
        .unwrap();
    assert!(database::exists(&class.maintenance, &kept).await.unwrap());
    assert!(
        database::size_bytes(&class.maintenance, &kept)
            .await
            .unwrap()
            .unwrap()
            > 5 << 20
    );
    assert_eq!(
        database::size_bytes(&class.maintenance, &ident("nothing"))
            .await
            .unwrap(),
        None
    );
    instance::ensure(&class.maintenance, &spec("ada")).await.unwrap();
    assert_eq!(albums(&class.student("ada").await).await, 50);
    // A role with rights on a database that stays can still be dropped.
    instance::remove(&class.maintenance, &ident("shop_ada"), &checker("ada"))
        .await
        .unwrap();
    database::drop(&class.maintenance, &kept).await.unwrap();
}

/// Only what carries our mark is touched, on a server that others use too.
#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute("CREATE ROLE carol LOGIN PASSWORD 'hers'")
        .await
        .unwrap();
    class
        .maintenance
        .batch_execute("CREATE DATABASE shop_dora")
        .await
        .unwrap();
    let m = &class.maintenance;
    let (carol, dora) = (ident("carol"), ident("shop_dora"));
    let limits = RoleLimits::default();
    let refusals: Vec<Error> = vec![
        role::ensure_login(m, &carol, "x", &limits, "person")
            .await
            .unwrap_err(),
        role::ensure_nologin(m, &carol, "person").await.unwrap_err(),
        role::close_login(m, &carol).await.unwrap_err(),
        role::set_password(m, &carol, "x").await.unwrap_err(),
        role::drop(m, &carol).await.unwrap_err(),
        role::grant_membership(m, &ident("pglab_lab_shop"), &carol)
            .await
            .unwrap_err(),
        role::grant_membership(m, &ident("pg_read_all_data"), &ident("ada"))
            .await
            .unwrap_err(),
        database::create(m, &dora, None, "x").await.unwrap_err(),
        database::rename(m, &dora, &ident("other")).await.unwrap_err(),
        database::drop(m, &dora).await.unwrap_err(),
        instance::ensure(m, &spec("carol")).await.unwrap_err(),
        instance::ensure(m, &spec("dora")).await.unwrap_err(),
        instance::close_access(m, &dora, &ident("ada")).await.unwrap_err(),
        instance::remove(m, &dora, &checker("ada")).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.code(), Some(NOT_OURS), "{refusal}");
        assert!(refusal.to_string().contains("not made by pglab"), "{refusal}");
    }
    // A verifier that could not be used is not in the log either.
    let log: String = std::fs::read_dir(class.server.server().log_folder())
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(log.contains("not made by pglab") && !log.contains("SCRAM-SHA-256$"));
    let secured = cluster::secure(m, None).await.unwrap();
    assert_eq!(secured.open_databases, ["shop_dora"]);
}

#[tokio::test]
async fn a_template_that_students_could_drop_is_refused() {
    let class = Class::empty(&[]).await;
    class
        .maintenance
        .batch_execute("ALTER DATABASE pglab_st_shop_1 OWNER TO pglab_lab_shop")
        .await
        .unwrap();
    let refused = instance::ensure(&class.maintenance, &spec("ada"))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("belongs to the role of the lab"),
        "{refused}"
    );
}

/// The connection is cut before each statement, and after each but before its answer: what was begun is finished by
/// the next run, also while the server is still at the last one.
#[tokio::test]
async fn an_interruption_at_any_point_is_made_good() {
    let class = Class::empty(&[]).await;
    for cut in 0..3 {
        for forward_last in [false, true] {
            let login = format!("student{cut}{}", u8::from(forward_last));
            let spec = spec(&login);
            let proxy = CuttingProxy::start(class.server.server().address(), cut, forward_last).await;
            let mut config = class.server.server().superuser_config("postgres");
            config = proxied(&config, proxy);
            let doomed = Connection::open(&config).await.unwrap();
            let error = instance::ensure(&doomed, &spec).await.unwrap_err();
            assert_eq!(error.code(), None, "{error}");
            instance::ensure(&class.maintenance, &spec).await.unwrap();
            assert_one_of_each(&class, &spec).await;
        }
    }
}

/// The same twice at once, as after a `kill -9` that leaves the old statement running.
#[tokio::test]
async fn two_runs_at_once_make_one_instance() {
    let class = Class::empty(&[]).await;
    let second = class.server.superuser("postgres").await;
    for n in 0..4 {
        let spec = spec(&format!("twin{n}"));
        let (one, two) = tokio::join!(
            instance::ensure(&class.maintenance, &spec),
            instance::ensure(&second, &spec)
        );
        one.unwrap();
        two.unwrap();
        assert_one_of_each(&class, &spec).await;
    }
}

/// A DROP DATABASE that was killed in the middle leaves a database that nobody can use.
#[tokio::test]
async fn a_half_dropped_database_is_made_again() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'shop_ada'")
        .await
        .unwrap();
    instance::ensure(&class.maintenance, &spec("ada")).await.unwrap();
    assert_one_of_each(&class, &spec("ada")).await;
}

async fn assert_one_of_each(class: &Class, spec: &InstanceSpec) {
    let login = spec.member_role.as_str();
    let session = class.student(login).await;
    assert_eq!(albums(&session).await, 50);
    class.checker(login).await;
    let state = class
        .maintenance
        .query_one(
            "SELECT datacl::text, shobj_description(oid, 'pg_database'), datallowconn, datconnlimit
             FROM pg_database WHERE datname = $1",
            &[&spec.database.as_str()],
        )
        .await
        .unwrap();
    let acl: String = state.get(0);
    assert!(
        !acl.contains("{=") && !acl.contains(",="),
        "open to everybody: {acl}"
    );
    assert_eq!(state.get::<_, String>(1), format!("pglab:instance {login}"));
    assert!(state.get::<_, bool>(2));
    assert_eq!(state.get::<_, i32>(3), -1);
    assert_eq!(refusal(&session, "SET ROLE pglab_super").await, "42501");
}

fn proxied(config: &Target, port: u16) -> Target {
    let mut through = Address {
        host: "127.0.0.1".to_owned(),
        port,
    }
    .config();
    through
        .user(config.get_user().unwrap())
        .password(config.get_password().unwrap())
        .dbname(config.get_dbname().unwrap());
    through
}

/// Forwards to the server until the `cut`-th query, which it forwards or not, and then drops the client. The server is
/// left to finish what it was told.
struct CuttingProxy;

impl CuttingProxy {
    async fn start(server: Address, cut: usize, forward_last: bool) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut upstream = TcpStream::connect((server.host.as_str(), server.port))
                .await
                .unwrap();
            let (mut from_client, mut to_client) = client.split();
            let (mut from_server, mut to_server) = upstream.split();
            let answers = tokio::io::copy(&mut from_server, &mut to_client);
            let questions = async {
                // The start-up packet has no type.
                let length = from_client.read_u32().await.unwrap();
                to_server.write_u32(length).await.unwrap();
                forward(&mut from_client, &mut to_server, length).await;
                let mut n_queries = 0;
                loop {
                    let Ok(kind) = from_client.read_u8().await else {
                        return;
                    };
                    let length = from_client.read_u32().await.unwrap();
                    let last = kind == b'Q' && n_queries == cut;
                    if last && !forward_last {
                        return;
                    }
                    n_queries += usize::from(kind == b'Q');
                    to_server.write_u8(kind).await.unwrap();
                    to_server.write_u32(length).await.unwrap();
                    forward(&mut from_client, &mut to_server, length).await;
                    if last {
                        return;
                    }
                }
            };
            tokio::select! {
                _ = answers => {}
                () = questions => {}
            }
        });
        port
    }
}

async fn forward(from: &mut (impl AsyncReadExt + Unpin), to: &mut (impl AsyncWriteExt + Unpin), length: u32) {
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).await.unwrap();
    to.write_all(&body).await.unwrap();
}

#[tokio::test]
async fn names_are_only_names() {
    let class = Class::empty(&[]).await;
    let nasty = [
        "o'brien\"; DROP ROLE ada; --".to_owned(),
        "two\nlines".to_owned(),
        "$do$; SELECT 1; $do$".to_owned(),
        "back\\slash'%I%s".to_owned(),
        "ünï¢ødé 学生".to_owned(),
        "x".repeat(58),
        "é".repeat(29),
        " ".to_owned(),
        "SELECT".to_owned(),
    ];
    for login in &nasty {
        let wanted = InstanceSpec {
            mark: format!("instance of {login}"),
            ..spec(login)
        };
        instance::ensure(&class.maintenance, &wanted).await.unwrap();
        let session = class.student(login).await;
        assert_eq!(albums(&session).await, 50);
        let who: String = session
            .query_one("SELECT current_user::text", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(&who, login);
        drop(session);
        class.wait_until_alone(wanted.database.as_str()).await;
        let kept = ident(&format!("k{}", &login.chars().take(20).collect::<String>()));
        database::rename(&class.maintenance, &wanted.database, &kept)
            .await
            .unwrap();
        database::drop(&class.maintenance, &kept).await.unwrap();
        instance::remove(&class.maintenance, &wanted.database, &wanted.checker_role)
            .await
            .unwrap();
        role::drop(&class.maintenance, &wanted.member_role).await.unwrap();
    }
    assert_eq!(class.server.logged_errors(), []);
}

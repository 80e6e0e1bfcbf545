//! Getting out of a console: becoming another role, into another database, staying behind, coming back later.

use std::time::Duration;

use pglab_core::console::Limits;
use pglab_fleet::{
    Connection,
    console::{Manner, Session},
    provision::{instance, role::remove},
};

use super::{PASSWORD, console, login_role, opened_login, run, try_open, try_run};
use crate::attacks::class::{Class, DENIED, eventually, ident, spec};

const WHO: &str = "SELECT session_user || ' as ' || current_user";

#[tokio::test]
async fn other_roles_are_out_of_reach() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    assert_eq!(run(&mut ada, WHO).await.cell(), "pglab_con_ada as ada");
    // These lead back to the student, because that is what the session began as.
    for back in [
        "RESET ROLE",
        "DISCARD ALL",
        "RESET ALL",
        "SET SESSION AUTHORIZATION DEFAULT",
    ] {
        run(&mut ada, back).await;
        let who = run(&mut ada, WHO).await;
        assert_eq!(who.cell(), "pglab_con_ada as ada", "after {back}");
    }
    // Out of the student's role there is nothing but the login, which may no more than the student.
    run(&mut ada, "SET ROLE NONE").await;
    assert_eq!(run(&mut ada, WHO).await.cell(), "pglab_con_ada as pglab_con_ada");
    for attempt in [
        "SET SESSION AUTHORIZATION bob",
        "SET SESSION AUTHORIZATION pglab_chk_ada",
        "SET ROLE bob",
        "SET ROLE pglab_chk_ada",
        "SET ROLE pglab_con_bob",
        "SET ROLE postgres",
        "CREATE ROLE friend",
        "CREATE DATABASE mine",
        "ALTER ROLE bob PASSWORD 'x'",
        "ALTER ROLE pglab_chk_ada PASSWORD 'x'",
        "ALTER ROLE pglab_con_ada SUPERUSER",
        "ALTER ROLE pglab_con_ada CONNECTION LIMIT -1",
        "GRANT pglab_con_ada TO bob",
        "COPY artist TO PROGRAM 'cat'",
        "COPY artist FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "SELECT lo_import('/etc/passwd')",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "SET temp_file_limit = -1",
        "SET log_statement = 'none'",
    ] {
        let said = run(&mut ada, attempt).await;
        // Which of the refusals differs between versions: no privilege, no such role, no role named so.
        let expected = [DENIED, "22023", "42704"];
        assert!(expected.contains(&said.code()), "{attempt}: {:?}", said.error);
    }
    // This one is not refused but does nothing.
    run(&mut ada, "GRANT CONNECT ON DATABASE shop_ada TO bob").await;
    assert_eq!(
        class.connect("bob", "shop_ada").await.unwrap_err().code(),
        Some(DENIED)
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn other_databases_are_closed() {
    let class = Class::start().await;
    for database in ["shop_bob", "postgres", "template1", "pglab_st_shop_1"] {
        let refused = try_open(&class, "ada", database, Manner::Plain, Limits::default())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some(DENIED), "{database}");
    }
    // A role that the login is no member of.
    let role = opened_login(&class, "ada", Duration::from_secs(30)).await;
    let mut target = class.config(role.as_str(), "shop_ada");
    target.password(PASSWORD);
    let refused = Session::open(&target, "bob", Manner::Plain, Limits::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("42501"));
    class.assert_unharmed().await;
}

/// Whoever is in can set a password on the login, and even on PostgreSQL 15 grant it to nobody; it is of no use later.
#[tokio::test]
async fn a_password_from_inside_opens_nothing() {
    let class = Class::start().await;
    let role = opened_login(&class, "ada", Duration::from_secs(2)).await;
    let mut target = class.config(role.as_str(), "shop_ada");
    target.password(PASSWORD);
    let mut ada = Session::open(&target, "ada", Manner::Plain, Limits::default())
        .await
        .unwrap();
    for attempt in [
        "SET ROLE NONE; ALTER ROLE CURRENT_USER PASSWORD 'mine'",
        "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
    ] {
        let _ = run(&mut ada, attempt).await;
    }
    // The time is up, whatever the password.
    eventually("the login is shut", async || {
        class
            .count(
                "SELECT count(*) FROM pg_roles WHERE rolname = $1 AND rolvaliduntil < clock_timestamp()",
                role.as_str(),
            )
            .await
            == 1
    })
    .await;
    for password in ["mine", PASSWORD] {
        let mut target = class.config(role.as_str(), "shop_ada");
        target.password(password);
        let refused = Connection::open(&target).await.unwrap_err();
        assert_eq!(refused.code(), Some("28P01"), "{password}");
    }
    // The session goes on, and the next opening works and forgets what the student did to the login.
    run(&mut ada, "ALTER ROLE CURRENT_USER SET search_path = nowhere").await;
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
    let mut again = console(&class, "ada").await;
    assert_eq!(run(&mut again, "SELECT count(*) FROM artist").await.cell(), "50");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn what_is_left_behind_ends_with_the_session() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    // Advisory locks, table locks, LISTEN, temporary tables, prepared statements, cursors.
    let said = run(
        &mut ada,
        "LISTEN news; CREATE TEMP TABLE t (x int); PREPARE p AS SELECT 1; SELECT pg_advisory_lock(7); \
         DECLARE c CURSOR WITH HOLD FOR SELECT 1; BEGIN; LOCK TABLE album IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    assert!(said.error.is_none(), "{:?}", said.error);
    // Prepared transactions would outlive it; the server has none.
    assert_eq!(run(&mut ada, "PREPARE TRANSACTION 'stays'").await.code(), "55000");
    ada.close().await;
    eventually("the session is gone", async || {
        class
            .count(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = $1",
                "pglab_con_ada",
            )
            .await
            == 0
    })
    .await;
    let mut ada = console(&class, "ada").await;
    assert_eq!(
        run(
            &mut ada,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        )
        .await
        .cell(),
        "0"
    );
    assert_eq!(run(&mut ada, "DELETE FROM album").await.tags(), ["DELETE 50"]);
    class.assert_unharmed().await;
}

#[tokio::test]
async fn connections_are_counted_and_the_lab_shuts_consoles_out() {
    let class = Class::start().await;
    let mut first = console(&class, "ada").await;
    let (_second, _third) = (console(&class, "ada").await, console(&class, "ada").await);
    let refused = try_open(&class, "ada", "shop_ada", Manner::Plain, Limits::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("53300"));
    instance::close_access(&class.maintenance, &ident("shop_ada"), &ident("ada"))
        .await
        .unwrap();
    let ended = try_run(&mut first, "SELECT 1").await.unwrap_err();
    assert!(ended.code().is_none_or(|code| code == "57P01"), "{ended}");
    let refused = try_open(&class, "ada", "shop_ada", Manner::Plain, Limits::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some(DENIED));
    class.student("bob").await;
}

/// A search path of the student's, and objects that look like PostgreSQL's own, do not mislead what pglab asks there.
#[tokio::test]
async fn what_pglab_asks_is_not_misled() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(
        &mut ada,
        "CREATE SCHEMA mine; CREATE TABLE mine.pg_class (x int); \
         CREATE FUNCTION mine.coalesce_not() RETURNS int LANGUAGE sql RETURN 1; SET search_path = mine, pg_catalog",
    )
    .await;
    assert!(said.error.is_none(), "{:?}", said.error);
    let catalog: serde_json::Value = serde_json::from_str(&ada.catalog().await.unwrap().unwrap()).unwrap();
    assert_eq!(catalog["search_path"], serde_json::json!(["mine", "pg_catalog"]));
    assert!(
        catalog["tables"]
            .as_array()
            .unwrap()
            .iter()
            .any(|table| table["name"] == "album")
    );
}

/// A student can have the login own something, or be granted something, in a database that is kept.
#[tokio::test]
async fn the_login_goes_with_its_student() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(
        &mut ada,
        "GRANT SELECT ON album TO pglab_con_ada; CREATE SCHEMA open; GRANT CREATE, USAGE ON SCHEMA open TO PUBLIC; \
         SET ROLE NONE; CREATE TABLE open.mine (x int)",
    )
    .await;
    assert!(said.error.is_none(), "{:?}", said.error);
    // Kept: nobody can sign in as it any more, and nobody is in.
    remove(&class.maintenance, &login_role("ada")).await.unwrap();
    let mut target = class.config("pglab_con_ada", "shop_ada");
    target.password(PASSWORD);
    assert_eq!(Connection::open(&target).await.unwrap_err().code(), Some("28000"));
    // Gone, once the database is.
    let spec = spec("ada");
    instance::remove(&class.maintenance, &spec.database, &spec.checker_role)
        .await
        .unwrap();
    remove(&class.maintenance, &login_role("ada")).await.unwrap();
    let left = class
        .count(
            "SELECT count(*) FROM pg_roles WHERE rolname = $1",
            "pglab_con_ada",
        )
        .await;
    assert_eq!(left, 0);
    remove(&class.maintenance, &login_role("ada")).await.unwrap();
}

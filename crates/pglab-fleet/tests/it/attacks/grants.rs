//! Giving away, taking and becoming: grants, roles, ownership, settings.

use pglab_fleet::provision::instance;

use super::class::{Class, DENIED, albums, assert_denied, refusal, spec};

#[tokio::test]
async fn a_friend_can_not_be_let_in() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    // PostgreSQL warns that nothing was granted, and says no more.
    ada.batch_execute("GRANT CONNECT ON DATABASE shop_ada TO bob; GRANT ALL ON DATABASE shop_ada TO PUBLIC")
        .await
        .unwrap();
    ada.batch_execute("SET ROLE pglab_lab_shop").await.unwrap();
    assert_denied(
        &ada,
        &[
            "GRANT CONNECT ON DATABASE shop_ada TO bob",
            "GRANT ALL ON DATABASE shop_ada TO PUBLIC",
        ],
    )
    .await;
    assert_eq!(
        class.connect("bob", "shop_ada").await.unwrap_err().code(),
        Some(DENIED)
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn ones_own_role_can_not_be_given_away() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    // Up to PostgreSQL 14 it can, until the watcher looks: watch::a_role_that_a_student_gave_away_is_taken_back.
    if ada.server_version() >= 150_000 {
        assert_denied(
            &ada,
            &[
                "GRANT ada TO bob",
                "GRANT ada TO bob WITH ADMIN OPTION",
                "GRANT ada TO pglab_lab_shop",
                "GRANT ada TO pglab_chk_bob",
                "REVOKE ada FROM pglab_chk_ada",
            ],
        )
        .await;
    }
    assert_denied(
        &ada,
        &[
            "GRANT pglab_lab_shop TO bob WITH ADMIN OPTION",
            "REVOKE pglab_lab_shop FROM bob",
            "SET ROLE pglab_lab_shop; GRANT pglab_lab_shop TO pglab_chk_bob",
        ],
    )
    .await;
    assert_eq!(
        class.connect("bob", "shop_ada").await.unwrap_err().code(),
        Some(DENIED)
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn nobody_else_can_be_become() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "SET ROLE bob",
            "SET ROLE pglab_super",
            "SET ROLE pglab_chk_ada",
            "SET ROLE pglab_chk_bob",
            "SET ROLE pg_read_all_data",
            "SET ROLE pg_execute_server_program",
            "SET SESSION AUTHORIZATION bob",
            "SET SESSION AUTHORIZATION pglab_super",
            "SELECT set_config('role', 'bob', false)",
            "SELECT set_config('session_authorization', 'pglab_super', false)",
            "GRANT pg_read_all_data TO ada",
            "GRANT pglab_super TO ada",
            "GRANT bob TO ada",
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''; ALTER FUNCTION f OWNER TO bob",
            "CREATE TABLE gift (x integer); ALTER TABLE gift OWNER TO pglab_super",
            "REASSIGN OWNED BY ada TO bob",
            "REASSIGN OWNED BY bob TO ada",
            "DROP OWNED BY bob",
            "ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT ALL ON TABLES TO ada",
        ],
    )
    .await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn databases_can_not_be_owned_changed_or_made() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    for database in ["shop_ada", "shop_bob", "postgres", "pglab_st_shop_1"] {
        for attempt in [
            "ALTER DATABASE $ OWNER TO ada",
            "ALTER DATABASE $ SET search_path = evil",
            "ALTER DATABASE $ RESET statement_timeout",
            "ALTER DATABASE $ CONNECTION LIMIT -1",
            "ALTER DATABASE $ ALLOW_CONNECTIONS false",
            "ALTER DATABASE $ IS_TEMPLATE true",
            "COMMENT ON DATABASE $ IS 'pglab:mine'",
            "CREATE DATABASE copy TEMPLATE $",
        ] {
            let attempt = attempt.replace('$', database);
            assert_eq!(refusal(&ada, &attempt).await, DENIED, "{attempt}");
        }
    }
    for attempt in [
        "DROP DATABASE shop_bob",
        "DROP DATABASE pglab_st_shop_1 WITH (FORCE)",
        "ALTER DATABASE shop_bob RENAME TO x",
    ] {
        assert_eq!(refusal(&ada, attempt).await, DENIED, "{attempt}");
    }
    // Refused before the question of rights comes up, since somebody (ada) is in there.
    for attempt in ["DROP DATABASE shop_ada", "ALTER DATABASE shop_ada RENAME TO mine"] {
        assert!(
            [DENIED, "55006"].contains(&refusal(&ada, attempt).await.as_str()),
            "{attempt}"
        );
    }
    class.assert_unharmed().await;
}

#[tokio::test]
async fn powers_and_limits_can_not_be_taken() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "ALTER ROLE ada SUPERUSER",
            "ALTER ROLE ada CREATEDB",
            "ALTER ROLE ada CREATEROLE",
            "ALTER ROLE ada REPLICATION",
            "ALTER ROLE ada BYPASSRLS",
            "ALTER ROLE ada CONNECTION LIMIT -1",
            "ALTER ROLE ada VALID UNTIL 'infinity'",
            "COMMENT ON ROLE ada IS NULL",
            "COMMENT ON ROLE bob IS 'pglab:mine'",
            "CREATE ROLE eve LOGIN",
            "DROP ROLE bob",
            "ALTER ROLE bob NOLOGIN",
            "ALTER ROLE bob SET search_path = evil",
            "ALTER ROLE pglab_chk_ada SET search_path = evil",
            "ALTER ROLE ALL SET search_path = evil",
            "SET temp_file_limit = -1",
            "ALTER ROLE ada SET temp_file_limit = -1",
            "SET track_activities = off",
            "SET log_statement = 'none'",
            "SET log_min_messages = panic",
            "SET allow_system_table_mods = on",
            "SET session_replication_role = replica",
            "SET zero_damaged_pages = on",
            "SET lc_messages = 'C'",
        ],
    )
    .await;
    assert_eq!(
        refusal(&ada, "ALTER ROLE ada RENAME TO pglab_chk_x").await,
        "0A000"
    );
    class.assert_unharmed().await;
}

/// Every student may act as the lab's role, which owns what came from the template.
#[tokio::test]
async fn the_role_of_the_lab_opens_nothing() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("SET ROLE pglab_lab_shop").await.unwrap();
    assert_denied(
        &ada,
        &[
            "DROP DATABASE pglab_st_shop_1",
            "ALTER DATABASE pglab_st_shop_1 OWNER TO pglab_lab_shop",
            "ALTER ROLE pglab_lab_shop LOGIN",
            "ALTER ROLE pglab_lab_shop CREATEDB",
            "ALTER ROLE pglab_lab_shop CONNECTION LIMIT 100",
            "CREATE DATABASE x",
            "CREATE EXTENSION dblink",
        ],
    )
    .await;
    // A password for a role that can't sign in is of no use.
    ada.batch_execute("ALTER ROLE pglab_lab_shop PASSWORD 'secret of pglab_lab_shop'")
        .await
        .unwrap();
    for database in ["shop_bob", "pglab_st_shop_1", "postgres"] {
        assert_eq!(
            class
                .connect("pglab_lab_shop", database)
                .await
                .unwrap_err()
                .code(),
            Some("28000")
        );
    }
    // Settings of a role count only where it signs in itself.
    ada.batch_execute("ALTER ROLE pglab_lab_shop SET search_path = evil; ALTER ROLE pglab_lab_shop SET default_transaction_read_only = on")
        .await
        .unwrap();
    // She may take or drop all that came from the template, in her database.
    ada.batch_execute("RESET ROLE; REASSIGN OWNED BY pglab_lab_shop TO ada")
        .await
        .unwrap();
    ada.batch_execute("SET ROLE pglab_lab_shop; DROP OWNED BY pglab_lab_shop CASCADE")
        .await
        .unwrap();
    class.assert_unharmed().await;
    instance::ensure(&class.maintenance, &spec("carol"))
        .await
        .unwrap();
    assert_eq!(albums(&class.student("carol").await).await, 50);
}

/// What was granted by the owner of the database, only the owner can take back: students can't even lock themselves out.
#[tokio::test]
async fn dropping_ones_own_rights_hurts_nobody() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("DROP OWNED BY ada CASCADE; REVOKE ALL ON DATABASE shop_ada FROM ada")
        .await
        .unwrap();
    class.student("ada").await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn granting_all_that_one_has_lets_nobody_in() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC, bob; GRANT ALL ON SCHEMA public TO PUBLIC, bob;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO bob;
         ALTER SCHEMA public OWNER TO ada",
    )
    .await
    .unwrap();
    assert_eq!(
        class.connect("bob", "shop_ada").await.unwrap_err().code(),
        Some(DENIED)
    );
    class.assert_unharmed().await;
}

/// Settings that a student keeps on their role are theirs: not the checker's, not the neighbour's. The worst of them
/// keep themselves out, and a reset heals that.
#[tokio::test]
async fn settings_on_ones_own_role_stay_ones_own() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE SCHEMA evil; ALTER ROLE ada SET search_path = evil, pg_catalog; ALTER ROLE ada SET statement_timeout = 0;
         ALTER ROLE ada IN DATABASE shop_ada SET default_transaction_isolation = serializable;
         ALTER ROLE ada SET role = pglab_lab_shop; ALTER ROLE ada SET client_encoding = LATIN1;
         ALTER ROLE ada SET local_preload_libraries = 'no_such_library'",
    )
    .await
    .unwrap();
    assert!(class.connect("ada", "shop_ada").await.is_err());
    let checker = class.checker("ada").await;
    for (setting, value) in [
        ("search_path", "\"$user\", public"),
        ("role", "none"),
        ("transaction_isolation", "read committed"),
    ] {
        let shown: String = checker
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(shown, value, "{setting}");
    }
    class.assert_unharmed().await;
    let spec = spec("ada");
    instance::remove(&class.maintenance, &spec.database, &spec.checker_role)
        .await
        .unwrap();
    instance::ensure(&class.maintenance, &spec).await.unwrap();
    class.student("ada").await;
}

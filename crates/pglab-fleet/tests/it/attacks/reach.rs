//! Getting at what is not one's own: databases, queries and sessions of others.

use pglab_fleet::provision::{cluster, instance, role};

use super::class::{Class, DENIED, assert_denied, eventually, ident, refusal, spec};

#[tokio::test]
async fn the_neighbours_database_is_closed() {
    let class = Class::start().await;
    for (role, database) in [
        ("ada", "shop_bob"),
        ("bob", "shop_ada"),
        ("pglab_chk_ada", "shop_bob"),
    ] {
        let refused = class.connect(role, database).await.unwrap_err();
        assert_eq!(refused.code(), Some(DENIED), "{role} in {database}");
    }
    // Nor is there a way from inside.
    let ada = class.student("ada").await;
    assert_eq!(
        refusal(&ada, "SELECT * FROM shop_bob.public.artist").await,
        "0A000"
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn what_belongs_to_the_server_and_to_pglab_is_closed() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute("CREATE DATABASE pglab")
        .await
        .unwrap();
    cluster::secure(&class.maintenance, Some(&ident("pglab")))
        .await
        .unwrap();
    for role in ["ada", "pglab_chk_ada"] {
        for database in ["postgres", "template1", "pglab", "pglab_st_shop_1"] {
            let refused = class.connect(role, database).await.unwrap_err();
            assert_eq!(refused.code(), Some(DENIED), "{role} in {database}");
        }
        let refused = class.connect(role, "template0").await.unwrap_err();
        assert_eq!(refused.code(), Some("55000"));
    }
    class.assert_unharmed().await;
}

/// Also in the moment between the copy and the rights: a database in the making takes no connections at all.
#[tokio::test]
async fn a_database_in_the_making_is_closed() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute("CREATE DATABASE shop_carol TEMPLATE pglab_st_shop_1 ALLOW_CONNECTIONS false CONNECTION LIMIT 761310001")
        .await
        .unwrap();
    assert_eq!(
        class.connect("ada", "shop_carol").await.unwrap_err().code(),
        Some("55000")
    );
    instance::ensure(&class.maintenance, &spec("carol"))
        .await
        .unwrap();
    assert_eq!(
        class.connect("ada", "shop_carol").await.unwrap_err().code(),
        Some(DENIED)
    );
    class.student("carol").await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn what_others_run_is_hidden() {
    let class = Class::start().await;
    let bob = class.student("bob").await;
    bob.batch_execute("SELECT 'my secret'").await.unwrap();
    let ada = class.student("ada").await;
    let seen: i64 = ada
        .query_one(
            "SELECT count(*) FROM pg_stat_activity
             WHERE usename = 'bob' AND (query LIKE '%secret%' OR client_addr IS NOT NULL OR state IS NOT NULL)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(seen, 0);
    assert_denied(
        &ada,
        &[
            "SELECT * FROM pg_authid",
            "SELECT * FROM pg_shadow",
            "SELECT * FROM pg_hba_file_rules",
            "SELECT * FROM pg_file_settings",
            "SELECT * FROM pg_user_mapping",
            "SELECT * FROM pg_subscription",
            "SELECT * FROM pg_statistic",
            "SELECT * FROM pg_config",
            "SELECT * FROM pg_shmem_allocations",
            "SELECT * FROM pg_backend_memory_contexts",
            "SHOW data_directory",
            "SHOW hba_file",
        ],
    )
    .await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn sessions_of_others_can_not_be_ended() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let bob = class.student("bob").await;
    let checker = class.checker("ada").await;
    for victim in [&bob, &checker, &class.maintenance] {
        let pid: i32 = victim
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);
        for function in [
            "pg_cancel_backend",
            "pg_terminate_backend",
            "pg_log_backend_memory_contexts",
        ] {
            let code = refusal(&ada, &format!("SELECT {function}({pid})")).await;
            assert_eq!(code, DENIED, "{function}");
        }
        victim.batch_execute("SELECT 1").await.unwrap();
    }
    class.assert_unharmed().await;
}

/// A role that is closed is closed at once, whatever it has open.
#[tokio::test]
async fn who_is_removed_is_out() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("BEGIN; LOCK TABLE artist").await.unwrap();
    role::close_login(&class.maintenance, &ident("ada"))
        .await
        .unwrap();
    eventually("the session is ended", async || ada.is_closed()).await;
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("28000")
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_password_is_needed_and_only_ones_own_can_be_set() {
    let class = Class::start().await;
    let mut config = class.config("ada", "shop_ada");
    config.password("wrong");
    let refused = pglab_fleet::Connection::open(&config).await.unwrap_err();
    assert_eq!(refused.code(), Some("28P01"));
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "ALTER ROLE bob PASSWORD 'mine'",
            "ALTER ROLE pglab_chk_ada PASSWORD 'mine'",
            "ALTER ROLE pglab_chk_bob PASSWORD 'mine'",
            "ALTER ROLE pglab_super PASSWORD 'mine'",
            "ALTER ROLE pglab_lab_shop PASSWORD 'mine'",
        ],
    )
    .await;
    ada.batch_execute("ALTER ROLE ada PASSWORD 'another'")
        .await
        .unwrap();
    config.password("another");
    pglab_fleet::Connection::open(&config).await.unwrap();
    class.assert_unharmed().await;
}

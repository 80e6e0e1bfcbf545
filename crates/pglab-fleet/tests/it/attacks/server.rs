//! Reaching for the machine: files, programs, libraries, languages, the network, the server's settings.

use super::class::{Class, DENIED, assert_denied, refusal};

#[tokio::test]
async fn no_file_is_read() {
    let class = Class::start().await;
    let attempts = [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_read_binary_file('pg_hba.conf')",
        "SELECT pg_stat_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_ls_logdir()",
        "SELECT pg_ls_waldir()",
        "SELECT pg_ls_tmpdir()",
        "SELECT pg_ls_archive_statusdir()",
        "SELECT pg_current_logfile()",
        "CREATE TABLE lines (x text); COPY lines FROM '/etc/passwd'",
        "COPY artist FROM '/etc/passwd'",
        "SELECT lo_import('/etc/passwd')",
    ];
    assert_denied(&class.student("ada").await, &attempts).await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn no_file_is_written() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "COPY artist TO '/tmp/out'",
            "COPY (SELECT 1) TO '/tmp/out'",
            "SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/out')",
            "CREATE TABLESPACE mine LOCATION '/tmp'",
        ],
    )
    .await;
    assert_eq!(
        refusal(&ada, "SELECT pg_file_write('x', 'y', false)").await,
        "42883"
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn no_program_is_run() {
    let class = Class::start().await;
    let attempts = [
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "CREATE TABLE said (x text); COPY said FROM PROGRAM 'id'",
        "SET ROLE pg_execute_server_program",
        "DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''id'''; END $$",
    ];
    assert_denied(&class.student("ada").await, &attempts).await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn no_library_is_loaded() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "LOAD 'dblink'",
            "LOAD '/tmp/evil.so'",
            "LOAD '$libdir/dblink'",
            "CREATE FUNCTION f() RETURNS integer LANGUAGE c AS '/tmp/evil.so', 'f'",
            "CREATE FUNCTION f() RETURNS integer LANGUAGE internal AS 'boolin'",
            "CREATE LANGUAGE mine HANDLER plpgsql_call_handler",
            "CREATE ACCESS METHOD mine TYPE index HANDLER bthandler",
            "CREATE TYPE mine (INPUT = textin, OUTPUT = textout)",
            "CREATE OPERATOR CLASS mine FOR TYPE integer USING btree AS OPERATOR 1 <",
            "CREATE TEXT SEARCH TEMPLATE mine (LEXIZE = dsimple_lexize)",
            "ALTER ROLE ada SET session_preload_libraries = 'evil'",
            "SET dynamic_library_path = '/tmp'",
        ],
    )
    .await;
    // Denied where it is installed.
    let untrusted = refusal(&ada, "CREATE LANGUAGE plpython3u").await;
    assert!([DENIED, "0A000"].contains(&untrusted.as_str()), "{untrusted}");
    // Only for a whole session, and only out of a folder that an administrator fills.
    let mut config = class.config("ada", "shop_ada");
    config.options("-c local_preload_libraries=dblink");
    let refused = pglab_fleet::Connection::open(&config).await.unwrap_err();
    assert_eq!(refused.code(), Some("58P01"), "{refused}");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn only_trusted_extensions_are_made() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    for extension in [
        "dblink",
        "postgres_fdw",
        "file_fdw",
        "adminpack",
        "pageinspect",
        "pg_buffercache",
        "pg_stat_statements",
        "amcheck",
    ] {
        let code = refusal(&ada, &format!("CREATE EXTENSION {extension}")).await;
        // adminpack is no more since PostgreSQL 17.
        let gone = extension == "adminpack" && ada.server_version() >= 170_000;
        assert_eq!(code, if gone { "0A000" } else { DENIED }, "{extension}");
    }
    ada.batch_execute("CREATE EXTENSION pgcrypto; CREATE EXTENSION hstore")
        .await
        .unwrap();
    // What a trusted extension brings belongs to the server's owner, and so stays as it is.
    assert_denied(
        &ada,
        &[
            "CREATE OR REPLACE FUNCTION crypt(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION crypt(text, text) OWNER TO ada",
        ],
    )
    .await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn no_connection_goes_out() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    for (attempt, code) in [
        ("SELECT dblink_connect('host=127.0.0.1')", "42883"),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p",
            DENIED,
        ),
        ("CREATE FOREIGN DATA WRAPPER w", DENIED),
        ("CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw", "42704"),
        ("CREATE USER MAPPING FOR ada SERVER s", "42704"),
    ] {
        assert_eq!(refusal(&ada, attempt).await, code, "{attempt}");
    }
    class.assert_unharmed().await;
}

#[tokio::test]
async fn the_server_is_not_steered() {
    let class = Class::start().await;
    let attempts = [
        "ALTER SYSTEM SET listen_addresses = '*'",
        "SELECT pg_reload_conf()",
        "SELECT pg_rotate_logfile()",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_restore_point('x')",
        "SELECT pg_promote()",
        "CHECKPOINT",
        "SELECT pg_stat_reset()",
        "SELECT pg_stat_reset_shared('bgwriter')",
        "SELECT pg_create_physical_replication_slot('x')",
        "SELECT pg_create_logical_replication_slot('x', 'test_decoding')",
        "SELECT pg_replication_origin_create('x')",
        "SELECT pg_log_standby_snapshot()",
        "CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
        "CREATE PUBLICATION p FOR ALL TABLES",
        "SECURITY LABEL ON TABLE artist IS 'x'",
    ];
    let ada = class.student("ada").await;
    for attempt in attempts {
        // Some are not there on every version, or have no provider here.
        let code = refusal(&ada, attempt).await;
        assert!(
            [DENIED, "42883", "22023"].contains(&code.as_str()),
            "{attempt}: {code}"
        );
    }
    assert_eq!(
        refusal(&ada, "BEGIN; CREATE TABLE p (x integer); PREPARE TRANSACTION 'x'").await,
        "55000"
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn the_catalog_is_not_written() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "UPDATE pg_authid SET rolsuper = true",
            "UPDATE pg_database SET datdba = 0",
            "DELETE FROM pg_shdescription",
            "INSERT INTO pg_auth_members SELECT * FROM pg_auth_members",
            "UPDATE pg_proc SET prosrc = 'x'",
            "UPDATE pg_class SET relowner = 0",
            "CREATE TABLE pg_catalog.evil (x integer)",
            "CREATE FUNCTION pg_catalog.evil() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION pg_catalog.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION pg_catalog.lower(text) OWNER TO ada",
            "ALTER TABLE pg_class RENAME TO evil",
            "DROP VIEW pg_stat_activity",
            "ALTER SCHEMA pg_catalog OWNER TO ada",
            "GRANT ALL ON pg_class TO bob WITH GRANT OPTION; TRUNCATE pg_class",
            "CREATE TRIGGER t AFTER INSERT ON pg_class EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "CREATE RULE r AS ON INSERT TO pg_class DO INSTEAD NOTHING",
            "CREATE CAST (integer AS text) WITH INOUT AS IMPLICIT",
        ],
    )
    .await;
    class.assert_unharmed().await;
}

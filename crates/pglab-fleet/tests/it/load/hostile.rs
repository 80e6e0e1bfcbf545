//! Scripts made to do harm: each is refused or contained, and leaves nothing behind.

use std::{path::Path, time::Duration};

use pglab_fleet::load::{LoadError, LoadFault};

use super::place::Workshop;

async fn refused(script: &str) -> LoadError {
    let workshop = Workshop::open().await;
    workshop.load(script).await.unwrap_err()
}

#[tokio::test]
async fn a_program_by_psql() {
    let trace = std::env::temp_dir().join(format!("pglab-hostile-{}", std::process::id()));
    let error = refused(&format!("SELECT 1;\n\\! touch {}\n", trace.display())).await;
    assert_eq!((error.fault, error.line), (LoadFault::Forbidden, Some(2)));
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_file_by_psql() {
    for command in [
        "\\i /etc/passwd",
        "\\ir ../secret",
        "\\copy t from '/etc/passwd'",
        "\\o /tmp/x",
        "\\w /tmp/x",
        "SELECT 'x' \\g |id",
        "SELECT 'DROP' \\gexec",
    ] {
        let error = refused(&format!("CREATE TABLE t (l text);\n{command}\n")).await;
        assert_eq!(
            (error.fault, error.line),
            (LoadFault::Forbidden, Some(2)),
            "{command}: {error}"
        );
    }
}

#[tokio::test]
async fn copy_of_programs_and_server_files() {
    for copy in [
        "COPY t FROM PROGRAM 'id'",
        "COPY t FROM '/etc/passwd'",
        "COPY t TO '/tmp/pglab-hostile'",
        "/* FROM stdin */ copy t from -- stdin\n program 'id'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
    ] {
        let error = refused(&format!("CREATE TABLE t (l text);\n{copy};\n")).await;
        assert_eq!(error.fault, LoadFault::Forbidden, "{copy}: {error}");
    }
    // Hidden from us, PostgreSQL still says no.
    let error =
        refused("CREATE TABLE t (l text);\nDO $$ BEGIN EXECUTE 'COPY t FROM PROGRAM ''id'''; END $$;").await;
    assert_eq!(error.sqlstate.as_deref(), Some("42501"), "{error}");
    let error = refused("SELECT pg_read_file('/etc/passwd');").await;
    assert_eq!(error.sqlstate.as_deref(), Some("42501"), "{error}");
    let error = refused("SELECT lo_import('/etc/passwd');").await;
    assert_eq!(error.sqlstate.as_deref(), Some("42501"), "{error}");
}

#[tokio::test]
async fn extensions_of_a_superuser() {
    for extension in [
        "file_fdw",
        "adminpack",
        "dblink",
        "\"plpython3u\"",
        "no_such_thing",
    ] {
        let error = refused(&format!("CREATE EXTENSION IF NOT EXISTS {extension};\n")).await;
        assert_eq!(
            (error.fault, error.line),
            (LoadFault::Forbidden, Some(1)),
            "{extension}: {error}"
        );
    }
}

#[tokio::test]
async fn extensions_that_are_trusted_or_allowed() {
    let mut workshop = Workshop::open().await;
    workshop.extensions = vec!["dblink".to_owned()];
    workshop
        .load("CREATE EXTENSION dblink;\nCREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\nCOMMENT ON EXTENSION citext IS 'x';\nCREATE TABLE t (c public.citext);")
        .await
        .unwrap();
}

#[tokio::test]
async fn becoming_somebody_else() {
    let workshop = Workshop::open().await;
    workshop
        .load(
            "SET SESSION AUTHORIZATION pglab_super;\nSET ROLE pglab_super;\nRESET ROLE;\nRESET SESSION AUTHORIZATION;\n\
             SELECT set_config('role', 'none', false);\nCREATE TABLE of_the_loader (n int);\n\
             CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE SCHEMA mine;\nCREATE TYPE mine.e AS ENUM ('a');",
        )
        .await
        .unwrap();
    let inside = workshop.inside("pglab_ex_shop_1").await;
    let row = inside
        .query_one(
            "SELECT count(*) FILTER (WHERE o = 'pglab_lab_shop'::regrole), count(*) FROM (
                 SELECT relowner FROM pg_class WHERE relname = 'of_the_loader' UNION ALL
                 SELECT proowner FROM pg_proc WHERE proname = 'f' UNION ALL
                 SELECT nspowner FROM pg_namespace WHERE nspname = 'mine' UNION ALL
                 SELECT typowner FROM pg_type WHERE typname = 'e') x (o)",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (4, 4));
    let error = refused("DO $$ BEGIN SET ROLE pglab_super; END $$;").await;
    assert_eq!(error.sqlstate.as_deref(), Some("42501"));
}

#[tokio::test]
async fn powers_over_the_server() {
    for script in [
        "ALTER SYSTEM SET log_statement = 'all';",
        "DO $$ BEGIN CREATE ROLE boss SUPERUSER; END $$;",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE pglab_load_shop SUPERUSER'; END $$;",
        "DO $$ BEGIN CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger(); END $$;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'system';",
        "CREATE LANGUAGE plperlu;",
        "LOAD 'auto_explain';",
        "SELECT pg_reload_conf();",
        "PREPARE TRANSACTION 'left';",
        "CREATE FUNCTION pg_catalog.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "UPDATE pg_catalog.pg_authid SET rolsuper = true;",
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;",
    ] {
        let error = refused(script).await;
        assert!(
            matches!(error.fault, LoadFault::Statement | LoadFault::Forbidden),
            "{script}: {error}"
        );
    }
    // Without effect, and said so.
    let workshop = Workshop::open().await;
    let report = workshop
        .load("CREATE ROLE boss SUPERUSER;\nCREATE USER u;\nCREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();\nCREATE TABLESPACE x LOCATION '/tmp';\nALTER DATABASE postgres SET search_path = x;\nDROP ROLE pglab_super;")
        .await
        .unwrap();
    assert_eq!(report.n_warnings, 6);
    let superuser = workshop.server.superuser("postgres").await;
    assert!(
        superuser
            .query_opt("SELECT FROM pg_roles WHERE rolname = 'boss'", &[])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn endless_work_is_ended() {
    let mut workshop = Workshop::open().await;
    workshop.limits.total = Duration::from_secs(2);
    for script in [
        "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;",
        "SET statement_timeout = 0;\nCREATE TABLE t (n bigint);\nINSERT INTO t SELECT * FROM generate_series(1, 1000000000);",
        "SELECT * FROM generate_series(1, 1000000000);",
    ] {
        let error = workshop.load(script).await.unwrap_err();
        assert_eq!(error.fault, LoadFault::Limit, "{error}");
    }
}

#[tokio::test]
async fn a_database_that_grows_without_end_is_dropped() {
    let mut workshop = Workshop::open().await;
    workshop.limits.max_database_bytes = 30 << 20;
    let error = workshop
        .load("CREATE TABLE t (n bigint);\nINSERT INTO t SELECT generate_series(1, 1000000000);")
        .await
        .unwrap_err();
    assert_eq!(error.fault, LoadFault::Limit);
    assert!(error.message.contains("30 MiB"), "{error}");
    // These rows are gathered in a temporary file first.
    let error = workshop
        .load("CREATE TABLE t (n bigint);\nINSERT INTO t SELECT * FROM generate_series(1, 1000000000);")
        .await
        .unwrap_err();
    assert_eq!(
        (error.fault, error.sqlstate.as_deref()),
        (LoadFault::Limit, Some("53400"))
    );
}

#[tokio::test]
async fn a_statement_without_end_is_not_kept() {
    let mut workshop = Workshop::open().await;
    workshop.limits.max_statement_bytes = 4 << 20;
    let path = workshop.file("SELECT 1;\nSELECT '");
    let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    // 300 MB of a string, of zero bytes that take no space on disk.
    file.set_len(300_000_000).unwrap();
    let error = workshop.load_file(&path).await.unwrap_err();
    assert_eq!((error.fault, error.line), (LoadFault::Limit, Some(2)), "{error}");
}

#[tokio::test]
async fn messages_of_the_server_are_of_a_bearable_length() {
    let error = refused("DO $$ BEGIN RAISE '%', repeat('x', 5000000); END $$;").await;
    assert!(error.message.len() < 5000);
    let error = refused("DO $$ BEGIN RAISE '%', repeat('x', 100000000); END $$;").await;
    assert_eq!(error.fault, LoadFault::Server);
}

#[tokio::test]
async fn what_raises_when_it_is_looked_at_is_left_out() {
    let workshop = Workshop::open().await;
    let script = include_str!("hostile.sql");
    let example = workshop.example(&workshop.file(script)).await.unwrap();
    let left_out: Vec<_> = example
        .rows
        .left_out
        .iter()
        .map(|(name, _)| name.name.as_str())
        .collect();
    assert_eq!(left_out, ["deep", "raising", "sleepy", "zero"]);
    let names: Vec<_> = example
        .schema
        .tables
        .iter()
        .map(|table| table.name.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["\"; DROP TABLE t; --", "guarded", "pg_class", "t", "two\nlines"]
    );
    assert_eq!(example.schema.tables[3].comment.as_ref().unwrap().len(), 20_000);
    let rows: Vec<_> = example
        .rows
        .rows
        .iter()
        .map(|rows| (rows.name.name.as_str(), rows.digest.n_rows))
        .collect();
    assert_eq!(
        rows,
        [
            ("\"; DROP TABLE t; --", 0),
            ("guarded", 1),
            ("pg_class", 1),
            ("t", 2),
            ("two\nlines", 0)
        ]
    );
    assert!(!Path::new("/tmp/pglab-hostile").exists());
}

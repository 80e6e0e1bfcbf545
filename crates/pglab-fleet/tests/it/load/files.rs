//! Scripts as people have them.

use std::io::Write;

use pglab_fleet::load::{self, LoadFault, Source};

use super::place::Workshop;

#[tokio::test]
async fn a_script_that_makes_its_own_database_goes_into_ours() {
    let workshop = Workshop::open().await;
    let report = workshop
        .load(
            "\u{feff}-- as tools write them\n\\set ON_ERROR_STOP on\nDROP DATABASE IF EXISTS shop;\r\nCREATE DATABASE shop;\n\\c shop;\n\
             \\restrict aBc\nSET statement_timeout = 0;\nSET transaction_timeout = 0;\nSET client_encoding = 'UTF8';\n\
             SELECT pg_catalog.set_config('search_path', '', false);\nCREATE ROLE clerk LOGIN SUPERUSER;\n\
             DROP TABLE public.album;\nALTER TABLE ONLY public.album DROP CONSTRAINT k;\nCREATE TABLE public.album (id serial PRIMARY KEY, title text);\n\
             ALTER TABLE public.album OWNER TO clerk;\nGRANT SELECT ON public.album TO nobody_here;\n\
             INSERT INTO public.album (title) VALUES ('Blue; -- no comment'), ('Kind');\n\
             BEGIN;\nSET no_such_setting = 1;\nDROP VIEW public.nothing;\nINSERT INTO public.album (title) VALUES ('Third');\nCOMMIT;\n\
             COPY public.album (id, title) FROM stdin;\n10\tCopied\\tover\n\\.\nSET ROLE pglab_super;\n\\unrestrict aBc\nSELECT 1",
        )
        .await
        .unwrap();
    let warned: Vec<_> = report.warnings.iter().map(|warning| warning.line).collect();
    // PostgreSQL 17 knows the setting of line 8.
    let mut expected = vec![3, 4, 5, 8, 11, 12, 13, 16, 19, 20, 26];
    if workshop.server.server().settings().binaries.major >= 17 {
        expected.retain(|line| *line != 8);
    }
    assert_eq!(warned, expected, "{:#?}", report.warnings);
    assert_eq!(report.n_copied_rows, 1);
    let inside = workshop.inside("pglab_ex_shop_1").await;
    let row = inside
        .query_one(
            "SELECT string_agg(title, '|' ORDER BY id), (SELECT tableowner FROM pg_tables WHERE tablename = 'album'),
                    (SELECT count(*) FROM pg_roles WHERE rolname IN ('clerk', 'pglab_load_shop')) FROM album",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(
        row.get::<_, &str>(0),
        "Blue; -- no comment|Kind|Third|Copied\tover"
    );
    assert_eq!(row.get::<_, &str>(1), "pglab_lab_shop");
    assert_eq!(row.get::<_, i64>(2), 0);
}

#[tokio::test]
async fn our_own_example_is_loaded_as_it_is() {
    let workshop = Workshop::open().await;
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbour/harbour.sql");
    let example = workshop.example(&script).await.unwrap();
    assert_eq!(example.report.warnings, []);
    assert_eq!((example.schema.tables.len(), example.schema.views.len()), (12, 4));
    assert_eq!(example.rows.left_out, []);
    assert!(
        example
            .rows
            .rows
            .iter()
            .all(|rows| rows.digest.n_rows > 0 && rows.hashes.is_some())
    );
}

#[tokio::test]
async fn errors_say_where() {
    let workshop = Workshop::open().await;
    let cases = [
        (
            "SELECT 1;\n\nCREATE TABLE t (\n  n integer,\n  m no_such_type\n);\n",
            5,
            "42704",
        ),
        ("INSERT INTO t VALUES (1);\n", 1, "42P01"),
        (
            "CREATE TABLE t (n int);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES ('x');\n",
            4,
            "22P02",
        ),
        (
            "CREATE TABLE t (n int PRIMARY KEY);\nINSERT INTO t VALUES (1);\nINSERT INTO t\n VALUES (1);\nINSERT INTO t VALUES (2);\n",
            3,
            "23505",
        ),
        (
            "CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\n2\nthree\n4\n\\.\n",
            5,
            "22P02",
        ),
        (
            "CREATE TABLE t (n int);\nBEGIN;\nINSERT INTO t VALUES (1);\nSELECT 1/0;\nCOMMIT;\n",
            4,
            "22012",
        ),
        (
            "CREATE TABLE t (n int);\nSELECT 1;\nSELEC 2;\nSELECT 3;\n",
            3,
            "42601",
        ),
        (
            "CREATE TABLE t (n int);;\nCOPY no_such FROM stdin;\n1\n\\.\n",
            2,
            "42P01",
        ),
        (
            "CREATE TABLE `t` (\n `id` int AUTO_INCREMENT\n) ENGINE=InnoDB;\n",
            1,
            "42601",
        ),
    ];
    for (script, line, sqlstate) in cases {
        let error = workshop.load(script).await.unwrap_err();
        assert_eq!(error.line, Some(line), "{script}\n{error:?}");
        assert_eq!(error.sqlstate.as_deref(), Some(sqlstate), "{script}\n{error:?}");
        assert_eq!(error.fault, LoadFault::Statement);
        assert!(error.statement.is_some(), "{script}\n{error:?}");
        if script.contains('`') {
            assert!(error.to_string().contains("MySQL"), "{error}");
        }
    }
}

#[tokio::test]
async fn files_that_are_no_scripts_are_told_apart() {
    let workshop = Workshop::open().await;
    let cases: [(&[u8], &str); 9] = [
        (b"\xff\xfeS\0E\0L\0", "UTF-16"),
        (b"PK\x03\x04....", "zip"),
        (b"SELECT '\xe9t\xe9';\n", "not text in UTF-8"),
        (b"SELECT 1;\nSELECT '\0';\n", "zero byte"),
        (b"SELECT 1;\nSELECT 'open;\n", "never ends"),
        (b"DO $x$ BEGIN END $y$;\n", "never ends"),
        (b"CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\n2\n", "cut off"),
        (b"BEGIN;\nCREATE TABLE t (n int);\n", "COMMIT"),
        (b"SET client_encoding = 'LATIN1';\n", "UTF8"),
    ];
    for (content, says) in cases {
        let error = workshop.load(content).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = workshop
        .load_file(std::path::Path::new("/no/such/file"))
        .await
        .unwrap_err();
    assert_eq!(error.fault, LoadFault::File);
}

#[tokio::test]
async fn compressed_files_are_read_and_progress_is_told() {
    let workshop = Workshop::open().await;
    let mut script = "CREATE TABLE t (n int, what text);\nCOPY t FROM stdin;\n".to_owned();
    for n in 0..100_000 {
        script.push_str(&format!("{n}\tsomething {n}\n"));
    }
    script.push_str("\\.\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(script.as_bytes()).unwrap();
    let path = workshop.file(packed.finish().unwrap());
    let size = std::fs::metadata(&path).unwrap().len();
    let seen = std::sync::Mutex::new(Vec::new());
    let report = load::load(&workshop.request(Source::File(path)), &|progress| {
        seen.lock().unwrap().push(progress.n_bytes);
    })
    .await
    .unwrap();
    assert_eq!((report.n_copied_rows, report.n_bytes), (100_000, size));
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 3 && seen.is_sorted(), "{seen:?}");
}

#[tokio::test]
async fn a_load_can_be_cancelled_and_made_again() {
    let workshop = Workshop::open().await;
    let path = workshop.file("SELECT pg_sleep(1000);");
    let request = workshop.request(Source::File(path));
    let cancel = request.cancel.clone();
    let (outcome, ()) = tokio::join!(load::load(&request, &|_| {}), async {
        let superuser = workshop.server.superuser("postgres").await;
        loop {
            let row = superuser
                .query_one("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(1000)%' AND usename = 'pglab_load_shop'", &[])
                .await
                .unwrap();
            if row.get::<_, i64>(0) > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        cancel.cancel();
    });
    assert_eq!(outcome.unwrap_err().fault, LoadFault::Cancelled);
    workshop.nothing_is_left().await;
    workshop.load("CREATE TABLE t (n int);").await.unwrap();
    // What a killed process left is replaced.
    workshop.load("CREATE TABLE u (n int);").await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_ours_is_left_alone() {
    let workshop = Workshop::open().await;
    workshop.server.database("pglab_ex_shop_1").await;
    let request = workshop.request(Source::File(workshop.file("CREATE TABLE t (n int);")));
    let error = load::load(&request, &|_| {}).await.unwrap_err();
    assert_eq!(error.fault, LoadFault::Server, "{error}");
    workshop.server.superuser("pglab_ex_shop_1").await;
}

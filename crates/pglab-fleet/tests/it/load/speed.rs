//! Loading is about as fast as psql, and takes no more memory for more data.

use std::time::Instant;

use super::place::Workshop;

/// A script of many small statements and some data, as sample databases are.
fn script() -> String {
    let mut script = String::new();
    for t in 0..10 {
        script.push_str(&format!(
            "CREATE TABLE t{t} (id integer PRIMARY KEY, a text, b numeric(10,2));\n"
        ));
        for n in 0..1500 {
            script.push_str(&format!(
                "INSERT INTO t{t} (id, a, b) VALUES ({n}, 'Name ''{n}''', {n}.5);\n"
            ));
        }
    }
    script
}

#[tokio::test]
async fn many_small_statements_take_no_longer_than_with_psql() {
    let workshop = Workshop::open().await;
    let path = workshop.file(script());
    workshop.server.database("by_psql").await;
    let begun = Instant::now();
    workshop.program(
        "psql",
        &[
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            path.to_str().unwrap(),
            "by_psql",
        ],
    );
    let by_psql = begun.elapsed();
    let begun = Instant::now();
    let report = workshop.load_file(&path).await.unwrap();
    let by_us = begun.elapsed();
    assert_eq!(report.n_statements, 15_010);
    // Ours also makes the database, and the test is built without optimisation.
    assert!(
        by_us < by_psql * 2 + std::time::Duration::from_secs(2),
        "{by_us:?} and {by_psql:?} by psql"
    );
}

//! A real server takes the SQL of generated schemas and of every change to them.

use pglab_testkit::{
    TestServer,
    schema_gen::{mutations, schemas, to_sql},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

#[tokio::test]
async fn postgresql_takes_schemas_and_changes() {
    let server = TestServer::start().await;
    let connection = server.superuser("postgres").await;
    let mut runner = TestRunner::deterministic();
    let mut n_changes = 0;
    for _ in 0..40 {
        let schema = schemas().new_tree(&mut runner).expect("a schema").current();
        connection.batch_execute("BEGIN").await.expect("BEGIN");
        let sql = to_sql(&schema);
        if let Err(error) = connection.batch_execute(&sql).await {
            panic!("{error}\n{sql}");
        }
        for mutation in mutations(&schema) {
            let Some(change) = &mutation.sql else { continue };
            let statements =
                format!("SAVEPOINT here; {change}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO here");
            if let Err(error) = connection.batch_execute(&statements).await {
                panic!("{}: {error}\n{change}\n{sql}", mutation.what);
            }
            n_changes += 1;
        }
        connection.batch_execute("ROLLBACK").await.expect("ROLLBACK");
    }
    assert!(n_changes > 500, "only {n_changes} changes were tried");
}

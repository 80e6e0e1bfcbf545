//! Expressions that students write in different ways, as a real server prints them: what means the same is taken as the
//! same, what does not is not.

use pglab_core::expression;
use pglab_testkit::TestServer;

/// Two ways to write one rule on the table of the test.
const SAME: &[(&str, &str)] = &[
    ("rating BETWEEN 0 AND 5", "rating <= 5 AND rating >= 0"),
    ("status IN ('new', 'old')", "status IN ('old', 'new')"),
    ("status IN ('new', 'old')", "status = ANY (ARRAY['new', 'old'])"),
    ("label IN ('new', 'old')", "label IN ('old', 'new', 'old')"),
    ("status NOT IN ('a', 'b')", "status NOT IN ('b', 'a')"),
    ("price > 0", "0 < price"),
    ("price > 0", "price > 0.0"),
    ("price > 0", "(price) > (0)"),
    ("price >= -1", "(price >= (-1))"),
    ("status <> ''", "'' <> status"),
    (
        "length(status) > 2 OR rating IS NULL",
        "rating IS NULL OR length(status) > 2",
    ),
    (
        "a > 1 AND b > 2 AND rating > 3",
        "(rating > 3 AND b > 2) AND a > 1",
    ),
    ("born > '1900-01-01'", "born > DATE '1900-01-01'"),
    ("mood = 'calm'", "mood = 'calm'::mood"),
    ("\"Odd Name\" > 1", "(\"Odd Name\" > 1)"),
    ("starts < ends", "ends > starts"),
    ("coalesce(a, b) > 0", "COALESCE(a, b) > 0"),
    ("status ~ '^[a-z]+$'", "(status ~ '^[a-z]+$')"),
    ("status = 'it''s'", "(status)::text = 'it''s'"),
];

const DIFFERENT: &[(&str, &str)] = &[
    ("rating BETWEEN 0 AND 5", "rating BETWEEN 1 AND 5"),
    ("rating > 0", "rating >= 0"),
    ("a > b", "b > a"),
    ("a - b > 0", "b - a > 0"),
    ("a > 1 OR b > 2 AND rating > 3", "(a > 1 OR b > 2) AND rating > 3"),
    ("NOT (a > 1 AND b > 2)", "NOT a > 1 AND b > 2"),
    ("status IN ('new', 'old')", "status IN ('new')"),
    ("status LIKE 'a%'", "status LIKE 'A%'"),
    ("status LIKE 'a%'", "status ILIKE 'a%'"),
    ("price::integer > 0", "price > 0"),
    ("status = 'a b'", "status = 'a  b'"),
    ("a / b / 2 > 1", "a / (b / 2) > 1"),
    ("mood = 'calm'", "mood <> 'calm'"),
    (
        "CASE WHEN a > 1 THEN b > 1 ELSE rating > 1 END",
        "CASE WHEN a > 1 THEN rating > 1 ELSE b > 1 END",
    ),
    ("rating IS NULL", "rating IS NOT NULL"),
    ("a IS DISTINCT FROM b", "a IS NOT DISTINCT FROM b"),
    ("status = 'a'", "label = 'a'"),
];

#[tokio::test]
async fn rules_as_a_server_prints_them() {
    let server = TestServer::start().await;
    let connection = server.superuser("postgres").await;
    connection
        .batch_execute(
            "CREATE TYPE mood AS ENUM ('calm', 'loud');
             CREATE TABLE thing (rating smallint, price numeric(10,2), status varchar(20), label text, a integer, b integer,
                                 born date, mood mood, \"Odd Name\" integer, starts timestamptz, ends timestamptz);
             SET search_path = pg_catalog",
        )
        .await
        .unwrap();
    let mut wrong = String::new();
    for (pairs, wanted) in [(SAME, true), (DIFFERENT, false)] {
        for (a, b) in pairs {
            let (a, b) = (printed(&connection, a).await, printed(&connection, b).await);
            if expression::same(&a, &b) != wanted {
                wrong.push_str(&format!(
                    "{a}\n{b}\n  {}\n  {}\n",
                    expression::normal_form(&a),
                    expression::normal_form(&b)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is printed for people is still what PostgreSQL understands, and means the same.
#[tokio::test]
async fn readable_rules_mean_the_same() {
    let server = TestServer::start().await;
    let connection = server.superuser("postgres").await;
    connection
        .batch_execute(
            "CREATE TYPE mood AS ENUM ('calm', 'loud');
             CREATE TABLE thing (rating smallint, price numeric(10,2), status varchar(20), label text, a integer, b integer,
                                 born date, mood mood, \"Odd Name\" integer, starts timestamptz, ends timestamptz);
             SET search_path = pg_catalog",
        )
        .await
        .unwrap();
    for (a, b) in SAME.iter().chain(DIFFERENT) {
        for rule in [a, b] {
            let first = printed(&connection, rule).await;
            let again = printed(&connection, &expression::readable(&first)).await;
            assert!(
                expression::same(&first, &again),
                "{first}\n{}\n{again}",
                expression::readable(&first)
            );
        }
    }
}

async fn printed(connection: &pglab_fleet::connection::Connection, rule: &str) -> String {
    connection
        .batch_execute(&format!(
            "SET search_path = public; ALTER TABLE thing ADD CONSTRAINT rule CHECK ({rule}); SET search_path = pg_catalog"
        ))
        .await
        .unwrap_or_else(|error| panic!("{rule}: {error}"));
    let row = connection
        .query_one(
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'rule'",
            &[],
        )
        .await
        .unwrap();
    connection
        .batch_execute("ALTER TABLE public.thing DROP CONSTRAINT rule")
        .await
        .unwrap();
    row.get(0)
}

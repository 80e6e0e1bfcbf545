//! Wrong documents say where.

use serde_json::{Value, json};

use super::{document, sql_lab};
use crate::cdf::Document;

fn said(value: &Value) -> String {
    let problems = document(value).check().unwrap_err();
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn wrong_documents_say_where() {
    let components = json!([
        {"type": "question", "config": {"type": "text", "text": "t", "answer": "a"}},
        {"type": "question", "id": "a", "config": {"type": "riddle", "answer": "a"}},
        {"type": "question", "id": "a", "config": {"type": "text", "text": " ", "answer": {"regexp": "x"}, "points": -1}},
        {"type": "question", "id": "b", "config": {"type": "multiple_choice", "text": "t", "options": ["x", "y"], "answer": ["x", "z"]}},
        {"type": "question", "id": "c", "config": {"type": "query", "text": "t", "answer": 1}},
        {"type": "secret", "id": "d", "config": {"data": {"k": 1}}},
        {"type": "webosApp", "id": "e", "config": {}},
        "x",
    ]);
    insta::assert_snapshot!(said(&json!({"metadata": {"name": "", "challenge_type": "web", "difficulty": "odd", "tags": "one"}, "components": components})), @r#"
    metadata.name: must not be empty
    metadata.version: is missing
    metadata.difficulty: must be beginner, intermediate, advanced or expert
    components[0].id: is missing
    components[2]: another component has the id "a" already
    components[7]: must be an object, and is a text
    components[1].config.text: is missing
    components[1].config.type: "riddle" is no type of question: use text, multiple_choice, checkboxes, flag, state, query, assert, behaviour or plan
    components[2].config.text: must not be empty
    components[2].config.points: must be from 0 to 1000000
    components[2].config.answer: must be a text, a number, or an object with one of regex, argon2id and member
    components[3].config.answer[1]: is none of the options
    components[4].config.answer: must be a text, and is a number
    components[5].config.data.k: must be a text, and is a number
    components[6].config.app_type: is missing
    "#);
    insta::assert_snapshot!(said(&json!({"components": {}, "templates": [{}]})), @"
    metadata: is missing
    components: must be a list, and is an object
    templates[0].name: is missing
    templates[0].path: is missing
    templates[0].destination: is missing
    ");
    insta::assert_snapshot!(said(&sql_lab(json!([
        {"type": "query", "text": "t", "answer": "SELECT a ORDER BY lower(a)", "datasets": ["many"], "contract": {"tolerance": "-1"}, "wrong": ["SELECT a ORDER BY lower(a)"]},
        {"type": "query", "text": "t", "answer": "SELECT 1", "database": "other"},
        {"type": "state", "text": "t", "checks": [{"fact": {"kind": "table_flies"}}]},
        {"type": "state", "text": "t"},
        {"type": "behaviour", "text": "t", "steps": [{"sql": "x", "expect": {"error": "2350"}}, {"title": "y", "sql": "x", "expect": "maybe", "weight": 2000}]},
        {"type": "plan", "text": "t", "rules": [{"lacks": {}}]},
        {"type": "text", "text": "t", "answer": {"regex": "("}},
    ]))), @r#"
    components[1].config.contract.tolerance: "-1" can't be a tolerance: write a decimal number that is not negative, like "0.01"
    components[1].config.answer: is ordered by lower(, which is no plain column of the result: declare contract.order with the columns that are in order, or with none
    components[1].config.wrong[0]: is the reference itself, or stands twice
    components[1].config.datasets: the database has no hidden dataset "many"
    components[2].config.database: there is no component of type database with the id "other"
    components[3].config.checks[0].fact: is no fact: unknown variant `table_flies`, expected one of `schema_exists`, `table_exists`, `column_exists`, `column_type`, `nullability`, `default`, `generated`, `auto_number`, `primary_key`, `foreign_key`, `unique`, `check_constraint`, `exclusion`, `index`, `trigger`, `view_exists`, `view_rows`, `function`, `sequence`, `enum`, `domain`, `table_comment`, `column_comment`, `rows`, `row_count`
    components[4].config: a question of type state needs checks, or derived tasks to take them from
    components[5].config.steps[0].expect.error: must be a SQLSTATE of five characters like "23503", or its class of two
    components[5].config.steps[1].expect: must be success, {"error": SQLSTATE}, {"rows": [[values]]} or {"affected": number}
    components[5].config.steps[1].weight: must be a whole number from 0 to 1000
    components[6].config: needs either query, whose plan is looked at, or answer, the reference for the student's own
    components[6].config.rules[0].lacks: must name a node, a relation or an index
    components[7].config.answer.regex: this regular expression can't be used: regex parse error:
        (
        ^
    error: unclosed group
    "#);
    let outside = json!({"type": "database", "id": "db", "config": {"start": {"dump": "../etc/passwd"}, "seed": ["/x", "other.sql"], "hidden": [{}]}});
    let mut value = sql_lab(json!([]));
    value["components"] = json!([outside]);
    insta::assert_snapshot!(said(&value), @r#"
    components[0].config.start.dump: the path "../etc/passwd" leads out of the pack
    components[0].config.seed[0]: the path "/x" is absolute: write it from the pack's folder
    components[0].config.seed[1]: must name a file in shared_resources/
    components[0].config.hidden[0].name: is missing
    components[0].config.hidden[0].files: is missing
    "#);
}

#[test]
fn text_that_can_not_be_kept_is_refused() {
    let said = |text: &str| Document::parse(text).unwrap_err().error;
    assert!(said(r#"{"a": 1, "a": 2}"#).contains("\"a\" stands twice"));
    assert!(said(r#"{"b": {"a": 1, "a": 2}}"#).contains("\"a\" stands twice"));
    assert!(said(r#"{"a": "x\u0000"}"#).contains("NUL"));
    assert!(said("[]").contains("object"));
    assert!(said("{").contains("no JSON"));
    assert!(said(&"[".repeat(100_000)).contains("no JSON"));
    assert!(said(&" ".repeat(5 << 20)).contains("longer"));
    assert!(Document::parse("\u{feff}{}").is_ok());
}

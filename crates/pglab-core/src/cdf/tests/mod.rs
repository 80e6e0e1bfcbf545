//! Documents as they come: awkward ones return as they were, and are understood.

mod ctfcli;
mod wrong;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::task::{TaskKind, kind::Accepted};

/// All that the format allows, and what real documents do besides.
const AWKWARD: &str = r#"{
  "$schema": "https://example.org/cdf.json",
  "metadata": {"name": "The Log's \"last\" page", "version": "1.0", "challenge_type": "Full_OS", "difficulty": "advanced",
    "estimated_time": 45.0, "tags": [], "mood": {"nested": [1, 2.50, null, true, "ä\u0001"]}, "author": null},
  "typeConfig": {"image": "{{INSTANCE_NAME}}", "other": "{{WHO_KNOWS}}"},
  "variables": {"OWN": "x"},
  "templates": [{"name": "n", "path": "p", "destination": "{{OWN}}", "mode": 493}],
  "components": [
    {"type": "question", "id": "b", "config": {"type": "text", "prompt": "How many?", "answer": [7, "seven"], "order": 1, "points": 2.5}},
    {"type": "question", "id": "a", "config": {"type": "text", "text": "Which file?", "answer": "cat ./-", "order": 1, "hint": ""}, "x-note": 1},
    {"type": "question", "id": "c", "config": {"type": "checkboxes", "text": "Which?", "options": ["1", 2, "3"], "answer": ["3", 2], "order": 0}},
    {"type": "question", "id": "d", "config": {"type": "multiple_choice", "text": "Which one?", "options": ["yes", "no"], "answer": 1}},
    {"type": "question", "id": "e", "config": {"type": "flag", "text": "Flag?", "answer": "{{FLAG}}", "required": true, "hints": ["free", {"content": "dear", "cost": 3}]}},
    {"type": "webosApp", "id": "t", "config": {"app_type": "terminal", "position": {"width": 640.0, "height": 480}, "screen": "terminal", "favourite": true, "additional_config": {"k": []}}},
    {"type": "container", "id": "box", "config": {"image": "x", "ports": [{"containerPort": 80, "protocol": "tcp"}], "cpu_limit": "1"}},
    {"type": "configMap", "id": "m", "config": {"data": {"a.conf": "port = 1\n"}}},
    {"type": "secret", "id": "s", "config": {"data": {"FLAG_SECRET_NAME": "{{FLAG}}"}}},
    {"type": "hologram", "id": "h", "config": {}}
  ]
}"#;

fn document(value: &Value) -> Document {
    Document::from_value(value.clone()).unwrap()
}

#[test]
fn awkward_documents_come_back_equal() {
    let document = Document::parse(AWKWARD).unwrap();
    let before: Value = serde_json::from_str(AWKWARD).unwrap();
    assert_eq!(Value::Object(document.value().clone()), before);
    let text = document.to_text();
    assert_eq!(Document::parse(&text).unwrap(), document);
    assert_eq!(Document::parse(&text).unwrap().to_text(), text);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), before);
}

#[test]
fn awkward_documents_are_understood() {
    let checked = Document::parse(AWKWARD).unwrap().check().unwrap();
    let challenge = checked.challenge;
    assert_eq!(challenge.key, "the-log-s-last-page");
    assert_eq!(challenge.challenge_type, ChallengeType::FullOs);
    assert_eq!(challenge.difficulty, Some(Difficulty::Hard));
    assert_eq!(challenge.estimated_time, Some(45));
    let order: Vec<&str> = challenge
        .questions
        .iter()
        .map(|question| question.id.as_str())
        .collect();
    assert_eq!(order, ["c", "b", "a", "d", "e"]);
    let question = |id: &str| {
        challenge
            .questions
            .iter()
            .find(|question| question.id == id)
            .unwrap()
    };
    assert_eq!(question("b").text, "How many?");
    assert_eq!(question("b").points.as_f64(), 2.5);
    assert_eq!(question("a").points.as_f64(), 10.0);
    assert_eq!(question("a").hints, []);
    assert_eq!(question("e").hints.len(), 2);
    let TaskKind::Choice(choice) = &question("d").kind else {
        panic!()
    };
    assert_eq!(choice.accepted, [Accepted::Exact("no".to_owned())]);
    let TaskKind::Flag(flag) = &question("e").kind else {
        panic!()
    };
    assert_eq!(flag.accepted, [Accepted::Member("flag".to_owned())]);
    let TaskKind::Text(text) = &question("b").kind else {
        panic!()
    };
    assert_eq!(
        text.accepted,
        [
            Accepted::Exact("7".to_owned()),
            Accepted::Exact("seven".to_owned())
        ]
    );
    assert_eq!(challenge.apps[0].width, Some(640));
    assert_eq!(challenge.config_maps[0].data["a.conf"], "port = 1\n");
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    typeConfig.other: the variable {{WHO_KNOWS}} is unknown and stays as it is
    metadata: has no id: the challenge is found again by its name only
    components[3].config.answer: taken as the place of an option, from 0: "no"
    components[9].config: pglab does not know components of type "hologram"
    components[1].config: another question has the same order: they stand as in the document
    "#);
    // Kept as JSON beside the task.
    for question in &challenge.questions {
        let stored = serde_json::to_value(&question.kind).unwrap();
        assert_eq!(serde_json::from_value::<TaskKind>(stored).unwrap(), question.kind);
    }
}

fn sql_lab(questions: Value) -> Value {
    let mut components = vec![json!({"type": "database", "id": "db", "config": {
        "start": {"dump": "shared_resources/start.sql"}, "example": "shared_resources/example.sql",
        "seed": "shared_resources/seed.sql",
        "hidden": [{"name": "few", "file": "shared_resources/few.sql"}, {"name": "none", "files": ["shared_resources/none.sql"], "base": "empty", "show_rows": true}]}})];
    for (at, config) in questions.as_array().unwrap().iter().enumerate() {
        components.push(json!({"type": "question", "id": format!("q{at}"), "config": config}));
    }
    json!({"metadata": {"id": "x", "name": "X", "version": "1", "challenge_type": "SQL_LAB"}, "components": components})
}

#[test]
fn tasks_in_databases() {
    let value = sql_lab(json!([
        {"type": "query", "text": "t", "answer": "SELECT a FROM t ORDER BY a", "contract": {"column_names": true, "tolerance": 0.01},
         "wrong": ["SELECT 1", {"sql": "SELECT 2", "because": "b"}], "attempts": 3, "cooldown": 60,
         "pricing": {"function": "linear", "decay": 1.5, "minimum": 2}},
        {"type": "query", "text": "t", "answer": "SELECT lower(a) FROM t ORDER BY lower(a)", "contract": {"order": [1]}, "datasets": ["few"]},
        {"type": "state", "text": "t", "derived": ["table:public.ship"], "checks": [{"fact": {"kind": "table_exists", "table": {"schema": "public", "name": "a"}}, "weight": 3}]},
        {"type": "assert", "text": "t", "assertions": [{"title": "it is", "sql": "true"}]},
        {"type": "behaviour", "text": "t", "steps": [
            {"sql": "INSERT INTO a VALUES (1)", "expect": {"affected": 1}, "weight": 0},
            {"title": "refused", "sql": "INSERT INTO a VALUES (1)", "expect": {"error": "23505"}},
            {"title": "seven", "sql": "SELECT f()", "expect": {"rows": [[7, true, null, "x"]]}}]},
        {"type": "plan", "text": "t", "query": "SELECT 1", "rules": [{"lacks": {"node": "Seq Scan", "relation": "a"}}, {"max_cost": 10}]},
        {"type": "text", "text": "t", "answer": [{"regex": "a+"}, {"argon2id": "$argon2id$x"}, {"member": "log"}], "case_sensitive": false},
    ]));
    let checked = document(&value).check().unwrap();
    assert_eq!(checked.warnings, []);
    assert_eq!(checked.challenge.files().len(), 5);
    let kinds: Vec<&TaskKind> = checked
        .challenge
        .questions
        .iter()
        .map(|question| &question.kind)
        .collect();
    insta::assert_json_snapshot!(kinds, @r#"
    [
      {
        "kind": "query",
        "reference": "SELECT a FROM t ORDER BY a",
        "contract": {
          "column_names": true,
          "tolerance": "0.01",
          "order": "reference"
        },
        "datasets": [
          "few",
          "none"
        ],
        "wrong": [
          {
            "sql": "SELECT 1",
            "because": ""
          },
          {
            "sql": "SELECT 2",
            "because": "b"
          }
        ]
      },
      {
        "kind": "query",
        "reference": "SELECT lower(a) FROM t ORDER BY lower(a)",
        "contract": {
          "column_names": false,
          "order": {
            "columns": [
              "1"
            ]
          }
        },
        "datasets": [
          "few"
        ]
      },
      {
        "kind": "state",
        "derived": [
          "table:public.ship"
        ],
        "checks": [
          {
            "title": "",
            "explanation": "",
            "weight": 3,
            "fact": {
              "kind": "table_exists",
              "table": {
                "schema": "public",
                "name": "a"
              }
            }
          }
        ]
      },
      {
        "kind": "assert",
        "assertions": [
          {
            "title": "it is",
            "sql": "true",
            "weight": 1
          }
        ]
      },
      {
        "kind": "behaviour",
        "steps": [
          {
            "title": "",
            "sql": "INSERT INTO a VALUES (1)",
            "expect": {
              "affected": 1
            },
            "weight": 0
          },
          {
            "title": "refused",
            "sql": "INSERT INTO a VALUES (1)",
            "expect": {
              "error": "23505"
            },
            "weight": 1
          },
          {
            "title": "seven",
            "sql": "SELECT f()",
            "expect": {
              "rows": [
                [
                  "7",
                  "t",
                  null,
                  "x"
                ]
              ]
            },
            "weight": 1
          }
        ]
      },
      {
        "kind": "plan",
        "query": "SELECT 1",
        "contract": {
          "column_names": false,
          "order": "reference"
        },
        "rules": [
          {
            "lacks": {
              "node": "Seq Scan",
              "relation": "a"
            }
          },
          {
            "max_cost": 10.0
          }
        ]
      },
      {
        "kind": "text",
        "accepted": [
          {
            "regex": "(?i:a+)"
          },
          {
            "hashed": {
              "argon2id": "$argon2id$x",
              "any_case": true
            }
          },
          {
            "member": "log"
          }
        ]
      }
    ]
    "#);
    for kind in kinds {
        let stored = serde_json::to_value(kind).unwrap();
        assert_eq!(serde_json::from_value::<TaskKind>(stored).unwrap(), *kind);
    }
}

#[test]
fn answers_can_be_hashed() {
    let mut value = sql_lab(json!([
        {"type": "text", "text": "t", "answer": ["Nor ", 7, {"regex": "x"}], "case_sensitive": false},
        {"type": "multiple_choice", "text": "t", "options": ["x", "y"], "answer": 1},
        {"type": "checkboxes", "text": "t", "options": ["x", "y", "z"], "answer": ["z", 0]},
        {"type": "flag", "text": "t", "answer": "{{FLAG}}"},
        {"type": "query", "text": "t", "answer": "SELECT 1"},
    ]));
    let mut hashed = document(&value);
    let (n_hashed, unhashed) = hashed.hash_answers(&mut |text| Some(format!("$argon2id${text}")));
    assert_eq!(n_hashed, 4);
    assert_eq!(
        unhashed
            .iter()
            .map(|left| left.question.as_str())
            .collect::<Vec<_>>(),
        ["q0", "q4"]
    );
    let answer = |at: usize| hashed.value()["components"][at + 1]["config"]["answer"].clone();
    assert_eq!(
        answer(0),
        json!([{"argon2id": "$argon2id$nor"}, {"argon2id": "$argon2id$7"}, {"regex": "x"}])
    );
    assert_eq!(answer(1), json!({"argon2id": "$argon2id$y"}));
    assert_eq!(answer(2), json!({"argon2id": "$argon2id$x\nz"}));
    assert_eq!(answer(3), json!("{{FLAG}}"));
    hashed.check().unwrap();
    // Nothing else changed.
    for at in 0..3 {
        value["components"][at + 1]["config"]["answer"] = answer(at);
    }
    assert_eq!(hashed.into_value(), value);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 64.0)),
        "[a-z{}ä\"\\\\ ]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever stands where: no panic, and the document comes back as it was.
    #[test]
    fn nothing_is_lost_and_nothing_panics(root in any_json(), config in any_json(), kind in prop::sample::select(vec!["question", "database", "webosApp", "container", "configMap"]), task in prop::sample::select(vec!["text", "checkboxes", "query", "plan", "state", "behaviour"])) {
        let mut value = json!({"metadata": {"name": "x", "version": "1", "challenge_type": "web"}, "components": [{"type": kind, "id": "x", "config": config}], "more": root});
        if let Some(config) = value["components"][0]["config"].as_object_mut() {
            config.insert("type".to_owned(), task.into());
            for key in ["answer", "options", "steps", "rules", "checks", "start", "hidden", "data", "contract"] {
                if config.len() % 2 == 0 {
                    config.insert(key.to_owned(), root.clone());
                }
            }
        }
        let document = document(&value);
        let _ = document.check();
        let again = Document::parse(&document.to_text()).unwrap();
        prop_assert_eq!(again.into_value(), value);
    }
}

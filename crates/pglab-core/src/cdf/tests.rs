//! Documents as they come: awkward ones return as they were, wrong ones say where.

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

#[test]
fn challenges_of_ctfcli() {
    let yml = json!({
        "name": "Lost Cargo", "author": "ada", "category": "sql", "description": "Find it.", "value": 100, "type": "dynamic",
        "extra": {"initial": 100, "decay": 20, "minimum": 10}, "attempts": 5, "image": null, "host": null,
        "flags": ["flag{one}", {"type": "static", "content": "flag{A.b}", "data": "case_insensitive"}, {"type": "regex", "content": "flag{[0-9]{1,3}}"}],
        "tags": ["sql", "easy"], "files": ["dist/log.txt"], "hints": [{"content": "look", "cost": 10}, "free"],
        "requirements": ["Warm Up", 1], "state": "hidden", "version": "0.1"});
    let imported = ctfcli::import(&yml).unwrap();
    assert_eq!(imported.files, ["dist/log.txt"]);
    insta::assert_snapshot!(imported.document.to_text(), @r#"
    {
      "components": [
        {
          "config": {
            "answer": [
              "flag{one}",
              {
                "regex": "(?i:flag\\{A\\.b\\})"
              },
              {
                "regex": "flag\\{[0-9]{1,3}\\}"
              }
            ],
            "attempts": 5,
            "hints": [
              {
                "cost": 10,
                "text": "look"
              },
              "free"
            ],
            "points": 100,
            "pricing": {
              "decay": 20,
              "function": "logarithmic",
              "minimum": 10
            },
            "text": "Find it.",
            "type": "flag"
          },
          "id": "flag",
          "type": "question"
        }
      ],
      "metadata": {
        "author": "ada",
        "challenge_type": "sql-lab",
        "ctfcli": {
          "requirements": [
            "Warm Up",
            1
          ],
          "state": "hidden",
          "type": "dynamic",
          "version": "0.1"
        },
        "description": "Find it.",
        "id": "lost-cargo",
        "name": "Lost Cargo",
        "prerequisites": [
          "warm-up"
        ],
        "tags": [
          "sql",
          "easy"
        ],
        "version": "1.0.0"
      }
    }
    "#);
    let challenge = imported.document.check().unwrap().challenge;
    assert_eq!(challenge.prerequisites, ["warm-up"]);
    let TaskKind::Flag(flag) = &challenge.questions[0].kind else {
        panic!()
    };
    let judge =
        |answer: &str| crate::answer::flag::judge(flag, answer, None, &crate::answer::NoHashes).is_right();
    assert!(judge("flag{one}") && judge("FLAG{a.B}") && judge("flag{42}"));
    assert!(!judge("FLAG{ONE}") && !judge("flag{Axb}") && !judge("flag{4x}") && !judge("flag{4444}"));
    let problems = ctfcli::import(&json!({"description": 1, "flags": [{"type": "puzzle", "content": "x"}]}))
        .unwrap_err();
    insta::assert_snapshot!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"
    name: is missing
    value: is missing
    description: must be a text, and is a number
    ");
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

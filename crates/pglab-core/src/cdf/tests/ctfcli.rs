//! A `challenge.yml` becomes a document that is judged as ctfcli's flags are.

use serde_json::json;

use crate::{cdf::ctfcli, task::TaskKind};

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

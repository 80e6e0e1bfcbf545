//! `pglab pack new`: a pack to begin with.

use std::path::Path;

use anyhow::{Context, anyhow};
use pglab_core::pack::{Files, PackPath, assemble};
use serde_json::json;

use super::{pack_id, tell_all};
use crate::output::{say, tell};

const START: &str = "\
-- What a student's database holds at the beginning.
CREATE TABLE boat (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    seats integer
);

INSERT INTO boat (name, seats) VALUES ('Tern', 12), ('Gull', 4), ('Wren', NULL);
";

const FEWER: &str = "\
-- A dataset that students don't see: run on a copy of the start. Answers must be right on it too.
DELETE FROM boat WHERE name = 'Gull';
";

pub(super) fn new(
    folder: &Path,
    id: Option<String>,
    name: Option<String>,
    author: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let id = pack_id(id, folder)?;
    let name = name.unwrap_or_else(|| id.clone());
    let manifest = json!({
        "id": id,
        "name": name,
        "version": "0.1.0",
        "description": "",
        "author": author,
        "license": "",
        "challenges": ["challenges/first.json"],
        "shared_resources": ["shared_resources/start.sql", "shared_resources/fewer.sql"],
    });
    let challenge = json!({
        "metadata": {
            "id": "first",
            "name": "The first challenge",
            "version": "0.1.0",
            "challenge_type": "sql-lab",
            "difficulty": "beginner",
            "description": "",
        },
        "components": [
            {
                "type": "database",
                "id": "boats",
                "config": {
                    "start": {"dump": "shared_resources/start.sql"},
                    "hidden": [{"name": "fewer", "file": "shared_resources/fewer.sql"}],
                },
            },
            {
                "type": "question",
                "id": "large-boats",
                "config": {
                    "type": "query",
                    "title": "Large boats",
                    "text": "The names of all boats with more than 4 seats.",
                    "points": 10,
                    "answer": "SELECT name FROM boat WHERE seats > 4",
                    "explanation": "NULL > 4 is unknown, so a boat with no known seats is not in the result.",
                    "wrong": [{
                        "sql": "SELECT name FROM boat WHERE seats >= 4",
                        "because": "more than 4 is not 4",
                    }],
                },
            },
        ],
    });
    let mut files = Files::new();
    for (path, text) in [
        ("pack.json", format!("{manifest:#}\n")),
        ("challenges/first.json", format!("{challenge:#}\n")),
        ("shared_resources/start.sql", START.to_owned()),
        ("shared_resources/fewer.sql", FEWER.to_owned()),
    ] {
        files.insert(PackPath::parse(path)?, text.into_bytes());
    }
    assemble(files.clone()).map_err(|problems| {
        tell_all("error", &problems);
        anyhow!("a pack can't be made of this")
    })?;
    pglab_control::pack::folder::write(&files, folder)
        .with_context(|| format!("{} can't be written", folder.display()))?;
    if as_json {
        say(&json!({"id": id, "folder": folder.display().to_string()}).to_string());
    } else {
        say(&folder.display().to_string());
        tell("Next: edit challenges/first.json, then `pglab pack validate` it.");
    }
    Ok(())
}

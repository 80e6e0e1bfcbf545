//! What the demo class works with: the example lab, its roster, the steps of its solution and the mistakes that
//! people make on the way. All embedded from `examples/harbour`.

use anyhow::Context;
use rust_embed::RustEmbed;
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "../../examples/harbour"]
struct Files;

/// One step of the solution: what a student does about one task.
#[derive(Debug, Clone)]
pub struct Step {
    /// `020-port`
    pub name: String,
    /// Definitions first, then rows; each is sent as one query.
    pub parts: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    pub step: String,
    pub kind: MistakeKind,
    #[serde(default)]
    pub at: At,
    #[expect(dead_code, reason = "for readers of the file and for its check")]
    pub say: String,
    #[expect(dead_code, reason = "for the file's check")]
    pub sqlstate: Option<String>,
    pub sql: String,
    pub repair: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MistakeKind {
    /// PostgreSQL refuses it.
    Error,
    /// It succeeds, and is not what the task asks for.
    Wrong,
}

/// When a mistake is made: instead of the step, or when the step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    #[default]
    Before,
    After,
}

fn file(name: &str) -> anyhow::Result<String> {
    let file = Files::get(name).with_context(|| format!("the example has no file {name}"))?;
    String::from_utf8(file.data.into_owned()).with_context(|| format!("{name} is not UTF-8"))
}

pub fn dump() -> anyhow::Result<String> {
    file("harbour.sql")
}

pub fn roster() -> anyhow::Result<String> {
    file("roster.csv")
}

/// In the order in which a student would take them.
pub fn steps() -> anyhow::Result<Vec<Step>> {
    let mut names: Vec<String> = Files::iter()
        .map(|name| name.to_string())
        .filter(|name| name.starts_with("solution/"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|path| {
            let name = path
                .trim_start_matches("solution/")
                .trim_end_matches(".sql")
                .to_owned();
            Ok(Step {
                name,
                parts: parts(&file(&path)?),
            })
        })
        .collect()
}

pub fn mistakes() -> anyhow::Result<Vec<Mistake>> {
    serde_yaml_ng::from_str(&file("mistakes.yaml")?).context("mistakes.yaml can't be read")
}

/// Cuts a step before its first `INSERT`, so that a class is seen filling tables that it has just made.
fn parts(sql: &str) -> Vec<String> {
    match sql.find("\nINSERT INTO") {
        Some(at) => {
            let (definitions, rows) = sql.split_at(at);
            vec![definitions.to_owned(), rows.to_owned()]
        }
        None => vec![sql.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_belongs_to_a_step() {
        let steps = steps().unwrap();
        let mistakes = mistakes().unwrap();
        assert!(steps.len() >= 20 && mistakes.len() >= 40);
        for mistake in &mistakes {
            assert!(
                steps.iter().any(|step| step.name == mistake.step),
                "{}",
                mistake.step
            );
        }
        assert!(
            mistakes
                .iter()
                .any(|mistake| mistake.kind == MistakeKind::Wrong && mistake.at == At::After)
        );
    }

    #[test]
    fn rows_come_after_definitions() {
        let port = steps()
            .unwrap()
            .into_iter()
            .find(|step| step.name == "020-port")
            .unwrap();
        let [definitions, rows] = port.parts.as_slice() else {
            panic!("two parts")
        };
        assert!(definitions.contains("CREATE TABLE port") && !definitions.contains("INSERT"));
        assert!(rows.trim_start().starts_with("INSERT INTO port"));
    }
}

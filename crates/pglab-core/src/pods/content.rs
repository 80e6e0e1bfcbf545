//! What of a challenge is sent to an instance manager: its document with the variables filled in, and without what only
//! the judge may know.

use serde_json::{Map, Value};

use crate::cdf::{ChallengeType, variables::fill_in};

/// Does a challenge of this type, with this document, run as a pod?
pub fn needs_pods(challenge_type: &str, document: &Value) -> bool {
    let has = |wanted: &[&str]| {
        document["components"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|component| {
                component["type"]
                    .as_str()
                    .is_some_and(|kind| wanted.contains(&kind))
            })
    };
    match ChallengeType::parse(challenge_type) {
        ChallengeType::Container | ChallengeType::FullOs | ChallengeType::Web | ChallengeType::Metasploit => {
            true
        }
        // Beside a database there may be windows and texts for front ends, which run nowhere.
        ChallengeType::SqlLab => has(&["container"]),
        ChallengeType::SqlInjection | ChallengeType::Other(_) => {
            has(&["container", "webosApp", "configMap", "secret"])
        }
    }
}

/// The values of the variables that every challenge may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    pub instance_name: String,
    /// `None`: stays as it is.
    pub domain: Option<String>,
    pub user_id: String,
    pub competition_id: String,
    pub flag: String,
    pub flag_secret_name: String,
    pub random_password: String,
}

impl Filling {
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "INSTANCE_NAME" => Some(self.instance_name.clone()),
            "DOMAIN" => self.domain.clone(),
            "USER_ID" => Some(self.user_id.clone()),
            "COMPETITION_ID" => Some(self.competition_id.clone()),
            "FLAG" => Some(self.flag.clone()),
            "FLAG_SECRET_NAME" => Some(self.flag_secret_name.clone()),
            "RANDOM_PASSWORD" => Some(self.random_password.clone()),
            _ => None,
        }
    }
}

/// The document for a manager. Its own variables (`variables`) count where pglab knows no such name; what was put in is
/// not looked at again. The right answers and explanations of questions stay here.
pub fn filled(document: &Value, filling: &Filling) -> Value {
    let own = document["variables"].as_object();
    let value = |name: &str| {
        filling.value(name).or_else(|| match own?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let mut document = document.clone();
    if let Some(components) = document["components"].as_array_mut() {
        for component in components {
            if component["type"] == "question"
                && let Some(config) = component["config"].as_object_mut()
            {
                for secret in ["answer", "answers", "explanation", "hint", "hints"] {
                    config.remove(secret);
                }
            }
        }
    }
    fill_all(document, &value)
}

fn fill_all(json: Value, value: &impl Fn(&str) -> Option<String>) -> Value {
    match json {
        Value::String(text) => Value::String(fill_in(&text, value)),
        Value::Array(items) => items.into_iter().map(|item| fill_all(item, value)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, item)| (key, fill_all(item, value)))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_runs_as_a_pod() {
        let with = |kind: &str| json!({ "components": [{ "type": kind, "id": "a", "config": {} }] });
        for kind in ["container", "fullOS", "full-os", "WEB", "metasploit"] {
            assert!(needs_pods(kind, &json!({})), "{kind}");
        }
        assert!(!needs_pods("sql-lab", &with("webosApp")));
        assert!(needs_pods("sql-lab", &with("container")));
        assert!(needs_pods("forensics", &with("secret")));
        assert!(!needs_pods("forensics", &with("question")));
    }

    #[test]
    fn variables_are_filled_in_and_answers_stay_here() {
        let document = json!({
            "metadata": { "name": "{{INSTANCE_NAME}}" },
            "variables": { "PORT": 8080, "FLAG": "theirs" },
            "components": [
                { "type": "container", "id": "c", "config": {
                    "image": "shop:1",
                    "env": { "FLAG": "{{FLAG}}", "PORT": "{{PORT}}", "AT": "{{DOMAIN}}", "X": "{{Y}}" },
                    "ports": [{ "containerPort": 80 }] } },
                { "type": "question", "id": "q", "config": {
                    "type": "flag", "text": "Which?", "answer": "{{FLAG}}", "explanation": "so", "hint": "h" } },
            ],
        });
        let filling = Filling {
            instance_name: "pglab-1".to_owned(),
            domain: None,
            user_id: "u".to_owned(),
            competition_id: "c".to_owned(),
            flag: "flag{{{USER_ID}}}".to_owned(),
            flag_secret_name: "s".to_owned(),
            random_password: "r".to_owned(),
        };
        insta::assert_snapshot!(filled(&document, &filling), @r#"
        {"components":[{"config":{"env":{"AT":"{{DOMAIN}}","FLAG":"flag{{{USER_ID}}}","PORT":"8080","X":"{{Y}}"},"image":"shop:1","ports":[{"containerPort":80}]},"id":"c","type":"container"},{"config":{"text":"Which?","type":"flag"},"id":"q","type":"question"}],"metadata":{"name":"pglab-1"},"variables":{"FLAG":"theirs","PORT":8080}}
        "#);
    }
}

//! The documents of an instance manager, as far as they are used. A list is good as a whole or not at all; a status or
//! an address in it that means nothing is only that.

use chrono::{DateTime, Utc};
use pglab_core::pods::{Addresses, Pod, PodStatus};
use serde_json::Value;

/// Longer names, and secrets, are none of ours.
const LONGEST: usize = 1000;

pub(super) fn pods(answer: &Value) -> Result<Vec<Pod>, String> {
    let pods = answer["challenge_pods"]
        .as_array()
        .ok_or("its list has no challenge_pods")?;
    pods.iter().map(pod).collect()
}

fn pod(entry: &Value) -> Result<Pod, String> {
    let name = entry["name"].as_str().ok_or("a pod in its list has no name")?;
    let status = entry["status"].as_str().unwrap_or_default();
    let address = |value: &Value| value.as_str().and_then(Addresses::usable);
    Ok(Pod {
        name: name.to_owned(),
        status: PodStatus::parse(status),
        user_id: match &entry["user_id"] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        },
        addresses: Addresses {
            challenge: address(&entry["urls"]["challenge"]),
            terminal: address(&entry["urls"]["terminal"]),
            webos: address(&entry["webosUrl"]),
            web_console: address(&entry["webConsoleUrl"]),
        },
        flag_secret_name: entry["flag_secret_name"]
            .as_str()
            .filter(|name| !name.is_empty() && name.len() <= LONGEST)
            .map(str::to_owned),
    })
}

/// What a manager tells of one pod, for who looks after the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDetails {
    /// In the manager's own word.
    pub status: String,
    pub uptime: Option<String>,
    pub node: Option<String>,
    pub ip: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

pub(super) fn details(answer: &Value) -> Result<PodDetails, String> {
    let text = |value: &Value| match value {
        Value::String(text) if text.len() <= LONGEST => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(PodDetails {
        status: text(&answer["status"]).ok_or("it tells no status")?,
        uptime: text(&answer["uptime"]),
        node: text(&answer["node"]),
        ip: text(&answer["podIP"]),
        created_at: answer["creationTimestamp"]
            .as_str()
            .and_then(|at| at.parse().ok()),
    })
}

/// The flag: a JSON text, an object with it, or the bare text.
pub(super) fn secret(body: &[u8]) -> Result<String, String> {
    let flag = match serde_json::from_slice::<Value>(body) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(fields)) => ["flag", "secret", "secret_value", "value"]
            .iter()
            .find_map(|key| fields.get(*key)?.as_str())
            .ok_or("there is no flag in what it sends")?
            .to_owned(),
        Ok(_) => return Err("what it sends is no flag".to_owned()),
        Err(_) => String::from_utf8(body.to_vec()).map_err(|_| "what it sends is no text")?,
    };
    let flag = flag.trim().to_owned();
    let fine = !flag.is_empty() && flag.len() <= LONGEST && !flag.chars().any(char::is_control);
    if fine {
        Ok(flag)
    } else {
        Err("what it sends is no flag".to_owned())
    }
}

/// What an error says of itself, with a colon before it.
pub(super) fn message(answer: &Value) -> String {
    ["error", "message"]
        .iter()
        .find_map(|key| answer[*key].as_str())
        .map(|text| {
            let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            format!(": {text}")
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_good_as_a_whole_or_not_at_all() {
        let good = json!({ "challenge_pods": [
            { "name": "a", "status": "running", "user_id": 7, "urls": { "challenge": "http://a", "terminal": "javascript:x" },
              "webosUrl": 3, "flag_secret_name": "s" },
            { "name": "b" },
        ] });
        let pods = pods(&good).unwrap();
        assert_eq!(
            (pods[0].user_id.as_str(), pods[0].addresses.first()),
            ("7", Some("http://a"))
        );
        assert_eq!(pods[0].addresses.terminal, None);
        assert_eq!(pods[1].status, PodStatus::Unknown("nothing".to_owned()));
        for bad in [
            json!({}),
            json!([]),
            json!({ "challenge_pods": {} }),
            json!({ "challenge_pods": [{}] }),
        ] {
            assert!(super::pods(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_come_in_several_shapes() {
        for body in [
            &br#""flag{x}""#[..],
            br#"{"flag":"flag{x}"}"#,
            b"flag{x}\n",
            br#"{"secret_value":"flag{x}"}"#,
        ] {
            assert_eq!(secret(body).as_deref(), Ok("flag{x}"));
        }
        for body in [&b"[]"[..], b"", b"{}", b"\xff", b"a\nb"] {
            assert!(secret(body).is_err(), "{body:?}");
        }
    }
}

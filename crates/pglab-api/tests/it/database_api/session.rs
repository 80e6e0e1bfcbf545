//! A session of a front end, as its client sends it, written from the reference: an instructor's side makes a competition,
//! a player joins by code, fetches the instance and the questions, answers, completes, and looks at where they stand.

use serde_json::{Value, json};

use super::{Arena, Sent, pack};

/// Requests and what is asked of their answers. `$name` stands for what was learnt before; in an answer, `"?name"` learns
/// it and `"*"` is anything; what an answer has besides is not looked at.
const SESSION: &str = include_str!("session.txt");

#[tokio::test]
async fn a_recorded_session_is_answered_as_its_client_expects() {
    let mut arena = Arena::start().await;
    let upload = Sent::File("file", pack("small", "1.0.0"));
    let (status, answer) = arena.send("$service", "POST", "/packs/upload", &upload).await;
    assert_eq!((status, &answer["installed_count"]), (200, &json!(2)), "{answer}");
    let mut n = 0;
    for block in SESSION.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let lines: Vec<&str> = block.lines().filter(|line| !line.starts_with('#')).collect();
        let Some((first, rest)) = lines.split_first() else {
            continue;
        };
        if *first == "start the instance" {
            start_instance(&mut arena).await;
            continue;
        }
        let mut words = first.split(' ');
        let (token, method, path) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
        );
        let at = rest.iter().position(|line| line.starts_with("=> ")).unwrap();
        let body = rest[..at].join("\n");
        let sent = if body.is_empty() {
            Sent::Nothing
        } else {
            Sent::Json(serde_json::from_str(&body).unwrap_or_else(|error| panic!("{first}: {error}")))
        };
        let expected_status: u16 = rest[at][3..].trim().parse().unwrap();
        let (status, answer) = arena.send(token, method, path, &sent).await;
        assert_eq!(status, expected_status, "{first}: {answer}");
        let expected = rest[at + 1..].join("\n");
        if !expected.is_empty() {
            let expected: Value =
                serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{first}: {error}"));
            fits(&mut arena, first, &expected, &answer);
        }
        n += 1;
    }
    assert!(n > 15, "only {n} requests were sent");
}

/// What an instance manager would do.
async fn start_instance(arena: &mut Arena) {
    let ours = arena.control.server.superuser("pglab").await;
    let id = "01900000-0000-7000-8000-00000000abcd";
    let sql = arena.filled(&format!(
        "INSERT INTO challenge_instance (id, lab_id, member_id, challenge_id, name, state, addresses, flag_secret_name,
           created_at, changed_at, expires_at)
         SELECT '{id}', '$cup', m.id, '$challenge', 'pod-1',
           '{{\"state\": \"active\", \"since\": \"2026-03-02T09:00:00Z\", \"doubts\": 0}}',
           '{{\"challenge\": \"https://pods.example/1\"}}', 'pod-1-flag', now(), now(), now() + interval '1 hour'
         FROM member m WHERE m.lab_id = '$cup' AND m.person_id = '$ada'"
    ));
    ours.batch_execute(&sql).await.unwrap();
    arena.known.insert("instance".to_owned(), id.to_owned());
}

fn fits(arena: &mut Arena, at: &str, expected: &Value, found: &Value) {
    match (expected, found) {
        (Value::String(word), _) if word == "*" => {}
        (Value::String(word), found) if word.starts_with('?') => arena.keep(&word[1..], found),
        (Value::String(word), Value::String(text)) => assert_eq!(&arena.filled(word), text, "{at}"),
        (Value::Number(one), Value::Number(other)) => assert_eq!(one.as_f64(), other.as_f64(), "{at}"),
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{at}: {found}");
            for (one, other) in one.iter().zip(other) {
                fits(arena, at, one, other);
            }
        }
        (Value::Object(map), Value::Object(other)) => {
            for (key, one) in map {
                let place = format!("{at} .{key}");
                let other = other
                    .get(key)
                    .unwrap_or_else(|| panic!("{place} is missing: {found}"));
                fits(arena, &place, one, other);
            }
        }
        (one, other) => assert_eq!(one, other, "{at}"),
    }
}

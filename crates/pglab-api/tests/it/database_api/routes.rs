//! Every route of the document with a good request, a malformed one, one without a token, and one by somebody whom it is not
//! for. A route that is missing here fails the test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Arena,
    Sent::{self, File, Json, Nothing, Raw},
    document, pack,
};

struct Case {
    /// As in the document.
    name: &'static str,
    path: &'static str,
    sent: Sent,
    status: u16,
    /// A request that can't be right, and what it must be answered with.
    malformed: (&'static str, Sent, u16),
    /// What `sam`, a student of no lab, is told.
    foreign: u16,
}

fn case(
    name: &'static str,
    path: &'static str,
    sent: Sent,
    status: u16,
    malformed: (&'static str, Sent, u16),
    foreign: u16,
) -> Case {
    Case {
        name,
        path,
        sent,
        status,
        malformed,
        foreign,
    }
}

/// In an order in which each finds what it needs. What takes nothing is tried by a wrong method.
fn cases() -> Vec<Case> {
    let answer = |answer: Value| {
        Json(
            json!({ "user_id": "$bob", "question_id": "$word", "group_challenge_id": "$gc", "answer": answer }),
        )
    };
    let points = |points: Value| Json(json!({ "user_id": "$bob", "group_id": "$cup", "points": points }));
    let whole = |challenge: &str| {
        Json(
            json!({ "userId": "$bob", "groupChallengeId": "$gc", "groupId": "$cup", "challengeId": challenge }),
        )
    };
    vec![
        case(
            "GET /status",
            "/status",
            Nothing,
            200,
            ("POST /status", Nothing, 405),
            200,
        ),
        case(
            "GET /health/detailed",
            "/health/detailed",
            Nothing,
            200,
            ("POST /health/detailed", Nothing, 405),
            403,
        ),
        case(
            "POST /packs/upload",
            "/packs/upload",
            File("file", pack("other", "1.0.0")),
            200,
            ("POST /packs/upload", File("file", b"no zip".to_vec()), 400),
            403,
        ),
        case(
            "POST /challenge-pack/install",
            "/challenge-pack/install",
            File("file", pack("third", "1.0.0")),
            200,
            (
                "POST /challenge-pack/install",
                File("archive", pack("fourth", "1.0.0")),
                400,
            ),
            403,
        ),
        case(
            "POST /challenge-pack/update",
            "/challenge-pack/update?allow_downgrade=false",
            File("file", pack("third", "1.1.0")),
            200,
            ("POST /challenge-pack/update", Json(json!({})), 415),
            403,
        ),
        case(
            "GET /challenge-pack/list",
            "/challenge-pack/list",
            Nothing,
            200,
            ("POST /challenge-pack/list", Nothing, 405),
            403,
        ),
        case(
            "GET /challenge-pack/details/{pack_id}",
            "/challenge-pack/details/third",
            Nothing,
            200,
            ("GET /challenge-pack/details/no%20such", Nothing, 404),
            403,
        ),
        case(
            "POST /cdf/validate",
            "/cdf/validate",
            Json(document("x")),
            200,
            ("POST /cdf/validate", Raw("{"), 400),
            403,
        ),
        case(
            "POST /cdf/import",
            "/cdf/import",
            Json(document("x")),
            200,
            ("POST /cdf/import", Json(json!({})), 400),
            403,
        ),
        case(
            "GET /cdf/export/{challenge_id}",
            "/cdf/export/$challenge",
            Nothing,
            200,
            ("GET /cdf/export/7", Nothing, 404),
            403,
        ),
        case(
            "POST /cdf/update/{challenge_id}",
            "/cdf/update/$alone",
            Json(document("y")),
            200,
            ("POST /cdf/update/$alone", Raw("[1"), 400),
            403,
        ),
        case(
            "GET /api/schema",
            "/api/schema",
            Nothing,
            200,
            ("POST /api/schema", Nothing, 405),
            200,
        ),
        case(
            "GET /challenges",
            "/challenges",
            Nothing,
            200,
            ("POST /challenges", Nothing, 405),
            200,
        ),
        case(
            "GET /challenge/list",
            "/challenge/list?type=web&difficulty=EASY&search=first&limit=5&offset=0",
            Nothing,
            200,
            ("GET /challenge/list?limit=many", Nothing, 400),
            200,
        ),
        case(
            "GET /challenge/details",
            "/challenge/details?challenge_id=$challenge",
            Nothing,
            200,
            ("GET /challenge/details?challenge=1", Nothing, 400),
            404,
        ),
        case(
            "GET /question/details",
            "/question/details?question_id=$word",
            Nothing,
            200,
            ("GET /question/details", Nothing, 400),
            404,
        ),
        case(
            "POST /competition/create",
            "/competition/create",
            Json(json!({ "name": "More", "startDate": "2026-03-01T00:00:00Z", "instructorIds": [] })),
            201,
            (
                "POST /competition/create",
                Json(json!({ "name": "More", "startDate": "yesterday", "instructorIds": [] })),
                400,
            ),
            403,
        ),
        case(
            "POST /competition/add-challenge",
            "/competition/add-challenge",
            Json(json!({ "challengeId": "$empty", "groupId": "$cup", "points": 5 })),
            201,
            (
                "POST /competition/add-challenge",
                Json(json!({ "challengeId": "$empty", "groupId": "$cup", "points": "5" })),
                400,
            ),
            404,
        ),
        case(
            "POST /competition/generate-code",
            "/competition/generate-code",
            Json(json!({ "groupId": "$cup", "createdBy": "$grace", "code": "SECOND22" })),
            201,
            (
                "POST /competition/generate-code",
                Json(json!({ "groupId": "$cup" })),
                400,
            ),
            404,
        ),
        case(
            "POST /competition/join",
            "/competition/join",
            Json(json!({ "code": "second22", "userId": "$bob" })),
            200,
            (
                "POST /competition/join",
                Json(json!({ "code": 5, "userId": "$bob" })),
                400,
            ),
            403,
        ),
        case(
            "POST /question/attempt",
            "/question/attempt",
            answer(json!("right")),
            200,
            ("POST /question/attempt", answer(json!({ "a": 1 })), 400),
            404,
        ),
        case(
            "POST /question/complete",
            "/question/complete",
            Json(json!({ "user_id": "$bob", "question_id": "$set", "group_challenge_id": "$gc" })),
            200,
            (
                "POST /question/complete",
                Json(json!({ "user_id": "$bob", "question_id": "$set" })),
                400,
            ),
            403,
        ),
        case(
            "GET /question/completed",
            "/question/completed?user_id=$bob&group_challenge_id=$gc",
            Nothing,
            200,
            ("GET /question/completed?user_id=$bob", Nothing, 400),
            404,
        ),
        case(
            "POST /competition/complete-challenge",
            "/competition/complete-challenge",
            whole("$challenge"),
            200,
            ("POST /competition/complete-challenge", Raw("[]"), 400),
            404,
        ),
        case(
            "GET /competition/{group_id}/leaderboard",
            "/competition/$cup/leaderboard",
            Nothing,
            200,
            ("GET /competition/%E2%82%AC/leaderboard", Nothing, 404),
            404,
        ),
        case(
            "GET /competition/{group_id}/progress/{user_id}",
            "/competition/$cup/progress/$bob",
            Nothing,
            200,
            ("GET /competition/$cup/progress/nobody", Nothing, 404),
            404,
        ),
        case(
            "POST /add_points",
            "/add_points",
            points(json!(3)),
            200,
            ("POST /add_points", points(json!(0)), 400),
            404,
        ),
        case(
            "POST /set_points",
            "/set_points",
            points(json!(0)),
            200,
            ("POST /set_points", points(json!(1e300)), 400),
            404,
        ),
        case(
            "GET /get_points",
            "/get_points?user_id=$bob&group_id=$cup",
            Nothing,
            200,
            ("GET /get_points?user_id=$bob", Nothing, 400),
            404,
        ),
        case(
            "POST /activity/log",
            "/activity/log",
            Json(json!({ "eventType": "SYSTEM_WARNING", "userId": "$bob", "metadata": { "a": 1 } })),
            200,
            (
                "POST /activity/log",
                Json(json!({ "eventType": "PARTY", "userId": "$bob" })),
                400,
            ),
            403,
        ),
        case(
            "GET /get_challenge_instance",
            "/get_challenge_instance?challenge_instance_id=$instance",
            Nothing,
            200,
            ("GET /get_challenge_instance", Nothing, 400),
            404,
        ),
        case(
            "PATCH /api/challenge-instances/{id}",
            "/api/challenge-instances/$instance",
            Json(json!({ "status": "TERMINATING" })),
            200,
            (
                "PATCH /api/challenge-instances/$instance",
                Json(json!({ "status": "ASLEEP" })),
                400,
            ),
            404,
        ),
        case(
            "POST /challenge-pack/uninstall",
            "/challenge-pack/uninstall",
            Json(json!({ "packId": "small" })),
            200,
            (
                "POST /challenge-pack/uninstall",
                Json(json!({ "packId": null })),
                400,
            ),
            403,
        ),
    ]
}

#[tokio::test]
async fn every_route_takes_what_is_good_and_refuses_the_rest() {
    let mut arena = Arena::with_cup().await;
    let ours = arena.control.server.superuser("pglab").await;
    let id = "01900000-0000-7000-8000-00000000abcd";
    arena.known.insert("instance".to_owned(), id.to_owned());
    let sql = arena.filled(
        "INSERT INTO challenge_instance (id, lab_id, member_id, challenge_id, name, state, created_at, changed_at, expires_at)
         SELECT '$instance', '$cup', m.id, '$challenge', 'pod-1',
           '{\"state\": \"active\", \"since\": \"2026-03-02T09:00:00Z\", \"doubts\": 0}', now(), now(), now()
         FROM member m WHERE m.lab_id = '$cup' AND m.person_id = '$bob'",
    );
    ours.batch_execute(&sql).await.unwrap();
    let mut wrong = Vec::new();
    for case in cases() {
        let method = case.name.split(' ').next().unwrap();
        let mut expect = |what: &str, found: u16, expected: u16, value: &Value| {
            if found != expected {
                wrong.push(format!("{}, {what}: {found}, not {expected}: {value}", case.name));
            }
        };
        let (path, sent, expected) = &case.malformed;
        let (malformed_method, malformed_path) = path.split_once(' ').unwrap();
        let (found, value) = arena
            .send("$service", malformed_method, malformed_path, sent)
            .await;
        expect("malformed", found, *expected, &value);
        if case.name != "GET /status" {
            for token in ["", "pgl_made-up"] {
                let (found, value) = arena.send(token, method, case.path, &case.sent).await;
                expect("without a token that works", found, 401, &value);
            }
        }
        let (found, value) = arena.send("$sam-token", method, case.path, &case.sent).await;
        expect("by a stranger to it", found, case.foreign, &value);
        if ["GET /challenges", "GET /challenge/list"].contains(&case.name) {
            let text = value.to_string();
            assert!(
                !text.contains("First"),
                "{}: told to a stranger: {text}",
                case.name
            );
        }
        let (found, value) = arena.send("$service", method, case.path, &case.sent).await;
        expect("good", found, case.status, &value);
        if case.name == "POST /cdf/import" {
            arena.keep("alone", &value["id"]);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_every_route_of_the_document() {
    let document =
        crate::schema::Document(serde_json::to_value(pglab_api::database_api::document()).unwrap());
    let exist: BTreeSet<String> = document
        .operations()
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let tried: BTreeSet<String> = cases().into_iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(exist, tried);
}

/// A service that is made for other labs finds nothing of this one.
#[tokio::test]
async fn a_service_of_other_labs_finds_nothing() {
    let arena = Arena::with_cup().await;
    let body = json!({ "user_id": "$ada", "group_id": "$cup", "points": 5 });
    for (method, path, body) in [
        ("POST", "/add_points", body.clone()),
        ("POST", "/set_points", body),
        ("GET", "/get_points?user_id=$ada&group_id=$cup", Value::Null),
        ("GET", "/competition/$cup/leaderboard", Value::Null),
        ("GET", "/competition/$cup/progress/$ada", Value::Null),
        (
            "GET",
            "/question/completed?user_id=$ada&group_challenge_id=$gc",
            Value::Null,
        ),
        (
            "POST",
            "/question/complete",
            json!({ "user_id": "$ada", "question_id": "$word", "group_challenge_id": "$gc" }),
        ),
        (
            "POST",
            "/activity/log",
            json!({ "eventType": "USER_UPDATED", "userId": "$ada" }),
        ),
    ] {
        arena.ask("$oscar-service", 404, method, path, body).await;
    }
    let join = json!({ "code": "cup2026a", "userId": "$sam" });
    arena
        .ask("$oscar-service", 400, "POST", "/competition/join", join)
        .await;
}

#[test]
fn the_document_in_the_repository_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi-database.json");
    let now = pglab_api::database_api::document().to_pretty_json().unwrap();
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(path, now.clone() + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept.trim_end() == now,
        "docs/openapi-database.json is stale: run `make generate` and commit it"
    );
}

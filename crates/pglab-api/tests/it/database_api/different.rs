//! What is deliberately different from the original, each by name; see docs/database-api.md.

use axum::{
    body::Body,
    http::{Request, header},
};
use pglab_control::tokens::{self, NewToken};
use pglab_core::person::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Arena, Sent, document, pack};

fn answer(user: &str, text: &str) -> Value {
    json!({ "user_id": user, "question_id": "$word", "group_challenge_id": "$gc", "answer": text })
}

#[tokio::test]
async fn a_members_token_acts_only_as_that_member() {
    let arena = Arena::with_cup().await;
    for (method, path, body) in [
        ("POST", "/question/attempt", answer("$bob", "right")),
        ("GET", "/competition/$cup/progress/$bob", Value::Null),
        ("GET", "/get_points?user_id=$bob&group_id=$cup", Value::Null),
        (
            "POST",
            "/competition/join",
            json!({ "code": "CUP2026A", "userId": "$bob" }),
        ),
        (
            "POST",
            "/activity/log",
            json!({ "eventType": "USER_UPDATED", "userId": "$bob" }),
        ),
        (
            "POST",
            "/add_points",
            json!({ "user_id": "$ada", "group_id": "$cup", "points": 5 }),
        ),
        (
            "POST",
            "/question/complete",
            json!({ "user_id": "$ada", "question_id": "$word", "group_challenge_id": "$gc" }),
        ),
    ] {
        arena.ask("$ada-token", 403, method, path, body).await;
    }
    arena
        .ask(
            "$ada-token",
            200,
            "POST",
            "/question/attempt",
            answer("$ada", "right"),
        )
        .await;
    // A token for reading reads.
    let reads = arena.token("bob", &["read"], None).await;
    arena
        .ask(&reads, 200, "GET", "/competition/$cup/progress/$bob", Value::Null)
        .await;
    arena
        .ask(&reads, 403, "POST", "/question/attempt", answer("$bob", "right"))
        .await;
    let scrapes = arena.token("root", &["metrics"], None).await;
    arena.ask(&scrapes, 403, "GET", "/challenges", Value::Null).await;
}

#[tokio::test]
async fn a_service_ends_where_its_owner_and_its_labs_end() {
    let mut arena = Arena::with_cup().await;
    let teacher = arena.control.actor("teacher", Role::Instructor).await;
    let new = |scopes: &[&str], labs: Option<Vec<String>>| NewToken {
        name: "t".to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        labs,
        expires_in_days: None,
    };
    // All labs are an admin's to give, and a lab its instructor's.
    tokens::create(&arena.control, &teacher, new(&["act_for"], None))
        .await
        .unwrap_err();
    let slug = arena.control.server.superuser("pglab").await;
    let slug: String = slug.query_one("SELECT slug FROM lab", &[]).await.unwrap().get(0);
    tokens::create(
        &arena.control,
        &teacher,
        new(&["act_for"], Some(vec![slug.clone()])),
    )
    .await
    .unwrap_err();
    tokens::create(&arena.control, &teacher, new(&["answers"], None))
        .await
        .unwrap_err();
    // It says nothing on the main interface.
    let main = pglab_api::router(arena.control.control.clone());
    let request = Request::get("/api/v1/me")
        .header(header::AUTHORIZATION, arena.filled("Bearer $service"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(main.oneshot(request).await.unwrap().status(), 403);
    // A lab that a token made is one of its labs; a lab of others is not.
    let made = json!({ "name": "Oscar's", "startDate": "2026-03-01T00:00:00Z", "instructorIds": [] });
    let made = arena
        .ask("$oscar-service", 201, "POST", "/competition/create", made)
        .await;
    arena.keep("own", &made["id"]);
    arena
        .ask(
            "$oscar-service",
            200,
            "GET",
            "/competition/$own/leaderboard",
            Value::Null,
        )
        .await;
    arena
        .ask(
            "$oscar-service",
            404,
            "GET",
            "/competition/$cup/leaderboard",
            Value::Null,
        )
        .await;
    // Grace teaches the cup by the word of who made it, until she does not.
    let grace = arena.token("grace", &["act_for"], Some(vec![slug])).await;
    arena
        .ask(&grace, 200, "GET", "/competition/$cup/progress/$ada", Value::Null)
        .await;
    let ours = arena.control.server.superuser("pglab").await;
    ours.batch_execute(&arena.filled("UPDATE member SET removed_at = now() WHERE person_id = '$grace'"))
        .await
        .unwrap();
    arena
        .ask(&grace, 404, "GET", "/competition/$cup/progress/$ada", Value::Null)
        .await;
}

#[tokio::test]
async fn the_server_grades_and_prices() {
    let arena = Arena::with_cup().await;
    // The challenge's 30 points are for 10 + 20 points of questions, and no client says otherwise.
    let claim = json!({ "user_id": "$ada", "question_id": "$word", "group_challenge_id": "$gc", "answer": "wrong",
        "points": 1000, "is_correct": true });
    let wrong = arena
        .ask("$service", 200, "POST", "/question/attempt", claim)
        .await;
    assert_eq!(
        (&wrong["correct"], &wrong["completion"]),
        (&json!(false), &Value::Null)
    );
    let claim = json!({ "user_id": "$ada", "question_id": "$word", "group_challenge_id": "$gc", "points": 1000,
        "is_correct": false });
    let done = arena
        .ask("$service", 200, "POST", "/question/complete", claim)
        .await;
    assert_eq!(
        (&done["completion"]["pointsEarned"], &done["points"]["points"]),
        (&json!(10), &json!(10))
    );
    let right = json!({ "user_id": "$ada", "question_id": "$set", "group_challenge_id": "$gc", "answer": ["z", "x"] });
    arena
        .ask("$service", 200, "POST", "/question/attempt", right)
        .await;
    let whole = json!({ "userId": "$ada", "groupChallengeId": "$gc", "groupId": "$cup", "challengeId": "$challenge",
        "pointsEarned": 1000 });
    let whole = arena
        .ask("$service", 200, "POST", "/competition/complete-challenge", whole)
        .await;
    assert_eq!(whole["pointsEarned"], 30);
    let set = json!({ "user_id": "$ada", "group_id": "$cup", "points": 7 });
    let set = arena.ask("$service", 200, "POST", "/set_points", set).await;
    assert_eq!(set["points"], 7);
    let board = arena
        .ask(
            "$bob-token",
            200,
            "GET",
            "/competition/$cup/leaderboard",
            Value::Null,
        )
        .await;
    assert_eq!(
        (&board[0]["points"], &board[0]["completions"]),
        (&json!(7), &json!(2))
    );
}

#[tokio::test]
async fn answers_flags_and_addresses_are_for_services_with_the_scope() {
    let arena = Arena::with_cup().await;
    for token in ["$ada-token", "$blind", "$grace-token"] {
        for path in [
            "/challenge/details?challenge_id=$challenge",
            "/question/details?question_id=$word",
        ] {
            let text = arena.ask(token, 200, "GET", path, Value::Null).await.to_string();
            assert!(
                !text.contains("right") && !text.contains("So it is"),
                "{token}: {text}"
            );
        }
        arena
            .ask(token, 403, "GET", "/cdf/export/$challenge", Value::Null)
            .await;
    }
    let seen = arena
        .ask(
            "$service",
            200,
            "GET",
            "/question/details?question_id=$word",
            Value::Null,
        )
        .await;
    assert_eq!(
        (&seen["answer"], &seen["cdf_payload"]["config"]["answer"]),
        (&json!("right"), &json!("right"))
    );
    let board = arena
        .ask(
            "$ada-token",
            200,
            "GET",
            "/competition/$cup/leaderboard",
            Value::Null,
        )
        .await;
    assert!(!board.to_string().contains('@'), "{board}");
}

#[tokio::test]
async fn questions_are_not_told_before_the_start() {
    let mut arena = Arena::with_cup().await;
    let later = json!({ "name": "Later", "startDate": "2026-03-03T00:00:00Z", "instructorIds": [] });
    let later = arena
        .ask("$service", 201, "POST", "/competition/create", later)
        .await;
    arena.keep("later", &later["id"]);
    let add = json!({ "challengeId": "$empty", "groupId": "$later", "points": 0 });
    arena
        .ask("$service", 201, "POST", "/competition/add-challenge", add)
        .await;
    let code = json!({ "groupId": "$later", "createdBy": "$root", "code": "LATER222" });
    arena
        .ask("$service", 201, "POST", "/competition/generate-code", code)
        .await;
    let join = json!({ "code": "LATER222", "userId": "$sam" });
    arena
        .ask("$sam-token", 200, "POST", "/competition/join", join)
        .await;
    arena
        .ask(
            "$sam-token",
            404,
            "GET",
            "/challenge/details?challenge_id=$empty",
            Value::Null,
        )
        .await;
    arena.control.clock.advance(chrono::TimeDelta::hours(24));
    arena
        .ask(
            "$sam-token",
            200,
            "GET",
            "/challenge/details?challenge_id=$empty",
            Value::Null,
        )
        .await;
}

#[tokio::test]
async fn parallel_completions_award_once() {
    let arena = Arena::with_cup().await;
    let complete = json!({ "user_id": "$ada", "question_id": "$word", "group_challenge_id": "$gc" });
    let calls = (0..8).map(|n| {
        let (path, body) = if n % 2 == 0 {
            ("/question/complete", complete.clone())
        } else {
            ("/question/attempt", answer("$ada", "right"))
        };
        let arena = &arena;
        async move { arena.send("$service", "POST", path, &Sent::Json(body)).await }
    });
    let answers = futures_all(calls).await;
    let done = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    for (status, value) in answers.iter().filter(|(status, _)| *status != 200) {
        assert_eq!(
            (*status, &value["error"]),
            (400, &json!("Question already completed"))
        );
    }
    let points = arena
        .ask(
            "$service",
            200,
            "GET",
            "/get_points?user_id=$ada&group_id=$cup",
            Value::Null,
        )
        .await;
    assert_eq!(points["points"], 10);
}

async fn futures_all<F: Future>(calls: impl Iterator<Item = F>) -> Vec<F::Output> {
    use futures::StreamExt;
    let all: futures::stream::FuturesUnordered<F> = calls.collect();
    all.collect().await
}

#[tokio::test]
async fn too_many_attempts_are_told_when_to_come_back() {
    let arena = Arena::with_cup().await;
    for n in (0..3).rev() {
        let wrong = arena
            .ask("$service", 200, "POST", "/question/attempt", answer("$ada", "no"))
            .await;
        assert_eq!(wrong["attempts_left"], n);
    }
    arena
        .ask(
            "$service",
            409,
            "POST",
            "/question/attempt",
            answer("$ada", "right"),
        )
        .await;
    for _ in 0..20 {
        let tried =
            json!({ "user_id": "$ada", "question_id": "$set", "group_challenge_id": "$gc", "answer": ["y"] });
        arena
            .ask("$service", 200, "POST", "/question/attempt", tried)
            .await;
    }
    let tried =
        json!({ "user_id": "$ada", "question_id": "$set", "group_challenge_id": "$gc", "answer": ["y"] });
    arena
        .ask("$service", 429, "POST", "/question/attempt", tried)
        .await;
}

#[tokio::test]
async fn what_is_missing_or_malformed_is_named() {
    let arena = Arena::with_cup().await;
    for (sent, field) in [
        (Sent::Json(json!({ "group_id": "$cup", "points": 5 })), "user_id"),
        (
            Sent::Json(json!({ "user_id": "$ada", "group_id": "$cup", "points": "5" })),
            "points",
        ),
        (
            Sent::Json(json!({ "user_id": 7, "group_id": "$cup", "points": 5 })),
            "user_id",
        ),
        (
            Sent::Json(json!({ "user_id": "a\u{0}b", "group_id": "$cup", "points": 5 })),
            "user_id",
        ),
        (Sent::Raw("{\"user_id\": \"x\", "), "JSON"),
        (Sent::Raw("\"user_id\""), "object"),
    ] {
        let (status, value) = arena.send("$service", "POST", "/add_points", &sent).await;
        let text = value["error"].as_str().unwrap();
        assert!(
            status == 400 && text.contains(field),
            "{status} {text}, not {field}"
        );
    }
    let (status, value) = arena
        .send("$service", "GET", "/get_points?group_id=1", &Sent::Nothing)
        .await;
    assert_eq!((status, &value["error"]), (400, &json!("user_id is required")));
    let (status, value) = arena
        .send(
            "$service",
            "POST",
            "/activity/log",
            &Sent::Json(json!({ "severity": "INFO" })),
        )
        .await;
    assert_eq!(
        (status, &value["error"]),
        (400, &json!("eventType and userId are required"))
    );
    for (path, error) in [
        ("/get_points?user_id=nobody&group_id=$cup", "User not found"),
        ("/get_points?user_id=$ada&group_id=nothing", "Group not found"),
        (
            "/question/completed?user_id=$ada&group_challenge_id=x",
            "Group challenge not found",
        ),
        ("/question/details?question_id=x", "Question not found"),
        ("/challenge/details?challenge_id=x", "Challenge not found"),
        ("/nowhere", "there is nothing at this path"),
    ] {
        let (status, value) = arena.send("$service", "GET", path, &Sent::Nothing).await;
        assert_eq!((status, &value["error"]), (404, &json!(error)), "{path}");
    }
    let (status, _) = arena
        .send("$service", "GET", "/challenges?search=%00", &Sent::Nothing)
        .await;
    assert_eq!(status, 400);
    let large = json!({ "user_id": "x".repeat(17 << 20), "group_id": "$cup", "points": 5 });
    let (status, _) = arena
        .send("$service", "POST", "/add_points", &Sent::Json(large))
        .await;
    assert_eq!(status, 413);
    let stranger = json!({ "user_id": "$sam", "group_id": "$cup", "points": 5 });
    let (status, value) = arena
        .send("$service", "POST", "/add_points", &Sent::Json(stranger))
        .await;
    assert_eq!(
        (status, &value["error"]),
        (403, &json!("User is not a member of this group"))
    );
    let join = json!({ "code": "NOSUCH22", "userId": "$sam" });
    let (status, value) = arena
        .send("$service", "POST", "/competition/join", &Sent::Json(join))
        .await;
    assert_eq!(
        (status, &value["error"]),
        (400, &json!("Invalid or expired access code"))
    );
}

#[tokio::test]
async fn the_activity_log_never_invents_people() {
    let arena = Arena::with_cup().await;
    let nobody = json!({ "eventType": "USER_REGISTERED", "userId": "01900000-0000-7000-8000-000000000000" });
    arena.ask("$service", 404, "POST", "/activity/log", nobody).await;
    let named = json!({ "eventType": "USER_REGISTERED", "userId": "newcomer@example.edu" });
    arena.ask("$service", 404, "POST", "/activity/log", named).await;
    let told = json!({ "eventType": "CHALLENGE_STARTED", "userId": "$ada", "groupId": "$cup", "severity": "WARNING" });
    arena.ask("$ada-token", 200, "POST", "/activity/log", told).await;
    let ours = arena.control.server.superuser("pglab").await;
    let people: i64 = ours
        .query_one("SELECT count(*) FROM person", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(people, 6);
    let rows = ours
        .query("SELECT event, severity FROM activity WHERE is_reported", &[])
        .await
        .unwrap();
    let rows: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("CHALLENGE_STARTED".to_owned(), "WARNING".to_owned())]);
}

#[tokio::test]
async fn documents_come_back_equal_and_twice_is_once() {
    let mut arena = Arena::start().await;
    let first = arena
        .ask("$service", 200, "POST", "/cdf/import", document("x"))
        .await;
    let again = arena
        .ask("$service", 200, "POST", "/cdf/import", document("x"))
        .await;
    assert_eq!(first, again);
    arena.keep("alone", &first["id"]);
    let exported = arena
        .ask("$service", 200, "GET", "/cdf/export/$alone", Value::Null)
        .await;
    assert_eq!(exported, document("x"));
    let changed = arena
        .ask("$service", 200, "POST", "/cdf/update/$alone", document("y"))
        .await;
    assert_eq!(
        (&changed["changed"], &changed["tasks_changed"]),
        (&json!(true), &json!(["q"]))
    );
    let same = arena
        .ask("$service", 200, "POST", "/cdf/update/$alone", document("y"))
        .await;
    assert_eq!(same["changed"], false);
    // The id is another challenge's now that the document differs.
    arena
        .ask("$service", 409, "POST", "/cdf/import", document("z"))
        .await;
    let invalid = json!({ "metadata": { "name": "" }, "components": [] });
    let checked = arena
        .ask("$service", 200, "POST", "/cdf/validate", invalid.clone())
        .await;
    assert_eq!(checked["valid"], false);
    let refused = arena.ask("$service", 400, "POST", "/cdf/import", invalid).await;
    assert_eq!(refused["validation_errors"], checked["errors"]);
}

#[tokio::test]
async fn packs_keep_what_people_earned() {
    let arena = Arena::with_cup().await;
    arena
        .ask(
            "$ada-token",
            200,
            "POST",
            "/question/attempt",
            answer("$ada", "right"),
        )
        .await;
    let send = |path: &'static str, version: &'static str| {
        let arena = &arena;
        async move {
            let file = Sent::File("file", pack("small", version));
            arena.send("$service", "POST", path, &file).await
        }
    };
    let (status, again) = send("/packs/upload", "1.0.0").await;
    assert_eq!(
        (status, &again["installed_count"], &again["skipped_count"]),
        (200, &json!(0), &json!(2))
    );
    let (status, refused) = send("/challenge-pack/install", "1.0.0").await;
    assert_eq!(
        (status, &refused["error"]),
        (409, &json!("installed: version 1.0.0"))
    );
    let (status, _) = send("/challenge-pack/update", "0.9.0").await;
    assert_eq!(status, 409);
    let (status, updated) = send("/challenge-pack/update", "1.1.0").await;
    assert_eq!((status, &updated["version"]), (200, &json!("1.1.0")), "{updated}");
    // What the group gives for the challenge is the group's, also after an update.
    let progress = arena
        .ask(
            "$ada-token",
            200,
            "GET",
            "/competition/$cup/progress/$ada",
            Value::Null,
        )
        .await;
    assert_eq!(
        (&progress["totalPoints"], &progress["earnedPoints"]),
        (&json!(30), &json!(10))
    );
    let gone = json!({ "packId": "small" });
    let gone = arena
        .ask("$service", 200, "POST", "/challenge-pack/uninstall", gone)
        .await;
    assert_eq!(gone["challenges_kept"], json!([arena.known["challenge"]]));
    let progress = arena
        .ask(
            "$ada-token",
            200,
            "GET",
            "/competition/$cup/progress/$ada",
            Value::Null,
        )
        .await;
    assert_eq!(progress["earnedPoints"], 10);
    arena
        .ask(
            "$service",
            404,
            "GET",
            "/challenge-pack/details/small",
            Value::Null,
        )
        .await;
}

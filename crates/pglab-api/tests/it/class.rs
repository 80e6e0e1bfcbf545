//! A class over HTTP: its roster, members and credentials. That databases are made is tested in `pglab-control`.

use axum::{
    body::Body,
    http::{Request, header},
};
use pglab_core::person::Role;
use serde_json::json;

use crate::support::{Answer, Client, TestApp};

async fn import(app: &TestApp, client: &Client<'_>, query: &str, text: &str) -> Answer {
    let mut request = Request::post(format!("/api/v1/labs/music/roster{query}"));
    for (name, value) in &client.headers {
        request = request.header(name, value);
    }
    let request = request.header(header::CONTENT_TYPE, "text/csv");
    app.send(request.body(Body::from(text.to_owned())).unwrap()).await
}

#[tokio::test]
async fn from_a_roster_to_slips() {
    let app = TestApp::start().await;
    let inez = app.signed_in("inez", Role::Instructor).await;
    inez.post("/api/v1/labs", json!({ "slug": "music", "title": "Music" }))
        .await
        .expect(201);

    let bad = "login,name\nada,Ada\nADA,Again\npg_x,X\n";
    let dry = import(&app, &inez, "?dry_run=true", bad).await.expect(200).json();
    assert_eq!(
        (&dry["applied"], dry["new"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    let refused = import(&app, &inez, "", bad).await.expect(422);
    assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    let refused = refused.json();
    assert_eq!(refused["code"], "invalid");
    assert_eq!(refused["report"]["problems"][0]["line"], 3);
    assert_eq!(refused["report"]["applied"], false);

    let good = "login,name,section\nada,Ada,A\nbob,Bob,B\n";
    let done = import(&app, &inez, "", good).await.expect(200).json();
    assert_eq!(
        (&done["format"], &done["applied"]),
        (&json!("plain"), &json!(true))
    );
    let again = import(&app, &inez, "", good).await.expect(200).json();
    assert_eq!((&again["unchanged"], &again["new"]), (&json!(2), &json!([])));

    let members = inez.get("/api/v1/labs/music/members").await.expect(200).json();
    let ada = &members["items"][0];
    assert_eq!(
        (&ada["login"], &ada["password"], &ada["instance"]),
        (&json!("ada"), &json!("initial"), &json!(null))
    );
    let moved = inez
        .patch(
            "/api/v1/labs/music/members/ada",
            json!({ "section": "B", "seat": "12" }),
        )
        .await
        .expect(200)
        .json();
    assert_eq!((&moved["section"], &moved["seat"]), (&json!("B"), &json!("12")));

    let listed = inez
        .get("/api/v1/labs/music/credentials")
        .await
        .expect(200)
        .json();
    let password = listed["items"][0]["password"].as_str().unwrap().to_owned();
    let file = inez.get("/api/v1/labs/music/credentials.csv").await.expect(200);
    let file = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(file.contains(&password), "{file}");
    app.sign_in("ada", &password).await;

    let links = inez
        .post("/api/v1/labs/music/claim-links", json!({}))
        .await
        .expect(200)
        .json();
    let link = &links["items"][0];
    assert!(link["qr_svg"].as_str().unwrap().contains("<svg"));
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let claim = format!("/api/v1/claims/{token}");
    let shown = app.stranger().get(&claim).await.expect(200).json();
    assert_eq!(
        (&shown["login"], &shown["state"]),
        (&json!("ada"), &json!("fresh"))
    );
    // No database yet: the link stays as it is.
    assert_eq!(
        app.stranger().post(&claim, json!({})).await.problem(409),
        "conflict"
    );
    let new = inez
        .post("/api/v1/labs/music/members/ada/password", json!({}))
        .await
        .expect(200)
        .json();
    assert_ne!(new["password"], json!(password));
    assert_eq!(
        app.stranger().post(&claim, json!({})).await.problem(410),
        "claimed"
    );

    assert_eq!(
        inez.get("/api/v1/labs/music/members/ada/kit").await.problem(409),
        "conflict"
    );
    assert_eq!(
        inez.post("/api/v1/labs/music/prepare", json!({}))
            .await
            .problem(409),
        "conflict"
    );
    let idle = inez
        .get("/api/v1/labs/music/preparation")
        .await
        .expect(200)
        .json();
    assert_eq!((&idle["state"], &idle["total"]), (&json!("idle"), &json!(2)));
    inez.delete("/api/v1/labs/music/members/bob").await.expect(204);
    let members = inez.get("/api/v1/labs/music/members").await.expect(200).json();
    assert!(members["items"][1]["removed_at"].is_string());
}

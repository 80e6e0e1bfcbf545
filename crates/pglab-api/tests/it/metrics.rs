//! Metrics: who may scrape them, what a live class exports, and that docs/metrics.md says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use pglab_control::{Options, workers};
use pglab_core::{
    directory::IdentitySettings,
    id::LabId,
    lab::{LabSettings, LabState, MemberRole, MetricNames, Slug, Start},
    person::Role,
};
use pglab_store::{lab::Lab, membership};
use pglab_testkit::Slapd;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::TestApp;

async fn class(app: &TestApp, names: MetricNames) {
    let control = &app.control;
    let id = LabId::new(&*control.clock, &*control.random);
    let lab = Lab {
        id,
        slug: Slug::parse("music").unwrap(),
        title: "Music \"shop\" \\ 1".to_owned(),
        state: LabState::Open,
        start: Start::Empty,
        settings: LabSettings {
            metrics: names,
            ..LabSettings::default()
        },
        version: 1,
        created_by: None,
        created_at: control.now(),
        opened_at: Some(control.now()),
        closed_at: None,
        archived_at: None,
        prepare_wanted_at: None,
        archive_wanted_at: None,
        delete_wanted_at: None,
        trouble: None,
    };
    let (person, _) = control.person("ada", Role::Student).await;
    let place = pglab_core::access::Membership {
        lab: id,
        member: pglab_core::id::MemberId::new(&*control.clock, &*control.random),
        role: MemberRole::Student,
    };
    let mut tx = control.store.begin().await.unwrap();
    pglab_store::lab::insert(&mut tx, &lab).await.unwrap();
    pglab_store::lab::update(&mut tx, &lab).await.unwrap();
    membership::insert(&mut tx, place, person.id, control.now())
        .await
        .unwrap();
    control.store.commit(tx).await.unwrap();
}

/// The scrape once everything that a working process tells of is there.
async fn scraped(app: &TestApp, token: &str, wanted: &[&str]) -> String {
    let program = app.stranger().with("authorization", &format!("Bearer {token}"));
    for _ in 0..600 {
        let answer = program.get("/metrics").await.expect(200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        if wanted
            .iter()
            .all(|name| text.contains(&format!("\n# TYPE {name} ")))
        {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited in vain for {wanted:?}");
}

async fn token(app: &TestApp) -> String {
    let admin = app.signed_in("root", Role::Admin).await;
    let body = json!({ "name": "prometheus", "scopes": ["metrics"] });
    let created = admin.post("/api/v1/tokens", body).await.expect(201).json();
    assert_eq!(created["scopes"], json!(["metrics"]));
    created["token"].as_str().unwrap().to_owned()
}

/// Those that are only there where there is what they speak of: a standby, an LDAP server, a source, progress.
const SOMETIMES: &[&str] = &[
    "pglab_node_replication_lag_bytes",
    "pglab_directory_up",
    "pglab_directory_sign_ins_total",
    "pglab_directory_sign_in_duration_seconds",
    "pglab_certificate_expiry_timestamp_seconds",
    "pglab_source_up",
    "pglab_source_duration_seconds",
    "pglab_source_problems_total",
    "pglab_student_last_progress_timestamp_seconds",
    "pglab_student_database_bytes",
    "pglab_student_task_points",
    "pglab_task_info",
    "pglab_task_max_points",
    "pglab_task_students",
];

#[tokio::test]
async fn what_is_exported_is_what_the_page_says() {
    let app = TestApp::start().await;
    class(&app, MetricNames::Logins).await;
    let token = token(&app).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(app.control.control.clone(), stop.clone()));
    let text = scraped(&app, &token, &["pglab_student_points", "pglab_node_up"]).await;
    let missing: Vec<_> = documented_as_exported(&text)
        .into_iter()
        .filter(|name| !SOMETIMES.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "in docs/metrics.md, but not exported: {missing:?}"
    );
    assert!(
        text.contains("pglab_lab_info{lab=\"music\",title=\"Music \\\"shop\\\" \\\\ 1\",state=\"open\"} 1"),
        "{text}"
    );
    assert!(
        text.contains("pglab_student_points{lab=\"music\",section=\"\",student=\"ada\"} 0"),
        "{text}"
    );
    promtool_finds_nothing(&text);
    stop.cancel();
    working.await.unwrap();
}

/// Everything exported stands on the page, with its type. The answer is what stands there besides.
fn documented_as_exported(text: &str) -> BTreeSet<&'static str> {
    let page = include_str!("../../../../docs/metrics.md");
    let (own, _) = page.split_once("## Through an SQL exporter").unwrap();
    let mut documented: BTreeMap<&str, &str> = own
        .lines()
        .filter_map(|row| Some((row.strip_prefix("| `")?.split('`').next()?, row)))
        .collect();
    for (name, kind) in text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split_once(' '))
    {
        let row = documented
            .remove(name)
            .unwrap_or_else(|| panic!("{name} is not in docs/metrics.md"));
        assert!(row.contains(&format!("| {kind} |")), "{name} is a {kind}: {row}");
    }
    documented.into_keys().collect()
}

/// What Prometheus' own tool has to say of it.
fn promtool_finds_nothing(text: &str) {
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool, of Debian's package prometheus, did not start: {error}"));
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = tool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn pseudonyms_stay_the_same_and_say_nothing() {
    let app = TestApp::start().await;
    class(&app, MetricNames::Pseudonyms).await;
    let token = token(&app).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(app.control.control.clone(), stop.clone()));
    let name = |text: &str| {
        let (_, rest) = text
            .split_once("pglab_student_points{lab=\"music\",section=\"\",student=\"")
            .unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let text = scraped(&app, &token, &["pglab_student_points"]).await;
    assert!(!text.contains("ada"), "{text}");
    assert!(
        name(&text).starts_with("s-") && name(&text).len() == 14,
        "{}",
        name(&text)
    );
    assert_eq!(
        name(&text),
        name(&scraped(&app, &token, &["pglab_student_points"]).await)
    );
    stop.cancel();
    working.await.unwrap();
}

#[tokio::test]
async fn a_token_for_metrics_is_for_nothing_else() {
    let app = TestApp::start().await;
    assert_eq!(app.stranger().get("/metrics").await.problem(401), "not_signed_in");
    let ines = app.signed_in("ines", Role::Instructor).await;
    let body = json!({ "name": "x", "scopes": ["metrics"] });
    assert_eq!(ines.post("/api/v1/tokens", body).await.problem(403), "forbidden");
    assert_eq!(ines.get("/metrics").await.problem(403), "forbidden");
    let token = token(&app).await;
    let program = app.stranger().with("authorization", &format!("Bearer {token}"));
    program.get("/metrics").await.expect(200);
    program.get("/probe").await.expect(200);
    let groups = program
        .with("host", "lab.example.edu:8432")
        .get("/api/v1/monitoring/targets/pglab")
        .await
        .expect(200)
        .json();
    assert_eq!(
        groups,
        json!([{
            "targets": ["lab.example.edu:8432"],
            "labels": { "__scheme__": "http", "__metrics_path__": "/metrics" }
        }])
    );
    let program = app.stranger().with("authorization", &format!("Bearer {token}"));
    for path in ["/api/v1/me", "/api/v1/labs", "/api/v1/system", "/api/v1/session"] {
        assert_eq!(program.get(path).await.problem(403), "forbidden", "{path}");
    }
}

/// The value of a series, written as Prometheus writes it.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[tokio::test]
async fn a_directory_tells_who_came_in_by_it_and_whether_it_is_there() {
    let mut slapd = Slapd::start().await;
    slapd.add_person("ada", "adas-secret");
    let app = TestApp::start_with(Options {
        identity: IdentitySettings::Directory(slapd.settings()),
        ..Options::default()
    })
    .await;
    let token = token(&app).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(app.control.control.clone(), stop.clone()));
    let url = format!("ldaps://127.0.0.1:{}", slapd.listen().ldaps);
    let up = format!("pglab_directory_up{{server=\"{url}\"}}");
    let sign_in = async |password: &str, status: u16| {
        let body = json!({ "login": "ada", "password": password });
        app.stranger().post("/api/v1/session", body).await.expect(status);
    };
    sign_in("adas-secret", 200).await;
    sign_in("adas-secret", 200).await;
    sign_in("wrong", 401).await;
    let text = scraped(&app, &token, &["pglab_directory_up"]).await;
    assert_eq!(value(&text, &up), Some(1.0), "{text}");
    let asked = |text: &str, outcome: &str| {
        let series = format!("pglab_directory_sign_ins_total{{outcome=\"{outcome}\"}}");
        value(text, &series)
    };
    let outcomes = ["ok", "refused", "locked", "away"].map(|outcome| asked(&text, outcome));
    assert_eq!(outcomes, [Some(2.0), Some(1.0), Some(0.0), Some(0.0)], "{text}");
    assert_eq!(
        value(&text, "pglab_directory_sign_in_duration_seconds_count"),
        Some(3.0)
    );
    let mode = |mode: &str, outcome: &str| {
        let series = format!("pglab_sign_ins_total{{mode=\"{mode}\",outcome=\"{outcome}\"}}");
        value(&text, &series)
    };
    // The admin with the token is pglab's own.
    assert_eq!(
        [
            mode("directory", "ok"),
            mode("directory", "refused"),
            mode("local", "ok")
        ],
        [Some(2.0), Some(1.0), Some(1.0)]
    );
    documented_as_exported(&text);
    promtool_finds_nothing(&text);

    // The end of the certificate that the directory is verified with, as openssl reads it.
    let file = slapd.ca_file();
    let ends = value(
        &text,
        &format!(
            "pglab_certificate_expiry_timestamp_seconds{{file=\"{}\"}}",
            file.display()
        ),
    );
    assert_eq!(ends, Some(enddate(&file)), "{text}");

    slapd.stop().await;
    sign_in("adas-secret", 503).await;
    let text = scraped(&app, &token, &["pglab_directory_up"]).await;
    assert_eq!((value(&text, &up), asked(&text, "away")), (Some(0.0), Some(1.0)));
    // Nobody has to sign in before it is known to be back.
    slapd.start_again().await;
    app.control.directory().unwrap().look().await;
    let text = scraped(&app, &token, &["pglab_directory_up"]).await;
    assert_eq!(value(&text, &up), Some(1.0));
    stop.cancel();
    working.await.unwrap();
}

fn enddate(file: &Path) -> f64 {
    let script = "date -d \"$(openssl x509 -noout -enddate -in \"$1\" | cut -d= -f2)\" +%s";
    let done = Command::new("sh")
        .args(["-c", script, "enddate"])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8(done.stdout).unwrap().trim().parse().unwrap()
}

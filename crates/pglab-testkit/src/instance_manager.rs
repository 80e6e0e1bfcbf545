//! A fake instance manager: it speaks HTTP, keeps pods, and goes wrong in every way that a test asks for. Its time is the
//! number of lists that it gave, so that nothing depends on how fast a machine is. It runs nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What is wrong with its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListFault {
    #[default]
    None,
    /// It answers with this status.
    Status(u16),
    /// The connection stays open, and nothing comes.
    Hangs,
    /// The connection ends in the middle of the list.
    Cut,
    NotJson,
    /// JSON, but no list.
    NotAList,
    /// A list that does not end for many MiB.
    Huge,
    /// It sends elsewhere.
    Redirects(String),
    /// An empty list, whatever runs.
    Empty,
    /// All pods are said to have this status.
    Says(String),
    /// Every pod twice, once as it is and once with this status.
    Twice(String),
    /// All pods are said to be somebody else's.
    Foreign,
}

/// What is wrong with calls to start and end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CallFault {
    #[default]
    None,
    /// It answers 500; `done`: and does it all the same.
    Fails { done: bool },
    /// It does what it is asked, and never answers.
    Hangs,
    /// It says `success: false` and does nothing.
    Refuses,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakePod {
    pub status: String,
    pub user_id: String,
    pub competition_id: String,
    pub content: Value,
    pub secret: String,
    /// Not listed before so many lists.
    appears_at: u64,
    /// Not listed from so many lists on.
    goes_at: Option<u64>,
}

#[derive(Debug, Default)]
struct World {
    n_lists: u64,
    pods: BTreeMap<String, FakePod>,
    list_fault: ListFault,
    call_fault: CallFault,
    lateness: u64,
    token: Option<String>,
    /// Method and path of every request.
    asked: Vec<String>,
    n_starts: BTreeMap<String, u64>,
    n_ends: BTreeMap<String, u64>,
}

/// Ends with its last owner, with every connection.
#[derive(Debug)]
pub struct FakeManager {
    url: String,
    world: Arc<Mutex<World>>,
    server: JoinHandle<()>,
}

impl Drop for FakeManager {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeManager {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let world = Arc::new(Mutex::new(World {
            lateness: 1,
            ..World::default()
        }));
        let shared = world.clone();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                connections.spawn(async move {
                    // Whoever goes away in the middle has its reasons.
                    drop(serve(stream, &shared).await);
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            url: format!("http://{address}"),
            world,
            server,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    pub fn set_list_fault(&self, fault: ListFault) {
        self.world().list_fault = fault;
    }

    pub fn set_call_fault(&self, fault: CallFault) {
        self.world().call_fault = fault;
    }

    /// Pods appear and go so many lists after they were asked for.
    pub fn set_lateness(&self, n_lists: u64) {
        self.world().lateness = n_lists;
    }

    /// Refuses whoever does not bring this.
    pub fn set_token(&self, token: &str) {
        self.world().token = Some(token.to_owned());
    }

    /// The word that a pod is listed with.
    pub fn set_status(&self, pod: &str, status: &str) {
        if let Some(pod) = self.world().pods.get_mut(pod) {
            pod.status = status.to_owned();
        }
    }

    /// A pod is gone, without anybody asking for it.
    pub fn kill(&self, pod: &str) {
        self.world().pods.remove(pod);
    }

    /// Those that stand, listed or not.
    pub fn pods(&self) -> BTreeMap<String, FakePod> {
        let world = self.world();
        let now = world.n_lists;
        let stands = |pod: &FakePod| pod.goes_at.is_none_or(|at| at > now);
        world
            .pods
            .iter()
            .filter(|(_, pod)| stands(pod))
            .map(|(name, pod)| (name.clone(), pod.clone()))
            .collect()
    }

    /// How often it was asked for the list, and answered well or badly.
    pub fn n_lists(&self) -> u64 {
        self.world().n_lists
    }

    /// How often it was asked to start, and to end, a pod.
    pub fn n_asked(&self, pod: &str) -> (u64, u64) {
        let world = self.world();
        let of = |counts: &BTreeMap<String, u64>| counts.get(pod).copied().unwrap_or(0);
        (of(&world.n_starts), of(&world.n_ends))
    }

    /// Method and path of every request so far.
    pub fn asked(&self) -> Vec<String> {
        self.world().asked.clone()
    }
}

fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Request {
    method: String,
    path: String,
    query: String,
    token: Option<String>,
    body: Value,
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0_u8; 16 << 10];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..n]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |wanted: &str| {
        head.lines().skip(1).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_usize);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(None);
        }
        body.extend_from_slice(&chunk[..n]);
    }
    let mut words = head.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        token: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    }))
}

/// What is sent back.
enum Answer {
    Json(u16, Value),
    Text(String),
    /// Only so much of it.
    Cut(Value),
    /// So many bytes.
    Huge(usize),
    Redirect(String),
    Never,
}

async fn serve(mut stream: TcpStream, world: &Mutex<World>) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else {
        return Ok(());
    };
    let answer = answer(&mut locked(world), &request);
    let head = |status: u16, length: usize, more: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"
        )
    };
    match answer {
        Answer::Json(status, body) => {
            let body = body.to_string();
            stream.write_all(head(status, body.len(), "").as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
        }
        Answer::Text(body) => {
            stream.write_all(head(200, body.len(), "").as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
        }
        Answer::Cut(body) => {
            let body = body.to_string();
            stream.write_all(head(200, body.len(), "").as_bytes()).await?;
            stream.write_all(&body.as_bytes()[..body.len() / 2]).await?;
        }
        Answer::Huge(length) => {
            stream.write_all(head(200, length, "").as_bytes()).await?;
            let chunk = vec![b' '; 64 << 10];
            for _ in 0..length / chunk.len() {
                stream.write_all(&chunk).await?;
            }
        }
        Answer::Redirect(to) => {
            let more = format!("Location: {to}\r\n");
            stream.write_all(head(302, 0, &more).as_bytes()).await?;
        }
        Answer::Never => std::future::pending().await,
    }
    stream.shutdown().await
}

fn answer(world: &mut World, request: &Request) -> Answer {
    world.asked.push(format!("{} {}", request.method, request.path));
    if let Some(token) = &world.token
        && request.token.as_deref() != Some(&format!("Bearer {token}"))
    {
        return Answer::Json(401, json!({ "error": "who are you?" }));
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/list-challenge-pods") => list(world),
        ("GET", "/get-pod-status") => status(world, request),
        ("POST", "/get-secret") => secret(world, request),
        ("POST", "/start-challenge") => call(world, request, start),
        ("POST", "/end-challenge") => call(world, request, end),
        _ => Answer::Json(404, json!({ "error": "no such path" })),
    }
}

fn list(world: &mut World) -> Answer {
    world.n_lists += 1;
    let now = world.n_lists;
    world.pods.retain(|_, pod| pod.goes_at.is_none_or(|at| at > now));
    let visible = || world.pods.iter().filter(|(_, pod)| pod.appears_at <= now);
    let entry = |name: &str, pod: &FakePod, status: &str| {
        json!({
            "name": name, "status": status, "user_id": pod.user_id, "competition_id": pod.competition_id,
            "challenge_type": "container", "challenge_name": "of the tests",
            "urls": { "challenge": format!("http://{name}.pods.example/"), "terminal": "javascript:alert(1)" },
            "webosUrl": null, "webConsoleUrl": null, "flag_secret_name": format!("secret-of-{name}"),
        })
    };
    let all = |entries: Vec<Value>| json!({ "challenge_pods": entries });
    let honest = || {
        visible()
            .map(|(name, pod)| entry(name, pod, &pod.status))
            .collect::<Vec<_>>()
    };
    match &world.list_fault {
        ListFault::None => Answer::Json(200, all(honest())),
        ListFault::Status(status) => Answer::Json(*status, json!({ "error": "not today" })),
        ListFault::Hangs => Answer::Never,
        ListFault::Cut => Answer::Cut(all(honest())),
        ListFault::NotJson => Answer::Text("{\"challenge_pods\": [{]".to_owned()),
        ListFault::NotAList => Answer::Json(200, json!({ "challenge_pods": { "name": "x" } })),
        ListFault::Huge => Answer::Huge(64 << 20),
        ListFault::Redirects(to) => Answer::Redirect(to.clone()),
        ListFault::Empty => Answer::Json(200, all(Vec::new())),
        ListFault::Says(word) => Answer::Json(
            200,
            all(visible().map(|(name, pod)| entry(name, pod, word)).collect()),
        ),
        ListFault::Twice(word) => {
            let mut entries = honest();
            entries.extend(visible().map(|(name, pod)| entry(name, pod, word)));
            Answer::Json(200, all(entries))
        }
        ListFault::Foreign => {
            let mut entries = honest();
            for entry in &mut entries {
                entry["user_id"] = json!("somebody else");
            }
            Answer::Json(200, all(entries))
        }
    }
}

fn status(world: &World, request: &Request) -> Answer {
    let name = request.query.strip_prefix("pod_name=").unwrap_or_default();
    match world.pods.get(name) {
        Some(pod) => Answer::Json(
            200,
            json!({
                "name": name, "status": pod.status, "uptime": "3m", "labels": {}, "containers": [], "node": "n1",
                "podIP": "10.0.0.7", "creationTimestamp": "2026-03-02T09:00:00Z",
            }),
        ),
        None => Answer::Json(404, json!({ "error": "Pod not found", "status": "not_found" })),
    }
}

fn secret(world: &World, request: &Request) -> Answer {
    let wanted = request.body["secret_name"].as_str().unwrap_or_default();
    let found = world
        .pods
        .iter()
        .find(|(name, _)| format!("secret-of-{name}") == wanted);
    match found {
        Some((_, pod)) => Answer::Json(200, json!({ "flag": pod.secret })),
        None => Answer::Json(404, json!({ "error": "no such secret" })),
    }
}

fn call(world: &mut World, request: &Request, act: fn(&mut World, &Value)) -> Answer {
    let counts = if request.path == "/start-challenge" {
        &mut world.n_starts
    } else {
        &mut world.n_ends
    };
    let name = request.body["deployment_name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    *counts.entry(name).or_default() += 1;
    let accepted =
        json!({ "success": true, "queued": true, "task_id": "t", "queue_position": 1, "status": "queued" });
    match world.call_fault {
        CallFault::None => {
            act(world, &request.body);
            Answer::Json(202, accepted)
        }
        CallFault::Fails { done } => {
            if done {
                act(world, &request.body);
            }
            Answer::Json(500, json!({ "error": "out of nodes" }))
        }
        CallFault::Hangs => {
            act(world, &request.body);
            Answer::Never
        }
        CallFault::Refuses => Answer::Json(200, json!({ "success": false, "message": "no room" })),
    }
}

fn start(world: &mut World, body: &Value) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let name = text("deployment_name");
    let appears_at = world.n_lists + world.lateness;
    world.pods.entry(name.clone()).or_insert_with(|| FakePod {
        status: "running".to_owned(),
        user_id: text("user_id"),
        competition_id: text("competition_id"),
        content: body["cdf_content"].clone(),
        secret: format!("flag{{of {name}}}"),
        appears_at,
        goes_at: None,
    });
}

fn end(world: &mut World, body: &Value) {
    let goes_at = world.n_lists + world.lateness;
    let name = body["deployment_name"].as_str().unwrap_or_default();
    if let Some(pod) = world.pods.get_mut(name) {
        pod.goes_at.get_or_insert(goes_at);
    }
}

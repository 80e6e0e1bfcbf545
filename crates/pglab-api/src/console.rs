//! SQL consoles over a WebSocket: who comes in, and messages to and fro. A console lives as long as its connection; the
//! choice is explained in `docs/decisions/0026-console.md`.

use std::time::Duration;

use axum::{
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use pglab_control::{
    Control,
    console::{self, Command, Target},
    session::identify,
};
use pglab_core::{access::Actor, console::Event};
use serde::Deserialize;
use tokio::{
    sync::mpsc,
    time::{Instant, interval, timeout},
};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{ActingSession, Path, shown},
};

/// What a page may send at once.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// A page says hello within this time.
const HELLO: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(10);
/// Who has not answered for so long is gone, and so is who does not take what we send.
const GONE: Duration = Duration::from_secs(25);
/// Parts of results that wait for a slow network.
const N_WAITING: usize = 16;

/// What a console is told, as JSON in a text message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleRequest {
    /// The first message. Pages show the CSRF token of their session; programs with an API token need none.
    Hello {
        #[serde(default)]
        csrf_token: Option<String>,
    },
    /// Run statements, up to the first that fails. While others run it is passed over.
    Run { sql: String },
    /// Give up what runs.
    Cancel,
    /// Tell what there is to name.
    Catalog,
}

/// The messages, of which the document knows no operation.
#[derive(OpenApi)]
#[openapi(components(schemas(ConsoleRequest, Event)))]
struct Messages;

/// A SQL console on one's own database: a WebSocket. Text messages are JSON, `ConsoleRequest` to pglab and `ConsoleEvent`
/// from it; the first is `hello`. A browser must come from pglab's own pages (`Origin`).
#[utoipa::path(get, path = "/api/v1/labs/{lab}/console", tag = "console", operation_id = "console_own",
    params(("lab" = String, Path)), responses((status = 101, description = "The console is open")))]
async fn own(
    State(control): State<Control>,
    acting: ActingSession,
    Path(lab): Path<String>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    admit(control, acting, lab, None, headers, upgrade).await
}

/// The same on a member's database, for those who teach: every statement is a transaction that may only read.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members/{login}/console", tag = "console", operation_id = "console_look",
    params(("lab" = String, Path), ("login" = String, Path)),
    responses((status = 101, description = "The console is open")))]
async fn look(
    State(control): State<Control>,
    acting: ActingSession,
    Path((lab, login)): Path<(String, String)>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    admit(control, acting, lab, Some(login), headers, upgrade).await
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Messages::openapi())
        .routes(routes!(own))
        .routes(routes!(look))
}

async fn admit(
    control: Control,
    ActingSession(identified): ActingSession,
    lab: String,
    login: Option<String>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let actor = &identified.actor;
    let target = console::check(&control, actor, &lab, login.as_deref()).await?;
    if identified.session.is_some() && !is_ours(&headers, &control.public_url) {
        let detail = "a console is opened by pglab's own pages; the Origin of this request is another";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail));
    }
    let upgrade = upgrade.map_err(|_| {
        let detail = "a console is a WebSocket: connect with a client that speaks it";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
    })?;
    let caller = Caller {
        control,
        actor: identified.actor,
        headers,
        lab,
        login,
    };
    Ok(upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| talk(caller, socket, target)))
}

/// Browsers send with a WebSocket the cookies of any page that opens one; what they also send is which page that is.
fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin.eq_ignore_ascii_case(public_url)
        || host.is_some_and(|host| text(header::HOST).is_some_and(|ours| host.eq_ignore_ascii_case(ours)))
}

/// Who opened a console, to be looked up again: a session ends, a lab closes.
struct Caller {
    control: Control,
    actor: Actor,
    headers: HeaderMap,
    lab: String,
    login: Option<String>,
}

impl Caller {
    async fn may_still(&self, csrf: Option<Option<&str>>) -> Result<(), Problem> {
        let identified = identify(&self.control, shown(&self.headers)?).await?;
        if csrf.is_some_and(|csrf| !identified.csrf_fits(csrf)) {
            let detail = "the CSRF token is missing or not that of this session; reload the page";
            return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", detail));
        }
        console::check(&self.control, &identified.actor, &self.lab, self.login.as_deref()).await?;
        Ok(())
    }
}

async fn talk(caller: Caller, mut socket: WebSocket, target: Target) {
    if let Err(problem) = serve(&caller, &mut socket, target).await {
        let closed = Event::Closed {
            reason: problem.detail,
            code: problem.code,
        };
        // Whoever is gone needs no reason.
        let _ = say(&mut socket, &closed).await;
    }
    let _ = timeout(GONE, socket.send(Message::Close(None))).await;
}

async fn serve(caller: &Caller, socket: &mut WebSocket, target: Target) -> Result<(), Problem> {
    let hello = timeout(HELLO, socket.recv()).await;
    let Ok(Some(Ok(Message::Text(hello)))) = hello else {
        return Ok(());
    };
    match serde_json::from_str(&hello) {
        Ok(ConsoleRequest::Hello { csrf_token }) => caller.may_still(Some(csrf_token.as_deref())).await?,
        _ => return Err(unreadable()),
    }
    let place = console::admit(&caller.control, &caller.actor, &caller.lab, &target).await?;
    let console = console::open(&caller.control, target, place).await?;
    let (commands, received) = mpsc::channel(N_WAITING);
    let (told, mut events) = mpsc::channel(N_WAITING);
    // It ends by itself when these two ends of its channels are gone.
    tokio::spawn(console.serve(received, told));
    let mut heard = Instant::now();
    let mut ping = interval(PING);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => {
                    if say(socket, &event).await.is_err() {
                        return Ok(());
                    }
                }
                None => return Ok(()),
            },
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        let Some(command) = command(caller, &text).await? else { continue };
                        // Nobody types so fast.
                        commands.try_send(command).map_err(|_| unreadable())?;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                }
            }
            _ = ping.tick() => {
                let pinged = timeout(GONE, socket.send(Message::Ping(Vec::new().into())));
                if heard.elapsed() > GONE || !matches!(pinged.await, Ok(Ok(()))) {
                    return Ok(());
                }
            }
        }
    }
}

async fn command(caller: &Caller, text: &str) -> Result<Option<Command>, Problem> {
    let Ok(request) = serde_json::from_str(text) else {
        return Err(unreadable());
    };
    Ok(match request {
        ConsoleRequest::Hello { .. } => None,
        ConsoleRequest::Run { sql } => {
            caller.may_still(None).await?;
            Some(Command::Run(sql))
        }
        ConsoleRequest::Cancel => Some(Command::Cancel),
        ConsoleRequest::Catalog => Some(Command::Catalog),
    })
}

fn unreadable() -> Problem {
    let detail = "this message is none that a console takes, or came too soon after others";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
}

async fn say(socket: &mut WebSocket, event: &Event) -> Result<(), ()> {
    let text = serde_json::to_string(event).map_err(|error| {
        tracing::error!(%error, "an event of a console can't be written as JSON");
    })?;
    match timeout(GONE, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_pages_come_in() {
        let headers = |origin: Option<&str>, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            headers
        };
        let public = "https://lab.example.org";
        for (origin, host, ours) in [
            (Some("http://127.0.0.1:8432"), "127.0.0.1:8432", true),
            (Some("https://lab.example.org"), "10.0.0.7:8432", true),
            (Some("https://evil.example.org"), "lab.example.org", false),
            (Some("https://lab.example.org.evil"), "lab.example.org", false),
            (Some("http://127.0.0.1:9999"), "127.0.0.1:8432", false),
            (Some("null"), "lab.example.org", false),
            (None, "lab.example.org", false),
        ] {
            assert_eq!(
                is_ours(&headers(origin, host), public),
                ours,
                "{origin:?} on {host}"
            );
        }
    }
}

//! The events of a board: written once, whoever reads them. A reader who falls behind, or comes back after too long,
//! gets the whole board.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::Stream;
use pglab_control::{
    Control,
    board::{self, Beginning, BoardEvent, BoardView, Change},
};
use pglab_core::access::Actor;
use serde::{Deserialize, Serialize};
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use utoipa::ToSchema;

use super::rows::{Board, BoardClass, BoardMember, SharedError};
use crate::{
    Problem,
    extract::{Acting, Path},
};

/// Shorter than the patience of any proxy.
const PING: Duration = Duration::from_secs(15);

/// What the event `member` carries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardMemberEvent {
    pub sequence: u64,
    /// Without verdicts.
    pub member: BoardMember,
    /// Where it changed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<BoardClass>,
    /// Where they changed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_errors: Option<Vec<SharedError>>,
    /// The new ranks of other members, of whom nothing else changed, by login.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranks: BTreeMap<String, u32>,
}

/// The board as it changes: `board` (the whole, without verdicts; first, and after a gap), `member` (one row), `ping`.
/// Resumes after `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/board/events", tag = "board", operation_id = "board_events",
    params(("lab" = String, Path)),
    responses((status = 200, body = BoardMemberEvent, content_type = "text/event-stream")))]
pub(super) async fn events(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = headers.get("last-event-id").and_then(parse_id);
    let subscription = board::subscribe(&control, &actor, &lab, after).await?;
    let body = Body::from_stream(stream(control, actor, lab, subscription));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, body).into_response())
}

/// `epoch-sequence`: another process, or one that was started anew, has another epoch.
fn id(epoch: u64, sequence: u64) -> String {
    format!("{epoch:x}-{sequence}")
}

fn parse_id(value: &HeaderValue) -> Option<(u64, u64)> {
    let (epoch, sequence) = value.to_str().ok()?.trim().split_once('-')?;
    Some((u64::from_str_radix(epoch, 16).ok()?, sequence.parse().ok()?))
}

fn stream(
    control: Control,
    actor: Actor,
    lab: String,
    subscription: board::Subscription,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    async_stream::stream! {
        let mut subscription = subscription;
        yield Ok(Bytes::from_static(b"retry: 2000\n\n"));
        // Each turn begins with the whole board, or with what was missed of it.
        loop {
            match subscription.beginning {
                Beginning::Whole(view) => yield Ok(whole(&view)),
                Beginning::Missed(events) => {
                    for event in events {
                        if let Some(bytes) = written(&event) {
                            yield Ok(bytes);
                        }
                    }
                }
            }
            loop {
                match timeout(PING, subscription.events.recv()).await {
                    Ok(Ok(event)) => match written(&event) {
                        Some(bytes) => yield Ok(bytes),
                        None => break,
                    },
                    Ok(Err(RecvError::Lagged(_))) => break,
                    Ok(Err(RecvError::Closed)) => return,
                    Err(_) => yield Ok(Bytes::from_static(b"event: ping\ndata: {}\n\n")),
                }
            }
            // The lab may be gone by now, or no longer theirs to see.
            match board::subscribe(&control, &actor, &lab, None).await {
                Ok(anew) => subscription = anew,
                Err(_) => return,
            }
        }
    }
}

fn whole(view: &Arc<BoardView>) -> Bytes {
    view.rendered[2]
        .get_or_init(|| event("board", &id(view.epoch, view.sequence), &Board::new(view, false)))
        .clone()
}

/// `None` where the whole board has to be sent.
fn written(of: &BoardEvent) -> Option<Bytes> {
    let Change::Member {
        member,
        tasks,
        class,
        shared_errors,
        ranks,
    } = &of.change
    else {
        return None;
    };
    let bytes = of.rendered.get_or_init(|| {
        let data = BoardMemberEvent {
            sequence: of.sequence,
            member: BoardMember::new(member, false),
            class: class.as_ref().map(|class| BoardClass::new(class, tasks)),
            shared_errors: shared_errors
                .as_ref()
                .map(|errors| errors.iter().map(Into::into).collect()),
            ranks: ranks
                .iter()
                .map(|(login, rank)| (login.to_string(), *rank))
                .collect(),
        };
        event("member", &id(of.epoch, of.sequence), &data)
    });
    Some(bytes.clone())
}

fn event(name: &str, id: &str, data: &impl Serialize) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_slice(format!("event: {name}\nid: {id}\ndata: ").as_bytes());
    let mut writer = bytes.writer();
    if let Err(error) = serde_json::to_writer(&mut writer, data) {
        tracing::error!(%error, event = name, "an event can't be written as JSON");
        return Bytes::from_static(b": an event was lost\n\n");
    }
    let mut bytes = writer.into_inner();
    bytes.put_slice(b"\n\n");
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        let value = HeaderValue::from_str(&id(0xdead_beef, 42)).unwrap();
        assert_eq!(parse_id(&value), Some((0xdead_beef, 42)));
        for other in ["", "17", "x-1", "1-", "-1"] {
            assert_eq!(parse_id(&HeaderValue::from_str(other).unwrap()), None, "{other}");
        }
    }
}

//! Server-sent events, alike for all streams: named events of JSON, a sign of life while nothing happens, and how long
//! a browser waits before it comes back. What is sent is decided by the routes.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, StreamExt};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Shorter than the patience of any proxy.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A browser that lost its stream comes back after this.
const RETRY: Duration = Duration::from_secs(2);
/// Tells nginx and its like to pass events on at once.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// One event. A browser that comes back names the last `id` that it saw in `Last-Event-ID`.
#[derive(Debug, Clone)]
pub struct Named<T> {
    pub name: &'static str,
    pub id: Option<String>,
    pub data: T,
}

impl<T> Named<T> {
    pub fn new(name: &'static str, data: T) -> Self {
        Self { name, id: None, data }
    }

    pub fn with_id(name: &'static str, id: impl ToString, data: T) -> Self {
        Self {
            name,
            id: Some(id.to_string()),
            data,
        }
    }
}

/// JSON that was made before, for all who get it.
#[derive(Debug, Clone)]
pub struct Made(pub Arc<RawValue>);

impl Serialize for Made {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Made {
    /// What is in `kept`, else made from `value` and kept there.
    pub fn once<T: Serialize>(kept: &OnceLock<Arc<RawValue>>, value: impl FnOnce() -> T) -> Self {
        Self(
            kept.get_or_init(|| {
                to_raw_value(&value()).map_or_else(
                    |error| {
                        tracing::error!(%error, "what is shown can't be written as JSON");
                        Arc::from(RawValue::NULL.to_owned())
                    },
                    Arc::from,
                )
            })
            .clone(),
        )
    }
}

/// The answer that goes on: every item is an event, its data one line of JSON.
pub fn stream<T: Serialize>(events: impl Stream<Item = Named<T>> + Send + 'static) -> Response {
    let mut first = true;
    let events = events.map(move |named| {
        let mut event = Event::default().event(named.name);
        if let Some(id) = named.id {
            event = event.id(id);
        }
        if std::mem::take(&mut first) {
            event = event.retry(RETRY);
        }
        let event = event.json_data(&named.data).unwrap_or_else(|error| {
            tracing::error!(%error, event = named.name, "an event can't be written as JSON");
            Event::default().comment("an event was lost")
        });
        Ok::<_, Infallible>(event)
    });
    let alive = KeepAlive::new()
        .interval(KEEP_ALIVE)
        .event(Event::default().event("ping").data("{}"));
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    response
}

//! The board of a lab over HTTP: whole, as it changes, and one member closely.

mod events;
mod member;
mod rows;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use pglab_control::{Control, board};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::BoardMemberEvent;
pub use member::{HandRaise, MemberDetail, MemberSchema, OwnPage};
pub use rows::{Board, BoardCell, BoardMember, MemberState};

use crate::{
    Problem,
    extract::{Acting, Path, Query},
};

/// Says `false` where a fresh board was wanted and some database could not be looked at in time.
pub const SETTLED: &str = "pglab-settled";

#[derive(Debug, Deserialize, IntoParams)]
pub struct BoardQuery {
    /// Leave out the verdicts: `false`.
    pub verdicts: Option<bool>,
    /// Look first at every database in which something was committed before, for at most 5 s. An answer that could not
    /// wait for all of them has the header `pglab-settled: false`.
    pub fresh: Option<bool>,
}

/// Everybody in a lab, how far they are and who needs help.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/board", tag = "board", operation_id = "board_show",
    params(("lab" = String, Path), BoardQuery), responses((status = 200, body = Board)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Problem> {
    let shown = board::show(&control, &actor, &lab, query.fresh.unwrap_or(false)).await?;
    let view = shown.view;
    let with_verdicts = query.verdicts.unwrap_or(true);
    let body = match view.rendered[usize::from(!with_verdicts)].get() {
        Some(body) => body.clone(),
        None => {
            let written = serde_json::to_vec(&Board::new(&view, with_verdicts));
            let written = written.map(Bytes::from).map_err(pglab_control::Error::internal)?;
            view.rendered[usize::from(!with_verdicts)]
                .get_or_init(|| written)
                .clone()
        }
    };
    let json = HeaderValue::from_static("application/json");
    let mut response = ([(header::CONTENT_TYPE, json)], body).into_response();
    if !shown.settled {
        let headers = response.headers_mut();
        headers.insert(SETTLED, HeaderValue::from_static("false"));
    }
    Ok(response)
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(events::events))
        .routes(routes!(member::show))
        .routes(routes!(member::schema))
        .routes(routes!(member::hand_raise, member::hand_lower))
        .routes(routes!(member::me))
}

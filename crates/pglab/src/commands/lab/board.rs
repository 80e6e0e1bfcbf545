//! `pglab lab board`: who is how far, once.

use pglab_api::board::{Board, SETTLED};
use serde_json::Value;

use super::shapes::{HEADINGS, plain, row};
use crate::{
    client::Client,
    output::{say, table, tell},
};

/// Waits until what was committed before has been looked at, unless told otherwise: scripts expect the truth.
pub(super) async fn board(client: &Client, lab: &str, fresh: bool, as_json: bool) -> anyhow::Result<()> {
    let fresh = if fresh { "true" } else { "false" };
    let call = client.get(&["labs", lab, "board"]).query(&[("fresh", fresh)]);
    if as_json {
        let (board, settled): (Value, _) = call.read_with(SETTLED).await?;
        say(&board.to_string());
        warn(settled.as_deref());
        return Ok(());
    }
    let (mut board, settled): (Board, _) = call.query(&[("verdicts", "false")]).read_with(SETTLED).await?;
    board.members.sort_by_key(|member| member.need.rank);
    table(&HEADINGS, board.members.iter().map(row).collect());
    for error in &board.shared_errors {
        say(&format!(
            "{} members: {} ({})",
            error.n_members,
            plain(&error.message),
            error.sqlstate
        ));
    }
    warn(settled.as_deref());
    Ok(())
}

/// The board is printed all the same: one database that can't be looked at must not hide the others.
fn warn(settled: Option<&str>) {
    if settled == Some("false") {
        tell(
            "Not every database could be looked at within 5 s, so the board may be older than the last commits. Ask \
             again; `pglab lab watch` and the page mark what is old.",
        );
    }
}

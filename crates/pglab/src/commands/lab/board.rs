//! `pglab lab board`: who is how far, once.

use pglab_api::board::Board;
use serde_json::Value;

use super::shapes::{HEADINGS, plain, row};
use crate::{
    client::Client,
    output::{say, table},
};

/// Waits until what was committed before has been looked at, unless told otherwise: scripts expect the truth.
pub(super) async fn board(client: &Client, lab: &str, fresh: bool, as_json: bool) -> anyhow::Result<()> {
    let fresh = if fresh { "true" } else { "false" };
    let call = client.get(&["labs", lab, "board"]).query(&[("fresh", fresh)]);
    if as_json {
        let board: Value = call.read().await?;
        say(&board.to_string());
        return Ok(());
    }
    let mut board: Board = call.query(&[("verdicts", "false")]).read().await?;
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
    Ok(())
}

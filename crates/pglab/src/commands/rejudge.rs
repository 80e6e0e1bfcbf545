//! `pglab task rejudge`: judging the answers of a task anew, as a client of the API.

use anyhow::bail;
use pglab_api::rejudging::{Rejudging, RejudgingList};

use crate::{
    client::Client,
    output::{say, table, tell},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Preview,
    Apply,
    Undo,
}

pub async fn run(client: &Client, lab: &str, task: &str, act: Act, json: bool) -> anyhow::Result<()> {
    let path = ["labs", lab, "tasks", task, "rejudgings"];
    let made: Rejudging = match act {
        Act::Preview => client.post(&path).read().await?,
        Act::Apply => {
            let id = latest(client, &path, "preview").await?;
            let [labs, lab, tasks, task, all] = path;
            client
                .post(&[labs, lab, tasks, task, all, &id, "apply"])
                .read()
                .await?
        }
        Act::Undo => {
            let id = latest(client, &path, "applied").await?;
            let [labs, lab, tasks, task, all] = path;
            client
                .post(&[labs, lab, tasks, task, all, &id, "undo"])
                .read()
                .await?
        }
    };
    if json {
        say(&serde_json::to_string(&made)?);
        return Ok(());
    }
    shown(&made);
    match (act, made.members.is_empty()) {
        (Act::Preview, true) => tell("Nobody's points would change."),
        (Act::Preview, false) => tell("Nothing is changed yet: the same with --apply does it."),
        (Act::Apply, _) => tell("Applied. The same with --undo puts back what was before."),
        (Act::Undo, _) => tell("Undone: all is as it was before."),
    }
    Ok(())
}

/// The latest one that is in this state.
async fn latest(client: &Client, path: &[&str], state: &str) -> anyhow::Result<String> {
    let list: RejudgingList = client.get(path).read().await?;
    match list.items.into_iter().find(|made| made.state == state) {
        Some(made) => Ok(made.id.to_string()),
        None if state == "preview" => {
            bail!("there is no preview to apply; see first what it would change, without --apply")
        }
        None => bail!("no rejudging of this task is applied, there is nothing to undo"),
    }
}

fn shown(made: &Rejudging) {
    let points = |points: Option<f64>| points.map_or("-".to_owned(), |points| points.to_string());
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or("-".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
    };
    if !made.members.is_empty() {
        let rows = made.members.iter().map(|one| {
            vec![
                one.login.clone(),
                points(one.points_before),
                points(one.points_after),
                time(one.done_before),
                time(one.done_after),
                one.n_counted.to_string(),
            ]
        });
        let head = ["LOGIN", "BEFORE", "AFTER", "DONE BEFORE", "DONE AFTER", "COUNTED"];
        table(&head, rows.collect());
    }
    if !made.attempts.is_empty() {
        let rows = made.attempts.iter().map(|one| {
            vec![
                one.login.clone(),
                time(Some(one.at)),
                one.before.clone(),
                one.after.clone(),
                one.message.clone(),
            ]
        });
        table(&["LOGIN", "AT", "WAS", "IS", "BECAUSE"], rows.collect());
    }
    tell(&format!(
        "{} answers, of which {} are judged otherwise; {} members gain, {} lose.",
        made.n_attempts,
        made.attempts.len(),
        made.n_gain,
        made.n_lose
    ));
    if made.n_left > 0 {
        tell(&format!(
            "{} answers stay as they are: the databases of who sent them are not there now.",
            made.n_left
        ));
    }
    if made.as_of_now {
        tell("Databases were looked at as they are now, and not as they were when they were sent in.");
    }
}

//! `pglab task`: the tasks of a lab, as a client of the API.

use anyhow::bail;
use pglab_api::tasks::{CheckChange, Task, TaskChange, TaskList};
use serde_json::Value;

use super::{
    query_report,
    rejudge::{self, Act},
};
use crate::{
    client::Client,
    output::{say, table, tell},
};

/// List, change and drop the tasks of a lab
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the tasks of a lab, or the checks of one of them
    List {
        lab: String,
        /// Its key or id
        task: Option<String>,
    },
    /// Change a task's words, points or place
    #[command(
        after_help = "Example:\n  pglab task change harbour table:public.ship --points 15 --position 0"
    )]
    Change {
        lab: String,
        /// Its key or id
        task: String,
        #[arg(long)]
        title: Option<String>,
        #[arg(long)]
        explanation: Option<String>,
        #[arg(long)]
        points: Option<f64>,
        /// From 0
        #[arg(long)]
        position: Option<usize>,
    },
    /// Give a check another share of its task's points
    Weigh {
        lab: String,
        /// Its key or id
        task: String,
        /// Its key or id
        check: String,
        /// 1 to 1000, relative to the other checks
        weight: u32,
    },
    /// Drop a task, or one of its checks
    Drop {
        lab: String,
        /// Its key or id
        task: String,
        /// Its key or id
        check: Option<String>,
    },
    /// Which plausible wrong queries are taken for right, because no dataset tells them from the reference
    #[command(
        after_help = "Example:\n  pglab task report harbour\n  pglab task report harbour ships-of-ports --json"
    )]
    Report {
        lab: String,
        /// Its key or id; all queries of the lab, if left out
        task: Option<String>,
    },
    /// Judge the answers to a task anew, after it was corrected: see who would gain and lose
    #[command(
        after_help = "Example:\n  pglab task rejudge harbour large-boats\n  pglab task rejudge harbour large-boats --apply"
    )]
    Rejudge {
        lab: String,
        /// Its key or id
        task: String,
        /// Do what the preview has shown
        #[arg(long, conflicts_with = "undo")]
        apply: bool,
        /// Put back what the last one changed
        #[arg(long)]
        undo: bool,
    },
    /// Derive the tasks from the example again; what was edited stays
    Derive {
        lab: String,
        /// Bring back what was dropped
        #[arg(long)]
        restore: bool,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let json = arguments.json;
    match arguments.command {
        Command::List { lab, task: None } => {
            let list: TaskList = client.get(&["labs", &lab, "tasks"]).read().await?;
            tasks(json, &list)?;
        }
        Command::List {
            lab,
            task: Some(task),
        } => {
            let task = find(&client, &lab, &task).await?;
            if json {
                say(&serde_json::to_string(&task)?);
            } else {
                let rows = task.checks.into_iter();
                let rows = rows.map(|check| vec![check.weight.to_string(), check.title, check.key]);
                table(&["WEIGHT", "CHECK", "KEY"], rows.collect());
            }
        }
        Command::Change {
            lab,
            task,
            title,
            explanation,
            points,
            position,
        } => {
            let change = TaskChange {
                title,
                explanation,
                points,
                position,
                checks: Vec::new(),
            };
            changed(&client, &lab, &task, &change, json).await?;
        }
        Command::Weigh {
            lab,
            task,
            check,
            weight,
        } => {
            let check = check_id(&find(&client, &lab, &task).await?, &check)?;
            let change = TaskChange {
                checks: vec![CheckChange {
                    id: check,
                    weight: Some(weight),
                    title: None,
                    explanation: None,
                }],
                ..TaskChange::default()
            };
            changed(&client, &lab, &task, &change, json).await?;
        }
        Command::Drop { lab, task, check } => {
            let task = find(&client, &lab, &task).await?;
            match check {
                None => client.delete(&["labs", &lab, "tasks", &task.id]).done().await?,
                Some(check) => {
                    let check = check_id(&task, &check)?;
                    let path = ["labs", &lab, "tasks", &task.id, "checks", &check];
                    client.delete(&path).done().await?;
                }
            }
            tell("Dropped. `pglab task derive --restore` brings back what was dropped.");
        }
        Command::Report { lab, task } => query_report::run(&client, &lab, task.as_deref(), json).await?,
        Command::Rejudge {
            lab,
            task,
            apply,
            undo,
        } => {
            let task = find(&client, &lab, &task).await?.id;
            let act = match (apply, undo) {
                (true, _) => Act::Apply,
                (_, true) => Act::Undo,
                _ => Act::Preview,
            };
            rejudge::run(&client, &lab, &task, act, json).await?;
        }
        Command::Derive { lab, restore } => {
            let call = client.post(&["labs", &lab, "tasks", "derive"]);
            let list: TaskList = call.query(&[("restore", restore)]).read().await?;
            tasks(json, &list)?;
        }
    }
    Ok(())
}

fn tasks(as_json: bool, list: &TaskList) -> anyhow::Result<()> {
    if as_json {
        say(&serde_json::to_string(list)?);
        return Ok(());
    }
    let rows = list
        .items
        .iter()
        .map(|task| {
            vec![
                task.points.to_string(),
                task.checks.len().to_string(),
                task.title.clone(),
                task.key.clone(),
            ]
        })
        .collect();
    table(&["POINTS", "CHECKS", "TASK", "KEY"], rows);
    Ok(())
}

async fn changed(
    client: &Client,
    lab: &str,
    task: &str,
    change: &TaskChange,
    as_json: bool,
) -> anyhow::Result<()> {
    let id = find(client, lab, task).await?.id;
    let answer: Value = client
        .patch(&["labs", lab, "tasks", &id])
        .json(change)
        .read()
        .await?;
    if as_json {
        say(&answer.to_string());
    } else {
        tell("Changed.");
    }
    Ok(())
}

pub(super) async fn find(client: &Client, lab: &str, wanted: &str) -> anyhow::Result<Task> {
    let list: TaskList = client.get(&["labs", lab, "tasks"]).read().await?;
    // A task of a challenge is known by the id of its component, too, where no other has it.
    let end = format!("/{wanted}");
    let mut named = list.items.iter().filter(|task| task.key.ends_with(&end));
    let named = match (named.next(), named.next()) {
        (Some(one), None) => one.key.clone(),
        _ => wanted.to_owned(),
    };
    match list
        .items
        .into_iter()
        .find(|task| task.key == wanted || task.id == wanted || task.key == named)
    {
        Some(task) => Ok(task),
        None => bail!("there is no task {wanted:?} in the lab {lab}; `pglab task list {lab}` shows the keys"),
    }
}

fn check_id(task: &Task, wanted: &str) -> anyhow::Result<String> {
    let found = task
        .checks
        .iter()
        .find(|check| check.key == wanted || check.id == wanted);
    match found {
        Some(check) => Ok(check.id.clone()),
        None => bail!("the task {} has no check {wanted:?}", task.key),
    }
}

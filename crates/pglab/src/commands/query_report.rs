//! `pglab task report`: which plausible wrong queries the data of a task do not tell from its reference, as a client of the API.

use pglab_api::{answers::AnswerTaskList, query_report::QueryReport};

use super::task::find;
use crate::{
    client::Client,
    output::{say, tell},
};

pub async fn run(client: &Client, lab: &str, task: Option<&str>, json: bool) -> anyhow::Result<()> {
    let tasks: Vec<String> = match task {
        Some(task) => vec![find(client, lab, task).await?.id],
        None => {
            let list: AnswerTaskList = client.get(&["labs", lab, "answers"]).read().await?;
            let queries = list.items.into_iter().filter(|task| task.kind == "query");
            queries.map(|task| task.id.to_string()).collect()
        }
    };
    let mut reports = Vec::new();
    for task in &tasks {
        let report: QueryReport = client
            .post(&["labs", lab, "tasks", task, "report"])
            .read()
            .await?;
        if !json {
            shown(&report);
        }
        reports.push(report);
    }
    if json {
        match (task, reports.first()) {
            (Some(_), Some(report)) => say(&serde_json::to_string(report)?),
            _ => say(&serde_json::to_string(&reports)?),
        }
        return Ok(());
    }
    let n_missed: usize = reports.iter().map(|report| report.missed.len()).sum();
    let n_told: usize = reports.iter().map(|report| report.told.len()).sum();
    tell(&format!(
        "{} tasks: {n_told} wrong queries are told from the reference, {n_missed} are not.",
        reports.len()
    ));
    let would = reports.iter().flat_map(|report| &report.missed);
    let n_would = would.filter(|one| one.told_by_mutation.is_some()).count();
    if n_would > 0 {
        tell(&format!(
            "{n_would} of these would be with mutated data: \"mutations\": true in the question, or in the rules of the lab."
        ));
    }
    Ok(())
}

fn shown(report: &QueryReport) {
    say(&format!(
        "{}: {} wrong queries told apart, {} not",
        report.title,
        report.told.len(),
        report.missed.len()
    ));
    for reason in report.not_read.iter().chain(&report.no_mutations) {
        say(&format!("  {reason}"));
    }
    for missed in &report.missed {
        say(&format!("  {}", missed.changed));
        say(&format!("    {}", missed.sql));
        match &missed.told_by_mutation {
            Some(dataset) => say(&format!("    the dataset {dataset:?} would tell it")),
            None => say(&format!("    what would tell it: {}", missed.suggestion)),
        }
    }
}

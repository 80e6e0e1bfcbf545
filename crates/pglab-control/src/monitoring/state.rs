//! How the programs of the chain are, as pglab can see them: exporters answer, Prometheus has targets and knows how the
//! last scrape of each went.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use pglab_core::access::{Actor, Operation};
use pglab_fleet::http;
use serde::Deserialize;

use crate::{Control, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Exporter,
    Prometheus,
    /// A target of Prometheus.
    Target,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub program: Program,
    /// Its address; for a target the job and the address.
    pub name: String,
    pub up: bool,
    /// How much it told, or why it does not answer.
    pub detail: String,
    /// When Prometheus scraped the target last.
    pub checked_at: Option<DateTime<Utc>>,
}

/// Exporters first, then Prometheus with its targets. Only what the configuration names.
///
/// # Errors
/// Not the actor's to see.
pub async fn state(control: &Control, actor: &Actor) -> Result<Vec<Seen>, Error> {
    // Every instructor has labs whose progress goes this way.
    control.authorise(actor, Operation::LabCreate)?;
    let monitoring = &control.options().monitoring;
    let exporters = join_all(monitoring.exporters.iter().map(|address| exporter(address))).await;
    let mut seen: Vec<Seen> = exporters;
    if let Some(address) = &monitoring.prometheus {
        seen.extend(prometheus(address).await);
    }
    Ok(seen)
}

async fn exporter(address: &str) -> Seen {
    let answer = http::get(address, "/metrics").await;
    Seen {
        program: Program::Exporter,
        name: address.to_owned(),
        up: answer.is_ok(),
        detail: match answer {
            Ok(text) => {
                let n = text
                    .lines()
                    .filter(|line| !line.starts_with('#') && line.contains("pglab_check_passed"))
                    .count();
                format!("{n} checks reported")
            }
            Err(why) => why,
        },
        checked_at: None,
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    active_targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    labels: Labels,
    health: String,
    #[serde(default)]
    last_error: String,
    /// Far in the past before the first time.
    last_scrape: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Labels {
    #[serde(default)]
    job: String,
    #[serde(default)]
    instance: String,
}

async fn prometheus(address: &str) -> Vec<Seen> {
    let read = http::get(address, "/api/v1/targets?state=active")
        .await
        .and_then(|text| {
            serde_json::from_str::<Answer>(&text)
                .map_err(|error| format!("its answer can't be read: {error}"))
        });
    let own = |up, detail| Seen {
        program: Program::Prometheus,
        name: address.to_owned(),
        up,
        detail,
        checked_at: None,
    };
    match read {
        Err(why) => vec![own(false, why)],
        Ok(answer) => {
            let targets = answer.data.active_targets;
            let n_up = targets.iter().filter(|target| target.health == "up").count();
            let mut seen = vec![own(true, format!("{n_up} of {} targets up", targets.len()))];
            seen.extend(targets.into_iter().map(|target| Seen {
                program: Program::Target,
                name: format!("{} {}", target.labels.job, target.labels.instance),
                up: target.health == "up",
                detail: if target.last_error.is_empty() {
                    target.health
                } else {
                    target.last_error
                },
                checked_at: target.last_scrape.filter(|at| at.timestamp() > 0),
            }));
            seen
        }
    }
}

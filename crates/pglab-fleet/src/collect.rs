//! Statistics by pull: the queries of collectors run on sources, each source by itself, so that a dead or slow one costs
//! the others nothing. What a collector is, and whether it makes sense, is decided in `pglab_core::exporter`.

mod samples;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, future::join_all, pin_mut};
use pglab_core::exporter::{Collector, Family};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};
use tokio_postgres::{SimpleQueryMessage, config::Host};

use self::samples::{Answer, Merged};
use crate::{Connection, Error, target::Target};

/// One query may take this long.
const QUERY: Duration = Duration::from_secs(5);
/// And may answer with this much.
const MAX_ROWS: usize = 10_000;
const MAX_BYTES: u32 = 8 << 20;

/// A PostgreSQL that statistics are collected from.
#[derive(Clone)]
pub struct Source {
    pub name: String,
    pub target: Target,
    pub collectors: Vec<Collector>,
    /// For all its samples.
    pub labels: BTreeMap<String, String>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a source said.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    pub source: String,
    /// It could be connected to in time.
    pub up: bool,
    /// By name, each once.
    pub families: Vec<Family>,
    /// What could not be asked, or made no sense, as sentences.
    pub problems: Vec<String>,
    pub took: Duration,
}

/// The sources with what is kept of each between two probes.
#[derive(Debug, Default)]
pub struct Prober {
    sources: Vec<Arc<Kept>>,
}

#[derive(Debug)]
struct Kept {
    source: Source,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<Connection>,
    /// What collectors with a least interval said last.
    known: HashMap<String, (Instant, Vec<Family>)>,
}

impl Prober {
    pub fn new(sources: Vec<Source>) -> Self {
        let kept = |source| {
            Arc::new(Kept {
                source,
                state: Mutex::default(),
            })
        };
        Self {
            sources: sources.into_iter().map(kept).collect(),
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|kept| kept.source.name.as_str())
    }

    /// `None` if there is no source of this name. Never later than `within`, whatever the source does.
    pub async fn probe(&self, name: &str, within: Duration) -> Option<Probed> {
        let kept = self.sources.iter().find(|kept| kept.source.name == name)?;
        Some(probe(kept, within).await)
    }

    /// All at the same time.
    pub async fn probe_all(&self, within: Duration) -> Vec<Probed> {
        join_all(self.sources.iter().map(|kept| probe(kept, within))).await
    }
}

async fn probe(kept: &Kept, within: Duration) -> Probed {
    let began = Instant::now();
    let deadline = began + within;
    let mut merged = Merged::default();
    let up = match timeout_at(deadline, kept.state.lock()).await {
        Ok(mut state) => ask(&kept.source, &mut state, deadline, &mut merged).await,
        Err(_) => {
            merged
                .problems
                .push("it still works on an earlier probe".to_owned());
            false
        }
    };
    Probed {
        source: kept.source.name.clone(),
        up,
        families: if up { merged.families } else { Vec::new() },
        problems: merged.problems,
        took: began.elapsed(),
    }
}

/// The answer is whether it could be connected to.
async fn ask(source: &Source, state: &mut State, deadline: Instant, merged: &mut Merged) -> bool {
    if let Err(error) = connected(source, state, deadline).await {
        merged.problems.push(error.to_string());
        return false;
    }
    for collector in &source.collectors {
        if let (Some(least), Some((at, families))) =
            (collector.min_interval, state.known.get(&collector.name))
            && at.elapsed() < least
        {
            merged.add_all(families.clone());
            continue;
        }
        let mut own = Merged::default();
        let mut whole = true;
        for (query, metrics) in by_query(collector) {
            match run(source, state, query, deadline).await {
                Ok(answer) => {
                    for metric in metrics {
                        own.add_metric(metric, &source.labels, &answer);
                    }
                }
                Err(error) => {
                    whole = false;
                    let name = metrics.first().map_or("", |metric| metric.name.as_str());
                    own.problems.push(format!("{}: {name}: {error}", collector.name));
                }
            }
        }
        if whole && collector.min_interval.is_some() {
            state
                .known
                .insert(collector.name.clone(), (Instant::now(), own.families.clone()));
        }
        merged.problems.append(&mut own.problems);
        merged.add_all(own.families);
    }
    true
}

/// Each query once, with the metrics that it fills.
fn by_query(collector: &Collector) -> Vec<(&str, Vec<&pglab_core::exporter::Metric>)> {
    let mut queries: Vec<(&str, Vec<_>)> = Vec::new();
    for metric in &collector.metrics {
        let Some(query) = collector.query_of(metric) else {
            continue;
        };
        match queries.iter_mut().find(|(known, _)| *known == query) {
            Some((_, metrics)) => metrics.push(metric),
            None => queries.push((query, vec![metric])),
        }
    }
    queries
}

async fn connected(source: &Source, state: &mut State, deadline: Instant) -> Result<(), Error> {
    if state
        .connection
        .as_ref()
        .is_some_and(|connection| !connection.is_closed())
    {
        return Ok(());
    }
    state.connection = None;
    let mut config = source.target.clone();
    let bounds = format!(
        "{} -c default_transaction_read_only=on -c datestyle=iso -c lock_timeout=1s -c statement_timeout={}",
        config.get_options().unwrap_or_default(),
        QUERY.as_millis()
    );
    config.options(bounds.trim());
    if config.get_application_name().is_none() {
        config.application_name("pglab");
    }
    let over_tcp = matches!(config.get_hosts().first(), Some(Host::Tcp(_)));
    let open = async {
        if over_tcp {
            Connection::open_limited(&config, MAX_BYTES).await
        } else {
            Connection::open(&config).await
        }
    };
    let connection = timeout_at(deadline, open)
        .await
        .map_err(|_| Error::Deadline(QUERY))??;
    state.connection = Some(connection);
    Ok(())
}

/// A query that takes too long costs the connection, and the next one gets another.
async fn run(source: &Source, state: &mut State, query: &str, deadline: Instant) -> Result<Answer, Error> {
    connected(source, state, deadline).await?;
    // Taken out, so that it is closed wherever this is left early.
    let Some(connection) = state.connection.take() else {
        return Err(Error::Unexpected("no connection".to_owned()));
    };
    // PostgreSQL's own time-out comes first, because it says what it is.
    let until = deadline.min(Instant::now() + QUERY + Duration::from_millis(500));
    match timeout_at(until, read(&connection, query)).await {
        Ok(Ok(answer)) => {
            state.connection = Some(connection);
            Ok(answer)
        }
        Ok(Err(error)) => {
            if matches!(error, Error::Refused(_)) && !connection.is_closed() {
                state.connection = Some(connection);
            }
            Err(error)
        }
        Err(_) => Err(Error::Deadline(QUERY)),
    }
}

async fn read(connection: &Connection, query: &str) -> Result<Answer, Error> {
    let stream = connection.simple_query_raw(query).await?;
    pin_mut!(stream);
    let mut answer = Answer::default();
    let mut n_bytes = 0;
    while let Some(message) = stream.next().await {
        let SimpleQueryMessage::Row(row) = message? else {
            continue;
        };
        if answer.columns.is_empty() {
            answer.columns = row
                .columns()
                .iter()
                .map(|column| column.name().to_owned())
                .collect();
        }
        let values: Vec<Option<String>> = (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect();
        n_bytes += values.iter().flatten().map(String::len).sum::<usize>();
        if answer.rows.len() == MAX_ROWS || n_bytes > usize::try_from(MAX_BYTES).unwrap_or(usize::MAX) {
            return Err(Error::TooLarge(format!(
                "the query answers with more than {MAX_ROWS} rows or {} MiB",
                MAX_BYTES >> 20
            )));
        }
        answer.rows.push(values);
    }
    Ok(answer)
}

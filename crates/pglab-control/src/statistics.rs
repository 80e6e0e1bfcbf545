//! Statistics of PostgreSQL servers by pull: collectors of the configuration run on its sources when somebody scrapes.

use std::time::Duration;

use pglab_core::access::{Actor, Operation};
use pglab_fleet::collect::Probed;

use crate::{Control, Error, metrics};

/// Less than who scrapes waits, so that a late source is told as one that is down.
const HEADROOM: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// Prometheus' own.
const USUAL: Duration = Duration::from_secs(10);

/// What one source says, or all of them, in Prometheus' text format. A source that does not answer has
/// `pglab_source_up` 0, and hides nobody else. `patience` is how long who asks waits.
///
/// # Errors
/// Not the actor's to see, or no such source.
pub async fn probe(
    control: &Control,
    actor: &Actor,
    source: Option<&str>,
    patience: Option<Duration>,
) -> Result<String, Error> {
    control.authorise(actor, Operation::SystemView)?;
    let within = patience
        .unwrap_or(USUAL)
        .saturating_sub(HEADROOM)
        .clamp(HEADROOM, LONGEST);
    let probed = match source {
        Some(name) => {
            let found = control.prober().probe(name, within).await;
            vec![found.ok_or_else(|| Error::NotFound(format!("source {name:?}")))?]
        }
        None => control.prober().probe_all(within).await,
    };
    for one in &probed {
        if !one.problems.is_empty() {
            tracing::warn!(
                source = one.source,
                problems = one.problems.join("; "),
                "a source said not everything"
            );
        }
    }
    control.metrics().probed(&probed);
    encoded(probed, source.is_none())
}

fn encoded(probed: Vec<Probed>, several: bool) -> Result<String, Error> {
    metrics::probes(probed, several)
}

//! What Prometheus asks for by HTTP: whom to scrape. Its own format, `[{"targets": […], "labels": {…}}]`.

use std::collections::BTreeMap;

use pglab_core::access::{Actor, Operation};

use crate::{Control, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// This pglab.
    Pglab,
    /// The sources of statistics, each by `/probe`.
    Sources,
    /// The SQL exporters that the configuration names.
    Exporters,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    pub targets: Vec<String>,
    pub labels: BTreeMap<String, String>,
}

/// `own` is how who asks reaches this pglab, `host:port`, and `https` whether by TLS.
///
/// # Errors
/// Not the actor's to see.
pub fn targets(
    control: &Control,
    actor: &Actor,
    kind: TargetKind,
    own: &str,
    https: bool,
) -> Result<Vec<TargetGroup>, Error> {
    control.authorise(actor, Operation::SystemView)?;
    let scheme = || {
        (
            "__scheme__".to_owned(),
            if https { "https" } else { "http" }.to_owned(),
        )
    };
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok(match kind {
        TargetKind::Pglab => vec![TargetGroup {
            targets: vec![own.to_owned()],
            labels: [scheme(), label("__metrics_path__", "/metrics")].into(),
        }],
        TargetKind::Sources => control
            .prober()
            .names()
            .map(|name| TargetGroup {
                targets: vec![own.to_owned()],
                labels: [
                    scheme(),
                    label("__metrics_path__", "/probe"),
                    label("__param_target", name),
                    label("source", name),
                ]
                .into(),
            })
            .collect(),
        TargetKind::Exporters => control
            .options()
            .monitoring
            .exporters
            .iter()
            .map(|address| TargetGroup {
                targets: vec![address.clone()],
                labels: BTreeMap::new(),
            })
            .collect(),
    })
}

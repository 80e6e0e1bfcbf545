//! Files for Prometheus and Grafana, made for this pglab: whom to scrape, the rules, the data source and the dashboards of
//! deploy/. They hold no secret: where the token of the scrapes lies is named.

use pglab_core::{
    access::{Actor, Operation},
    exporter::File,
};
use serde_json::json;

use crate::{Control, Error};

/// For whom files are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Prometheus,
    Grafana,
}

const RULES: [(&str, &str); 3] = [
    (
        "alerts.yml",
        include_str!("../../../../deploy/prometheus/rules/alerts.yml"),
    ),
    (
        "recording.yml",
        include_str!("../../../../deploy/prometheus/rules/recording.yml"),
    ),
    (
        "thresholds.yml",
        include_str!("../../../../deploy/prometheus/rules/thresholds.yml"),
    ),
];
const DASHBOARDS: [(&str, &str); 4] = [
    (
        "class.json",
        include_str!("../../../../deploy/grafana/dashboards/class.json"),
    ),
    (
        "postgresql.json",
        include_str!("../../../../deploy/grafana/dashboards/postgresql.json"),
    ),
    (
        "student.json",
        include_str!("../../../../deploy/grafana/dashboards/student.json"),
    ),
    (
        "tasks.json",
        include_str!("../../../../deploy/grafana/dashboards/tasks.json"),
    ),
];
/// Where Prometheus is if nobody says otherwise: its own default.
const USUAL_PROMETHEUS: &str = "127.0.0.1:9090";

/// # Errors
/// Not the actor's to see, or the public URL of this pglab is none.
pub fn product_files(control: &Control, actor: &Actor, product: Product) -> Result<Vec<File>, Error> {
    control.authorise(actor, Operation::LabCreate)?;
    let monitoring = &control.options().monitoring;
    let mut files = Vec::new();
    let mut add = |path: String, text: String| files.push(File { path, text });
    match product {
        Product::Prometheus => {
            let place = Place::of(&control.public_url).map_err(Error::internal)?;
            let has_sources = control.prober().names().next().is_some();
            add(
                "prometheus.yml".to_owned(),
                prometheus(&place, has_sources, &monitoring.exporters),
            );
            for (name, text) in RULES {
                add(format!("rules/{name}"), text.to_owned());
            }
        }
        Product::Grafana => {
            let prometheus = monitoring.prometheus.as_deref();
            add(
                "provisioning/datasources/pglab.yml".to_owned(),
                data_source(prometheus, &control.public_url),
            );
            add(
                "provisioning/dashboards/pglab.yml".to_owned(),
                PROVIDER.to_owned(),
            );
            for (name, text) in DASHBOARDS {
                add(format!("dashboards/{name}"), text.to_owned());
            }
        }
    }
    Ok(files)
}

/// Where Prometheus finds this pglab.
struct Place {
    scheme: String,
    /// `host:port`
    target: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public URL {0:?} is no URL")]
struct NoUrl(String);

impl Place {
    fn of(public_url: &str) -> Result<Self, NoUrl> {
        let no_url = || NoUrl(public_url.to_owned());
        let (scheme, rest) = public_url.split_once("://").ok_or_else(no_url)?;
        let authority = rest.split('/').next().filter(|host| !host.is_empty());
        let authority = authority.ok_or_else(no_url)?;
        // A colon of an IPv6 address stands before the bracket.
        let has_port = authority.rsplit(']').next().is_some_and(|end| end.contains(':'));
        Ok(Self {
            scheme: scheme.to_owned(),
            target: match (has_port, scheme) {
                (true, _) => authority.to_owned(),
                (false, "https") => format!("{authority}:443"),
                (false, _) => format!("{authority}:80"),
            },
        })
    }
}

/// A string as YAML takes it, whatever is in it: JSON is YAML.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn prometheus(place: &Place, has_sources: bool, exporters: &[String]) -> String {
    let (scheme, target) = (quoted(&place.scheme), quoted(&place.target));
    let mut text = format!(
        "# Scrapes the pglab at {host}. Put this file and rules/ into Prometheus' folder, and beside them pglab.token:
#   pglab token create --metrics --name prometheus > pglab.token     (as an admin; mode 0600, Prometheus' account)
# On the same machine, [metrics] listen in pglab.toml needs no token. Does a proxy keep /metrics inside, name the address
# behind it here.
global:
  scrape_interval: 15s
  evaluation_interval: 15s

rule_files:
  - rules/*.yml

scrape_configs:
  - job_name: pglab
    scheme: {scheme}
    authorization: {{credentials_file: pglab.token}}
    static_configs:
      - targets: [{target}]
",
        host = place.target
    );
    if has_sources {
        text.push_str(&format!(
            "
  # The sources of [statistics], each by /probe: found by asking pglab.
  - job_name: pglab-sources
    authorization: {{credentials_file: pglab.token}}
    http_sd_configs:
      - url: {url}
        authorization: {{credentials_file: pglab.token}}
",
            url = quoted(&format!(
                "{}://{}/api/v1/monitoring/targets/sources",
                place.scheme, place.target
            ))
        ));
    }
    text.push_str(
        "
  # SQL exporters: of the labs (files on the same page), and of PostgreSQL's own statistics. Rules and dashboards look for
  # this job's name.
  - job_name: sql-exporter
",
    );
    if exporters.is_empty() {
        text.push_str("    static_configs: []     # 127.0.0.1:9237 for Debian's, 127.0.0.1:9399 for burningalchemist's\n");
    } else {
        let targets: Vec<String> = exporters.iter().map(|address| quoted(address)).collect();
        text.push_str(&format!(
            "    static_configs:\n      - targets: [{}]\n",
            targets.join(", ")
        ));
    }
    text
}

fn data_source(prometheus: Option<&str>, public_url: &str) -> String {
    let address = prometheus.unwrap_or(USUAL_PROMETHEUS);
    let known = if prometheus.is_some() {
        "as [monitoring] prometheus in pglab.toml says"
    } else {
        "a guess: pglab.toml names none"
    };
    format!(
        "# The Prometheus that scrapes {public_url} ({known}). The dashboards name it by its uid.
apiVersion: 1
datasources:
  - name: Prometheus
    uid: pglab-prometheus
    type: prometheus
    access: proxy
    url: {url}
    isDefault: true
    editable: false
    jsonData:
      timeInterval: 15s
      httpMethod: POST
",
        url = quoted(&format!("http://{address}"))
    )
}

const PROVIDER: &str = "# Put provisioning/ into Grafana's folder of that name (Debian: /etc/grafana/provisioning), dashboards/ to the path below.
apiVersion: 1
providers:
  - name: pglab
    folder: pglab
    folderUid: pglab
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 60
    options:
      path: /var/lib/grafana/dashboards/pglab
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_prometheus_finds_us() {
        let of = |url: &str| Place::of(url).map(|place| format!("{} {}", place.scheme, place.target));
        for (url, place) in [
            ("https://lab.example.edu", "https lab.example.edu:443"),
            ("http://127.0.0.1:8432", "http 127.0.0.1:8432"),
            ("http://[::1]:8432", "http [::1]:8432"),
            ("https://[2001:db8::1]/pglab", "https [2001:db8::1]:443"),
        ] {
            assert_eq!(of(url).unwrap(), place);
        }
        assert!(of("lab.example.edu").is_err() && of("https:///x").is_err());
    }
}

//! `pglab.toml`, the configuration of `pglab serve`: what it says, and whether it can be right.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use pglab_control::{Control, Options, Parts, SystemClock, monitoring::Monitoring};
use pglab_core::{
    kit::Protection,
    proxies::{ProxyHeader, TrustedProxies},
};
use pglab_fleet::{
    Address, Cluster,
    tls::{Mode, Tls},
};
use pglab_identity::{Sealer, SystemRandom};
use pglab_store::Store;
use serde::Deserialize;

use crate::{data_dir::parse_key, database_api::Place, statistics::StatisticsSection};

mod identity;
mod instance_manager;
mod oidc;

pub use identity::{IdentitySection, managed_search};
pub use instance_manager::InstanceManagerSection;

/// The whole file. Unknown keys are errors, so that a misspelt one is not silently without effect.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who keeps the passwords; pglab itself where it is left out.
    #[serde(default)]
    pub identity: IdentitySection,
    pub server: ServerSection,
    pub store: StoreSection,
    pub cluster: ClusterSection,
    pub secrets: SecretsSection,
    #[serde(default)]
    pub metrics: MetricsSection,
    #[serde(default)]
    pub database_api: DatabaseApiSection,
    #[serde(default)]
    pub monitoring: MonitoringSection,
    #[serde(default)]
    pub statistics: StatisticsSection,
    #[serde(default)]
    pub instance_manager: InstanceManagerSection,
}

/// The programs beside pglab.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitoringSection {
    /// A folder where the SQL exporters' files of all open labs are kept current.
    directory: Option<PathBuf>,
    /// A program with its arguments, run after these files changed.
    reload: Vec<String>,
    /// How exporters use TLS towards the students' PostgreSQL: disable, require, verify-ca, verify-full.
    sslmode: Option<String>,
    /// Where exporters listen, `host:port`.
    exporters: Vec<String>,
    /// Where Prometheus listens, `host:port`.
    prometheus: Option<String>,
    /// PEM files whose end is told in the metrics, besides those that this file names elsewhere.
    certificates: Vec<PathBuf>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSection {
    /// Where Prometheus may scrape without a token. Only on an address that this machine alone reaches.
    pub listen: Option<SocketAddr>,
}

/// The interface for front ends of competitions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseApiSection {
    /// `127.0.0.1:8000` where nothing is said; `off` for nowhere.
    pub listen: Place,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSection {
    pub listen: SocketAddr,
    /// How people reach the pages.
    pub public_url: String,
    /// For uploads and archives.
    pub data_dir: PathBuf,
    /// The largest dump that may be uploaded.
    #[serde(default = "default_upload_mib")]
    pub max_upload_mib: u64,
    /// The folder of `pg_dump` and `pg_restore`; by default they are looked for.
    pub pg_bindir: Option<PathBuf>,
    /// Addresses and ranges of proxies that are believed; by default those of this machine.
    trusted_proxies: Option<Vec<String>>,
    #[serde(default)]
    proxy_header: ProxyHeaderWord,
}

/// In which headers the proxies say for whom they ask.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProxyHeaderWord {
    #[default]
    XForwardedFor,
    Forwarded,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// Of pglab's own database.
    uri: Option<String>,
    uri_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSection {
    pub host: String,
    #[serde(default = "default_port")]
    pub port: u16,
    pub maintenance_role: String,
    maintenance_password: Option<String>,
    maintenance_password_file: Option<PathBuf>,
    /// What students connect to, `host:port` each; by default `host` and `port` above.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// As libpq's: `disable`, `prefer`, `require`, `verify-ca` or `verify-full`. By default `prefer`, and `disable` for
    /// a server on this machine.
    pub sslmode: Option<String>,
    /// The certificate of the CA, in PEM, that the server is verified with. It also goes into kits.
    pub ca_file: Option<PathBuf>,
    /// What kits tell students; by default `require` where `sslmode` above is that or more.
    pub kit_sslmode: Option<String>,
    /// Where this server's log can be read on this machine, for the errors on the board; by default the server is asked.
    pub log_folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsSection {
    /// A file with 64 hexadecimal digits: seals initial passwords. Make one with `openssl rand -hex 32`.
    pub seal_key_file: PathBuf,
}

fn default_upload_mib() -> u64 {
    4096
}

fn default_port() -> u16 {
    5432
}

/// What `pglab config check` prints for a first file.
pub const EXAMPLE: &str = r#"[server]
listen = "127.0.0.1:8432"
public_url = "https://lab.example.edu"
data_dir = "/var/lib/pglab"
trusted_proxies = ["127.0.0.0/8", "::1"]   # whose word on a client's address is taken; these if it is left out
proxy_header = "x-forwarded-for"           # what they write: this with x-forwarded-proto, or "forwarded" (RFC 7239)

[store]                                    # pglab's own database
uri_file = "/etc/pglab/store.uri"          # postgresql://pglab_store:…@127.0.0.1:5432/pglab
                                           # with ?sslmode=verify-full&sslrootcert=/etc/pglab/ca.crt elsewhere

[cluster]                                  # where students' databases live
host = "127.0.0.1"
port = 5432
maintenance_role = "pglab_admin"           # CREATEDB, CREATEROLE, pg_signal_backend, pg_monitor; or a superuser
maintenance_password_file = "/etc/pglab/maintenance.password"
nodes = ["db.example.edu:5432"]            # what students are told to connect to
sslmode = "verify-full"                    # or disable, prefer, require, verify-ca
ca_file = "/etc/pglab/cluster-ca.crt"      # goes into kits too

[secrets]
seal_key_file = "/etc/pglab/seal.key"      # openssl rand -hex 32

[database_api]                             # optional: for front ends of competitions, docs/database-api.md
listen = "127.0.0.1:8000"                  # this if it is left out, as far as it is free; or "off"

[metrics]                                  # optional: for a Prometheus on this machine, without a token
listen = "127.0.0.1:9633"

[monitoring]                               # optional: SQL exporters that report progress by themselves
directory = "/var/lib/pglab/exporters"     # their files, kept current; private to pglab's account
reload = ["systemctl", "restart", "prometheus-sql-exporter"]
exporters = ["127.0.0.1:9237"]             # shown on the monitoring page
prometheus = "127.0.0.1:9090"
certificates = []                          # PEM files whose end should be told, like "/etc/pglab/server.crt"

# [instance_manager]                       # optional: runs challenges as pods
# url = "http://pods.example.edu:5000"
# token_file = "/etc/pglab/instance-manager.token"
# timeout_s = 10                           # of each request
# period_s = 5                             # how often its list is asked for
# per_member = 3                           # what a member may run at the same time
# domain = "pods.example.edu"              # {{DOMAIN}} in documents

[statistics]                               # optional: collectors run by /probe?target=NAME
collector_files = []                       # like "/etc/pglab/collectors/*.yml"

# [[statistics.targets]]
# name = "main"
# uri_file = "/etc/pglab/main.uri"         # postgresql://pglab_monitor:…@db.example.edu:5432/postgres
# collectors = ["postgres*"]
"#;

impl Config {
    /// Reads and checks the file, without connecting to anything.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        let config: Self =
            toml::from_str(&text).with_context(|| format!("{} can't be understood", path.display()))?;
        config
            .check()
            .with_context(|| format!("{} is not right", path.display()))?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let url = url::Url::parse(&self.server.public_url).context("server.public_url is no URL")?;
        ensure!(
            matches!(url.scheme(), "http" | "https"),
            "server.public_url must start with http:// or https://"
        );
        ensure!(
            self.server.data_dir.is_absolute(),
            "server.data_dir must be an absolute path"
        );
        ensure!(
            self.metrics
                .listen
                .is_none_or(|address| address.ip().is_loopback()),
            "metrics.listen must be an address of this machine alone, like 127.0.0.1:9633: nobody has to sign in there"
        );
        if let Some(sslmode) = &self.monitoring.sslmode {
            ensure!(
                ["disable", "require", "verify-ca", "verify-full"].contains(&sslmode.as_str()),
                "monitoring.sslmode must be disable, require, verify-ca or verify-full"
            );
        }
        self.statistics.sources()?;
        self.store_uri()?;
        self.maintenance_password()?;
        self.seal_key()?;
        self.nodes()?;
        self.kit_protection()?;
        self.identity.settings()?;
        self.proxies()?;
        self.identity.oidc()?;
        self.instance_manager.settings()?;
        Ok(())
    }

    pub fn store_uri(&self) -> anyhow::Result<String> {
        let uri = one_of(
            "store.uri",
            self.store.uri.as_deref(),
            self.store.uri_file.as_deref(),
        )?;
        ensure!(
            uri.starts_with("postgresql://") || uri.starts_with("postgres://"),
            "store.uri must start with postgresql://"
        );
        Ok(uri)
    }

    pub fn maintenance_password(&self) -> anyhow::Result<String> {
        one_of(
            "cluster.maintenance_password",
            self.cluster.maintenance_password.as_deref(),
            self.cluster.maintenance_password_file.as_deref(),
        )
    }

    pub fn seal_key(&self) -> anyhow::Result<[u8; 32]> {
        let path = &self.secrets.seal_key_file;
        let text = fs::read_to_string(path)
            .with_context(|| format!("could not read secrets.seal_key_file {}", path.display()))?;
        parse_key(text.trim()).with_context(|| format!("secrets.seal_key_file {}", path.display()))
    }

    pub fn cluster(&self) -> anyhow::Result<Cluster> {
        let address = Address {
            host: self.cluster.host.clone(),
            port: self.cluster.port,
        };
        Ok(Cluster::new(
            address,
            self.nodes()?,
            self.cluster.maintenance_role.clone(),
            self.maintenance_password()?,
        )
        .with_tls(self.cluster_tls()?)
        .with_kit_protection(self.kit_protection()?))
    }

    fn cluster_tls(&self) -> anyhow::Result<Tls> {
        let ca_file = self.cluster.ca_file.as_deref();
        let mode = match (&self.cluster.sslmode, ca_file) {
            (Some(mode), _) => mode.parse().context("cluster.sslmode")?,
            (None, Some(_)) => bail!("cluster.ca_file is given without cluster.sslmode; verify-full is best"),
            // On this machine, encryption would protect nothing.
            (None, None) if is_loopback(&self.cluster.host) => Mode::Disable,
            (None, None) => Mode::Prefer,
        };
        Tls::new(mode, ca_file).context("cluster.sslmode and cluster.ca_file")
    }

    fn kit_protection(&self) -> anyhow::Result<Protection> {
        let tls = self.cluster_tls()?;
        let sslmode = match &self.cluster.kit_sslmode {
            Some(mode) => Some(mode.parse::<Mode>().context("cluster.kit_sslmode")?.to_string()),
            None => (!matches!(tls.mode(), Mode::Disable | Mode::Prefer)).then(|| Mode::Require.to_string()),
        };
        let ca = self.cluster.ca_file.as_ref().map(|path| {
            fs::read_to_string(path)
                .with_context(|| format!("could not read cluster.ca_file {}", path.display()))
        });
        Ok(Protection {
            sslmode,
            ca: ca.transpose()?,
        })
    }

    /// Connects to our own database and puts everything together.
    pub async fn control(&self) -> anyhow::Result<Control> {
        let store = Store::connect(&self.store_uri()?).await?;
        fs::create_dir_all(&self.server.data_dir)
            .with_context(|| format!("could not make {}", self.server.data_dir.display()))?;
        let monitoring = Monitoring {
            directory: self.monitoring.directory.clone(),
            reload: self.monitoring.reload.clone(),
            sslmode: self.monitoring.sslmode.clone(),
            exporters: self.monitoring.exporters.clone(),
            prometheus: self.monitoring.prometheus.clone(),
            certificates: self.certificates(),
        };
        let options = Options {
            monitoring,
            upload_bytes: self.server.max_upload_mib.saturating_mul(1 << 20),
            pg_bindir: self.server.pg_bindir.clone(),
            identity: self.identity.settings()?,
            proxies: self.proxies()?,
            oidc: self.identity.oidc()?,
            instance_manager: self.instance_manager.settings()?,
        };
        let parts = Parts {
            store,
            cluster: self.cluster()?,
            sealer: Sealer::new(&self.seal_key()?),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            public_url: self.server.public_url.trim_end_matches('/').to_owned(),
            data_dir: self.server.data_dir.clone(),
            log_folder: self.cluster.log_folder.clone(),
        };
        Ok(Control::with_sources(parts, options, self.statistics.sources()?))
    }

    fn proxies(&self) -> anyhow::Result<TrustedProxies> {
        let mut proxies = TrustedProxies {
            header: match self.server.proxy_header {
                ProxyHeaderWord::XForwardedFor => ProxyHeader::XForwarded,
                ProxyHeaderWord::Forwarded => ProxyHeader::Forwarded,
            },
            ..TrustedProxies::default()
        };
        if let Some(ranges) = &self.server.trusted_proxies {
            let ranges = ranges.iter().map(|range| range.parse());
            proxies.ranges = ranges
                .collect::<Result<_, _>>()
                .context("server.trusted_proxies")?;
        }
        Ok(proxies)
    }

    /// Those that the operator names, and the CA that our own database is verified with.
    fn certificates(&self) -> Vec<PathBuf> {
        let uri = self.store_uri().ok();
        let uri = uri.and_then(|uri| url::Url::parse(&uri).ok());
        let ca = uri.and_then(|uri| {
            let mut pairs = uri.query_pairs();
            let (_, path) = pairs.find(|(name, _)| name == "sslrootcert")?;
            Some(PathBuf::from(path.into_owned()))
        });
        self.monitoring.certificates.iter().cloned().chain(ca).collect()
    }

    fn nodes(&self) -> anyhow::Result<Vec<Address>> {
        if self.cluster.nodes.is_empty() {
            return Ok(vec![Address {
                host: self.cluster.host.clone(),
                port: self.cluster.port,
            }]);
        }
        self.cluster.nodes.iter().map(|node| parse_node(node)).collect()
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `host:port`, or `[::1]:port`.
fn parse_node(text: &str) -> anyhow::Result<Address> {
    let (host, port) = text
        .rsplit_once(':')
        .with_context(|| format!("cluster.nodes: {text:?} is not HOST:PORT"))?;
    let port = port
        .parse()
        .with_context(|| format!("cluster.nodes: {text:?} has no port number"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ensure!(!host.is_empty(), "cluster.nodes: {text:?} has no host");
    Ok(Address { host, port })
}

/// A value that may stand in the file or in a file of its own.
pub(crate) fn one_of(name: &str, value: Option<&str>, file: Option<&Path>) -> anyhow::Result<String> {
    match (value, file) {
        (Some(value), None) => Ok(value.to_owned()),
        (None, Some(path)) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("could not read {name}_file {}", path.display()))?;
            Ok(text.trim().to_owned())
        }
        (None, None) => bail!("{name} or {name}_file is missing"),
        (Some(_), Some(_)) => bail!("{name} and {name}_file are both given; keep one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        file
    }

    fn complaint(text: &str) -> String {
        let file = written(text);
        let error = Config::read(file.path()).unwrap_err();
        format!("{error:#}").replace(&file.path().display().to_string(), "FILE")
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let key = written(&"ab".repeat(32));
        let good = format!(
            "[server]\nlisten = '127.0.0.1:1'\npublic_url = 'http://x'\ndata_dir = '/x'\n[store]\nuri = 'postgresql://x'\n\
             [cluster]\nhost = 'h'\nmaintenance_role = 'r'\nmaintenance_password = 'p'\n[secrets]\nseal_key_file = '{}'\n",
            key.path().display()
        );
        let config = Config::read(written(&good).path()).unwrap();
        assert_eq!(config.cluster.port, 5432);
        assert_eq!(
            config.nodes().unwrap(),
            [Address {
                host: "h".to_owned(),
                port: 5432
            }]
        );

        assert!(complaint(&good.replace("host =", "hots =")).contains("unknown field `hots`"));
        assert_eq!(
            complaint(&good.replace("[store]", "trusted_proxies = ['10.0.0.0/8', 'caddy']\n[store]")),
            "FILE is not right: server.trusted_proxies: \"caddy\" is no address range: give an address, or ADDRESS/BITS"
        );
        assert_eq!(
            complaint(&good.replace("'http://x'", "'ftp://x'")),
            "FILE is not right: server.public_url must start with http:// or https://"
        );
        assert_eq!(
            complaint(&good.replace("uri = 'postgresql://x'\n", "")),
            "FILE is not right: store.uri or store.uri_file is missing"
        );
        assert_eq!(
            complaint(&good.replace("host = 'h'", "host = 'h'\nnodes = ['db']")),
            "FILE is not right: cluster.nodes: \"db\" is not HOST:PORT"
        );
    }

    #[test]
    fn the_example_is_understood() {
        toml::from_str::<Config>(EXAMPLE).unwrap();
    }
}

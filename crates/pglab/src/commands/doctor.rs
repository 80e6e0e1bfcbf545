//! `pglab doctor`: says in words what is wrong with the servers, the privileges, the disk, and what to do about it.

use std::path::{Path, PathBuf};

use pglab_control::pg_hba;
use pglab_fleet::{
    Cluster,
    facts::{self, ClusterFacts},
    private::{Binaries, OLDEST_MAJOR, YOUNGEST_MAJOR},
};
use pglab_store::Store;
use serde::Serialize;

use crate::{
    config::Config,
    data_dir::DataDir,
    output::{say, tell},
};

mod access;

/// Look for what is wrong and say what to do
///
/// With --config it examines what `serve` would use; without, what `up` would. Changes nothing. Exits with 1 when
/// something must be mended.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration of `serve`
    #[arg(long, value_name = "FILE", env = "PGLAB_CONFIG")]
    config: Option<PathBuf>,
    /// The data directory of `up`
    #[arg(long, value_name = "DIR", env = "PGLAB_DATA_DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pg_bindir: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Fine,
    Warning,
    Problem,
}

#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    about: &'static str,
    says: String,
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, level: Level, about: &'static str, says: impl Into<String>) {
        self.0.push(Finding {
            level,
            about,
            says: says.into(),
        });
    }
    /// `fine` where it holds, else the sentence of the problem.
    fn judge(&mut self, about: &'static str, holds: bool, fine: &str, otherwise: Level, sentence: &str) {
        self.add(
            if holds { Level::Fine } else { otherwise },
            about,
            if holds { fine } else { sentence },
        );
    }
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match &arguments.config {
        Some(path) => examine_serve(path, &mut findings).await,
        None => examine_up(&arguments, &mut findings),
    }
    if arguments.json {
        say(&serde_json::to_string(&findings.0)?);
    } else {
        for finding in &findings.0 {
            let mark = match finding.level {
                Level::Fine => "ok     ",
                Level::Warning => "warning",
                Level::Problem => "PROBLEM",
            };
            say(&format!("{mark}  {}: {}", finding.about, finding.says));
        }
    }
    let n_problems = findings
        .0
        .iter()
        .filter(|finding| finding.level == Level::Problem)
        .count();
    if n_problems > 0 {
        anyhow::bail!(
            "{n_problems} {} to mend",
            if n_problems == 1 { "thing is" } else { "things are" }
        );
    }
    if !arguments.json {
        tell("Nothing needs mending.");
    }
    Ok(())
}

fn examine_up(arguments: &Arguments, findings: &mut Findings) {
    match Binaries::find(arguments.pg_bindir.as_deref()) {
        Ok(binaries) => {
            findings.add(
                Level::Fine,
                "PostgreSQL",
                format!("version {} in {}", binaries.version, binaries.folder.display()),
            );
            for program in ["pg_dump", "pg_restore"] {
                findings.judge(
                    "PostgreSQL",
                    binaries.program(program).is_file(),
                    &format!("{program} is there"),
                    Level::Warning,
                    &format!(
                        "{program} is missing beside it: dumps in pg_dump's custom format and archives won't work; \
                         install the client package of the same version"
                    ),
                );
            }
        }
        Err(error) => findings.add(Level::Problem, "PostgreSQL", error.to_string()),
    }
    let path = match &arguments.data_dir {
        Some(path) => Ok(path.clone()),
        None => DataDir::default_path(),
    };
    match path {
        Err(error) => findings.add(Level::Problem, "data directory", format!("{error:#}")),
        Ok(path) if !path.exists() => {
            findings.add(
                Level::Fine,
                "data directory",
                format!("{} does not exist yet; `pglab up` makes it", path.display()),
            );
            examine_disk(&path, findings);
        }
        Ok(path) => {
            match DataDir::open(&path) {
                Ok(_) => findings.add(
                    Level::Fine,
                    "data directory",
                    format!("{} is not in use", path.display()),
                ),
                Err(error) => findings.add(Level::Warning, "data directory", format!("{error:#}")),
            }
            examine_disk(&path, findings);
        }
    }
}

/// Free space where the path is, or would be.
fn examine_disk(path: &Path, findings: &mut Findings) {
    let Some(existing) = path.ancestors().find(|folder| folder.exists()) else {
        return;
    };
    match nix::sys::statvfs::statvfs(existing) {
        Err(error) => findings.add(
            Level::Warning,
            "disk",
            format!("the free space of {} is unknown: {error}", existing.display()),
        ),
        Ok(stat) => {
            let free_gib = stat.blocks_available().saturating_mul(stat.fragment_size()) >> 30;
            let says = format!("{free_gib} GiB free at {}", existing.display());
            let level = match free_gib {
                0 => Level::Problem,
                1..5 => Level::Warning,
                _ => Level::Fine,
            };
            let advice = if level == Level::Fine {
                ""
            } else {
                "; every student's database takes about 8 MiB and what they put into it"
            };
            findings.add(level, "disk", format!("{says}{advice}"));
        }
    }
}

async fn examine_serve(path: &Path, findings: &mut Findings) {
    let config = match Config::read(path) {
        Ok(config) => config,
        Err(error) => return findings.add(Level::Problem, "configuration", format!("{error:#}")),
    };
    findings.add(
        Level::Fine,
        "configuration",
        format!("{} is understood", path.display()),
    );
    examine_disk(&config.server.data_dir, findings);
    let store = match config.store_uri() {
        Err(error) => {
            findings.add(Level::Problem, "own database", format!("{error:#}"));
            None
        }
        Ok(uri) => examine_store(&uri, findings).await,
    };
    match config.cluster() {
        Err(error) => findings.add(Level::Problem, "cluster", format!("{error:#}")),
        Ok(cluster) => {
            examine_cluster(&cluster, findings).await;
            let except = match &store {
                Some(store) => pg_hba::fallback_roles_in(store).await.ok(),
                None => None,
            };
            access::examine(&config, path, &cluster, except, findings).await;
        }
    }
}

/// The store where it can be used.
async fn examine_store(uri: &str, findings: &mut Findings) -> Option<Store> {
    let (store, pending) = match Store::connect(uri).await {
        Ok(store) => {
            let pending = store.pending_migrations().await;
            (Some(store), pending)
        }
        Err(error) => (None, Err(error)),
    };
    let usable = matches!(pending, Ok(0));
    match pending {
        Err(error) => findings.add(Level::Problem, "own database", error.to_string()),
        Ok(0) => findings.add(Level::Fine, "own database", "reachable and up to date"),
        Ok(n) => findings.add(
            Level::Problem,
            "own database",
            format!("{n} migrations are missing: run `pglab migrate`"),
        ),
    }
    store.filter(|_| usable)
}

async fn examine_cluster(cluster: &Cluster, findings: &mut Findings) {
    let observed = match cluster.maintenance().await {
        Ok(connection) => facts::observe(&connection).await,
        Err(error) => Err(error),
    };
    match observed {
        Err(error) => findings.add(
            Level::Problem,
            "cluster",
            format!("{error}; check cluster.host, cluster.port, the maintenance role and pg_hba.conf"),
        ),
        Ok(facts) => judge_cluster(&facts, findings),
    }
}

fn judge_cluster(facts: &ClusterFacts, findings: &mut Findings) {
    let about = "cluster";
    let role = &facts.role;
    let major = facts.version / 10_000;
    findings.judge(
        about,
        (u32::from(OLDEST_MAJOR)..=u32::from(YOUNGEST_MAJOR)).contains(&major),
        &format!("PostgreSQL {major} is supported"),
        Level::Problem,
        &format!("PostgreSQL {major} is not supported; pglab works with {OLDEST_MAJOR} to {YOUNGEST_MAJOR}"),
    );
    findings.judge(
        about,
        !facts.in_recovery,
        "it is a primary",
        Level::Problem,
        "it is a standby; point cluster.host to the primary",
    );
    findings.judge(
        about,
        facts.create_database && facts.create_role,
        &format!("{role} can make databases and roles"),
        Level::Problem,
        &format!("{role} can't make databases and roles: ALTER ROLE {role} CREATEDB CREATEROLE"),
    );
    findings.judge(
        about,
        facts.signal_backend,
        &format!("{role} can end what runs too long"),
        Level::Problem,
        &format!(
            "{role} can't end what runs too long, nor the sessions of students who are shut out or start over: \
             GRANT pg_signal_backend TO {role}"
        ),
    );
    findings.judge(
        about,
        facts.read_all_stats,
        &format!("{role} sees what students do"),
        Level::Problem,
        &format!(
            "{role} doesn't see what students do, so the board notices neither their work nor who is connected, and no \
             cap is kept: GRANT pg_read_all_stats TO {role} (pg_monitor has it)"
        ),
    );
    if major < 15 {
        findings.judge(
            about,
            facts.superuser,
            "schemas of new databases can be given to a class",
            Level::Problem,
            &format!(
                "in PostgreSQL {major} the schema public of a new database belongs to the superuser, so that {role} can load \
                 no example: ALTER ROLE {role} SUPERUSER, or use PostgreSQL 15 or later"
            ),
        );
    }
    findings.judge(
        about,
        facts.superuser,
        &format!("{role} is a superuser: every cap can be set"),
        Level::Warning,
        &format!(
            "{role} is no superuser, which is fine; what is not to be had then: temp_file_limit for a database, closing \
             a database that stays over its quota (it is turned read-only), and extensions that are not trusted"
        ),
    );
    findings.judge(
        about,
        facts.read_passwords,
        &format!("{role} notices passwords that were changed with psql"),
        Level::Warning,
        &format!("{role} can't read pg_authid, so passwords changed with psql go unnoticed: GRANT SELECT ON pg_authid TO {role}"),
    );
    let log_is_readable = facts.logging_collector
        && ["jsonlog", "csvlog"]
            .iter()
            .any(|kind| facts.log_destination.contains(kind));
    findings.judge(
        about,
        log_is_readable,
        "it writes a log that the error feed can read",
        Level::Warning,
        "its log can't be read for the error feed: set logging_collector = on and log_destination = 'jsonlog' (csvlog before 15)",
    );
    findings.judge(
        about,
        facts.read_log,
        &format!("{role} may read its log"),
        Level::Warning,
        &format!(
            "{role} may not read the server's log, so the board shows no errors of students and no hands that are raised \
             in psql: GRANT pg_monitor TO {role}; GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, \
             boolean) TO {role}; or set cluster.log_folder where the log is on this machine"
        ),
    );
    findings.judge(
        about,
        facts.log_connections,
        "its log tells who connects",
        Level::Warning,
        "its log doesn't tell who connects, so who was there for less than a second and wrote nothing counts as absent: \
         set log_connections = on",
    );
    findings.judge(
        about,
        facts.open_databases.is_empty(),
        "no database is open to everybody",
        Level::Warning,
        &format!(
            "anybody with an account may connect to {}: REVOKE CONNECT ON DATABASE … FROM PUBLIC, or students can",
            facts.open_databases.join(", ")
        ),
    );
    findings.judge(
        about,
        facts.max_connections >= 200,
        &format!(
            "{} of {} connections in use",
            facts.n_connections, facts.max_connections
        ),
        Level::Warning,
        &format!(
            "max_connections is {}: a class of 50 with three sessions each needs 200",
            facts.max_connections
        ),
    );
}

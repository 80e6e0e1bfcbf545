//! What an exporter needs to report the progress of labs by itself: for burningalchemist's a configuration with a target
//! per student and a collector per lab, for justwatch's one file with a job per lab. Both run the same queries.

use std::collections::BTreeMap;

use serde::Serialize;

use super::collector::{Collector, Metric, MetricKind, NamedQuery};
use crate::{
    check_query::{Rows, TaskQuery, task_query},
    ident::quote_literal,
    lab::{Slug, TypeRule},
    snapshot::ExpectedRows,
    task::Task,
};

/// The lab as an exporter reports it.
#[derive(Debug, Clone)]
pub struct ExportedLab {
    pub slug: Slug,
    pub tasks: Vec<Task>,
    pub rows: Vec<ExpectedRows>,
    pub rule: TypeRule,
    pub students: Vec<ExportedStudent>,
}

#[derive(Debug, Clone)]
pub struct ExportedStudent {
    /// Login or pseudonym, as the lab says.
    pub name: String,
    pub section: String,
    pub database: String,
    /// Of the checker's role, with its password and with all that bounds the session.
    pub dsn: String,
}

/// Where the exporter finds a student's database, and as whom it signs in.
#[derive(Debug, Clone, Copy)]
pub struct DsnParts<'a> {
    pub host: &'a str,
    pub port: u16,
    /// What `lib/pq` knows: `disable`, `require`, `verify-ca`, `verify-full`.
    pub sslmode: &'a str,
    /// Where the exporter finds the CA of the server's certificate.
    pub ca_file: Option<&'a str>,
    pub role: &'a str,
    pub password: &'a str,
    pub database: &'a str,
}

/// A URL that both exporters understand. The session can't write, and ends by itself what takes long.
pub fn dsn(parts: DsnParts<'_>) -> String {
    let host = if parts.host.contains(':') {
        format!("[{}]", parts.host)
    } else {
        parts.host.to_owned()
    };
    let ca = parts
        .ca_file
        .map_or_else(String::new, |path| format!("&sslrootcert={}", percent(path)));
    format!(
        "postgres://{}:{}@{host}:{}/{}?sslmode={}{ca}&connect_timeout=5&application_name=pglab_exporter&statement_timeout=5000\
         &lock_timeout=500&idle_in_transaction_session_timeout=10000&default_transaction_read_only=on&search_path=pg_catalog%2Cpg_temp",
        percent(parts.role),
        percent(parts.password),
        parts.port,
        percent(parts.database),
        percent(parts.sslmode)
    )
}

/// For any part of a URL.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Justwatch's puts environment variables in the place of `{{NAME}}`, also in names that students have.
fn literal(text: &str) -> String {
    quote_literal(text).replace("{{", "{' || '{")
}

/// A file to be written. It holds passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/`.
    pub path: String,
    pub text: String,
}

/// The configuration of burningalchemist's `sql_exporter`.
pub const SQL_EXPORTER: &str = "sql_exporter.yml";
/// The configuration of justwatch's, which Debian packages as `prometheus-sql-exporter`.
pub const JUSTWATCH: &str = "prometheus-sql-exporter.yml";
/// How often justwatch's runs its queries; burningalchemist's runs them at most so often.
pub const INTERVAL_S: u64 = 15;

const CHECK_NAME: &str = "pglab_check_passed";
const CHECK_HELP: &str = "1 if the check passes in the student's database";
const POINTS_NAME: &str = "pglab_exporter_points";
const POINTS_HELP: &str =
    "Points that the student's database deserves for the task now, as the exporter's queries tell";

/// All files for these labs; labs without students or tasks are left out. The same input gives the same bytes.
///
/// # Errors
/// None: what is written can always be printed as YAML.
pub fn files(labs: &[ExportedLab]) -> Result<Vec<File>, serde_yaml_ng::Error> {
    let mut main = Configuration::default();
    let mut justwatch = Jobs { jobs: Vec::new() };
    let mut files = Vec::new();
    for lab in labs {
        let rows: Rows<'_> = lab.rows.iter().map(|rows| (&rows.name, rows)).collect();
        let queries: Vec<TaskQuery> = lab
            .tasks
            .iter()
            .filter_map(|task| task_query(task, &rows, lab.rule))
            .collect();
        if queries.is_empty() || lab.students.is_empty() {
            continue;
        }
        let collector = collector(lab, &queries);
        main.jobs.push(job(lab, &collector));
        justwatch.jobs.push(justwatch_job(lab, &queries));
        files.push(File {
            path: format!("collectors/{}.collector.yml", collector.name),
            text: yaml(&collector, &lab.slug)?,
        });
    }
    let head = "# Written by pglab and kept current by it: changes are lost. Holds passwords.\n";
    files.push(File {
        path: SQL_EXPORTER.to_owned(),
        text: format!("{head}{}", serde_yaml_ng::to_string(&main)?),
    });
    files.push(File {
        path: JUSTWATCH.to_owned(),
        text: format!("{head}{}", serde_yaml_ng::to_string(&justwatch)?),
    });
    Ok(files)
}

fn yaml(collector: &Collector, slug: &Slug) -> Result<String, serde_yaml_ng::Error> {
    Ok(format!(
        "# The checks of the lab {slug} as queries. Written by pglab and kept current by it: changes are lost.\n{}",
        serde_yaml_ng::to_string(collector)?
    ))
}

fn collector(lab: &ExportedLab, queries: &[TaskQuery]) -> Collector {
    let metric = |name: &str, help: &str, labels: &[&str], value: &str, query: &TaskQuery| Metric {
        name: name.to_owned(),
        kind: MetricKind::Gauge,
        help: help.to_owned(),
        key_labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        static_labels: BTreeMap::new(),
        values: vec![value.to_owned()],
        value_label: None,
        static_value: None,
        timestamp_value: None,
        query: None,
        query_ref: Some(query.task.clone()),
        no_prepared_statement: true,
    };
    let mut metrics = Vec::new();
    for query in queries {
        metrics.push(metric(
            CHECK_NAME,
            CHECK_HELP,
            &["task", "check"],
            "passed",
            query,
        ));
        if query.left_out.is_empty() {
            metrics.push(metric(POINTS_NAME, POINTS_HELP, &["task"], "points", query));
        }
    }
    Collector {
        name: format!("pglab_{}", lab.slug.as_str().replace('-', "_")),
        min_interval: Some(std::time::Duration::from_secs(INTERVAL_S)),
        metrics,
        queries: queries
            .iter()
            .map(|query| NamedQuery {
                name: query.task.clone(),
                query: query.sql.clone(),
                no_prepared_statement: true,
            })
            .collect(),
    }
}

#[derive(Debug, Serialize)]
struct Configuration {
    global: Global,
    jobs: Vec<Job>,
    collector_files: [&'static str; 1],
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            global: Global {
                scrape_timeout: "10s",
                scrape_timeout_offset: "500ms",
                min_interval: "0s",
                max_connections: 1,
                max_idle_connections: 1,
            },
            jobs: Vec::new(),
            collector_files: ["collectors/*.collector.yml"],
        }
    }
}

#[derive(Debug, Serialize)]
struct Global {
    scrape_timeout: &'static str,
    scrape_timeout_offset: &'static str,
    min_interval: &'static str,
    max_connections: u8,
    max_idle_connections: u8,
}

#[derive(Debug, Serialize)]
struct Job {
    job_name: String,
    collectors: Vec<String>,
    static_configs: Vec<StaticConfig>,
}

/// One for every student: labels are those of all its targets.
#[derive(Debug, Serialize)]
struct StaticConfig {
    targets: BTreeMap<String, String>,
    labels: BTreeMap<&'static str, String>,
}

fn job(lab: &ExportedLab, collector: &Collector) -> Job {
    Job {
        job_name: format!("pglab_{}", lab.slug),
        collectors: vec![collector.name.clone()],
        static_configs: lab
            .students
            .iter()
            .map(|student| StaticConfig {
                targets: [(format!("{}/{}", lab.slug, student.name), student.dsn.clone())].into(),
                labels: [
                    ("lab", lab.slug.as_str().to_owned()),
                    ("section", student.section.clone()),
                    ("student", student.name.clone()),
                ]
                .into(),
            })
            .collect(),
    }
}

#[derive(Debug, Serialize)]
struct Jobs {
    jobs: Vec<JustwatchJob>,
}

#[derive(Debug, Serialize)]
struct JustwatchJob {
    name: String,
    interval: String,
    connections: Vec<String>,
    queries: Vec<JustwatchQuery>,
}

#[derive(Debug, Serialize)]
struct JustwatchQuery {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; 4],
    values: [&'static str; 1],
    query: String,
    allow_zero_rows: bool,
}

/// The one job has one query for all connections, so the query finds out by itself whose database it is in. A student
/// can put operators of their own before PostgreSQL's, but not between these names: nobody reports for another.
fn justwatch_job(lab: &ExportedLab, queries: &[TaskQuery]) -> JustwatchJob {
    let who: Vec<String> = lab
        .students
        .iter()
        .map(|student| format!("({}, {})", literal(&student.database), literal(&student.name)))
        .collect();
    let slug = quote_literal(lab.slug.as_str());
    JustwatchJob {
        name: format!("pglab_{}", lab.slug),
        interval: format!("{INTERVAL_S}s"),
        connections: lab.students.iter().map(|student| student.dsn.clone()).collect(),
        queries: queries
            .iter()
            .map(|query| JustwatchQuery {
                name: CHECK_NAME,
                help: CHECK_HELP,
                labels: ["lab", "student", "task", "check"],
                values: ["passed"],
                query: format!(
                    "SELECT {slug}::pg_catalog.text AS lab, s.s AS student, q.task, q.check, q.passed FROM (\n{}\n) q, \
                     (VALUES {}) AS s (d, s) WHERE s.d::pg_catalog.text OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text",
                    query.sql_without_points,
                    who.join(", ")
                ),
                allow_zero_rows: true,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_inside_their_place() {
        let dsn = dsn(DsnParts {
            host: "::1",
            port: 5432,
            sslmode: "disable",
            ca_file: None,
            role: "pglab_chk_1",
            password: "a:b@c/d",
            database: "lab_x?sslmode=disable&host=evil#'",
        });
        assert!(
            dsn.starts_with(
                "postgres://pglab_chk_1:a%3Ab%40c%2Fd@[::1]:5432/lab_x%3Fsslmode%3Ddisable%26host%3Devil%23%27?sslmode=disable&"
            ),
            "{dsn}"
        );
        assert_eq!(literal("a'{{PATH}}"), "'a''{' || '{PATH}}'");
    }
}

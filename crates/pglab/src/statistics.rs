//! The section `[statistics]` of `pglab.toml`: collector files and the servers that they are run on. Read and checked
//! here; run by `pglab_fleet::collect`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use glob::Pattern;
use pglab_core::exporter::Collector;
use pglab_fleet::{collect::Source, target::Target};
use serde::Deserialize;

use crate::config::one_of;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatisticsSection {
    /// Patterns of files with one collector each, in the format of burningalchemist's sql_exporter.
    collector_files: Vec<String>,
    targets: Vec<Server>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    name: String,
    uri: Option<String>,
    uri_file: Option<PathBuf>,
    /// The CA of the server's certificate, which is then verified with its name.
    ca_file: Option<PathBuf>,
    /// Names of collectors; patterns too. All of them when left out.
    #[serde(default = "all")]
    collectors: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

impl StatisticsSection {
    /// Reads the files, without connecting to anything.
    pub fn sources(&self) -> anyhow::Result<Vec<Source>> {
        let collectors = self.collectors()?;
        let mut sources: Vec<Source> = Vec::new();
        for (at, target) in self.targets.iter().enumerate() {
            let place = format!("statistics.targets[{at}]");
            ensure!(!target.name.is_empty(), "{place}.name is empty");
            ensure!(
                sources.iter().all(|source| source.name != target.name),
                "{place}.name: {:?} is there twice",
                target.name
            );
            let uri = one_of(
                &format!("{place}.uri"),
                target.uri.as_deref(),
                target.uri_file.as_deref(),
            )?;
            // What the library says may hold the password.
            let Ok(server) = Target::parse(&uri, target.ca_file.as_deref()) else {
                bail!("{place}.uri is no URI of PostgreSQL: postgresql://user:password@host:port/database");
            };
            let mut chosen: Vec<Collector> = Vec::new();
            for pattern in &target.collectors {
                let matches = Pattern::new(pattern)
                    .with_context(|| format!("{place}.collectors: {pattern:?} is no pattern"))?;
                let before = chosen.len();
                for collector in collectors
                    .iter()
                    .filter(|collector| matches.matches(&collector.name))
                {
                    if chosen.iter().all(|known| known.name != collector.name) {
                        chosen.push(collector.clone());
                    }
                }
                ensure!(
                    chosen.len() > before || !chosen.is_empty(),
                    "{place}.collectors: there is no collector {pattern:?} in statistics.collector_files"
                );
            }
            for label in target.labels.keys() {
                ensure!(
                    label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                        && !label.starts_with("__")
                        && !label.starts_with(|c: char| c.is_ascii_digit()),
                    "{place}.labels: {label:?} can't name a label"
                );
            }
            sources.push(Source {
                name: target.name.clone(),
                target: server,
                collectors: chosen,
                labels: target.labels.clone(),
            });
        }
        Ok(sources)
    }

    fn collectors(&self) -> anyhow::Result<Vec<Collector>> {
        let mut collectors: Vec<Collector> = Vec::new();
        for pattern in &self.collector_files {
            let paths = glob::glob(pattern)
                .with_context(|| format!("statistics.collector_files: {pattern:?} is no pattern"))?;
            let before = collectors.len();
            for path in paths {
                let path = path.context("statistics.collector_files can't be listed")?;
                let collector = read(&path)?;
                ensure!(
                    collectors.iter().all(|known| known.name != collector.name),
                    "{}: there is another collector {:?}",
                    path.display(),
                    collector.name
                );
                collectors.push(collector);
            }
            ensure!(
                collectors.len() > before,
                "statistics.collector_files: no file is named like {pattern:?}"
            );
        }
        Ok(collectors)
    }
}

fn read(path: &Path) -> anyhow::Result<Collector> {
    let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    Collector::parse(&text).with_context(|| format!("{} is no collector", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(folder: &Path, more: &str) -> anyhow::Result<Vec<Source>> {
        let text = format!("collector_files = ['{}/*.yml']\n{more}", folder.display());
        toml::from_str::<StatisticsSection>(&text)?.sources()
    }

    #[test]
    fn files_and_targets_are_checked_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        file(
            "a.yml",
            "collector_name: a_one\nmetrics: [{metric_name: m, type: gauge, help: h, values: [v], query: SELECT 1 AS v}]\n",
        );
        let target = "[[targets]]\nname = 'x'\nuri = 'postgresql://u:secret@h/d'\n";
        let sources = section(folder.path(), &format!("{target}collectors = ['a_*']")).unwrap();
        assert_eq!(sources[0].collectors[0].name, "a_one");
        let complaint = |more: &str| {
            let error = section(folder.path(), more).unwrap_err();
            format!("{error:#}").replace(&folder.path().display().to_string(), "DIR")
        };
        assert_eq!(
            complaint(&format!("{target}collectors = ['b']")),
            "statistics.targets[0].collectors: there is no collector \"b\" in statistics.collector_files"
        );
        assert_eq!(
            complaint("[[targets]]\nname = 'x'\nuri = 'postgresql://u:secret@h:nine/d'\n"),
            "statistics.targets[0].uri is no URI of PostgreSQL: postgresql://user:password@host:port/database"
        );
        file(
            "b.yml",
            "collector_name: b\nmetrics: [{metric_name: m, typ: gauge}]\n",
        );
        let said = complaint(target);
        assert!(
            said.starts_with("DIR/b.yml is no collector: ") && said.contains("unknown field `typ`"),
            "{said}"
        );
    }

    /// The collector that is shipped.
    #[test]
    fn our_own_collector_is_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/collectors/postgres.yml");
        assert_eq!(read(&path).unwrap().name, "postgres_standard");
    }
}

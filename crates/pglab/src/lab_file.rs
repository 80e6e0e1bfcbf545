//! `lab.yaml`: one lab in its declarative form, read and written. What is done to make a lab so stands in
//! `commands::lab::apply`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use pglab_api::labs::{Definition, DefinitionExample};
use pglab_core::lab::{LabSettings, Slug, Start};
use serde_yaml_ng::with::singleton_map_recursive;

/// The longest file that is taken for a definition, in bytes.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Debug)]
pub struct LabFile {
    pub definition: Definition,
    /// The example's dump, found from the file's own folder.
    pub dump: Option<PathBuf>,
    /// The dump that students begin with, where the start is one. The definition has its bare name.
    pub start_dump: Option<PathBuf>,
}

/// # Errors
/// The file can't be read, is no YAML, or has keys and values that a lab does not have: with their place.
pub fn read(path: &Path) -> anyhow::Result<LabFile> {
    let shown = path.display();
    let n_bytes = std::fs::metadata(path)
        .with_context(|| format!("{shown} can't be read"))?
        .len();
    if n_bytes > MAX_BYTES {
        bail!("{shown} is too large for the definition of a lab; is it a dump?");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} can't be read"))?;
    let definition = parse(&text).with_context(|| shown.to_string())?;
    let folder = path.parent().unwrap_or(Path::new(""));
    resolve(definition, folder).with_context(|| shown.to_string())
}

fn resolve(mut definition: Definition, folder: &Path) -> anyhow::Result<LabFile> {
    let dump = match &mut definition.example {
        Some(DefinitionExample::Dump(name)) => {
            let path = folder.join(&*name);
            *name = bare_name(&path).context("example.dump")?;
            Some(path)
        }
        _ => None,
    };
    let start_dump = match &mut definition.start {
        Start::Dump(name) => {
            let path = folder.join(&*name);
            *name = bare_name(&path).context("start.dump")?;
            Some(path)
        }
        _ => None,
    };
    for (what, path) in [("example.dump", &dump), ("start.dump", &start_dump)] {
        if let Some(path) = path
            && !path.is_file()
        {
            bail!("{what}: there is no file {}", path.display());
        }
    }
    Ok(LabFile {
        definition,
        dump,
        start_dump,
    })
}

fn bare_name(path: &Path) -> anyhow::Result<String> {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .context("this is no name of a file")
}

fn parse(text: &str) -> anyhow::Result<Definition> {
    // What the parser says of this ("expected map with a single key") helps nobody.
    if let Ok(loose) = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text)
        && loose
            .get("example")
            .is_some_and(|example| example.get("dump").is_some() && example.get("uri").is_some())
    {
        bail!(
            "example: it names both a dump and a uri, and a lab has one example: keep \"dump\" to load a file, or \
             \"uri\" to read a live database"
        );
    }
    let reader = serde_yaml_ng::Deserializer::from_str(text);
    let definition: Definition = singleton_map_recursive::deserialize(reader)?;
    Slug::parse(&definition.lab).context("lab")?;
    if definition.pack.is_some() && (definition.example.is_some() || definition.start != Start::Empty) {
        bail!("pack: what students begin with is said by the pack; leave \"example\" and \"start\" out");
    }
    wanted_settings(&definition)?;
    for (at, task) in definition.tasks.iter().enumerate() {
        for (nth, check) in task.checks.iter().enumerate() {
            if check.check.is_some() == check.fact.is_some() {
                bail!(
                    "tasks[{at}].checks[{nth}]: name a check by \"check\" to edit it, or make one by hand with \"fact\""
                );
            }
        }
    }
    Ok(definition)
}

/// All settings of the lab: what the file says, and the defaults for the rest.
///
/// # Errors
/// A setting that does not exist, or a value that it can't have.
pub fn wanted_settings(definition: &Definition) -> anyhow::Result<LabSettings> {
    let mut settings = definition.settings.clone();
    if settings.contains_key("types") {
        bail!("settings.types: write \"types\" at the top of the file instead");
    }
    settings.insert("types".to_owned(), serde_json::to_value(definition.types)?);
    for (key, value) in &settings {
        let alone: serde_json::Map<_, _> = [(key.clone(), value.clone())].into_iter().collect();
        serde_json::from_value::<LabSettings>(alone.into()).with_context(|| format!("settings.{key}"))?;
    }
    Ok(serde_json::from_value(settings.into())?)
}

/// # Errors
/// None for a definition that came from the server.
pub fn write(definition: &Definition) -> anyhow::Result<String> {
    let mut text = Vec::new();
    let mut writer = serde_yaml_ng::Serializer::new(&mut text);
    singleton_map_recursive::serialize(definition, &mut writer)?;
    Ok(String::from_utf8(text)?)
}

#[cfg(test)]
mod tests {
    use pglab_core::lab::TypeRule;

    use super::*;

    const FULL: &str = "\
# A lab with everything.
lab: chinook-from-scratch
title: Build the music shop
example:
  dump: chinook.sql
start:
  tables:
  - artist
  - album
types: lenient
settings:
  max_connections: 5
tasks:
- task: table:public.album
  title: The albums
  points: 12.5
  checks:
  - check: column_type:public.album.title
    weight: 3
  - check: default:public.album.price
    drop: true
- task: view:public.top
  drop: true
- task: own:extra
  title: One more
  points: 1.0
  checks:
  - title: a table of notes
    fact:
      kind: table_exists
      table:
        schema: public
        name: note
order:
- own:extra
- table:public.album
";

    #[test]
    fn reads_and_writes_all_of_it() {
        let definition = parse(FULL).unwrap();
        assert_eq!(
            definition.start,
            Start::Tables(vec!["artist".into(), "album".into()])
        );
        assert_eq!(definition.types, TypeRule::Lenient);
        assert_eq!(wanted_settings(&definition).unwrap().max_connections, 5);
        let written = write(&definition).unwrap();
        assert_eq!(parse(&written).unwrap(), definition);
        assert_eq!(format!("# A lab with everything.\n{written}"), FULL);
    }

    #[test]
    fn the_shortest() {
        let definition =
            parse("lab: a\ntitle: A\nexample: {uri: 'postgresql://db/x'}\nstart: schema\n").unwrap();
        assert_eq!(
            definition.example,
            Some(DefinitionExample::Uri("postgresql://db/x".into()))
        );
        assert_eq!(definition.start, Start::Schema);
        let definition = parse("lab: a\ntitle: A\nstart: {dump: other.sql}").unwrap();
        assert_eq!(definition.start, Start::Dump("other.sql".into()));
    }

    #[test]
    fn says_where_it_is_wrong() {
        let said = |text: &str| format!("{:#}", parse(text).unwrap_err());
        insta::assert_snapshot!(
            [
                said("lab: a\ntitle: A\nexmaple: {dump: x}"),
                said("lab: a\ntitle: A\nexample: {dumb: x}"),
                said("lab: a\ntitle: A\nexample: {dump: x.sql, uri: 'postgresql://db/x'}"),
                said("lab: a\ntitle: A\nstart: half"),
                said("lab: a\ntitle: A\nstart: {tabels: [a]}"),
                said("lab: A\ntitle: A"),
                said("lab: a"),
                said("lab: a\ntitle: A\ntypes: loose"),
                said("lab: a\ntitle: A\nsettings: {max_conections: 3}"),
                said("lab: a\ntitle: A\nsettings: {max_connections: many}"),
                said("lab: a\ntitle: A\ntasks:\n- task: table:public.a\n  checks:\n  - chek: x"),
                said("lab: a\ntitle: A\ntasks:\n- task: table:public.a\n  checks:\n  - weight: 3"),
                said("lab: [a"),
            ]
            .join("\n"),
            @r#"
        unknown field `exmaple`, expected one of `lab`, `title`, `example`, `pack`, `start`, `types`, `settings`, `tasks`, `order` at line 3 column 1
        example: unknown variant `dumb`, expected `dump` or `uri` at line 3 column 11
        example: it names both a dump and a uri, and a lab has one example: keep "dump" to load a file, or "uri" to read a live database
        start: unknown variant `half`, expected one of `empty`, `schema`, `tables`, `dump` at line 3 column 8
        start: unknown variant `tabels`, expected one of `empty`, `schema`, `tables`, `dump` at line 3 column 9
        lab: "A" can't be the short name of a lab: use 1 to 40 of a-z, 0-9 and "-", with a letter or digit first and last
        missing field `title`
        types: unknown variant `loose`, expected `strict` or `lenient` at line 3 column 8
        settings.max_conections: unknown field `max_conections`, expected one of `types`, `must_change_password`, `show_class_progress`, `student_reset`, `grade_final_state`, `metrics`, `max_connections`, `statement_timeout_s`, `idle_in_transaction_timeout_s`, `temp_file_limit_mib`, `database_quota_mib`, `scram_fallback`, `teams`, `self_registration`, `extensions`
        settings.max_connections: invalid type: string "many", expected u16
        tasks[0].checks[0]: unknown field `chek`, expected one of `check`, `drop`, `title`, `explanation`, `weight`, `fact` at line 6 column 5
        tasks[0].checks[0]: name a check by "check" to edit it, or make one by hand with "fact"
        lab: invalid type: sequence, expected a string at line 1 column 6
        "#
        );
    }

    #[test]
    fn files_are_found_from_the_definition() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("dumps")).unwrap();
        std::fs::write(folder.path().join("dumps/x.sql"), "SELECT 1;").unwrap();
        let path = folder.path().join("lab.yaml");
        std::fs::write(&path, "lab: a\ntitle: A\nexample: {dump: dumps/x.sql}").unwrap();
        let file = read(&path).unwrap();
        assert_eq!(file.dump, Some(folder.path().join("dumps/x.sql")));
        assert_eq!(
            file.definition.example,
            Some(DefinitionExample::Dump("x.sql".into()))
        );
        std::fs::write(&path, "lab: a\ntitle: A\nexample: {dump: y.sql}").unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("there is no file"));
    }
}

//! Giving a lab its dumps from the command line: what the server has already is not sent again; progress on stderr.

use std::{io::IsTerminal, path::Path, time::Duration};

use anyhow::{Context, bail};
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use pglab_api::example::{Example, ExampleError, ExampleState, Phase};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::{client::Client, output::tell};

const PAUSE: Duration = Duration::from_millis(200);

/// SHA-256 of a file, in hexadecimal.
pub(super) async fn hash(path: &Path) -> anyhow::Result<String> {
    let mut file = open(path).await?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let n = file
            .read(&mut buffer)
            .await
            .with_context(|| format!("{} can't be read", path.display()))?;
        if n == 0 {
            break;
        }
        digest.update(&buffer[..n]);
    }
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

async fn open(path: &Path) -> anyhow::Result<tokio::fs::File> {
    tokio::fs::File::open(path)
        .await
        .with_context(|| format!("{} can't be read", path.display()))
}

/// `what` is the last segment of the call: `example` or `start-dump`.
pub(super) async fn upload(
    client: &Client,
    slug: &str,
    what: &str,
    name: &str,
    path: &Path,
) -> anyhow::Result<()> {
    let file = open(path).await?;
    let n_bytes = file.metadata().await?.len();
    if n_bytes == 0 {
        bail!("{} is empty", path.display());
    }
    let bar = bar(&format!("Uploading {name}"), n_bytes);
    let progress = bar.clone();
    let stream = ReaderStream::with_capacity(file, 256 << 10).inspect_ok(move |chunk| {
        progress.inc(chunk.len() as u64);
    });
    let sent = client
        .put(&["labs", slug, what])
        .query(&[("name", name)])
        .header("content-length", &n_bytes.to_string())
        .body("application/octet-stream", reqwest::Body::wrap_stream(stream))
        .done()
        .await;
    bar.finish_and_clear();
    sent
}

/// Returns when the example is ready.
///
/// # Errors
/// It could not be loaded: with the line of the file.
pub(super) async fn wait(client: &Client, slug: &str) -> anyhow::Result<Example> {
    let bar = bar("Loading", 0);
    let (mut phase, mut waits_for) = (None, None);
    loop {
        let example: Example = client.get(&["labs", slug, "example"]).read().await?;
        match example.state {
            ExampleState::Ready => {
                bar.finish_and_clear();
                return Ok(example);
            }
            ExampleState::Failed => {
                bar.finish_and_clear();
                let error = example.error.unwrap_or_else(|| ExampleError {
                    file: None,
                    line: None,
                    statement: None,
                    message: "the reason is not known".to_owned(),
                    hint: None,
                    sqlstate: None,
                });
                bail!("{}", failure(&example.name, &error));
            }
            ExampleState::Loading => {}
        }
        if example.waits_for.is_some() && example.waits_for != waits_for {
            let reason = example.waits_for.as_deref().unwrap_or_default();
            bar.set_message(format!("Loading is put off: {reason}"));
            if bar.is_hidden() {
                tell(&format!("Loading {} is put off: {reason}", example.name));
            }
            phase = None;
        }
        waits_for = example.waits_for;
        if let Some(progress) = example.progress {
            if progress.total_bytes > 0 {
                bar.set_length(progress.total_bytes);
            }
            bar.set_position(progress.done_bytes);
            if phase != Some(progress.phase) {
                phase = Some(progress.phase);
                let words = match progress.phase {
                    Phase::Upload => "Uploading",
                    Phase::Load => "Loading",
                    Phase::Introspect => "Reading what was loaded",
                    Phase::Templates => "Making the start",
                };
                bar.set_message(format!("{words} {}", example.name));
                if bar.is_hidden() {
                    tell(&format!("{words} {} …", example.name));
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// `chinook.sql:12: relation "x" does not exist (SQLSTATE 42P01)`, and the statement below it.
fn failure(name: &str, error: &ExampleError) -> String {
    let mut text = error.file.as_deref().unwrap_or(name).to_owned();
    if let Some(line) = error.line {
        text.push_str(&format!(":{line}"));
    }
    text.push_str(&format!(": {}", error.message));
    if let Some(sqlstate) = &error.sqlstate {
        text.push_str(&format!(" (SQLSTATE {sqlstate})"));
    }
    for (what, more) in [("statement", &error.statement), ("hint", &error.hint)] {
        if let Some(more) = more {
            text.push_str(&format!("\n  {what}: {}", more.trim().replace('\n', "\n    ")));
        }
    }
    text
}

/// What an example holds, for people.
pub(super) fn sentence(example: &Example) -> String {
    match (&example.state, &example.summary, &example.error) {
        (ExampleState::Loading, ..) => format!("{} is being loaded", example.name),
        (ExampleState::Failed, _, Some(error)) => failure(&example.name, error),
        (ExampleState::Failed, ..) => format!("{} could not be loaded", example.name),
        (ExampleState::Ready, Some(summary), _) => format!(
            "{}: {} tables with {} rows, {} views, {} functions, {} triggers",
            example.name, summary.tables, summary.rows, summary.views, summary.functions, summary.triggers
        ),
        (ExampleState::Ready, None, _) => example.name.clone(),
    }
}

fn bar(message: &str, n_bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(n_bytes);
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(message.to_owned());
    bar.enable_steady_tick(PAUSE);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_file_and_line() {
        let mut error = ExampleError {
            file: None,
            line: Some(12),
            statement: Some("CREATE TABLE x\n(y);".to_owned()),
            message: "relation \"y\" does not exist".to_owned(),
            hint: Some("Make it first.".to_owned()),
            sqlstate: Some("42P01".to_owned()),
        };
        insta::assert_snapshot!(failure("shop.sql", &error), @r#"
        shop.sql:12: relation "y" does not exist (SQLSTATE 42P01)
          statement: CREATE TABLE x
            (y);
          hint: Make it first.
        "#);
        error.file = Some("start.sql".to_owned());
        assert!(failure("shop.sql", &error).starts_with("start.sql:12: "));
    }
}

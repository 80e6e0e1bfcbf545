//! `make bench`: the first rows of DESIGN §12, each against a floor that is measured in the same run. Prints a table
//! and writes `bench-results.json`, both as the rows come. Everything that it starts ends with it.

mod answers;
mod cpu;
mod exporter;
mod load;
mod options;
mod peer_queries;
mod prepare;
mod program;
mod report;
mod row;
mod school;
mod steady;
mod storm;
mod students;
mod sweep;

pub use options::Options;
use report::{Report, say};
use school::School;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Less than this free: fewer databases.
const DISK_WANTED: u64 = 15 << 30;
const FEWER: usize = 300;

#[tokio::main]
async fn main() -> Outcome<()> {
    if std::env::args().any(|argument| argument == "--students") {
        return students::work().await;
    }
    // What goes wrong in the background would make the numbers worthless.
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let mut options = Options::parse()?;
    let mut remarks = Vec::new();
    if options.n_databases > FEWER && cpu::free_disk().is_some_and(|free| free < DISK_WANTED) {
        remarks.push(format!(
            "less than {} GiB are free: {FEWER} databases instead of {}",
            DISK_WANTED >> 30,
            options.n_databases
        ));
        options.n_databases = FEWER;
    }
    let mut report = Report::new(&options, remarks);
    measure(&options, &mut report).await?;
    report.end()
}

async fn measure(options: &Options, report: &mut Report<'_>) -> Outcome<()> {
    if options.wants("prepare") {
        say(&format!(
            "Preparing {} databases, {} times each way …",
            options.n_class, options.repetitions
        ));
        let row = async { Ok(vec![prepare::measure(options).await?]) };
        report.rows("prepare", row).await?;
    }
    if options.wants("load") {
        say("Loading …");
        let row = async { Ok(vec![load::measure(options).await?]) };
        report.rows("load", row).await?;
    }
    if options.wants("answers") {
        say("Making a competition …");
        report.rows("answers", answers::measure(options)).await?;
    }
    if options.wants("storm") {
        say("Making a class that signs in by LDAP …");
        report.rows("storm", storm::measure(options)).await?;
    }
    if !["sweep", "exporter", "steady"]
        .iter()
        .any(|row| options.wants(row))
    {
        return Ok(());
    }
    say(&format!("Making a class of {} to look at …", options.n_class));
    let Some((school, slug, n_checks)) = report
        .within("the class of the other rows", class(options))
        .await?
    else {
        return Ok(());
    };
    if options.wants("sweep") {
        say("Sweeping …");
        report
            .rows("sweep", sweep::measure(options, &school, &slug, n_checks))
            .await?;
    }
    if options.wants("exporter") {
        say("Scraping …");
        let row = async { Ok(vec![exporter::measure(options, &school, &slug).await?]) };
        report.rows("exporter", row).await?;
        say("Looking again …");
        let row = async { Ok(vec![exporter::again(options, &school, &slug).await?]) };
        report.rows("again", row).await?;
    }
    if options.wants("steady") {
        say(&format!("Making {} databases …", options.n_databases));
        let rows = async {
            let slugs = steady::fill(&school, vec![slug], options.n_databases).await?;
            say("A class at work …");
            steady::measure(options, &school, &slugs).await
        };
        report.rows("steady", rows).await?;
    }
    Ok(())
}

/// What all rows but the first look at.
async fn class(options: &Options) -> Outcome<(School, String, usize)> {
    let school = School::start().await?;
    let slug = "class0".to_owned();
    school.hurry(true).await?;
    let n_checks = school.class(&slug, options.n_class).await?;
    school.hurry(false).await?;
    Ok((school, slug, n_checks))
}

//! A dump of many small statements is loaded as an example is, and by psql. In turns, on one server.

use std::time::Instant;

use pglab_core::ident::Ident;
use pglab_fleet::{
    Cluster,
    load::{self, LoadLimits, LoadRequest, PlaceSpec, Source},
    private::SUPERUSER,
};
use pglab_identity::SystemRandom;
use pglab_testkit::TestServer;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Options, Outcome, prepare, row::Row};

const N_TABLES: usize = 10;
const N_ROWS: usize = 1_500;

pub async fn measure(options: &Options) -> Outcome<Row> {
    let n_statements = N_TABLES * (N_ROWS + 1);
    let mut row = Row::new("load", &format!("load a dump of {n_statements} small statements"));
    row.floor = "psql -f into a new database, wall".to_owned();
    row.budget = 1.2;
    let server = TestServer::start().await;
    let address = server.server().address();
    let cluster = Cluster::new(
        address.clone(),
        vec![address],
        SUPERUSER.to_owned(),
        server.superuser_password().to_owned(),
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("dump.sql");
    std::fs::write(&path, script())?;
    for repetition in 0..options.repetitions {
        server
            .superuser("postgres")
            .await
            .batch_execute("CHECKPOINT")
            .await?;
        let (mut ours, mut floor) = (0.0, 0.0);
        for second in [false, true] {
            let name = format!("pglab_ex_load_{repetition}");
            let began = Instant::now();
            if second == (repetition % 2 == 0) {
                let request = LoadRequest {
                    cluster: &cluster,
                    place: PlaceSpec {
                        database: Ident::new(&name)?,
                        lab_role: Ident::new("pglab_lab_load")?,
                        loader_role: Ident::new("pglab_load_load")?,
                        mark: format!("load-{repetition}"),
                        extensions: Vec::new(),
                    },
                    source: Source::File(path.clone()),
                    programs: &server.server().settings().binaries.folder,
                    limits: LoadLimits::default(),
                    random: &SystemRandom,
                    cancel: CancellationToken::new(),
                };
                let report = load::load(&request, &|_| {}).await?;
                ours = began.elapsed().as_secs_f64();
                if report.n_statements != n_statements as u64 {
                    return Err(format!("{} statements were run", report.n_statements).into());
                }
            } else {
                let uri = server.database(&format!("by_psql_{repetition}")).await;
                prepare::psql(&server, &uri, &path).await?;
                floor = began.elapsed().as_secs_f64();
            }
        }
        row.measured(ours, floor);
    }
    row.detail = json!({ "statements": n_statements });
    Ok(row)
}

/// As sample databases are.
fn script() -> String {
    let mut script = String::new();
    for t in 0..N_TABLES {
        script.push_str(&format!(
            "CREATE TABLE t{t} (id integer PRIMARY KEY, a text, b numeric(10,2));\n"
        ));
        for n in 0..N_ROWS {
            script.push_str(&format!(
                "INSERT INTO t{t} (id, a, b) VALUES ({n}, 'Name ''{n}''', {n}.5);\n"
            ));
        }
    }
    script
}

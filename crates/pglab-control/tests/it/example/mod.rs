//! Examples from upload to tasks, on a real server: what is made, what is left when it fails, stops or is given up.

mod crash;
mod edits;
mod end;
mod load;
mod waits;

use bytes::Bytes;
use futures::stream;
use pglab_control::{
    Error,
    example::{self, ExampleView, Upload, UploadFor},
    lab::{self, NewLab},
    testing::TestControl,
};
use pglab_core::{access::Actor, lab::Start, person::Role};

pub(crate) const SHOP: &str = "\
CREATE TABLE artist (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE album (
    id integer PRIMARY KEY,
    title character varying(160) NOT NULL,
    artist_id integer NOT NULL REFERENCES artist
);
CREATE VIEW discography AS
    SELECT artist.name, count(*) AS n FROM artist JOIN album ON album.artist_id = artist.id GROUP BY 1;
COPY artist (id, name) FROM stdin;
1\tEla
2\tBix
\\.
INSERT INTO album VALUES (1, 'One', 1), (2, 'Two', 1), (3, 'Three', 2);
";

/// A server with an instructor and their lab.
pub(crate) struct Shop {
    pub(crate) control: TestControl,
    pub(crate) grace: Actor,
}

impl Shop {
    pub(crate) async fn new(start: Start) -> Self {
        let control = TestControl::start().await;
        let grace = control.actor("grace", Role::Instructor).await;
        let new = NewLab {
            slug: "shop".to_owned(),
            title: "Music shop".to_owned(),
            start: Some(start),
            settings: serde_json::Map::new(),
            pack: None,
        };
        lab::create(&control, &grace, new).await.unwrap();
        Self { control, grace }
    }

    pub(crate) async fn upload(&self, script: &str) -> Result<ExampleView, Error> {
        self.upload_for(UploadFor::Example, "shop.sql", script).await
    }

    pub(crate) async fn upload_for(
        &self,
        purpose: UploadFor,
        name: &str,
        script: &str,
    ) -> Result<ExampleView, Error> {
        let chunks: Vec<Result<Bytes, std::io::Error>> = script
            .as_bytes()
            .chunks(7)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        let upload = Upload {
            purpose,
            name: name.to_owned(),
            size_bytes: Some(script.len() as u64),
            body: stream::iter(chunks),
        };
        example::upload(&self.control, &self.grace, "shop", upload).await
    }

    pub(crate) async fn activate(&self) -> example::Summary {
        example::activate(&self.control).await.unwrap()
    }

    pub(crate) async fn show(&self) -> ExampleView {
        example::show(&self.control, &self.grace, "shop").await.unwrap()
    }

    pub(crate) async fn lab(&self) -> lab::LabView {
        lab::show(&self.control, &self.grace, "shop").await.unwrap()
    }

    /// The tasks by their keys, with their points in thousandths and how many checks they have.
    pub(crate) async fn tasks(&self) -> Vec<(String, i64, usize)> {
        let tasks = self.lab().await.tasks.into_iter();
        tasks
            .map(|task| (task.key, task.points.0, task.checks.len()))
            .collect()
    }

    /// The databases and roles on the cluster that carry the prefix of pglab.
    pub(crate) async fn on_the_cluster(&self) -> Vec<String> {
        let superuser = self.control.server.superuser("postgres").await;
        let rows = superuser
            .query(
                "SELECT datname::text FROM pg_database WHERE datname LIKE 'pglab\\_%' \
                 UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'pglab\\_%' \
                     AND rolname NOT IN ('pglab_students', 'pglab_services') \
                   AND rolname <> current_user \
                 ORDER BY 1",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) fn uploads(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.control.data_dir.join("uploads"));
        entries
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

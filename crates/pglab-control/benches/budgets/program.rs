//! pglab itself, as a process of its own: what is measured from outside is measured of it.

use std::{path::Path, process::Stdio, time::Duration};

use pglab_fleet::private::SUPERUSER;
use pglab_testkit::free_port;
use serde_json::json;
use tokio::{process::Child, time::sleep};

use crate::{
    Outcome,
    school::{OWN_DATABASE, OWN_PASSWORD, OWN_ROLE, School},
};

/// The program beside the benches, at work on the databases of `school`, and how to ask it something. Ends with it.
pub struct Program {
    pub http: reqwest::Client,
    pub base: String,
    pub pid: i32,
    process: Child,
    folder: tempfile::TempDir,
}

impl Program {
    /// `identity` is what stands in the configuration about who keeps the passwords; nothing for pglab itself.
    pub async fn serve(binary: &Path, school: &School, identity: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port();
        let file = folder.path().join("pglab.toml");
        std::fs::write(folder.path().join("seal.key"), "07".repeat(32))?;
        let postgres = school.server.port();
        let text = format!(
            "[server]\nlisten = '127.0.0.1:{port}'\npublic_url = 'http://127.0.0.1:{port}'\ndata_dir = '{data}'\n\
             [store]\nuri = 'postgresql://{OWN_ROLE}:{OWN_PASSWORD}@127.0.0.1:{postgres}/{OWN_DATABASE}'\n\
             [cluster]\nhost = '127.0.0.1'\nport = {postgres}\nmaintenance_role = '{SUPERUSER}'\n\
             maintenance_password = '{superuser}'\n\
             [secrets]\nseal_key_file = '{folder}/seal.key'\n{identity}",
            data = school.data_dir().display(),
            superuser = school.server.superuser_password(),
            folder = folder.path().display(),
        );
        std::fs::write(&file, text)?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let process = tokio::process::Command::new(binary)
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut program = Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()?,
            base: format!("http://127.0.0.1:{port}"),
            pid: process
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .ok_or("pglab has no process")?,
            process,
            folder,
        };
        program.ready().await?;
        Ok(program)
    }

    async fn ready(&mut self) -> Outcome<()> {
        for _ in 0..300 {
            let asked = self.http.get(format!("{}/healthz", self.base)).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                // Until it leads, and has looked at the class.
                sleep(Duration::from_secs(5)).await;
                return Ok(());
            }
            if self.process.try_wait()?.is_some() {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join("log"))?;
        Err(format!("pglab serve: {log}").into())
    }

    /// The cookie.
    pub async fn sign_in(&self, login: &str, password: &str) -> Outcome<String> {
        let answer = self
            .http
            .post(format!("{}/api/v1/session", self.base))
            .json(&json!({ "login": login, "password": password }))
            .send()
            .await?;
        if !answer.status().is_success() {
            return Err(format!(
                "{login} does not get in: {} {}",
                answer.status(),
                answer.text().await?
            )
            .into());
        }
        let cookie = answer
            .headers()
            .get("set-cookie")
            .and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        Ok(cookie.ok_or("no cookie")?.to_owned())
    }

    pub async fn end(mut self) -> Outcome<()> {
        Ok(self.process.kill().await?)
    }
}

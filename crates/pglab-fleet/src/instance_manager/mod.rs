//! The client of an instance manager, which runs challenges as pods: list, status, secret, start, end. What follows from its
//! answers is decided in `pglab_core::pods`; nothing that it sends is believed to be more than text.

mod read;

use std::sync::{Arc, OnceLock};

use pglab_core::pods::{ManagerSettings, Pod};
use reqwest::{Method, Response};
use serde_json::{Value, json};

pub use read::PodDetails;

/// The largest answer that is read, in bytes: a list of some ten thousand pods.
const LARGEST: usize = 8 << 20;

/// What went wrong, as a sentence for people. It never holds the token or a body that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManagerError {
    /// Whether it did what it was asked is not known.
    #[error("the instance manager does not answer: {0}")]
    Away(String),
    #[error("the instance manager answers {status}{said}")]
    Refused { status: u16, said: String },
    #[error("the instance manager answers with what can't be used: {0}")]
    Unusable(String),
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct InstanceManager(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: ManagerSettings,
    /// Made with the first request, because it reads the machine's authorities.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl InstanceManager {
    pub fn new(settings: ManagerSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            client: OnceLock::new(),
        }))
    }

    pub fn settings(&self) -> &ManagerSettings {
        &self.0.settings
    }

    /// All pods. Whoever can't be read as a whole gave no list.
    ///
    /// # Errors
    /// It does not answer in time, not with 200, or not with a list.
    pub async fn list(&self) -> Result<Vec<Pod>, ManagerError> {
        let answer = self.ask(Method::GET, "list-challenge-pods", &[], None).await?;
        read::pods(&document(&answer)?).map_err(ManagerError::Unusable)
    }

    /// `None`: it knows no such pod.
    ///
    /// # Errors
    /// It does not answer in time, or not with a status.
    pub async fn status(&self, pod: &str) -> Result<Option<PodDetails>, ManagerError> {
        match self
            .ask(Method::GET, "get-pod-status", &[("pod_name", pod)], None)
            .await
        {
            Ok(answer) => read::details(&document(&answer)?)
                .map(Some)
                .map_err(ManagerError::Unusable),
            Err(ManagerError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The flag behind a secret's name. `None`: there is no such secret.
    ///
    /// # Errors
    /// It does not answer in time, or not with a text.
    pub async fn secret(&self, name: &str) -> Result<Option<String>, ManagerError> {
        let body = json!({ "secret_name": name });
        match self.ask(Method::POST, "get-secret", &[], Some(&body)).await {
            Ok(answer) => read::secret(&answer).map(Some).map_err(ManagerError::Unusable),
            Err(ManagerError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for a pod of this name. Asking twice for the same name makes one.
    ///
    /// # Errors
    /// It refuses, or does not answer in time: then it may have taken it all the same.
    pub async fn start(
        &self,
        deployment: &str,
        user_id: &str,
        competition_id: &str,
        content: &Value,
    ) -> Result<(), ManagerError> {
        let body = json!({
            "user_id": user_id,
            "cdf_content": content,
            "competition_id": competition_id,
            "deployment_name": deployment,
        });
        let answer = self
            .ask(Method::POST, "start-challenge", &[], Some(&body))
            .await?;
        // `success: false` under a good status is a refusal too.
        if let Ok(answer) = serde_json::from_slice::<Value>(&answer)
            && answer["success"] == false
        {
            let said = read::message(&answer);
            return Err(ManagerError::Refused { status: 200, said });
        }
        Ok(())
    }

    /// Asks to end the pod of this name. One that is not there is fine.
    ///
    /// # Errors
    /// It refuses, or does not answer in time.
    pub async fn end(&self, deployment: &str) -> Result<(), ManagerError> {
        let body = json!({ "deployment_name": deployment });
        match self.ask(Method::POST, "end-challenge", &[], Some(&body)).await {
            Ok(_) | Err(ManagerError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn client(&self) -> Result<reqwest::Client, ManagerError> {
        self.0
            .client
            .get_or_init(|| {
                // Whoever installed another provider of cryptography before us keeps it.
                rustls::crypto::ring::default_provider().install_default().ok();
                reqwest::Client::builder()
                    // Elsewhere nobody asked for the token.
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .connect_timeout(self.0.settings.timeout)
                    .timeout(self.0.settings.timeout)
                    .pool_max_idle_per_host(2)
                    .user_agent("pglab")
                    .build()
                    .map_err(|error| error.to_string())
            })
            .clone()
            .map_err(ManagerError::Away)
    }

    /// The body of an answer of 2xx.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, ManagerError> {
        let Inner { settings, .. } = &*self.0;
        let url = format!("{}/{path}", settings.url.as_str());
        let mut request = self.client()?.request(method, url).query(query);
        if let Some(token) = &settings.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let body = bounded(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let said = serde_json::from_slice::<Value>(&body).map_or(String::new(), |body| read::message(&body));
        Err(ManagerError::Refused {
            status: status.as_u16(),
            said,
        })
    }
}

/// The whole answer, up to the largest that is read.
async fn bounded(mut response: Response) -> Result<Vec<u8>, ManagerError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(&error))? {
        if body.len() + chunk.len() > LARGEST {
            let most = LARGEST >> 20;
            return Err(ManagerError::Unusable(format!("it sends more than {most} MiB")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn document(body: &[u8]) -> Result<Value, ManagerError> {
    serde_json::from_slice(body).map_err(|error| ManagerError::Unusable(format!("no JSON: {error}")))
}

/// The innermost cause, without the address.
fn away(error: &reqwest::Error) -> ManagerError {
    if error.is_timeout() {
        return ManagerError::Away("it takes too long".to_owned());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    ManagerError::Away(cause.to_string())
}

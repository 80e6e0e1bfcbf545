//! The client of pglab's own API that most commands are. It turns problems into errors for the person at the terminal,
//! and knows nothing of single operations.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::{Method, RequestBuilder, Response, header, redirect};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::credentials::Credentials;

/// Where the API is, and the token for it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

/// RFC 9457, as pglab answers.
#[derive(Debug, Clone, Deserialize, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(default)]
    pub fields: Vec<ProblemField>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ProblemField {
    pub path: String,
    pub message: String,
}

impl Problem {
    fn sentence(&self) -> String {
        let more: Vec<String> = self
            .fields
            .iter()
            .filter(|field| field.message != self.detail)
            .map(|field| format!("{}: {}", field.path, field.message))
            .collect();
        let mut text = self.detail.clone();
        if !more.is_empty() {
            text.push_str(&format!(" ({})", more.join("; ")));
        }
        if self.code == "not_signed_in" {
            text.push_str(": `pglab login --url URL --login LOGIN`, or set PGLAB_URL and PGLAB_TOKEN");
        }
        text
    }
}

impl Client {
    /// With `PGLAB_URL` and `PGLAB_TOKEN`, or else with what `pglab login` kept.
    ///
    /// # Errors
    /// Neither is there.
    pub fn signed_in() -> anyhow::Result<Self> {
        let kept = Credentials::read()?;
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let url = variable("PGLAB_URL").or_else(|| kept.as_ref().map(|kept| kept.url.clone()));
        let Some(url) = url else {
            bail!("not signed in: `pglab login --url URL --login LOGIN`, or set PGLAB_URL and PGLAB_TOKEN");
        };
        let mut client = Self::to(&url)?;
        // The kept token goes only to where it came from.
        let of_kept = || kept.filter(|kept| Url::parse(&kept.url).ok().as_ref() == Some(&client.base));
        client.token = variable("PGLAB_TOKEN").or_else(|| of_kept().map(|kept| kept.token));
        if client.token.is_none() {
            bail!("no token for {url}: `pglab login --url {url} --login LOGIN`, or set PGLAB_TOKEN");
        }
        Ok(client)
    }

    /// Without a token.
    ///
    /// # Errors
    /// The URL is none of a web server.
    pub fn to(url: &str) -> anyhow::Result<Self> {
        let base = Url::parse(url).with_context(|| format!("{url:?} is no URL"))?;
        if !["http", "https"].contains(&base.scheme()) || !base.has_host() {
            bail!("{url:?} must begin with http:// or https://");
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("pglab/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // A token is not carried elsewhere.
            .redirect(redirect::Policy::none())
            .cookie_store(true)
            .build()?;
        Ok(Self {
            http,
            base,
            token: None,
        })
    }

    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A call of `/api/v1/…`, of which these are the segments: `["labs", slug, "board"]`. They are escaped here.
    pub fn call(&self, method: Method, segments: &[&str]) -> Call {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(segments);
        }
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call {
            request,
            base: self.base.clone(),
        }
    }

    pub fn get(&self, segments: &[&str]) -> Call {
        self.call(Method::GET, segments)
    }

    pub fn post(&self, segments: &[&str]) -> Call {
        self.call(Method::POST, segments)
    }

    pub fn put(&self, segments: &[&str]) -> Call {
        self.call(Method::PUT, segments)
    }

    pub fn patch(&self, segments: &[&str]) -> Call {
        self.call(Method::PATCH, segments)
    }

    pub fn delete(&self, segments: &[&str]) -> Call {
        self.call(Method::DELETE, segments)
    }
}

/// A request that has not been sent yet.
#[derive(Debug)]
pub struct Call {
    request: RequestBuilder,
    base: Url,
}

impl Call {
    pub fn query<T: Serialize + ?Sized>(mut self, query: &T) -> Self {
        self.request = self.request.query(query);
        self
    }

    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Anything else, such as a file that is streamed.
    pub fn body(mut self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header(header::CONTENT_TYPE, kind).body(body);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The answer as it comes: for events and files.
    ///
    /// # Errors
    /// The server can't be reached, or answers with a [`Problem`], which the error can be downcast to.
    pub async fn response(self) -> anyhow::Result<Response> {
        let response = self
            .request
            .send()
            .await
            .map_err(|error| unreachable(&self.base, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(problem.into()),
            Err(_) => Err(anyhow!("{} answers with {status}; is that pglab?", self.base)),
        }
    }

    /// # Errors
    /// As [`Call::response`], or the answer is not what it should be.
    pub async fn read<T: DeserializeOwned>(self) -> anyhow::Result<T> {
        Ok(self.read_with("").await?.0)
    }

    /// The answer, and what it says in a header.
    ///
    /// # Errors
    /// As [`Call::read`].
    pub async fn read_with<T: DeserializeOwned>(self, header: &str) -> anyhow::Result<(T, Option<String>)> {
        let base = self.base.clone();
        let response = self.response().await?;
        let said = response.headers().get(header);
        let said = said.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response
            .text()
            .await
            .map_err(|error| unreachable(&base, &error))?;
        let answer = serde_json::from_str(&text)
            .with_context(|| format!("the answer of {base} can't be read; is it of another version?"))?;
        Ok((answer, said))
    }

    /// For answers without content.
    ///
    /// # Errors
    /// As [`Call::response`].
    pub async fn done(self) -> anyhow::Result<()> {
        self.response().await.map(drop)
    }
}

/// reqwest puts the URL before every reason, and the reason last.
fn unreachable(base: &Url, error: &reqwest::Error) -> anyhow::Error {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    anyhow!("can't reach pglab at {base}: {reason}")
}

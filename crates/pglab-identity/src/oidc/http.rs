//! Requests to the provider: no redirects, which could lead anywhere, an end to waiting, and answers of a sane size.

use std::{sync::OnceLock, time::Duration};

use openidconnect::{HttpRequest, HttpResponse, http};
use pglab_core::oidc::OidcSettings;

use super::OidcError;

/// The largest answer that is read, in bytes. Keys and settings of a provider have some KiB.
const LARGEST: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(5);

/// Made with the first request, because it reads the CA file and the machine's authorities.
#[derive(Debug)]
pub(super) struct Http {
    ca_file: Option<std::path::PathBuf>,
    timeout: Duration,
    client: OnceLock<Result<reqwest::Client, OidcError>>,
}

impl Http {
    pub(super) fn new(settings: &OidcSettings) -> Self {
        Self {
            ca_file: settings.ca_file.clone(),
            timeout: settings.timeout,
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Result<reqwest::Client, OidcError> {
        self.client.get_or_init(|| self.make()).clone()
    }

    fn make(&self) -> Result<reqwest::Client, OidcError> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT.min(self.timeout))
            .timeout(self.timeout)
            .user_agent("pglab");
        if let Some(path) = &self.ca_file {
            let unusable = |why: String| OidcError::CaFile {
                path: path.display().to_string(),
                why,
            };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let roots =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
            if roots.is_empty() {
                return Err(unusable("it holds no certificate in PEM".to_owned()));
            }
            builder = builder.tls_certs_only(roots);
        }
        // Whoever installed another provider of cryptography before us keeps it.
        rustls::crypto::ring::default_provider().install_default().ok();
        builder.build().map_err(|error| OidcError::Answer {
            what: "the machine's certificate authorities",
            why: chain(&error),
        })
    }

    /// One request, for the library.
    pub(super) async fn call(&self, request: HttpRequest) -> Result<HttpResponse, OidcError> {
        let url = request.uri().to_string();
        let shown = url.split('?').next().unwrap_or_default().to_owned();
        let request: reqwest::Request =
            request
                .try_into()
                .map_err(|error: reqwest::Error| OidcError::Answer {
                    what: "an address of the provider",
                    why: chain(&error),
                })?;
        let failed = |error: reqwest::Error| failure(&shown, &error);
        let mut response = self.client()?.execute(request).await.map_err(failed)?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(OidcError::Answer {
                    what: "an answer of the provider",
                    why: format!("what {shown} sends is larger than {} KiB", LARGEST / 1024),
                });
            }
            body.extend_from_slice(&chunk);
        }
        answer.body(body).map_err(|error| OidcError::Answer {
            what: "an answer of the provider",
            why: error.to_string(),
        })
    }

    /// A document of JSON that the provider publishes.
    pub(super) async fn document(&self, what: &'static str, url: &str) -> Result<Vec<u8>, OidcError> {
        let unusable = |why: String| OidcError::Answer { what, why };
        let request = http::Request::get(url)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| unusable(format!("{url}: {error}")))?;
        let answer = self.call(request).await?;
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            // It is there, and something before or behind it is not.
            status @ 500.. => Err(OidcError::Away {
                url: url.to_owned(),
                why: format!("it answers {status}"),
            }),
            status => Err(unusable(format!("{url} answers {status}"))),
        }
    }
}

fn failure(url: &str, error: &reqwest::Error) -> OidcError {
    let url = url.to_owned();
    let why = chain(error);
    if error.is_timeout() {
        let why = "it takes too long".to_owned();
        return OidcError::Away { url, why };
    }
    if why.contains("certificate") {
        return OidcError::Certificate { url, why };
    }
    OidcError::Away { url, why }
}

/// The causes without the address, which may hold what nobody should read.
fn chain(error: &dyn std::error::Error) -> String {
    let mut parts = Vec::new();
    let mut next = error.source();
    if next.is_none() {
        return "the request could not be made".to_owned();
    }
    while let Some(cause) = next {
        parts.push(cause.to_string());
        next = cause.source();
    }
    // The innermost says it best.
    parts.pop().unwrap_or_default()
}

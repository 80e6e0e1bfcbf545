//! Who keeps the passwords, and how the LDAP directory is: for the page of settings. Needs an admin; no secret is shown.

use axum::{Json as Answer, extract::State};
use pglab_control::{
    Control,
    directory::test::{self, IdentityView, ServerState, Step},
};
use pglab_core::directory::{BindMode, IdentitySettings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json},
    oidc::OidcView,
};

/// The settings of identity. They are changed in pglab.toml.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identity {
    /// `local`: pglab keeps the passwords; `managed`: an LDAP tree that pglab fills; `directory`: one that it only reads.
    pub mode: String,
    /// Left out in the mode `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryView>,
    /// A provider that people may sign in through besides. Left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryView {
    pub servers: Vec<DirectoryServer>,
    /// `plain`, `starttls` or `ldaps`
    pub tls: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// How a person's entry is found, in words.
    pub people: String,
    /// The account that searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_dn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_base: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_filter: Option<String>,
    /// The suffix of the tree that pglab fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryServer {
    pub url: String,
    /// How it was when it was last asked; null before the first time.
    pub up: Option<bool>,
}

impl From<ServerState> for DirectoryServer {
    fn from(state: ServerState) -> Self {
        Self {
            url: state.url,
            up: state.up,
        }
    }
}

impl From<IdentityView> for Identity {
    fn from(view: IdentityView) -> Self {
        let mode = view.settings.mode().as_str().to_owned();
        let Some(settings) = view.settings.directory() else {
            return Self {
                mode,
                directory: None,
                oidc: None,
            };
        };
        let (people, bind_dn) = match &settings.bind {
            BindMode::Simple { prefix, suffix } => (format!("{prefix}LOGIN{suffix}"), None),
            BindMode::Search(search) => (
                format!("{} below {}", search.filter, search.base),
                search.bind_dn.clone(),
            ),
        };
        let suffix = match &view.settings {
            IdentitySettings::Managed(_, tree) => Some(tree.suffix.clone()),
            IdentitySettings::Local | IdentitySettings::Directory(_) => None,
        };
        let directory = DirectoryView {
            servers: view.servers.into_iter().map(Into::into).collect(),
            tls: settings.tls.as_str().to_owned(),
            ca_file: settings.ca_file.as_ref().map(|path| path.display().to_string()),
            people,
            bind_dn,
            group_base: settings.groups.as_ref().map(|groups| groups.base.clone()),
            group_filter: settings.groups.as_ref().map(|groups| groups.filter.clone()),
            suffix,
        };
        Self {
            mode,
            directory: Some(directory),
            oidc: None,
        }
    }
}

/// Whom to look for; without a login only the directory itself is tested.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityTest {
    pub login: Option<String>,
    /// To sign in with; it is sent to the directory and kept nowhere.
    pub password: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityTestResult {
    /// Every step passed.
    pub passed: bool,
    pub steps: Vec<IdentityTestStep>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityTestStep {
    pub name: String,
    pub passed: bool,
    /// What the server said, or what was found.
    pub said: String,
}

impl From<Vec<Step>> for IdentityTestResult {
    fn from(steps: Vec<Step>) -> Self {
        Self {
            passed: steps.iter().all(|step| step.passed),
            steps: steps
                .into_iter()
                .map(|step| IdentityTestStep {
                    name: step.name.to_owned(),
                    passed: step.passed,
                    said: step.said,
                })
                .collect(),
        }
    }
}

/// Who keeps the passwords, and how the directory is reached.
#[utoipa::path(get, path = "/api/v1/identity", tag = "system", operation_id = "identity_show",
    responses((status = 200, body = Identity)))]
async fn show(State(control): State<Control>, Acting(actor): Acting) -> Result<Answer<Identity>, Problem> {
    let mut identity: Identity = test::show(&control, &actor)?.into();
    identity.oidc = control
        .oidc()
        .map(|oidc| OidcView::new(oidc.settings(), oidc.redirect_uri()));
    Ok(Answer(identity))
}

/// Test the directory: each step, and what the server said to it. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/identity/test", tag = "system", operation_id = "identity_test",
    request_body = IdentityTest, responses((status = 200, body = IdentityTestResult)))]
async fn run(
    State(control): State<Control>,
    Acting(actor): Acting,
    Json(body): Json<IdentityTest>,
) -> Result<Answer<IdentityTestResult>, Problem> {
    let steps = test::test(&control, &actor, body.login.as_deref(), body.password.as_deref()).await?;
    Ok(Answer(steps.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(run))
}

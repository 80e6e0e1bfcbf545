//! The credentials of a class, for its instructor: passwords, a file of them, claim links.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use pglab_control::{Control, claim, credentials};
use qrcode::{EcLevel, QrCode, render::svg};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path},
    members::PasswordState,
};

#[derive(Serialize, ToSchema)]
struct Credential {
    login: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<String>,
    /// Null once claimed or changed.
    password: Option<String>,
    state: PasswordState,
    /// Null before there is one.
    database: Option<String>,
    uri: Option<String>,
    /// Of a claim link that can still be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct CredentialList {
    items: Vec<Credential>,
    /// Always null: a class is on one page.
    next: Option<String>,
}

/// For whom.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimLinksWanted {
    /// Left out: everybody whose initial password can still be shown.
    pub logins: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
struct ClaimLink {
    login: String,
    url: String,
    expires_at: DateTime<Utc>,
    /// The URL as a QR code.
    qr_svg: String,
}

#[derive(Serialize, ToSchema)]
struct ClaimLinkList {
    items: Vec<ClaimLink>,
    /// Always null.
    next: Option<String>,
}

/// The initial passwords of a class. Every look is in the audit.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/credentials", tag = "class", operation_id = "credential_list",
    params(("lab" = String, Path)), responses((status = 200, body = CredentialList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<CredentialList>, Problem> {
    let items = credentials::list(&control, &actor, &lab)
        .await?
        .into_iter()
        .map(|one| Credential {
            login: one.login,
            name: one.name,
            section: one.section,
            seat: one.seat,
            password: one.password,
            state: one.state.into(),
            database: one.database,
            uri: one.uri,
            claim_url: one.claim_url,
        });
    Ok(axum::Json(CredentialList {
        items: items.collect(),
        next: None,
    }))
}

/// The same as a file for spreadsheets.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/credentials.csv", tag = "class", operation_id = "credential_file",
    params(("lab" = String, Path)), responses((status = 200, body = String, content_type = "text/csv")))]
async fn file(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<Response, Problem> {
    let text = credentials::csv(&control, &actor, &lab).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{lab}-credentials.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Make claim links: each shows one student their initial password, once.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/claim-links", tag = "class", operation_id = "claim_link_create",
    params(("lab" = String, Path)), request_body = ClaimLinksWanted, responses((status = 200, body = ClaimLinkList)))]
async fn links(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<ClaimLinksWanted>,
) -> Result<axum::Json<ClaimLinkList>, Problem> {
    let links = claim::make(&control, &actor, &lab, body.logins.as_deref()).await?;
    let items = links.into_iter().map(|link| ClaimLink {
        qr_svg: qr_svg(&link.url),
        login: link.login,
        url: link.url,
        expires_at: link.expires_at,
    });
    Ok(axum::Json(ClaimLinkList {
        items: items.collect(),
        next: None,
    }))
}

/// Black on white whatever the page's colours are: cameras want it so. Empty for a URL that no code can hold.
fn qr_svg(url: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(url, EcLevel::M) else {
        return String::new();
    };
    code.render::<svg::Color<'_>>()
        .min_dimensions(160, 160)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build()
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(file))
        .routes(routes!(links))
}

//! Accounts, for admins.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, Error, people};
use pglab_core::person::Login;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path, Query},
    words::Role,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
}

impl From<people::Person> for Person {
    fn from(person: people::Person) -> Self {
        Self {
            id: person.id.to_string(),
            login: person.login.into(),
            name: person.name,
            email: person.email,
            role: person.role.into(),
            created_at: person.created_at,
            disabled_at: person.disabled_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PersonList {
    pub items: Vec<Person>,
    /// The `cursor` of the next page.
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PersonSearch {
    /// Part of a login, a name or an e-mail address.
    #[serde(default)]
    pub query: String,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
}

#[derive(Serialize, ToSchema)]
struct CreatedPerson {
    #[serde(flatten)]
    person: Person,
    initial_password: String,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    pub name: Option<String>,
    /// Empty: none any more.
    pub email: Option<String>,
    pub role: Option<Role>,
    /// A disabled person can't sign in; their sessions and tokens end.
    pub disabled: Option<bool>,
}

/// Search people.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", operation_id = "person_list",
    params(PersonSearch), responses((status = 200, body = PersonList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Query(search): Query<PersonSearch>,
) -> Result<axum::Json<PersonList>, Problem> {
    let page = people::list(&control, &actor, &search.query, search.cursor.as_deref()).await?;
    Ok(axum::Json(PersonList {
        items: page.people.into_iter().map(Person::from).collect(),
        next: page.next,
    }))
}

/// Make an account with an initial password.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", operation_id = "person_create",
    request_body = NewPerson, responses((status = 201, body = CreatedPerson)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Json(body): Json<NewPerson>,
) -> Result<(StatusCode, axum::Json<CreatedPerson>), Problem> {
    let new = people::NewPerson {
        login: Login::parse(&body.login).map_err(|error| Error::invalid("login", error.to_string()))?,
        name: body.name,
        email: body.email,
        role: body.role.into(),
    };
    let (person, initial_password) = people::create(&control, &actor, new).await?;
    let created = CreatedPerson {
        person: person.into(),
        initial_password,
    };
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Change an account: name, e-mail, role, disabled.
#[utoipa::path(patch, path = "/api/v1/people/{login}", tag = "people", operation_id = "person_update",
    params(("login" = String, Path)), request_body = PersonChange, responses((status = 200, body = Person)))]
async fn update(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(login): Path<Login>,
    Json(body): Json<PersonChange>,
) -> Result<axum::Json<Person>, Problem> {
    let change = people::PersonChange {
        name: body.name,
        email: body.email,
        role: body.role.map(Into::into),
        disabled: body.disabled,
    };
    Ok(axum::Json(
        people::update(&control, &actor, &login, change).await?.into(),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(update))
}

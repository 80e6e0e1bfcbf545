//! What the OpenAPI document says of all operations alike: how to sign in, and what an error looks like.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, SecurityRequirement,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::Problem;

/// What stands at the top of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "pglab",
        description = "Runs a PostgreSQL class: labs, rosters, databases and live progress.\n\n\
            Programs send `Authorization: Bearer pgl_…` (a token from the account page or `pglab token create`). The \
            pages use the cookie `pglab_session`, and with it `X-CSRF-Token` on everything that changes something. \
            A POST with an `Idempotency-Key` that is sent again within a day gets the first answer again."
    ),
    components(schemas(Problem)),
    modifiers(&SignIn)
)]
pub(crate) struct Top;

struct SignIn;

impl Modify for SignIn {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(
            crate::extract::COOKIE,
            "The session of the pages. What changes something needs the header X-CSRF-Token too.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("pgl_…")
            .description(Some("An API token."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let none: [&str; 0] = [];
        document.security = Some(vec![
            SecurityRequirement::new("session", none),
            SecurityRequirement::new("token", none),
        ]);
    }
}

/// Adds to every operation that its errors are problems, and to every answer a description, which the format demands.
pub(crate) fn completed(mut document: Document) -> Document {
    let problem = ResponseBuilder::new()
        .description("What went wrong, in words and with a stable code")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = in_words(status).to_owned();
                }
            }
            operation
                .responses
                .responses
                .entry("default".to_owned())
                .or_insert_with(|| problem.clone().into());
        }
    }
    document
}

fn in_words(status: &str) -> &'static str {
    match status {
        "201" => "It was made",
        "202" => "It has begun",
        "204" => "It is done",
        _ => "As asked",
    }
}

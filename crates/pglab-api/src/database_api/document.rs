//! What the OpenAPI document of the Database API says of all operations alike: tokens, and what an error looks like.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, SecurityRequirement,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::refusal::ErrorBody;

/// What stands at the top of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "pglab: Database API",
        description = "For front ends that run competitions on pglab's labs: points, questions, challenges, packs, activity. \
            Every call but `/status` needs `Authorization: Bearer pgl_…`: a service's token (`pglab token create --act-for`) \
            acts for the students of its labs, a member's own token only for them. The server grades and prices; what a \
            client says of points is not asked for."
    ),
    components(schemas(ErrorBody)),
    modifiers(&Tokens)
)]
pub(super) struct Top;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("pgl_…")
            .description(Some("An API token."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let none: [&str; 0] = [];
        document.security = Some(vec![SecurityRequirement::new("token", none)]);
    }
}

/// Adds to every operation what its errors look like, and to every answer a description.
pub(super) fn completed(mut document: Document) -> Document {
    let error = ResponseBuilder::new()
        .description("What went wrong, in words")
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ErrorBody")))
                .build(),
        )
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = "As asked".to_owned();
                }
            }
            operation
                .responses
                .responses
                .entry("default".to_owned())
                .or_insert_with(|| error.clone().into());
        }
    }
    document
}

//! The OpenAPI document: what is in the repository is what the router says, and it is sound. That answers fit it is
//! checked with every request of these tests, in `support`.

use crate::{schema::Document, support::TestApp};

#[test]
fn the_document_in_the_repository_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    if std::env::var_os("UPDATE_FILES").is_some() {
        let now = pglab_api::document().to_pretty_json().unwrap();
        std::fs::write(path, now + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let now = pglab_api::document().to_pretty_json().unwrap();
    assert!(
        kept.trim_end() == now,
        "docs/openapi.json is stale: run `cargo run -p pglab -- openapi > docs/openapi.json` (or `make generate`) and \
         commit it"
    );
}

#[test]
fn every_operation_has_a_name_a_subject_and_words() {
    let document = Document::load();
    let mut names = std::collections::BTreeSet::new();
    for (method, path, operation) in document.operations() {
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty(), "{method} {path} has no operation_id");
        assert!(names.insert(name.to_owned()), "{name} names two operations");
        assert!(operation["tags"][0].is_string(), "{name} has no tag");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{name} has no words: write a doc comment");
        for response in operation["responses"].as_object().unwrap().values() {
            assert!(
                response["description"].is_string(),
                "{name} has an answer without description"
            );
        }
        for segment in path.split('/').filter(|segment| segment.starts_with('{')) {
            let parameter = segment.trim_matches(['{', '}']);
            let known = operation["parameters"].as_array().is_some_and(|parameters| {
                parameters
                    .iter()
                    .any(|known| known["name"] == parameter && known["in"] == "path")
            });
            assert!(known, "{name} does not describe its parameter {parameter}");
        }
    }
}

#[tokio::test]
async fn the_document_and_a_page_to_try_it_are_served() {
    let app = TestApp::start().await;
    let document = app.stranger().get("/api/openapi.json").await.expect(200).json();
    assert_eq!(document, Document::load().0);
    let page = app.stranger().get("/api/docs/").await.expect(200);
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("swagger-ui"), "{page}");
    // Our policy forbids scripts in the page itself.
    assert!(!page.contains("<script>"), "{page}");
}

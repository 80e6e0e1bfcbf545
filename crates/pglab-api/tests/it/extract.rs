//! What a request may look like.

use crate::support::TestApp;

#[tokio::test]
async fn strangers_see_that_the_process_is_alive() {
    let app = TestApp::start().await;
    app.stranger().get("/healthz").await.expect(200);
}

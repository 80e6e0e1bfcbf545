//! Who acts.

use pglab_control::{
    session::{Shown, identify},
    testing::TestControl,
};
use pglab_core::access::Actor;

#[tokio::test]
async fn nothing_and_an_unknown_cookie_make_a_stranger() {
    let control = TestControl::start().await;
    for shown in [Shown::Nothing, Shown::Cookie("made up")] {
        assert_eq!(identify(&control, shown).await.unwrap().actor, Actor::Stranger);
    }
    let refused = identify(&control, Shown::ApiToken("pgl_made-up"))
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "sign in first");
}

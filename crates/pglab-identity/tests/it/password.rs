//! Changing a password with the old one, and what the directory's rules have to say.

use pglab_identity::directory::{ChangeRefusal, PolicyError, Refusal};

use crate::support::{slapd_with_ada, try_in};

#[tokio::test]
async fn a_password_is_changed_with_the_old_one() {
    let (_slapd, directory) = slapd_with_ada().await;
    let change = async |old: &str, new: &str| directory.change_password("ada", old, new).await.unwrap();
    assert_eq!(
        change("wrong", "new-secret-1").await,
        Err(ChangeRefusal::Old(Refusal::Wrong))
    );
    assert_eq!(
        change("", "new-secret-1").await,
        Err(ChangeRefusal::Old(Refusal::Wrong))
    );
    let refused = |error| Err(ChangeRefusal::New(error));
    assert_eq!(
        change("old-secret-1", "short").await,
        refused(PolicyError::TooShort)
    );
    assert_eq!(change("old-secret-1", "").await, refused(PolicyError::TooShort));
    assert_eq!(change("old-secret-1", "new-secret-1").await, Ok(()));
    assert_eq!(
        try_in(&directory, "ada", "old-secret-1").await,
        Err(Refusal::Wrong)
    );
    assert!(try_in(&directory, "ada", "new-secret-1").await.is_ok());
    assert_eq!(
        change("new-secret-1", "old-secret-1").await,
        refused(PolicyError::InHistory)
    );
    assert!(
        PolicyError::InHistory
            .sentence()
            .contains("used this password before")
    );
}

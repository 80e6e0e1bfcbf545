//! The directory is away, slow, or somebody else: what is said, and that it goes on when it is back.

use std::time::Duration;

use pglab_identity::directory::{Directory, DirectoryError};

use crate::support::{failure, slapd_with_ada, try_in};

#[tokio::test]
async fn down_and_back() {
    let (mut slapd, directory) = slapd_with_ada().await;
    assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
    slapd.stop().await;
    let error = failure(&directory).await;
    assert!(matches!(error, DirectoryError::Away(_)), "{error}");
    assert!(error.passes());
    assert!(
        error
            .for_people()
            .starts_with("the directory that keeps the passwords does not answer")
    );
    assert_eq!(directory.counters().servers()[0].up, Some(false));
    slapd.start_again().await;
    assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
    assert_eq!(directory.counters().servers()[0].up, Some(true));
}

#[tokio::test]
async fn slow_and_back() {
    let (slapd, _) = slapd_with_ada().await;
    let mut settings = slapd.settings();
    settings.connect_timeout = Duration::from_millis(600);
    settings.request_timeout = Duration::from_millis(600);
    let directory = Directory::new(settings);
    assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
    slapd.freeze();
    // On a connection that was open, and on one that has to be made.
    for _ in 0..2 {
        let error = failure(&directory).await;
        assert!(error.passes(), "{error}");
    }
    slapd.thaw();
    assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
}

#[tokio::test]
async fn a_certificate_of_somebody_else() {
    let (slapd, _) = slapd_with_ada().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(slapd.other_ca_file(), file.path()).unwrap();
    for settings in [slapd.settings(), slapd.settings_starttls()] {
        std::fs::copy(slapd.other_ca_file(), file.path()).unwrap();
        let mut settings = settings;
        settings.ca_file = Some(file.path().to_owned());
        let directory = Directory::new(settings);
        let error = failure(&directory).await;
        assert!(matches!(error, DirectoryError::Certificate { .. }), "{error}");
        assert!(!error.passes());
        assert!(
            error
                .for_people()
                .contains("can't prove that it is the right one")
        );
        // The file is read anew: the right one needs no restart.
        std::fs::copy(slapd.ca_file(), file.path()).unwrap();
        assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
    }
    // The certificate is for 127.0.0.1 and localhost.
    let mut settings = slapd.settings();
    settings.servers[0].host = "127.0.0.2".to_owned();
    let error = failure(&Directory::new(settings)).await;
    assert!(!matches!(error, DirectoryError::Refused { .. }), "{error}");
}

/// A password is never sent where everybody can read it, unless the directory is set up so.
#[tokio::test]
async fn unprotected_connections_are_refused() {
    let (slapd, _) = slapd_with_ada().await;
    let mut settings = slapd.settings_starttls();
    settings.tls = pglab_core::directory::Tls::Plain;
    let error = failure(&Directory::new(settings)).await;
    assert!(error.to_string().contains("confidentiality required"), "{error}");
}

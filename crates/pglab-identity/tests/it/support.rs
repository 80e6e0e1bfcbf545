//! What the tests share.

use pglab_identity::directory::{Directory, DirectoryError, Refusal, SignIn};
use pglab_testkit::Slapd;

pub async fn slapd_with_ada() -> (Slapd, Directory) {
    let slapd = Slapd::start().await;
    slapd.add_person("ada", "old-secret-1");
    let directory = Directory::new(slapd.settings());
    (slapd, directory)
}

/// `Ok` for who is let in, with the name of their entry.
pub async fn try_in(directory: &Directory, login: &str, password: &str) -> Result<String, Refusal> {
    match directory
        .sign_in(login, password)
        .await
        .expect("the directory answers")
    {
        SignIn::In(person) => Ok(person.entry.dn),
        SignIn::Refused(refusal) => Err(refusal),
    }
}

pub async fn failure(directory: &Directory) -> DirectoryError {
    directory
        .sign_in("ada", "old-secret-1")
        .await
        .expect_err("the directory can't be asked")
}

//! The seed of a challenge, planted into a member's own database: scripts with the member's flag filled in, run as the role
//! that owns what the database came with. Nobody of more power runs them.

use pglab_core::{
    cdf::variables::fill_in,
    id::{LabId, MemberId},
    lab::Slug,
    names,
};
use pglab_fleet::{Connection, check::terminate_by};
use pglab_store::{instance::Instance, lab_source};

use super::flag;
use crate::{Control, Error};

/// Longer answers of a script are not read.
const MAX_MESSAGE_BYTES: u32 = 1 << 20;
/// A seed that takes longer is given up.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);

/// The scripts of the lab's seed, as they were written.
pub(crate) async fn has_seed(control: &Control, lab: LabId) -> Result<Vec<String>, Error> {
    let pool = control.store.pool();
    let Some(database) = lab_source::of_lab(pool, lab)
        .await?
        .and_then(|source| source.database)
    else {
        return Ok(Vec::new());
    };
    let mut scripts = Vec::new();
    for path in &database.seed {
        if let Some(bytes) = lab_source::file(pool, lab, path).await? {
            scripts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(scripts)
}

/// Runs the scripts in one transaction.
///
/// # Errors
/// The outer one: ours. The inner one: PostgreSQL refuses a statement of the seed.
pub(crate) async fn plant(
    control: &Control,
    slug: &Slug,
    instance: &Instance,
    login: &str,
    scripts: &[String],
) -> Result<Result<(), pglab_fleet::Error>, Error> {
    let password = crate::instance::checker_password(control, instance)?;
    let config = control
        .cluster
        .login_config(&instance.checker_role, &password, &instance.database);
    let lab_role = names::lab_role(slug).map_err(Error::internal)?;
    let mut statements = format!("BEGIN; SET LOCAL ROLE {lab_role};\n");
    for script in scripts {
        statements.push_str(&filled(
            control,
            instance.lab,
            instance.member,
            slug,
            login,
            script,
        ));
        // A comment at the end of a script ends with it.
        statements.push_str("\n;\n");
    }
    statements.push_str("COMMIT");
    let work = async {
        let connection = Connection::open_limited(&config, MAX_MESSAGE_BYTES).await?;
        Ok::<_, pglab_fleet::Error>(connection.batch_execute(&statements).await?)
    };
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(outcome) => Ok(outcome),
        Err(_) => {
            let backend = pglab_fleet::check::Backend {
                role: instance.checker_role.as_str().to_owned(),
                database: instance.database.as_str().to_owned(),
            };
            terminate_by(control.cluster.clone())(backend).await;
            Ok(Err(pglab_fleet::Error::Unexpected(format!(
                "the seed of the lab took longer than {} s",
                DEADLINE.as_secs()
            ))))
        }
    }
}

/// For the databases in which answers are judged: nobody's flag is there.
pub(super) fn filled_for_nobody(script: &str) -> String {
    fill_in(script, |name| match name {
        "FLAG" => Some("flag{of nobody}".to_owned()),
        "USER_ID" | "COMPETITION_ID" | "INSTANCE_NAME" | "RANDOM_PASSWORD" => Some("nobody".to_owned()),
        _ => None,
    })
}

/// Values stand inside of SQL literals: none of them holds a quote.
fn filled(control: &Control, lab: LabId, member: MemberId, slug: &Slug, login: &str, script: &str) -> String {
    let plain = |text: &str| text.replace(['\'', '\\', '"'], "");
    fill_in(script, |name| match name {
        "FLAG" => Some(flag::of_member(control, lab, member, "flag")),
        "USER_ID" => Some(plain(login)),
        "COMPETITION_ID" | "INSTANCE_NAME" => Some(slug.as_str().to_owned()),
        "RANDOM_PASSWORD" => Some(
            control
                .sealer
                .derived("random password of a member", &format!("{lab}/{member}")),
        ),
        _ => None,
    })
}

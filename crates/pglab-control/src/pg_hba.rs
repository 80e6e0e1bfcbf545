//! How students sign in to PostgreSQL, as the settings of identity say, told to the private server. For servers that are
//! not pglab's own it is only said what should stand there.

use pglab_core::{
    directory::{DirectorySettings, IdentitySettings},
    hba::{Block, HbaError, LdapMethod, Origin, StudentAccess},
    ident::Ident,
    names,
};
use pglab_fleet::private::{AccessError, Applied};
use pglab_store::{Store, lab};

use crate::{Control, Error};

/// The roles of the labs whose members use PostgreSQL's own passwords though the rest of the students ask a directory.
///
/// # Errors
/// Our own database does not answer.
pub async fn fallback_roles(control: &Control) -> Result<Vec<Ident>, Error> {
    fallback_roles_in(&control.store).await
}

/// The same for who has no more than our own database.
///
/// # Errors
/// It does not answer.
pub async fn fallback_roles_in(store: &Store) -> Result<Vec<Ident>, Error> {
    Ok(lab::all(store.pool())
        .await?
        .iter()
        .filter(|lab| lab.settings.scram_fallback)
        // A lab whose slug makes no role name has no role either.
        .filter_map(|lab| names::lab_role(&lab.slug).ok())
        .collect())
}

/// `except` are the roles of labs whose members use PostgreSQL's own passwords.
///
/// # Errors
/// PostgreSQL can't be told what the settings say.
pub fn students(identity: &IdentitySettings, except: Vec<Ident>) -> Result<StudentAccess, HbaError> {
    match identity.directory() {
        None => Ok(StudentAccess::Scram),
        Some(directory) => Ok(StudentAccess::Ldap {
            method: LdapMethod::of(directory)?,
            except,
        }),
    }
}

/// What belongs into `pg_hba.conf` of a server that pglab does not run, for connections from `from`.
///
/// # Errors
/// PostgreSQL can't be told what the settings say.
pub fn block_elsewhere(
    maintenance_role: Ident,
    identity: &IdentitySettings,
    from: &[Origin],
    except: Vec<Ident>,
) -> Result<Block, HbaError> {
    Ok(Block::elsewhere(
        &[maintenance_role],
        from,
        &students(identity, except)?,
    ))
}

/// Makes the private server follow the settings; nothing where the server is not ours. Safe to run again at any time.
///
/// # Errors
/// It can't be written, or PostgreSQL does not accept it: then the old rules stay.
pub async fn apply(
    control: &Control,
    identity: &IdentitySettings,
    except: Vec<Ident>,
) -> Result<Option<Applied>, AccessError> {
    let Some(access) = control.cluster.private_access() else {
        return Ok(None);
    };
    let students = students(identity, except)?;
    let ca_file = identity
        .directory()
        .and_then(|DirectorySettings { ca_file, .. }| ca_file.as_deref());
    let ca = ca_file.map(|path| {
        std::fs::read_to_string(path).map_err(|source| pglab_fleet::private::PrivateError::File {
            what: "could not read",
            path: path.to_owned(),
            source,
        })
    });
    let applied = access.apply(&students, ca.transpose()?.as_deref()).await?;
    tracing::debug!(?applied, "who may sign in to PostgreSQL how");
    Ok(Some(applied))
}

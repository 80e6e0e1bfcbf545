//! A member's kit, with the password where the one who asks may see it.

use pglab_core::{
    access::{Actor, Operation, may},
    kit::{Host, Kit, KitParts},
    lab::Slug,
};
use pglab_fleet::Cluster;
use pglab_store::{audit, credential, instance, instance::Instance, member::Member};

use crate::{Control, Error, credential::initial_password, lab, member};

/// Everything that a student needs to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberKit {
    pub login: String,
    /// Null once claimed or changed, and for those who may not see it.
    pub password: Option<String>,
    pub database: String,
    pub hosts: Vec<Host>,
    pub kit: Kit,
}

impl std::fmt::Debug for MemberKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemberKit")
            .field("login", &self.login)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// The kit of a member: for themselves, and for who runs the lab. Assistants see it without the password.
///
/// # Errors
/// Not the actor's to see, no such member, or the member has no database yet.
pub async fn of_member(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
) -> Result<MemberKit, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let member = member::find(control, &lab, place, actor, login).await?;
    control.authorise(actor, Operation::MemberSelf(place, member.id))?;
    let own = place.is_some_and(|place| place.member == member.id);
    let shown = own || may(actor, Operation::CredentialsView(place));
    let instance = instance::by_member(control.store.pool(), member.id)
        .await?
        .ok_or_else(|| Error::Conflict(format!("{login} has no database yet; prepare the lab first")))?;
    let password = if shown {
        visible_password(control, &member).await?
    } else {
        None
    };
    if password.is_some() && !own {
        let mut tx = control.store.begin().await?;
        let subject = format!("lab/{}/member/{}", lab.slug, member.login);
        let entry = audit::Entry::new(control.now(), actor, "credentials_view", &subject);
        audit::insert(&mut tx, entry).await?;
        control.store.commit(tx).await?;
    }
    Ok(assemble(
        &control.cluster,
        &lab.slug,
        &member,
        &instance,
        password,
    ))
}

/// The initial password, while it still is the password.
pub(crate) async fn visible_password(control: &Control, member: &Member) -> Result<Option<String>, Error> {
    match credential::by_person(control.store.pool(), member.person).await? {
        // Changed with \password: what we know lets nobody in.
        Some(credential) if credential.differs_since.is_none() => initial_password(control, &credential),
        _ => Ok(None),
    }
}

pub(crate) fn assemble(
    cluster: &Cluster,
    lab: &Slug,
    member: &Member,
    instance: &Instance,
    password: Option<String>,
) -> MemberKit {
    let hosts: Vec<Host> = cluster
        .nodes()
        .iter()
        .map(|node| Host {
            host: node.host.clone(),
            port: node.port,
        })
        .collect();
    let kit = Kit::new(&KitParts {
        lab,
        login: &member.login,
        database: &instance.database,
        hosts: &hosts,
        protection: cluster.kit_protection(),
        password: password.as_deref(),
    });
    MemberKit {
        login: member.login.as_str().to_owned(),
        password,
        database: instance.database.as_str().to_owned(),
        hosts,
        kit,
    }
}

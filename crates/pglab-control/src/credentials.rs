//! The credentials page of a class: initial passwords, for the instructor only, with a row in the audit for every
//! look. Claim links are made in [`crate::claim`].

use std::collections::HashMap;

use pglab_core::{
    access::{Actor, Operation},
    lab::{MemberRole, Slug},
    spreadsheet::Sheet,
};
use pglab_store::{
    audit, claim_link, initial_password,
    instance::{self, Instance},
    lab::Lab,
    member::{self, Member},
};

use crate::{Control, Error, claim, credential, kit, lab, member::PasswordKind};

#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub login: String,
    pub name: String,
    pub section: Option<String>,
    pub seat: Option<String>,
    /// While it is the initial one.
    pub password: Option<String>,
    pub state: PasswordKind,
    /// None before there is a database.
    pub database: Option<String>,
    pub uri: Option<String>,
    /// Of a claim link that can still be used.
    pub claim_url: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({:?})", self.login)
    }
}

/// Of every student of the lab, by login.
///
/// # Errors
/// Not the actor's to see.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<Credentials>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    let mut tx = control.store.begin().await?;
    let subject = format!("lab/{}", lab.slug);
    let entry = audit::Entry::new(control.now(), actor, "credentials_view", &subject);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    read(control, &lab).await
}

async fn read(control: &Control, lab: &Lab) -> Result<Vec<Credentials>, Error> {
    let pool = control.store.pool();
    let instances: HashMap<_, _> = instance::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|instance| (instance.member, instance))
        .collect();
    let passwords: HashMap<_, _> = initial_password::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .map(|credential| (credential.person, credential))
        .collect();
    let mut links: HashMap<_, _> = claim_link::fresh_of_lab(pool, lab.id, control.now())
        .await?
        .into_iter()
        .map(|link| (link.member, link))
        .collect();
    let mut listed = Vec::new();
    for member in member::of_lab(pool, lab.id).await? {
        if member.role != MemberRole::Student || member.removed_at.is_some() {
            continue;
        }
        let Some(found) = passwords.get(&member.person) else {
            continue;
        };
        let state = crate::member::password_kind(found);
        let password = match state {
            PasswordKind::Initial => credential::initial_password(control, found)?,
            PasswordKind::Claimed | PasswordKind::Changed => None,
        };
        let claim_url = match links.remove(&member.id) {
            Some(link) if password.is_some() => Some(claim::url(control, &link)?),
            _ => None,
        };
        let instance = instances.get(&member.id);
        listed.push(Credentials {
            login: member.login.as_str().to_owned(),
            uri: instance.map(|instance| uri(control, &lab.slug, &member, instance)),
            database: instance.map(|instance| instance.database.as_str().to_owned()),
            name: member.name,
            section: member.section,
            seat: member.seat,
            password,
            state,
            claim_url,
        });
    }
    Ok(listed)
}

fn uri(control: &Control, lab: &Slug, member: &Member, instance: &Instance) -> String {
    kit::assemble(&control.cluster, lab, member, instance, None)
        .kit
        .uri
}

/// The same as a file for spreadsheets.
///
/// # Errors
/// Not the actor's to see.
pub async fn csv(control: &Control, actor: &Actor, slug: &str) -> Result<String, Error> {
    let listed = list(control, actor, slug).await?;
    let header = [
        "login",
        "name",
        "section",
        "seat",
        "password",
        "state",
        "database",
        "uri",
        "claim_url",
    ];
    let rows = listed.into_iter().map(|one| {
        [
            one.login,
            one.name,
            one.section.unwrap_or_default(),
            one.seat.unwrap_or_default(),
            one.password.unwrap_or_default(),
            one.state.as_str().to_owned(),
            one.database.unwrap_or_default(),
            one.uri.unwrap_or_default(),
            one.claim_url.unwrap_or_default(),
        ]
    });
    let mut sheet = Sheet::new(&header);
    rows.for_each(|row| sheet.row(row));
    Ok(sheet.finish())
}

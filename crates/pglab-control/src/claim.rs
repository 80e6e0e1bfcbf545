//! Claim links: each shows one student their initial password, once. Afterwards the password stays valid, and nobody
//! can be shown it again.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    access::{Actor, Operation},
    lab::MemberRole,
};
use pglab_identity::{password, token};
use pglab_store::{
    audit,
    claim_link::{self, ClaimLink},
    credential, initial_password, instance,
    lab::{self, Lab},
    member::{self, Member},
    timeline,
};

use crate::{
    Control, Error,
    kit::{self, MemberKit},
    sign_in::hashing,
};

/// How long a link can be used.
const LIFE: TimeDelta = TimeDelta::days(14);

/// A link as the instructor hands it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub login: String,
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({:?})", self.login)
    }
}

/// Links for these students, or for all whose initial password can still be shown. One that can be used is given out
/// again.
///
/// # Errors
/// Not the actor's to do, or somebody named is no student of the lab or has claimed or changed their password.
pub async fn make(
    control: &Control,
    actor: &Actor,
    slug: &str,
    logins: Option<&[String]>,
) -> Result<Vec<Link>, Error> {
    let (lab, place) = crate::lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::CredentialsView(place))?;
    let now = control.now();
    let pool = control.store.pool();
    let claimable: HashMap<_, _> = initial_password::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .filter(|credential| credential.initial_sealed.is_some() && credential.differs_since.is_none())
        .map(|credential| (credential.person, credential))
        .collect();
    let students: Vec<Member> = member::of_lab(pool, lab.id)
        .await?
        .into_iter()
        .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none())
        .filter(|member| claimable.contains_key(&member.person))
        .collect();
    let chosen: Vec<&Member> = match logins {
        None => students.iter().collect(),
        Some(logins) => logins
            .iter()
            .map(|login| {
                let found = students.iter().find(|member| member.login.as_str() == login);
                found.ok_or_else(|| {
                    Error::invalid(
                        "logins",
                        format!("{login:?} is no student of this lab with an initial password; give them a new one first"),
                    )
                })
            })
            .collect::<Result<_, _>>()?,
    };
    let fresh: HashMap<_, _> = claim_link::fresh_of_lab(pool, lab.id, now)
        .await?
        .into_iter()
        .map(|link| (link.member, link))
        .collect();
    let mut tx = control.store.begin().await?;
    let mut links = Vec::new();
    for member in chosen {
        let link = match fresh.get(&member.id) {
            Some(link) => link.clone(),
            None => {
                let link = new(control, member)?;
                claim_link::insert(&mut tx, &link).await?;
                link
            }
        };
        links.push(Link {
            login: member.login.as_str().to_owned(),
            url: url(control, &link)?,
            expires_at: link.expires_at,
        });
    }
    let subject = format!("lab/{}", lab.slug);
    let detail = serde_json::json!({ "links": links.len() });
    let entry = audit::Entry::new(now, actor, "claim_links", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(links)
}

fn new(control: &Control, member: &Member) -> Result<ClaimLink, Error> {
    let now = control.now();
    let secret = token::generate(&*control.random, "");
    Ok(ClaimLink {
        token_hash: token::hash(&secret).to_vec(),
        member: member.id,
        token_sealed: control
            .sealer
            .seal(&*control.random, &purpose(member.id), &secret)?,
        created_at: now,
        expires_at: now + LIFE,
        claimed_at: None,
    })
}

fn purpose(member: pglab_core::id::MemberId) -> String {
    format!("claim link of {member}")
}

/// Where the link leads.
pub(crate) fn url(control: &Control, link: &ClaimLink) -> Result<String, Error> {
    let secret = control.sealer.open(&purpose(link.member), &link.token_sealed)?;
    Ok(format!("{}/claim/{secret}", control.public_url))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    Fresh,
    Used,
    Expired,
}

impl ClaimState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// What a link is for. Whoever has it is the one it was given to.
#[derive(Debug, Clone)]
pub struct Claim {
    pub link: ClaimLink,
    pub member: Member,
    pub lab: Lab,
    pub state: ClaimState,
}

/// # Errors
/// There is no such link.
pub async fn look(control: &Control, token: &str) -> Result<Claim, Error> {
    let missing = || Error::NotFound("such claim link; ask for a new one".to_owned());
    let pool = control.store.pool();
    let link = claim_link::by_token_hash(pool, &token::hash(token))
        .await?
        .ok_or_else(missing)?;
    let member = member::by_id(pool, link.member).await?.ok_or_else(missing)?;
    let lab = lab::by_id(pool, member.lab).await?.ok_or_else(missing)?;
    let claimable = member.removed_at.is_none()
        && credential::by_person(pool, member.person)
            .await?
            .is_some_and(|credential| {
                credential.initial_sealed.is_some() && credential.differs_since.is_none()
            });
    let state = if link.claimed_at.is_some() {
        ClaimState::Used
    } else if link.expires_at <= control.now() {
        ClaimState::Expired
    } else if !claimable {
        ClaimState::Used
    } else {
        ClaimState::Fresh
    };
    Ok(Claim {
        link,
        member,
        lab,
        state,
    })
}

/// Shows the kit with the initial password, for the last time.
///
/// # Errors
/// The link was used or expired, or the database is not there yet (the link stays as it is).
pub async fn take(control: &Control, token: &str) -> Result<MemberKit, Error> {
    let claim = look(control, token).await?;
    let used = || {
        Error::Gone(
            "this link was used already, or the password is another by now; ask your instructor".to_owned(),
        )
    };
    match claim.state {
        ClaimState::Fresh => {}
        ClaimState::Used => return Err(used()),
        ClaimState::Expired => {
            return Err(Error::Gone(
                "this link has expired; ask your instructor for a new one".to_owned(),
            ));
        }
    }
    let pool = control.store.pool();
    let instance = instance::by_member(pool, claim.member.id).await?.ok_or_else(|| {
        Error::Conflict("your database is not there yet; try the link again in a few minutes".to_owned())
    })?;
    let found = credential::by_person(pool, claim.member.person)
        .await?
        .ok_or_else(used)?;
    let sealed = found.initial_sealed.clone().ok_or_else(used)?;
    let password = crate::credential::initial_password(control, &found)?.ok_or_else(used)?;
    let to_hash = password.clone();
    let hash = hashing(move || password::hash(&to_hash)).await?;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    if !claim_link::mark_claimed(&mut tx, &claim.link.token_hash, now).await?
        || !initial_password::claim(&mut tx, claim.member.person, &sealed, &hash, now).await?
    {
        return Err(used());
    }
    let subject = format!("lab/{}/member/{}", claim.lab.slug, claim.member.login);
    let entry = audit::Entry::new(now, &Actor::Stranger, "claim", &subject);
    audit::insert(&mut tx, entry).await?;
    let happened = timeline::NewEntry {
        member: claim.member.id,
        at: now,
        kind: timeline::Kind::Password,
        text: "Claimed their password.".to_owned(),
        task: None,
        points: None,
    };
    timeline::insert(&mut tx, &[happened]).await?;
    control.store.commit(tx).await?;
    Ok(kit::assemble(
        &control.cluster,
        &claim.lab.slug,
        &claim.member,
        &instance,
        Some(password),
    ))
}

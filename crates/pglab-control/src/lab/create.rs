//! A new lab. Who makes it is its first instructor.

use pglab_core::{
    access::{Actor, Membership, Operation},
    activity::Event,
    id::{LabId, MemberId},
    lab::{LabSettings, LabState, MemberRole, Slug, Start},
};
use pglab_store::{audit, lab::Lab, membership};

use super::{LabView, from_pack, from_pack::FromPack, settings, title, view};
use crate::{
    Control, Error,
    activity::{self, NewActivity},
};

#[derive(Debug, Clone)]
pub struct NewLab {
    pub slug: String,
    pub title: String,
    pub start: Option<Start>,
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Makes it of the challenges of a pack, which then say what students begin with.
    pub pack: Option<FromPack>,
}

/// # Errors
/// Not an instructor; the slug is taken or can't be one; start or settings that make no sense; no such pack.
pub async fn create(control: &Control, actor: &Actor, new: NewLab) -> Result<LabView, Error> {
    control.authorise(actor, Operation::LabCreate)?;
    if new.pack.is_some() && new.start.is_some() {
        return Err(Error::invalid(
            "start",
            "what students begin with is said by the pack: leave it out",
        ));
    }
    let slug = Slug::parse(&new.slug).map_err(|error| Error::invalid("slug", error.to_string()))?;
    let creator = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let lab = Lab {
        id: LabId::new(&*control.clock, &*control.random),
        title: title::title("title", &new.title)?,
        state: LabState::Draft,
        start: settings::start(new.start.unwrap_or_default())?,
        settings: settings::merged(actor, &LabSettings::default(), new.settings)?,
        version: 1,
        created_by: creator,
        created_at: control.now(),
        opened_at: None,
        closed_at: None,
        archived_at: None,
        prepare_wanted_at: None,
        archive_wanted_at: None,
        delete_wanted_at: None,
        trouble: None,
        slug,
    };
    let Some(from) = &new.pack else {
        return insert(control, actor, lab, None).await;
    };
    let mut lab = lab;
    let material = from_pack::gather(control, from).await?;
    lab.start = material.start.clone();
    let inserted = insert(control, actor, lab, Some(&material)).await;
    match inserted {
        Ok(view) => {
            control.examples().changed();
            control.wake().example.notify_one();
            Ok(view)
        }
        Err(error) => {
            material.give_up(control).await;
            Err(error)
        }
    }
}

async fn insert(
    control: &Control,
    actor: &Actor,
    lab: Lab,
    material: Option<&from_pack::Material>,
) -> Result<LabView, Error> {
    let creator = lab.created_by;
    let mut tx = control.store.begin().await?;
    pglab_store::lab::insert(&mut tx, &lab)
        .await
        .map_err(|error| match error {
            pglab_store::Error::Taken(_) => Error::Conflict(format!(
                "there is a lab {:?} already; choose another short name",
                lab.slug.as_str()
            )),
            other => other.into(),
        })?;
    let mut place = None;
    if let Some(person) = creator {
        let membership = Membership {
            lab: lab.id,
            member: MemberId::new(&*control.clock, &*control.random),
            role: MemberRole::Instructor,
        };
        membership::insert(&mut tx, membership, person, control.now()).await?;
        place = Some(membership);
    }
    if let Some(material) = material {
        from_pack::write(control, &mut tx, &lab, material).await?;
    }
    let entry = audit::Entry::new(control.now(), actor, "lab_create", lab.slug.as_str());
    audit::insert(&mut tx, entry).await?;
    let made = NewActivity::new(control.now(), Event::GroupCreated)
        .person(creator)
        .lab(lab.id);
    activity::record(&mut tx, &made).await?;
    control.store.commit(tx).await?;
    view(control, actor, lab, place).await
}

//! Which challenges of its pack a lab is made of, and in which order: looked at, chosen, ordered, taken out. What people
//! earned with a challenge that goes stays, and is counted again when it comes back.

use pglab_core::{
    access::{Actor, Operation},
    cdf::Database,
    id::ChallengeId,
    lab::LabState,
    pack::Pack,
};
use pglab_store::{audit, lab_source, pack as pack_table, task, task_content};
use serde_json::json;

use super::{find, locked};
use crate::{
    Control, Error,
    pack::{Chosen, load, renew_all},
};

/// The challenges of a lab's pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabChallenges {
    pub pack: String,
    pub pack_version: String,
    /// Keys, in the order of the lab.
    pub chosen: Vec<String>,
    /// Keys that could be chosen too: those that begin with the same database.
    pub others: Vec<String>,
}

/// # Errors
/// Not of the lab's staff; the lab was made of no pack.
pub async fn challenges(control: &Control, actor: &Actor, slug: &str) -> Result<LabChallenges, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let pool = control.store.pool();
    let Some(source) = lab_source::of_lab(pool, lab.id).await? else {
        return Err(of_no_pack(slug));
    };
    let rows = pack_table::challenges(pool, &source.pack).await?;
    let chosen: Vec<String> = lab_source::challenges(pool, lab.id)
        .await?
        .into_iter()
        .filter_map(|id| Some(rows.iter().find(|row| row.id == id)?.key.clone()))
        .collect();
    // A pack that was removed has nothing more to choose from.
    let others = match load(control, &source.pack).await {
        Ok(pack) => fitting(&pack, source.database.as_ref())
            .filter(|key| !chosen.contains(key))
            .collect(),
        Err(Error::NotFound(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(LabChallenges {
        pack: source.pack,
        pack_version: source.version,
        chosen,
        others,
    })
}

/// Of the lab's own pack these and no others, in this order.
///
/// # Errors
/// Not an instructor of the lab; it is archived or was made of no pack; a key twice, of no challenge, or of one that begins
/// with another database; none at all.
pub async fn set_challenges(
    control: &Control,
    actor: &Actor,
    slug: &str,
    keys: &[String],
) -> Result<LabChallenges, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let pool = control.store.pool();
    let Some(source) = lab_source::of_lab(pool, lab.id).await? else {
        return Err(of_no_pack(slug));
    };
    let pack = load(control, &source.pack).await?;
    let fit: Vec<String> = fitting(&pack, source.database.as_ref()).collect();
    if keys.is_empty() {
        return Err(Error::invalid("challenges", "a lab of a pack needs one at least"));
    }
    for (at, key) in keys.iter().enumerate() {
        let field = format!("challenges/{at}");
        if keys[..at].contains(key) {
            return Err(Error::invalid(&field, format!("{key:?} is in it twice")));
        }
        if !pack.challenges.iter().any(|one| one.challenge.key == *key) {
            let said = format!("the pack {:?} has no challenge {key:?}", source.pack);
            return Err(Error::invalid(&field, said));
        }
        if !fit.contains(key) {
            return Err(Error::invalid(
                &field,
                format!("{key:?} begins with another database than this lab; make a lab of its own of it"),
            ));
        }
    }
    let mut tx = control.store.begin().await?;
    pack_table::lock_all(&mut tx).await?;
    let lab = locked(&mut tx, lab.id, slug).await?;
    if lab.state == LabState::Archived || lab.archive_wanted_at.is_some() {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} is archived and can't be changed"
        )));
    }
    let rows = pack_table::challenges(&mut *tx, &source.pack).await?;
    let chosen: Vec<Chosen<'_>> = keys
        .iter()
        .filter_map(|key| {
            let row = rows
                .iter()
                .find(|row| row.key == *key && row.removed_at.is_none())?;
            let one = pack.challenges.iter().find(|one| one.challenge.key == *key)?;
            Some(Chosen {
                id: row.id,
                challenge: &one.challenge,
            })
        })
        .collect();
    let before = lab_source::challenges(&mut *tx, lab.id).await?;
    // Those of other packs, which came through the Database API, stay behind the ones that are chosen here.
    let of_others = before.iter().filter(|id| rows.iter().all(|row| row.id != **id));
    let ids: Vec<ChallengeId> = chosen
        .iter()
        .map(|one| one.id)
        .chain(of_others.copied())
        .collect();
    // The tasks of a challenge that comes back were dropped with it.
    let contents = task_content::of_lab(&mut *tx, lab.id).await?;
    let mut tasks = task::all(&mut *tx, lab.id).await?;
    for kept in &mut tasks {
        let of = contents.get(&kept.task.id).map(|content| content.challenge);
        if of.is_some_and(|id| ids.contains(&id) && !before.contains(&id)) {
            kept.dropped_at = None;
        }
    }
    task::replace(&mut tx, lab.id, &tasks).await?;
    lab_source::set_challenges(&mut tx, lab.id, &ids).await?;
    renew_all(control, &mut tx, lab.id, &chosen, Some(&source.pack)).await?;
    let entry =
        audit::Entry::new(control.now(), actor, "lab_challenges", slug).detail(json!({ "challenges": keys }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().live.notify_one();
    challenges(control, actor, slug).await
}

fn of_no_pack(slug: &str) -> Error {
    Error::NotFound(format!(
        "challenge in the lab {slug:?}: it was made of no pack, so its tasks are its own"
    ))
}

/// All members have one database, so what joins must begin with it, or need none.
fn fitting<'p>(pack: &'p Pack, database: Option<&'p Database>) -> impl Iterator<Item = String> + 'p {
    pack.challenges
        .iter()
        .filter(move |one| {
            one.challenge.databases.iter().all(|other| {
                database.is_some_and(|database| {
                    let like = Database {
                        id: database.id.clone(),
                        ..other.clone()
                    };
                    like == *database
                })
            })
        })
        .map(|one| one.challenge.key.clone())
}

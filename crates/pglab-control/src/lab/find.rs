//! Where every operation on a lab begins: the lab, and the actor's place in it. What the actor may do there is asked
//! afterwards.

use pglab_core::{
    access::{Actor, Membership},
    lab::Slug,
};
use pglab_store::{lab::Lab, membership};

use crate::{Control, Error};

/// A lab that is being deleted is no longer found.
///
/// # Errors
/// Nobody is signed in, or there is no such lab.
pub async fn find(control: &Control, actor: &Actor, slug: &str) -> Result<(Lab, Option<Membership>), Error> {
    if *actor == Actor::Stranger {
        return Err(Error::NotSignedIn);
    }
    let missing = || Error::NotFound(format!("lab {slug:?}"));
    let parsed = Slug::parse(slug).map_err(|_| missing())?;
    let pool = control.store.pool();
    let lab = pglab_store::lab::by_slug(pool, &parsed)
        .await?
        .filter(|lab| lab.delete_wanted_at.is_none())
        .ok_or_else(missing)?;
    let place = match actor {
        Actor::Person(person) => membership::of_person(pool, lab.id, person.id).await?,
        Actor::Stranger | Actor::System => None,
    };
    Ok((lab, place))
}

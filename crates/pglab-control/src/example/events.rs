//! An example whenever it changes, for those who watch it being loaded.

use std::time::Duration;

use futures::{Stream, stream};
use pglab_core::access::{Actor, Operation};
use tokio::time::timeout;

use super::view::{ExampleView, of_lab};
use crate::{Control, Error, lab};

/// Another process may do the work: then the changes are seen in our own database, this often.
const PERIOD: Duration = Duration::from_secs(1);
/// Between two looks, however often something changes.
const BREATH: Duration = Duration::from_millis(100);

/// The example as it is, and again after every change. Ends when the lab is gone or our own database does not answer.
///
/// # Errors
/// No such lab, or the actor is not of its staff.
pub async fn events(
    control: &Control,
    actor: &Actor,
    slug: &str,
) -> Result<impl Stream<Item = ExampleView> + Send + use<>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let control = control.clone();
    let changes = control.examples().watch();
    let state = (control, changes, None::<ExampleView>);
    Ok(stream::unfold(
        state,
        move |(control, mut changes, last)| async move {
            loop {
                changes.mark_unchanged();
                let now = of_lab(&control, lab.id).await.ok()?;
                match now {
                    Some(now) if last.as_ref() != Some(&now) => {
                        return Some((now.clone(), (control, changes, Some(now))));
                    }
                    None if pglab_store::lab::by_id(control.store.pool(), lab.id)
                        .await
                        .ok()?
                        .is_none() =>
                    {
                        return None;
                    }
                    _ => {}
                }
                // Elapsed or changed, it is time to look.
                let _ = timeout(PERIOD, changes.changed()).await;
                tokio::time::sleep(BREATH).await;
            }
        },
    ))
}

//! Reading a board: whole, or as it changes.

use std::{sync::Arc, time::Duration};

use pglab_core::access::{Actor, Operation};

use super::{BoardView, Subscription, boards::settle};
use crate::{Control, Error, lab};

/// How long somebody waits for databases to be looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// A board, and whether it has all that was waited for.
#[derive(Debug, Clone)]
pub struct Shown {
    pub view: Arc<BoardView>,
    /// False: a fresh board was wanted, and some database could not be looked at in time.
    pub settled: bool,
}

/// With `fresh`, waits until everything that was committed before has been looked at, for at most 5 s.
///
/// # Errors
/// Not of the lab's staff, or no such lab.
pub async fn show(control: &Control, actor: &Actor, slug: &str, fresh: bool) -> Result<Shown, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let settled = !fresh || settle(control, &lab, PATIENCE).await?;
    if !settled {
        tracing::info!(
            lab = slug,
            "the board was asked for before every database could be looked at"
        );
    }
    let board = control.boards().of_lab(control, &lab).await?;
    Ok(Shown {
        view: board.view(control.now()),
        settled,
    })
}

/// For who has the event `after` (epoch and number) already, or nothing.
///
/// # Errors
/// Not of the lab's staff, or no such lab.
pub async fn subscribe(
    control: &Control,
    actor: &Actor,
    slug: &str,
    after: Option<(u64, u64)>,
) -> Result<Subscription, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let board = control.boards().of_lab(control, &lab).await?;
    Ok(board.subscribe(after, control.now()))
}

/// How often the rows of a board were made so far, in this process: 0 for one that nobody asked for.
pub fn n_computed(control: &Control, slug: &str) -> u64 {
    control
        .boards()
        .all()
        .iter()
        .find(|(_, board)| board.read(|state| state.lab.slug.as_str() == slug))
        .map_or(0, |(_, board)| board.n_computed())
}

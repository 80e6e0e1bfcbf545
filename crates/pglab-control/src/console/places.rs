//! How many consoles are open: of one person, and in all. A place is given back when it is dropped.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use pglab_core::{
    access::Actor,
    id::{MemberId, PersonId},
};
use tokio::sync::MutexGuard;

use super::Alone;
use crate::Error;

/// Tabs of one person.
pub const MAX_OF_PERSON: usize = 4;
/// Of everybody, in one process.
pub const MAX_IN_ALL: usize = 400;

#[derive(Debug, Default)]
pub struct Consoles {
    taken: Arc<Mutex<Taken>>,
    alone: Alone,
}

#[derive(Debug, Default)]
struct Taken {
    n: usize,
    of: HashMap<PersonId, usize>,
}

/// Taken as long as it lives.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<Taken>>,
    person: Option<PersonId>,
}

impl Consoles {
    pub(super) fn take(&self, actor: &Actor) -> Result<Place, Error> {
        let person = match actor {
            Actor::Person(person) => Some(person.id),
            Actor::Stranger | Actor::System => None,
        };
        let mut taken = self.taken.lock();
        if taken.n >= MAX_IN_ALL {
            return Err(Error::Unavailable(format!(
                "{MAX_IN_ALL} consoles are open, which is all that there may be; try again later or use psql"
            )));
        }
        if let Some(person) = person {
            let n = taken.of.entry(person).or_default();
            if *n >= MAX_OF_PERSON {
                return Err(Error::Conflict(format!(
                    "you have {MAX_OF_PERSON} consoles open; close one in another tab first"
                )));
            }
            *n += 1;
        }
        taken.n += 1;
        Ok(Place {
            taken: self.taken.clone(),
            person,
        })
    }

    /// How many are open in this process.
    pub fn n_open(&self) -> usize {
        self.taken.lock().n
    }

    pub(super) async fn alone(&self, member: MemberId) -> Option<MutexGuard<'_, ()>> {
        self.alone.lock(member).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.n = taken.n.saturating_sub(1);
        if let Some(person) = self.person {
            let left = taken.of.get(&person).map_or(0, |n| n.saturating_sub(1));
            if left == 0 {
                taken.of.remove(&person);
            } else {
                taken.of.insert(person, left);
            }
        }
    }
}

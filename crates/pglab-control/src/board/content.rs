//! What the members of a lab are judged by: its tasks, made ready for judging. Read from the store when it changed, and
//! shared by all looks at the lab's databases.

use std::collections::HashMap;

use pglab_core::{
    check::Verdict,
    id::{CheckId, LabId},
    judge::{Judge, RowsNeeded},
    lab::TypeRule,
    task::{Points, Task},
};
use pglab_store::{example_rows, task};

use crate::{Control, Error};

#[derive(Debug)]
pub struct Content {
    pub tasks: Vec<Task>,
    pub judge: Judge,
    pub needed: Vec<RowsNeeded>,
    pub max_score: Points,
    pub(crate) rule: TypeRule,
}

impl Content {
    pub(crate) async fn load(control: &Control, lab: LabId, rule: TypeRule) -> Result<Self, Error> {
        let pool = control.store.pool();
        let tasks = task::live(pool, lab).await?;
        let rows = example_rows::of_lab(pool, lab).await?;
        let judge = Judge::new(&tasks, rows, rule);
        Ok(Self {
            needed: judge.rows_needed(),
            max_score: tasks.iter().map(|task| task.points).sum(),
            tasks,
            judge,
            rule,
        })
    }

    /// The verdicts in the order of the tasks and their checks; those of other checks are left out. Empty when none of
    /// the checks has one, so that who was never looked at is told from who has nothing.
    pub fn in_order(&self, verdicts: &HashMap<CheckId, Verdict>) -> Vec<Verdict> {
        self.tasks
            .iter()
            .flat_map(|task| &task.checks)
            .filter_map(|check| verdicts.get(&check.id).cloned())
            .collect()
    }

    /// Judges alike.
    pub(crate) fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.tasks == other.tasks && self.needed == other.needed && self.rule == other.rule)
    }
}

//! Which databases are looked at: the active instances of labs that are not archived. Read anew when labs, members or
//! instances change.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use pglab_core::{
    id::{InstanceId, LabId},
    instance::InstanceState,
    lab::LabState,
};
use pglab_store::{instance, lab};

use super::look::Subject;
use crate::{
    Control, Error,
    board::{Board, Content},
    instance::checker_password,
};

#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) by_instance: HashMap<InstanceId, (Arc<Subject>, Arc<Board>)>,
    pub(super) by_database: HashMap<String, InstanceId>,
    /// What the last looks judged by.
    content: HashMap<LabId, Arc<Content>>,
    /// New ones of a class that is being prepared: databases are made first, and looked at when all are there.
    deferred: HashSet<InstanceId>,
}

#[derive(Debug, Default)]
pub(super) struct Changes {
    /// To be looked at, with everything.
    pub(super) look: Vec<InstanceId>,
    /// Their database is another now, or none.
    pub(super) forget: Vec<InstanceId>,
}

impl Subjects {
    pub(super) async fn reload(&mut self, control: &Control) -> Result<Changes, Error> {
        let pool = control.store.pool();
        let mut boards: HashMap<LabId, (Arc<Board>, LabState)> = HashMap::new();
        for lab in lab::all(pool).await? {
            if lab.state != LabState::Archived && lab.delete_wanted_at.is_none() {
                let board = control.boards().of_lab(control, &lab).await?;
                boards.insert(lab.id, (board, lab.state));
            }
        }
        let mut changes = Changes::default();
        let mut seen = HashSet::new();
        let instances = instance::all(pool).await?;
        let in_making: HashSet<LabId> = instances
            .iter()
            .filter(|instance| {
                matches!(
                    instance.state,
                    InstanceState::Queued { .. } | InstanceState::Creating { .. }
                )
            })
            .map(|instance| instance.lab)
            .collect();
        for instance in instances {
            let Some((board, lab_state)) = boards.get(&instance.lab) else {
                continue;
            };
            let never_judged = board.read(|state| {
                let member = state.members.get(&instance.member)?;
                Some(member.verdicts.is_empty())
            });
            let (InstanceState::Active, Some(never_judged)) = (&instance.state, never_judged) else {
                continue;
            };
            seen.insert(instance.id);
            let known = self.by_instance.get(&instance.id);
            if known.is_some_and(|(known, _)| known.version == instance.version) {
                continue;
            }
            let is_new = known.is_none();
            if !is_new {
                changes.forget.push(instance.id);
            }
            // Nobody gets into the databases of a closed lab: what was found last still holds.
            if is_new && never_judged && in_making.contains(&instance.lab) {
                self.deferred.insert(instance.id);
            } else if *lab_state != LabState::Closed || never_judged || !is_new {
                changes.look.push(instance.id);
            }
            self.by_database
                .insert(instance.database.as_str().to_owned(), instance.id);
            let subject = Subject {
                instance: instance.id,
                member: instance.member,
                lab: instance.lab,
                database: instance.database.clone(),
                checker_role: instance.checker_role.clone(),
                checker_password: checker_password(control, &instance)?,
                version: instance.version,
            };
            self.by_instance
                .insert(instance.id, (Arc::new(subject), board.clone()));
        }
        let gone: Vec<InstanceId> = self
            .by_instance
            .keys()
            .filter(|id| !seen.contains(id))
            .copied()
            .collect();
        for id in gone {
            self.by_instance.remove(&id);
            changes.forget.push(id);
        }
        let known = &self.by_instance;
        self.deferred.retain(|id| match known.get(id) {
            Some((subject, _)) if in_making.contains(&subject.lab) => true,
            Some(_) => {
                changes.look.push(*id);
                false
            }
            None => false,
        });
        self.by_database.retain(|_, id| known.contains_key(id));
        self.follow_content(&boards, &mut changes);
        Ok(changes)
    }

    /// Other tasks, or another example: everybody is judged anew.
    fn follow_content(&mut self, boards: &HashMap<LabId, (Arc<Board>, LabState)>, changes: &mut Changes) {
        self.content.retain(|lab, _| boards.contains_key(lab));
        let mut changed = HashSet::new();
        for (lab, (board, _)) in boards {
            let content = board.read(|state| state.content.clone());
            match self.content.insert(*lab, content.clone()) {
                Some(old) if !old.same(&content) => {
                    changed.insert(*lab);
                }
                _ => {}
            }
        }
        changes.look.extend(
            self.by_instance
                .values()
                .filter(|(subject, _)| changed.contains(&subject.lab))
                .map(|(subject, _)| subject.instance),
        );
    }

    pub(super) fn of_lab(&self, lab: LabId) -> impl Iterator<Item = InstanceId> {
        self.by_instance
            .values()
            .filter(move |(subject, _)| subject.lab == lab)
            .map(|(subject, _)| subject.instance)
    }
}

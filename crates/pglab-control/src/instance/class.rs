//! Everybody's case: what our own database wants for each student, beside what was seen on the cluster.

use std::collections::HashMap;

use pglab_core::{
    id::{LabId, MemberId},
    ident::Ident,
    instance::InstanceState,
    lab::LabState,
    plan_instances::{Case, Seen, Standing, want},
};
use pglab_fleet::inventory::{Found, FoundDatabase};
use pglab_store::{
    class::{self, ClassLab, ClassStudent},
    instance::{self, Instance},
    snapshot_database::{self, SnapshotDatabase},
};

use crate::{Control, Error, directory::verifiers};

#[derive(Debug)]
pub(super) struct Class {
    pub(super) labs: HashMap<LabId, ClassLab>,
    pub(super) students: Vec<ClassStudent>,
    pub(super) instances: HashMap<MemberId, Instance>,
    pub(super) snapshots: Vec<SnapshotDatabase>,
}

/// One student with all that is known of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct One<'a> {
    pub(super) lab: &'a ClassLab,
    pub(super) student: &'a ClassStudent,
    pub(super) instance: &'a Instance,
}

impl Class {
    pub(super) async fn read(control: &Control) -> Result<Self, Error> {
        let pool = control.store.pool();
        let mut students = class::students(pool).await?;
        verifiers::choose(control, &mut students).await?;
        Ok(Self {
            labs: class::labs(pool)
                .await?
                .into_iter()
                .map(|lab| (lab.id, lab))
                .collect(),
            students,
            instances: instance::all(pool)
                .await?
                .into_iter()
                .map(|instance| (instance.member, instance))
                .collect(),
            snapshots: snapshot_database::standing(pool).await?,
        })
    }

    /// Is there anything that the cluster must be asked about?
    pub(super) fn is_idle(&self) -> bool {
        self.snapshots.is_empty()
            && self
                .instances
                .values()
                .all(|instance| instance.state == InstanceState::Terminated)
            && self.students.iter().all(|student| {
                self.standing(student)
                    .is_none_or(|standing| want(standing).0 != pglab_core::plan_instances::Want::Database)
            })
    }

    fn standing(&self, student: &ClassStudent) -> Option<Standing> {
        let lab = self.labs.get(&student.lab)?;
        Some(Standing {
            lab: match lab.archive_wanted_at {
                Some(_) => LabState::Closed,
                None => lab.state,
            },
            prepare_wanted: lab.prepare_wanted_at.is_some(),
            delete_wanted: lab.delete_wanted_at.is_some(),
            shut_out: student.shut_out,
        })
    }

    /// The databases to look for on the cluster, each with the role of its student.
    pub(super) fn databases(&self) -> Vec<(&Ident, &Ident)> {
        self.students
            .iter()
            .filter_map(|student| {
                let instance = self.instances.get(&student.member)?;
                Some((&instance.database, student.login.role()))
            })
            .collect()
    }

    /// `found` is the answer about [`Self::databases`].
    pub(super) fn cases(&self, found: &[Found]) -> Vec<Case> {
        let mut found = found.iter();
        let mut cases = Vec::new();
        for student in &self.students {
            let instance = self.instances.get(&student.member);
            let found = instance.and_then(|_| found.next());
            let Some(standing) = self.standing(student) else {
                continue;
            };
            let (want, open) = want(standing);
            let has_start = self.labs.get(&student.lab).is_some_and(|lab| lab.start.is_some());
            cases.push(Case {
                member: student.member,
                want,
                open,
                can_make: has_start && student.scram_verifier.is_some(),
                instance: instance.zip(found).map(|(instance, found)| Seen {
                    state: instance.state.clone(),
                    database: found.database == FoundDatabase::Ours,
                    connect: found.connect,
                    over_quota: found.over_quota,
                }),
            });
        }
        cases
    }

    pub(super) fn student(&self, member: MemberId) -> Option<(&ClassLab, &ClassStudent)> {
        // Sorted by member.
        let at = self
            .students
            .binary_search_by_key(&member, |student| student.member)
            .ok()?;
        let student = self.students.get(at)?;
        Some((self.labs.get(&student.lab)?, student))
    }

    pub(super) fn one(&self, member: MemberId) -> Option<One<'_>> {
        let (lab, student) = self.student(member)?;
        Some(One {
            lab,
            student,
            instance: self.instances.get(&member)?,
        })
    }

    /// May this student connect?
    pub(super) fn open(&self, student: &ClassStudent) -> bool {
        self.standing(student).is_some_and(|standing| want(standing).1)
    }
}

//! The metrics of labs: made from the boards of this process, one pass over the members of each.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId},
    task::TaskState,
};

use super::{
    family::{Families, Family, count, number},
    student_name,
};
use crate::{
    Control,
    board::{Board, BoardView},
};

/// Series of one lab with a student in them; beyond this, tasks of students are left out first, then students.
pub const MOST_SERIES: usize = 50_000;
/// Series of a student besides those of the tasks.
const PER_STUDENT: usize = 8;

struct Lab {
    lab: Whole,
    student: Students,
    task: Tasks,
}

struct Whole {
    info: Family,
    students: Family,
    max_points: Family,
    quota: Family,
    limited: Family,
    instances: Family,
    viewers: Family,
    pace: Family,
}

struct Students {
    points: Family,
    now: Family,
    need: Family,
    connected: Family,
    hand: Family,
    progress: Family,
    errors: Family,
    bytes: Family,
}

struct Tasks {
    of_student: Family,
    max_points: Family,
    info: Family,
    students: Family,
}

impl Lab {
    fn new() -> Self {
        Self {
            lab: Whole {
                info: Family::gauge("pglab_lab_info", "A lab with its title and state; always 1"),
                students: Family::gauge("pglab_lab_students", "Students of a lab by section"),
                max_points: Family::gauge(
                    "pglab_lab_max_points",
                    "The points that a student can earn in the lab",
                ),
                quota: Family::gauge(
                    "pglab_lab_quota_bytes",
                    "The size that a student's database may have",
                ),
                limited: Family::gauge(
                    "pglab_lab_series_limited",
                    "1 where the lab has more series than are exported, and some of its students' are left out",
                ),
                instances: Family::gauge("pglab_instances", "Students' databases by their state"),
                viewers: Family::gauge(
                    "pglab_board_viewers",
                    "Pages and programs that follow the board of a lab",
                ),
                pace: Family::gauge(
                    "pglab_lab_seconds_per_task",
                    "The class's pace: seconds that a task takes; absent while the lab is not open",
                ),
            },
            student: Students {
                points: Family::gauge("pglab_student_points", "Points that a student earned and keeps"),
                now: Family::gauge(
                    "pglab_student_now_points",
                    "Points that the student's database deserves now",
                ),
                need: Family::gauge(
                    "pglab_student_need_score",
                    "How much a student needs help; 0 is not at all",
                ),
                connected: Family::gauge(
                    "pglab_student_connected",
                    "1 while the student has a session in the database",
                ),
                hand: Family::gauge("pglab_student_hand_raised", "1 while the student asks for help"),
                progress: Family::gauge(
                    "pglab_student_last_progress_timestamp_seconds",
                    "When the student last earned points; absent before the first",
                ),
                errors: Family::counter(
                    "pglab_student_errors_total",
                    "Errors that PostgreSQL answered to the student's statements",
                ),
                bytes: Family::gauge(
                    "pglab_student_database_bytes",
                    "Size of the student's database, at most a minute old",
                ),
            },
            task: Tasks {
                of_student: Family::gauge(
                    "pglab_student_task_points",
                    "Points that a student earned with a task",
                ),
                max_points: Family::gauge("pglab_task_max_points", "The points that a task is worth"),
                info: Family::gauge("pglab_task_info", "A task with its title; always 1"),
                students: Family::gauge("pglab_task_students", "Students by how a task stands for them"),
            },
        }
    }

    fn push_to(self, families: &mut Families) {
        let (lab, student, task) = (self.lab, self.student, self.task);
        for family in [
            lab.info,
            lab.students,
            lab.max_points,
            lab.quota,
            lab.limited,
            lab.instances,
            lab.viewers,
            lab.pace,
            student.points,
            student.now,
            student.need,
            student.connected,
            student.hand,
            student.progress,
            student.errors,
            student.bytes,
            task.of_student,
            task.max_points,
            task.info,
            task.students,
        ] {
            families.push(family);
        }
    }
}

/// What a board's rows do not show.
struct Beside {
    last_progress_at: Option<DateTime<Utc>>,
    n_errors: u64,
    database: Option<String>,
}

pub(super) fn families(control: &Control, families: &mut Families) {
    let mut boards = control.boards().all();
    let mut all = Lab::new();
    // In the same order at every scrape.
    boards.sort_by_key(|(id, _)| *id);
    for (id, board) in boards {
        of_lab(control, id, &board, &mut all);
    }
    all.push_to(families);
}

fn of_lab(control: &Control, id: LabId, board: &Arc<Board>, all: &mut Lab) {
    let view = board.view(control.now());
    let (settings, keys, beside) = board.read(|state| {
        let beside: BTreeMap<MemberId, Beside> = state
            .members
            .iter()
            .map(|(id, member)| {
                let beside = Beside {
                    last_progress_at: member.last_progress_at(),
                    n_errors: member.mistakes.n_total(),
                    database: member.who.database.clone(),
                };
                (*id, beside)
            })
            .collect();
        let keys: BTreeMap<_, String> = state
            .content
            .tasks
            .iter()
            .map(|task| (task.id, task.key.clone()))
            .collect();
        (state.lab.settings.clone(), keys, beside)
    });
    let lab = view.lab.as_str();
    let key = |id| keys.get(id).map(String::as_str);
    whole(&view, settings.database_quota_mib, board.n_readers(), all);
    for task in view.tasks.iter() {
        let Some(key) = key(&task.id) else { continue };
        all.task
            .max_points
            .add(&[("lab", lab), ("task", key)], task.points.as_f64());
        all.task
            .info
            .add(&[("lab", lab), ("task", key), ("title", &task.title)], 1.0);
        for state in [
            TaskState::NotStarted,
            TaskState::Working,
            TaskState::Partly,
            TaskState::Done,
            TaskState::BrokenAgain,
        ] {
            let n = view
                .members
                .iter()
                .filter(|member| {
                    member
                        .tasks
                        .iter()
                        .any(|own| own.id == task.id && own.state == state)
                })
                .count();
            all.task.students.add(
                &[("lab", lab), ("task", key), ("state", state.as_str())],
                count(n),
            );
        }
    }
    let n_members = view.members.len();
    let with_students = n_members * PER_STUDENT <= MOST_SERIES;
    let with_tasks = n_members * (PER_STUDENT + view.tasks.len()) <= MOST_SERIES;
    all.lab
        .limited
        .add(&[("lab", lab)], f64::from(u8::from(!with_tasks)));
    if !with_students {
        return;
    }
    let sizes = control.metrics().sizes.lock().clone();
    for member in &view.members {
        let name = student_name(control, settings.metrics, id, member.id, member.login.as_str());
        let (Some(name), Some(beside)) = (name, beside.get(&member.id)) else {
            continue;
        };
        let section = member.section.as_deref().unwrap_or_default();
        let labels = [("lab", lab), ("section", section), ("student", &*name)];
        let student = &mut all.student;
        student.points.add(&labels, member.score.as_f64());
        student.now.add(&labels, member.now.as_f64());
        student.need.add(&labels, f64::from(member.need.score));
        let connected = member.activity.n_connections > 0;
        student.connected.add(&labels, f64::from(u8::from(connected)));
        student
            .hand
            .add(&labels, f64::from(u8::from(member.hand.is_some())));
        if let Some(at) = beside.last_progress_at {
            student
                .progress
                .add(&labels, number(u64::try_from(at.timestamp()).unwrap_or(0)));
        }
        student.errors.add(&labels, number(beside.n_errors));
        if let Some(bytes) = beside.database.as_ref().and_then(|name| sizes.get(name)) {
            student.bytes.add(&labels, number(*bytes));
        }
        if with_tasks {
            for task in &member.tasks {
                let Some(key) = key(&task.id) else { continue };
                all.task.of_student.add(
                    &[("lab", lab), ("student", &name), ("task", key)],
                    task.score.as_f64(),
                );
            }
        }
    }
}

/// What is one value per lab, section or state.
fn whole(view: &BoardView, quota_mib: u32, n_readers: usize, all: &mut Lab) {
    let name = view.lab.as_str();
    let lab = &mut all.lab;
    lab.info.add(
        &[
            ("lab", name),
            ("title", &view.title),
            ("state", view.state.as_str()),
        ],
        1.0,
    );
    let max: pglab_core::task::Points = view.tasks.iter().map(|task| task.points).sum();
    lab.max_points.add(&[("lab", name)], max.as_f64());
    lab.quota
        .add(&[("lab", name)], number(u64::from(quota_mib) << 20));
    lab.viewers.add(&[("lab", name)], count(n_readers));
    if let Some(seconds) = view.class.seconds_per_task {
        let seconds = number(u64::try_from(seconds).unwrap_or(0));
        lab.pace.add(&[("lab", name)], seconds);
    }
    let mut sections: BTreeMap<&str, usize> = BTreeMap::new();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for member in &view.members {
        *sections
            .entry(member.section.as_deref().unwrap_or_default())
            .or_default() += 1;
        *states.entry(member.instance_state).or_default() += 1;
    }
    for (section, n) in sections {
        lab.students.add(&[("lab", name), ("section", section)], count(n));
    }
    for state in [
        "queued",
        "creating",
        "active",
        "terminating",
        "terminated",
        "error",
        "none",
    ] {
        let n = states.get(state).copied().unwrap_or(0);
        lab.instances.add(&[("lab", name), ("state", state)], count(n));
    }
}

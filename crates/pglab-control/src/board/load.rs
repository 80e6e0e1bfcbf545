//! A board's knowledge from our own database: all of it when the board is made, and what changed when it is told so.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use pglab_core::{
    id::{LabId, MemberId},
    lab::MemberRole,
};
use pglab_store::{
    hand, instance, lab::Lab, member, mistake, task_score, task_score::TaskScore, timeline, verdict,
};

use super::{
    Board, Content,
    mistakes::SHARED_FOR,
    row::HandUp,
    state::{LabHead, Member, State, Who},
};
use crate::{Control, Error, live::score::Standing};

impl From<&Lab> for LabHead {
    fn from(lab: &Lab) -> Self {
        Self {
            id: lab.id,
            slug: lab.slug.clone(),
            title: lab.title.clone(),
            state: lab.state,
            opened_at: lab.opened_at,
            settings: lab.settings.clone(),
        }
    }
}

impl From<TaskScore> for Standing {
    fn from(score: TaskScore) -> Self {
        Self {
            best: score.best,
            now: score.now,
            state: score.state,
            best_at: score.best_at,
            completed_at: score.completed_at,
        }
    }
}

pub(crate) async fn state(control: &Control, lab: &Lab) -> Result<State, Error> {
    let pool = control.store.pool();
    let content = Content::load(control, lab.id, lab.settings.types).await?;
    let mut members: BTreeMap<MemberId, Member> = who(control, lab.id)
        .await?
        .into_iter()
        .map(|(id, who)| (id, Member::new(who)))
        .collect();
    for score in task_score::of_lab(pool, lab.id, None).await? {
        if let Some(member) = members.get_mut(&score.member) {
            member.standings.insert(score.task, score.into());
        }
    }
    for (id, verdict) in verdict::of_lab(pool, lab.id, None).await? {
        if let Some(member) = members.get_mut(&id) {
            member.add_verdict(verdict);
        }
    }
    for (id, first, last) in timeline::seen(pool, lab.id).await? {
        if let Some(member) = members.get_mut(&id) {
            member.first_seen_at = Some(first);
            member.last_active_at = Some(last);
            member.activity.last_seen_at = Some(last);
        }
    }
    for mistake in mistake::of_lab_since(pool, lab.id, control.now() - SHARED_FOR).await? {
        if let Some(member) = members.get_mut(&mistake.member) {
            member
                .mistakes
                .add(mistake.at, &mistake.sqlstate, &mistake.message, mistake.times);
        }
    }
    let mut state = State {
        lab: lab.into(),
        content: Arc::new(content),
        members,
    };
    take_hands(&mut state, hand::of_lab(pool, lab.id).await?);
    Ok(state)
}

/// The students of a lab, without those who were removed.
async fn who(control: &Control, lab: LabId) -> Result<BTreeMap<MemberId, Who>, Error> {
    let pool = control.store.pool();
    let mut instances: HashMap<_, _> = instance::of_lab(pool, lab)
        .await?
        .into_iter()
        .map(|instance| (instance.member, instance))
        .collect();
    Ok(member::of_lab(pool, lab)
        .await?
        .into_iter()
        .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none())
        .map(|member| {
            let instance = instances.remove(&member.id);
            let who = Who {
                login: member.login,
                name: member.name,
                section: member.section,
                seat: member.seat,
                instance_state: instance.as_ref().map_or("none", |instance| instance.state.name()),
                instance: instance.as_ref().map(|instance| instance.id),
                database: instance.map(|instance| instance.database.into()),
            };
            (member.id, who)
        })
        .collect())
}

fn take_hands(state: &mut State, hands: Vec<hand::Hand>) -> bool {
    let mut up: HashMap<_, _> = hands
        .into_iter()
        .map(|hand| {
            let up = HandUp {
                raised_at: hand.raised_at,
                why: hand.why,
            };
            (hand.member, up)
        })
        .collect();
    let mut changed = false;
    for (id, member) in &mut state.members {
        let hand = up.remove(id);
        changed |= member.hand != hand;
        member.hand = hand;
    }
    changed
}

/// The lab itself, its members and their instances.
pub(crate) async fn reload_members(control: &Control, board: &Board, lab: &Lab) -> Result<(), Error> {
    let who = who(control, lab.id).await?;
    let newcomers = board.read(|state| who.keys().any(|id| !state.members.contains_key(id)));
    if newcomers {
        // Somebody who was removed and is back has a history.
        let fresh = state(control, lab).await?;
        board.change(|state| {
            for (id, member) in fresh.members {
                state.members.entry(id).or_insert(member);
            }
            true
        });
    }
    board.change(|state| {
        let head = LabHead::from(lab);
        let mut changed = state.lab != head;
        state.lab = head;
        let n_before = state.members.len();
        state.members.retain(|id, _| who.contains_key(id));
        changed |= state.members.len() != n_before;
        for (id, who) in who {
            if let Some(member) = state.members.get_mut(&id)
                && member.who != who
            {
                member.who = who;
                changed = true;
            }
        }
        changed
    });
    Ok(())
}

/// The tasks, and what the example holds.
pub(crate) async fn reload_content(control: &Control, board: &Board, lab: &Lab) -> Result<(), Error> {
    let content = Arc::new(Content::load(control, lab.id, lab.settings.types).await?);
    if board.read(|state| state.content.same(&content)) {
        return Ok(());
    }
    board.change(|state| {
        let kept: HashSet<_> = content.tasks.iter().map(|task| task.id).collect();
        for member in state.members.values_mut() {
            member.standings.retain(|task, _| kept.contains(task));
        }
        state.content = content;
        true
    });
    Ok(())
}

pub(crate) async fn reload_hands(control: &Control, board: &Board, lab: LabId) -> Result<(), Error> {
    let hands = hand::of_lab(control.store.pool(), lab).await?;
    board.change(|state| take_hands(state, hands));
    Ok(())
}

/// What was earned by answers is other than this process has said, for many.
pub(crate) async fn earned_changed(control: &Control, lab: LabId) -> Result<(), Error> {
    match control.boards().known(lab) {
        Some(board) => reload_earned(control, &board, lab, None).await,
        None => Ok(()),
    }
}

/// What another process found out about the members, or about these.
pub(crate) async fn reload_scores(
    control: &Control,
    board: &Board,
    lab: LabId,
    members: Option<&[MemberId]>,
) -> Result<(), Error> {
    let pool = control.store.pool();
    let scores = task_score::of_lab(pool, lab, members).await?;
    let verdicts = match members {
        Some([member]) => verdict::of_lab(pool, lab, Some(*member)).await?,
        _ => verdict::of_lab(pool, lab, None).await?,
    };
    board.change(|state| {
        for score in scores {
            if let Some(member) = state.members.get_mut(&score.member) {
                member.standings.insert(score.task, score.into());
            }
        }
        for (id, verdict) in verdicts {
            if let Some(member) = state.members.get_mut(&id) {
                member.add_verdict(verdict);
            }
        }
        true
    });
    Ok(())
}

/// What members, or these of them, earned by answers in whatever process. Tasks that are checked in the databases are left
/// alone: who looks at them knows more than what is stored by now.
pub(crate) async fn reload_earned(
    control: &Control,
    board: &Board,
    lab: LabId,
    members: Option<&[MemberId]>,
) -> Result<(), Error> {
    let scores = task_score::of_lab(control.store.pool(), lab, members).await?;
    board.change(|state| {
        let answered: HashSet<_> = state
            .content
            .tasks
            .iter()
            .filter(|task| task.checks.is_empty())
            .map(|task| task.id)
            .collect();
        let mut changed = false;
        let mut earned = HashSet::new();
        for score in scores.into_iter().filter(|score| answered.contains(&score.task)) {
            earned.insert((score.member, score.task));
            if let Some(member) = state.members.get_mut(&score.member) {
                let (task, standing) = (score.task, Standing::from(score));
                changed |= member.standings.insert(task, standing) != Some(standing);
            }
        }
        // What was taken back by judging anew.
        for (id, member) in &mut state.members {
            if members.is_none_or(|members| members.contains(id)) {
                let before = member.standings.len();
                member
                    .standings
                    .retain(|task, _| !answered.contains(task) || earned.contains(&(*id, *task)));
                changed |= member.standings.len() != before;
            }
        }
        changed
    });
    Ok(())
}

pub(crate) async fn reload_mistakes(control: &Control, board: &Board, lab: LabId) -> Result<(), Error> {
    let mistakes = mistake::of_lab_since(control.store.pool(), lab, control.now() - SHARED_FOR).await?;
    board.change(|state| {
        for member in state.members.values_mut() {
            member.mistakes = super::RecentMistakes::default();
        }
        for mistake in mistakes {
            if let Some(member) = state.members.get_mut(&mistake.member) {
                member
                    .mistakes
                    .add(mistake.at, &mistake.sqlstate, &mistake.message, mistake.times);
            }
        }
        true
    });
    Ok(())
}

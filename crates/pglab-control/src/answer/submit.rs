//! One answer: may it be taken, what is said of it, and what it earns. It is counted before anything expensive is done
//! with it, so that no cap is passed by sending many at once.

use chrono::TimeDelta;
use pglab_core::{
    access::{Actor, Operation},
    id::{AttemptId, MemberId, TaskId},
    lab::{LabState, MemberRole},
    points::{Closed, Earning, Pricing},
    task::{
        Points, TaskKind, TaskState,
        kind::{Accepted, RightSet},
    },
};
use pglab_store::{
    answer::{self as table, Judged, NewAttempt, Outcome, Question, Settled, Tally},
    lab::Lab,
    notice::{self, Notice, Subject},
};
use serde_json::{Value, json};

use super::{
    flag,
    judge::{Said, Who, judge, runs_sql},
    verdict::Verdict,
};
use crate::{Control, Error, lab, live::score::Standing};

/// What somebody sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Look at my database now.
    Nothing,
    Text(String),
    Set(Vec<String>),
}

impl Given {
    fn document(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => json!(text),
            Self::Set(set) => json!(set),
        }
    }

    /// As [`Self::document`] kept it.
    pub(super) fn of_document(document: &Value) -> Self {
        match document {
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(set) => Self::Set(
                set.iter()
                    .filter_map(|one| one.as_str().map(str::to_owned))
                    .collect(),
            ),
            _ => Self::Nothing,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Answered {
    /// `None` where nothing was counted.
    pub attempt: Option<AttemptId>,
    pub verdict: Verdict,
    /// How many more count. `None`: as many as one likes.
    pub attempts_left: Option<u32>,
    pub earned: Option<Points>,
    /// Shown when the task is done.
    pub explanation: Option<String>,
    /// The staff tried: nothing was counted.
    pub trial: bool,
}

/// Takes an answer of the student who acts; who is of the staff tries the task, and nothing is counted.
///
/// # Errors
/// Not of this lab; no such task; the lab is not open for answers, or other challenges come first; no attempts left, too
/// fast, or done already; nothing that could be judged; the server does not answer (then the attempt is given back).
pub async fn submit(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    given: Given,
) -> Result<Answered, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let student = place.filter(|place| place.role == MemberRole::Student);
    match student {
        Some(place) => control.authorise(actor, Operation::Answer(Some(place), place.member))?,
        None => control.authorise(actor, Operation::LabAssist(place))?,
    }
    let member = student.map(|place| place.member);
    let pool = control.store.pool();
    let question = table::question(pool, lab.id, task, member)
        .await?
        .ok_or_else(|| Error::NotFound(format!("task {task} that is answered in this lab")))?;
    if question.content.is_state() {
        return Err(Error::Conflict(
            "this task turns by itself when your database is as it should be".to_owned(),
        ));
    }
    match member {
        Some(member) => of_member(control, &lab, member, task, question, given).await,
        None => trial(control, &lab, question, given).await,
    }
}

async fn trial(control: &Control, lab: &Lab, question: Question, given: Given) -> Result<Answered, Error> {
    let _session = session(control, &question.content.kind).await?;
    match judge(control, lab, Who::Staff, &question.content.kind, &given).await? {
        Said::Unfit(why) | Said::NotReady(why) => Err(Error::invalid("answer", why)),
        Said::Verdict(verdict) => Ok(Answered {
            explanation: explained(&question, verdict.right),
            attempt: None,
            verdict: *verdict,
            attempts_left: question.content.attempts,
            earned: None,
            trial: true,
        }),
    }
}

/// A place among those who are judged on the cluster now.
pub(super) async fn session<'c>(
    control: &'c Control,
    kind: &TaskKind,
) -> Result<Option<tokio::sync::SemaphorePermit<'c>>, Error> {
    if runs_sql(kind) {
        Ok(Some(
            control
                .answers()
                .sessions
                .acquire()
                .await
                .map_err(Error::internal)?,
        ))
    } else {
        Ok(None)
    }
}

fn explained(question: &Question, right: bool) -> Option<String> {
    Some(question.content.explanation.clone()).filter(|text| right && !text.is_empty())
}

async fn of_member(
    control: &Control,
    lab: &Lab,
    member: MemberId,
    task: TaskId,
    question: Question,
    given: Given,
) -> Result<Answered, Error> {
    let at = control.now();
    let late_percent = admitted(control, lab, member, &question, at).await?;
    let document = given.document();
    let content = &question.content;
    let cooldown = TimeDelta::seconds(i64::from(content.cooldown_s));
    let new = NewAttempt {
        id: AttemptId::new(&*control.clock, &*control.random),
        member,
        task,
        at,
        answer: &document,
        cap: content.attempts.map(|n| i32::try_from(n).unwrap_or(i32::MAX)),
        wait_until: (content.cooldown_s > 0).then(|| at + cooldown),
        per_minute: i32::try_from(question.rules.answers_per_minute.max(1)).unwrap_or(i32::MAX),
    };
    let taking = Taking {
        control,
        lab,
        question: &question,
        new: &new,
        late_percent,
    };
    let kind = &content.kind;
    let settled = if is_slow(kind) {
        if !table::reserve(control.store.pool(), &new).await? {
            return Err(taking.refusal().await?);
        }
        let said = async {
            let _session = session(control, kind).await?;
            judge(control, lab, Who::Member(member), kind, &given).await
        };
        match said.await {
            Ok(Said::Verdict(verdict)) => taking.settle(*verdict, false).await?,
            Ok(Said::Unfit(why) | Said::NotReady(why)) => {
                taking.give_back(&why).await?;
                return Err(Error::invalid("answer", why));
            }
            Err(error) => {
                taking.give_back(&error.to_string()).await?;
                return Err(error);
            }
        }
    } else {
        match judge(control, lab, Who::Member(member), kind, &given).await? {
            Said::Verdict(verdict) => taking.settle(*verdict, true).await?,
            Said::Unfit(why) | Said::NotReady(why) => return Err(Error::invalid("answer", why)),
        }
    };
    let Some((verdict, settled)) = settled else {
        return Err(taking.refusal().await?);
    };
    if let Some(points) = settled.earned {
        // It is written: a board that can't be read now hears of it as other processes do.
        if let Err(error) = taking.show(points, &settled.members).await {
            tracing::warn!(%error, "an answer that was counted is shown later");
        }
    }
    let n_counted = u32::try_from(settled.n_counted).unwrap_or(0);
    Ok(Answered {
        attempt: Some(new.id),
        explanation: explained(&question, verdict.right),
        attempts_left: content.attempts.map(|cap| cap.saturating_sub(n_counted)),
        earned: settled.earned,
        verdict,
        trial: false,
    })
}

/// It takes long enough that it is counted before.
fn is_slow(kind: &TaskKind) -> bool {
    let hashed = |accepted: &[Accepted]| accepted.iter().any(|one| matches!(one, Accepted::Hashed { .. }));
    match kind {
        TaskKind::Text(task) => hashed(&task.accepted),
        TaskKind::Choice(task) => hashed(&task.accepted),
        TaskKind::Flag(task) => hashed(&task.accepted),
        TaskKind::Checkboxes(task) => matches!(task.answer, RightSet::Hashed { .. }),
        kind => runs_sql(kind),
    }
}

/// May an answer be taken now? Gives the percent that come off for lateness.
pub(super) async fn admitted(
    control: &Control,
    lab: &Lab,
    member: MemberId,
    question: &Question,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<u8, Error> {
    if lab.state != LabState::Open {
        return Err(Error::Conflict(format!(
            "the lab {:?} is not open, and takes no answers",
            lab.slug.as_str()
        )));
    }
    let extra = TimeDelta::seconds(i64::from(question.extra_s));
    let late = question.rules.late_percent(extra, at).map_err(|closed| {
        Error::Conflict(match closed {
            Closed::NotYet(opens) => format!("answers are taken from {} on", opens.to_rfc3339()),
            Closed::Over(due) => format!("answers were taken until {}", due.to_rfc3339()),
        })
    })?;
    let before = &question.content.prerequisites;
    if !before.is_empty() {
        let open = table::open_before(control.store.pool(), lab.id, member, before).await?;
        if let Some(first) = open.first() {
            return Err(Error::Conflict(format!(
                "do {} first: {} to do, beginning with {first:?}",
                before.join(", "),
                pglab_core::words::count(open.len() as u64, "task"),
            )));
        }
    }
    Ok(late)
}

pub(super) struct Taking<'a> {
    pub(super) control: &'a Control,
    pub(super) lab: &'a Lab,
    pub(super) question: &'a Question,
    pub(super) new: &'a NewAttempt<'a>,
    pub(super) late_percent: u8,
}

impl Taking<'_> {
    /// Writes down what was said. `None`: it is not taken after all.
    async fn settle(&self, verdict: Verdict, reserve: bool) -> Result<Option<(Verdict, Settled)>, Error> {
        let kind = &self.question.content.kind;
        let (member, answer) = (self.new.member, self.new.answer);
        let flag_of = flag::foreign(self.control, self.lab, kind, member, verdict.right, answer).await?;
        let mut tx = self.control.store.begin().await?;
        if reserve && !table::reserve(&mut *tx, self.new).await? {
            return Ok(None);
        }
        if let Some(team) = self.question.team.filter(|_| verdict.right) {
            // Who joins the team meanwhile does so before, or finds what was earned.
            pglab_store::team::lock_shared(&mut tx, team).await?;
        }
        let content = &self.question.content;
        let bonus = self.question.rules.bonus();
        let by_team = self.lab.settings.teams || self.question.team.is_some();
        let n_before = if verdict.right && (content.pricing != Pricing::Fixed || bonus.0 > 0) {
            table::n_completed_locked(&mut tx, self.new.task, by_team).await?
        } else {
            1
        };
        let earning = Earning {
            base: self.question.points,
            pricing: content.pricing,
            n_before,
            first_bonus: bonus,
            late_percent: self.late_percent,
            // Taken off by the statement that writes the completion: another may be taken at this moment.
            hints: Points(0),
        };
        let document = serde_json::to_value(&verdict).map_err(Error::internal)?;
        let judged = Judged {
            attempt: self.new.id,
            outcome: if verdict.right {
                Outcome::Right
            } else {
                Outcome::Wrong
            },
            verdict: &document,
            flag_of,
            at: self.new.at,
            price: earning.points(),
            late_percent: i32::from(self.late_percent),
            title: &self.question.title,
        };
        let Some(settled) = table::finish(&mut *tx, &judged).await? else {
            return Ok(None);
        };
        for member in &settled.members {
            let told = Notice {
                subject: Subject::Earned,
                lab: self.lab.id,
                member: Some(*member),
            };
            notice::tell(&mut tx, told).await?;
        }
        self.control.store.commit(tx).await?;
        Ok(Some((verdict, settled)))
    }

    async fn give_back(&self, why: &str) -> Result<(), Error> {
        let document = json!({ "right": false, "message": why });
        let judged = Judged {
            attempt: self.new.id,
            outcome: Outcome::Unfit,
            verdict: &document,
            flag_of: None,
            at: self.new.at,
            price: Points(0),
            late_percent: 0,
            title: "",
        };
        table::finish(self.control.store.pool(), &judged).await?;
        Ok(())
    }

    /// Why an answer was not counted.
    async fn refusal(&self) -> Result<Error, Error> {
        let tallies = table::tallies(self.control.store.pool(), self.new.member).await?;
        let tally = tallies.into_iter().find(|tally| tally.task == self.new.task);
        Ok(tally.map_or_else(
            || Error::Conflict("this answer was not taken; try again".to_owned()),
            |tally| self.because(&tally),
        ))
    }

    fn because(&self, tally: &Tally) -> Error {
        let at = self.new.at;
        if tally.done_at.is_some() {
            return Error::Done("you have done this task already".to_owned());
        }
        if self.new.cap.is_some_and(|cap| tally.n_counted >= cap) {
            return Error::Conflict(format!(
                "you have used all {} of this task",
                pglab_core::words::count(u64::try_from(tally.n_counted).unwrap_or(0), "attempt")
            ));
        }
        let until = tally
            .wait_until
            .filter(|until| *until > at)
            .unwrap_or(tally.minute_at + TimeDelta::minutes(1));
        let wait = (until - at).to_std().unwrap_or_default();
        Error::RateLimited(wait.max(std::time::Duration::from_secs(1)))
    }

    /// On the board and in the standings.
    pub(super) async fn show(&self, points: Points, members: &[MemberId]) -> Result<(), Error> {
        let board = self.control.boards().of_lab(self.control, self.lab).await?;
        let at = self.new.at;
        board.change(|state| {
            let standing = Standing {
                best: points,
                now: points,
                state: TaskState::Done,
                best_at: at,
                completed_at: Some(at),
            };
            let mut changed = false;
            for member in members {
                if let Some(known) = state.members.get_mut(member) {
                    known.standings.insert(self.new.task, standing);
                    changed = true;
                }
            }
            changed
        });
        self.control.answers().standings_changed(self.lab.id);
        Ok(())
    }
}

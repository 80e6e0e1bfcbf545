//! Keeps the boards of this process up to date with what our own database tells, and tells their readers what changed.
//! Runs in every process; looking at the students' databases is `live`'s, in one of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use chrono::TimeDelta;
use pglab_core::id::{LabId, MemberId};
use pglab_fleet::activity::{Sweep, Sweeper};
use pglab_store::notice::{Listener, Notice, Subject};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{boards, load, state::SessionsByPlace};
use crate::{Control, Error};

/// Readers hear of one member at most five times a second.
const PUBLISH_PERIOD: Duration = Duration::from_millis(200);
/// What depends on time alone is shown after this.
const IDLE_PERIOD: Duration = Duration::from_secs(5);
/// Notices that come together are taken together.
const GATHER: Duration = Duration::from_millis(50);
/// Of more members at once, everybody's scores are read.
const MOST_SINGLE: usize = 50;
/// Names and the like change without a notice.
const RELOAD_PERIOD: Duration = Duration::from_secs(60);
const SWEEP_PERIOD: Duration = Duration::from_secs(1);
/// How long another process waits for an answer.
const SETTLE: Duration = Duration::from_secs(5);
/// A board that nobody has looked at for so long is dropped. Seconds.
const UNUSED: u64 = 600;

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = async { tokio::join!(hear(&control), publish(&control), follow(&control)); } => {}
    }
}

/// Tells readers what changed, at a bounded rate.
async fn publish(control: &Control) {
    let boards = control.boards();
    loop {
        tokio::select! {
            () = boards.changed.notified() => {}
            () = sleep(IDLE_PERIOD) => {}
        }
        let now = control.now();
        for (_, board) in boards.all() {
            if board.n_readers() > 0 {
                board.refresh(now);
            }
        }
        sleep(PUBLISH_PERIOD).await;
    }
}

/// Follows what our own database tells.
async fn hear(control: &Control) {
    loop {
        if let Err(error) = listen(control).await {
            tracing::warn!(%error, "can't hear what changes; trying again");
            sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn listen(control: &Control) -> Result<(), Error> {
    let mut listener = Listener::start(&control.store).await?;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let hearing = async {
        loop {
            let notice = listener.next().await?;
            // The other end lives as long as this.
            let _ = sender.send(notice);
        }
    };
    tokio::select! {
        ended = hearing => ended,
        ended = take_in(control, &mut heard) => ended,
    }
}

async fn take_in(control: &Control, heard: &mut UnboundedReceiver<Option<Notice>>) -> Result<(), Error> {
    // What was told before is read.
    let mut reload_at = Instant::now();
    loop {
        if Instant::now() >= reload_at {
            reload_all(control).await?;
            control.boards().subjects.notify_one();
            reload_at = Instant::now() + RELOAD_PERIOD;
        }
        let mut notices: BTreeMap<(LabId, usize), Option<BTreeSet<MemberId>>> = BTreeMap::new();
        let mut until = reload_at;
        while let Ok(Some(notice)) = timeout_at(until, heard.recv()).await {
            until = until.min(Instant::now() + GATHER);
            match notice {
                Some(notice) => {
                    // Of whom: without a member, of all.
                    let of = notices
                        .entry((notice.lab, order(notice.subject)))
                        .or_insert_with(|| Some(BTreeSet::new()));
                    match (of.as_mut(), notice.member) {
                        (Some(members), Some(member)) if members.len() < MOST_SINGLE => {
                            members.insert(member);
                        }
                        _ => *of = None,
                    }
                }
                // The connection was opened anew.
                None => reload_at = Instant::now(),
            }
        }
        let members_moved = notices
            .keys()
            .any(|(_, subject)| SUBJECTS[*subject] == Subject::Members);
        for ((lab, subject), members) in notices {
            let members: Option<Vec<MemberId>> = members.map(|members| members.into_iter().collect());
            take(control, lab, SUBJECTS[subject], members.as_deref()).await?;
        }
        if members_moved {
            // While a class is prepared, instances move all the time.
            sleep(PUBLISH_PERIOD).await;
        }
    }
}

const SUBJECTS: [Subject; 9] = [
    Subject::Lab,
    Subject::Members,
    Subject::Content,
    Subject::Hand,
    Subject::Score,
    Subject::Earned,
    Subject::Mistake,
    Subject::Settled,
    Subject::Wanted,
];

/// The lab and its members before what is told of them.
fn order(subject: Subject) -> usize {
    SUBJECTS.iter().position(|other| *other == subject).unwrap_or(0)
}

/// `members` are those whom it is about; `None`: all.
async fn take(
    control: &Control,
    lab: LabId,
    subject: Subject,
    members: Option<&[MemberId]>,
) -> Result<(), Error> {
    let boards = control.boards();
    match subject {
        Subject::Settled => {
            // The scores that were told before it were taken before it.
            boards.has_settled(lab);
            return Ok(());
        }
        Subject::Wanted => {
            if boards.is_leading() {
                tokio::spawn(answer(control.clone(), lab));
            }
            return Ok(());
        }
        Subject::Lab | Subject::Members | Subject::Content => {
            boards.subjects.notify_one();
            control.answers().standings_changed(lab);
        }
        Subject::Earned => control.answers().standings_changed(lab),
        // Who writes a score says so in its own process.
        Subject::Score if !boards.is_leading() => control.answers().standings_changed(lab),
        Subject::Hand | Subject::Score | Subject::Mistake => {}
    }
    let Some(board) = boards.known(lab) else {
        return Ok(());
    };
    match subject {
        Subject::Lab | Subject::Members | Subject::Content => reload(control, lab, subject).await,
        Subject::Hand => load::reload_hands(control, &board, lab).await,
        // Who looks at the databases knows already.
        Subject::Score if !boards.is_leading() => load::reload_scores(control, &board, lab, members).await,
        Subject::Earned => load::reload_earned(control, &board, lab, members).await,
        Subject::Mistake if !boards.is_leading() => load::reload_mistakes(control, &board, lab).await,
        _ => Ok(()),
    }
}

/// Tells another process that what it wanted to be looked at was.
async fn answer(control: Control, lab: LabId) {
    if !matches!(timeout(SETTLE, control.boards().want(lab)).await, Ok(Ok(()))) {
        return;
    }
    let told = async {
        let mut tx = control.store.begin().await?;
        let notice = Notice {
            subject: Subject::Settled,
            lab,
            member: None,
        };
        pglab_store::notice::tell(&mut tx, notice).await?;
        control.store.commit(tx).await
    };
    if let Err(error) = told.await {
        tracing::warn!(%error, "can't tell another process that its board is up to date");
    }
}

async fn reload(control: &Control, lab: LabId, subject: Subject) -> Result<(), Error> {
    let boards = control.boards();
    let Some(board) = boards.known(lab) else {
        return Ok(());
    };
    let Some(row) = boards::lab_of(control, lab).await? else {
        boards.forget(lab);
        return Ok(());
    };
    let other_rule = board.read(|state| state.content.rule != row.settings.types);
    load::reload_members(control, &board, &row).await?;
    if subject == Subject::Content || other_rule {
        load::reload_content(control, &board, &row).await?;
        boards.subjects.notify_one();
    }
    Ok(())
}

async fn reload_all(control: &Control) -> Result<(), Error> {
    let boards = control.boards();
    let now = u64::try_from(control.now().timestamp()).unwrap_or(0);
    for (lab, board) in boards.all() {
        if !boards.is_leading() && board.n_readers() == 0 && now.saturating_sub(board.used_at()) > UNUSED {
            boards.forget(lab);
            continue;
        }
        reload(control, lab, Subject::Content).await?;
        load::reload_hands(control, &board, lab).await?;
        if boards.is_leading() {
            load::reload_earned(control, &board, lab, None).await?;
        } else {
            load::reload_scores(control, &board, lab, None).await?;
            load::reload_mistakes(control, &board, lab).await?;
        }
    }
    Ok(())
}

/// A process that does not look at the databases still sees who is connected, while somebody looks at its boards.
async fn follow(control: &Control) {
    let mut sweeper: Option<Sweeper> = None;
    loop {
        sleep(SWEEP_PERIOD).await;
        let boards = control.boards();
        let now = u64::try_from(control.now().timestamp()).unwrap_or(0);
        let used = boards
            .all()
            .iter()
            .any(|(_, board)| board.n_readers() > 0 || now.saturating_sub(board.used_at()) < 10);
        if boards.is_leading() || !used {
            sweeper = None;
            continue;
        }
        let swept = async {
            let open = match sweeper.take() {
                Some(open) => open,
                None => Sweeper::open(&control.cluster).await?,
            };
            let sweep = open.sweep().await?;
            Ok::<_, pglab_fleet::Error>((open, sweep))
        };
        match swept.await {
            Ok((open, sweep)) => {
                take_sweep(control, sweep);
                sweeper = Some(open);
            }
            Err(error) => tracing::debug!(%error, "can't see who is connected"),
        }
    }
}

/// Shows who is connected. The answer has those who are for the first time, or after a pause.
pub(crate) fn take_sweep(control: &Control, sweep: Sweep) -> Vec<(LabId, MemberId)> {
    let now = control.now();
    let ahead = sweep.server_now.map_or(TimeDelta::zero(), |server| now - server);
    let mut places: SessionsByPlace = HashMap::new();
    for session in sweep.sessions {
        places
            .entry((session.database.clone(), session.role.clone()))
            .or_default()
            .push(session);
    }
    let mut newly = Vec::new();
    for (lab, board) in control.boards().all() {
        board.change(|state| {
            let mut changed = false;
            let members = state.sessions_seen(&places, ahead, now, &mut changed);
            newly.extend(members.into_iter().map(|member| (lab, member)));
            changed
        });
    }
    newly
}

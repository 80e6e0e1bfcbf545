//! What changed in our own database, told by PostgreSQL's NOTIFY to every process: which lab, and where it is about one
//! member, whom. Carries no content; who hears it reads what it needs.

use pglab_core::id::{LabId, MemberId};
use sqlx::postgres::PgListener;

use crate::{Error, Store, Tx};

const CHANNEL: &str = "pglab";

/// What changed. Most come from triggers (see the migration).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The lab itself.
    Lab,
    /// Its members or their instances.
    Members,
    /// Its tasks, or the rows of its example.
    Content,
    Hand,
    /// Scores and verdicts of a member, found in their database by the process that looks at it.
    Score,
    /// What a member earned by an answer or was given by a person, in whatever process; without a member: how it counts.
    Earned,
    /// Errors that a member met.
    Mistake,
    /// Somebody wants the board to be up to date: the process that works looks at once, and answers by `Settled`.
    Wanted,
    Settled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Notice {
    pub subject: Subject,
    pub lab: LabId,
    pub member: Option<MemberId>,
}

/// Hears every notice of every process, also its own.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// # Errors
    /// The database can't be reached.
    pub async fn start(store: &Store) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(store.pool()).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits for the next one. `None`: the connection broke and was opened anew; notices may have been missed.
    ///
    /// # Errors
    /// The database can't be reached.
    pub async fn next(&mut self) -> Result<Option<Notice>, Error> {
        loop {
            let Some(heard) = self.0.try_recv().await? else {
                return Ok(None);
            };
            if let Some(notice) = parse(heard.payload()) {
                return Ok(Some(notice));
            }
        }
    }
}

fn parse(payload: &str) -> Option<Notice> {
    let mut words = payload.split(' ');
    let subject = match words.next()? {
        "lab" => Subject::Lab,
        "member" | "instance" | "team" => Subject::Members,
        "task" | "example_rows" => Subject::Content,
        "hand" => Subject::Hand,
        "score" => Subject::Score,
        "earned" => Subject::Earned,
        "mistake" => Subject::Mistake,
        "wanted" => Subject::Wanted,
        "settled" => Subject::Settled,
        _ => return None,
    };
    Some(Notice {
        subject,
        lab: words.next()?.parse().ok()?,
        member: words.next().and_then(|id| id.parse().ok()),
    })
}

/// Tells it when the transaction commits.
pub async fn tell(tx: &mut Tx, notice: Notice) -> Result<(), Error> {
    let subject = match notice.subject {
        Subject::Lab => "lab",
        Subject::Members => "member",
        Subject::Content => "task",
        Subject::Hand => "hand",
        Subject::Score => "score",
        Subject::Earned => "earned",
        Subject::Mistake => "mistake",
        Subject::Wanted => "wanted",
        Subject::Settled => "settled",
    };
    let member = notice
        .member
        .map_or_else(|| "-".to_owned(), |member| member.to_string());
    sqlx::query_scalar!(
        r#"SELECT pg_notify($1, $2)::text AS "told""#,
        CHANNEL,
        format!("{subject} {} {member}", notice.lab)
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}

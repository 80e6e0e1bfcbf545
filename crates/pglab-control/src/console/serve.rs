//! What goes on in one console until it ends: statements, cancelling, what the server says by itself, and that nothing
//! is left running when nobody is there any more.

use std::{pin::pin, time::Duration};

use pglab_core::{console::Event, ident::Ident};
use pglab_fleet::{
    console::{Canceller, Error as SessionError, Session},
    provision,
};
use tokio::{
    sync::mpsc::{Receiver, Sender},
    time::{Instant, sleep, sleep_until},
};

use super::Place;
use crate::Control;

/// Who runs nothing for so long loses their console, and with it a transaction that they left open. Another opens by
/// itself with the next statement.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// What is still there so long after it was cancelled is ended.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// One or more statements. While others run it is refused.
    Run(String),
    /// What runs.
    Cancel,
    /// Tell what there is to name. Not while something runs, nor in a failed transaction.
    Catalog,
}

/// An open console. Nothing happens in it until it is served.
#[derive(Debug)]
pub struct Console {
    control: Control,
    role: Ident,
    session: Session,
    ready: Event,
    _place: Place,
}

/// How it ended.
enum End {
    /// The other side is gone.
    Left,
    /// In the middle of something.
    LeftRunning,
    Idle,
    Session(SessionError),
}

impl Console {
    pub(super) fn new(control: Control, role: Ident, session: Session, ready: Event, place: Place) -> Self {
        Self {
            control,
            role,
            session,
            ready,
            _place: place,
        }
    }

    /// Runs until the commands end, or the session does. What is running then is cancelled, and ended where that does
    /// not help.
    pub async fn serve(mut self, mut commands: Receiver<Command>, events: Sender<Event>) {
        let canceller = self.session.canceller().clone();
        let end = match events.send(self.ready.clone()).await {
            Ok(()) => talk(&mut self.session, &mut commands, &events).await,
            Err(_) => End::Left,
        };
        let (code, reason) = match &end {
            End::Left => return self.session.close().await,
            End::LeftRunning | End::Session(SessionError::Unheard) => {
                drop(self.session);
                return give_up(&self.control, &self.role, &canceller).await;
            }
            End::Idle => (
                "idle",
                format!(
                    "Nothing was run for {} minutes, so the session was closed.",
                    IDLE.as_secs() / 60
                ),
            ),
            End::Session(SessionError::Refused(complaint)) => (
                "ended",
                format!("PostgreSQL ended the session: {}.", complaint.message),
            ),
            End::Session(error) => {
                tracing::debug!(%error, "a console lost its session");
                ("lost", "The connection to PostgreSQL broke.".to_owned())
            }
        };
        let closed = Event::Closed {
            reason,
            code: code.to_owned(),
        };
        // Whoever is gone needs no reason.
        let _ = events.send(closed).await;
        self.session.close().await;
    }
}

async fn talk(session: &mut Session, commands: &mut Receiver<Command>, events: &Sender<Event>) -> End {
    let mut idle_at = Instant::now() + IDLE;
    loop {
        let command = tokio::select! {
            command = commands.recv() => command,
            said = session.unasked() => match said {
                Ok(event) => {
                    if events.send(event).await.is_err() {
                        return End::Left;
                    }
                    continue;
                }
                Err(error) => return End::Session(error),
            },
            () = sleep_until(idle_at) => return End::Idle,
        };
        let outcome = match command {
            None => return End::Left,
            // Nothing runs.
            Some(Command::Cancel) => continue,
            Some(Command::Run(sql)) => run(session, &sql, commands, events).await,
            Some(Command::Catalog) => catalog(session, commands, events).await,
        };
        if let Err(end) = outcome {
            return end;
        }
        idle_at = Instant::now() + IDLE;
    }
}

async fn run(
    session: &mut Session,
    sql: &str,
    commands: &mut Receiver<Command>,
    events: &Sender<Event>,
) -> Result<(), End> {
    let canceller = session.canceller().clone();
    let running = session.run(sql, events);
    attended(running, &canceller, commands).await.map(|_| ())
}

async fn catalog(
    session: &mut Session,
    commands: &mut Receiver<Command>,
    events: &Sender<Event>,
) -> Result<(), End> {
    let canceller = session.canceller().clone();
    let answer = attended(session.catalog(), &canceller, commands).await?;
    let catalog = answer.and_then(|text| serde_json::from_str(&text).ok());
    match catalog {
        Some(catalog) => {
            let told = events.send(Event::Catalog { catalog }).await;
            told.map_err(|_| End::Left)
        }
        None => Ok(()),
    }
}

/// What runs, with an ear for whoever wants it to end.
async fn attended<T>(
    running: impl Future<Output = Result<T, SessionError>>,
    canceller: &Canceller,
    commands: &mut Receiver<Command>,
) -> Result<T, End> {
    let mut running = pin!(running);
    let mut cancelling = None;
    loop {
        tokio::select! {
            outcome = &mut running => {
                // One that comes late would meet what is run next.
                if let Some(cancelling) = cancelling {
                    let _: Result<(), tokio::task::JoinError> = cancelling.await;
                }
                return outcome.map_err(End::Session);
            }
            command = commands.recv() => match command {
                None => return Err(End::LeftRunning),
                Some(Command::Cancel) => {
                    let canceller = canceller.clone();
                    cancelling = Some(tokio::spawn(async move {
                        if let Err(error) = canceller.cancel().await {
                            tracing::warn!(%error, "what runs in a console could not be cancelled");
                        }
                    }));
                }
                // The page asks for nothing while something runs.
                Some(Command::Run(_) | Command::Catalog) => {}
            },
        }
    }
}

async fn give_up(control: &Control, role: &Ident, canceller: &Canceller) {
    if let Err(error) = canceller.cancel().await {
        tracing::debug!(%error, "what ran in a console that was left could not be cancelled");
    }
    sleep(GRACE).await;
    let ended = async {
        let maintenance = control.cluster.maintenance().await?;
        provision::console::terminate(&maintenance, role, canceller.pid()).await
    };
    if let Err(error) = ended.await {
        tracing::warn!(role = role.as_str(), %error, "a console that was left could not be ended");
    }
}

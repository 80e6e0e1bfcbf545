//! `pglab lab watch`: the board in a terminal, as it changes. Without a terminal, a line for every change.

use std::{collections::HashMap, io::IsTerminal, time::Duration};

use anyhow::Context;
use console::Term;
use futures::{Stream, StreamExt};
use pglab_api::board::{Board, BoardMember, BoardMemberEvent};
use tokio::time::{Instant, sleep, timeout};

use super::shapes::{HEADINGS, LEGEND, plain, row, shape};
use crate::{
    client::{Client, Problem},
    output::{say, tell},
};

/// A terminal is drawn at most this often.
const DRAW_PERIOD: Duration = Duration::from_millis(400);
/// Without any event for this long, pings included, the line is taken for dead.
const SILENCE: Duration = Duration::from_secs(45);
const RETRY: Duration = Duration::from_secs(1);

/// Watches until Ctrl-C.
pub(super) async fn watch(client: &Client, lab: &str) -> anyhow::Result<()> {
    let mut screen = Screen::open();
    let watched = tokio::select! {
        ended = follow(client, lab, &mut screen) => ended,
        pressed = tokio::signal::ctrl_c() => pressed.context("can't wait for Ctrl-C"),
    };
    screen.close();
    watched
}

async fn follow(client: &Client, lab: &str, screen: &mut Screen) -> anyhow::Result<()> {
    let mut board = None;
    let mut last_id: Option<String> = None;
    loop {
        let mut call = client.get(&["labs", lab, "board", "events"]);
        if let Some(id) = &last_id {
            call = call.header("last-event-id", id);
        }
        let lost = match call.response().await {
            Ok(response) => {
                let events = response.bytes_stream();
                read(events, &mut board, &mut last_id, screen).await
            }
            // No such lab, or not theirs: trying again would not help.
            Err(error)
                if error
                    .downcast_ref::<Problem>()
                    .is_some_and(|problem| problem.status < 500) =>
            {
                return Err(error);
            }
            Err(error) if board.is_none() => return Err(error),
            Err(error) => error.to_string(),
        };
        screen.say(&format!("{lost}; connecting again"));
        sleep(RETRY).await;
    }
}

/// Reads events until the line is lost, and says how.
async fn read<E: std::fmt::Display>(
    bytes: impl Stream<Item = Result<impl AsRef<[u8]>, E>>,
    board: &mut Option<Board>,
    last_id: &mut Option<String>,
    screen: &mut Screen,
) -> String {
    futures::pin_mut!(bytes);
    let mut pending = Vec::new();
    loop {
        let wait = screen.due_in().unwrap_or(SILENCE);
        match timeout(wait, bytes.next()).await {
            Err(_) if screen.due_in().is_some() => {
                if let Some(board) = board {
                    screen.draw(board);
                }
                continue;
            }
            Err(_) => return "the line is silent".to_owned(),
            Ok(None) => return "the line was closed".to_owned(),
            Ok(Some(Err(error))) => return format!("the line broke: {error}"),
            Ok(Some(Ok(piece))) => pending.extend_from_slice(piece.as_ref()),
        }
        while let Some(end) = pending.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = pending.drain(..end + 2).collect();
            take(&String::from_utf8_lossy(&event), board, last_id, screen);
        }
        if let Some(board) = board
            && screen.due_in() == Some(Duration::ZERO)
        {
            screen.draw(board);
        }
    }
}

fn take(event: &str, board: &mut Option<Board>, last_id: &mut Option<String>, screen: &mut Screen) {
    let fields: HashMap<&str, &str> = event.lines().filter_map(|line| line.split_once(": ")).collect();
    let Some(data) = fields.get("data") else { return };
    match fields.get("event") {
        Some(&"board") => match serde_json::from_str::<Board>(data) {
            Ok(whole) => {
                if board.is_none() {
                    screen.first(&whole);
                }
                *board = Some(whole);
                screen.changed();
            }
            Err(error) => screen.say(&format!("an event can't be read: {error}")),
        },
        Some(&"member") => match (serde_json::from_str::<BoardMemberEvent>(data), board) {
            (Ok(event), Some(board)) => apply(board, event, screen),
            (Err(error), _) => screen.say(&format!("an event can't be read: {error}")),
            (Ok(_), None) => {}
        },
        _ => return,
    }
    if let Some(id) = fields.get("id") {
        *last_id = Some((*id).to_owned());
    }
}

fn apply(board: &mut Board, event: BoardMemberEvent, screen: &mut Screen) {
    for member in &mut board.members {
        if let Some(rank) = event.ranks.get(&member.login) {
            member.need.rank = *rank;
        }
    }
    if let Some(class) = event.class {
        board.class = class;
    }
    if let Some(errors) = event.shared_errors {
        board.shared_errors = errors;
    }
    if let Some(old) = board
        .members
        .iter_mut()
        .find(|member| member.login == event.member.login)
    {
        screen.member(old, &event.member);
        *old = event.member;
    }
    screen.changed();
}

/// The terminal with the whole board, or lines on stdout.
enum Screen {
    Terminal {
        terminal: Term,
        /// When it may be drawn next, if something changed.
        due: Option<Instant>,
        note: String,
    },
    Lines,
}

impl Screen {
    fn open() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self::Lines;
        }
        let terminal = Term::buffered_stdout();
        // The alternate screen, so that what was there is there again afterwards.
        let _ = terminal.write_str("\u{1b}[?1049h\u{1b}[?25l");
        let _ = terminal.flush();
        Self::Terminal {
            terminal,
            due: None,
            note: String::new(),
        }
    }

    fn close(&mut self) {
        if let Self::Terminal { terminal, .. } = self {
            let _ = terminal.write_str("\u{1b}[?25h\u{1b}[?1049l");
            let _ = terminal.flush();
        }
    }

    fn changed(&mut self) {
        if let Self::Terminal { due, .. } = self {
            due.get_or_insert_with(|| Instant::now() + DRAW_PERIOD);
        }
    }

    fn due_in(&self) -> Option<Duration> {
        match self {
            Self::Terminal { due: Some(due), .. } => Some(due.saturating_duration_since(Instant::now())),
            _ => None,
        }
    }

    fn say(&mut self, text: &str) {
        match self {
            Self::Terminal { note, due, .. } => {
                text.clone_into(note);
                *due = Some(Instant::now());
            }
            Self::Lines => tell(text),
        }
    }

    /// The first board: everybody has a line.
    fn first(&mut self, board: &Board) {
        if let Self::Lines = self {
            for member in &board.members {
                say(&row(member).join("  "));
            }
        }
    }

    fn member(&mut self, old: &BoardMember, new: &BoardMember) {
        let Self::Lines = self else { return };
        for (before, after) in old.tasks.iter().zip(&new.tasks) {
            if before.state != after.state {
                say(&format!(
                    "{}  {} {}  {:.1}/{:.0}",
                    plain(&new.login),
                    shape(after.state),
                    plain(&after.title),
                    new.score,
                    new.max_score
                ));
            }
        }
        if old.hand.is_none()
            && let Some(hand) = &new.hand
        {
            say(&format!("{}  ✋ {}", plain(&new.login), plain(&hand.why)));
        }
        if old.state != new.state {
            say(&row(new).join("  "));
        }
    }

    fn draw(&mut self, board: &Board) {
        let Self::Terminal { terminal, due, note } = self else {
            return;
        };
        *due = None;
        let (n_lines, n_columns) = terminal.size();
        let (n_lines, n_columns) = (usize::from(n_lines), usize::from(n_columns));
        let mut lines = vec![
            format!(
                "{}  ·  {} of {} connected  ·  median {:.1} points",
                plain(&board.title),
                board.class.n_connected,
                board.class.n_members,
                board.class.pace.median_score
            ),
            LEGEND.to_owned(),
            String::new(),
        ];
        let mut members: Vec<&BoardMember> = board.members.iter().collect();
        members.sort_by_key(|member| member.need.rank);
        let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
        rows.extend(members.into_iter().map(row));
        let widths: Vec<usize> = (0..HEADINGS.len())
            .map(|n| {
                rows.iter()
                    .map(|row| console::measure_text_width(&row[n]))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        lines.extend(rows.iter().map(|row| {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None));
            cells.collect::<Vec<_>>().join("  ")
        }));
        for error in &board.shared_errors {
            lines.push(format!("{} members: {}", error.n_members, plain(&error.message)));
        }
        if !note.is_empty() {
            lines.insert(2, note.clone());
            note.clear();
        }
        lines.truncate(n_lines.saturating_sub(1));
        let _ = terminal.write_str("\u{1b}[H");
        for line in lines {
            let _ = terminal.write_str(&console::truncate_str(&line, n_columns, "…"));
            let _ = terminal.write_str("\u{1b}[K\n");
        }
        let _ = terminal.write_str("\u{1b}[J");
        let _ = terminal.flush();
    }
}

//! How a board looks in a terminal: states by shape, and nothing that a student wrote can steer the terminal.

use pglab_api::board::{BoardMember, MemberState};
use pglab_core::task::TaskState;

pub(super) const HEADINGS: [&str; 6] = ["#", "LOGIN", "POINTS", "STATE", "TASKS", "WHY"];

/// A line of the board.
pub(super) fn row(member: &BoardMember) -> Vec<String> {
    let state = match member.state {
        MemberState::Absent => "absent",
        MemberState::Idle => "idle",
        MemberState::Working => "working",
        MemberState::Blocked => "blocked",
        MemberState::Done => "done",
    };
    vec![
        member.need.rank.to_string(),
        plain(&member.login),
        format!("{:.1}/{:.0}", member.score, member.max_score),
        if member.hand.is_some() {
            format!("{state} ✋")
        } else {
            state.to_owned()
        },
        member.tasks.iter().map(|task| shape(task.state)).collect(),
        plain(member.need.reasons.first().map_or("", String::as_str)),
    ]
}

pub(super) fn shape(state: TaskState) -> char {
    match state {
        TaskState::NotStarted => '·',
        TaskState::Working => '○',
        TaskState::Partly => '◐',
        TaskState::Done => '●',
        TaskState::BrokenAgain => '✕',
    }
}

/// What the shapes mean.
pub(super) const LEGEND: &str = "· not started  ○ working  ◐ partly  ● done  ✕ broken again";

/// Names, reasons and messages come from students: no control character of theirs reaches the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("\u{1b}[2J\u{9b}31m\nx\r"), " [2J 31m x ");
    }
}

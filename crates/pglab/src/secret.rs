//! Passwords that a command needs: from a pipe, or from the terminal without showing them. Never from the command line,
//! where every process of the machine can see them.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

use anyhow::{Context, bail};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// The next line of what is piped in.
///
/// # Errors
/// There is none.
pub fn from_stdin() -> anyhow::Result<String> {
    let mut line = String::new();
    let n_read = stdin()
        .lock()
        .read_line(&mut line)
        .context("the password can't be read")?;
    if n_read == 0 {
        bail!("there is no password on stdin");
    }
    Ok(without_newline(&line))
}

/// Asks for it on the terminal; `flag` is what to say instead where there is none.
///
/// # Errors
/// There is no terminal, or it was closed.
pub fn ask(question: &str, flag: &str) -> anyhow::Result<String> {
    if !stdin().is_terminal() {
        bail!("there is no terminal to ask for the password: use {flag}");
    }
    let mut err = stderr().lock();
    let _ = write!(err, "{question}: ").and_then(|()| err.flush());
    let hidden = Hidden::begin()?;
    let line = from_stdin();
    drop(hidden);
    let _ = writeln!(err);
    line
}

fn without_newline(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}

/// The terminal shows nothing while this lives.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(stdin()).context("the terminal can't be asked")?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(stdin(), SetArg::TCSAFLUSH, &quiet)
            .context("the terminal can't be told to hide the password")?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

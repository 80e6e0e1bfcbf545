//! What goes to the terminal: results on stdout, everything else on stderr.

/// One line of result on stdout. A reader that went away is no reason to panic.
pub fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// One line for the person at the terminal, on stderr.
pub fn tell(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

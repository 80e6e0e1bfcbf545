//! CSV that spreadsheets open. They run a cell that begins like a formula, and what students type ends up in cells: such
//! cells get an apostrophe in front.

/// A cell that no spreadsheet runs.
pub fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// A whole file with CRLF line ends, as RFC 4180 has it. Every cell is made safe.
pub fn csv<R, C>(header: &[&str], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut text = String::new();
    line(&mut text, header.iter().copied());
    for row in rows {
        line(&mut text, row.into_iter());
    }
    text
}

fn line<C: AsRef<str>>(text: &mut String, cells: impl Iterator<Item = C>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        let cell = safe(cell.as_ref());
        if cell.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let rows = [["ada", "=1+1", "a,\"b\""], ["@x", "-2", "line\nend"]];
        insta::assert_snapshot!(csv(&["login", "name", "note"], rows).replace("\r\n", "⏎\n"), @r#"
        login,name,note⏎
        ada,'=1+1,"a,""b"""⏎
        '@x,'-2,"line
        end"⏎
        "#);
    }
}

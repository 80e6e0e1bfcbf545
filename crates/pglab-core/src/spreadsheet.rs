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

/// A file with CRLF line ends, as RFC 4180 has it. Every cell is made safe.
#[derive(Debug)]
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    pub fn new<C: AsRef<str>>(header: &[C]) -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let mut sheet = Self(writer);
        sheet.row(header);
        sheet
    }

    /// As many cells as the header has.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        // Writing to memory, all rows of one length: nothing can fail.
        let _ = self
            .0
            .write_record(cells.into_iter().map(|cell| safe(cell.as_ref())));
    }

    pub fn finish(self) -> String {
        let bytes = self.0.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let rows = [["ada", "=1+1", "a,\"b\""], ["@x", "-2", "line\nend"]];
        let mut sheet = Sheet::new(&["login", "name", "note"]);
        rows.into_iter().for_each(|row| sheet.row(row));
        insta::assert_snapshot!(sheet.finish().replace("\r\n", "⏎\n"), @r#"
        login,name,note⏎
        ada,'=1+1,"a,""b"""⏎
        '@x,'-2,"line
        end"⏎
        "#);
    }

    #[test]
    fn what_a_spreadsheet_would_run() {
        for cell in ["=1", "+1", "-1", "@SUM", "\t=1", "\r=1"] {
            assert_eq!(safe(cell), format!("'{cell}"));
        }
        assert_eq!(safe("a=1"), "a=1");
        assert_eq!(safe(""), "");
    }
}

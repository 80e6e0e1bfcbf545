//! What a transaction that looks into a database starts with, so that neither the settings of the database nor what an
//! earlier look executed there can change what is seen. No statement of ours is here.

use std::time::Duration;

/// Where the names in printed expressions are looked up: every other name comes out with its schema. `pg_temp` is said
/// so that it comes last; unsaid, it would be first.
const CATALOG_PATH: &str = "pg_catalog, pg_temp";
/// Where the names are looked up that functions inside a student's views use. A student works with this path; our own
/// statements under it are qualified throughout, with operators and casts.
const STUDENT_PATH: &str = "public, pg_temp";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pins {
    search_path: &'static str,
    statement_timeout: Duration,
    lock_timeout: Duration,
}

impl Default for Pins {
    fn default() -> Self {
        Self::new(Duration::from_secs(30), Duration::from_secs(2))
    }
}

impl Pins {
    pub(crate) fn new(statement_timeout: Duration, lock_timeout: Duration) -> Self {
        Self {
            search_path: CATALOG_PATH,
            statement_timeout,
            lock_timeout,
        }
    }

    /// For statements that execute views, and with them functions of the student.
    pub(crate) fn for_content(self) -> Self {
        Self {
            search_path: STUDENT_PATH,
            ..self
        }
    }

    /// Begins a read-only transaction. To be ended with `ROLLBACK`, which also takes back every setting that a function
    /// changed meanwhile, for the session too.
    pub(crate) fn begin(self) -> String {
        let settings: Vec<String> = self
            .settings()
            .into_iter()
            .map(|(name, value)| format!("SET LOCAL {name} = {value}"))
            .collect();
        format!(
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {}",
            settings.join("; ")
        )
    }

    /// Begins a transaction that may write, to be rolled back all the same.
    pub(crate) fn begin_writing(self) -> String {
        self.begin().replacen(
            "ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            "ISOLATION LEVEL READ COMMITTED, READ WRITE",
            1,
        )
    }

    /// The same in a session whose settings are as [`Self::options`] made them, because nothing of a student's was
    /// executed in it yet.
    pub(crate) fn begin_in_new(self) -> String {
        let mut begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned();
        if self.search_path != CATALOG_PATH {
            begin.push_str("; ");
            begin.push_str(&self.set_path());
        }
        begin
    }

    /// For the rest of a transaction.
    pub(crate) fn set_path(self) -> String {
        format!("SET LOCAL search_path = {}", self.search_path)
    }

    /// The same as options of a new session, for what happens before its first transaction.
    pub(crate) fn options(self) -> String {
        let mut options = vec![
            "-c default_transaction_read_only=on".to_owned(),
            "-c jit=off".to_owned(),
        ];
        options.extend(self.settings().into_iter().map(|(name, value)| {
            let value = value.trim_matches('\'').replace(' ', "\\ ");
            format!("-c {name}={value}")
        }));
        options.join(" ")
    }

    fn settings(self) -> Vec<(&'static str, String)> {
        let quoted = |text: &str| format!("'{text}'");
        vec![
            ("search_path", self.search_path.to_owned()),
            ("statement_timeout", millis(self.statement_timeout)),
            ("lock_timeout", millis(self.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                millis(self.statement_timeout),
            ),
            ("client_min_messages", quoted("error")),
            ("max_parallel_workers_per_gather", "0".to_owned()),
            // How values are written as text, which is what row digests are made of.
            ("DateStyle", quoted("ISO, MDY")),
            ("IntervalStyle", quoted("postgres")),
            ("TimeZone", quoted("UTC")),
            ("extra_float_digits", "1".to_owned()),
            ("bytea_output", quoted("hex")),
            ("xmlbinary", quoted("base64")),
            ("lc_monetary", quoted("C")),
        ]
    }
}

/// In milliseconds, and never 0, which would mean no limit.
fn millis(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_statements_say_the_same() {
        let pins = Pins::new(Duration::from_millis(1500), Duration::ZERO);
        assert!(
            pins.begin()
                .contains("; SET LOCAL search_path = pg_catalog, pg_temp; ")
        );
        assert!(
            pins.begin()
                .contains("SET LOCAL statement_timeout = 1500; SET LOCAL lock_timeout = 1; ")
        );
        assert!(
            pins.options()
                .contains("-c search_path=pg_catalog,\\ pg_temp -c statement_timeout=1500 ")
        );
        assert!(
            pins.for_content()
                .begin()
                .contains("search_path = public, pg_temp")
        );
    }
}

//! What becomes of each statement and psql command of a script: most are executed as they are, some are pglab's own
//! business and skipped, some never work for a script and are refused before PostgreSQL does it less clearly.

use super::tokens::{Token, Tokens};

/// What becomes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// May be sent together with others of the same kind.
    Batch(Kind),
    /// By itself: it may not stand in a transaction, begins or ends one, or may do so inside.
    Alone,
    /// By itself, and begins or ends a transaction.
    Begin,
    End,
    /// Fails without harm where this server does not know the setting, or does not let the loader set it.
    Setting,
    /// Fails without harm where what is to be dropped is not there.
    Drop,
    CopyIn,
    Extension(Extension),
    /// Executed by nobody. With a reason where somebody may wonder.
    Skip(Option<&'static str>),
    Refuse(&'static str),
}

/// Statements are sent together with their kind only, so that a change of structure never meets the pending triggers
/// of a change of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Structure,
    Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) name: String,
}

const DATABASES: &str = "pglab itself makes, alters and drops databases";
const ROLES: &str = "pglab itself makes, alters and drops roles";
const PRIVILEGES: &str = "everything belongs to the role of the lab, and privileges are pglab's to grant";
const EVENT_TRIGGERS: &str = "event triggers take a superuser";
const REPLICATION: &str = "a sample database takes no part in replication";
const TABLESPACES: &str = "tablespaces are the server's";

pub(super) fn of(statement: &str) -> Fate {
    let tokens = Tokens::new(statement);
    let mut rest = tokens.clone();
    let Some(Token::Word(first)) = rest.next() else {
        return Fate::Alone;
    };
    // Enough for the longest beginning that is looked at below.
    let words: Vec<String> = rest
        .take(6)
        .map(|token| match token {
            Token::Word(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match first.to_ascii_uppercase().as_str() {
        "INSERT" | "UPDATE" | "DELETE" | "SELECT" | "WITH" | "VALUES" | "TRUNCATE" | "LOCK" => {
            Fate::Batch(Kind::Content)
        }
        "COPY" => copy(tokens),
        "SET" => set(&words, &tokens),
        "RESET" | "DISCARD" => Fate::Skip(None),
        "BEGIN" | "START" => Fate::Begin,
        "COMMIT" | "ROLLBACK" | "ABORT" | "END" => match words.as_slice() {
            ["PREPARED", ..] => Fate::Refuse("a script can't take part in a distributed transaction"),
            ["TO", ..] | ["TRANSACTION" | "WORK", "TO", ..] => Fate::Alone,
            _ => Fate::End,
        },
        "PREPARE" if words.first() == Some(&"TRANSACTION") => {
            Fate::Refuse("a script can't take part in a distributed transaction")
        }
        "GRANT" | "REVOKE" => Fate::Skip(Some(PRIVILEGES)),
        "REASSIGN" => Fate::Skip(Some(PRIVILEGES)),
        "LOAD" => Fate::Refuse("libraries are the server's to load"),
        "CHECKPOINT" => Fate::Skip(None),
        "SECURITY" => Fate::Skip(Some("security labels are the server's")),
        "COMMENT" => match words.as_slice() {
            [
                "ON",
                "DATABASE" | "ROLE" | "EXTENSION" | "TABLESPACE" | "LANGUAGE" | "PUBLICATION",
                ..,
            ]
            | ["ON", "EVENT" | "PROCEDURAL" | "SUBSCRIPTION", ..] => Fate::Skip(None),
            _ => Fate::Batch(Kind::Structure),
        },
        "CREATE" => create(&words, &tokens),
        "ALTER" => alter(&words, tokens),
        "DROP" => drop(&words),
        _ => Fate::Alone,
    }
}

fn create(words: &[&str], tokens: &Tokens<'_>) -> Fate {
    match words {
        ["DATABASE", ..] => Fate::Skip(Some(DATABASES)),
        ["USER", "MAPPING", ..] => Fate::Alone,
        ["ROLE" | "USER" | "GROUP", ..] => Fate::Skip(Some(ROLES)),
        ["EXTENSION", ..] => Fate::Extension(extension(tokens.clone())),
        ["EVENT", ..] => Fate::Skip(Some(EVENT_TRIGGERS)),
        ["TABLESPACE", ..] => Fate::Skip(Some(TABLESPACES)),
        ["PUBLICATION" | "SUBSCRIPTION", ..] => Fate::Skip(Some(REPLICATION)),
        ["LANGUAGE" | "PROCEDURAL" | "TRUSTED", ..]
        | ["OR", "REPLACE", "LANGUAGE" | "PROCEDURAL" | "TRUSTED", ..]
            if tokens.clone().any(|token| token.folded() == "plpgsql") =>
        {
            Fate::Skip(None)
        }
        ["INDEX", "CONCURRENTLY", ..] | ["UNIQUE", "INDEX", "CONCURRENTLY", ..] => Fate::Alone,
        // pg_dump says so where the schema public was changed.
        ["SCHEMA", "PUBLIC", ..] => Fate::Drop,
        _ => Fate::Batch(Kind::Structure),
    }
}

fn alter(words: &[&str], tokens: Tokens<'_>) -> Fate {
    match words {
        ["DATABASE", ..] => Fate::Skip(Some(DATABASES)),
        ["USER", "MAPPING", ..] | ["SYSTEM", ..] => Fate::Alone,
        ["ROLE" | "USER" | "GROUP", ..] => Fate::Skip(Some(ROLES)),
        ["DEFAULT", "PRIVILEGES", ..] => Fate::Skip(Some(PRIVILEGES)),
        ["EXTENSION", ..] => Fate::Skip(None),
        ["EVENT", ..] => Fate::Skip(Some(EVENT_TRIGGERS)),
        ["TABLESPACE", ..] => Fate::Skip(Some(TABLESPACES)),
        ["PUBLICATION" | "SUBSCRIPTION", ..] => Fate::Skip(Some(REPLICATION)),
        _ => {
            let tokens: Vec<Token<'_>> = tokens.take(64).collect();
            match tokens.as_slice() {
                // Without a word, as dumps have one for every object.
                [.., owner, to, name] if owner.is("OWNER") && to.is("TO") && name.is_name() => {
                    Fate::Skip(None)
                }
                [.., drop, constraint, name]
                    if drop.is("DROP") && constraint.is("CONSTRAINT") && name.is_name() =>
                {
                    Fate::Drop
                }
                [.., drop, default] if drop.is("DROP") && default.is("DEFAULT") => Fate::Drop,
                // A new value of an enum can be used only after its transaction.
                [_, kind, ..] if kind.is("TYPE") => Fate::Alone,
                _ => Fate::Batch(Kind::Structure),
            }
        }
    }
}

fn drop(words: &[&str]) -> Fate {
    match words {
        ["DATABASE", ..] => Fate::Skip(Some(DATABASES)),
        ["USER", "MAPPING", ..] => Fate::Drop,
        ["ROLE" | "USER" | "GROUP", ..] => Fate::Skip(Some(ROLES)),
        ["OWNED", ..] => Fate::Skip(Some(PRIVILEGES)),
        ["EXTENSION", ..] => Fate::Skip(None),
        ["EVENT", ..] => Fate::Skip(Some(EVENT_TRIGGERS)),
        ["TABLESPACE", ..] => Fate::Skip(Some(TABLESPACES)),
        ["PUBLICATION" | "SUBSCRIPTION", ..] => Fate::Skip(Some(REPLICATION)),
        _ => Fate::Drop,
    }
}

fn set(words: &[&str], tokens: &Tokens<'_>) -> Fate {
    let words = match words {
        ["SESSION" | "LOCAL", rest @ ..] if rest.first() != Some(&"CHARACTERISTICS") => rest,
        words => words,
    };
    match words {
        ["ROLE" | "AUTHORIZATION", ..] => Fate::Skip(Some("everything is made as the role of the lab")),
        ["CONSTRAINTS" | "TRANSACTION", ..] => Fate::Alone,
        ["NAMES" | "CLIENT_ENCODING", ..] => {
            let value = tokens
                .clone()
                .last()
                .map(|token| token.folded().to_ascii_lowercase());
            match value.as_deref() {
                Some("utf8" | "utf-8" | "unicode") => Fate::Skip(None),
                _ => Fate::Refuse(
                    "the script says that it is not in UTF-8. Dump it again with --encoding=UTF8, or convert it (iconv) \
                     and change this line",
                ),
            }
        }
        _ => Fate::Setting,
    }
}

fn copy(tokens: Tokens<'_>) -> Fate {
    match copy_direction(tokens) {
        Some((true, source)) if source.is("STDIN") => Fate::CopyIn,
        Some((true, source)) if source.is("PROGRAM") => {
            Fate::Refuse("a script may not run programs on the server (COPY … FROM PROGRAM)")
        }
        Some((true, _)) => Fate::Refuse(
            "a script may not read files of the server. Put the rows into the script: pg_dump does so, and \\copy … TO \
             'file' writes them",
        ),
        Some((false, to)) if to.is("STDOUT") => Fate::Skip(Some("there is nobody to read what it writes")),
        Some((false, _)) => Fate::Refuse("a script may not write files or run programs on the server"),
        None => Fate::Alone,
    }
}

/// From or to, and the word after that.
fn copy_direction(tokens: Tokens<'_>) -> Option<(bool, Token<'_>)> {
    let mut tokens = tokens.skip_while(|token| !(token.is("FROM") || token.is("TO")));
    let from = tokens.next()?.is("FROM");
    Some((from, tokens.next()?))
}

pub(super) fn is_copy_from_stdin(tokens: Tokens<'_>) -> bool {
    matches!(copy_direction(tokens), Some((true, source)) if source.is("STDIN"))
}

/// Whether the statement turns backslashes in plain strings on or off.
pub(super) fn sets_backslashes(tokens: Tokens<'_>) -> Option<bool> {
    let tokens: Vec<Token<'_>> = tokens.take(6).collect();
    if !tokens.iter().any(|token| token.is("standard_conforming_strings")) {
        return None;
    }
    let value = tokens.last()?.folded();
    Some(matches!(value.as_str(), "off" | "false" | "0" | "no"))
}

fn extension(tokens: Tokens<'_>) -> Extension {
    let name = tokens
        .skip(2)
        .find(|token| !["IF", "NOT", "EXISTS"].iter().any(|word| token.is(word)))
        .map(|token| token.folded())
        .unwrap_or_default();
    Extension { name }
}

/// What becomes of a line that begins with a backslash: nothing, nothing with a remark, or refusal.
pub(super) fn of_command(text: &str) -> Result<Option<&'static str>, String> {
    let word = text.split_whitespace().next().unwrap_or(text);
    match word.trim_end_matches(';') {
        "\\c" | "\\connect" => Ok(Some("everything goes into the database that pglab makes for it")),
        "\\restrict" | "\\unrestrict" | "\\echo" | "\\qecho" | "\\warn" | "\\." | "\\timing" | "\\pset" | "\\x" | "\\a"
        | "\\t" | "\\prompt" | "\\conninfo" | "\\p" | "\\r" => Ok(None),
        "\\encoding" => {
            let encoding = text.split_whitespace().nth(1).unwrap_or("UTF8").to_ascii_uppercase();
            if matches!(encoding.as_str(), "UTF8" | "UTF-8" | "UNICODE" | "'UTF8'") {
                Ok(None)
            } else {
                Err(format!("the script says that it is in {encoding}; convert it to UTF-8 (iconv)"))
            }
        }
        "\\set" | "\\unset" => Ok(match text.split_whitespace().nth(1) {
            Some(name) if is_setting_of_psql(name) => None,
            _ => Some("psql variables are not filled in"),
        }),
        "\\!" => Err("a script may not run programs (\\!)".to_owned()),
        "\\i" | "\\ir" | "\\include" | "\\include_relative" => Err(format!(
            "other files can't be read ({word}): put their content into this one"
        )),
        "\\copy" => Err(
            "other files can't be read (\\copy): put the rows into this one, after COPY … FROM STDIN; and before a line with \\."
                .to_owned(),
        ),
        _ => Err(format!(
            "{word} is a command of psql, and pglab executes none of those. Write it in SQL, or remove the line"
        )),
    }
}

fn is_setting_of_psql(name: &str) -> bool {
    [
        "ON_ERROR_STOP",
        "ON_ERROR_ROLLBACK",
        "QUIET",
        "ECHO",
        "ECHO_HIDDEN",
        "VERBOSITY",
        "AUTOCOMMIT",
        "SHOW_CONTEXT",
        "HISTFILE",
        "PROMPT1",
        "PROMPT2",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_statement() {
        let fates: Vec<String> = [
            "CREATE TABLE t (n int)",
            "INSERT INTO t VALUES (1)",
            "/* x */ create database chinook",
            "COMMENT ON EXTENSION citext IS 'x'",
            "COMMENT ON TABLE t IS 'x'",
            "ALTER TABLE ONLY public.t OWNER TO \"Some body\"",
            "ALTER FUNCTION public.f(a integer, b text) OWNER TO ada",
            "ALTER TABLE t ADD owner text",
            "ALTER TABLE ONLY t DROP CONSTRAINT k",
            "CREATE UNIQUE INDEX CONCURRENTLY i ON t (n)",
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA public",
            "SET SESSION AUTHORIZATION postgres",
            "SET LOCAL ROLE postgres",
            "SET default_tablespace = ''",
            "SET client_encoding = 'UTF8'",
            "SET client_encoding = 'LATIN1'",
            "COPY t (a, \"from\") FROM stdin WITH (FORMAT csv)",
            "COPY t FROM PROGRAM 'id'",
            "COPY (SELECT 1) TO '/tmp/x'",
            "COPY t TO STDOUT",
            "DO $$ BEGIN END $$",
            "BEGIN",
            "ROLLBACK TO SAVEPOINT a",
            "COMMIT PREPARED 'x'",
            "DROP TABLE IF EXISTS t",
            "DROP DATABASE IF EXISTS t",
            "ALTER TYPE mood ADD VALUE 'x'",
        ]
        .iter()
        .map(|statement| format!("{:?}", of(statement)).chars().take(30).collect())
        .collect();
        assert_eq!(
            fates,
            [
                "Batch(Structure)",
                "Batch(Content)",
                "Skip(Some(\"pglab itself makes, ",
                "Skip(None)",
                "Batch(Structure)",
                "Skip(None)",
                "Skip(None)",
                "Batch(Structure)",
                "Drop",
                "Alone",
                "Extension(Extension { name: \"u",
                "Skip(Some(\"everything is made ",
                "Skip(Some(\"everything is made ",
                "Setting",
                "Skip(None)",
                "Refuse(\"the script says that i",
                "CopyIn",
                "Refuse(\"a script may not run p",
                "Refuse(\"a script may not write",
                "Skip(Some(\"there is nobody to ",
                "Alone",
                "Begin",
                "Alone",
                "Refuse(\"a script can't take pa",
                "Drop",
                "Skip(Some(\"pglab itself makes, ",
                "Alone",
            ]
            .map(|text| text.chars().take(30).collect::<String>())
        );
    }

    #[test]
    fn commands_of_psql() {
        assert!(of_command("\\c chinook;").is_ok());
        assert_eq!(of_command("\\restrict aBc"), Ok(None));
        assert_eq!(of_command("\\set ON_ERROR_STOP on"), Ok(None));
        for refused in [
            "\\! id",
            "\\i /etc/passwd",
            "\\copy t from 'x'",
            "\\gexec",
            "\\o x",
            "\\encoding latin1",
            "\\if true",
        ] {
            assert!(of_command(refused).is_err(), "{refused}");
        }
    }
}

//! The sentences that teach: why a task or a check is there, and how one meets it. Specific to the fact, short enough
//! to be read.

use crate::{
    check::Fact,
    snapshot::{AutoNumber, ForeignKey, ForeignKeyAction, Index, Trigger},
    types::{TypeFamily, family},
    words,
};

/// What a task is about, from its first fact.
pub(super) fn task(first: &Fact) -> String {
    match first {
        Fact::TableExists { table } => format!(
            "Create {} with its columns, keys and rules, then fill it. Each part that is right earns its share.",
            words::object(table)
        ),
        Fact::ViewExists { view, .. } => format!(
            "A view is a query with a name. {} must have these columns and return the same rows as in the example.",
            words::object(view)
        ),
        other => fact(other),
    }
}

/// Why a check is there, and how it is met.
pub(super) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::SchemaExists { schema } => format!(
            "A schema is a folder for tables and other objects: CREATE SCHEMA {}.",
            words::name(schema)
        ),
        Fact::TableExists { table } => format!(
            "Everything else of {} needs the table first: CREATE TABLE {} (…).",
            table.name,
            words::object(table)
        ),
        Fact::ColumnExists { table, column } => format!(
            "A column that is missing can be added later: ALTER TABLE {} ADD COLUMN {} ….",
            words::object(table),
            words::name(column)
        ),
        Fact::ColumnType { data_type, .. } => column_type(data_type),
        Fact::Nullability { column, not_null: true, .. } => format!(
            "Every row needs a value for {}; NOT NULL makes PostgreSQL refuse rows without one.",
            words::name(column)
        ),
        Fact::Nullability { column, .. } => format!(
            "Some rows have no value for {}, so it must not be declared NOT NULL.",
            words::name(column)
        ),
        Fact::Default { column, expression, .. } => format!(
            "An INSERT that does not mention {} stores {}.",
            words::name(column),
            words::expression(expression)
        ),
        Fact::Generated { column, .. } => format!(
            "PostgreSQL computes {} from other columns whenever a row changes: GENERATED ALWAYS AS (…) STORED. Nobody \
             can write to it.",
            words::name(column)
        ),
        Fact::AutoNumber { column, auto_number, .. } => format!(
            "PostgreSQL gives each new row the next number for {}. {}",
            words::name(column),
            match auto_number {
                AutoNumber::Serial => "The example uses serial; GENERATED … AS IDENTITY is the modern way and is fine.",
                AutoNumber::IdentityAlways =>
                    "ALWAYS means that an INSERT can't choose the number itself, unless it says OVERRIDING SYSTEM VALUE.",
                AutoNumber::IdentityByDefault => "BY DEFAULT means that an INSERT may still choose a number itself.",
            }
        ),
        Fact::PrimaryKey { columns, .. } if columns.len() == 1 => format!(
            "The primary key is how a row is told from all others: {} is never empty and never the same twice.",
            words::columns(columns)
        ),
        Fact::PrimaryKey { columns, .. } => format!(
            "The columns {} together tell a row from all others: each may repeat, the combination may not.",
            words::columns(columns)
        ),
        Fact::ForeignKey { foreign_key, .. } => explain_foreign_key(foreign_key),
        Fact::Unique { columns, nulls_not_distinct, .. } => format!(
            "No two rows may have the same {}. {}",
            words::list(&columns.iter().map(|column| words::name(column)).collect::<Vec<_>>()),
            if *nulls_not_distinct {
                "NULLS NOT DISTINCT makes this hold for empty values as well."
            } else {
                "Empty values (NULL) are not the same as each other and may repeat."
            }
        ),
        Fact::CheckConstraint { .. } => {
            "A check constraint is a rule that each row must meet; PostgreSQL refuses an INSERT or UPDATE that breaks \
             it."
            .to_owned()
        }
        Fact::Exclusion { .. } => {
            "An exclusion constraint refuses a row that clashes with another one, such as two bookings that overlap."
                .to_owned()
        }
        Fact::Index { index, .. } => explain_index(index),
        Fact::Trigger { trigger, .. } => explain_trigger(trigger),
        Fact::ViewExists { materialized: true, .. } => {
            "A materialized view keeps the result of its query on disk until REFRESH MATERIALIZED VIEW.".to_owned()
        }
        Fact::ViewExists { .. } => {
            "A view stores the query, not its result: CREATE VIEW … AS SELECT …. Its columns have the names that the \
             SELECT gives them."
                .to_owned()
        }
        Fact::ViewRows { .. } => {
            "The rows are compared by the names of their columns, in any order. They depend on the rows of the tables \
             behind the view: fill these first."
                .to_owned()
        }
        Fact::Function { function } => match &function.result {
            Some(result) if result == "trigger" => {
                "A function that returns trigger can be called by triggers only; it sees the row as NEW and OLD."
                    .to_owned()
            }
            Some(result) => format!(
                "Name, types of arguments and result are its signature, by which others call it. This one returns {}.",
                words::clip(result)
            ),
            None => "A procedure is called by CALL, returns nothing and may end transactions.".to_owned(),
        },
        Fact::Sequence { sequence } => format!(
            "A sequence hands out numbers by nextval('{}'), each only once, also to sessions that ask at the same time.",
            words::object(&sequence.name)
        ),
        Fact::Enum { .. } => {
            "An enum type is a closed list of values; they sort in the order in which they are listed.".to_owned()
        }
        Fact::Domain { domain } => format!(
            "A domain is {} with rules of its own, which hold in every column that uses it.",
            domain.base_type
        ),
        Fact::TableComment { .. } | Fact::ColumnComment { .. } => {
            "COMMENT ON … IS '…' tells the next reader what something is for.".to_owned()
        }
        Fact::Rows { .. } => {
            "Every row of the example must be there with the same values, and no other. A row that was changed counts \
             as one missing and one extra."
                .to_owned()
        }
        Fact::RowCount { .. } => "The right number of rows is the first sign that the data went in.".to_owned(),
    }
}

fn column_type(data_type: &str) -> String {
    let why = match family(data_type).map(|(family, _)| family) {
        Some(TypeFamily::Integer) => "for whole numbers",
        Some(TypeFamily::Text) if data_type.contains('(') => {
            "for text up to the length in parentheses; longer values are refused"
        }
        Some(TypeFamily::Text) => "for text of any length",
        Some(TypeFamily::ExactNumber) => {
            "for exact decimal numbers, such as money: nothing is rounded in secret"
        }
        Some(TypeFamily::FloatingNumber) => "for measured numbers, where a small rounding does no harm",
        Some(TypeFamily::Timestamp) if data_type.contains("with time zone") => {
            "for a moment that all the world shares"
        }
        Some(TypeFamily::Timestamp) => "for a date with a time of day, without a time zone",
        Some(TypeFamily::Time) => "for a time of day",
        Some(TypeFamily::Json) => "for a JSON document",
        None => match data_type {
            "date" => "for a day without a time",
            "boolean" => "for yes or no",
            "bytea" => "for bytes, such as a picture",
            "uuid" => "for a universally unique identifier",
            "interval" => "for a span of time",
            _ => "as in the example",
        },
    };
    format!(
        "The type decides what a column can hold: {} is {why}.",
        words::clip(data_type)
    )
}

fn explain_foreign_key(key: &ForeignKey) -> String {
    let (child, parent) = (words::columns(&key.columns), words::object(&key.ref_table));
    let mut text = format!("A value in {child} must exist in {parent}.");
    let parted = match key.on_delete {
        ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => {
            format!(" A row of {parent} that is still referred to can't be deleted.")
        }
        ForeignKeyAction::Cascade => {
            format!(
                " ON DELETE CASCADE: deleting a row of {parent} deletes the rows that refer to it as well."
            )
        }
        ForeignKeyAction::SetNull => {
            format!(
                " ON DELETE SET NULL: deleting a row of {parent} empties {child} in the rows that refer to it."
            )
        }
        ForeignKeyAction::SetDefault => format!(
            " ON DELETE SET DEFAULT: deleting a row of {parent} puts the default into {child} of the rows that refer \
             to it."
        ),
    };
    text.push_str(&parted);
    if key.on_update == ForeignKeyAction::Cascade {
        text.push_str(" ON UPDATE CASCADE: a changed key is changed here too.");
    }
    if key.initially_deferred {
        text.push_str(" It is checked at COMMIT, not at each statement.");
    }
    text
}

fn explain_index(index: &Index) -> String {
    let mut text = if index.unique {
        "A unique index finds rows fast and refuses the same value twice.".to_owned()
    } else {
        match index.method.as_str() {
            "gin" => "A gin index finds rows by what their values contain, such as words or array elements.".to_owned(),
            "gist" => "A gist index finds rows by overlap or distance.".to_owned(),
            "hash" => "A hash index finds equal values, and nothing else.".to_owned(),
            "brin" => "A brin index is tiny, and good where the rows lie in the order of the column.".to_owned(),
            _ if index.keys.len() > 1 => {
                "An index finds rows without reading the whole table. The order of its columns counts: it serves a \
                 search by the first ones alone."
                    .to_owned()
            }
            _ => "An index finds rows without reading the whole table; PostgreSQL makes none for a foreign key by \
                  itself."
                .to_owned(),
        }
    };
    if index.nulls_not_distinct {
        text.push_str(" To this one an empty value (NULL) is a value like others: only one row may have it.");
    }
    if index.predicate.is_some() {
        text.push_str(" This one covers only the rows that meet its WHERE.");
    }
    text
}

fn explain_trigger(trigger: &Trigger) -> String {
    let when = match trigger.timing.as_str() {
        "BEFORE" => "before the change, so that its function can still alter the row",
        "AFTER" => "after the change, so that its function sees what was done",
        _ => "instead of the change, so that its function decides what happens",
    };
    format!(
        "This trigger calls its function {when}, once for each {}.",
        if trigger.for_each_row { "row" } else { "statement" }
    )
}

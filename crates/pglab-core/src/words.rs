//! What a fact says, in words: the titles of checks and the "expected" of verdicts. How what was found is told is the
//! business of `judge`.

use crate::{
    check::Fact,
    expression::readable,
    ident::quote_ident,
    snapshot::{
        AutoNumber, ForeignKey, ForeignKeyAction, Function, FunctionKind, Index, ObjectName, Trigger,
    },
};

/// The longest piece of somebody's SQL that a sentence carries, in bytes.
const MAX_QUOTED_BYTES: usize = 200;

/// A name as one would write it in SQL: in double quotes where it needs them.
pub fn name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    clip(&if plain { name.to_owned() } else { quote_ident(name) })
}

/// The same with the schema, which is left out where it is `public`.
pub fn object(object: &ObjectName) -> String {
    if object.schema == "public" {
        name(&object.name)
    } else {
        format!("{}.{}", name(&object.schema), name(&object.name))
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// `(a, b)`, as after `PRIMARY KEY`.
pub fn columns<S: AsRef<str>>(columns: &[S]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| name(column.as_ref())).collect();
    format!("({})", columns.join(", "))
}

/// `1 row`, `2 rows`.
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// Cuts a text that somebody may have made very long.
pub fn clip(text: &str) -> String {
    if text.len() <= MAX_QUOTED_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_QUOTED_BYTES)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}

/// An expression without what PostgreSQL adds to it.
pub fn expression(expression: &str) -> String {
    clip(&readable(expression))
}

/// The keys of an index, between commas.
fn keys(keys: &[String]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| readable(key)).collect();
    clip(&keys.join(", "))
}

/// `a function f()`, `an aggregate function f()`.
pub fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// `DELETE`, `UPDATE OF a, b`.
fn events(trigger: &Trigger) -> String {
    let events: Vec<String> = trigger
        .events
        .iter()
        .map(|event| {
            if event == "UPDATE" && !trigger.update_columns.is_empty() {
                let columns: Vec<String> = trigger.update_columns.iter().map(|column| name(column)).collect();
                format!("UPDATE OF {}", columns.join(", "))
            } else {
                event.clone()
            }
        })
        .collect();
    events.join(" OR ")
}

/// `BEFORE INSERT OR UPDATE for each row when …`
pub fn trigger(trigger: &Trigger) -> String {
    let mut text = format!(
        "{} {} for each {}",
        trigger.timing,
        events(trigger),
        if trigger.for_each_row { "row" } else { "statement" }
    );
    if let Some(condition) = &trigger.condition {
        text.push_str(&format!(" when {}", expression(condition)));
    }
    text
}

/// The columns and expressions of an index, as the title of its task shows them.
pub fn index_keys(index: &Index) -> String {
    keys(&index.keys)
}

/// `a unique index on album (artist_id) where …`
pub fn index(table: &ObjectName, index: &Index) -> String {
    let mut text = format!(
        "{} on {} ({})",
        match (index.unique, index.method.as_str()) {
            (true, "btree") => "a unique index".to_owned(),
            (false, "btree") => "an index".to_owned(),
            (unique, method) => format!("a {}{method} index", if unique { "unique " } else { "" }),
        },
        object(table),
        keys(&index.keys)
    );
    if !index.include.is_empty() {
        text.push_str(&format!(" that includes {}", columns(&index.include)));
    }
    if index.nulls_not_distinct {
        text.push_str(" in which empty values are equal (NULLS NOT DISTINCT)");
    }
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" where {}", expression(predicate)));
    }
    text
}

/// `on delete cascade`, for what differs from the defaults; empty when nothing does.
pub fn foreign_key_options(key: &ForeignKey) -> String {
    let mut text = String::new();
    for (when, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        if action != ForeignKeyAction::NoAction {
            text.push_str(&format!(", ON {when} {}", action.sql()));
        }
    }
    if key.match_full {
        text.push_str(", MATCH FULL");
    }
    if key.deferrable {
        text.push_str(if key.initially_deferred {
            ", DEFERRABLE INITIALLY DEFERRED"
        } else {
            ", DEFERRABLE"
        });
    }
    text
}

/// `function f(integer, text)`
pub fn function(function: &Function) -> String {
    format!(
        "{} {}({})",
        function_kind(function.kind),
        object(&function.name),
        clip(&function.argument_types)
    )
}

pub fn function_kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Function => "function",
        FunctionKind::Procedure => "procedure",
        FunctionKind::Aggregate => "aggregate function",
        FunctionKind::Window => "window function",
    }
}

pub fn auto_number(auto_number: AutoNumber) -> &'static str {
    match auto_number {
        AutoNumber::Serial => "serial",
        AutoNumber::IdentityAlways => "GENERATED ALWAYS AS IDENTITY",
        AutoNumber::IdentityByDefault => "GENERATED BY DEFAULT AS IDENTITY",
    }
}

/// What must hold: `album.title is character varying(160)`.
pub fn fact(fact: &Fact) -> String {
    match fact {
        Fact::SchemaExists { schema } => format!("There is a schema {}", name(schema)),
        Fact::TableExists { table } => format!("There is a table {}", object(table)),
        Fact::ColumnExists { table, column } => format!("{} has a column {}", object(table), name(column)),
        Fact::ColumnType {
            table,
            column,
            data_type,
        } => {
            format!("{}.{} is {}", object(table), name(column), clip(data_type))
        }
        Fact::Nullability {
            table,
            column,
            not_null,
        } => format!(
            "{}.{} {}",
            object(table),
            name(column),
            if *not_null {
                "must not be empty (NOT NULL)"
            } else {
                "may be empty (NULL)"
            }
        ),
        Fact::Default {
            table,
            column,
            expression: default,
        } => format!(
            "{}.{} has the default {}",
            object(table),
            name(column),
            expression(default)
        ),
        Fact::Generated {
            table,
            column,
            expression: generated,
        } => format!(
            "{}.{} is generated as {}",
            object(table),
            name(column),
            expression(generated)
        ),
        Fact::AutoNumber {
            table,
            column,
            auto_number: how,
        } => format!(
            "{}.{} numbers itself ({} in the example; any way will do)",
            object(table),
            name(column),
            auto_number(*how)
        ),
        Fact::PrimaryKey { table, columns: key } => {
            format!("The primary key of {} is {}", object(table), columns(key))
        }
        Fact::ForeignKey { table, foreign_key } => format!(
            "{}{} refers to {}{}{}",
            object(table),
            columns(&foreign_key.columns),
            object(&foreign_key.ref_table),
            columns(&foreign_key.ref_columns),
            foreign_key_options(foreign_key)
        ),
        Fact::Unique {
            table,
            columns: key,
            nulls_not_distinct,
        } => format!(
            "{}{} is unique{}",
            object(table),
            columns(key),
            if *nulls_not_distinct {
                ", also when empty (NULLS NOT DISTINCT)"
            } else {
                ""
            }
        ),
        Fact::CheckConstraint {
            table,
            expression: check,
        } => {
            format!("{} checks that {}", object(table), expression(check))
        }
        Fact::Exclusion { table, definition } => {
            format!("{} has the rule {}", object(table), clip(definition))
        }
        Fact::Index { table, index: wanted } => format!("There is {}", index(table, wanted)),
        Fact::Trigger {
            table,
            trigger: wanted,
        } => {
            format!("{} has a trigger {}", object(table), trigger(wanted))
        }
        Fact::ViewExists {
            view,
            materialized,
            columns: wanted,
        } => format!(
            "There is a {} {} with the columns {}",
            view_noun(*materialized),
            object(view),
            list(&wanted.iter().map(|column| name(column)).collect::<Vec<_>>())
        ),
        Fact::ViewRows { view } => format!("{} returns the same rows as in the example", object(view)),
        Fact::Function { function: wanted } => match &wanted.result {
            Some(result) => format!(
                "There is {} that returns {}",
                with_article(&function(wanted)),
                clip(result)
            ),
            None => format!("There is {}", with_article(&function(wanted))),
        },
        Fact::Sequence { sequence } => format!(
            "There is a sequence {} that starts at {} and counts by {}",
            object(&sequence.name),
            sequence.start,
            sequence.increment
        ),
        Fact::Enum { r#enum } => format!(
            "There is an enum type {} with the values {}",
            object(&r#enum.name),
            clip(&list(&r#enum.labels))
        ),
        Fact::Domain { domain } => {
            let mut text = format!(
                "There is a domain {} over {}",
                object(&domain.name),
                domain.base_type
            );
            if domain.not_null {
                text.push_str(", never empty (NOT NULL)");
            }
            if let Some(default) = &domain.default {
                text.push_str(&format!(", default {}", expression(default)));
            }
            for check in &domain.checks {
                text.push_str(&format!(", which checks that {}", expression(check)));
            }
            text
        }
        Fact::TableComment { table, comment } => {
            format!("{} has the comment \"{}\"", object(table), clip(comment))
        }
        Fact::ColumnComment {
            table,
            column,
            comment,
        } => {
            format!(
                "{}.{} has the comment \"{}\"",
                object(table),
                name(column),
                clip(comment)
            )
        }
        Fact::Rows { table } => format!(
            "{} holds the same rows as the example, in any order",
            object(table)
        ),
        Fact::RowCount { table, n_rows } => format!("{} has {}", object(table), count(*n_rows, "row")),
    }
}

pub fn view_noun(materialized: bool) -> &'static str {
    if materialized { "materialized view" } else { "view" }
}

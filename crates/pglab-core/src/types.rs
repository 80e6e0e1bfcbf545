//! Families of types, for the lenient rule. Knows the spelling of `format_type` and nothing of what a type can hold.

use crate::lab::TypeRule;

/// Types that a lenient lab takes for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeFamily {
    /// `smallint`, `integer`, `bigint`
    Integer,
    /// `text`, `character varying(n)`, `character(n)`
    Text,
    /// `numeric(p,s)`
    ExactNumber,
    /// `real`, `double precision`
    FloatingNumber,
    /// `timestamp(p) with time zone` and without
    Timestamp,
    /// `time(p) with time zone` and without
    Time,
    /// `json`, `jsonb`
    Json,
}

impl TypeFamily {
    /// For people, after "another": `another integer type`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Integer => "integer type",
            Self::Text => "text type",
            Self::ExactNumber => "numeric type",
            Self::FloatingNumber => "floating-point type",
            Self::Timestamp => "timestamp type",
            Self::Time => "time type",
            Self::Json => "JSON type",
        }
    }
}

/// The family of a type as `format_type` prints it, and how many array brackets it has; `None` for types that have no
/// kin.
pub fn family(data_type: &str) -> Option<(TypeFamily, usize)> {
    let mut element = data_type.trim();
    let mut n_dimensions = 0;
    while let Some(rest) = element.strip_suffix("[]") {
        element = rest;
        n_dimensions += 1;
    }
    let (head, tail) = match element.find('(') {
        Some(open) => {
            let close = element[open..]
                .find(')')
                .map_or(element.len(), |at| open + at + 1);
            (element[..open].trim_end(), element[close..].trim_start())
        }
        None => (element, ""),
    };
    let family = match head {
        "smallint" | "integer" | "bigint" => TypeFamily::Integer,
        "text" | "character varying" | "character" | "bpchar" => TypeFamily::Text,
        "numeric" => TypeFamily::ExactNumber,
        "real" | "double precision" => TypeFamily::FloatingNumber,
        "timestamp" | "timestamp with time zone" | "timestamp without time zone" => TypeFamily::Timestamp,
        "time" | "time with time zone" | "time without time zone" => TypeFamily::Time,
        "json" | "jsonb" => TypeFamily::Json,
        _ => return None,
    };
    let tail_is_fine = match family {
        TypeFamily::Timestamp | TypeFamily::Time => {
            matches!(tail, "" | "with time zone" | "without time zone")
        }
        _ => tail.is_empty(),
    };
    tail_is_fine.then_some((family, n_dimensions))
}

/// Whether a type that was found will do where another was expected.
pub fn accepts(expected: &str, found: &str, rule: TypeRule) -> bool {
    expected == found
        || match rule {
            TypeRule::Strict => false,
            TypeRule::Lenient => family(expected).is_some_and(|kin| family(found) == Some(kin)),
        }
}

/// The same for lists of arguments and for results: `integer, text`, `SETOF numeric`. Lists are split at commas that
/// stand in no parentheses, and `TABLE(…)` is compared by its columns.
pub fn accepts_list(expected: &str, found: &str, rule: TypeRule) -> bool {
    if expected == found {
        return true;
    }
    if rule == TypeRule::Strict {
        return false;
    }
    let (expected, found) = (split(expected), split(found));
    expected.len() == found.len()
        && expected.iter().zip(&found).all(|(expected, found)| {
            if let (Some(expected), Some(found)) = (table_columns(expected), table_columns(found)) {
                return accepts_list(expected, found, rule);
            }
            ["SETOF ", "VARIADIC ", "INOUT ", "OUT "]
                .into_iter()
                .find_map(|mode| Some((expected.strip_prefix(mode)?, found.strip_prefix(mode)?)))
                .map_or_else(
                    || accepts(expected, found, rule) || accepts_named(expected, found, rule),
                    |(expected, found)| accepts(expected, found, rule),
                )
        })
}

/// `total numeric(10,2)` against `total numeric`: the columns of `TABLE(…)` carry names.
fn accepts_named(expected: &str, found: &str, rule: TypeRule) -> bool {
    match (expected.split_once(' '), found.split_once(' ')) {
        (Some((name, expected)), Some((other, found))) => name == other && accepts(expected, found, rule),
        _ => false,
    }
}

fn table_columns(result: &str) -> Option<&str> {
    result.strip_prefix("TABLE(")?.strip_suffix(')')
}

fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_takes_only_the_same() {
        assert!(accepts("integer", "integer", TypeRule::Strict));
        assert!(!accepts("integer", "bigint", TypeRule::Strict));
        assert!(!accepts(
            "character varying(160)",
            "character varying(120)",
            TypeRule::Strict
        ));
    }

    #[test]
    fn lenient_takes_the_family() {
        for (a, b) in [
            ("smallint", "bigint"),
            ("character varying(160)", "text"),
            ("character(2)", "character varying(9)"),
            ("numeric(10,2)", "numeric"),
            ("real", "double precision"),
            ("timestamp(3) without time zone", "timestamp with time zone"),
            ("json", "jsonb"),
            ("integer[]", "bigint[]"),
        ] {
            assert!(accepts(a, b, TypeRule::Lenient), "{a} / {b}");
            assert!(accepts(b, a, TypeRule::Lenient), "{b} / {a}");
        }
        for (a, b) in [
            ("integer", "text"),
            ("integer", "integer[]"),
            ("numeric(10,2)", "double precision"),
            ("date", "timestamp without time zone"),
            ("public.mood", "text"),
            ("public.mood", "public.humour"),
        ] {
            assert!(!accepts(a, b, TypeRule::Lenient), "{a} / {b}");
        }
    }

    #[test]
    fn lenient_lists() {
        assert!(accepts_list(
            "integer, character varying",
            "bigint, text",
            TypeRule::Lenient
        ));
        assert!(accepts_list("SETOF integer", "SETOF bigint", TypeRule::Lenient));
        assert!(accepts_list(
            "TABLE(n integer, total numeric(10,2))",
            "TABLE(n bigint, total numeric)",
            TypeRule::Lenient
        ));
        assert!(!accepts_list("integer", "SETOF integer", TypeRule::Lenient));
        assert!(!accepts_list(
            "TABLE(n integer)",
            "TABLE(m integer)",
            TypeRule::Lenient
        ));
        assert!(!accepts_list("integer, text", "integer", TypeRule::Lenient));
    }
}

//! One value of a result: which family its type belongs to, and when two of them agree.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// Types that are compared in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Whole and exact numbers: 1 is 1.00.
    Number,
    /// `double precision`.
    Double,
    /// `real`.
    Real,
    Boolean,
    /// `character(n)`: blanks at the end do not count.
    Padded,
    /// All others, by what PostgreSQL prints.
    Other,
}

impl Family {
    pub fn of(type_name: &str) -> Self {
        let base = type_name.split('(').next().unwrap_or_default().trim();
        match base {
            "int2" | "int4" | "int8" | "smallint" | "integer" | "bigint" | "numeric" | "decimal" | "oid" => {
                Self::Number
            }
            "float8" | "double precision" => Self::Double,
            "float4" | "real" => Self::Real,
            "bool" | "boolean" => Self::Boolean,
            "bpchar" | "character" | "char" => Self::Padded,
            _ => Self::Other,
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Double | Self::Real)
    }

    pub(super) fn compares_with(self, other: Self) -> bool {
        self.is_number() == other.is_number() && (self == Self::Boolean) == (other == Self::Boolean)
    }

    /// The family in which values of the two are compared.
    pub(super) fn with(self, other: Self) -> Self {
        let one_is = |family| self == family || other == family;
        if self == other {
            self
        } else if self.is_number() && other.is_number() {
            if one_is(Self::Real) {
                Self::Real
            } else {
                Self::Double
            }
        } else {
            // A text of character(n) among other texts counts without its blanks, as PostgreSQL casts it.
            if one_is(Self::Padded) {
                Self::Padded
            } else {
                Self::Other
            }
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Number | Self::Double | Self::Real => "a number",
            Self::Boolean => "true or false",
            Self::Padded | Self::Other => "no number",
        }
    }
}

/// How much numbers may differ: a decimal number that is not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} can't be a tolerance: write a decimal number that is not negative, like \"0.01\"")]
pub struct ToleranceError(String);

impl Tolerance {
    /// # Errors
    /// No such number.
    pub fn parse(text: &str) -> Result<Self, ToleranceError> {
        let fine = text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && text.bytes().any(|b| b.is_ascii_digit())
            && text.bytes().filter(|b| *b == b'.').count() <= 1
            && text.len() <= 40;
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(ToleranceError(text.to_owned()))
        }
    }
    fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(0.0)
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the values of one column are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// By the text of [`exact`].
    Exact(Family),
    /// Numbers that may differ: by so much, or by so much of the larger.
    Near { absolute: f64, relative: f64 },
}

pub(super) fn rules(families: &[Family], tolerance: Option<&Tolerance>) -> Vec<Rule> {
    let absolute = tolerance.map_or(0.0, Tolerance::as_f64);
    families
        .iter()
        .map(|&family| match family {
            Family::Real => Rule::Near {
                absolute,
                relative: 1e-5,
            },
            Family::Double => Rule::Near {
                absolute,
                relative: 1e-9,
            },
            Family::Number if absolute > 0.0 => Rule::Near {
                absolute,
                relative: 0.0,
            },
            family => Rule::Exact(family),
        })
        .collect()
}

/// The value in the form in which equal values are equal texts.
pub(super) fn exact(family: Family, text: &str) -> Cow<'_, str> {
    match family {
        Family::Number | Family::Double | Family::Real => Cow::Owned(decimal(text)),
        Family::Padded => Cow::Borrowed(text.trim_end_matches(' ')),
        Family::Boolean | Family::Other => Cow::Borrowed(text),
    }
}

/// A number for which nearness has a meaning: not NaN, not infinite.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

pub(super) fn near(absolute: f64, relative: f64, one: f64, other: f64) -> bool {
    let distance = (one - other).abs();
    // A difference that is declared as fine must not fail by how doubles hold it: 1.01 - 1.00 is more than 0.01.
    let slack = f64::EPSILON * one.abs().max(other.abs());
    distance <= absolute + slack || distance <= relative * one.abs().max(other.abs())
}

/// Do two values agree?
pub(super) fn agree(rule: &Rule, one: Option<&str>, other: Option<&str>) -> bool {
    let (one, other) = match (one, other) {
        (None, None) => return true,
        (Some(one), Some(other)) => (one, other),
        _ => return false,
    };
    match *rule {
        Rule::Exact(family) => exact(family, one) == exact(family, other),
        Rule::Near { absolute, relative } => match (finite(one), finite(other)) {
            (Some(one), Some(other)) => near(absolute, relative, one, other),
            _ => exact(Family::Number, one) == exact(Family::Number, other),
        },
    }
}

/// A decimal number in one form: `-12.5`, `0`, `NaN`; digits as they are, so that nothing is lost.
fn decimal(text: &str) -> String {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if exponent.abs() <= 20_000 => (mantissa, exponent),
            _ => return text.to_owned(),
        },
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return text.to_owned();
    }
    let digits = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX) + i64::from(exponent);
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (
            format!("{digits}{}", "0".repeat(point - digits.len())),
            String::new(),
        ),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
        Err(_) => {
            let zeros = usize::try_from(-point).unwrap_or(0);
            (String::new(), format!("{}{digits}", "0".repeat(zeros)))
        }
    };
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let mut number = String::new();
    if negative && !(whole.is_empty() && fraction.is_empty()) {
        number.push('-');
    }
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, form) in [
            ("1", "1"),
            ("1.00", "1"),
            ("-0.0", "0"),
            ("007.50", "7.5"),
            ("1e3", "1000"),
            ("1.5e-3", "0.0015"),
            ("-2.5E+1", "-25"),
            ("0.1", "0.1"),
            (".5", "0.5"),
            (
                "123456789012345678901234567890.10",
                "123456789012345678901234567890.1",
            ),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
            ("1e999999999", "1e999999999"),
            ("", ""),
            ("1.2.3", "1.2.3"),
        ] {
            assert_eq!(decimal(text), form, "{text}");
        }
    }

    #[test]
    fn values_agree_by_their_family() {
        let number = Rule::Exact(Family::Number);
        assert!(agree(&number, Some("1.0"), Some("1.00")));
        assert!(!agree(&number, Some("1.0"), Some("1.01")));
        assert!(!agree(&number, Some("0"), None));
        assert!(agree(&number, None, None));
        assert!(agree(&Rule::Exact(Family::Padded), Some("SE  "), Some("SE")));
        assert!(!agree(&Rule::Exact(Family::Other), Some("SE  "), Some("SE")));
        let near = Rule::Near {
            absolute: 0.01,
            relative: 0.0,
        };
        assert!(agree(&near, Some("1.00"), Some("1.01")));
        assert!(!agree(&near, Some("1.00"), Some("1.02")));
        assert!(agree(&near, Some("NaN"), Some("NaN")));
        assert!(!agree(&near, Some("NaN"), Some("1")));
        let double = Rule::Near {
            absolute: 0.0,
            relative: 1e-9,
        };
        assert!(agree(&double, Some("0.30000000000000004"), Some("0.3")));
        assert!(agree(&double, Some("Infinity"), Some("Infinity")));
        assert!(!agree(&double, Some("Infinity"), Some("-Infinity")));
        assert!(!agree(&double, Some("1"), Some("1.0001")));
    }

    #[test]
    fn tolerances() {
        assert!(Tolerance::parse("0.01").is_ok());
        for wrong in ["", ".", "-1", "1e3", "1.2.3", "NaN"] {
            assert!(Tolerance::parse(wrong).is_err(), "{wrong}");
        }
    }
}

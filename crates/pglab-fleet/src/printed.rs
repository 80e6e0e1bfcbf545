//! Names of types and functions as PostgreSQL prints them under our search path: with their schema, quoted where need be.

use pglab_core::snapshot::ObjectName;

/// `None` where there is no schema, or something behind the name.
pub(crate) fn name(printed: &str) -> Option<ObjectName> {
    let (schema, rest) = part(printed)?;
    let (name, rest) = part(rest.strip_prefix('.')?)?;
    rest.is_empty().then(|| ObjectName::new(schema, name))
}

/// A name at the beginning, quoted or not, and what follows.
fn part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_types_and_functions() {
        let object = |schema: &str, name: &str| Some(ObjectName::new(schema, name));
        assert_eq!(name("public.price"), object("public", "price"));
        assert_eq!(name("\"My \"\"S\".\"a.b\""), object("My \"S", "a.b"));
        assert_eq!(name("numeric(10,2)"), None);
        assert_eq!(name("public.price[]"), None);
        assert_eq!(name("\"open"), None);
    }
}

//! `{{NAME}}` in the texts of a challenge. An unknown name stays as it is.

/// Those that pglab fills in.
pub const KNOWN: [&str; 7] = [
    "INSTANCE_NAME",
    "DOMAIN",
    "USER_ID",
    "COMPETITION_ID",
    "FLAG",
    "FLAG_SECRET_NAME",
    "RANDOM_PASSWORD",
];

/// The names that a text uses, in order.
pub fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for_each(text, |_, name| names.extend(name));
    names
}

/// The text with each name that `value` knows replaced. What was put in is not looked at again.
pub fn fill_in(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for_each(text, |piece, name| match name.and_then(&value) {
        Some(value) => filled.push_str(&value),
        None => filled.push_str(piece),
    });
    filled
}

/// Calls with each piece of the text, and with its name where the piece is a variable.
fn for_each<'a>(text: &'a str, mut call: impl FnMut(&'a str, Option<&'a str>)) {
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let inside = &rest[start + 2..];
        let name_end = inside
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(inside.len());
        if name_end > 0 && inside[name_end..].starts_with("}}") {
            call(&rest[..start], None);
            call(&rest[start..start + name_end + 4], Some(&inside[..name_end]));
            rest = &inside[name_end + 2..];
        } else {
            // One brace on: `{{{FLAG}}}` is a variable in braces.
            call(&rest[..=start], None);
            rest = &rest[start + 1..];
        }
    }
    call(rest, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in_and_others_stay() {
        let value = |name: &str| match name {
            "FLAG" => Some("{{USER_ID}}".to_owned()),
            "DOMAIN" => Some("lab.example".to_owned()),
            _ => None,
        };
        assert_eq!(
            fill_in(
                "http://{{DOMAIN}}/{{WHAT}} {{{FLAG}}} {{ FLAG }} {{FLAG} ä{{",
                value
            ),
            "http://lab.example/{{WHAT}} {{{USER_ID}}} {{ FLAG }} {{FLAG} ä{{"
        );
        assert_eq!(names("{{A}}{{B_2}} {{}} {{C"), ["A", "B_2"]);
    }
}

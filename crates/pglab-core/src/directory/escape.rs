//! Values that strangers typed, made safe for a search filter (RFC 4515) and for a name in the tree (RFC 4514). Nothing
//! is refused here: every string has an escaped form that means exactly that string.

/// A value inside a search filter: `*`, `(`, `)`, `\`, NUL and everything outside ASCII become `\xx`.
pub fn filter_value(value: &str) -> String {
    filter_bytes(value.as_bytes())
}

/// The same for a value that need not be text.
pub fn filter_bytes(value: &[u8]) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value {
        match byte {
            b'*' | b'(' | b')' | b'\\' | 0x00..0x20 | 0x7f..=0xff => push_hex(&mut escaped, *byte),
            _ => escaped.push(char::from(*byte)),
        }
    }
    escaped
}

/// A value inside a distinguished name: what has a meaning there, control characters, and a space or `#` where they
/// would have one, become `\xx`.
pub fn dn_value(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' | b'=' | 0x00..0x20 | 0x7f..=0xff => {
                push_hex(&mut escaped, byte);
            }
            b' ' if at == 0 || at == last => push_hex(&mut escaped, byte),
            b'#' if at == 0 => push_hex(&mut escaped, byte),
            _ => escaped.push(char::from(byte)),
        }
    }
    escaped
}

fn push_hex(escaped: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    escaped.push('\\');
    escaped.push(char::from(DIGITS[usize::from(byte >> 4)]));
    escaped.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_keep_their_shape() {
        assert_eq!(filter_value("ada"), "ada");
        assert_eq!(filter_value("*)(uid=*"), r"\2a\29\28uid=\2a");
        assert_eq!(filter_value("a\0b\\c"), r"a\00b\5cc");
        assert_eq!(filter_value("é"), r"\c3\a9");
    }

    #[test]
    fn names_keep_their_shape() {
        assert_eq!(dn_value("ada"), "ada");
        assert_eq!(dn_value("x,ou=services"), r"x\2cou\3dservices");
        assert_eq!(dn_value(" # "), r"\20#\20");
        assert_eq!(dn_value("#1"), r"\231");
        assert_eq!(dn_value("a b#c"), "a b#c");
        assert_eq!(dn_value(" "), r"\20");
    }
}

//! Compares expressions as `pg_get_expr` prints them by what they say. It is no parser of SQL: it knows the shape that
//! PostgreSQL's own printer gives to expressions (every operator in parentheses of its own) and no more.
//!
//! Two expressions are the same here when they differ only in
//! * parentheses around one name, literal, call, `ARRAY[…]` or other parentheses, and around the whole;
//! * casts of literals to built-in types (`'a'::text`, `(0)::numeric`, `'-1'::integer`), and any cast to a text type
//!   without a length (`(title)::text`), which PostgreSQL adds where a column is `character varying`;
//! * the order of what `AND` or `OR` joins, the side on which a comparison has its operands (`0 < a`, `a > 0`), and
//!   the order and repetition of the values in `= ANY (ARRAY[…])` and `<> ALL (ARRAY[…])`, which is what `IN` becomes;
//! * zeros at the end of decimal fractions, the case of unquoted words, white space, `CURRENT_TIMESTAMP` for `now()`.
//!
//! Casts of columns to other types change values (`(price)::integer` rounds) and therefore count.

mod form;
mod read;
mod readable;
mod tokens;

use read::{Node, Reader};
use tokens::{Token, tokens};

/// Deeper or longer expressions are compared as they are printed: what a student wrote must not exhaust our stack.
const MAX_DEPTH: usize = 100;
const MAX_BYTES: usize = 16 * 1024;

/// Whether two expressions say the same, in the sense above.
pub fn same(a: &str, b: &str) -> bool {
    a == b || normal_form(a) == normal_form(b)
}

/// The form in which equal expressions are equal texts. For comparison only, not for people.
pub fn normal_form(expression: &str) -> String {
    read(expression, true).map_or_else(|| expression.to_owned(), |nodes| form::printed(&nodes))
}

/// An expression as one would write it: without the casts and parentheses that PostgreSQL adds, in its own order.
pub fn readable(expression: &str) -> String {
    read(expression, false).map_or_else(|| expression.to_owned(), |nodes| readable::printed(&nodes))
}

/// `None` for what is too long, too deep or not understood. `sorts` puts into one order what may be in any.
fn read(expression: &str, sorts: bool) -> Option<Vec<Node>> {
    if expression.len() > MAX_BYTES {
        return None;
    }
    let tokens = tokens(expression)?;
    let mut reader = Reader::new(&tokens, sorts);
    let nodes = reader.sequence(0)?;
    reader.is_at_end().then(|| form::bare(form::group(nodes, sorts)))
}

/// The name, where an expression is nothing but a column: `album_id`, `"Album Id"`.
pub fn column_name(expression: &str) -> Option<String> {
    match tokens(expression)?.as_slice() {
        [Token::Word(name)] | [Token::Quoted(name)] => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

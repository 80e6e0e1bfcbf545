//! Do the data of a task tell wrong queries from the right one? Wrong queries that people plausibly write are made from the
//! reference (`wrong`), and data on which these differ from the start's (`mutation`, chosen by `plan`), with what the reference
//! speaks of (`used`).
//! Running any of it is the business of `pglab-fleet`. SQL is read by sqlparser, and only for this: judging needs none of it.

mod alter;
pub mod mutation;
mod plan;
mod syntax;
pub mod used;
pub mod wrong;

use sqlparser::{
    ast::Statement,
    dialect::PostgreSqlDialect,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

pub use mutation::{Change, Mutated};
pub use plan::{MAX_CHANGES, plan};
pub use used::{Cut, Used, cut, used};
pub use wrong::{Wrong, wrong};

/// Longer queries are not read. What is read nests by as many levels at most, and is walked by recursion.
const MAX_WORDS: usize = 800;
const MAX_DEPTH: usize = 40;

/// Why a query could not be read: for its author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    #[error("the query is too long to make wrong ones of it: more than {MAX_WORDS} words and signs")]
    TooLong,
    #[error("the query can't be read: {0}")]
    Syntax(String),
    #[error("this is no single query")]
    NoQuery,
}

/// What is nested is read and walked by recursion, whose frames are large.
const STACK_BYTES: usize = 64 << 20;

/// Does this with a stack that the limits above can't exhaust. A query that is read must not leave it.
fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T, NotRead> + Send) -> Result<T, NotRead> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| NotRead::Syntax(error.to_string()))?
            .join()
            .unwrap_or_else(|_| Err(NotRead::Syntax("reading it failed".to_owned())))
    })
}

/// Within [`on_large_stack`].
fn read(sql: &str) -> Result<Statement, NotRead> {
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize()
        .map_err(|error| NotRead::Syntax(error.to_string()))?;
    let n_words = tokens
        .iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .count();
    if n_words > MAX_WORDS {
        return Err(NotRead::TooLong);
    }
    let mut statements = Parser::new(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens(tokens)
        .parse_statements()
        .map_err(|error| NotRead::Syntax(error.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement @ Statement::Query(_)), true) => Ok(statement),
        _ => Err(NotRead::NoQuery),
    }
}

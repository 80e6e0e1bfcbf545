//! The rows of the catalogs as `sql/lists.sql` gives them, and the fingerprint of them all. What PostgreSQL has to be
//! asked for beside them, because it is printed from expressions, is in `texts`.

use sha2::{Digest, Sha256};
use tokio_postgres::SimpleQueryRow;

use super::MAX_COLUMNS;
use crate::Error;

/// What a schema is told by: two databases of one cluster with the same have the same rows in their catalogs.
pub type Fingerprint = [u8; 32];

/// The rows of one statement.
pub(crate) type Set = Vec<SimpleQueryRow>;

/// So many statements are in [`statement`].
pub(crate) const N_LISTS: usize = 15;

/// The statements for a server of this `server_version_num`.
pub(crate) fn statement(server_version: u32) -> String {
    let text = include_str!("sql/lists.sql").replace("{limit}", &(MAX_COLUMNS + 1).to_string());
    // Unique constraints that take nulls for equal came with PostgreSQL 15.
    if server_version >= 150_000 {
        text
    } else {
        text.replace("indnullsnotdistinct", "false")
    }
}

pub(crate) struct Lists {
    pub(super) schemas: Set,
    pub(super) relations: Set,
    pub(super) columns: Set,
    pub(super) types: Set,
    pub(super) constraints: Set,
    pub(super) indexes: Set,
    pub(super) functions: Set,
    pub(super) defaults: Set,
    pub(super) triggers: Set,
    pub(super) sequences: Set,
    pub(super) labels: Set,
    pub(super) comments: Set,
    pub(super) children: Set,
    pub(super) extensions: Set,
    pub(super) depends: Set,
}

impl Lists {
    /// Takes the first [`N_LISTS`] sets of an answer.
    pub(crate) fn take(sets: &mut impl Iterator<Item = Set>) -> Result<Self, Error> {
        let mut next = || {
            sets.next()
                .ok_or_else(|| Error::Unexpected("a list of the catalog is missing".to_owned()))
        };
        let lists = Self {
            schemas: next()?,
            relations: next()?,
            columns: next()?,
            types: next()?,
            constraints: next()?,
            indexes: next()?,
            functions: next()?,
            defaults: next()?,
            triggers: next()?,
            sequences: next()?,
            labels: next()?,
            comments: next()?,
            children: next()?,
            extensions: next()?,
            depends: next()?,
        };
        if lists.columns.len() > MAX_COLUMNS as usize {
            return Err(Error::TooLarge(format!(
                "it has more than {MAX_COLUMNS} columns in tables, views and indexes"
            )));
        }
        Ok(lists)
    }

    fn all(&self) -> [&Set; N_LISTS] {
        [
            &self.schemas,
            &self.relations,
            &self.columns,
            &self.types,
            &self.constraints,
            &self.indexes,
            &self.functions,
            &self.defaults,
            &self.triggers,
            &self.sequences,
            &self.labels,
            &self.comments,
            &self.children,
            &self.extensions,
            &self.depends,
        ]
    }

    /// `None` where what is printed may depend on something that is in none of the lists.
    pub(crate) fn fingerprint(&self) -> Result<Option<Fingerprint>, Error> {
        for row in &self.depends {
            let row = Row(row);
            let (class, referred) = (row.oid(3)?, row.oid(4)?);
            if referred >= FIRST_OF_USERS && !LISTED.contains(&class) {
                return Ok(None);
            }
        }
        let mut whole = Sha256::new();
        for set in self.all() {
            // The catalog gives its rows in any order.
            let mut rows: Vec<[u8; 32]> = set.iter().map(digest).collect();
            rows.sort_unstable();
            whole.update(rows.len().to_le_bytes());
            for row in rows {
                whole.update(row);
            }
        }
        Ok(Some(whole.finalize().into()))
    }
}

/// Objects below were made by initdb.
pub(super) const FIRST_OF_USERS: u32 = 16384;
const PG_TYPE: u32 = 1247;
const PG_PROC: u32 = 1255;
const PG_CLASS: u32 = 1259;
const PG_ATTRDEF: u32 = 2604;
const PG_CONSTRAINT: u32 = 2606;
const PG_NAMESPACE: u32 = 2615;
const PG_REWRITE: u32 = 2618;
const PG_TRIGGER: u32 = 2620;
const PG_EXTENSION: u32 = 3079;
/// The catalogs that are in the lists, and the one of the rules behind views, which nothing printed speaks of. An
/// expression that speaks of an object in another one (an operator, a text search configuration, a collation of the
/// student's) has a dependency that says so.
const LISTED: [u32; 9] = [
    PG_TYPE,
    PG_PROC,
    PG_CLASS,
    PG_ATTRDEF,
    PG_CONSTRAINT,
    PG_NAMESPACE,
    PG_REWRITE,
    PG_TRIGGER,
    PG_EXTENSION,
];

impl Lists {
    /// Comments on relations with their columns, and on functions.
    pub(super) fn has_comments(&self) -> Result<bool, Error> {
        for row in &self.comments {
            if matches!(Row(row).oid(2)?, PG_CLASS | PG_PROC) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is owned, and how: `e` by an extension, others by a column.
    pub(super) fn owned(&self) -> Result<Vec<(u32, char)>, Error> {
        let mut owned = Vec::new();
        for row in &self.depends {
            let row = Row(row);
            let (class, how) = (row.oid(1)?, row.letter(6)?);
            let by_extension = how == 'e' && matches!(class, PG_CLASS | PG_PROC | PG_TYPE | PG_NAMESPACE);
            let by_column = matches!(how, 'a' | 'i')
                && class == PG_CLASS
                && row.oid(3)? == PG_CLASS
                && row.number::<i32>(5)? > 0;
            if by_extension || by_column {
                owned.push((row.oid(2)?, how));
            }
        }
        Ok(owned)
    }
}

fn digest(row: &SimpleQueryRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    for column in 0..row.len() {
        match row.get(column) {
            Some(text) => {
                hash.update([1]);
                hash.update(text.len().to_le_bytes());
                hash.update(text);
            }
            None => hash.update([0]),
        }
    }
    hash.finalize().into()
}

/// A row whose columns are read as what the statement says they are.
#[derive(Clone, Copy)]
pub(super) struct Row<'r>(pub(super) &'r SimpleQueryRow);

impl<'r> Row<'r> {
    pub(super) fn may(self, column: usize) -> Option<&'r str> {
        (column < self.0.len()).then(|| self.0.get(column)).flatten()
    }

    pub(super) fn text(self, column: usize) -> Result<&'r str, Error> {
        self.may(column)
            .ok_or_else(|| Error::Unexpected(format!("column {column} of a list of the catalog is null")))
    }

    pub(super) fn owned(self, column: usize) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    pub(super) fn number<T: std::str::FromStr>(self, column: usize) -> Result<T, Error> {
        number(self.text(column)?)
    }

    pub(super) fn oid(self, column: usize) -> Result<u32, Error> {
        self.number(column)
    }

    pub(super) fn flag(self, column: usize) -> Result<bool, Error> {
        Ok(self.text(column)? == "t")
    }

    /// A `"char"`; a space where it is empty.
    pub(super) fn letter(self, column: usize) -> Result<char, Error> {
        Ok(self.text(column)?.chars().next().unwrap_or(' '))
    }

    /// An array of numbers, or a vector of them.
    pub(super) fn numbers<T: std::str::FromStr>(self, column: usize) -> Result<Vec<T>, Error> {
        match self.may(column) {
            None => Ok(Vec::new()),
            Some(text) => text
                .trim_matches(['{', '}'])
                .split([',', ' '])
                .filter(|text| !text.is_empty())
                .map(number)
                .collect(),
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|_| Error::Unexpected(format!("{text:?} as a number of the catalog")))
}

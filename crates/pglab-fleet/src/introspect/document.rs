//! What was read of a catalog: the rows of `lists.rs` with the texts of `texts.rs`. What they mean is in `assemble`.

use std::collections::HashMap;

use super::lists::Row;
use crate::Error;

pub(super) struct Document {
    pub(super) server_version: u32,
    pub(super) schemas: Vec<(u32, String)>,
    pub(super) relations: Vec<Relation>,
    /// Child and parent.
    pub(super) children: Vec<(u32, u32)>,
    /// Of what, of which column of it (0 for none), and what.
    pub(super) comments: Vec<(u32, i32, String)>,
    /// What is owned, and how: `e` by an extension, others by a column.
    pub(super) owned: Vec<(u32, char)>,
    pub(super) columns: Vec<Attribute>,
    /// Relation, column, expression.
    pub(super) defaults: Vec<(u32, i16, Option<String>)>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<IndexRow>,
    pub(super) methods: Vec<(u32, String)>,
    /// Operator classes that are not the default of their type.
    pub(super) classes: Vec<(u32, String)>,
    pub(super) collations: Vec<(u32, String)>,
    pub(super) triggers: Vec<TriggerRow>,
    pub(super) functions: Vec<FunctionRow>,
    pub(super) languages: Vec<(u32, String)>,
    pub(super) sequences: Vec<SequenceRow>,
    pub(super) types: Vec<TypeRow>,
    /// Type and label, in order.
    pub(super) labels: Vec<(u32, String)>,
    pub(super) extensions: Vec<String>,
}

pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) is_partition: bool,
    pub(super) method: u32,
    pub(super) row_security: bool,
    /// Of a table with rows of its own: what changes with its rows, and its bytes.
    pub(super) mark: Option<(String, u64)>,
}

pub(super) struct Attribute {
    pub(super) relation: u32,
    pub(super) number: i16,
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) not_null: bool,
    pub(super) identity: String,
    pub(super) generated: String,
    pub(super) collation: u32,
}

pub(super) struct Constraint {
    pub(super) relation: u32,
    /// Where it is one of a domain.
    pub(super) domain: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) key: Vec<i16>,
    pub(super) index: u32,
    pub(super) ref_relation: u32,
    pub(super) ref_key: Vec<i16>,
    pub(super) on_update: char,
    pub(super) on_delete: char,
    pub(super) match_full: bool,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
    pub(super) expression: Option<String>,
}

pub(super) struct IndexRow {
    pub(super) relation: u32,
    pub(super) oid: u32,
    pub(super) unique: bool,
    pub(super) nulls_not_distinct: bool,
    pub(super) n_keys: usize,
    pub(super) columns: Vec<i16>,
    pub(super) classes: Vec<u32>,
    pub(super) collations: Vec<u32>,
    pub(super) options: Vec<i16>,
    /// `None` for those behind constraints.
    pub(super) keys: Option<Vec<String>>,
    pub(super) predicate: Option<String>,
}

pub(super) struct TriggerRow {
    pub(super) relation: u32,
    pub(super) name: String,
    pub(super) kind: i16,
    pub(super) columns: Vec<i16>,
    /// Only where there is a condition.
    pub(super) definition: Option<String>,
    /// With its schema, unless that is `pg_catalog`.
    pub(super) function: String,
    pub(super) enabled: bool,
}

pub(super) struct FunctionRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) language: u32,
    pub(super) types: Vec<String>,
    pub(super) modes: Option<Vec<char>>,
    pub(super) result: Option<String>,
}

pub(super) struct SequenceRow {
    pub(super) oid: u32,
    pub(super) data_type: String,
    pub(super) start: i64,
    pub(super) increment: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) cycle: bool,
}

pub(super) struct TypeRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) base_type: Option<String>,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
}

pub(super) fn relation(row: Row<'_>, marks: &HashMap<u32, (String, u64)>) -> Result<Option<Relation>, Error> {
    let kind = row.letter(4)?;
    if !matches!(kind, 'r' | 'p' | 'v' | 'm' | 'S' | 'i' | 'I') {
        return Ok(None);
    }
    let oid = row.oid(1)?;
    Ok(Some(Relation {
        oid,
        schema: row.oid(2)?,
        name: row.owned(3)?,
        kind,
        is_partition: row.flag(5)?,
        method: row.oid(6)?,
        row_security: row.flag(7)?,
        mark: marks.get(&oid).cloned(),
    }))
}

pub(super) fn constraint(
    row: Row<'_>,
    expressions: &HashMap<u32, Option<&str>>,
) -> Result<Option<Constraint>, Error> {
    let kind = row.letter(5)?;
    if row.oid(15)? != 0 || !matches!(kind, 'p' | 'u' | 'f' | 'c' | 'x') {
        return Ok(None);
    }
    Ok(Some(Constraint {
        relation: row.oid(2)?,
        domain: row.oid(3)?,
        name: row.owned(4)?,
        kind,
        key: row.numbers(6)?,
        index: row.oid(7)?,
        ref_relation: row.oid(8)?,
        ref_key: row.numbers(9)?,
        on_update: row.letter(10)?,
        on_delete: row.letter(11)?,
        match_full: row.letter(12)? == 'f',
        deferrable: row.flag(13)?,
        deferred: row.flag(14)?,
        expression: expressions
            .get(&row.oid(1)?)
            .copied()
            .flatten()
            .map(str::to_owned),
    }))
}

pub(super) fn index(row: Row<'_>, texts: &HashMap<u32, Row<'_>>) -> Result<Option<IndexRow>, Error> {
    if !row.flag(10)? {
        return Ok(None);
    }
    let oid = row.oid(1)?;
    let text = texts.get(&oid);
    Ok(Some(IndexRow {
        relation: row.oid(2)?,
        oid,
        unique: row.flag(3)?,
        nulls_not_distinct: row.flag(4)?,
        n_keys: row.number(5)?,
        columns: row.numbers(6)?,
        classes: row.numbers(7)?,
        collations: row.numbers(8)?,
        options: row.numbers(9)?,
        keys: text.map(|text| elements(text.text(1)?)).transpose()?,
        predicate: text.and_then(|text| text.may(2)).map(str::to_owned),
    }))
}

pub(super) fn trigger(row: Row<'_>, texts: &HashMap<u32, Row<'_>>) -> Result<Option<TriggerRow>, Error> {
    let Some(text) = texts.get(&row.oid(1)?) else {
        return Ok(None);
    };
    Ok(Some(TriggerRow {
        relation: row.oid(2)?,
        name: row.owned(3)?,
        kind: row.number(4)?,
        columns: row.numbers(5)?,
        definition: text.may(2).map(str::to_owned),
        function: text.owned(1)?,
        enabled: row.letter(6)? != 'D',
    }))
}

pub(super) fn function(row: Row<'_>, texts: &HashMap<u32, Row<'_>>) -> Result<Option<FunctionRow>, Error> {
    let oid = row.oid(1)?;
    let Some(text) = texts.get(&oid) else {
        return Ok(None);
    };
    Ok(Some(FunctionRow {
        oid,
        schema: row.oid(2)?,
        name: row.owned(3)?,
        kind: row.letter(4)?,
        language: row.oid(5)?,
        types: elements(text.text(1)?)?,
        modes: text.may(2).map(|modes| {
            modes
                .trim_matches(['{', '}'])
                .split(',')
                .filter_map(|mode| mode.chars().next())
                .collect()
        }),
        result: text.may(3).map(str::to_owned),
    }))
}

/// The elements of a one-dimensional array of texts, as PostgreSQL prints it.
fn elements(text: &str) -> Result<Vec<String>, Error> {
    let bad = || Error::Unexpected("what should be an array is none".to_owned());
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .ok_or_else(bad)?;
    let (mut elements, mut element, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        any = true;
        match c {
            '\\' => element.push(chars.next().ok_or_else(bad)?),
            '"' => quoted = !quoted,
            ',' if !quoted => elements.push(std::mem::take(&mut element)),
            c => element.push(c),
        }
    }
    if any {
        elements.push(element);
    }
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn arrays_of_texts() {
        assert_eq!(elements("{}").unwrap(), [""; 0]);
        assert_eq!(
            elements(r#"{integer,"character varying","a\"b\\,c{}",""}"#).unwrap(),
            ["integer", "character varying", "a\"b\\,c{}", ""]
        );
        assert!(elements("x").is_err());
    }
}

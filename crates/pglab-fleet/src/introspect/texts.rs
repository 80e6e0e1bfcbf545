//! What PostgreSQL prints of a schema: the names of types, and expressions. Asked for only where there is something of
//! the kind, and only where no database with the same fingerprint has been read before.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    document::{Attribute, Document, SequenceRow, TypeRow, constraint, function, index, relation, trigger},
    lists::{Lists, Row, Set},
};
use crate::Error;

/// One statement, and what its rows are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Types,
    Defaults,
    Expressions,
    Indexes,
    Methods,
    Classes,
    Collations,
    Functions,
    Languages,
    Triggers,
    DomainDefaults,
    Comments,
}

const DEFAULTS: &str = "SELECT adrelid, adnum, left(pg_get_expr(adbin, adrelid), 20000) FROM pg_attrdef";
const EXPRESSIONS: &str = "SELECT oid, CASE contype WHEN 'c' THEN left(pg_get_expr(conbin, conrelid), 20000) \
    ELSE left(pg_get_constraintdef(oid), 20000) END FROM pg_constraint WHERE oid >= '16384' AND contype IN ('c', 'x')";
const METHODS: &str = "SELECT oid, amname FROM pg_am";
/// Those that are not the default of their type.
const CLASSES: &str = "SELECT oid, quote_ident(opcname) FROM pg_opclass WHERE NOT opcdefault";
const COLLATIONS: &str = "SELECT oid, quote_ident(collname) FROM pg_collation WHERE oid = ANY (ARRAY( \
    SELECT unnest(indcollation::oid[]) FROM pg_index WHERE indexrelid >= '16384'))";
const FUNCTIONS: &str = "SELECT oid, \
    ARRAY(SELECT format_type(u.type, NULL) \
          FROM unnest(coalesce(proallargtypes, proargtypes::oid[])) WITH ORDINALITY u (type, i) ORDER BY u.i), \
    proargmodes, left(pg_get_function_result(oid), 20000) FROM pg_proc WHERE oid >= '16384'";
const LANGUAGES: &str = "SELECT oid, lanname FROM pg_language";
/// Two relations (OLD and NEW) are in a condition, which `pg_get_expr` does not print.
const TRIGGERS: &str = "SELECT oid, tgfoid::regproc::text, \
    CASE WHEN tgqual IS NOT NULL THEN left(pg_get_triggerdef(oid), 40000) END FROM pg_trigger WHERE NOT tgisinternal";
const DOMAIN_DEFAULTS: &str = "SELECT oid, left(pg_get_expr(typdefaultbin, 0), 20000) FROM pg_type \
    WHERE oid >= '16384' AND typtype = 'd' AND typdefaultbin IS NOT NULL";
const COMMENTS: &str = "SELECT objoid, objsubid, left(description, 20000) FROM pg_description \
    WHERE objoid >= '16384' AND classoid IN ('1259', '1255')";

/// The texts that are wanted for some lists.
pub(super) struct Wanted {
    parts: Vec<(Part, String)>,
    /// Whose columns are spoken of.
    relations: HashSet<u32>,
}

impl Wanted {
    pub(super) fn of(lists: &Lists) -> Result<Self, Error> {
        let mut relations = HashSet::new();
        for row in &lists.relations {
            let row = Row(row);
            if matches!(row.letter(4)?, 'r' | 'p' | 'v' | 'm') && !row.flag(5)? {
                relations.insert(row.oid(1)?);
            }
        }
        let mut types: BTreeSet<(u32, i32)> = BTreeSet::new();
        for row in &lists.columns {
            let row = Row(row);
            if relations.contains(&row.oid(1)?) {
                types.insert((row.oid(4)?, row.number(5)?));
            }
        }
        for row in &lists.sequences {
            types.insert((Row(row).oid(2)?, -1));
        }
        let mut domain_defaults = false;
        for row in &lists.types {
            let row = Row(row);
            if row.letter(4)? == 'd' {
                types.insert((row.oid(6)?, row.number(7)?));
                domain_defaults |= row.flag(8)?;
            }
        }
        let (mut behind_constraints, mut expressions) = (HashSet::new(), false);
        for row in &lists.constraints {
            let row = Row(row);
            let kind = row.letter(5)?;
            if matches!(kind, 'p' | 'u' | 'x') {
                behind_constraints.insert(row.oid(7)?);
            }
            expressions |= matches!(kind, 'c' | 'x');
        }
        let mut indexes = Vec::new();
        for row in &lists.indexes {
            let row = Row(row);
            if relations.contains(&row.oid(2)?) && !behind_constraints.contains(&row.oid(1)?) {
                indexes.push(row.oid(1)?);
            }
        }
        let mut parts = Vec::new();
        let mut want = |wanted: bool, part: Part, text: &str| {
            if wanted {
                parts.push((part, text.to_owned()));
            }
        };
        want(!types.is_empty(), Part::Types, &type_names(&types));
        want(!lists.defaults.is_empty(), Part::Defaults, DEFAULTS);
        want(expressions, Part::Expressions, EXPRESSIONS);
        want(!indexes.is_empty(), Part::Indexes, &index_texts(&indexes));
        want(!indexes.is_empty(), Part::Methods, METHODS);
        want(!indexes.is_empty(), Part::Classes, CLASSES);
        want(!indexes.is_empty(), Part::Collations, COLLATIONS);
        want(!lists.functions.is_empty(), Part::Functions, FUNCTIONS);
        want(!lists.functions.is_empty(), Part::Languages, LANGUAGES);
        want(!lists.triggers.is_empty(), Part::Triggers, TRIGGERS);
        want(domain_defaults, Part::DomainDefaults, DOMAIN_DEFAULTS);
        want(lists.has_comments()?, Part::Comments, COMMENTS);
        Ok(Self { parts, relations })
    }

    /// The statements, each ended by a semicolon.
    pub(super) fn statements(&self) -> String {
        self.parts.iter().map(|(_, text)| format!("{text}; ")).collect()
    }

    /// Puts together what the lists and the statements gave.
    pub(super) fn document(
        self,
        lists: &Lists,
        marks: &HashMap<u32, (String, u64)>,
        sets: &mut impl Iterator<Item = Set>,
        server_version: u32,
    ) -> Result<Document, Error> {
        let mut given: Vec<(Part, Set)> = Vec::new();
        for (part, _) in &self.parts {
            let set = sets
                .next()
                .ok_or_else(|| Error::Unexpected("texts of the catalog are missing".to_owned()))?;
            given.push((*part, set));
        }
        let rows = |part: Part| {
            given
                .iter()
                .find(|(given, _)| *given == part)
                .map_or(&[][..], |(_, set)| set)
                .iter()
                .map(Row)
        };
        let named = |part: Part| {
            rows(part)
                .map(|row| Ok((row.oid(0)?, row.owned(1)?)))
                .collect::<Result<Vec<_>, Error>>()
        };
        let types: HashMap<(u32, i32), &str> = rows(Part::Types)
            .map(|row| Ok(((row.oid(0)?, row.number(1)?), row.text(2)?)))
            .collect::<Result<_, Error>>()?;
        let type_name = |oid: u32, modifier: i32| {
            types
                .get(&(oid, modifier))
                .map_or_else(String::new, |name| (*name).to_owned())
        };
        let expressions: HashMap<u32, Option<&str>> = rows(Part::Expressions)
            .map(|row| Ok((row.oid(0)?, row.may(1))))
            .collect::<Result<_, Error>>()?;
        let domain_defaults: HashMap<u32, Option<&str>> = rows(Part::DomainDefaults)
            .map(|row| Ok((row.oid(0)?, row.may(1))))
            .collect::<Result<_, Error>>()?;
        let indexes: HashMap<u32, Row<'_>> = rows(Part::Indexes)
            .map(|row| Ok((row.oid(0)?, row)))
            .collect::<Result<_, Error>>()?;
        let triggers: HashMap<u32, Row<'_>> = rows(Part::Triggers)
            .map(|row| Ok((row.oid(0)?, row)))
            .collect::<Result<_, Error>>()?;
        let functions: HashMap<u32, Row<'_>> = rows(Part::Functions)
            .map(|row| Ok((row.oid(0)?, row)))
            .collect::<Result<_, Error>>()?;
        let mut labels: Vec<(u32, f32, String)> = each(&lists.labels, |row| {
            Ok(Some((row.oid(1)?, row.number(3)?, row.owned(2)?)))
        })?;
        labels.sort_by(|a, b| {
            (a.0, a.1)
                .partial_cmp(&(b.0, b.1))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut extensions: Vec<String> = each(&lists.extensions, |row| {
            Ok(Some(row.owned(2)?).filter(|name| name != "plpgsql"))
        })?;
        extensions.sort_unstable();
        Ok(Document {
            server_version,
            schemas: each(&lists.schemas, |row| Ok(Some((row.oid(1)?, row.owned(2)?))))?,
            relations: each(&lists.relations, |row| relation(row, marks))?,
            children: children(lists)?,
            comments: rows(Part::Comments)
                .map(|row| Ok((row.oid(0)?, row.number(1)?, row.owned(2)?)))
                .collect::<Result<_, Error>>()?,
            owned: lists.owned()?,
            columns: each(&lists.columns, |row| {
                let relation = row.oid(1)?;
                Ok(Some(Attribute {
                    relation,
                    number: row.number(2)?,
                    name: row.owned(3)?,
                    data_type: if self.relations.contains(&relation) {
                        type_name(row.oid(4)?, row.number(5)?)
                    } else {
                        String::new()
                    },
                    not_null: row.flag(6)?,
                    identity: row.owned(7)?,
                    generated: row.owned(8)?,
                    collation: row.oid(9)?,
                }))
            })?,
            defaults: rows(Part::Defaults)
                .map(|row| Ok((row.oid(0)?, row.number(1)?, row.may(2).map(str::to_owned))))
                .collect::<Result<_, Error>>()?,
            constraints: each(&lists.constraints, |row| constraint(row, &expressions))?,
            indexes: each(&lists.indexes, |row| {
                if !self.relations.contains(&row.oid(2)?) {
                    return Ok(None);
                }
                index(row, &indexes)
            })?,
            methods: named(Part::Methods)?,
            classes: named(Part::Classes)?,
            collations: named(Part::Collations)?,
            triggers: each(&lists.triggers, |row| trigger(row, &triggers))?,
            functions: each(&lists.functions, |row| function(row, &functions))?,
            languages: named(Part::Languages)?,
            sequences: each(&lists.sequences, |row| {
                Ok(Some(SequenceRow {
                    oid: row.oid(1)?,
                    data_type: type_name(row.oid(2)?, -1),
                    start: row.number(3)?,
                    increment: row.number(4)?,
                    min: row.number(5)?,
                    max: row.number(6)?,
                    cycle: row.flag(7)?,
                }))
            })?,
            types: each(&lists.types, |row| {
                let (oid, kind) = (row.oid(1)?, row.letter(4)?);
                if !matches!(kind, 'e' | 'd') {
                    return Ok(None);
                }
                let base_type = match kind {
                    'd' => Some(type_name(row.oid(6)?, row.number(7)?)),
                    _ => None,
                };
                Ok(Some(TypeRow {
                    oid,
                    schema: row.oid(2)?,
                    name: row.owned(3)?,
                    kind,
                    base_type,
                    not_null: row.flag(5)?,
                    default: domain_defaults.get(&oid).copied().flatten().map(str::to_owned),
                }))
            })?,
            labels: labels.into_iter().map(|(oid, _, label)| (oid, label)).collect(),
            extensions,
        })
    }
}

/// Child and parent.
pub(super) fn children(lists: &Lists) -> Result<Vec<(u32, u32)>, Error> {
    each(&lists.children, |row| Ok(Some((row.oid(1)?, row.oid(2)?))))
}

fn each<T>(set: &Set, read: impl Fn(Row<'_>) -> Result<Option<T>, Error>) -> Result<Vec<T>, Error> {
    set.iter().filter_map(|row| read(Row(row)).transpose()).collect()
}

fn type_names(types: &BTreeSet<(u32, i32)>) -> String {
    let list =
        |number: &dyn Fn(&(u32, i32)) -> String| types.iter().map(number).collect::<Vec<_>>().join(",");
    format!(
        "SELECT t.t, t.m, format_type(t.t, t.m) FROM unnest('{{{}}}'::oid[], '{{{}}}'::int4[]) AS t (t, m)",
        list(&|(oid, _)| oid.to_string()),
        list(&|(_, modifier)| modifier.to_string()),
    )
}

fn index_texts(indexes: &[u32]) -> String {
    let list: Vec<String> = indexes.iter().map(u32::to_string).collect();
    format!(
        "SELECT i.indexrelid, \
            ARRAY(SELECT left(pg_get_indexdef(i.indexrelid, u.n, false), 20000) \
                  FROM generate_series(1, i.indnkeyatts::int) u (n) ORDER BY u.n), \
            left(pg_get_expr(i.indpred, i.indrelid), 20000) \
         FROM pg_index i WHERE i.indexrelid = ANY ('{{{}}}')",
        list.join(",")
    )
}

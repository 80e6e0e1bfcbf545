//! The document that `snapshot.sql` gives. The structs mirror its lists, element by element, in the same order; what
//! they mean is in `assemble`.

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) too_large: Option<String>,
    pub(super) server_version: u32,
    pub(super) schemas: Option<Vec<String>>,
    pub(super) relations: Option<Vec<Relation>>,
    pub(super) columns: Option<Vec<Attribute>>,
    pub(super) constraints: Option<Vec<Constraint>>,
    pub(super) foreign: Option<Vec<Foreign>>,
    pub(super) indexes: Option<Vec<IndexRow>>,
    pub(super) triggers: Option<Vec<TriggerRow>>,
    pub(super) functions: Option<Vec<FunctionRow>>,
    pub(super) sequences: Option<Vec<SequenceRow>>,
    pub(super) types: Option<Vec<TypeRow>>,
    pub(super) extensions: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) row_security: bool,
    pub(super) comment: Option<String>,
    pub(super) mark: Option<String>,
    pub(super) bytes: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Attribute {
    pub(super) relation: u32,
    pub(super) number: i16,
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) not_null: bool,
    pub(super) identity: String,
    pub(super) generated: String,
    pub(super) expression: Option<String>,
    pub(super) comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Constraint {
    pub(super) relation: u32,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) key: Option<Vec<i16>>,
    pub(super) index: u32,
    pub(super) ref_relation: u32,
    pub(super) ref_key: Option<Vec<i16>>,
    pub(super) on_update: String,
    pub(super) on_delete: String,
    pub(super) match_full: bool,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
    pub(super) expression: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Foreign {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Option<Vec<(i16, String)>>,
}

#[derive(Deserialize)]
pub(super) struct IndexRow {
    pub(super) relation: u32,
    pub(super) oid: u32,
    pub(super) name: String,
    pub(super) method: String,
    pub(super) unique: bool,
    pub(super) nulls_not_distinct: bool,
    pub(super) n_keys: usize,
    pub(super) columns: Vec<i16>,
    /// `None` for primary keys.
    pub(super) keys: Option<Vec<String>>,
    pub(super) predicate: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TriggerRow {
    pub(super) relation: u32,
    pub(super) name: String,
    pub(super) kind: i16,
    pub(super) columns: Vec<i16>,
    /// Only where there is a condition.
    pub(super) definition: Option<String>,
    pub(super) function_schema: String,
    pub(super) function_name: String,
    pub(super) enabled: bool,
}

#[derive(Deserialize)]
pub(super) struct FunctionRow {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) language: String,
    pub(super) types: Vec<String>,
    pub(super) modes: Option<Vec<char>>,
    pub(super) result: Option<String>,
    pub(super) comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SequenceRow {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) start: i64,
    pub(super) increment: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) cycle: bool,
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) labels: Option<Vec<String>>,
    pub(super) base_type: Option<String>,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    pub(super) checks: Option<Vec<String>>,
}

//! What was read of a catalog: the rows of `lists.rs` with the texts of `texts.rs`. What they mean is in `assemble`.

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

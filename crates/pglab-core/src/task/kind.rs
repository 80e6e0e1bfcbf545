//! What a task asks for and how the answer is judged: values only, kept as one JSON document beside the task. Judging
//! is in [`crate::answer`] (what is pure) and in `pglab-fleet` (what needs a database).

use serde::{Deserialize, Serialize};

use crate::check::Fact;

/// The tag is the `kind` of the API and of the column that keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TaskKind {
    /// Turns by itself when the member's database is as it should be.
    State(StateTask),
    /// The member sends a query; its rows are compared with those of the reference.
    Query(QueryTask),
    /// SQL expressions that must be true in the member's database.
    Assert(AssertTask),
    /// Statements run as the member's database would be used, and rolled back.
    Behaviour(BehaviourTask),
    /// What PostgreSQL's plan for a query must look like.
    Plan(PlanTask),
    Text(TextTask),
    /// One of the options.
    Choice(ChoiceTask),
    /// A set of the options.
    Checkboxes(CheckboxesTask),
    Flag(FlagTask),
}

impl TaskKind {
    /// The tag, as in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Query(_) => "query",
            Self::Assert(_) => "assert",
            Self::Behaviour(_) => "behaviour",
            Self::Plan(_) => "plan",
            Self::Text(_) => "text",
            Self::Choice(_) => "choice",
            Self::Checkboxes(_) => "checkboxes",
            Self::Flag(_) => "flag",
        }
    }
    /// Does the member send something? The others are judged by looking at the member's database.
    pub fn is_answered(&self) -> bool {
        match self {
            Self::State(_) | Self::Assert(_) | Self::Behaviour(_) => false,
            Self::Plan(plan) => plan.query.is_none(),
            Self::Query(_) | Self::Text(_) | Self::Choice(_) | Self::Checkboxes(_) | Self::Flag(_) => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StateTask {
    /// Keys of tasks derived from the example, whose checks become those of this task: `table:public.ship`.
    pub derived: Vec<String>,
    /// Written by hand.
    pub checks: Vec<HandCheck>,
}

/// A check that has no id yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandCheck {
    /// Empty: said by the fact itself, see [`crate::words`].
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub explanation: String,
    /// 1 to 1000.
    #[serde(default = "one")]
    pub weight: u32,
    pub fact: Fact,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryTask {
    /// The author's solution.
    pub reference: String,
    #[serde(default)]
    pub contract: Contract,
    /// Names of the hidden datasets on which the answer is judged besides the start.
    #[serde(default)]
    pub datasets: Vec<String>,
    /// Also judged on data that pglab makes of the start's: see [`crate::distinguish`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutations: bool,
    /// Wrong answers that the author wrote down: each must be refused on the start or on one of the datasets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<WrongAnswer>,
}

/// What a result must have in common with the reference's. Rows are always compared as a multiset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// The columns must be named as in the reference.
    pub column_names: bool,
    /// Numbers may differ by this much: a decimal number as text, `0.01`. Floating numbers always may differ in what
    /// comes after their ninth digit (`real`: their fifth), because their sums depend on the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<String>,
    pub order: Order,
}

/// Which columns of the result are in order. Rows that agree in all of these may come in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By the keys of the reference's own ORDER BY, read from its text.
    #[default]
    Reference,
    /// By these columns of the reference's result, named or counted from 1. None: any order will do.
    Columns(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAnswer {
    pub sql: String,
    /// What somebody who writes this has not understood. May be shown to them.
    #[serde(default)]
    pub because: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertTask {
    pub assertions: Vec<Assertion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// What must hold, in words.
    pub title: String,
    /// An expression of type boolean, evaluated in the member's database: `NOT EXISTS (SELECT …)`.
    pub sql: String,
    #[serde(default = "one")]
    pub weight: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourTask {
    /// Run one after the other in one transaction, each in a savepoint, so that a refused one does not end the rest.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is tried, in words. Empty: a preparation that is not told.
    #[serde(default)]
    pub title: String,
    /// One statement.
    pub sql: String,
    pub expect: Expectation,
    /// 0 for a preparation, which earns nothing and must work.
    #[serde(default = "one")]
    pub weight: u32,
}

/// What a statement must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    Success,
    /// Refused with this SQLSTATE, or one of its class where only the two first characters are given.
    Error(String),
    /// Returns these rows as a multiset; numbers by value, null is NULL.
    Rows(Vec<Vec<Option<String>>>),
    /// Inserts, changes or deletes so many rows.
    Affected(u64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanTask {
    /// The query whose plan is looked at, as the member's database plans it. None: the member sends one, which must
    /// return what the reference returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default)]
    pub contract: Contract,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    pub rules: Vec<PlanRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanRule {
    /// Somewhere in the plan is such a node.
    Contains(PlanNode),
    /// Nowhere in the plan is such a node.
    Lacks(PlanNode),
    /// Total cost at the root, in the planner's units.
    MaxCost(f64),
    /// Rows that the root is expected to return.
    MaxRows(f64),
}

/// All that is given must agree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanNode {
    /// `Seq Scan`, as EXPLAIN names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextTask {
    /// Any of these is right.
    pub accepted: Vec<Accepted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagTask {
    /// Any of these is right.
    pub accepted: Vec<Accepted>,
}

/// One right answer. What was sent is trimmed at its ends before it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    Exact(String),
    AnyCase(String),
    /// The whole answer must match.
    Regex(String),
    /// An argon2id hash in PHC form of the right answer.
    Hashed {
        argon2id: String,
        /// It is the hash of the answer in lower case.
        any_case: bool,
    },
    /// The member's own flag, made by HMAC from the lab, the member and this name.
    Member(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceTask {
    pub options: Vec<String>,
    /// Any of these is right.
    pub accepted: Vec<Accepted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckboxesTask {
    pub options: Vec<String>,
    pub answer: RightSet,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightSet {
    /// Exactly these options.
    Options(Vec<String>),
    /// An argon2id hash of the right options, sorted and joined by newlines.
    Hashed { argon2id: String },
}

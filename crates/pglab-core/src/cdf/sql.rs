//! The question types that are about a database: `query`, `state`, `assert`, `behaviour` and `plan`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    challenge::Database,
    reader::{Node, Object},
};
use crate::{
    answer::{
        MAX_QUERY_BYTES,
        order::{OrderBy, order_by},
        rows::Tolerance,
    },
    check::Fact,
    task::kind::{
        AssertTask, Assertion, BehaviourTask, Contract, Expectation, HandCheck, Order, PlanNode, PlanRule,
        PlanTask, QueryTask, StateTask, Step, WrongAnswer,
    },
};

fn statement(node: &Node<'_>) -> Option<String> {
    let text = node.name()?;
    if text.len() > MAX_QUERY_BYTES {
        node.error(format!("longer than {} KiB", MAX_QUERY_BYTES >> 10));
        return None;
    }
    Some(text.to_owned())
}

fn title(object: &Object<'_>, key: &str) -> Option<String> {
    object.required(key)?.name().map(str::to_owned)
}

fn weight(object: &Object<'_>, from: u64) -> Option<u32> {
    match object.get("weight") {
        None => Some(1),
        Some(node) => node
            .whole(from, 1000)
            .and_then(|weight| u32::try_from(weight).ok()),
    }
}

pub(super) fn state(config: &Object<'_>) -> Option<StateTask> {
    let derived = config.texts("derived");
    let mut checks = Vec::new();
    for node in config.list("checks") {
        let Some(object) = node.object() else { continue };
        let fact = object.required("fact").and_then(|node| {
            match serde_json::from_value::<Fact>(node.value.clone()) {
                Ok(fact) => Some(fact),
                Err(error) => {
                    node.error(format!("is no fact: {error}"));
                    None
                }
            }
        });
        if let (Some(fact), Some(weight)) = (fact, weight(&object, 1)) {
            checks.push(HandCheck {
                title: object.text("title"),
                explanation: object.text("explanation"),
                weight,
                fact,
            });
        }
    }
    if derived.is_empty() && config.get("checks").is_none() {
        config.error("a question of type state needs checks, or derived tasks to take them from");
    }
    Some(StateTask { derived, checks })
}

fn contract(config: &Object<'_>) -> Option<Contract> {
    let Some(node) = config.get("contract") else {
        return Some(Contract::default());
    };
    let object = node.object()?;
    let tolerance = object.get("tolerance").and_then(|node| {
        let text = node.scalar()?;
        match Tolerance::parse(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                node.error(error.to_string());
                None
            }
        }
    });
    let order = match object.get("order") {
        None => Order::Reference,
        Some(node) if node.value.as_str() == Some("reference") => Order::Reference,
        Some(node) => Order::Columns(node.list()?.iter().map(Node::scalar).collect::<Option<_>>()?),
    };
    Some(Contract {
        column_names: object.flag("column_names", false),
        tolerance,
        order,
    })
}

/// Asks for a declared order where the reference's own can't be read.
fn check_order(contract: &Contract, reference: &Node<'_>) {
    if contract.order == Order::Reference
        && let OrderBy::Expression(text) = order_by(reference.value.as_str().unwrap_or_default())
    {
        reference.error(format!(
            "is ordered by {text}, which is no plain column of the result: declare contract.order with the columns that are in order, or with none"
        ));
    }
}

/// The datasets that the question names, else all of its database.
fn datasets(config: &Object<'_>, database: Option<&Database>) -> Vec<String> {
    let has: Vec<&str> = database
        .iter()
        .flat_map(|database| &database.hidden)
        .map(|dataset| dataset.name.as_str())
        .collect();
    match config.get("datasets") {
        None => has.into_iter().map(str::to_owned).collect(),
        Some(node) => {
            let named = node.texts().unwrap_or_default();
            for name in &named {
                if !has.contains(&name.as_str()) {
                    node.error(format!("the database has no hidden dataset {name:?}"));
                }
            }
            named
        }
    }
}

pub(super) fn query(config: &Object<'_>, database: Option<&Database>) -> Option<QueryTask> {
    let answer = config.required("answer")?;
    let reference = statement(&answer);
    let contract = contract(config);
    if let Some(contract) = &contract {
        check_order(contract, &answer);
    }
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for node in config.list("wrong") {
        let found = if node.value.is_string() {
            statement(&node).map(|sql| WrongAnswer {
                sql,
                because: String::new(),
            })
        } else {
            node.object().and_then(|object| {
                Some(WrongAnswer {
                    sql: statement(&object.required("sql")?)?,
                    because: object.text("because"),
                })
            })
        };
        if let Some(found) = found {
            if Some(found.sql.trim()) == reference.as_deref().map(str::trim)
                || !seen.insert(found.sql.trim().to_owned())
            {
                node.error("is the reference itself, or stands twice");
            }
            wrong.push(found);
        }
    }
    Some(QueryTask {
        reference: reference?,
        contract: contract?,
        datasets: datasets(config, database),
        mutations: config.flag("mutations", false),
        wrong,
    })
}

pub(super) fn assert(config: &Object<'_>) -> Option<AssertTask> {
    let mut assertions = Vec::new();
    let list = config.required("assertions")?;
    for node in list.list()? {
        let Some(object) = node.object() else { continue };
        let title = title(&object, "title");
        let sql = object.required("sql").and_then(|node| statement(&node));
        if let (Some(title), Some(sql), Some(weight)) = (title, sql, weight(&object, 1)) {
            assertions.push(Assertion { title, sql, weight });
        }
    }
    if list.value.as_array().is_some_and(Vec::is_empty) {
        list.error("must hold at least one assertion");
    }
    Some(AssertTask { assertions })
}

pub(super) fn behaviour(config: &Object<'_>) -> Option<BehaviourTask> {
    let list = config.required("steps")?;
    let mut steps = Vec::new();
    for node in list.list()? {
        let Some(object) = node.object() else { continue };
        let sql = object.required("sql").and_then(|node| statement(&node));
        let expect = object.required("expect").and_then(|node| expectation(&node));
        if let (Some(sql), Some(expect), Some(weight)) = (sql, expect, weight(&object, 0)) {
            let title = object.text("title");
            if title.is_empty() && weight > 0 {
                object.error("a step that earns points needs a title; a preparation has the weight 0");
            }
            steps.push(Step {
                title,
                sql,
                expect,
                weight,
            });
        }
    }
    if list.value.as_array().is_some_and(Vec::is_empty)
        || (!steps.is_empty() && steps.iter().all(|step| step.weight == 0))
    {
        list.error("must hold at least one step that earns points");
    }
    Some(BehaviourTask { steps })
}

fn expectation(node: &Node<'_>) -> Option<Expectation> {
    if node.value.as_str() == Some("success") {
        return Some(Expectation::Success);
    }
    let wrong = || {
        node.error(
            "must be success, {\"error\": SQLSTATE}, {\"rows\": [[values]]} or {\"affected\": number}",
        );
        None
    };
    if node.value.as_object().is_none_or(|map| map.len() != 1) {
        return wrong();
    }
    let object = node.object()?;
    if let Some(state) = object.get("error") {
        let text = state.scalar()?;
        if ![2, 5].contains(&text.len())
            || !text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        {
            state.error("must be a SQLSTATE of five characters like \"23503\", or its class of two");
            return None;
        }
        Some(Expectation::Error(text))
    } else if let Some(rows) = object.get("rows") {
        let rows: Vec<Option<Vec<Option<String>>>> = rows.list()?.iter().map(row).collect();
        Some(Expectation::Rows(rows.into_iter().collect::<Option<_>>()?))
    } else if let Some(n) = object.get("affected") {
        n.whole(0, u64::from(u32::MAX)).map(Expectation::Affected)
    } else {
        wrong()
    }
}

/// Values as PostgreSQL prints them: true is `t`.
fn row(node: &Node<'_>) -> Option<Vec<Option<String>>> {
    let values: Vec<Option<Option<String>>> = node
        .list()?
        .iter()
        .map(|node| match node.value {
            Value::Null => Some(None),
            Value::Bool(value) => Some(Some(if *value { "t" } else { "f" }.to_owned())),
            _ => node.scalar().map(Some),
        })
        .collect();
    values.into_iter().collect()
}

pub(super) fn plan(config: &Object<'_>, database: Option<&Database>) -> Option<PlanTask> {
    let query = config.get("query").and_then(|node| statement(&node));
    let answer = config.get("answer");
    let reference = answer.as_ref().and_then(statement);
    if config.get("query").is_some() == answer.is_some() {
        config.error(
            "needs either query, whose plan is looked at, or answer, the reference for the student's own",
        );
    }
    let contract = contract(config);
    if let (Some(contract), Some(answer)) = (&contract, &answer) {
        check_order(contract, answer);
    }
    let list = config.required("rules")?;
    let rules: Vec<PlanRule> = list.list()?.iter().filter_map(rule).collect();
    if list.value.as_array().is_some_and(Vec::is_empty) {
        list.error("must hold at least one rule");
    }
    Some(PlanTask {
        query,
        reference,
        contract: contract?,
        datasets: if answer.is_some() {
            datasets(config, database)
        } else {
            Vec::new()
        },
        rules,
    })
}

fn rule(node: &Node<'_>) -> Option<PlanRule> {
    let object = node.object()?;
    let plan_node = |node: Node<'_>| -> Option<PlanNode> {
        let object = node.object()?;
        let part = |key: &str| object.get(key).and_then(|node| node.name()).map(str::to_owned);
        let found = PlanNode {
            node: part("node"),
            relation: part("relation"),
            index: part("index"),
        };
        if found == PlanNode::default() {
            object.error("must name a node, a relation or an index");
            return None;
        }
        Some(found)
    };
    match node
        .value
        .as_object()?
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["contains"] => object
            .required("contains")
            .and_then(plan_node)
            .map(PlanRule::Contains),
        ["lacks"] => object.required("lacks").and_then(plan_node).map(PlanRule::Lacks),
        ["max_cost"] => object.required("max_cost")?.number().map(PlanRule::MaxCost),
        ["max_rows"] => object.required("max_rows")?.number().map(PlanRule::MaxRows),
        _ => {
            node.error("must have one of contains, lacks, max_cost and max_rows");
            None
        }
    }
}

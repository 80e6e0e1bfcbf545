//! Does a plan of PostgreSQL, as `EXPLAIN (FORMAT JSON)` prints it, look as a task wants?

use serde_json::Value;

use crate::{
    task::kind::{PlanNode, PlanRule},
    words,
};

/// What one rule says of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub holds: bool,
    /// For the student.
    pub expected: String,
    pub found: String,
}

/// The nodes of the plan, outermost first. Empty for what is no plan.
pub fn nodes(explained: &Value) -> Vec<&Value> {
    let root = match explained {
        Value::Array(statements) => statements.first().unwrap_or(&Value::Null),
        other => other,
    };
    let mut nodes = Vec::new();
    let mut open: Vec<&Value> = root.get("Plan").into_iter().collect();
    while let Some(node) = open.pop() {
        nodes.push(node);
        let inner = node.get("Plans").and_then(Value::as_array);
        open.extend(inner.into_iter().flatten().rev());
    }
    nodes
}

/// One finding per rule, in their order.
pub fn judge(rules: &[PlanRule], explained: &Value) -> Vec<Finding> {
    let nodes = nodes(explained);
    rules.iter().map(|rule| finding(rule, &nodes)).collect()
}

fn finding(rule: &PlanRule, nodes: &[&Value]) -> Finding {
    let summary = || {
        let mut kinds: Vec<String> = nodes.iter().map(|node| described(node)).collect();
        kinds.dedup();
        words::list(&kinds)
    };
    match rule {
        PlanRule::Contains(wanted) => Finding {
            holds: nodes.iter().any(|node| fits(wanted, node)),
            expected: format!("a plan with {}", in_words(wanted)),
            found: summary(),
        },
        PlanRule::Lacks(unwanted) => {
            let there = nodes.iter().find(|node| fits(unwanted, node));
            Finding {
                holds: !nodes.is_empty() && there.is_none(),
                expected: format!("a plan without {}", in_words(unwanted)),
                found: there.map_or_else(summary, |node| described(node)),
            }
        }
        PlanRule::MaxCost(limit) => bound("a total cost", "Total Cost", *limit, nodes),
        PlanRule::MaxRows(limit) => bound("expected rows", "Plan Rows", *limit, nodes),
    }
}

fn bound(what: &str, key: &str, limit: f64, nodes: &[&Value]) -> Finding {
    let value = nodes
        .first()
        .and_then(|root| root.get(key))
        .and_then(Value::as_f64);
    Finding {
        holds: value.is_some_and(|value| value <= limit),
        expected: format!("{what} of at most {limit}"),
        found: value.map_or("no plan".to_owned(), |value| value.to_string()),
    }
}

fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

fn fits(wanted: &PlanNode, node: &Value) -> bool {
    let agrees = |wanted: &Option<String>, key: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| text(node, key).is_some_and(|has| has.eq_ignore_ascii_case(wanted)))
    };
    agrees(&wanted.node, "Node Type")
        && agrees(&wanted.relation, "Relation Name")
        && agrees(&wanted.index, "Index Name")
}

fn in_words(node: &PlanNode) -> String {
    let mut words = format!("a node {}", node.node.as_deref().unwrap_or("of any kind"));
    if let Some(relation) = &node.relation {
        words.push_str(&format!(" on {}", words::name(relation)));
    }
    if let Some(index) = &node.index {
        words.push_str(&format!(" by {}", words::name(index)));
    }
    words
}

fn described(node: &Value) -> String {
    let mut description = text(node, "Node Type").unwrap_or("?").to_owned();
    if let Some(relation) = text(node, "Relation Name") {
        description.push_str(&format!(" on {}", words::name(relation)));
    }
    if let Some(index) = text(node, "Index Name") {
        description.push_str(&format!(" by {}", words::name(index)));
    }
    description
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Value {
        json!([{"Plan": {
            "Node Type": "Hash Join", "Total Cost": 40.5, "Plan Rows": 12,
            "Plans": [
                {"Node Type": "Seq Scan", "Relation Name": "sailing"},
                {"Node Type": "Hash", "Plans": [
                    {"Node Type": "Index Scan", "Relation Name": "ship", "Index Name": "ship_pkey"}]}]}}])
    }

    #[test]
    fn rules_hold_or_say_what_is_there() {
        let node = |node: Option<&str>, relation: Option<&str>| PlanNode {
            node: node.map(str::to_owned),
            relation: relation.map(str::to_owned),
            index: None,
        };
        let rules = [
            PlanRule::Contains(node(Some("Index Scan"), Some("ship"))),
            PlanRule::Contains(node(Some("Index Scan"), Some("sailing"))),
            PlanRule::Lacks(node(Some("seq scan"), None)),
            PlanRule::Lacks(node(Some("Sort"), None)),
            PlanRule::MaxCost(40.0),
            PlanRule::MaxRows(12.0),
        ];
        let said: Vec<String> = judge(&rules, &plan())
            .into_iter()
            .map(|finding| format!("{} | {} | {}", finding.holds, finding.expected, finding.found))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @"
        true | a plan with a node Index Scan on ship | Hash Join, Seq Scan on sailing, Hash and Index Scan on ship by ship_pkey
        false | a plan with a node Index Scan on sailing | Hash Join, Seq Scan on sailing, Hash and Index Scan on ship by ship_pkey
        false | a plan without a node seq scan | Seq Scan on sailing
        true | a plan without a node Sort | Hash Join, Seq Scan on sailing, Hash and Index Scan on ship by ship_pkey
        false | a total cost of at most 40 | 40.5
        true | expected rows of at most 12 | 12
        ");
        // No plan, no point.
        assert!(judge(&rules, &json!({})).iter().all(|finding| !finding.holds));
    }
}

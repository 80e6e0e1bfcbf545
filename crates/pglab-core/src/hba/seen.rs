//! What a server read from its `pg_hba.conf`, and what of our rules is missing there or means something else.

use std::collections::BTreeSet;

use super::{Block, HbaError, Method, Rule};

/// A row of `pg_hba_file_rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRule {
    pub line: i32,
    pub kind: String,
    pub databases: Vec<String>,
    pub users: Vec<String>,
    /// With the mask as a number of bits, or a word.
    pub from: String,
    pub method: String,
    pub options: Vec<String>,
    /// Why the line can't be used.
    pub error: Option<String>,
}

impl SeenRule {
    /// The sentence about a line that PostgreSQL does not take.
    pub(super) fn unusable(&self) -> Option<String> {
        let why = self.error.as_ref()?;
        Some(format!("line {} of pg_hba.conf can't be used: {why}", self.line))
    }
}

/// What is wrong, in sentences; nothing if all of our rules stand there in their order, next to each other, and before
/// every rule that could come first for the same people.
///
/// # Errors
/// A rule can't be written at all.
pub fn difference(wanted: &Block, seen: &[SeenRule]) -> Result<Vec<String>, HbaError> {
    let mut problems: Vec<String> = seen.iter().filter_map(SeenRule::unusable).collect();
    let wanted: Vec<SeenRule> = wanted
        .rules_in_order()
        .iter()
        .map(expected)
        .collect::<Result<_, _>>()?;
    let usable: Vec<&SeenRule> = seen.iter().filter(|rule| rule.error.is_none()).collect();
    let mut at = 0;
    for rule in &wanted {
        match usable.iter().skip(at).position(|found| same(found, rule)) {
            Some(n) => at += n + 1,
            None => problems.push(format!(
                "pg_hba.conf lacks the rule \"{} all {} {} {}\" of pglab's, or has it in another order or with other options",
                rule.kind,
                rule.users.join(","),
                rule.from,
                rule.method,
            )),
        }
    }
    // Rules for everybody that stand before ours would be taken instead of them.
    if let Some(first) = wanted
        .first()
        .and_then(|first| usable.iter().position(|found| same(found, first)))
    {
        for rule in usable.iter().take(first) {
            if rule.users.iter().any(|user| user == "all")
                && rule.databases.iter().any(|name| name == "all")
                && rule.kind != "local"
            {
                problems.push(format!(
                    "line {} of pg_hba.conf stands before pglab's part and is for everybody from {}: move it below",
                    rule.line, rule.from,
                ));
            }
        }
    }
    Ok(problems)
}

fn same(one: &SeenRule, two: &SeenRule) -> bool {
    let options = |rule: &SeenRule| rule.options.iter().cloned().collect::<BTreeSet<_>>();
    one.kind == two.kind
        && one.databases == two.databases
        && one.users == two.users
        && one.from == two.from
        && one.method == two.method
        && options(one) == options(two)
}

fn expected(rule: &Rule) -> Result<SeenRule, HbaError> {
    let users = rule
        .who
        .iter()
        .map(|who| match who.role() {
            None => "all".to_owned(),
            Some((members, role)) => format!("{}{role}", if members { "+" } else { "" }),
        })
        .collect();
    let (method, options) = match &rule.method {
        Method::Scram => ("scram-sha-256", Vec::new()),
        Method::Ldap(method) => (
            "ldap",
            method
                .values()?
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
    };
    Ok(SeenRule {
        line: 0,
        kind: if rule.only_tls { "hostssl" } else { "host" }.to_owned(),
        databases: vec!["all".to_owned()],
        users,
        from: rule.from.to_string(),
        method: method.to_owned(),
        options,
        error: None,
    })
}

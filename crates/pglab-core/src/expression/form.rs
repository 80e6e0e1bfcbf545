//! The normal form: what may be in any order is put into one, and printed so that different shapes are different texts.

use super::read::Node;

/// Puts what stood in parentheses into its normal form.
pub(super) fn group(mut nodes: Vec<Node>, sorts: bool) -> Node {
    if nodes.len() == 1 {
        let Some(only) = nodes.pop() else {
            return Node::Group(nodes);
        };
        return match only {
            Node::Comma => Node::Group(vec![Node::Comma]),
            other => other,
        };
    }
    // `- 1` is the literal -1.
    if let [Node::Atom(minus), Node::Literal(number)] = nodes.as_slice()
        && minus == "-"
        && !number.contains('\'')
    {
        return Node::Literal(format!("-{number}"));
    }
    if !sorts {
        return Node::Group(nodes);
    }
    if let [left, Node::Atom(operator), right] = nodes.as_mut_slice() {
        let turned = match operator.as_str() {
            ">" => Some("<"),
            ">=" => Some("<="),
            "=" | "<>" if printed(std::slice::from_ref(left)) > printed(std::slice::from_ref(right)) => {
                Some(operator.as_str())
            }
            _ => None,
        };
        if let Some(turned) = turned {
            *operator = turned.to_owned();
            std::mem::swap(left, right);
        }
    }
    let is_case = nodes
        .iter()
        .any(|node| matches!(node, Node::Atom(word) if word == "case"));
    for word in ["and", "or"] {
        let joins = |node: &Node| matches!(node, Node::Atom(atom) if atom == word);
        let other = if word == "and" { "or" } else { "and" };
        let mixed = nodes
            .iter()
            .any(|node| matches!(node, Node::Atom(atom) if atom == other));
        if !is_case && !mixed && nodes.iter().any(joins) {
            let mut parts: Vec<_> = nodes
                .split(joins)
                .map(|part| bare(group(part.to_vec(), sorts)))
                .collect();
            // Parts that are joined by the same word inside their own parentheses belong to this list.
            parts = parts
                .into_iter()
                .flat_map(|part| {
                    if part.iter().any(joins) {
                        part.split(joins)
                            .map(|inner| bare(group(inner.to_vec(), sorts)))
                            .collect()
                    } else {
                        vec![part]
                    }
                })
                .collect();
            parts.sort_by_key(|part| printed(part));
            parts.dedup();
            if parts.len() == 1 {
                return parts
                    .pop()
                    .map_or(Node::Group(Vec::new()), |part| group(part, sorts));
            }
            let mut joined = Vec::new();
            for part in parts {
                if !joined.is_empty() {
                    joined.push(Node::Atom(word.to_owned()));
                }
                joined.push(if part.len() == 1 {
                    part.into_iter().next().unwrap_or(Node::Comma)
                } else {
                    Node::Group(part)
                });
            }
            return Node::Group(joined);
        }
    }
    Node::Group(nodes)
}

/// What is inside, without parentheses around it.
pub(super) fn bare(node: Node) -> Vec<Node> {
    match node {
        Node::Group(nodes) => nodes,
        other => vec![other],
    }
}

pub(super) fn printed(nodes: &[Node]) -> String {
    let mut text = String::new();
    print_all(nodes, &mut text);
    text
}

fn print_all(nodes: &[Node], text: &mut String) {
    for node in nodes {
        if !text.is_empty() && !text.ends_with(['(', '[', ' ']) {
            text.push(' ');
        }
        match node {
            Node::Atom(atom) | Node::Literal(atom) => text.push_str(atom),
            Node::Comma => text.push(','),
            Node::Group(inner) => {
                text.push('(');
                print_all(inner, text);
                text.push(')');
            }
            Node::Call(name, arguments) => {
                text.push_str(name);
                text.push('(');
                print_all(arguments, text);
                text.push(')');
            }
            Node::Bracket(name, elements) => {
                text.push_str(name);
                text.push('[');
                for element in elements {
                    print_all(element, text);
                    text.push(';');
                }
                text.push(']');
            }
            Node::Cast(operand, target) => {
                print_all(std::slice::from_ref(operand.as_ref()), text);
                text.push_str("::");
                text.push_str(target);
            }
        }
    }
}

//! Prints an expression for people: `price >= 0 AND price < 100`, `mood IN ('calm', 'loud')`. What it prints is not fed to
//! PostgreSQL.

use super::read::Node;

pub(super) fn printed(nodes: &[Node]) -> String {
    let mut text = String::new();
    print(nodes, &mut text);
    text
}

fn print(nodes: &[Node], text: &mut String) {
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let is_subscript = matches!(node, Node::Bracket(name, _) if name.is_empty());
        if !(text.is_empty() || text.ends_with(['(', '[', ' ']) || *node == Node::Comma || is_subscript) {
            text.push(' ');
        }
        // `x = ANY (ARRAY[…])` is what PostgreSQL makes of `x IN (…)`.
        if let (Node::Atom(operator), Some(Node::Call(name, arguments))) = (node, nodes.get(at + 1))
            && let [Node::Bracket(array, elements)] = arguments.as_slice()
            && array == "array"
            && let Some(word) = match (operator.as_str(), name.as_str()) {
                ("=", "any") => Some("IN"),
                ("<>", "all") => Some("NOT IN"),
                _ => None,
            }
        {
            text.push_str(word);
            text.push_str(" (");
            list(elements, text);
            text.push(')');
            at += 2;
            continue;
        }
        match node {
            Node::Atom(word) if is_keyword(word) => text.push_str(&word.to_uppercase()),
            Node::Atom(atom) | Node::Literal(atom) => text.push_str(atom),
            Node::Comma => text.push(','),
            Node::Group(inner) => {
                // What AND and OR join needs no parentheses unless one of them is inside.
                let in_logic = nodes
                    .iter()
                    .all(|node| matches!(node, Node::Atom(_) | Node::Group(_)))
                    && nodes.iter().any(is_logic)
                    && !nodes.iter().any(
                        |node| matches!(node, Node::Atom(word) if !matches!(word.as_str(), "and" | "or")),
                    );
                if in_logic && !inner.iter().any(is_logic) {
                    print(inner, text);
                } else {
                    text.push('(');
                    print(inner, text);
                    text.push(')');
                }
            }
            Node::Call(name, arguments) => {
                if is_keyword(name) {
                    text.push_str(&name.to_uppercase());
                    text.push(' ');
                } else {
                    text.push_str(name);
                }
                text.push('(');
                print(arguments, text);
                text.push(')');
            }
            Node::Bracket(name, elements) => {
                text.push_str(&name.to_uppercase());
                text.push('[');
                list(elements, text);
                text.push(']');
            }
            Node::Cast(operand, target) => {
                if matches!(
                    operand.as_ref(),
                    Node::Group(_) | Node::Atom(_) | Node::Literal(_)
                ) {
                    print(std::slice::from_ref(operand.as_ref()), text);
                } else {
                    text.push('(');
                    print(std::slice::from_ref(operand.as_ref()), text);
                    text.push(')');
                }
                text.push_str("::");
                text.push_str(target);
            }
        }
        at += 1;
    }
}

fn list(elements: &[Vec<Node>], text: &mut String) {
    for (n, element) in elements.iter().enumerate() {
        if n > 0 {
            text.push_str(", ");
        }
        print(element, text);
    }
}

fn is_logic(node: &Node) -> bool {
    matches!(node, Node::Atom(word) if word == "and" || word == "or")
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "is"
            | "null"
            | "true"
            | "false"
            | "any"
            | "all"
            | "case"
            | "when"
            | "then"
            | "else"
            | "end"
            | "like"
            | "distinct"
            | "from"
            | "value"
            | "with"
            | "current_date"
            | "current_timestamp"
            | "current_user"
    )
}

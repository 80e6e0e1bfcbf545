//! Pairs the rows of two results and tells which are left over. Exact columns decide by a hash; where numbers may
//! differ, nearness is no equivalence (a ~ b, b ~ c, not a ~ c), so rows are paired as a matching in a graph.

use std::collections::HashMap;

use super::{
    Row,
    value::{Rule, exact, finite, near},
};

/// How many edges are looked at to improve a matching. Reached only by rows made for it.
const MAX_STEPS: usize = 2_000_000;

/// Places of the rows that found no partner, ascending.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOver {
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

/// The rows of both sides that agree in all that is exact.
#[derive(Debug, Default)]
struct Group {
    expected: Vec<Candidate>,
    found: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    row: usize,
    /// The numbers that may differ, of the columns that have one: the same columns throughout a group.
    numbers: Vec<Number>,
}

#[derive(Debug, Clone, Copy)]
struct Number {
    value: f64,
    absolute: f64,
    relative: f64,
}

pub(super) fn left_over(rules: &[Rule], expected: &[Row], found: &[Row]) -> LeftOver {
    let mut groups: HashMap<String, Group> = HashMap::new();
    for (at, row) in expected.iter().enumerate() {
        let (key, candidate) = split(rules, row, at);
        groups.entry(key).or_default().expected.push(candidate);
    }
    for (at, row) in found.iter().enumerate() {
        let (key, candidate) = split(rules, row, at);
        groups.entry(key).or_default().found.push(candidate);
    }
    // No group's rows can be paired with another's: with equal numbers of rows in each, a full matching may exist.
    let even = groups
        .values()
        .all(|group| group.expected.len() == group.found.len());
    let mut left = LeftOver::default();
    let mut steps = if even { MAX_STEPS } else { 0 };
    for group in groups.into_values() {
        pair(group, &mut steps, &mut left);
    }
    left.expected.sort_unstable();
    left.found.sort_unstable();
    left
}

/// The exact part of a row as one text, and its numbers that may differ.
fn split(rules: &[Rule], row: &Row, at: usize) -> (String, Candidate) {
    let mut key = String::new();
    let mut numbers = Vec::new();
    for (rule, value) in rules.iter().zip(row) {
        let text = match (value, rule) {
            (None, _) => {
                key.push('-');
                continue;
            }
            (Some(value), Rule::Exact(family)) => exact(*family, value),
            (Some(value), Rule::Near { absolute, relative }) => match finite(value) {
                Some(number) => {
                    key.push('~');
                    numbers.push(Number {
                        value: number,
                        absolute: *absolute,
                        relative: *relative,
                    });
                    continue;
                }
                // NaN and the infinities are near to themselves only.
                None => value.as_str().into(),
            },
        };
        // With its length, so that no value can look like two.
        key.push_str(&format!("{}:", text.len()));
        key.push_str(&text);
    }
    (key, Candidate { row: at, numbers })
}

fn pair(mut group: Group, steps: &mut usize, left: &mut LeftOver) {
    let n_numbers = group
        .expected
        .first()
        .or(group.found.first())
        .map_or(0, |candidate| candidate.numbers.len());
    if n_numbers == 0 {
        let n = group.expected.len().min(group.found.len());
        left.expected
            .extend(group.expected.drain(n..).map(|candidate| candidate.row));
        left.found
            .extend(group.found.drain(n..).map(|candidate| candidate.row));
        return;
    }
    let by_numbers = |a: &Candidate, b: &Candidate| {
        let by = a
            .numbers
            .iter()
            .zip(&b.numbers)
            .map(|(a, b)| a.value.total_cmp(&b.value));
        by.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    group.expected.sort_by(by_numbers);
    group.found.sort_by(by_numbers);
    let agree = |one: &Candidate, other: &Candidate| {
        one.numbers
            .iter()
            .zip(&other.numbers)
            .all(|(one, other)| near(one.absolute, one.relative, one.value, other.value))
    };
    let mut matching = Matching {
        partner_of_expected: vec![None; group.expected.len()],
        partner_of_found: vec![None; group.found.len()],
    };
    greedy(&group, agree, &mut matching);
    if *steps > 0 {
        improve(&group, agree, &mut matching, steps);
    }
    let unpaired = |partners: &[Option<usize>], rows: &[Candidate]| -> Vec<usize> {
        let pairs = partners.iter().zip(rows);
        pairs
            .filter(|(partner, _)| partner.is_none())
            .map(|(_, candidate)| candidate.row)
            .collect()
    };
    left.expected
        .extend(unpaired(&matching.partner_of_expected, &group.expected));
    left.found
        .extend(unpaired(&matching.partner_of_found, &group.found));
}

struct Matching {
    partner_of_expected: Vec<Option<usize>>,
    partner_of_found: Vec<Option<usize>>,
}

/// Both sides sorted, each row takes the first that is free and near. Right for one number, nearly always for more.
fn greedy(group: &Group, agree: impl Fn(&Candidate, &Candidate) -> bool, matching: &mut Matching) {
    let mut from = 0;
    for (at, wanted) in group.expected.iter().enumerate() {
        while from < group.found.len()
            && (matching.partner_of_found[from].is_some()
                || below(&group.found[from], wanted) && !agree(&group.found[from], wanted))
        {
            from += 1;
        }
        // A few further on: rows between may be of another second number.
        for other in from..group.found.len().min(from + 64) {
            if matching.partner_of_found[other].is_none() && agree(wanted, &group.found[other]) {
                matching.partner_of_expected[at] = Some(other);
                matching.partner_of_found[other] = Some(at);
                break;
            }
        }
    }
}

fn below(one: &Candidate, other: &Candidate) -> bool {
    one.numbers
        .iter()
        .zip(&other.numbers)
        .next()
        .is_some_and(|(one, other)| one.value < other.value)
}

/// Augmenting paths from the rows that the greedy pass left alone.
fn improve(
    group: &Group,
    agree: impl Fn(&Candidate, &Candidate) -> bool,
    matching: &mut Matching,
    steps: &mut usize,
) {
    for start in 0..group.expected.len() {
        if matching.partner_of_expected[start].is_some() {
            continue;
        }
        // Breadth first; `came[found]` is the expected row from which it was reached.
        let mut came: Vec<Option<usize>> = vec![None; group.found.len()];
        let mut queue = std::collections::VecDeque::from([start]);
        let mut end = None;
        'search: while let Some(at) = queue.pop_front() {
            for (other, reached) in came.iter_mut().enumerate() {
                if *steps == 0 {
                    return;
                }
                *steps -= 1;
                if reached.is_some() || !agree(&group.expected[at], &group.found[other]) {
                    continue;
                }
                *reached = Some(at);
                match matching.partner_of_found[other] {
                    Some(next) => queue.push_back(next),
                    None => {
                        end = Some(other);
                        break 'search;
                    }
                }
            }
        }
        let Some(mut other) = end else {
            // This one has no partner in any matching: the results differ.
            *steps = 0;
            return;
        };
        while let Some(at) = came[other] {
            let before = matching.partner_of_expected[at].replace(other);
            matching.partner_of_found[other] = Some(at);
            match before {
                Some(before) => other = before,
                None => break,
            }
        }
    }
}

//! Which of many answers to one task are the same but for a few tokens. Not every pair is compared: only those that share a
//! run of tokens that few others have, because an answer that many have says nothing.

use std::collections::HashMap;

/// Tokens in a run.
const RUN: usize = 5;
/// A run that more answers have is what the task asks for.
const COMMON: usize = 16;
/// Pairs of one task that are compared token by token at most.
const MOST_PAIRS: usize = 50_000;

/// How many tokens may differ in answers of such a length.
pub(super) fn allowed(length: usize) -> usize {
    (length / 10).clamp(1, 8)
}

/// Pairs of different answers that are near each other, with how many tokens must be put in, taken out or replaced. `answers`
/// must all be different.
pub(super) fn near(answers: &[&[u32]]) -> Vec<(usize, usize, usize)> {
    let mut of_run: HashMap<&[u32], Vec<usize>> = HashMap::new();
    for (n, answer) in answers.iter().enumerate() {
        for run in answer.windows(RUN) {
            let having = of_run.entry(run).or_default();
            if having.len() <= COMMON && having.last() != Some(&n) {
                having.push(n);
            }
        }
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for having in of_run.values().filter(|having| having.len() <= COMMON) {
        for (at, one) in having.iter().enumerate() {
            for other in &having[at + 1..] {
                *shared.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let mut candidates: Vec<((usize, usize), usize)> = shared.into_iter().collect();
    // Those that share most first, and always the same ones.
    candidates.sort_unstable_by_key(|(pair, n)| (std::cmp::Reverse(*n), *pair));
    let mut found: Vec<(usize, usize, usize)> = candidates
        .into_iter()
        .take(MOST_PAIRS)
        .filter_map(|((one, other), _)| {
            let most = allowed(answers[one].len().min(answers[other].len()));
            distance(answers[one], answers[other], most).map(|n| (one, other, n))
        })
        .collect();
    found.sort_unstable();
    found
}

/// The edit distance, if it is at most `most`: only the band around the diagonal is looked at.
fn distance(one: &[u32], other: &[u32], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let far = most + 1;
    let mut last: Vec<usize> = (0..=other.len()).map(|n| n.min(far)).collect();
    let mut row = vec![far; other.len() + 1];
    for (at, token) in one.iter().enumerate() {
        let begin = (at + 1).saturating_sub(most);
        let end = (at + 1 + most).min(other.len());
        row.fill(far);
        if begin == 0 {
            row[0] = (at + 1).min(far);
        }
        for to in begin.max(1)..=end {
            let replaced = last[to - 1] + usize::from(*token != other[to - 1]);
            row[to] = replaced.min(last[to] + 1).min(row[to - 1] + 1).min(far);
        }
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[other.len()]).filter(|n| *n <= most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn near_ones_are_found_and_others_are_not() {
        let long: Vec<u32> = (0..40).collect();
        let mut changed = long.clone();
        changed[20] = 99;
        changed.remove(3);
        let other: Vec<u32> = (100..140).collect();
        assert_eq!(near(&[&long, &other, &changed]), [(0, 2, 2)]);
        let mut many = changed.clone();
        for at in [1, 9, 17, 25, 33] {
            many[at] += 500;
        }
        assert_eq!(near(&[&long, &many]), []);
    }

    proptest! {
        /// As the plain table of all prefixes gives it.
        #[test]
        fn distances_are_right(one in prop::collection::vec(0..4u32, 0..12), other in prop::collection::vec(0..4u32, 0..12), most in 0..6usize) {
            let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
            for a in 0..=one.len() {
                for b in 0..=other.len() {
                    table[a][b] = if a == 0 || b == 0 {
                        a + b
                    } else {
                        (table[a - 1][b - 1] + usize::from(one[a - 1] != other[b - 1]))
                            .min(table[a - 1][b] + 1)
                            .min(table[a][b - 1] + 1)
                    };
                }
            }
            let plain = table[one.len()][other.len()];
            prop_assert_eq!(distance(&one, &other, most), (plain <= most).then_some(plain));
        }
    }
}

//! Near misses: a name that is nearly the one that was expected, and the sentence that says so. Only asked when
//! something is missing.

use crate::{snapshot::ObjectName, words};

/// How many names are looked at: a database may hold thousands, and they are no reason to be slow.
const MAX_CANDIDATES: usize = 1000;

/// The sentence about an object that may be meant. `noun` is "table", "view", …; `sql` is the word after `ALTER`.
pub(super) fn object<'a>(
    noun: &str,
    wanted: &ObjectName,
    candidates: impl Iterator<Item = &'a ObjectName>,
) -> Option<String> {
    let mut best: Option<(u8, &ObjectName)> = None;
    for candidate in candidates.take(MAX_CANDIDATES) {
        let rank = if candidate.schema == wanted.schema {
            match closeness(&wanted.name, &candidate.name) {
                Some(Closeness::OnlyCase) => 0,
                Some(Closeness::Misspelt(distance)) => 2 + distance,
                None => continue,
            }
        } else if candidate.name == wanted.name {
            1
        } else if candidate.name.to_lowercase() == wanted.name.to_lowercase() {
            2
        } else {
            continue;
        };
        if best.is_none_or(|found| (rank, candidate) < found) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(rank, candidate)| {
        if rank == 0 {
            only_case(noun, &wanted.name, &candidate.name)
        } else if candidate.schema != wanted.schema {
            format!(
                "there is a {noun} {} in the schema {}; it should be in the schema {}",
                words::name(&candidate.name),
                words::name(&candidate.schema),
                words::name(&wanted.schema)
            )
        } else {
            format!("there is a {noun} {}; is that it?", words::object(candidate))
        }
    })
}

/// The same for names inside something, such as columns.
pub(super) fn part<'a>(
    noun: &str,
    wanted: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<String> {
    candidates
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| closeness(wanted, candidate).map(|closeness| (closeness, candidate)))
        .min()
        .map(|(closeness, candidate)| match closeness {
            Closeness::OnlyCase => only_case(noun, wanted, candidate),
            Closeness::Misspelt(_) => format!("there is a {noun} {}; is that it?", words::name(candidate)),
        })
}

fn only_case(noun: &str, wanted: &str, found: &str) -> String {
    let advice = if wanted.chars().any(char::is_uppercase) {
        "write the name in double quotes to keep its capitals"
    } else {
        "a name in double quotes keeps its capitals: write it without quotes"
    };
    format!(
        "there is a {noun} {}, which is another name than {} to PostgreSQL; {advice}",
        words::name(found),
        words::name(wanted)
    )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    OnlyCase,
    /// By how many letters.
    Misspelt(u8),
}

fn closeness(wanted: &str, found: &str) -> Option<Closeness> {
    if wanted.len().abs_diff(found.len()) > 8 {
        return None;
    }
    let (wanted, found) = (wanted.to_lowercase(), found.to_lowercase());
    if wanted == found {
        return Some(Closeness::OnlyCase);
    }
    let limit = if wanted.chars().count() <= 4 { 1 } else { 2 };
    distance(&wanted, &found, limit).map(Closeness::Misspelt)
}

/// How many letters to insert, drop, change or swap with their neighbour, if at most `limit`. Names have 63 bytes, so
/// the full table is small.
fn distance(a: &str, b: &str, limit: u8) -> Option<u8> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > usize::from(limit) || a.len() > 64 {
        return None;
    }
    let mut before: Vec<u8> = Vec::new();
    let mut last: Vec<u8> = (0..=b.len())
        .map(|n| u8::try_from(n).unwrap_or(u8::MAX))
        .collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![last[0].saturating_add(1)];
        for (j, cb) in b.iter().enumerate() {
            let mut cost = (last[j].saturating_add(u8::from(ca != cb)))
                .min(last[j + 1].saturating_add(1))
                .min(row[j].saturating_add(1));
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                cost = cost.min(before[j - 1].saturating_add(1));
            }
            row.push(cost);
        }
        if row.iter().all(|cost| *cost > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("album", "albums", 2), Some(1));
        assert_eq!(distance("album", "ablum", 2), Some(1));
        assert_eq!(distance("album", "track", 2), None);
        assert_eq!(distance("genre", "gerne", 1), Some(1));
        assert_eq!(distance("", "", 2), Some(0));
    }

    #[test]
    fn short_names_need_to_be_nearer() {
        assert_eq!(closeness("id", "no"), None);
        assert_eq!(closeness("name", "nmae"), Some(Closeness::Misspelt(1)));
        assert_eq!(closeness("Album", "album"), Some(Closeness::OnlyCase));
    }

    #[test]
    fn another_schema() {
        let wanted = ObjectName::new("public", "album");
        let there = [
            ObjectName::new("music", "album"),
            ObjectName::new("public", "albumm"),
        ];
        assert_eq!(
            object("table", &wanted, there.iter()).as_deref(),
            Some("there is a table album in the schema music; it should be in the schema public")
        );
    }
}

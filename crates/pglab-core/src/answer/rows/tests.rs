//! Comparisons against simple models: `EXCEPT ALL` both ways done naively, all permutations for tolerance.

use proptest::prelude::*;

use super::*;

fn set(columns: &[(&str, &str)], rows: &[&[Option<&str>]]) -> RowSet {
    RowSet {
        columns: columns
            .iter()
            .map(|(name, kind)| Column::new(*name, kind))
            .collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|value| value.map(str::to_owned)).collect())
            .collect(),
    }
}

fn compare(contract: &Contract, sql: &str, expected: &RowSet, found: &RowSet) -> Comparison {
    Ready::new(contract, sql, &expected.columns)
        .unwrap()
        .compare(expected, found)
}

fn said(contract: &Contract, sql: &str, expected: &RowSet, found: &RowSet) -> String {
    let (expected, found) = compare(contract, sql, expected, found).sentences(true);
    format!("expected {expected}; found {found}")
}

#[test]
fn sentences_tell_what_differs() {
    let columns = [("name", "text"), ("n", "int8")];
    let reference = set(
        &columns,
        &[
            &[Some("Ada"), Some("1")],
            &[Some("Bob"), None],
            &[Some("Bob"), None],
        ],
    );
    let any = Contract::default();
    let names = Contract {
        column_names: true,
        ..Contract::default()
    };
    let ordered = "select name, n from t order by name";
    insta::assert_snapshot!(
        [
            said(&any, "", &reference, &set(&columns, &[&[Some("Bob"), None], &[Some("Ada"), Some("1")]])),
            said(&any, "", &reference, &set(&columns, &[&[Some("Ada"), Some("2")], &[Some("Bob"), None], &[Some("Bob"), None], &[None, None]])),
            said(&any, "", &reference, &set(&columns[..1], &[&[Some("Ada")]])),
            said(&any, "", &reference, &set(&[("name", "text"), ("n", "text")], &[&[Some("Ada"), Some("one")]])),
            said(&names, "", &reference, &set(&[("name", "text"), ("Count", "int8")], &[])),
            said(&any, ordered, &reference, &set(&columns, &[&[Some("Bob"), None], &[Some("Ada"), Some("1")], &[Some("Bob"), None]])),
        ]
        .join("\n"),
        @r#"
        expected 3 rows; found 2 rows; 1 missing: (Bob, NULL)
        expected 3 rows; found 4 rows; 1 missing: (Ada, 1); 2 too many: (Ada, 2), (NULL, NULL)
        expected 2 columns; found 1 column
        expected a number in column 2 (n); found no number
        expected column 2 named n; found column 2 named "Count"
        expected the rows in order of name: (Ada, 1) in row 1; found the right rows in another order: (Bob, NULL) in row 1
        "#
    );
    let other = set(&columns, &[]);
    let (expected, found) = compare(&any, "", &reference, &other).sentences(false);
    assert!(!format!("{expected}{found}").contains("Ada"));
}

#[test]
fn numbers_are_compared_by_value() {
    let numeric = |values: &[&str]| {
        let rows: Vec<Vec<Option<&str>>> = values.iter().map(|value| vec![Some(*value)]).collect();
        let rows: Vec<&[Option<&str>]> = rows.iter().map(Vec::as_slice).collect();
        set(&[("x", "numeric(8,2)")], &rows)
    };
    let exact = Contract::default();
    let near = Contract {
        tolerance: Some("0.5".to_owned()),
        ..Contract::default()
    };
    assert!(compare(&exact, "", &numeric(&["1.0", "2"]), &numeric(&["2.00", "1"])).is_equal());
    assert!(!compare(&exact, "", &numeric(&["1.0"]), &numeric(&["1.01"])).is_equal());
    assert!(compare(&near, "", &numeric(&["1", "1.4"]), &numeric(&["1.9", "0.6"])).is_equal());
    assert!(!compare(&near, "", &numeric(&["1", "1"]), &numeric(&["1.5", "1.6"])).is_equal());
    // Each column by its own rule, also beside a NULL.
    let mixed = [("a", "float8"), ("b", "numeric")];
    let row = |b| set(&mixed, &[&[None, Some(b)], &[Some("1"), Some(b)]]);
    assert!(compare(&near, "", &row("1"), &row("1.5")).is_equal());
    assert!(!compare(&exact, "", &row("1"), &row("1.0000000001")).is_equal());
    // Integers of any size are no floating numbers.
    let big = ("9007199254740993", "9007199254740992");
    assert!(!compare(&exact, "", &numeric(&[big.0]), &numeric(&[big.1])).is_equal());
}

#[test]
fn ties_are_free() {
    let columns = [("island", "text"), ("name", "text")];
    let row = |island, name| [Some(island), Some(name)];
    let (a, b, c) = (row("Eider", "x"), row("Eider", "y"), row("Storö", "z"));
    let reference = set(&columns, &[&a, &b, &c]);
    let contract = Contract::default();
    let sql = "SELECT island, name FROM port ORDER BY island";
    assert!(compare(&contract, sql, &reference, &set(&columns, &[&b, &a, &c])).is_equal());
    assert!(!compare(&contract, sql, &reference, &set(&columns, &[&b, &c, &a])).is_equal());
    let any = Contract {
        order: Order::Columns(Vec::new()),
        ..Contract::default()
    };
    assert!(compare(&any, sql, &reference, &set(&columns, &[&b, &c, &a])).is_equal());
    let declared = Contract {
        order: Order::Columns(vec!["2".to_owned()]),
        ..Contract::default()
    };
    assert!(!compare(&declared, "", &reference, &set(&columns, &[&b, &a, &c])).is_equal());
    let columns = &reference.columns;
    let wrong = |sql: &str| Ready::new(&contract, sql, columns).unwrap_err().to_string();
    assert!(wrong("SELECT 1 ORDER BY lower(island)").contains("lower("));
    assert!(wrong("SELECT 1 ORDER BY depth").contains("no column depth"));
    assert!(wrong("SELECT 1 ORDER BY 3").contains("no column 3"));
    assert_eq!(
        Ready::new(&contract, sql, columns).unwrap().in_words(columns),
        "rows in order of island, ties in any order; columns in the order asked for, with any names"
    );
}

fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        prop::sample::select(vec!["0", "1", "1.0", "-1", "2.50", "2.5", "10"])
            .prop_map(|text| Some(text.to_owned())),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((value(), prop::sample::select(vec!["a", "b", "a "])), 0..8).prop_map(|rows| {
        rows.into_iter()
            .map(|(number, text)| vec![number, Some(text.to_owned())])
            .collect()
    })
}

/// What is left of `one` after each row of `other` has taken one equal row away.
fn except_all(one: &[Row], other: &[Row]) -> usize {
    let by_value = |row: &Row| {
        (
            row[0].as_ref().map(|text| text.parse::<f64>().unwrap()),
            row[1].clone(),
        )
    };
    let mut left: Vec<_> = one.iter().map(by_value).collect();
    for row in other {
        if let Some(at) = left.iter().position(|has| *has == by_value(row)) {
            left.swap_remove(at);
        }
    }
    left.len()
}

/// Is there an order of `found` in which each number is near to its partner?
fn matches_somehow(expected: &[Vec<i32>], found: &[Vec<i32>], tolerance: i32) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return found.is_empty();
    };
    (0..found.len()).any(|at| {
        let near = first
            .iter()
            .zip(&found[at])
            .all(|(a, b)| (a - b).abs() <= tolerance);
        let mut others = found.to_vec();
        others.remove(at);
        near && matches_somehow(rest, &others, tolerance)
    })
}

fn numbers(columns: usize) -> impl Strategy<Value = (Vec<Vec<i32>>, Vec<Vec<i32>>)> {
    let row = move || prop::collection::vec(0..8i32, columns);
    (1..6usize).prop_flat_map(move |n| (prop::collection::vec(row(), n), prop::collection::vec(row(), n)))
}

fn integers(rows: &[Vec<i32>]) -> RowSet {
    RowSet {
        columns: (0..rows.first().map_or(0, Vec::len))
            .map(|at| Column::new(format!("c{at}"), "int4"))
            .collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|n| Some(n.to_string())).collect())
            .collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn says_what_except_all_says_both_ways(expected in rows(), found in rows()) {
        let columns = vec![Column::new("n", "numeric"), Column::new("t", "text")];
        let expected = RowSet { columns: columns.clone(), rows: expected };
        let found = RowSet { columns, rows: found };
        let comparison = compare(&Contract::default(), "", &expected, &found);
        let missing = except_all(&expected.rows, &found.rows);
        let extra = except_all(&found.rows, &expected.rows);
        prop_assert_eq!(comparison.is_equal(), missing == 0 && extra == 0);
        if let Some(Difference::Rows { n_missing, n_extra, missing: rows, .. }) = comparison.difference {
            prop_assert_eq!((n_missing, n_extra), (missing, extra));
            prop_assert_eq!(rows.len(), missing.min(N_SHOWN));
        }
    }

    #[test]
    fn shuffling_changes_nothing(rows in rows(), seed in any::<u64>()) {
        let columns = vec![Column::new("n", "float8"), Column::new("t", "text")];
        let mut shuffled = rows.clone();
        let n = shuffled.len().max(1);
        for at in 0..shuffled.len() {
            shuffled.swap(at, usize::try_from(seed % 97).unwrap() * (at + 7) % n);
        }
        let one = RowSet { columns: columns.clone(), rows };
        let other = RowSet { columns, rows: shuffled };
        prop_assert!(compare(&Contract::default(), "", &one, &other).is_equal());
    }

    #[test]
    fn tolerance_finds_a_matching_where_there_is_one((expected, found) in (1..4usize).prop_flat_map(numbers), tolerance in 1..3i32) {
        let contract = Contract { tolerance: Some(tolerance.to_string()), ..Contract::default() };
        let comparison = compare(&contract, "", &integers(&expected), &integers(&found));
        prop_assert_eq!(comparison.is_equal(), matches_somehow(&expected, &found, tolerance));
    }

    #[test]
    fn only_the_keys_are_in_order(rows in prop::collection::vec((0..3i32, 0..3i32), 0..7), seed in any::<u64>()) {
        let mut expected: Vec<Vec<i32>> = rows.iter().map(|(a, b)| vec![*a, *b]).collect();
        expected.sort_by_key(|row| row[0]);
        let mut found = expected.clone();
        let n = found.len().max(1);
        for at in 0..found.len() {
            found.swap(at, (usize::try_from(seed % 31).unwrap() + at * 5) % n);
        }
        let in_order = found.is_sorted_by_key(|row| row[0]);
        let sql = "select c0, c1 from t order by c0";
        let columns = vec![Column::new("c0", "int4"), Column::new("c1", "int4")];
        let set = |rows: &[Vec<i32>]| RowSet { columns: columns.clone(), rows: integers(rows).rows };
        let comparison = compare(&Contract::default(), sql, &set(&expected), &set(&found));
        prop_assert_eq!(comparison.is_equal(), in_order);
    }
}

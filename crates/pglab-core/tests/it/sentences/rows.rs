//! What is said of rows.

use pglab_core::{judge, snapshot::ObservedRows};

use super::{album, said};
use crate::music::{self, public};

#[test]
fn rows() {
    let kinds = &["rows", "row_count"];
    let mut cases = Vec::new();
    for hashes in [
        &[][..],
        &[1, 2, 2],
        &[1, 2, 3],
        &[1, 2, 2, 2, 3],
        &[1, 2, 2, 4],
        &[7],
    ] {
        cases.push(said(kinds, |o| {
            o.rows.insert(public("album"), music::observed(hashes));
        }));
    }
    for observed in [music::observed(&[1, 2, 2, 4]), music::observed(&[1])] {
        let ObservedRows::Digest { digest, .. } = observed else {
            panic!("it is a digest")
        };
        cases.push(said(kinds, |o| {
            o.rows
                .insert(public("album"), ObservedRows::Digest { digest, hashes: None });
        }));
    }
    cases.push(said(kinds, |o| {
        o.rows.insert(
            public("album"),
            ObservedRows::Failed("canceling statement due to statement timeout".to_owned()),
        );
    }));
    cases.push(said(kinds, |o| {
        o.rows.remove(&public("album"));
    }));
    cases.push(said(kinds, |o| {
        album(o).columns.pop();
        o.rows
            .insert(public("album"), ObservedRows::Counted { n_rows: 4 });
    }));
    cases.push(said(kinds, |o| {
        album(o).columns.pop();
        o.rows
            .insert(public("album"), ObservedRows::Counted { n_rows: 3 });
    }));
    cases.push(said(kinds, |o| {
        o.rows.insert(public("album"), ObservedRows::Missing);
    }));
    insta::assert_snapshot!(cases.join("--\n"), @r"
    not_yet: album has 4 rows / the table is still empty
    not_yet: album holds the same rows as the example, in any order (4 rows) / the table is still empty (4 rows expected)
    --
    failed: album has 4 rows / 3 rows
    failed: album holds the same rows as the example, in any order (4 rows) / 1 row is missing (4 expected, 3 found)
    --
    failed: album has 4 rows / 3 rows
    failed: album holds the same rows as the example, in any order (4 rows) / 1 row is missing (4 expected, 3 found)
    --
    failed: album has 4 rows / 5 rows
    failed: album holds the same rows as the example, in any order (4 rows) / 1 row is extra (4 expected, 5 found)
    --
    failed: album holds the same rows as the example, in any order (4 rows) / 1 row is missing, 1 is extra (4 expected, 4 found)
    --
    failed: album has 4 rows / 1 row
    failed: album holds the same rows as the example, in any order (4 rows) / 4 rows are missing, 1 is extra (4 expected, 1 found)
    --
    failed: album holds the same rows as the example, in any order (4 rows) / 4 rows expected, 4 found, but their content differs
    --
    failed: album has 4 rows / 1 row
    failed: album holds the same rows as the example, in any order (4 rows) / 4 rows expected, 1 found
    --
    error: album has 4 rows / the table could not be read: canceling statement due to statement timeout
    error: album holds the same rows as the example, in any order (4 rows) / the table could not be read: canceling statement due to statement timeout
    --
    error: album has 4 rows / the rows were not read
    error: album holds the same rows as the example, in any order (4 rows) / the rows were not read
    --
    failed: album holds the same rows as the example, in any order (4 rows) / the rows can't be compared without slug
    --
    failed: album has 4 rows / 3 rows
    failed: album holds the same rows as the example, in any order (4 rows) / the rows can't be compared without slug
    --
    error: album has 4 rows / the table album was changing while it was read
    error: album holds the same rows as the example, in any order (4 rows) / the table album was changing while it was read
    ");
}

#[test]
fn rows_that_are_needed() {
    let needed = judge::rows_needed(&music::derived(&music::shop(), 1), &music::rows());
    let said: Vec<_> = needed
        .iter()
        .map(|rows| format!("{}({})", rows.name.short(), rows.columns.join(",")))
        .collect();
    // Each once, and none for the table that is empty in the example.
    assert_eq!(
        said,
        [
            "album(album_id,title,artist_id,price,slug)",
            "sales.album_list(title,artist)"
        ]
    );
}

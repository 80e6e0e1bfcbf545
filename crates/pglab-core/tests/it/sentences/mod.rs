//! What verdicts say: for each kind of fact, each way in which it fails, and when it waits.

mod objects;
mod rows;
mod tables;

use pglab_core::{
    check::VerdictState,
    judge::{self, Judge, Observation},
    lab::TypeRule,
    snapshot::Table,
};

use crate::music::{self, public};

/// The verdicts that are not "passed", of some kinds, on a shop that was changed.
fn said_by(rule: TypeRule, kinds: &[&str], change: impl FnOnce(&mut Observation)) -> String {
    let tasks = music::derived(&music::shop(), 1);
    let mut observation = music::observation();
    change(&mut observation);
    let verdicts = Judge::new(&tasks, music::rows(), rule).verdicts(&observation);
    let checks = tasks.iter().flat_map(|task| &task.checks);
    checks
        .zip(verdicts)
        .filter(|(check, verdict)| {
            verdict.state != VerdictState::Passed && kinds.contains(&check.fact.kind())
        })
        .map(|(_, verdict)| {
            format!(
                "{}: {} / {}\n",
                verdict.state.as_str(),
                verdict.expected,
                verdict.found
            )
        })
        .collect()
}

fn said(kinds: &[&str], change: impl FnOnce(&mut Observation)) -> String {
    said_by(TypeRule::Strict, kinds, change)
}

fn album(observation: &mut Observation) -> &mut Table {
    &mut observation.schema.tables[0]
}

const ALL: &[&str] = &[
    "schema_exists",
    "table_exists",
    "column_exists",
    "column_type",
    "nullability",
    "default",
    "generated",
    "auto_number",
    "primary_key",
    "foreign_key",
    "unique",
    "check_constraint",
    "exclusion",
    "index",
    "trigger",
    "view_exists",
    "view_rows",
    "function",
    "sequence",
    "enum",
    "domain",
    "table_comment",
    "column_comment",
    "rows",
    "row_count",
];

#[test]
fn the_shop_itself_passes() {
    assert_eq!(said(ALL, |_| {}), "");
}

#[test]
fn every_kind_of_fact_is_derived_from_the_shop() {
    let tasks = music::derived(&music::shop(), 1);
    let kinds: Vec<_> = tasks
        .iter()
        .flat_map(|task| &task.checks)
        .map(|check| check.fact.kind())
        .collect();
    for kind in ALL {
        assert!(kinds.contains(kind), "{kind}");
    }
}

#[test]
fn an_empty_database() {
    insta::assert_snapshot!(said(ALL, |o| *o = Observation::default()), @r#"
    not_yet: There is a schema sales / there is no such schema yet
    not_yet: There is an enum type mood with the values calm and loud / there is no such type yet
    not_yet: There is a domain email over text, which checks that VALUE ~ '@' / there is no such domain yet
    not_yet: There is a sequence ticket that starts at 100 and counts by 1 / there is no such sequence yet
    not_yet: There is a table artist / there is no such table yet
    not_yet: artist has a column artist_id / the table artist is not there yet
    not_yet: artist.artist_id is integer / the table artist is not there yet
    not_yet: artist.artist_id numbers itself (GENERATED ALWAYS AS IDENTITY in the example; any way will do) / the table artist is not there yet
    not_yet: artist has a column name / the table artist is not there yet
    not_yet: artist.name is text / the table artist is not there yet
    not_yet: artist.name may be empty (NULL) / the table artist is not there yet
    not_yet: The primary key of artist is (artist_id) / the table artist is not there yet
    not_yet: There is a table album / there is no such table yet
    not_yet: album has a column album_id / the table album is not there yet
    not_yet: album.album_id is integer / the table album is not there yet
    not_yet: album.album_id numbers itself (serial in the example; any way will do) / the table album is not there yet
    not_yet: album has a column title / the table album is not there yet
    not_yet: album.title is character varying(160) / the table album is not there yet
    not_yet: album.title must not be empty (NOT NULL) / the table album is not there yet
    not_yet: album.title has the comment "As on the cover" / the table album is not there yet
    not_yet: album has a column artist_id / the table album is not there yet
    not_yet: album.artist_id is integer / the table album is not there yet
    not_yet: album.artist_id must not be empty (NOT NULL) / the table album is not there yet
    not_yet: album has a column price / the table album is not there yet
    not_yet: album.price is numeric(10,2) / the table album is not there yet
    not_yet: album.price may be empty (NULL) / the table album is not there yet
    not_yet: album.price has the default 9.99 / the table album is not there yet
    not_yet: album has a column slug / the table album is not there yet
    not_yet: album.slug is text / the table album is not there yet
    not_yet: album.slug may be empty (NULL) / the table album is not there yet
    not_yet: album.slug is generated as lower(title) / the table album is not there yet
    not_yet: The primary key of album is (album_id) / the table album is not there yet
    not_yet: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / the table album is not there yet
    not_yet: album(artist_id, title) is unique / the table album is not there yet
    not_yet: album checks that price >= 0 / the table album is not there yet
    not_yet: album has the rule EXCLUDE USING gist (title WITH =, during WITH &&) / the table album is not there yet
    not_yet: album has the comment "What we sell" / the table album is not there yet
    not_yet: album has 4 rows / the table album is not there yet
    not_yet: album holds the same rows as the example, in any order (4 rows) / the table album is not there yet
    not_yet: There is an index on album (artist_id) / the table album is not there yet
    not_yet: There is a unique index on album (lower(title)) where price > 0 / the table album is not there yet
    not_yet: There is a view sales.album_list with the columns title and artist / there is no such view yet
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view sales.album_list is not there yet
    not_yet: There is a function albums_of(integer) that returns SETOF text / there is no such function yet
    not_yet: There is a procedure restock(integer, numeric) / there is no such procedure yet
    not_yet: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / album is not there yet
    "#);
}

/// Somebody made a database to slow us down, or to fill the board.
#[test]
fn a_huge_and_odd_database_is_judged_in_short_sentences() {
    let mut observation = Observation::default();
    for n in 0..3000 {
        let mut table = music::shop().tables.remove(0);
        table.name = public(&format!("{}{n}", "ä".repeat(28)));
        observation.schema.tables.push(table);
    }
    let mut odd = music::shop().tables.remove(0);
    odd.columns[1].data_type = "x".repeat(100_000);
    odd.columns[3].default = Some("(".repeat(100_000));
    odd.checks[0].expression = format!("{}1{}", "(".repeat(50_000), ")".repeat(50_000));
    odd.indexes[0].keys = vec!["k".repeat(100_000), "artist_id".to_owned()];
    odd.triggers[0].condition = Some("'".repeat(100_001));
    observation.schema.tables.push(odd);
    let tasks = music::derived(&music::shop(), 1);
    for verdict in judge::judge(&tasks, &music::rows(), &observation, TypeRule::Lenient) {
        assert!(verdict.found.len() < 1000, "{}", verdict.found.len());
    }
}

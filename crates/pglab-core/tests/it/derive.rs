//! What is derived from the music shop, and what survives deriving it again.

use pglab_core::{
    check::Fact,
    derive::{self, DeriveOptions, rederive},
    task::{Points, Task},
};
use pglab_testkit::{SeededRandom, SettableClock};

use crate::music;

#[test]
fn tasks_of_the_shop() {
    let tasks: String = music::derived(&music::shop(), 1)
        .iter()
        .map(|task| {
            let checks: String = task
                .checks
                .iter()
                .map(|check| format!("  {} {}\n", check.weight, check.title))
                .collect();
            format!("{} {} [{}]\n{checks}", task.points.as_f64(), task.title, task.key)
        })
        .collect();
    insta::assert_snapshot!(tasks, @r#"
    1 Schema sales [schema:sales]
      1 There is a schema sales
    3 Enum type mood [enum:public.mood]
      1 There is an enum type mood with the values calm and loud
    3 Domain email [domain:public.email]
      1 There is a domain email over text, which checks that VALUE ~ '@'
    2 Sequence ticket [sequence:public.ticket]
      1 There is a sequence ticket that starts at 100 and counts by 1
    10 Table artist [table:public.artist]
      2 There is a table artist
      1 artist has a column artist_id
      2 artist.artist_id is integer
      2 artist.artist_id numbers itself (GENERATED ALWAYS AS IDENTITY in the example; any way will do)
      1 artist has a column name
      2 artist.name is text
      1 artist.name may be empty (NULL)
      4 The primary key of artist is (artist_id)
    10 Table album [table:public.album]
      2 There is a table album
      1 album has a column album_id
      2 album.album_id is integer
      2 album.album_id numbers itself (serial in the example; any way will do)
      1 album has a column title
      2 album.title is character varying(160)
      1 album.title must not be empty (NOT NULL)
      1 album.title has the comment "As on the cover"
      1 album has a column artist_id
      2 album.artist_id is integer
      1 album.artist_id must not be empty (NOT NULL)
      1 album has a column price
      2 album.price is numeric(10,2)
      1 album.price may be empty (NULL)
      1 album.price has the default 9.99
      1 album has a column slug
      2 album.slug is text
      1 album.slug may be empty (NULL)
      2 album.slug is generated as lower(title)
      4 The primary key of album is (album_id)
      4 album(artist_id) refers to artist(artist_id), ON DELETE CASCADE
      3 album(artist_id, title) is unique
      3 album checks that price >= 0
      3 album has the rule EXCLUDE USING gist (title WITH =, during WITH &&)
      1 album has the comment "What we sell"
      2 album has 4 rows
      8 album holds the same rows as the example, in any order
    2 Index on album(artist_id) [index:public.album(artist_id)]
      1 There is an index on album (artist_id)
    2 Index on album(lower(title)) [index:public.album(lower((title)::text)) unique where 0 < price]
      1 There is a unique index on album (lower(title)) where price > 0
    5 View sales.album_list [view:sales.album_list]
      2 There is a view sales.album_list with the columns title and artist
      5 sales.album_list returns the same rows as in the example
    5 Function albums_of(integer) [function:public.albums_of(integer)]
      1 There is a function albums_of(integer) that returns SETOF text
    5 Procedure restock(integer, numeric) [function:public.restock(integer, numeric)]
      1 There is a procedure restock(integer, numeric)
    5 Trigger album_touch on album [trigger:public.album.album_touch]
      1 album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL
    "#);
}

#[test]
fn explanations_teach() {
    let explanations: String = music::derived(&music::shop(), 1)
        .iter()
        .flat_map(|task| &task.checks)
        .map(|check| format!("{}: {}\n", check.fact.kind(), check.explanation))
        .collect();
    insta::assert_snapshot!(explanations, @r"
    schema_exists: A schema is a folder for tables and other objects: CREATE SCHEMA sales.
    enum: An enum type is a closed list of values; they sort in the order in which they are listed.
    domain: A domain is text with rules of its own, which hold in every column that uses it.
    sequence: A sequence hands out numbers by nextval('ticket'), each only once, also to sessions that ask at the same time.
    table_exists: Everything else of artist needs the table first: CREATE TABLE artist (…).
    column_exists: A column that is missing can be added later: ALTER TABLE artist ADD COLUMN artist_id ….
    column_type: The type decides what a column can hold: integer is for whole numbers.
    auto_number: PostgreSQL gives each new row the next number for artist_id. ALWAYS means that an INSERT can't choose the number itself, unless it says OVERRIDING SYSTEM VALUE.
    column_exists: A column that is missing can be added later: ALTER TABLE artist ADD COLUMN name ….
    column_type: The type decides what a column can hold: text is for text of any length.
    nullability: Some rows have no value for name, so it must not be declared NOT NULL.
    primary_key: The primary key is how a row is told from all others: (artist_id) is never empty and never the same twice.
    table_exists: Everything else of album needs the table first: CREATE TABLE album (…).
    column_exists: A column that is missing can be added later: ALTER TABLE album ADD COLUMN album_id ….
    column_type: The type decides what a column can hold: integer is for whole numbers.
    auto_number: PostgreSQL gives each new row the next number for album_id. The example uses serial; GENERATED … AS IDENTITY is the modern way and is fine.
    column_exists: A column that is missing can be added later: ALTER TABLE album ADD COLUMN title ….
    column_type: The type decides what a column can hold: character varying(160) is for text up to the length in parentheses; longer values are refused.
    nullability: Every row needs a value for title; NOT NULL makes PostgreSQL refuse rows without one.
    column_comment: COMMENT ON … IS '…' tells the next reader what something is for.
    column_exists: A column that is missing can be added later: ALTER TABLE album ADD COLUMN artist_id ….
    column_type: The type decides what a column can hold: integer is for whole numbers.
    nullability: Every row needs a value for artist_id; NOT NULL makes PostgreSQL refuse rows without one.
    column_exists: A column that is missing can be added later: ALTER TABLE album ADD COLUMN price ….
    column_type: The type decides what a column can hold: numeric(10,2) is for exact decimal numbers, such as money: nothing is rounded in secret.
    nullability: Some rows have no value for price, so it must not be declared NOT NULL.
    default: An INSERT that does not mention price stores 9.99.
    column_exists: A column that is missing can be added later: ALTER TABLE album ADD COLUMN slug ….
    column_type: The type decides what a column can hold: text is for text of any length.
    nullability: Some rows have no value for slug, so it must not be declared NOT NULL.
    generated: PostgreSQL computes slug from other columns whenever a row changes: GENERATED ALWAYS AS (…) STORED. Nobody can write to it.
    primary_key: The primary key is how a row is told from all others: (album_id) is never empty and never the same twice.
    foreign_key: A value in (artist_id) must exist in artist. ON DELETE CASCADE: deleting a row of artist deletes the rows that refer to it as well.
    unique: No two rows may have the same artist_id and title. Empty values (NULL) are not the same as each other and may repeat.
    check_constraint: A check constraint is a rule that each row must meet; PostgreSQL refuses an INSERT or UPDATE that breaks it.
    exclusion: An exclusion constraint refuses a row that clashes with another one, such as two bookings that overlap.
    table_comment: COMMENT ON … IS '…' tells the next reader what something is for.
    row_count: The right number of rows is the first sign that the data went in.
    rows: Every row of the example must be there with the same values, and no other. A row that was changed counts as one missing and one extra.
    index: An index finds rows without reading the whole table; PostgreSQL makes none for a foreign key by itself.
    index: A unique index finds rows fast and refuses the same value twice. This one covers only the rows that meet its WHERE.
    view_exists: A view stores the query, not its result: CREATE VIEW … AS SELECT …. Its columns have the names that the SELECT gives them.
    view_rows: The rows are compared by the names of their columns, in any order. They depend on the rows of the tables behind the view: fill these first.
    function: Name, types of arguments and result are its signature, by which others call it. This one returns SETOF text.
    function: A procedure is called by CALL, returns nothing and may end transactions.
    trigger: This trigger calls its function before the change, so that its function can still alter the row, once for each row.
    ");
}

#[test]
fn comments_only_when_asked_for() {
    let tasks = derive::tasks(
        &music::shop(),
        &music::rows(),
        DeriveOptions::default(),
        &SettableClock::default(),
        &SeededRandom::new(1),
    );
    let mut facts = tasks
        .iter()
        .flat_map(|task| &task.checks)
        .map(|check| &check.fact);
    assert!(!facts.any(|fact| matches!(fact, Fact::TableComment { .. } | Fact::ColumnComment { .. })));
}

#[test]
fn tables_come_after_what_they_refer_to_also_in_a_circle() {
    let mut shop = music::shop();
    // artist → label → album → artist, and somebody outside who refers to the circle.
    let key = shop.tables[0].foreign_keys[0].clone();
    let refer = |name: &str, to: &str| {
        let mut table = music::table(name, vec![music::column("artist_id", "integer")]);
        let mut key = key.clone();
        key.ref_table = music::public(to);
        table.foreign_keys.push(key);
        table
    };
    shop.tables[1].foreign_keys = refer("x", "label").foreign_keys;
    shop.tables.push(refer("label", "album"));
    shop.tables.push(refer("a_fan", "label"));
    shop.tables.push(refer("alone", "alone"));
    let titles: Vec<_> = music::derived(&shop, 1)
        .into_iter()
        .filter(|task| task.key.starts_with("table:"))
        .map(|task| task.key)
        .collect();
    assert_eq!(
        titles,
        [
            "table:public.alone",
            "table:public.a_fan",
            "table:public.album",
            "table:public.label",
            "table:public.artist"
        ]
        .map(str::to_owned)
    );
}

fn by_key<'a>(tasks: &'a [Task], key: &str) -> &'a Task {
    tasks
        .iter()
        .find(|task| task.key == key)
        .unwrap_or_else(|| panic!("no task {key}"))
}

#[test]
fn deriving_again_keeps_what_an_instructor_set() {
    let mut old = music::derived(&music::shop(), 1);
    let at = old
        .iter()
        .position(|task| task.key == "table:public.album")
        .unwrap();
    old[at].title = "Records".to_owned();
    old[at].points = Points::from_whole(42);
    for check in &mut old[at].checks {
        check.weight = 77;
    }
    old.reverse();
    let mut by_hand = old[0].clone();
    by_hand.key = format!("{}quiz", derive::HAND_MADE);
    old.insert(1, by_hand);

    let mut shop = music::shop();
    shop.sequences.clear();
    shop.tables[0].columns[1].data_type = "text".to_owned();
    shop.tables[0].columns.remove(3);
    shop.tables
        .push(music::table("fan", vec![music::column("name", "text")]));
    let new = rederive(&old, music::derived(&shop, 2));

    let keys: Vec<_> = new.iter().map(|task| task.key.as_str()).collect();
    let kept: Vec<_> = keys
        .iter()
        .copied()
        .filter(|key| *key != "table:public.fan")
        .collect();
    let expected: Vec<_> = old
        .iter()
        .map(|task| task.key.as_str())
        .filter(|key| !key.starts_with("sequence:"))
        .collect();
    assert_eq!(
        kept, expected,
        "the order of the instructor, without what is gone"
    );
    // Derived in this order: artist, album, fan. So it comes behind album.
    let album = keys.iter().position(|key| *key == "table:public.album").unwrap();
    assert_eq!(keys[album + 1], "table:public.fan");

    let (before, after) = (
        by_key(&old, "table:public.album"),
        by_key(&new, "table:public.album"),
    );
    assert_eq!(
        (after.id, &*after.title, after.points),
        (before.id, "Records", Points::from_whole(42))
    );
    assert!(after.checks.iter().all(|check| check.weight == 77));
    let type_check = |task: &Task| {
        task.checks
            .iter()
            .find(|check| matches!(&check.fact, Fact::ColumnType { column, .. } if column == "title"))
            .unwrap()
            .clone()
    };
    let (before, after) = (type_check(before), type_check(after));
    assert_eq!(after.id, before.id, "the same check");
    assert_eq!(
        after.title, "album.title is text",
        "in new words, because it asks for something else"
    );
}

#[test]
fn a_start_with_the_whole_schema_leaves_the_rows() {
    let mut start = music::observation();
    for rows in start.rows.values_mut() {
        *rows = music::observed(&[]);
    }
    let tasks = derive::without_start(
        music::derived(&music::shop(), 1),
        &music::rows(),
        &start,
        pglab_core::lab::TypeRule::Strict,
    );
    let left: Vec<_> = tasks
        .iter()
        .map(|task| {
            let kinds: Vec<_> = task.checks.iter().map(|check| check.fact.kind()).collect();
            format!("{}: {}", task.title, kinds.join(", "))
        })
        .collect();
    assert_eq!(
        left,
        ["Table album: row_count, rows", "View sales.album_list: view_rows"]
    );
}

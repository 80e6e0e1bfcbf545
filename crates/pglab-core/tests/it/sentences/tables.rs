//! What is said of tables: their columns, keys, rules and indexes.

use pglab_core::{
    check::{Fact, VerdictState},
    judge::{self, Observation},
    lab::TypeRule,
    snapshot::{AutoNumber, ForeignKeyAction},
};

use super::{ALL, album, said, said_by};
use crate::music::{self, public};

#[test]
fn tables() {
    insta::assert_snapshot!([
        said(&["table_exists"], |o| album(o).name.name = "albums".to_owned()),
        said(&["table_exists"], |o| album(o).name.name = "Album".to_owned()),
        said(&["table_exists"], |o| album(o).name.schema = "sales".to_owned()),
        said(&["table_exists"], |o| album(o).name.name = "record".to_owned()),
        said(&["table_exists"], |o| {
            let mut view = o.schema.views[0].clone();
            view.name = public("album");
            o.schema.views.push(view);
            o.schema.tables.remove(0);
        }),
        // The table that the lab asks for under this name is no misspelling of another.
        said(&["table_exists"], |o| {
            o.schema.tables.remove(0);
            o.schema.tables[0].name.name = "artists".to_owned();
        }),
    ].concat(), @r#"
    failed: There is a table album / there is a table albums; is that it?
    failed: There is a table album / there is a table "Album", which is another name than album to PostgreSQL; a name in double quotes keeps its capitals: write it without quotes
    failed: There is a table album / there is a table album in the schema sales; it should be in the schema public
    not_yet: There is a table album / there is no such table yet
    failed: There is a table album / album is a view, not a table
    failed: There is a table artist / there is a table artists; is that it?
    not_yet: There is a table album / there is no such table yet
    "#);
}

#[test]
fn columns() {
    let kinds = &[
        "column_exists",
        "column_type",
        "nullability",
        "default",
        "generated",
        "auto_number",
    ];
    insta::assert_snapshot!([
        said(kinds, |o| album(o).columns[1].name = "titel".to_owned()),
        said(kinds, |o| album(o).columns[1].name = "Title".to_owned()),
        said(kinds, |o| { album(o).columns.remove(1); }),
        said(kinds, |o| album(o).columns[1].data_type = "text".to_owned()),
        said(kinds, |o| album(o).columns[1].not_null = false),
        said(kinds, |o| album(o).columns[3].not_null = true),
        said(kinds, |o| album(o).primary_key.as_mut().unwrap().columns.push("price".to_owned())),
        said(kinds, |o| album(o).columns[3].default = None),
        said(kinds, |o| album(o).columns[3].default = Some("(1 + 1)".to_owned())),
        said(kinds, |o| { album(o).columns[3].default = None; album(o).columns[3].auto_number = Some(AutoNumber::Serial); }),
        said(kinds, |o| album(o).columns[4].generated = None),
        said(kinds, |o| album(o).columns[4].generated = Some("upper((title)::text)".to_owned())),
        said(kinds, |o| album(o).columns[0].auto_number = None),
    ].join("--\n"), @r#"
    failed: album has a column title / there is a column titel; is that it?
    not_yet: album.title is character varying(160) / the column album.title is not there yet
    not_yet: album.title must not be empty (NOT NULL) / the column album.title is not there yet
    --
    failed: album has a column title / there is a column "Title", which is another name than title to PostgreSQL; a name in double quotes keeps its capitals: write it without quotes
    not_yet: album.title is character varying(160) / the column album.title is not there yet
    not_yet: album.title must not be empty (NOT NULL) / the column album.title is not there yet
    --
    failed: album has a column title / there is no such column
    not_yet: album.title is character varying(160) / the column album.title is not there yet
    not_yet: album.title must not be empty (NOT NULL) / the column album.title is not there yet
    --
    failed: album.title is character varying(160) / title is text
    --
    failed: album.title must not be empty (NOT NULL) / title may be empty: it lacks NOT NULL
    --
    failed: album.price may be empty (NULL) / price must not be empty (NOT NULL)
    --
    failed: album.price may be empty (NULL) / price must not be empty, because it is in the primary key
    --
    failed: album.price has the default 9.99 / price has no default
    --
    failed: album.price has the default 9.99 / price has the default 1 + 1
    --
    failed: album.price has the default 9.99 / price numbers itself (serial)
    --
    failed: album.slug is generated as lower(title) / slug is an ordinary column, not a generated one
    --
    failed: album.slug is generated as lower(title) / slug is generated as upper(title)
    --
    failed: album.album_id numbers itself (serial in the example; any way will do) / album_id does not number itself
    "#);
}

#[test]
fn what_columns_may_be_instead() {
    assert_eq!(
        said(ALL, |o| album(o).columns[0].auto_number =
            Some(AutoNumber::IdentityByDefault)),
        ""
    );
    assert_eq!(
        said(ALL, |o| album(o).columns[3].default =
            Some("'9.990'::numeric".to_owned())),
        ""
    );
    let types = |o: &mut Observation| album(o).columns[1].data_type = "text".to_owned();
    assert_eq!(said_by(TypeRule::Lenient, ALL, types), "");
    insta::assert_snapshot!(
        said_by(TypeRule::Lenient, ALL, |o| album(o).columns[1].data_type = "integer".to_owned()),
        @"failed: album.title is character varying(160) or another text type / title is integer"
    );
}

#[test]
fn keys() {
    let kinds = &["primary_key", "unique", "foreign_key"];
    insta::assert_snapshot!([
        said(kinds, |o| album(o).primary_key = None),
        said(kinds, |o| { let key = album(o).primary_key.take().unwrap(); album(o).uniques.push(key); }),
        said(kinds, |o| album(o).primary_key.as_mut().unwrap().columns.push("title".to_owned())),
        said(kinds, |o| album(o).uniques.clear()),
        said(kinds, |o| { album(o).uniques[0].columns.pop(); }),
        said(kinds, |o| album(o).uniques[0].nulls_not_distinct = true),
        said(kinds, |o| album(o).foreign_keys.clear()),
        said(kinds, |o| album(o).foreign_keys[0].on_delete = ForeignKeyAction::NoAction),
        said(kinds, |o| {
            let key = &mut album(o).foreign_keys[0];
            (key.on_update, key.match_full, key.deferrable) = (ForeignKeyAction::SetNull, true, true);
        }),
        said(kinds, |o| album(o).foreign_keys[0].ref_table = public("label")),
        said(&["foreign_key"], |o| { album(o).foreign_keys.clear(); o.schema.tables.pop(); }),
    ].join("--\n"), @r"
    failed: The primary key of album is (album_id) / album has no primary key
    --
    failed: The primary key of album is (album_id) / album has no primary key; (album_id) is only unique
    --
    failed: The primary key of album is (album_id) / the primary key is (album_id, title)
    --
    failed: album(artist_id, title) is unique / (artist_id, title) is not unique
    --
    failed: album(artist_id, title) is unique / (artist_id, title) is not unique; (artist_id) is
    --
    failed: album(artist_id, title) is unique / (artist_id, title) is unique, but also for empty values
    --
    failed: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / (artist_id) has no foreign key
    --
    failed: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / the foreign key is there, but ON DELETE is NO ACTION instead of CASCADE
    --
    failed: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / the foreign key is there, but ON UPDATE is SET NULL instead of NO ACTION, it has MATCH FULL and it is DEFERRABLE INITIALLY IMMEDIATE instead of NOT DEFERRABLE
    --
    failed: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / (artist_id) refers to label(artist_id)
    --
    not_yet: album(artist_id) refers to artist(artist_id), ON DELETE CASCADE / the table artist, to which it refers, is not there yet
    ");
}

#[test]
fn what_keys_may_be_instead() {
    assert_eq!(said(ALL, |o| album(o).uniques[0].columns.reverse()), "");
    assert_eq!(said(ALL, |o| album(o).uniques[0].name = "other".to_owned()), "");
    // A unique index for a unique constraint.
    assert_eq!(
        said(ALL, |o| {
            album(o).uniques.clear();
            let mut index = music::index(&["title DESC", "artist_id"]);
            index.unique = true;
            album(o).indexes.push(index);
        }),
        ""
    );
    // But not one that covers only a part of the rows.
    assert!(
        !said(ALL, |o| {
            album(o).uniques.clear();
            let mut index = music::index(&["title", "artist_id"]);
            (index.unique, index.predicate) = (true, Some("(price > 1)".to_owned()));
            album(o).indexes.push(index);
        })
        .is_empty()
    );
}

#[test]
fn rules_and_indexes() {
    let kinds = &["check_constraint", "exclusion", "index"];
    insta::assert_snapshot!([
        said(kinds, |o| album(o).checks.clear()),
        said(kinds, |o| album(o).checks[0].expression = "(price > (0)::numeric)".to_owned()),
        said(kinds, |o| album(o).exclusions.clear()),
        said(kinds, |o| album(o).exclusions[0] = "EXCLUDE USING gist (title WITH =)".to_owned()),
        said(kinds, |o| { album(o).indexes.remove(0); }),
        said(kinds, |o| album(o).indexes[0].keys.push("title".to_owned())),
        said(kinds, |o| album(o).indexes[0].method = "hash".to_owned()),
        said(kinds, |o| album(o).indexes[1].unique = false),
        said(kinds, |o| album(o).indexes[1].nulls_not_distinct = true),
        said(kinds, |o| album(o).indexes[1].predicate = None),
        said(kinds, |o| album(o).indexes[1].include = vec!["price".to_owned()]),
    ].join("--\n"), @r"
    failed: album checks that price >= 0 / album does not check that
    --
    failed: album checks that price >= 0 / album checks that price > 0
    --
    failed: album has the rule EXCLUDE USING gist (title WITH =, during WITH &&) / album has no exclusion constraint
    --
    failed: album has the rule EXCLUDE USING gist (title WITH =, during WITH &&) / album has the rule EXCLUDE USING gist (title WITH =)
    --
    not_yet: There is an index on album (artist_id) / there is no such index yet
    --
    failed: There is an index on album (artist_id) / there is an index on album (artist_id, title)
    --
    failed: There is an index on album (artist_id) / there is a hash index on album (artist_id)
    --
    failed: There is a unique index on album (lower(title)) where price > 0 / there is an index on album (lower(title)) where price > 0
    --
    failed: There is a unique index on album (lower(title)) where price > 0 / there is a unique index on album (lower(title)) in which empty values are equal (NULLS NOT DISTINCT) where price > 0
    --
    failed: There is a unique index on album (lower(title)) where price > 0 / there is a unique index on album (lower(title))
    --
    failed: There is a unique index on album (lower(title)) where price > 0 / there is a unique index on album (lower(title)) that includes (price) where price > 0
    ");
}

#[test]
fn what_rules_and_indexes_may_be_instead() {
    assert_eq!(
        said(ALL, |o| album(o).checks[0].expression = "(0 <= price)".to_owned()),
        ""
    );
    assert_eq!(
        said(ALL, |o| album(o).indexes[1].keys[0] = "lower(title)".to_owned()),
        ""
    );
    assert_eq!(said(ALL, |o| album(o).indexes[1].name = "other".to_owned()), "");
}

#[test]
fn a_unique_constraint_does_for_a_unique_index_with_the_same_order() {
    let judged = |columns: &[&str]| {
        let mut shop = music::shop();
        let mut index = music::index(&["artist_id", "title"]);
        index.unique = true;
        shop.tables[0].uniques.clear();
        shop.tables[0].indexes = vec![index];
        let tasks = music::derived(&shop, 1);
        let mut observation = music::observation();
        album(&mut observation).uniques[0].columns =
            columns.iter().map(|column| (*column).to_owned()).collect();
        let verdicts = judge::judge(&tasks, &music::rows(), &observation, TypeRule::Strict);
        let of_index = tasks.iter().flat_map(|task| &task.checks).zip(verdicts);
        of_index
            .filter(|(check, _)| matches!(check.fact, Fact::Index { .. }))
            .map(|(_, verdict)| verdict.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(judged(&["artist_id", "title"]), [VerdictState::Passed]);
    assert_ne!(judged(&["title", "artist_id"]), [VerdictState::Passed]);
}

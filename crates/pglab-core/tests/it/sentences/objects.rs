//! What is said of all that is no table: triggers, views, functions, sequences, types, comments.

use pglab_core::{
    lab::TypeRule,
    snapshot::{FunctionKind, ObjectName, ObservedRows},
};

use super::{ALL, album, said, said_by};
use crate::music::{self, public};

#[test]
fn triggers() {
    let kinds = &["trigger"];
    insta::assert_snapshot!([
        said(kinds, |o| album(o).triggers.clear()),
        said(kinds, |o| album(o).triggers[0].timing = "AFTER".to_owned()),
        said(kinds, |o| { album(o).triggers[0].events.pop(); }),
        said(kinds, |o| album(o).triggers[0].update_columns.clear()),
        said(kinds, |o| album(o).triggers[0].for_each_row = false),
        said(kinds, |o| album(o).triggers[0].condition = None),
        said(kinds, |o| album(o).triggers[0].enabled = false),
    ].concat(), @r"
    not_yet: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / there is no such trigger yet
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is AFTER INSERT OR UPDATE OF price for each row when new.price IS NOT NULL
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is BEFORE INSERT for each row when new.price IS NOT NULL
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is BEFORE INSERT OR UPDATE for each row when new.price IS NOT NULL
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is BEFORE INSERT OR UPDATE OF price for each statement when new.price IS NOT NULL
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is BEFORE INSERT OR UPDATE OF price for each row
    failed: album has a trigger BEFORE INSERT OR UPDATE OF price for each row when new.price IS NOT NULL / the trigger album_touch is disabled
    ");
    assert_eq!(said(ALL, |o| album(o).triggers[0].function = public("other")), "");
    assert_eq!(said(ALL, |o| album(o).triggers[0].name = "other".to_owned()), "");
}

#[test]
fn views() {
    let kinds = &["view_exists", "view_rows"];
    let list = ObjectName::new("sales", "album_list");
    insta::assert_snapshot!([
        said(kinds, |o| o.schema.views.clear()),
        said(kinds, |o| o.schema.views[0].name.name = "albumlist".to_owned()),
        said(kinds, |o| o.schema.views[0].name.schema = "public".to_owned()),
        said(kinds, |o| {
            let mut table = album(o).clone();
            table.name = list.clone();
            o.schema.views.clear();
            o.schema.tables.push(table);
        }),
        said(kinds, |o| o.schema.views[0].materialized = true),
        said(kinds, |o| {
            o.schema.views[0].columns[1].name = "name".to_owned();
            o.rows.insert(list.clone(), ObservedRows::Missing);
        }),
        said(kinds, |o| { o.rows.insert(list.clone(), music::observed(&[])); }),
        said(kinds, |o| { o.rows.insert(list.clone(), music::observed(&[5, 7])); }),
        said(kinds, |o| { o.rows.insert(list.clone(), ObservedRows::Failed("division by zero".to_owned())); }),
    ].join("--\n"), @r"
    not_yet: There is a view sales.album_list with the columns title and artist / there is no such view yet
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view sales.album_list is not there yet
    --
    failed: There is a view sales.album_list with the columns title and artist / there is a view sales.albumlist; is that it?
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view sales.album_list is not there yet
    --
    failed: There is a view sales.album_list with the columns title and artist / there is a view album_list in the schema public; it should be in the schema sales
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view sales.album_list is not there yet
    --
    failed: There is a view sales.album_list with the columns title and artist / sales.album_list is a table, not a view
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view sales.album_list is not there yet
    --
    failed: There is a view sales.album_list with the columns title and artist / it is a materialized view
    --
    failed: There is a view sales.album_list with the columns title and artist / it lacks artist and it also has name
    failed: sales.album_list returns the same rows as in the example (2 rows) / the rows can't be compared without artist
    --
    not_yet: sales.album_list returns the same rows as in the example (2 rows) / the view is still empty (2 rows expected)
    --
    failed: sales.album_list returns the same rows as in the example (2 rows) / 1 row is missing, 1 is extra (2 expected, 2 found)
    --
    error: sales.album_list returns the same rows as in the example (2 rows) / the view could not be read: division by zero
    ");
    assert_eq!(said(ALL, |o| o.schema.views[0].columns.reverse()), "");
}

#[test]
fn functions_and_sequences() {
    let kinds = &["function", "sequence"];
    insta::assert_snapshot!([
        said(kinds, |o| o.schema.functions.clear()),
        said(kinds, |o| o.schema.functions[0].argument_types = "text".to_owned()),
        said(kinds, |o| o.schema.functions[0].result = Some("text".to_owned())),
        said(kinds, |o| o.schema.functions[0].name.name = "album_of".to_owned()),
        said(kinds, |o| { o.schema.functions[1].kind = FunctionKind::Function; o.schema.functions[1].result = Some("void".to_owned()); }),
        said(kinds, |o| o.schema.sequences.clear()),
        said(kinds, |o| o.schema.sequences[0].name.name = "Ticket".to_owned()),
        said(kinds, |o| (o.schema.sequences[0].start, o.schema.sequences[0].cycle) = (1, true)),
        said(kinds, |o| (o.schema.sequences[0].data_type, o.schema.sequences[0].max) = ("integer".to_owned(), i64::from(i32::MAX))),
    ].join("--\n"), @r#"
    not_yet: There is a function albums_of(integer) that returns SETOF text / there is no such function yet
    not_yet: There is a procedure restock(integer, numeric) / there is no such procedure yet
    --
    failed: There is a function albums_of(integer) that returns SETOF text / there is a function albums_of(text)
    --
    failed: There is a function albums_of(integer) that returns SETOF text / it returns text
    --
    failed: There is a function albums_of(integer) that returns SETOF text / there is a function album_of; is that it?
    --
    failed: There is a procedure restock(integer, numeric) / it is a function
    --
    not_yet: There is a sequence ticket that starts at 100 and counts by 1 / there is no such sequence yet
    --
    failed: There is a sequence ticket that starts at 100 and counts by 1 / there is a sequence "Ticket", which is another name than ticket to PostgreSQL; a name in double quotes keeps its capitals: write it without quotes
    --
    failed: There is a sequence ticket that starts at 100 and counts by 1 / it starts at 1 and it cycles
    --
    failed: There is a sequence ticket that starts at 100 and counts by 1 / its type is integer and its greatest value is 2147483647
    "#);
    assert_eq!(
        said_by(TypeRule::Lenient, kinds, |o| {
            (o.schema.sequences[0].data_type, o.schema.sequences[0].max) =
                ("integer".to_owned(), i64::from(i32::MAX));
            o.schema.functions[0].argument_types = "bigint".to_owned();
        }),
        ""
    );
}

#[test]
fn types_and_schemas() {
    let kinds = &["enum", "domain", "schema_exists"];
    insta::assert_snapshot!([
        said(kinds, |o| o.schema.enums.clear()),
        said(kinds, |o| { o.schema.enums[0].labels.pop(); }),
        said(kinds, |o| o.schema.enums[0].labels.push("mad".to_owned())),
        said(kinds, |o| o.schema.enums[0].labels[0] = "quiet".to_owned()),
        said(kinds, |o| o.schema.enums[0].labels.reverse()),
        said(kinds, |o| o.schema.domains.clear()),
        said(kinds, |o| o.schema.domains[0].checks.clear()),
        said(kinds, |o| o.schema.domains[0].checks[0] = "(VALUE ~ 'a'::text)".to_owned()),
        said(kinds, |o| (o.schema.domains[0].not_null, o.schema.domains[0].default) = (true, Some("'x'::text".to_owned()))),
        said(kinds, |o| o.schema.domains[0].base_type = "integer".to_owned()),
        said(kinds, |o| o.schema.schemas.clear()),
        said(kinds, |o| o.schema.schemas[0] = "Sales".to_owned()),
    ].join("--\n"), @r#"
    not_yet: There is an enum type mood with the values calm and loud / there is no such type yet
    --
    failed: There is an enum type mood with the values calm and loud / it lacks loud
    --
    failed: There is an enum type mood with the values calm and loud / it also has mad
    --
    failed: There is an enum type mood with the values calm and loud / it lacks calm, and has quiet
    --
    failed: There is an enum type mood with the values calm and loud / its values are in another order: loud and calm
    --
    not_yet: There is a domain email over text, which checks that VALUE ~ '@' / there is no such domain yet
    --
    failed: There is a domain email over text, which checks that VALUE ~ '@' / it checks nothing
    --
    failed: There is a domain email over text, which checks that VALUE ~ '@' / it checks that VALUE ~ 'a'
    --
    failed: There is a domain email over text, which checks that VALUE ~ '@' / it is NOT NULL and its default is 'x'
    --
    failed: There is a domain email over text, which checks that VALUE ~ '@' / it is over integer
    --
    not_yet: There is a schema sales / there is no such schema yet
    --
    failed: There is a schema sales / there is a schema "Sales", which is another name than sales to PostgreSQL; a name in double quotes keeps its capitals: write it without quotes
    "#);
}

#[test]
fn comments() {
    insta::assert_snapshot!([
        said(ALL, |o| album(o).comment = None),
        said(ALL, |o| album(o).columns[1].comment = Some("The title".to_owned())),
    ].join("--\n"), @r#"
    failed: album has the comment "What we sell" / there is no comment
    --
    failed: album.title has the comment "As on the cover" / the comment is "The title"
    "#);
}

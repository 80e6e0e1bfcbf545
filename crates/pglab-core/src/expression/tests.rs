//! Pairs of expressions that say the same, and pairs that do not.

use super::*;

#[test]
fn the_same() {
    for (a, b) in [
        ("(rating >= 0)", "rating >= 0"),
        (
            "((rating >= 0) AND (rating <= 5))",
            "((rating <= 5) AND (rating >= 0))",
        ),
        ("(price > (0)::numeric)", "(price > 0)"),
        ("(price > 0.00)", "(price > (0)::numeric)"),
        ("(price > '-1'::integer)", "(price > (-1))"),
        ("(0 < price)", "(price > 0)"),
        ("((title)::text <> ''::text)", "(title <> ''::text)"),
        (
            "((status)::text = ANY ((ARRAY['new'::character varying, 'old'::character varying])::text[]))",
            "(status = ANY (ARRAY['old'::text, 'new'::text]))",
        ),
        ("'x'::character varying", "'x'::text"),
        ("CURRENT_TIMESTAMP", "now()"),
        ("lower((email)::text)", "lower(email)"),
        (
            "((a = 1) AND (b = 2) AND (c = 3))",
            "(((c = 3) AND (a = 1)) AND (2 = b))",
        ),
        (
            "((b IS NOT NULL) OR (a IS NULL))",
            "((a IS NULL) OR (b IS NOT NULL))",
        ),
        ("\"title\"", "title"),
    ] {
        assert!(same(a, b), "{a}\n{b}\n{}\n{}", normal_form(a), normal_form(b));
    }
}

#[test]
fn not_the_same() {
    for (a, b) in [
        ("(rating >= 0)", "(rating > 0)"),
        ("(rating >= 0)", "(0 >= rating)"),
        ("(price > 0)", "(price > 1)"),
        ("(a - b)", "(b - a)"),
        ("((a - b) - c)", "(a - (b - c))"),
        ("((a AND b) OR c)", "(a AND (b OR c))"),
        ("((price)::integer > 0)", "(price > 0)"),
        ("(name ~ '^a'::text)", "(name ~ '^A'::text)"),
        ("(\"Title\" <> ''::text)", "(title <> ''::text)"),
        ("'x'::text", "x"),
        ("(NOT (a = 1))", "(a = 1)"),
        ("(10 > a)", "(100 > a)"),
        ("f(a, b)", "f(b, a)"),
        ("f((a), b)", "f(ab)"),
        ("'a'::public.mood", "'b'::public.mood"),
        ("ARRAY[1, 2]", "ARRAY[2, 1]"),
        ("(a = 1)", "(a = '1 '::text)"),
        ("(x <> ' '::text)", "(x <> ''::text)"),
    ] {
        assert!(!same(a, b), "{a}\n{b}\n{}", normal_form(a));
    }
}

#[test]
fn readable_for_people() {
    let printed: Vec<_> = [
        "(price >= (0)::numeric)",
        "((rating >= 0) AND (rating <= 5))",
        "(((a > 1) AND (b > 2)) OR (c IS NULL))",
        "((status)::text = ANY ((ARRAY['new'::character varying, 'old'::character varying])::text[]))",
        "(mood <> ALL (ARRAY['a'::public.mood, 'b'::public.mood]))",
        "(VALUE ~ '^[a-z]+@'::text)",
        "lower((title)::text)",
        "COALESCE(a, '-1'::integer)",
        "((first_name || ' '::text) || last_name)",
        "(date_part('year'::text, born) > (1900)::double precision)",
        "CASE WHEN (a > 0) THEN 'x'::text ELSE NULL::text END",
        "(NOT (a AND b))",
        "((price)::integer > tags[1])",
        "(\"Unit Price\" * (1)::numeric)",
        "EXCLUDE USING gist (room WITH =, during WITH &&)",
        "'{}'::jsonb",
    ]
    .into_iter()
    .map(readable)
    .collect();
    insta::assert_snapshot!(printed.join("\n"), @r#"
    price >= 0
    rating >= 0 AND rating <= 5
    (a > 1 AND b > 2) OR c IS NULL
    status IN ('new', 'old')
    mood NOT IN ('a'::public.mood, 'b'::public.mood)
    VALUE ~ '^[a-z]+@'
    lower(title)
    coalesce(a, -1)
    (first_name || ' ') || last_name
    date_part('year', born) > 1900
    CASE WHEN (a > 0) THEN 'x' ELSE NULL END
    NOT (a AND b)
    price::integer > tags[1]
    "Unit Price" * 1
    exclude using gist(room WITH =, during WITH &&)
    '{}'
    "#);
}

#[test]
fn names_of_columns() {
    assert_eq!(column_name("album_id").as_deref(), Some("album_id"));
    assert_eq!(column_name("\"Album \"\"Id\"").as_deref(), Some("Album \"Id"));
    assert_eq!(column_name("title DESC"), None);
    assert_eq!(column_name("lower(title)"), None);
}

#[test]
fn survives_what_it_does_not_understand() {
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(same(&deep, &deep));
    assert!(!same(&deep, "1"));
    for odd in [
        "", ")", "(", "'", "::", "a::", "E'\\", "[", "a b c", "ä ö", "x[1]", "f(a)(b)", "\"", "1..2", "E",
        "é",
    ] {
        let form = normal_form(odd);
        assert_eq!(form, normal_form(odd));
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "[(){}\\[\\],.:'\"a-cE0-9 <>=\\\\-]{0,60}") {
        let _ = normal_form(&text);
    }
}

//! Wrong queries that people plausibly write in place of a reference: each differs from it in one place. Some mean the same all
//! the same, by what the constraints of the tables allow; that is for the author to see.

use std::{collections::BTreeSet, ops::ControlFlow};

use serde::{Deserialize, Serialize};
use sqlparser::ast::VisitMut;

use super::{NotRead, alter::Alter, on_large_stack, read};
use crate::snapshot::SchemaSnapshot;

/// The most that are made of one reference.
pub const MAX_WRONG: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    pub sql: String,
    /// What was changed, in a sentence.
    pub changed: String,
    /// Which data would tell it from the reference.
    pub suggestion: String,
}

/// All of them, in the order of the places in the reference; none twice. From `schema` it is known which columns can be NULL.
///
/// # Errors
/// The reference can't be read.
pub fn wrong(reference: &str, schema: &SchemaSnapshot) -> Result<Vec<Wrong>, NotRead> {
    on_large_stack(|| made(reference, schema))
}

fn made(reference: &str, schema: &SchemaSnapshot) -> Result<Vec<Wrong>, NotRead> {
    let original = read(reference)?;
    let mut seen = BTreeSet::from([original.to_string()]);
    let mut found = Vec::new();
    for place in 0.. {
        let mut altered = original.clone();
        let mut alter = Alter::new(place, schema);
        let ControlFlow::Break((changed, suggestion)) = altered.visit(&mut alter) else {
            break;
        };
        let sql = altered.to_string();
        if seen.insert(sql.clone()) {
            found.push(Wrong {
                sql,
                changed,
                suggestion: suggestion.to_owned(),
            });
        }
        if found.len() >= MAX_WRONG {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Column, ObjectName, Table};

    fn schema() -> SchemaSnapshot {
        let column = |name: &str, not_null: bool| Column {
            name: name.to_owned(),
            data_type: "text".to_owned(),
            not_null,
            default: None,
            auto_number: None,
            generated: None,
            comment: None,
        };
        let table: Table = serde_json::from_value(serde_json::json!({
            "name": ObjectName::new("public", "ship"),
            "columns": [column("id", true), column("home_port", false)],
        }))
        .unwrap();
        SchemaSnapshot {
            tables: vec![table],
            ..SchemaSnapshot::default()
        }
    }

    fn told(reference: &str) -> String {
        let lines: Vec<String> = wrong(reference, &schema())
            .unwrap()
            .into_iter()
            .map(|one| format!("{}\n    {}", one.changed, one.sql))
            .collect();
        lines.join("\n")
    }

    #[test]
    fn joins_and_groups() {
        insta::assert_snapshot!(told(
            "SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open \
             WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3"
        ), @r#"
        LIMIT 4 in place of LIMIT 3: one row more
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 4
        LIMIT 2 in place of LIMIT 3: one row less
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 2
        by 2 ascending in place of descending
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2, s.name LIMIT 3
        by s.name descending in place of ascending
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name DESC LIMIT 3
        JOIN in place of LEFT JOIN with p
            SELECT s.name, count(*) FROM ship AS s JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        the condition of the join lacks p.code = s.home_port
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        the condition of the join lacks p.open
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        without WHERE
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        without HAVING
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name ORDER BY 2 DESC, s.name LIMIT 3
        GROUP BY lacks s.id
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        GROUP BY lacks s.name
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        count("home_port") in place of count(*)
            SELECT s.name, count("home_port") FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        OR in place of AND between p.code = s.home_port and p.open
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON (p.code = s.home_port OR p.open) WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        AND in place of OR between s.seats >= 10 and s.old
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE (s.seats >= 10 AND s.old) GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        > in place of >= between s.seats and 10
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats > 10 OR s.old GROUP BY s.id, s.name HAVING count(*) > 2 ORDER BY 2 DESC, s.name LIMIT 3
        >= in place of > between count(*) and 2
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count(*) >= 2 ORDER BY 2 DESC, s.name LIMIT 3
        count("home_port") in place of count(*)
            SELECT s.name, count(*) FROM ship AS s LEFT JOIN port AS p ON p.code = s.home_port AND p.open WHERE s.seats >= 10 OR s.old GROUP BY s.id, s.name HAVING count("home_port") > 2 ORDER BY 2 DESC, s.name LIMIT 3
        "#);
    }

    #[test]
    fn sets_and_conditions() {
        insta::assert_snapshot!(told(
            "SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) \
             UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'"
        ), @r#"
        UNION ALL in place of UNION
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION ALL SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        without DISTINCT
            SELECT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        WHERE lacks b NOT IN (SELECT b FROM u)
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        WHERE lacks EXISTS (SELECT 1 FROM v WHERE v.n < t.n)
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        a without coalesce
            SELECT DISTINCT a FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        OR in place of AND between b NOT IN (SELECT b FROM u) and EXISTS (SELECT 1 FROM v WHERE v.n < t.n)
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE (b NOT IN (SELECT b FROM u) OR EXISTS (SELECT 1 FROM v WHERE v.n < t.n)) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        IN in place of NOT IN for b
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        NOT EXISTS in place of EXISTS
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND NOT EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        without WHERE
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        <= in place of < between v.n and t.n
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n <= t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c LIKE 'A%'
        without WHERE
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w
        by c ascending in place of descending
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c) FROM w WHERE c LIKE 'A%'
        ILIKE in place of LIKE for c
            SELECT DISTINCT coalesce(a, 'x') FROM t WHERE b NOT IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.n < t.n) UNION SELECT rank() OVER (PARTITION BY b ORDER BY c DESC) FROM w WHERE c ILIKE 'A%'
        "#);
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for (sql, why) in [
            ("DELETE FROM t", "this is no single query"),
            ("SELECT 1; SELECT 2", "this is no single query"),
            ("", "this is no single query"),
        ] {
            assert_eq!(wrong(sql, &schema()).unwrap_err().to_string(), why, "{sql}");
        }
        assert!(matches!(wrong("SELECT 'x", &schema()), Err(NotRead::Syntax(_))));
        let long = format!("SELECT 1{}", " + 1".repeat(5_000));
        assert_eq!(wrong(&long, &schema()), Err(NotRead::TooLong));
        let deep = format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300));
        assert!(wrong(&deep, &schema()).is_err());
        let wide = format!("SELECT 1{}", " + 1".repeat(390));
        assert!(wrong(&wide, &schema()).unwrap().len() < 3);
    }
}

//! Takes from a copy of the example what a start shall not hold: all rows, or all but some tables. By the loader, as the
//! role of the lab, so that triggers and views of the example execute with no more power than that.

use std::collections::HashSet;

use pglab_core::{
    ident::quote_ident,
    snapshot::{ObjectName, SchemaSnapshot, Table},
};

use crate::{
    Connection, Error, introspect,
    load::{LoadError, LoadFault, Place},
};

/// All of the example but its rows. Sequences begin again, materialized views are computed again.
pub(super) async fn keep_schema(place: &Place) -> Result<(), LoadError> {
    let connection = place.loader().await?;
    let schema = introspect::snapshot(&connection).await?;
    let mut statements = vec!["BEGIN".to_owned()];
    let quiet: Vec<_> = schema.tables.iter().flat_map(truncate_triggers).collect();
    statements.extend(
        quiet
            .iter()
            .map(|trigger| format!("ALTER TABLE {} DISABLE TRIGGER {}", trigger.0, trigger.1)),
    );
    if !schema.tables.is_empty() {
        let tables: Vec<_> = schema.tables.iter().map(|table| table.name.quoted()).collect();
        statements.push(format!("TRUNCATE {} RESTART IDENTITY CASCADE", tables.join(", ")));
    }
    statements.extend(
        schema
            .sequences
            .iter()
            .map(|sequence| format!("ALTER SEQUENCE {} RESTART", sequence.name.quoted())),
    );
    statements.extend(
        quiet
            .iter()
            .map(|trigger| format!("ALTER TABLE {} ENABLE TRIGGER {}", trigger.0, trigger.1)),
    );
    statements.push("COMMIT".to_owned());
    connection.batch_execute(&statements.join("; ")).await?;
    // One may be made of another, in any order.
    for _ in 0..2 {
        for view in schema.views.iter().filter(|view| view.materialized) {
            let name = view.name.quoted();
            let refreshed = connection
                .batch_execute(&format!("REFRESH MATERIALIZED VIEW {name}"))
                .await;
            if refreshed.is_err() {
                connection
                    .batch_execute(&format!("REFRESH MATERIALIZED VIEW {name} WITH NO DATA"))
                    .await?;
            }
        }
    }
    Ok(())
}

fn truncate_triggers(table: &Table) -> impl Iterator<Item = (String, String)> {
    table
        .triggers
        .iter()
        .filter(|trigger| trigger.enabled && trigger.events.iter().any(|event| event == "TRUNCATE"))
        .map(|trigger| (table.name.quoted(), quote_ident(&trigger.name)))
}

/// These tables with their rows, keys, constraints and indexes, and of the rest only what they need: types, sequences,
/// and the functions of their defaults and constraints. Their triggers go, as writing those is work to be done, and so
/// do foreign keys to tables that go.
pub(super) async fn keep_tables(place: &Place, wanted: &[String]) -> Result<(), LoadError> {
    let connection = place.loader().await?;
    let schema = introspect::snapshot(&connection).await?;
    let kept = find(&schema, wanted)?;
    let mut certain: Vec<String> = schema
        .views
        .iter()
        .map(|view| {
            let kind = if view.materialized {
                "MATERIALIZED VIEW"
            } else {
                "VIEW"
            };
            format!("DROP {kind} IF EXISTS {} CASCADE", view.name.quoted())
        })
        .collect();
    for table in &schema.tables {
        if kept.contains(&table.name) {
            certain.extend(table.triggers.iter().map(|trigger| {
                format!(
                    "DROP TRIGGER {} ON {}",
                    quote_ident(&trigger.name),
                    table.name.quoted()
                )
            }));
        } else {
            certain.push(format!("DROP TABLE IF EXISTS {} CASCADE", table.name.quoted()));
        }
    }
    connection.batch_execute(&certain.join("; ")).await?;
    let mut perhaps = droppable(&connection, &schema).await?;
    // What one of them needs goes in a later round than itself.
    loop {
        let before = perhaps.len();
        let mut stay = Vec::new();
        for statement in perhaps {
            match connection.batch_execute(&statement).await.map_err(Error::from) {
                Ok(()) => {}
                Err(error) if error.code() == Some("2BP01") => stay.push(statement),
                Err(error) => return Err(error.into()),
            }
        }
        perhaps = stay;
        if perhaps.is_empty() || perhaps.len() == before {
            break;
        }
    }
    let left = introspect::snapshot(&connection).await?;
    match kept
        .iter()
        .find(|name| !left.tables.iter().any(|table| table.name == **name))
    {
        None => Ok(()),
        Some(lost) => Err(LoadError::new(
            LoadFault::Statement,
            format!(
                "the table {} inherits from a table that the start shall not hold; name that one too",
                lost.short()
            ),
        )),
    }
}

fn find(schema: &SchemaSnapshot, wanted: &[String]) -> Result<HashSet<ObjectName>, LoadError> {
    let named = |name: &str| {
        schema.tables.iter().map(|table| &table.name).find(|table| {
            table.schema == "public" && table.name == name
                || format!("{}.{}", table.schema, table.name) == name
        })
    };
    wanted
        .iter()
        .map(|name| {
            named(name).cloned().ok_or_else(|| {
                LoadError::new(
                    LoadFault::Statement,
                    format!("the start shall hold the table {name}, but the example has none of that name"),
                )
            })
        })
        .collect()
}

/// What goes unless something that stays needs it: routines, types, sequences, schemas.
async fn droppable(connection: &Connection, schema: &SchemaSnapshot) -> Result<Vec<String>, Error> {
    // So that every name in a signature comes with its schema.
    connection
        .batch_execute("SET search_path = pg_catalog, pg_temp")
        .await?;
    // PostgreSQL 14 drops a generated column together with a function or type in its expression, without a word.
    let generating = connection
        .query(
            "SELECT refobjid FROM pg_catalog.pg_depend \
             WHERE classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass \
               AND objsubid OPERATOR(pg_catalog.>) 0 AND deptype OPERATOR(pg_catalog.=) 'a' \
               AND refclassid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_class'::pg_catalog.regclass",
            &[],
        )
        .await?;
    let generating: Vec<u32> = generating.iter().map(|row| row.get(0)).collect();
    let routines = connection
        .query(
            "SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text FROM pg_catalog.pg_proc p \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace \
             WHERE p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid \
               AND pg_catalog.pg_has_role(p.proowner, 'USAGE') \
               AND n.nspname OPERATOR(pg_catalog.<>) 'pglab' \
               AND p.oid OPERATOR(pg_catalog.<>) ALL ($1) \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                   WHERE d.objid OPERATOR(pg_catalog.=) p.oid \
                     AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass \
                     AND d.deptype OPERATOR(pg_catalog.=) 'e')",
            &[&generating],
        )
        .await?;
    let generating_types = connection
        .query(
            "SELECT n.nspname::pg_catalog.text, t.typname::pg_catalog.text FROM pg_catalog.pg_type t \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace \
             WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1)",
            &[&generating],
        )
        .await?;
    let generating_types: HashSet<ObjectName> = generating_types
        .iter()
        .map(|row| ObjectName::new(row.get::<_, String>(0), row.get::<_, String>(1)))
        .collect();
    let types = schema
        .enums
        .iter()
        .map(|it| &it.name)
        .chain(schema.domains.iter().map(|it| &it.name))
        .filter(|name| !generating_types.contains(name));
    Ok(routines
        .iter()
        .map(|row| format!("DROP ROUTINE {}", row.get::<_, String>(0)))
        .chain(types.map(|name| format!("DROP TYPE {}", name.quoted())))
        .chain(
            schema
                .sequences
                .iter()
                .map(|sequence| format!("DROP SEQUENCE {}", sequence.name.quoted())),
        )
        .chain(
            schema
                .schemas
                .iter()
                .map(|name| format!("DROP SCHEMA {}", quote_ident(name))),
        )
        .collect())
}

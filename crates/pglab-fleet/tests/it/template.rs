//! Templates: what each kind of start holds, that nobody gets in, and that students' databases can be copied from them.

use pglab_core::{
    ident::Ident,
    lab::Start,
    snapshot::{ObservedRows, SchemaSnapshot},
};
use pglab_fleet::{
    Connection,
    load::{LoadError, Source},
    provision::database,
    rows::{self, RowsWanted},
    template::{self, StartRequest, Started},
};
use tokio_util::sync::CancellationToken;

use crate::load::Workshop;

fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

const SHOP: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE size AS ENUM ('s', 'l');
    CREATE DOMAIN price AS numeric(10,2) CHECK (VALUE >= 0);
    CREATE SEQUENCE ticket START 100;
    CREATE SCHEMA stock;
    CREATE FUNCTION round_up(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT ceil($1)';
    CREATE FUNCTION unused() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'x'; RETURN NEW; END $$;
    CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'must not be emptied'; END $$;
    CREATE TABLE artist (id serial PRIMARY KEY, name text NOT NULL, feels mood);
    CREATE TABLE album (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, artist integer REFERENCES artist, cost price,
        ticket bigint DEFAULT nextval('ticket'), up numeric GENERATED ALWAYS AS (round_up(cost)) STORED);
    CREATE TABLE stock.shelf (album integer REFERENCES album, size size);
    CREATE TRIGGER touched BEFORE UPDATE ON album FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER kept BEFORE TRUNCATE ON album EXECUTE FUNCTION never();
    CREATE VIEW glad AS SELECT * FROM artist WHERE feels = 'glad';
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM album;
    INSERT INTO artist (name, feels) VALUES ('Nina', 'glad'), ('Miles', 'sad');
    INSERT INTO album (artist, cost) VALUES (1, 9.99), (2, 5), (2, 7);
    INSERT INTO stock.shelf VALUES (1, 's');";

struct Shop {
    workshop: Workshop,
}

impl Shop {
    async fn open() -> Self {
        let workshop = Workshop::open().await;
        workshop.example(&workshop.file(SHOP)).await.unwrap();
        Self { workshop }
    }

    async fn start(&self, start: &Start, dump: Option<Source>) -> Result<Started, LoadError> {
        let mut place = self.workshop.place();
        let example = place.database.clone();
        place.database = name("pglab_st_shop_1");
        let request = StartRequest {
            cluster: &self.workshop.cluster,
            place,
            start,
            example: Some(&example),
            dump,
            programs: &self.workshop.programs,
            limits: self.workshop.limits,
            random: &self.workshop.random,
            cancel: CancellationToken::new(),
        };
        template::make_start(&request, &|_| {}).await
    }

    /// A copy, as a student gets one.
    async fn copy(&self) -> Connection {
        let maintenance = self.workshop.cluster.maintenance().await.unwrap();
        database::create(
            &maintenance,
            &name("shop_ada"),
            Some(&name("pglab_st_shop_1")),
            "x",
        )
        .await
        .unwrap();
        self.workshop.server.superuser("shop_ada").await
    }
}

fn tables(schema: &SchemaSnapshot) -> Vec<String> {
    schema.tables.iter().map(|table| table.name.short()).collect()
}

fn counts(started: &Started) -> Vec<(String, u64)> {
    let rows = &started.rows.rows;
    rows.iter()
        .map(|rows| (rows.name.short(), rows.digest.n_rows))
        .collect()
}

#[tokio::test]
async fn empty_is_empty_but_for_the_raised_hand() {
    let shop = Shop::open().await;
    let started = shop.start(&Start::Empty, None).await.unwrap();
    let nothing = SchemaSnapshot {
        server_version: started.schema.server_version,
        ..SchemaSnapshot::default()
    };
    assert_eq!(started.schema, nothing);
    let copy = shop.copy().await;
    let owner = copy
        .query_one(
            "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(owner.get::<_, &str>(0), "pglab_lab_shop");
}

#[tokio::test]
async fn a_raised_hand_is_in_the_log() {
    let shop = Shop::open().await;
    shop.start(&Start::Empty, None).await.unwrap();
    let copy = shop.copy().await;
    copy.batch_execute("CREATE ROLE ada LOGIN PASSWORD 'a'; GRANT CONNECT ON DATABASE shop_ada TO ada")
        .await
        .unwrap();
    let config = shop
        .workshop
        .cluster
        .login_config(&name("ada"), "a", &name("shop_ada"));
    let ada = Connection::open(&config).await.unwrap();
    let row = ada
        .query_one("SELECT pglab.help('it''s the \"join\"')", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "Your instructor has been told.");
    ada.query_one("SELECT pglab.help(NULL)", &[]).await.unwrap();
    for refused in [
        "CREATE TABLE pglab.t (n int)",
        "DROP FUNCTION pglab.help",
        "DROP SCHEMA pglab CASCADE",
    ] {
        assert!(ada.batch_execute(refused).await.is_err(), "{refused}");
    }
    for _ in 0..200 {
        let logged: Vec<_> = std::fs::read_dir(shop.workshop.server.server().log_folder())
            .unwrap()
            .flat_map(|entry| {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
                text.lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .filter(|line| line.contains("PGHLP"))
            .collect();
        if logged.len() == 2 {
            let expected = if shop.workshop.server.server().settings().binaries.major < 15 {
                [r#","it's the ""join""","#, r#","ada","shop_ada","#]
            } else {
                [
                    r#""message":"it's the \"join\"""#,
                    r#""user":"ada","dbname":"shop_ada""#,
                ]
            };
            for text in expected {
                assert!(logged[0].contains(text), "{logged:?}");
            }
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the log has no raised hand");
}

#[tokio::test]
async fn nobody_gets_into_a_template() {
    let shop = Shop::open().await;
    shop.start(&Start::Schema, None).await.unwrap();
    for template in ["pglab_ex_shop_1", "pglab_st_shop_1"] {
        let config = shop.workshop.server.server().superuser_config(template);
        let error = Connection::open(&config).await.unwrap_err();
        assert_eq!(error.code(), Some("55000"), "{error}");
    }
    let superuser = shop.workshop.server.superuser("postgres").await;
    let row = superuser
        .query_one(
            "SELECT count(*) FILTER (WHERE has_database_privilege('pglab_lab_shop', oid, 'CREATE')
                 OR has_database_privilege('pglab_lab_shop', oid, 'CONNECT') OR datdba <> 'pglab_super'::regrole),
                 count(*), (SELECT count(*) FROM pg_roles WHERE rolname = 'pglab_load_shop')
             FROM pg_database WHERE datname LIKE 'pglab%'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!([0, 1, 2].map(|i| row.get::<_, i64>(i)), [0, 2, 0]);
    template::drop(&superuser, &name("pglab_st_shop_1"))
        .await
        .unwrap();
    template::drop(&superuser, &name("pglab_st_shop_1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_schema_alone() {
    let shop = Shop::open().await;
    let started = shop.start(&Start::Schema, None).await.unwrap();
    assert_eq!(tables(&started.schema), ["album", "artist", "stock.shelf"]);
    assert_eq!(
        counts(&started),
        [
            ("album", 0),
            ("artist", 0),
            ("stock.shelf", 0),
            ("counted", 1),
            ("glad", 0)
        ]
        .map(|(name, n)| (name.to_owned(), n))
    );
    assert_eq!(
        (
            started.schema.functions.len(),
            started.schema.tables[0].triggers.len()
        ),
        (4, 2)
    );
    assert!(
        started.schema.tables[0]
            .triggers
            .iter()
            .all(|trigger| trigger.enabled)
    );
    let copy = shop.copy().await;
    let row = copy
        .query_one(
            "INSERT INTO artist (name) VALUES ('x') RETURNING id, nextval('ticket')",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, i64>(1)), (1, 100));
}

#[tokio::test]
async fn some_tables_with_what_they_need() {
    let shop = Shop::open().await;
    let kept = Start::Tables(vec!["public.album".to_owned()]);
    let started = shop.start(&kept, None).await.unwrap();
    let schema = &started.schema;
    assert_eq!(tables(schema), ["album"]);
    assert_eq!(counts(&started), [("album".to_owned(), 3)]);
    assert!(schema.views.is_empty() && schema.enums.is_empty() && schema.schemas.is_empty());
    assert!(schema.tables[0].triggers.is_empty() && schema.tables[0].foreign_keys.is_empty());
    assert!(schema.tables[0].primary_key.is_some());
    assert_eq!(
        schema
            .functions
            .iter()
            .map(|f| f.name.name.as_str())
            .collect::<Vec<_>>(),
        ["round_up"]
    );
    assert_eq!((schema.domains.len(), schema.sequences.len()), (1, 1));
    let error = shop
        .start(&Start::Tables(vec!["albums".to_owned()]), None)
        .await
        .unwrap_err();
    assert!(error.message.contains("albums"), "{error}");
}

#[tokio::test]
async fn another_dump() {
    let shop = Shop::open().await;
    let path = shop.workshop.file("CREATE SCHEMA pglab; CREATE FUNCTION pglab.help(text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'; CREATE TABLE mine (n int); INSERT INTO mine VALUES (1);");
    let start = Start::Dump("mine.sql".to_owned());
    let started = shop.start(&start, Some(Source::File(path))).await.unwrap();
    assert_eq!(tables(&started.schema), ["mine"]);
    assert_eq!(started.report.unwrap().n_statements, 4);
    let copy = shop.copy().await;
    let wanted = RowsWanted {
        name: started.rows.rows[0].name.clone(),
        columns: vec!["n".to_owned()],
        hashes: false,
    };
    let observed = rows::observe(&copy, &[wanted]).await.unwrap();
    assert!(
        matches!(&observed[0].1, ObservedRows::Digest { digest, .. } if *digest == started.rows.rows[0].digest)
    );
    let row = copy.query_one("SELECT pglab.help('x')", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "Your instructor has been told.");
    assert!(shop.start(&start, None).await.is_err());
}

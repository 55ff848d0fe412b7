//! Every statement of this crate, prepared against both schemas as the migrations make them.

use std::{fs::DirEntry, path::Path};

use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqliteConnection};
use toran_test_postgres::TestDatabase;

use crate::{SqlStore, database::Database, statement::Statement};

const MODULES: [&[(&str, Statement)]; 14] = [
    crate::appointments::STATEMENTS,
    crate::businesses::STATEMENTS,
    crate::calls::STATEMENTS,
    crate::changes::STATEMENTS,
    crate::endings::STATEMENTS,
    crate::leads::STATEMENTS,
    crate::notes::STATEMENTS,
    crate::outbox::STATEMENTS,
    crate::persons::STATEMENTS,
    crate::retention::STATEMENTS,
    crate::session::STATEMENTS,
    crate::split::STATEMENTS,
    crate::tasks::STATEMENTS,
    crate::transfers::STATEMENTS,
];

fn all() -> impl Iterator<Item = &'static (&'static str, Statement)> {
    MODULES.into_iter().flatten()
}

/// Every source file of a folder and of those in it.
fn sources(folder: &Path) -> Vec<String> {
    let paths = std::fs::read_dir(folder).unwrap();
    let read = |entry: std::io::Result<DirEntry>| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path)
        } else {
            vec![std::fs::read_to_string(path).unwrap()]
        }
    };
    paths.flat_map(read).collect()
}

#[test]
fn no_module_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all = sources(&folder);
    let declares = |source: &&String| source.lines().any(|line| line == "statements! {");
    assert_eq!(all.iter().filter(declares).count(), MODULES.len());
}

#[tokio::test]
async fn sqlite_understands_every_statement() {
    let store = SqlStore::open("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let Database::Sqlite { writer, .. } = &store.database else {
        panic!("a SQLite database")
    };
    let mut connection = writer.begin().await.unwrap();
    let connection: &mut SqliteConnection = &mut connection;
    let mut checked = 0;
    for (name, statement) in all() {
        let prepared = (&mut *connection)
            .prepare(statement.sqlite.into_sql_str())
            .await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        checked += 1;
    }
    println!("{checked} statements prepared against SQLite");
    assert!(checked > 80);
}

#[tokio::test]
async fn postgres_understands_every_statement() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let store = SqlStore::open(&database.url()).await.unwrap();
    store.migrate().await.unwrap();
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let mut checked = 0;
    for (name, statement) in all() {
        let prepared = (&mut connection)
            .prepare(statement.postgres.into_sql_str())
            .await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        checked += 1;
    }
    println!("{checked} statements prepared against PostgreSQL");
    store.close().await;
}

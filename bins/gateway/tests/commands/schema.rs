//! Only `serve` and `migrate` change a schema that is there.

use std::fs;

use time::macros::utc_datetime;
use toran_store::{Businesses as _, Outbox as _};
use toran_store_sql::{SchemaState, proof};

use crate::deployment::{Deployment, called, names, said};

const ADD: &[&str] = &[
    "business",
    "add",
    "--name",
    "דנה",
    "--number",
    "+97231234567",
    "--days",
    "sun-fri",
    "--start",
    "09:00",
    "--end",
    "18:00",
    "--interval",
    "30",
];
const OF_BUSINESS: &str = "00000000-0000-0000-0000-000000000001";

/// Makes the schema as the gateway before this one knew it; returns its version and this one's.
async fn older(deployment: &Deployment) -> (i64, i64) {
    let store = deployment.store().await;
    let known = store.migration_status().await.expect("the migrations");
    let versions: Vec<i64> = known.iter().map(|migration| migration.version).collect();
    let [.., at, needs] = versions.as_slice() else {
        panic!("two versions")
    };
    proof::migrate_as_of(&store, *at).await.expect("migrate");
    store.close().await;
    (*at, *needs)
}

async fn state(deployment: &Deployment) -> SchemaState {
    let store = deployment.store().await;
    let state = store.schema_state().await.expect("its schema");
    store.close().await;
    state
}

#[tokio::test]
async fn commands_leave_an_older_schema_alone() {
    let deployment = Deployment::new("older");
    let (at, needs) = older(&deployment).await;
    let refusal = format!(
        "the database is at schema {at}, this gateway needs {needs}: run `gateway migrate`"
    );
    for command in [
        ADD,
        &["business", "list"],
        &["appointment", "list", OF_BUSINESS],
        &["lead", "list", OF_BUSINESS],
        &["task", "list", OF_BUSINESS],
        &["outbox", "list", OF_BUSINESS],
        &["webhook", "show", OF_BUSINESS],
        &["retention", OF_BUSINESS],
    ] {
        deployment.run(command).check(1, &refusal);
    }
    deployment
        .run(&["preflight"])
        .check(1, &format!("NOT READY: {refusal}"));
    deployment.run(&["migrate", "--status"]).check(3, "pending");
    assert_eq!(state(&deployment).await, SchemaState::Older { at, needs });

    deployment.run(&["migrate"]).check(0, "applied now");
    deployment.run(&["migrate", "--status"]).check(0, "applied");
    deployment.run(ADD).check(0, "");
}

#[tokio::test]
async fn serving_brings_an_older_schema_up_to_date() {
    let deployment = Deployment::new("served");
    let (_, needs) = older(&deployment).await;
    let serving = deployment.serve().await;
    assert!(serving.logged().contains("migration applied"));
    assert_eq!(state(&deployment).await, SchemaState::Current { at: needs });
}

#[tokio::test]
async fn a_command_makes_the_schema_where_there_is_no_table() {
    let deployment = Deployment::new("empty");
    deployment.run(&["migrate", "--status"]).check(3, "pending");
    deployment.run(ADD).check(0, "");
    deployment.run(&["business", "list"]).check(0, "דנה");
    deployment.run(&["migrate", "--status"]).check(0, "applied");
}

#[tokio::test]
async fn on_a_newer_schema_a_gateway_serves_and_commands_refuse() {
    let deployment = Deployment::new("newer");
    let store = deployment.migrated().await;
    let SchemaState::Current { at: knows } = store.schema_state().await.expect("its schema") else {
        panic!("it is up to date")
    };
    proof::note_later_version(&store, 9_000)
        .await
        .expect("noted");
    store.close().await;
    let refusal = format!(
        "the database is at schema 9000, which this gateway does not know (it knows {knows}): use the gateway that \
         migrated it, or a newer one"
    );
    deployment.run(&["business", "list"]).check(1, &refusal);
    deployment
        .run(&["preflight"])
        .check(1, &format!("NOT READY: {refusal}"));
    // There is nothing for it to bring up.
    deployment.run(&["migrate"]).check(0, "applied");
    let serving = deployment.serve().await;
    let log = serving.logged();
    assert!(
        log.lines()
            .any(|line| line.contains("WARN") && line.contains("newer schema")),
        "{log}"
    );
}

#[tokio::test]
async fn a_preflight_makes_no_rounds_on_the_deployments_database() {
    let deployment = Deployment::new("preflight");
    // An event that nobody fetched for years, which retention would remove at once.
    let store = deployment.migrated().await;
    let call = called(&store, utc_datetime!(2020-01-01 08:00)).await;
    let waiting = store.events(call.key.business_id, None, 10).await;
    let waiting = waiting.expect("events");
    assert!(!waiting.is_empty());
    store.close().await;
    // What the rounds would take up at once: it is no request, and they would put it away as unreadable.
    let spool = deployment.file("toran.db.spool");
    fs::create_dir_all(spool.join("1")).expect("a spool");
    let left = spool.join("1").join(format!("{OF_BUSINESS}_CA1.json"));
    fs::write(&left, "of a gateway that is gone").expect("a file");
    deployment.run(&["preflight"]).check(0, "READY");
    assert!(left.exists(), "the preflight brought the spool in");
    assert_eq!(names(&spool), ["1"]);
    let store = deployment.store().await;
    let events = store.events(call.key.business_id, None, 10).await;
    assert_eq!(events.expect("events"), waiting);
    assert_eq!(store.businesses().await.expect("businesses").len(), 1);
}

#[test]
fn a_database_in_memory_is_refused_with_what_to_write() {
    let deployment = Deployment::new("memory");
    for url in ["sqlite::memory:", "sqlite://:memory:"] {
        let mut serve = deployment.command(&["serve"]);
        said(serve.env("TORAN_DATABASE_URL", url)).check(64, "write sqlite://path/to/toran.db");
    }
}

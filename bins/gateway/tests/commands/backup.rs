//! A backup holds what was acknowledged before it began, appears whole or not at all, and is put back only where nothing is lost.

use std::{
    fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use time::macros::utc_datetime;
use toran_store::Businesses as _;
use toran_store_sql::{SqlStore, proof};

use crate::deployment::{Deployment, business, called, names, said};

/// Fills the diary of the first business, so that a copy takes a while.
async fn fill(store: &SqlStore, rows: u32) {
    let began = utc_datetime!(2026-11-22 08:00);
    let call = called(store, began).await;
    let of = (call.lead_id, &call.key.call_sid);
    let filled = proof::fill(store, call.key.business_id, of, began, rows);
    filled.await.expect("filled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_a_live_writer_holds_all_that_was_acknowledged_before_it_began() {
    let deployment = Deployment::new("live");
    let store = deployment.migrated().await;
    fill(&store, 20_000).await;
    let acknowledged = Arc::new(AtomicU32::new(1));
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, acknowledged, stop) =
            (store.clone(), Arc::clone(&acknowledged), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Relaxed) {
                let next = acknowledged.load(Ordering::Relaxed) + 1;
                store.add_business(&business(next)).await.expect("added");
                acknowledged.store(next, Ordering::Relaxed);
            }
        }
    });
    while acknowledged.load(Ordering::Relaxed) < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = acknowledged.load(Ordering::Relaxed);
    let made = deployment.run(&["backup", "copy.db"]);
    let after = acknowledged.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("no panic");
    made.check(0, "copy.db");
    assert!(after > before, "nothing was written meanwhile");

    let copy = deployment.file("copy.db");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(&copy).expect("the copy");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    let whole = fs::read(&copy).expect("the copy");
    deployment
        .run(&["backup", "copy.db"])
        .check(1, "is there already");
    assert_eq!(
        fs::read(&copy).expect("the copy"),
        whole,
        "it was overwritten"
    );

    let verified = deployment.run(&["restore", "copy.db", "--verify"]);
    verified.check(0, "OK");
    verified.check(0, "appointments  20000");
    verified.check(0, "2026-11-22 08:00:00 UTC");
    assert!(
        !names(&deployment.folder)
            .iter()
            .any(|name| name.starts_with("copy.db-"))
    );
    let opened = SqlStore::open(&format!("sqlite://{}", copy.display()))
        .await
        .expect("open");
    let held: Vec<_> = opened
        .businesses()
        .await
        .expect("businesses")
        .into_iter()
        .map(|it| it.id)
        .collect();
    for number in 1..=before {
        assert!(
            held.contains(&business(number).id),
            "business {number} was acknowledged and is not in the backup"
        );
    }
    println!(
        "{before} acknowledged before, {} in the backup, {after} after it",
        held.len()
    );
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_nothing_under_its_name() {
    let deployment = Deployment::new("killed");
    let store = deployment.migrated().await;
    fill(&store, 100_000).await;
    store.close().await;
    let mut killed = 0;
    for round in 0..5 {
        let name = format!("copy-{round}.db");
        let mut process = deployment
            .command(&["backup", &name])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the gateway's binary");
        let partial = format!("{name}.partial-");
        let is_writing = || {
            let entries = fs::read_dir(&deployment.folder)
                .expect("a folder")
                .flatten();
            let mut partials =
                entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&partial));
            partials.any(|entry| entry.metadata().is_ok_and(|file| file.len() > 0))
        };
        while !is_writing() && process.try_wait().expect("its state").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(10 * round));
        let _ = process.kill();
        let ended = process.wait().expect("its end");
        if ended.code().is_none() {
            killed += 1;
            assert!(is_writing(), "it was killed while it wrote");
            assert!(
                !deployment.file(&name).exists(),
                "a part stands under the backup's name"
            );
        } else {
            deployment
                .run(&["restore", &name, "--verify"])
                .check(0, "OK");
        }
    }
    println!("killed in mid-backup: {killed} of 5");
    assert!(killed > 0, "every backup was quicker than its end");
    deployment.run(&["backup", "copy.db"]).check(0, "copy.db");
    deployment
        .run(&["restore", "copy.db", "--verify"])
        .check(0, "appointments  100000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_takes_no_databases_place_unless_told_so_and_never_under_a_gateway() {
    let deployment = Deployment::new("restored");
    let store = deployment.migrated().await;
    store.add_business(&business(1)).await.expect("added");
    deployment.run(&["backup", "copy.db"]).check(0, "copy.db");
    store.add_business(&business(2)).await.expect("added");
    store.close().await;

    let as_it_was = fs::read(deployment.database()).expect("the database");
    deployment
        .run(&["restore", "copy.db"])
        .check(1, "`--replace` moves it aside");
    let serving = deployment.serve().await;
    deployment
        .run(&["restore", "copy.db", "--replace"])
        .check(1, "a gateway has");
    drop(serving);
    deployment
        .run(&["restore", "toran.db", "--replace"])
        .check(1, "");
    assert!(
        fs::read(deployment.database())
            .expect("the database")
            .starts_with(&as_it_was[..16])
    );
    deployment.run(&["business", "list"]).check(0, "מספר 2");
    assert!(
        !names(&deployment.folder)
            .iter()
            .any(|name| name.contains("before-restore"))
    );

    // What a process that is killed leaves behind must not get into what was restored.
    fs::write(deployment.file("toran.db-wal"), "a log of another database").expect("a log");
    deployment
        .run(&["restore", "copy.db", "--replace"])
        .check(0, "restored");
    let aside = names(&deployment.folder);
    let aside: Vec<&String> = aside
        .iter()
        .filter(|name| name.starts_with("toran.db.before-restore-"))
        // The index of the log, where a process left one.
        .filter(|name| !name.ends_with("-shm"))
        .collect();
    assert_eq!(aside.len(), 2, "{aside:?}");
    assert!(aside[1].ends_with("Z-wal"));
    let listed = deployment.run(&["business", "list"]);
    listed.check(0, "מספר 1");
    assert!(!listed.out.contains("מספר 2"), "{listed:?}");
    fs::remove_file(deployment.file(aside[1])).expect("the log that was put there");
    let old = deployment.file(aside[0]);
    let mut list = deployment.command(&["business", "list"]);
    said(list.env("TORAN_DATABASE_URL", format!("sqlite://{}", old.display()))).check(0, "מספר 2");

    let new = Deployment::new("restored-anew");
    let copy = deployment.file("copy.db");
    let copy = copy.to_str().expect("UTF-8");
    new.run(&["restore", copy]).check(0, "restored");
    new.run(&["business", "list"]).check(0, "מספר 1");
}

#[tokio::test]
async fn what_is_no_good_backup_is_told_and_not_restored() {
    let deployment = Deployment::new("damaged");
    let store = deployment.migrated().await;
    fill(&store, 2_000).await;
    deployment.run(&["backup", "copy.db"]).check(0, "copy.db");
    let whole = fs::read(deployment.file("copy.db")).expect("the copy");

    // While the store is open, its newest rows are in the log.
    let live = deployment.file("live.db");
    fs::copy(deployment.database(), &live).expect("a copy");
    fs::copy(
        deployment.file("toran.db-wal"),
        deployment.file("live.db-wal"),
    )
    .expect("its log");
    store.close().await;
    deployment
        .run(&["restore", "live.db", "--verify"])
        .check(1, "copy of a live file");

    let mut holed = whole.clone();
    let middle = holed.len() / 2;
    holed[middle..middle + 8_192].fill(0x55);
    let store = Deployment::new("elsewhere");
    let strange = SqlStore::open(&format!(
        "sqlite://{}",
        deployment.file("empty.db").display()
    ))
    .await;
    strange.expect("open").close().await;
    for (name, bytes, words) in [
        (
            "text.db",
            b"not a database, but long enough to be one".as_slice(),
            "no SQLite database",
        ),
        ("nothing.db", b"".as_slice(), "no SQLite database"),
        ("cut.db", &whole[..whole.len() / 2], ""),
        ("holed.db", &holed, ""),
    ] {
        let file = deployment.file(name);
        fs::write(&file, bytes).expect("a file");
        let file = file.to_str().expect("UTF-8");
        store.run(&["restore", file, "--verify"]).check(1, words);
        store.run(&["restore", file]).check(1, words);
    }
    let empty = deployment.file("empty.db");
    store
        .run(&["restore", empty.to_str().expect("UTF-8")])
        .check(1, "");
    store
        .run(&["restore", "no-such-file", "--verify"])
        .check(1, "cannot be read");
    assert!(!store.database().exists());
}

#[test]
fn for_postgres_the_command_to_run_is_told_without_the_password() {
    let deployment = Deployment::new("postgres");
    let url = "postgres://toran:hunter2@127.0.0.1:9/toran";
    for (arguments, tool) in [
        (["backup", "copy.dump"], "pg_dump"),
        (["restore", "copy.dump"], "pg_restore"),
    ] {
        let mut command = deployment.command(&arguments);
        let said = said(command.env("TORAN_DATABASE_URL", url));
        said.check(1, tool);
        said.check(1, "postgres://toran@127.0.0.1:9/toran");
        assert!(!said.err.contains("hunter2"), "{said:?}");
    }
}

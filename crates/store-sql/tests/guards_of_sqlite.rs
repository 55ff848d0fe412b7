//! What the database guards by itself, whatever the code above it does.

mod support;

use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use support::TempDatabase;
use toran_domain::{Pii, RequestedTime, Speaker};
use toran_store::{
    Appointments as _, BookingAnswer, Businesses as _, Calls as _, Leads as _, StoreError,
    Tasks as _, TranscriptLine,
    conformance::{
        HALF_PAST_FOUR, NOW, RACERS, Shared, TUESDAY, add, book, business, judge_race, key, open,
        order, prepare_race, race, stream,
    },
};
use toran_store_sql::{MigrationError, OpenError, SchemaState, SqlStore};

/// A file with business 1, in which call `CA1` holds Tuesday 16:30 to 17:00, business 2 with a call
/// `CA2`, and a connection that knows nothing of Toran's code.
async fn booked() -> (TempDatabase, SqliteConnection) {
    let file = TempDatabase::new();
    let store: Shared = Arc::new(file.open().await);
    for n in [1, 2] {
        add(&store, n).await;
        let call = open(&store, &key(n, &format!("CA{n}")), Some(n), n.into()).await;
        if n == 1 {
            let answer = book(&store, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
            assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
        }
    }
    let mut connection = SqliteConnection::connect(&file.url())
        .await
        .expect("connect");
    sqlx::query("PRAGMA foreign_keys = ON")
        .execute(&mut connection)
        .await
        .expect("foreign keys");
    (file, connection)
}

/// Half past four of Tuesday, in seconds.
const BOOKED: i64 = 1_795_530_600;

/// What came of a bare insert for a business and its call, as a word.
async fn insert(
    connection: &mut SqliteConnection,
    verb: &'static str,
    (business, id): (u128, u128),
    from: i64,
    to: i64,
) -> String {
    let sql = format!(
        "{verb} INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, 0)"
    );
    let uuid = |n: u128| n.to_be_bytes().to_vec();
    let result = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(uuid(id))
        .bind(uuid(business))
        .bind(uuid(business))
        .bind(format!("CA{business}"))
        .bind(from)
        .bind(to)
        .execute(connection)
        .await;
    said(result)
}

fn said(result: Result<sqlx::sqlite::SqliteQueryResult, sqlx::Error>) -> String {
    match result {
        Ok(done) => format!("{} row", done.rows_affected()),
        Err(error) => error
            .as_database_error()
            .expect("an error of the database")
            .message()
            .to_owned(),
    }
}

#[tokio::test]
async fn a_bare_insert_cannot_overlap() {
    let (_file, mut db) = booked().await;
    let minute = 60;
    for (from, to) in [
        (BOOKED, BOOKED + 30 * minute),
        (BOOKED - 20 * minute, BOOKED + minute),
        (BOOKED + 29 * minute, BOOKED + 60 * minute),
        (BOOKED + 10 * minute, BOOKED + 20 * minute),
        (BOOKED - 60 * minute, BOOKED + 90 * minute),
    ] {
        for verb in ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"] {
            assert_eq!(
                insert(&mut db, verb, (1, 9), from, to).await,
                "appointment_overlap"
            );
        }
    }
    let before = (BOOKED - 30 * minute, BOOKED);
    assert_eq!(
        insert(&mut db, "INSERT", (1, 10), before.0, before.1).await,
        "1 row"
    );
    let after = (BOOKED + 30 * minute, BOOKED + 60 * minute);
    assert_eq!(
        insert(&mut db, "INSERT", (1, 11), after.0, after.1).await,
        "1 row"
    );
    let other_business = (BOOKED, BOOKED + 30 * minute);
    assert_eq!(
        insert(
            &mut db,
            "INSERT",
            (2, 12),
            other_business.0,
            other_business.1
        )
        .await,
        "1 row"
    );
    // A row of a whole day is found from its last minute too.
    let day = (BOOKED + 86_400, BOOKED + 2 * 86_400);
    assert_eq!(
        insert(&mut db, "INSERT", (1, 13), day.0, day.1).await,
        "1 row"
    );
    let last = (day.1 - minute, day.1);
    assert_eq!(
        insert(&mut db, "INSERT", (1, 14), last.0, last.1).await,
        "appointment_overlap"
    );
}

#[tokio::test]
async fn a_bare_update_cannot_overlap() {
    let (_file, mut db) = booked().await;
    assert_eq!(
        insert(&mut db, "INSERT", (1, 9), BOOKED + 3_600, BOOKED + 5_400).await,
        "1 row"
    );
    for (statement, expected) in [
        (
            "UPDATE appointment SET starts_at = starts_at - 3600, ends_at = ends_at - 3600 WHERE created_at = 0",
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET starts_at = starts_at - 1801 WHERE created_at = 0",
            "appointment_overlap",
        ),
        (
            "UPDATE OR REPLACE appointment SET starts_at = starts_at - 1801 WHERE created_at = 0",
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET starts_at = starts_at - 1800 WHERE created_at = 0",
            "1 row",
        ),
        (
            "UPDATE appointment SET status = 'cancelled' WHERE created_at > 0",
            "1 row",
        ),
        (
            "UPDATE appointment SET starts_at = starts_at - 1800 WHERE created_at = 0",
            "1 row",
        ),
        (
            "UPDATE appointment SET status = 'confirmed' WHERE created_at > 0",
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET name = 'x' WHERE created_at = 0",
            "1 row",
        ),
    ] {
        assert_eq!(
            said(sqlx::query(statement).execute(&mut db).await),
            expected,
            "{statement}"
        );
    }
}

#[tokio::test]
async fn seats_and_buffers_are_guarded_too() {
    let (_file, mut db) = booked().await;
    let beside = "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, created_at, seat) \
                  SELECT x'00000000000000000000000000000009', business_id, lead_id, 'CA-x', starts_at + 60, ends_at, 0, 1 FROM appointment";
    let call = "INSERT INTO call_session (business_id, call_sid, lead_id, started_at) SELECT business_id, 'CA-x', lead_id, 0 FROM appointment";
    for (statement, expected) in [
        (call, "1 row"),
        (beside, "1 row"),
        ("UPDATE appointment SET seat = 0", "appointment_overlap"),
        (
            "UPDATE appointment SET resource = 'dana', seat = 0 WHERE seat = 1",
            "1 row",
        ),
        (
            "UPDATE appointment SET resource = 'main' WHERE resource = 'dana'",
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET starts_at = starts_at + 3600, ends_at = ends_at + 3600 WHERE resource = 'dana'",
            "1 row",
        ),
        (
            "UPDATE appointment SET buffer_before = 1740 WHERE resource = 'dana'",
            "1 row",
        ),
        (
            "UPDATE appointment SET resource = 'main' WHERE resource = 'dana'",
            "1 row",
        ),
        (
            "UPDATE appointment SET buffer_after = 180 WHERE created_at > 0",
            "appointment_overlap",
        ),
    ] {
        let done = said(sqlx::query(statement).execute(&mut db).await);
        assert_eq!(done, expected, "{statement}");
    }
}

/// What the first version of the schema held is still there, and is guarded like everything else.
#[tokio::test]
async fn a_database_of_the_first_version_goes_on() {
    let file = TempDatabase::new();
    let url = format!("{}?mode=rwc", file.url());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let mut first = sqlx::migrate!("../../migrations/sqlite");
    first.migrations.to_mut().truncate(1);
    first.run_direct(None, &mut db, false).await.unwrap();
    let rows = "
        INSERT INTO business VALUES (x'00000000000000000000000000000001', 'עסק', '+97230000001', '', NULL, 'female');
        INSERT INTO appointment_settings VALUES (x'00000000000000000000000000000001', 'sun-fri', '09:00', '18:00', 30, 'Asia/Jerusalem');
        INSERT INTO lead VALUES (x'00000000000000000000000000000007', x'00000000000000000000000000000001', '+972540000007', NULL, 0);
        INSERT INTO call_session (business_id, call_sid, lead_id, started_at)
            VALUES (x'00000000000000000000000000000001', 'CA1', x'00000000000000000000000000000007', 0);
        INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, created_at)
            VALUES (x'00000000000000000000000000000009', x'00000000000000000000000000000001', x'00000000000000000000000000000007', 'CA1', 1795530600, 1795532400, 0);";
    sqlx::raw_sql(rows).execute(&mut db).await.unwrap();
    db.close().await.unwrap();

    let store = file.open().await;
    let settings = store
        .business(business(1).id)
        .await
        .unwrap()
        .unwrap()
        .settings;
    assert_eq!(settings, toran_store::conformance::settings(30));
    let shared: Shared = Arc::new(store);
    let call = open(&shared, &key(1, "CA2"), Some(8), 8).await;
    let refused = book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    assert_eq!(
        refused,
        BookingAnswer::Refused(toran_scheduling::Refusal::Taken)
    );
    let again = open(&shared, &key(1, "CA1"), Some(7), 9).await;
    let held = book(&shared, &order(&again, TUESDAY, HALF_PAST_FOUR, 2)).await;
    assert!(
        matches!(held, BookingAnswer::AlreadyHeld { .. }),
        "{held:?}"
    );
}

/// What was shown under its lead's name is shown under it still, except where strangers shared the lead; and a request of
/// before is a task to book.
#[tokio::test]
async fn names_and_tasks_of_an_older_version_are_kept() {
    let file = TempDatabase::new();
    let url = format!("{}?mode=rwc", file.url());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let mut before = sqlx::migrate!("../../migrations/sqlite");
    before.migrations.to_mut().truncate(3);
    before.run_direct(None, &mut db, false).await.unwrap();
    let rows = "
        INSERT INTO business (id, name, called_number, text, agent_gender)
            VALUES (x'00000000000000000000000000000001', 'עסק', '+97230000001', '', 'female');
        INSERT INTO appointment_settings (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone)
            VALUES (x'00000000000000000000000000000001', 'sun-fri', '09:00', '18:00', 30, 'Asia/Jerusalem');
        INSERT INTO lead (id, business_id, phone, name, created_at) VALUES
            (x'00000000000000000000000000000007', x'00000000000000000000000000000001', '+972540000007', 'דוד', 0),
            (x'00000000000000000000000000000008', x'00000000000000000000000000000001', '+266696687', 'זר', 0);
        INSERT INTO call_session (business_id, call_sid, lead_id, started_at) VALUES
            (x'00000000000000000000000000000001', 'CA7', x'00000000000000000000000000000007', 0),
            (x'00000000000000000000000000000001', 'CA8', x'00000000000000000000000000000008', 0);
        INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, name, created_at) VALUES
            (x'00000000000000000000000000000071', x'00000000000000000000000000000001', x'00000000000000000000000000000007', 'CA7', 1795530600, 1795532400, NULL, 0),
            (x'00000000000000000000000000000072', x'00000000000000000000000000000001', x'00000000000000000000000000000007', 'CA7', 1795532400, 1795534200, 'נועם', 0),
            (x'00000000000000000000000000000081', x'00000000000000000000000000000001', x'00000000000000000000000000000008', 'CA8', 1795534200, 1795536000, NULL, 0);
        INSERT INTO task (id, business_id, lead_id, call_sid, requested_time, noted_at) VALUES
            (x'00000000000000000000000000000073', x'00000000000000000000000000000001', x'00000000000000000000000000000007', 'CA7', '10:00', 5);";
    sqlx::raw_sql(rows).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let store = file.open().await;
    let id = business(1).id;
    let until = NOW + time::Duration::days(7);
    let rows = store.appointments(id, NOW, until).await.unwrap();
    let names: Vec<Option<&str>> = rows
        .iter()
        .map(|row| row.name.as_ref().map(|name| name.expose().as_str()))
        .collect();
    assert_eq!(names, [Some("דוד"), Some("נועם"), None]);
    let tasks = store.tasks(id, true).await.unwrap();
    let shown: Vec<_> = tasks
        .iter()
        .map(|task| (task.kind, task.words.clone(), task.name.clone()))
        .collect();
    let name = Some(Pii::new("דוד".to_owned()));
    assert_eq!(shown, [(toran_domain::TaskKind::Booking, None, name)]);
}

#[tokio::test]
async fn a_row_cannot_point_into_another_business() {
    let (_file, mut db) = booked().await;
    for statement in [
        "UPDATE appointment SET business_id = (SELECT id FROM business WHERE name = 'עסק 2')",
        "UPDATE call_session SET lead_id = (SELECT id FROM lead ORDER BY id LIMIT 1) WHERE call_sid = 'CA2'",
        "UPDATE call_session SET last_confirmed_date = '2026-11-24', last_confirmed_time = '16:30', \
         last_appointment_id = (SELECT id FROM appointment) WHERE call_sid = 'CA2'",
    ] {
        let refused = said(sqlx::query(statement).execute(&mut db).await);
        assert_eq!(refused, "FOREIGN KEY constraint failed", "{statement}");
    }
    for statement in [
        "UPDATE appointment SET ends_at = starts_at",
        "UPDATE appointment_settings SET start_hour = '9:00'",
        "UPDATE call_session SET last_appointment_id = NULL WHERE call_sid = 'CA1'",
    ] {
        let refused = said(sqlx::query(statement).execute(&mut db).await);
        assert!(
            refused.starts_with("CHECK constraint failed"),
            "{statement}: {refused}"
        );
    }
}

#[tokio::test]
async fn no_column_holds_a_greeting() {
    let (_file, mut db) = booked().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT lower(info.name) FROM sqlite_schema AS t, pragma_table_info(t.name) AS info",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(columns.len() > 40, "{columns:?}");
    assert!(
        !columns.iter().any(|name| name.contains("greet")),
        "{columns:?}"
    );
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let file = TempDatabase::new();
    let store = file.open().await;
    let shared: Shared = Arc::new(store.clone());
    let added = add(&shared, 1).await;
    let call = open(&shared, &key(1, "CA1"), Some(7), 1).await;
    let answer = book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
    let BookingAnswer::Created(booking) = answer else {
        panic!("{answer:?}")
    };
    store.close().await;

    let reopened = file.open().await;
    assert_eq!(reopened.migrate().await.unwrap(), []);
    let shared: Shared = Arc::new(reopened.clone());
    assert_eq!(reopened.business(added.id).await.unwrap(), Some(added));
    let again = book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 2)).await;
    let in_this_call = true;
    assert_eq!(
        again,
        BookingAnswer::AlreadyHeld {
            booking,
            in_this_call
        }
    );
    let resumed = open(&shared, &key(1, "CA1"), Some(7), 2).await;
    assert_eq!(
        (resumed.resumed, resumed.last_confirmed),
        (true, Some(booking))
    );
}

/// Two stores with connections of their own stand for two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_race_for_one_slot() {
    let file = TempDatabase::new();
    let stores: [Shared; 2] = [Arc::new(file.open().await), Arc::new(file.open().await)];
    prepare_race(&stores[0]).await;
    let mut racers = Vec::new();
    for (racer, store) in (0..RACERS).zip(stores.iter().cycle()) {
        let store = Arc::clone(store);
        racers.push(tokio::spawn(async move { race(&store, racer).await }));
    }
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    judge_race(&stores[1], &answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_together_migrate_once() {
    let file = TempDatabase::new();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let url = file.url();
            tokio::spawn(async move {
                let store = SqlStore::open(&url).await.unwrap();
                store.migrate().await.unwrap().len()
            })
        })
        .collect();
    let mut applied = 0;
    for start in starts {
        applied += start.await.unwrap();
    }
    let known = file.open().await.migration_status().await.unwrap().len();
    assert_eq!(applied, known);
}

#[tokio::test]
async fn a_migration_is_reported_and_a_strange_schema_is_refused() {
    let file = TempDatabase::new();
    let store = SqlStore::open(&file.url()).await.unwrap();
    let status = store.migration_status().await.unwrap();
    assert!(
        !status.is_empty() && status.iter().all(|migration| !migration.applied),
        "{status:?}"
    );
    // Asked before the schema is there, the store says so instead of failing oddly.
    let early = store.businesses().await;
    assert!(
        matches!(early, Err(StoreError::Unavailable(_))),
        "{early:?}"
    );
    let applied = store.migrate().await.unwrap();
    assert_eq!(applied, store.migration_status().await.unwrap());

    let mut db = SqliteConnection::connect(&file.url()).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'")
        .execute(&mut db)
        .await
        .unwrap();
    let refused = store.migrate().await;
    assert!(
        matches!(refused, Err(MigrationError::Changed { version: 1 })),
        "{refused:?}"
    );
    sqlx::query("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1")
        .execute(&mut db)
        .await
        .unwrap();
    let refused = store.migrate().await;
    assert!(
        matches!(
            refused,
            Err(MigrationError::TooNew {
                database: 9_000,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_state_of_a_schema_is_told() {
    let file = TempDatabase::new();
    let store = SqlStore::open(&file.url()).await.unwrap();
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Empty);
    let mut db = SqliteConnection::connect(&file.url()).await.unwrap();
    let sql = "CREATE TABLE of_somebody_else (x)";
    sqlx::query(sql).execute(&mut db).await.unwrap();
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Foreign);

    let mut earlier = sqlx::migrate!("../../migrations/sqlite");
    earlier.migrations.to_mut().truncate(3);
    earlier.run_direct(None, &mut db, false).await.unwrap();
    let known = store.migration_status().await.unwrap();
    let needs = known.last().unwrap().version;
    let older = SchemaState::Older { at: 3, needs };
    assert_eq!(store.schema_state().await.unwrap(), older);
    store.migrate().await.unwrap();
    let current = SchemaState::Current { at: needs };
    assert_eq!(store.schema_state().await.unwrap(), current);

    let later = "INSERT INTO _sqlx_migrations VALUES (9000, 'later', 0, TRUE, x'', 0)";
    sqlx::query(later).execute(&mut db).await.unwrap();
    let newer = SchemaState::Newer {
        at: 9_000,
        knows: needs,
    };
    assert_eq!(store.schema_state().await.unwrap(), newer);
    // What is known here must be there in full: a schema that went another way is no newer one.
    let gap = "DELETE FROM _sqlx_migrations WHERE version = 2";
    sqlx::query(gap).execute(&mut db).await.unwrap();
    let strange = store.schema_state().await;
    assert!(
        matches!(
            strange,
            Err(MigrationError::TooNew {
                database: 9_000,
                ..
            })
        ),
        "{strange:?}"
    );
}

#[tokio::test]
async fn a_value_that_toran_never_wrote_is_named() {
    let (file, mut db) = booked().await;
    let store = file.open().await;
    let far = "UPDATE appointment SET starts_at = -999999999999999, ends_at = 60 - 999999999999999";
    sqlx::query(far).execute(&mut db).await.unwrap();
    let read = store.call_session(&key(1, "CA1")).await;
    assert!(
        matches!(
            read,
            Err(StoreError::Corrupt {
                column: "appointment.starts_at",
                ..
            })
        ),
        "{read:?}"
    );
    // Each is read before the one above it.
    for (column, statement) in [
        (
            "appointment_settings",
            "UPDATE appointment_settings SET end_hour = '29:00'",
        ),
        (
            "appointment_settings.time_zone",
            "UPDATE appointment_settings SET time_zone = 'Mars/Base'",
        ),
        (
            "appointment_settings.active_days",
            "UPDATE appointment_settings SET active_days = 'someday'",
        ),
        (
            "appointment_settings.document",
            "UPDATE appointment_settings SET document = '{}'",
        ),
        (
            "business.called_number",
            "UPDATE business SET called_number = '+1x345678' WHERE name = 'עסק 1'",
        ),
    ] {
        sqlx::query(statement).execute(&mut db).await.unwrap();
        let read = store.business(business(1).id).await;
        let Err(StoreError::Corrupt { column: named, .. }) = read else {
            panic!("{read:?}")
        };
        assert_eq!(named, column, "{statement}");
    }
}

#[tokio::test]
async fn settings_that_cannot_be_read_can_be_replaced() {
    let (file, mut db) = booked().await;
    let spoil = "UPDATE appointment_settings SET document = '{}'";
    sqlx::query(spoil).execute(&mut db).await.unwrap();
    let store = file.open().await;
    let id = business(1).id;
    assert!(store.business(id).await.is_err());
    let settings = toran_store::conformance::settings(45);
    assert!(store.update_settings(id, &settings).await.unwrap());
    assert_eq!(
        store.business(id).await.unwrap().unwrap().settings,
        settings
    );
}

#[tokio::test]
async fn a_write_waits_for_another_process() {
    let (file, mut other) = booked().await;
    let store: Shared = Arc::new(file.open().await);
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let writing = tokio::spawn(async move { open(&store, &key(1, "CA9"), None, 9).await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!writing.is_finished());
    lock.rollback().await.unwrap();
    assert!(!writing.await.unwrap().resumed);
}

#[tokio::test]
async fn an_address_that_cannot_be_opened_is_explained() {
    for url in [
        "",
        "sqlite:",
        "sqlite://",
        "mysql://localhost/toran",
        "toran.db",
        "sqlite://x.db?mode=odd",
    ] {
        let refused = SqlStore::open(url).await;
        assert!(
            matches!(refused, Err(OpenError::BadUrl { .. })),
            "{url}: {refused:?}"
        );
    }
    let refused = SqlStore::open("sqlite:///no/such/folder/toran.db").await;
    assert!(
        matches!(refused, Err(OpenError::CannotOpen { .. })),
        "{refused:?}"
    );
}

/// How often the bytes of a text lie in the files of a database.
fn traces(file: &TempDatabase, text: &str) -> usize {
    let count = |bytes: Vec<u8>| {
        let windows = bytes.windows(text.len());
        windows.filter(|window| *window == text.as_bytes()).count()
    };
    let files = file.files();
    files
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .map(count)
        .sum()
}

#[tokio::test]
async fn what_is_erased_is_nowhere_in_the_files() {
    let file = TempDatabase::new();
    let store = file.open().await;
    let shared: Shared = Arc::new(store.clone());
    let business_id = add(&shared, 1).await.id;
    let call = open(&shared, &key(1, "CA1"), Some(7), 7).await;
    let (number, name) = ("+972540000007", "דוד המלך");
    let nothing = RequestedTime::default();
    let noted = store
        .note_request(&stream(&call.key), nothing, Some(name), NOW)
        .await;
    noted.expect("note_request");
    let line = TranscriptLine {
        speaker: Speaker::Caller,
        text: Pii::new(format!("קוראים לי {name}")),
        at: NOW,
    };
    for _ in 0..100 {
        let appended = store
            .append_transcript(&stream(&call.key), std::slice::from_ref(&line))
            .await;
        appended.expect("append_transcript");
    }
    assert!(traces(&file, number) > 0 && traces(&file, name) >= 100);
    let erased = store.erase_lead(business_id, call.lead_id, None, NOW);
    assert!(erased.await.expect("erase_lead").is_some());
    assert_eq!((traces(&file, number), traces(&file, name)), (0, 0));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = TempDatabase::new();
    let store = file.open().await;
    add(&(Arc::new(store) as Shared), 1).await;
    for path in file.files() {
        let mode = std::fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

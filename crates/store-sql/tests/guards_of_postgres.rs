//! What PostgreSQL guards by itself, whatever the code above it does.

mod postgres;

use std::{sync::Arc, time::Duration};

use postgres::fresh_postgres;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use toran_store::{
    Appointments as _, BookingAnswer, BookingOrder, Businesses as _, Calls as _, StoreError,
    Tasks as _,
    conformance::{
        HALF_PAST_FOUR, NOW, RACERS, Shared, TUESDAY, add, book, business, judge_race, key, open,
        order, prepare_race, race,
    },
};
use toran_store_sql::{MigrationError, OpenError, SchemaState, SqlStore};
use toran_test_postgres::TestDatabase;

/// Half past four of Tuesday, as SQL.
const BOOKED: &str = "timestamptz '2026-11-24 14:30Z'";

/// A database with business 1, in which call `CA1` holds Tuesday 16:30 to 17:00, business 2 with a call `CA2`, and a
/// connection that knows nothing of Toran's code.
async fn booked() -> Option<(TestDatabase, SqlStore, PgConnection)> {
    let (store, database) = fresh_postgres().await?;
    let shared: Shared = Arc::new(store.clone());
    for n in [1, 2] {
        add(&shared, n).await;
        let call = open(&shared, &key(n, &format!("CA{n}")), Some(n), n.into()).await;
        if n == 1 {
            let answer = book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 1)).await;
            assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
        }
    }
    let mut connection = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    run(&mut connection, "SET toran.business_id = '*'").await;
    Some((database, store, connection))
}

/// What came of a statement: how many rows, or the name of the constraint that refused, or the message.
async fn run(connection: &mut PgConnection, sql: &str) -> String {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await;
    match done {
        Ok(done) => format!("{} row", done.rows_affected()),
        Err(error) => {
            let error = error.as_database_error().expect("an error of the database");
            error.constraint().unwrap_or(error.message()).to_owned()
        }
    }
}

/// A bare insert for a business and its call, beside what the store would check.
fn insert(business: u32, id: u32, from_minutes: i32, to_minutes: i32, seat: u32) -> String {
    format!(
        "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, busy_from, busy_to, resource, \
         seat, created_at) SELECT ('00000000-0000-0000-0000-0000000000' || '{id}')::uuid, business_id, lead_id, call_sid, \
         {BOOKED} + interval '{from_minutes} min', {BOOKED} + interval '{to_minutes} min', \
         {BOOKED} + interval '{from_minutes} min', {BOOKED} + interval '{to_minutes} min', 'main', {seat}, now() \
         FROM call_session WHERE call_sid = 'CA{business}'"
    )
}

#[tokio::test]
async fn a_bare_statement_cannot_overlap() {
    let Some((_database, _store, mut db)) = booked().await else {
        return;
    };
    for (from, to) in [(0, 30), (-20, 1), (29, 60), (10, 20), (-60, 90)] {
        let refused = run(&mut db, &insert(1, 20, from, to, 0)).await;
        assert_eq!(refused, "appointment_overlap", "{from} to {to}");
    }
    for (statement, expected) in [
        (insert(1, 21, -30, 0, 0), "1 row"),
        (insert(1, 22, 30, 60, 0), "1 row"),
        (insert(1, 23, 5, 35, 1), "1 row"),
        (insert(2, 24, 0, 30, 0), "1 row"),
        (
            "UPDATE appointment SET seat = 0 WHERE seat = 1".to_owned(),
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET resource = 'dana' WHERE seat = 1".to_owned(),
            "1 row",
        ),
        (
            format!(
                "UPDATE appointment SET buffer_after = 60, busy_to = busy_to + interval '1 min' WHERE starts_at = {BOOKED} \
                 AND call_sid = 'CA1'"
            ),
            "appointment_overlap",
        ),
        (
            "UPDATE appointment SET status = 'cancelled' WHERE call_sid = 'CA1'".to_owned(),
            "4 row",
        ),
        (insert(1, 25, 5, 25, 0), "1 row"),
        (
            "UPDATE appointment SET status = 'confirmed' WHERE call_sid = 'CA1'".to_owned(),
            "appointment_overlap",
        ),
    ] {
        assert_eq!(run(&mut db, &statement).await, expected, "{statement}");
    }
}

/// The second lock: without a word on whom it is about, a connection sees nothing; about one business, nothing of
/// another's, and cannot write there.
#[tokio::test]
async fn rows_show_to_their_own_business_alone() {
    let Some((_database, store, mut db)) = booked().await else {
        return;
    };
    assert!(!store.bypasses_row_security().await.unwrap());
    let (one, two) = (business(1).id, business(2).id);
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'business_id' AND NOT a.attisdropped",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(tables.len() >= 10, "{tables:?}");
    let count = async |db: &mut PgConnection, table: &str| -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(db)
            .await
            .unwrap()
    };
    for (scope, leads) in [
        (String::new(), 0),
        (one.to_string(), 1),
        (two.to_string(), 1),
        ("*".to_owned(), 2),
    ] {
        run(&mut db, &format!("SET toran.business_id = '{scope}'")).await;
        assert_eq!(count(&mut db, "lead").await, leads, "{scope}");
        assert_eq!(count(&mut db, "business").await, leads, "{scope}");
        if scope.is_empty() {
            for table in &tables {
                assert_eq!(
                    count(&mut db, table).await,
                    0,
                    "{table} shows without a word on whom it is about"
                );
            }
        }
    }
    run(&mut db, &format!("SET toran.business_id = '{two}'")).await;
    assert_eq!(run(&mut db, "DELETE FROM appointment").await, "0 row");
    assert_eq!(run(&mut db, "UPDATE lead SET name = 'x'").await, "1 row");
    let foreign = format!(
        "INSERT INTO lead (id, business_id, created_at) VALUES (gen_random_uuid(), '{one}', now())"
    );
    let refused = run(&mut db, &foreign).await;
    assert!(refused.contains("row-level security"), "{refused}");
    let takeover = format!("UPDATE lead SET business_id = '{one}'");
    let refused = run(&mut db, &takeover).await;
    assert!(refused.contains("row-level security"), "{refused}");
    run(&mut db, "SET toran.business_id = '*'").await;
    assert_eq!(count(&mut db, "appointment").await, 1);
}

#[tokio::test]
async fn a_row_cannot_point_into_another_business() {
    let Some((_database, _store, mut db)) = booked().await else {
        return;
    };
    let (one, two) = (business(1).id, business(2).id);
    for statement in [
        format!("UPDATE appointment SET business_id = '{two}'"),
        format!("UPDATE call_session SET lead_id = (SELECT id FROM lead WHERE business_id = '{one}') WHERE call_sid = 'CA2'"),
        "UPDATE call_session SET last_confirmed_date = '2026-11-24', last_confirmed_time = '16:30', \
         last_appointment_id = (SELECT id FROM appointment) WHERE call_sid = 'CA2'"
            .to_owned(),
    ] {
        let refused = run(&mut db, &statement).await;
        assert!(refused.ends_with("_fkey"), "{statement}: {refused}");
    }
}

/// Two stores with connections of their own stand for two gateways.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_gateways_race_for_one_slot() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    let other = SqlStore::open(&database.url()).await.expect("open");
    let stores: [Shared; 2] = [Arc::new(store), Arc::new(other)];
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

/// The same yes reaches both gateways at once: a phone that reconnected while its first gateway was still booking.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_confirmation_at_two_gateways_is_one_appointment() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    let stores: [Shared; 2] = [
        Arc::new(store),
        Arc::new(SqlStore::open(&database.url()).await.expect("open")),
    ];
    add(&stores[0], 1).await;
    for n in 0..20_u32 {
        let call = open(&stores[0], &key(1, &format!("CA{n}")), Some(n), n.into()).await;
        let hour = time::Time::from_hms(9, 0, 0).unwrap()
            + time::Duration::minutes(i64::from(n % 18) * 30);
        let day = TUESDAY + time::Duration::days(i64::from(n / 18));
        let mut orders = Vec::new();
        for (attempt, store) in stores.iter().cycle().take(6).enumerate() {
            let id = u128::from(n) * 100 + u128::try_from(attempt).unwrap() + 1_000;
            let (store, order) = (Arc::clone(store), order(&call, day, hour, id));
            orders.push(tokio::spawn(async move { book(&store, &order).await }));
        }
        let mut ids = Vec::new();
        for order in orders {
            match order.await.unwrap() {
                BookingAnswer::Created(booking) | BookingAnswer::AlreadyHeld { booking, .. } => {
                    ids.push(booking.appointment_id);
                }
                other => panic!("{other:?}"),
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "call {n}");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_replaced() {
    let Some((database, store, _db)) = booked().await else {
        return;
    };
    let mut admin = PgConnection::connect(&database.admin_url())
        .await
        .expect("connect");
    for _ in 0..3 {
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            .execute(&mut admin)
            .await
            .expect("terminated");
        let shared: Shared = Arc::new(store.clone());
        let call = open(&shared, &key(1, "CA1"), Some(1), 1).await;
        let answer = book(&shared, &order(&call, TUESDAY, HALF_PAST_FOUR, 9)).await;
        assert!(
            matches!(answer, BookingAnswer::AlreadyHeld { .. }),
            "{answer:?}"
        );
    }
}

/// Somebody holds the caller's row for too long: the caller hears that nothing is known, in time, and nothing is written.
#[tokio::test]
async fn patience_has_an_end() {
    let Some((_database, store, mut db)) = booked().await else {
        return;
    };
    let shared: Shared = Arc::new(store.clone());
    let call = open(&shared, &key(1, "CA1"), Some(1), 1).await;
    run(&mut db, "BEGIN").await;
    run(&mut db, "SELECT 1 FROM lead FOR UPDATE").await;
    let began = tokio::time::Instant::now();
    let order = BookingOrder {
        one_more: true,
        ..order(&call, TUESDAY, time::Time::from_hms(9, 0, 0).unwrap(), 9)
    };
    let answer = store.create_appointment_from_realtime(&order).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    // The engine waits for the desk for six seconds.
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
    run(&mut db, "ROLLBACK").await;
    let answer = book(&shared, &order).await;
    assert!(matches!(answer, BookingAnswer::Created(_)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_that_start_together_migrate_once() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let url = database.url();
            tokio::spawn(async move {
                let store = SqlStore::open(&url).await.unwrap();
                let applied = store.migrate().await.unwrap().len();
                store.close().await;
                applied
            })
        })
        .collect();
    let mut applied = 0;
    for start in starts {
        applied += start.await.unwrap();
    }
    let store = SqlStore::open(&database.url()).await.unwrap();
    assert_eq!(applied, store.migration_status().await.unwrap().len());
    assert!(store.businesses().await.unwrap().is_empty());
    store.close().await;
}

/// What was shown under its lead's name is shown under it still, except where strangers shared the lead; and a request of
/// before is a task to book.
#[tokio::test]
async fn names_and_tasks_of_an_older_version_are_kept() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let mut db = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    let mut before = sqlx::migrate!("../../migrations/postgres");
    before.migrations.to_mut().truncate(1);
    before.run_direct(None, &mut db, false).await.unwrap();
    let rows = "
        SET toran.business_id = '*';
        INSERT INTO business (id, name, called_number, text, agent_gender)
            VALUES ('00000000-0000-0000-0000-000000000001', 'עסק', '+97230000001', '', 'female');
        INSERT INTO appointment_settings (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone)
            SELECT id, 'sun-fri', '09:00', '18:00', 30, 'Asia/Jerusalem' FROM business;
        INSERT INTO lead (id, business_id, phone, name, created_at) VALUES
            ('00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000001', '+972540000007', 'דוד', now()),
            ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000001', '+266696687', 'זר', now());
        INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at)
            SELECT business_id, CASE WHEN name = 'זר' THEN 'CA8' ELSE 'CA7' END, id, now(), now() FROM lead;
        INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, busy_from, busy_to, resource, seat, name, created_at)
            SELECT gen_random_uuid(), business_id, lead_id, call_sid, at, at + interval '30 min', at, at + interval '30 min',
            'main', seat, name, now() FROM call_session, (VALUES
            ('CA7', timestamptz '2026-11-24 14:30Z', 0, NULL), ('CA7', timestamptz '2026-11-24 15:00Z', 0, 'נועם'),
            ('CA8', timestamptz '2026-11-24 15:30Z', 0, NULL)) AS made (sid, at, seat, name) WHERE sid = call_sid;
        INSERT INTO task (id, business_id, lead_id, call_sid, requested_time, noted_at)
            SELECT gen_random_uuid(), business_id, lead_id, call_sid, '10:00', now() FROM call_session WHERE call_sid = 'CA7';";
    sqlx::raw_sql(rows).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let store = SqlStore::open(&database.url()).await.unwrap();
    assert!(!store.migrate().await.unwrap().is_empty());
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
    let name = Some(toran_domain::Pii::new("דוד".to_owned()));
    assert_eq!(shown, [(toran_domain::TaskKind::Booking, None, name)]);
    store.close().await;
}

#[tokio::test]
async fn the_state_of_a_schema_is_told() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let store = SqlStore::open(&database.url()).await.unwrap();
    let mut db = PgConnection::connect(&database.url()).await.unwrap();
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Empty);
    run(&mut db, "CREATE TABLE of_somebody_else (x INT)").await;
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Foreign);
    let needs = store.migrate().await.unwrap().last().unwrap().version;
    let current = SchemaState::Current { at: needs };
    assert_eq!(store.schema_state().await.unwrap(), current);
    run(
        &mut db,
        "INSERT INTO _sqlx_migrations VALUES (9000, 'later', now(), TRUE, '', 0)",
    )
    .await;
    let newer = SchemaState::Newer {
        at: 9_000,
        knows: needs,
    };
    assert_eq!(store.schema_state().await.unwrap(), newer);
    run(
        &mut db,
        &format!("DELETE FROM _sqlx_migrations WHERE version IN (9000, {needs})"),
    )
    .await;
    let state = store.schema_state().await.unwrap();
    assert!(
        matches!(state, SchemaState::Older { needs: it, .. } if it == needs),
        "{state:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn a_strange_schema_is_refused() {
    let Some((_database, store, mut db)) = booked().await else {
        return;
    };
    run(&mut db, "UPDATE _sqlx_migrations SET checksum = '\\x00'").await;
    let refused = store.migrate().await;
    assert!(
        matches!(refused, Err(MigrationError::Changed { version: 1 })),
        "{refused:?}"
    );
    run(
        &mut db,
        "UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1",
    )
    .await;
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
async fn a_value_that_toran_never_wrote_is_named() {
    let Some((_database, store, mut db)) = booked().await else {
        return;
    };
    for (column, statement) in [
        (
            "appointment_settings.time_zone",
            "UPDATE appointment_settings SET time_zone = 'Mars/Base'",
        ),
        (
            "appointment_settings.document",
            "UPDATE appointment_settings SET document = '{}'",
        ),
    ] {
        run(&mut db, statement).await;
        let read = store.business(business(1).id).await;
        let named = match &read {
            Err(StoreError::Corrupt { column, .. }) => column,
            other => panic!("{statement}: {other:?}"),
        };
        assert_eq!(*named, column, "{statement}");
    }
    let unreadable = store.call_session(&key(1, "CA1")).await;
    assert!(
        matches!(unreadable, Err(StoreError::Corrupt { .. })),
        "{unreadable:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_explained_without_its_password() {
    let refused = SqlStore::open("postgres://toran:hunter2@127.0.0.1:9/toran").await;
    let error = refused.expect_err("nobody listens there");
    assert!(matches!(error, OpenError::CannotOpen(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

/// A server that became read-only answers every question, and takes no write.
#[tokio::test]
async fn a_server_that_became_read_only_is_noticed() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    store.takes_writes(NOW).await.expect("takes_writes");
    let url = database.url();
    let mut db = PgConnection::connect(&url).await.expect("connect");
    for (setting, is_taken) in [("on", false), ("off", true)] {
        let set = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {setting}', current_database()); END $$"
        );
        // The connection's own default may be read-only by now.
        run(&mut db, "SET default_transaction_read_only = off").await;
        assert_eq!(run(&mut db, &set).await, "0 row");
        let later = SqlStore::open(&url).await.expect("open");
        assert_eq!(later.takes_writes(NOW).await.is_ok(), is_taken, "{setting}");
        assert!(later.businesses().await.is_ok());
        later.close().await;
    }
}

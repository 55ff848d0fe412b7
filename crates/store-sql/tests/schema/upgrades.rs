//! From each earlier schema, filled, to the newest one, while a gateway of before goes on writing and reading: nobody waits for
//! long, nothing is lost, everything is read right, and what guards the bookings guards them still.

mod before;
mod writer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use sqlx::{Connection as _, PgConnection, SqliteConnection, migrate::Migrator};
use time::{Duration as Span, UtcDateTime};
use toran_domain::{AppointmentId, LeadId};
use toran_store::{
    Appointments as _, BookingAnswer, Businesses as _, CallEnding, Calls as _, DeliveryState,
    Leads as _, Outbox as _, Tasks as _, Webhook,
    conformance::{HALF_PAST_FOUR, NOW, Shared, TUESDAY, book, business, key, open, order, phone},
};
use toran_store_sql::SqlStore;
use toran_test_postgres::TestDatabase;
use uuid::Uuid;

use self::{
    before::{Before, Level},
    writer::{Written, write},
};
use crate::{raw::Raw, support::TempDatabase, turns::WRONG_NEXT};

/// How many leads, calls and events there are beside those that are looked at one by one.
const SOME: u32 = 300;
/// As many as a deployment has after years.
const MANY: u32 = 100_000;
/// How long a gateway waits for the database: see `database::PATIENCE`.
const PATIENCE: Duration = Duration::from_secs(5);
const LATER: UtcDateTime = NOW.saturating_add(Span::HOUR);

fn id(n: u32) -> Uuid {
    format!("00000000-0000-0000-0000-{n:012}")
        .parse()
        .expect("an id")
}

/// Migrates a database that a gateway left at a version, and looks at everything. Returns the longest wait of who wrote.
async fn upgrade(url: &str, before: &Before) -> Duration {
    let mut raw = Raw::connect(url).await;
    before.fill(&mut raw).await;
    let counted = before.count(&mut raw).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write(url.to_owned(), before.level, Arc::clone(&stop)));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let store = SqlStore::open(url).await.expect("open");
    let applied = store.migrate().await.expect("migrated").len();
    assert!(applied > 0);
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    let written = writing.await.expect("the writer panicked");
    assert_eq!(written.errors, [""; 0], "from {}", before.version);
    assert!(written.times > 2, "the writer hardly wrote: {written:?}");
    assert!(
        written.longest < PATIENCE,
        "from {}: {written:?}",
        before.version
    );

    for (table, rows) in counted {
        let now = before.count_of(&mut raw, table).await;
        let expected = rows + written.rows(table, before.level);
        assert_eq!(now, expected, "{table}, from {}", before.version);
    }
    assert_eq!(raw.number(WRONG_NEXT).await, 0, "from {}", before.version);
    reads_right(&store, before.level, &written).await;
    if before.level >= Level::Outbox {
        delivers(&store, &written).await;
    }
    books(&store, &mut raw).await;
    store.close().await;
    written.longest
}

/// Everything of before, through the store.
async fn reads_right(store: &SqlStore, level: Level, written: &Written) {
    let one = business(1).id;
    let businesses = store.businesses().await.expect("businesses");
    assert_eq!(businesses.len(), 2);
    assert_eq!(businesses[0].settings, business(1).settings);
    let lead = store.lead_by_phone(one, &phone(11)).await.expect("lead");
    let lead = lead.expect("it is there");
    assert_eq!(lead.lead_id, LeadId::from_uuid(id(11)));
    assert_eq!(
        lead.name.map(|name| name.expose().clone()).as_deref(),
        Some("דוד")
    );

    let years = Span::days(3_650);
    let rows = store
        .appointments(one, NOW - years, NOW + years)
        .await
        .expect("appointments");
    assert_eq!(rows.len() as u64, 2 + written.times);
    let named = |n: u32| {
        let appointment_id = AppointmentId::from_uuid(id(n));
        let row = rows
            .iter()
            .find(|row| row.booking.appointment_id == appointment_id);
        let name = row.expect("it is there").name.as_ref();
        name.map(|name| name.expose().as_str())
    };
    assert_eq!((named(21), named(22)), (Some("דוד"), Some("נועם")));
    let history = store.history(one, AppointmentId::from_uuid(id(21))).await;
    assert_eq!(history.expect("history").len(), 1);

    let call = store
        .call_session(&key(1, "CA1"))
        .await
        .expect("a session")
        .expect("there");
    assert_eq!(call.ending, Some(CallEnding::HungUp));
    let confirmed = call.last_confirmed.map(|booking| booking.appointment_id);
    assert_eq!(confirmed, Some(AppointmentId::from_uuid(id(21))));
    let live = store
        .call_session(&key(1, "CA2"))
        .await
        .expect("a session")
        .expect("there");
    let expected = (level < Level::Outbox).then_some(CallEnding::Abandoned);
    assert_eq!(live.ending, expected);
    let said = store.transcript(&key(1, "CA1")).await.expect("transcript");
    let said: Vec<&str> = said
        .iter()
        .map(|line| line.text.expose().as_str())
        .collect();
    assert_eq!(said, ["שלום", "שלום, מספרת דנה"]);
    let usage = store.usage(&key(1, "CA1")).await.expect("usage");
    assert_eq!(usage.len(), 1);
    assert_eq!(usage[0].usage.audio_in, 300);
    let again = store
        .redeem_stream_token(id(31), NOW + Span::HOUR, NOW)
        .await;
    assert!(!again.expect("redeem"), "a token of before is used up");
    if level >= Level::Outbox {
        let tasks = store.tasks(one, true).await.expect("tasks");
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].requested.time, Some(HALF_PAST_FOUR));
    }
}

/// What waited of before leaves in order, what the older gateway wrote meanwhile does too, and what may not leave stays.
async fn delivers(store: &SqlStore, written: &Written) {
    let one = business(1).id;
    let mut delivered = Vec::new();
    loop {
        let claimed = store
            .claim_deliveries(LATER, Span::MINUTE, 64)
            .await
            .expect("claim");
        if claimed.is_empty() {
            break;
        }
        for delivery in claimed {
            store.delivered(&delivery, LATER).await.expect("delivered");
            delivered.push(*delivery.event_id.as_uuid());
        }
    }
    let place = |n: u32| delivered.iter().position(|delivered| *delivered == id(n));
    assert!(
        place(42) < place(43) && place(42).is_some(),
        "{delivered:?}"
    );
    assert_eq!(delivered.len() as u64, 2 + written.times);
    let waiting = store
        .events(one, Some(DeliveryState::Pending), 10)
        .await
        .expect("events");
    let waiting: Vec<Uuid> = waiting.iter().map(|row| *row.event_id.as_uuid()).collect();
    assert_eq!(
        waiting,
        [id(46), id(44)],
        "one behind a dead letter, one of a live call"
    );
    assert_eq!(store.replay(one, None, LATER).await.expect("replay"), 1);
    let replayed = store
        .claim_deliveries(LATER, Span::MINUTE, 64)
        .await
        .expect("claim");
    assert_eq!(
        replayed
            .iter()
            .map(|it| *it.event_id.as_uuid())
            .collect::<Vec<_>>(),
        [id(45)]
    );
    // Nobody wanted the second business's so far.
    let webhook = Webhook {
        url: "https://crm.example/hook".to_owned(),
        secret: SecretString::from("whsec_c2VjcmV0"),
        public_only: false,
    };
    assert!(
        store
            .set_webhook(business(2).id, Some(&webhook))
            .await
            .expect("set_webhook")
    );
    let claimed = store
        .claim_deliveries(LATER, Span::MINUTE, 64)
        .await
        .expect("claim");
    assert_eq!(
        claimed
            .iter()
            .filter(|it| it.business_id == business(2).id)
            .count(),
        4
    );
}

/// Bookings go on, and neither the code nor the database gives one place twice.
async fn books(store: &SqlStore, raw: &mut Raw) {
    let shared: Shared = Arc::new(store.clone());
    let call = open(&shared, &key(1, "CA-new"), Some(99), 0x99).await;
    let nine = time::macros::time!(9:00);
    let made = book(&shared, &order(&call, TUESDAY, nine, 0x901)).await;
    assert!(matches!(made, BookingAnswer::Created(_)), "{made:?}");
    let other = open(&shared, &key(1, "CA-other"), Some(98), 0x98).await;
    for taken in [nine, HALF_PAST_FOUR] {
        let refused = book(&shared, &order(&other, TUESDAY, taken, 0x902)).await;
        assert!(matches!(refused, BookingAnswer::Refused(_)), "{refused:?}");
    }
    let (new, old) = (raw.id(77), raw.id(21));
    let sql = before::copied_appointment(raw, &new, &old);
    let refused = raw.try_run(&sql).await.expect_err("an overlap");
    assert!(
        refused.to_string().contains("appointment_overlap"),
        "{refused}"
    );
}

/// A SQLite database as a gateway left it that knew so many migrations.
async fn sqlite_at(version: i64) -> TempDatabase {
    let file = TempDatabase::new();
    // The store makes the file as gateways make it: private, with its log.
    SqlStore::open(&file.url())
        .await
        .expect("open")
        .close()
        .await;
    let mut db = SqliteConnection::connect(&file.url())
        .await
        .expect("connect");
    let mut migrator: Migrator = sqlx::migrate!("../../migrations/sqlite");
    migrator
        .migrations
        .to_mut()
        .retain(|it| it.version <= version);
    migrator
        .run_direct(None, &mut db, false)
        .await
        .expect("migrated");
    db.close().await.expect("closed");
    file
}

/// A PostgreSQL database as a gateway left it that knew so many migrations.
async fn postgres_at(version: i64) -> Option<TestDatabase> {
    let database = TestDatabase::create().await?;
    let mut db = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    let mut migrator: Migrator = sqlx::migrate!("../../migrations/postgres");
    migrator
        .migrations
        .to_mut()
        .retain(|it| it.version <= version);
    migrator
        .run_direct(None, &mut db, false)
        .await
        .expect("migrated");
    db.close().await.expect("closed");
    Some(database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_upgraded_from_every_version() {
    let newest = sqlx::migrate!("../../migrations/sqlite").iter().count();
    for version in 1..i64::try_from(newest).expect("few") {
        let file = sqlite_at(version).await;
        upgrade(&file.url(), &Before::sqlite(version, SOME)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_upgraded_from_every_version() {
    let newest = sqlx::migrate!("../../migrations/postgres").iter().count();
    for version in 1..i64::try_from(newest).expect("few") {
        let Some(database) = postgres_at(version).await else {
            return;
        };
        upgrade(&database.url(), &Before::postgres(version, SOME)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: a hundred thousand rows of everything"]
async fn large_databases_are_upgraded() {
    let file = sqlite_at(6).await;
    let longest = upgrade(&file.url(), &Before::sqlite(6, MANY)).await;
    println!("SQLite: the longest wait of a writer was {longest:?}");
    let Some(database) = postgres_at(4).await else {
        return;
    };
    let longest = upgrade(&database.url(), &Before::postgres(4, MANY)).await;
    println!("PostgreSQL: the longest wait of a writer was {longest:?}");
}

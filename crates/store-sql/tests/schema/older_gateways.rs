//! What a gateway does that is older than the schema: its statements, kept in `older/` as it wrote them, are understood by the
//! newest schema, and its courier and a newer one work side by side.

use std::{fs, path::Path};

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use time::{Duration, UtcDateTime, macros::utc_datetime};
use toran_domain::{AgentGender, Business, BusinessId, BusinessText};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use toran_store::{Businesses as _, DeliveryState, Outbox as _, Webhook};
use toran_store_sql::SqlStore;
use uuid::Uuid;

use crate::{fresh::fresh_postgres, raw::Raw, support::TempDatabase};

const NOW: UtcDateTime = utc_datetime!(2026-11-23 8:00);
/// What an older gateway writes where an event waits for something else than time.
const HELD: i64 = 253_370_764_800;
const LEASE: Duration = Duration::MINUTE;

/// The statements of an older gateway, by name.
struct Older(Vec<(String, String)>);

impl Older {
    /// As `dialect-version.sql` has them.
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/schema/older")
            .join(name);
        let text = fs::read_to_string(path).expect("its statements");
        let lines: Vec<&str> = text.lines().collect();
        let pairs = lines.chunks_exact(2).map(|pair| {
            let name = pair[0].strip_prefix("-- ").expect("a name");
            (name.to_owned(), pair[1].trim_end_matches(';').to_owned())
        });
        Self(pairs.collect())
    }

    /// One of them, with values in the places of its parameters.
    fn say(&self, name: &str, values: &[String]) -> String {
        let (_, sql) = self
            .0
            .iter()
            .find(|(known, _)| known == name)
            .expect("a statement");
        let numbered = values.iter().enumerate().rev();
        numbered.fold(sql.clone(), |sql, (n, value)| {
            sql.replace(&format!("${}", n + 1), value)
        })
    }
}

/// Prepares everything that an older gateway says. For as long as the floor allows such a gateway.
async fn understands(mut raw: Raw, name: &str, version: i64) {
    let floor = raw
        .number("SELECT version FROM schema_floor WHERE id = 1")
        .await;
    assert!(
        floor <= version,
        "{name}: such gateways are refused; their statements need not be kept"
    );
    let older = Older::read(name);
    assert!(older.0.len() > 100);
    for (known, sql) in &older.0 {
        let sql = AssertSqlSafe(sql.clone()).into_sql_str();
        let prepared = match &mut raw {
            Raw::Sqlite(connection) => connection.prepare(sql).await.map(|_| ()),
            Raw::Postgres(connection) => connection.prepare(sql).await.map(|_| ()),
        };
        assert!(prepared.is_ok(), "{known}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn sqlite_understands_older_gateways() {
    let file = TempDatabase::new();
    let _store = file.open().await;
    understands(Raw::connect(&file.url()).await, "sqlite-6.sql", 6).await;
}

#[tokio::test]
async fn postgres_understands_older_gateways() {
    let Some((_store, database)) = fresh_postgres().await else {
        return;
    };
    understands(Raw::connect(&database.url()).await, "postgres-4.sql", 4).await;
}

fn business() -> Business {
    let zone = TimeZoneName::jerusalem();
    let hours = (time::macros::time!(9:00), time::macros::time!(18:00));
    let days = "sun-fri".parse().expect("days");
    let settings = AppointmentSettings::simple(days, hours.0, hours.1, 30, zone);
    Business {
        id: BusinessId::from_uuid(Uuid::from_u128(1)),
        name: "דנה".to_owned(),
        called_number: "+972721234567".parse().expect("a number"),
        text: BusinessText::default(),
        agent_name: None,
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: toran_domain::Terms::default(),
        settings: settings.expect("settings"),
    }
}

/// An older gateway's courier, by its own statements, beside this one.
struct Courier {
    raw: Raw,
    older: Older,
}

impl Courier {
    /// Values of the business, an event of it, and instants.
    fn values(&self, event: u32, instants: &[i64]) -> Vec<String> {
        let ids = [self.raw.id(1), self.raw.id(event)];
        let instants = instants.iter().map(|at| self.raw.at(*at));
        ids.into_iter().chain(instants).collect()
    }

    async fn put(&mut self, event: u32) {
        let raw = &self.raw;
        let nothing = "NULL".to_owned();
        let words = ["'lead.updated'".to_owned(), "'{}'".to_owned()];
        let mut values = vec![
            raw.id(1),
            raw.id(event),
            raw.id(7),
            nothing.clone(),
            nothing,
        ];
        values.extend(words);
        values.extend([raw.at(NOW.unix_timestamp()), raw.at(HELD)]);
        let sql = self.older.say("outbox::PUT", &values);
        self.raw.run(&sql).await;
    }

    /// How many an older gateway claims, and for how long.
    async fn claim(&mut self, now: UtcDateTime) -> i64 {
        let until = now + LEASE;
        let mut values = [now, until]
            .map(|at| self.raw.at(at.unix_timestamp()))
            .to_vec();
        values.push("64".to_owned());
        let sql = self.older.say("outbox::CLAIM", &values);
        self.raw.run(&sql).await;
        let until = self.raw.at(until.unix_timestamp());
        let leased = format!(
            "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND leased_until = {until}"
        );
        self.raw.number(&leased).await
    }

    async fn say(&mut self, name: &str, values: Vec<String>) {
        let sql = self.older.say(name, &values);
        self.raw.run(&sql).await;
    }

    /// As an older gateway notes that it gave an event up.
    async fn give_up(&mut self, event: u32) {
        let mut failed = self.values(event, &[]);
        failed.extend([
            "1".to_owned(),
            "'gone'".to_owned(),
            "'dead'".to_owned(),
            self.raw.at(HELD),
        ]);
        self.say("outbox::FAILED", failed).await;
        let held = self.values(event, &[HELD]);
        self.say("outbox::HOLD_BACK", held).await;
    }
}

async fn side_by_side(store: SqlStore, raw: Raw, older: &str) {
    let mut theirs = Courier {
        raw,
        older: Older::read(older),
    };
    let id = business().id;
    store.add_business(&business()).await.expect("added");
    let (lead, shop, at) = (
        theirs.raw.id(7),
        theirs.raw.id(1),
        theirs.raw.at(NOW.unix_timestamp()),
    );
    theirs
        .raw
        .run(&format!(
            "INSERT INTO lead (id, business_id, created_at) VALUES ({lead}, {shop}, {at})"
        ))
        .await;
    // Written while there is no webhook: held for ever, as the older one means it.
    for event in [11, 12, 13, 14] {
        theirs.put(event).await;
    }
    let mut now = NOW + Duration::HOUR;
    assert_eq!(
        store
            .claim_deliveries(now, LEASE, 64)
            .await
            .expect("claim")
            .len(),
        0
    );
    let webhook = Webhook {
        url: "https://crm.example/hook".to_owned(),
        secret: SecretString::from("whsec_c2VjcmV0"),
        public_only: false,
    };
    assert!(store.set_webhook(id, Some(&webhook)).await.expect("set"));
    // The newer one has the first, and neither has another of the lead meanwhile.
    let first = store.claim_deliveries(now, LEASE, 64).await.expect("claim");
    assert_eq!(first.len(), 1);
    assert_eq!(theirs.claim(now).await, 1, "the newer one's alone");
    store.delivered(&first[0], now).await.expect("delivered");
    // The older one has the second.
    now += Duration::SECOND;
    let let_go = [
        theirs.raw.id(1),
        theirs.raw.at(now.unix_timestamp()),
        theirs.raw.at(HELD),
    ];
    theirs.say("outbox::LET_GO", let_go.to_vec()).await;
    assert_eq!(theirs.claim(now).await, 1);
    assert_eq!(
        store
            .claim_deliveries(now, LEASE, 64)
            .await
            .expect("claim")
            .len(),
        0
    );
    let delivered = theirs.values(12, &[now.unix_timestamp()]);
    theirs.say("outbox::DELIVERED", delivered).await;
    // It gives the third up. The newer one replays it, and goes on to the fourth, which the older one had held back.
    now += Duration::SECOND;
    assert_eq!(theirs.claim(now).await, 1);
    theirs.give_up(13).await;
    assert_eq!(
        store
            .claim_deliveries(now, LEASE, 64)
            .await
            .expect("claim")
            .len(),
        0
    );
    assert_eq!(store.replay(id, None, now).await.expect("replay"), 1);
    for _ in 0..2 {
        let next = store.claim_deliveries(now, LEASE, 64).await.expect("claim");
        assert_eq!(next.len(), 1);
        store.delivered(&next[0], now).await.expect("delivered");
    }
    let rows = store.events(id, None, 10).await.expect("events");
    assert_eq!(rows.len(), 4);
    assert!(
        rows.iter().all(|row| row.state == DeliveryState::Delivered),
        "{rows:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn an_older_courier_and_a_newer_one_share_sqlite() {
    let file = TempDatabase::new();
    let store = file.open().await;
    side_by_side(store, Raw::connect(&file.url()).await, "sqlite-6.sql").await;
}

#[tokio::test]
async fn an_older_courier_and_a_newer_one_share_postgres() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    let raw = Raw::connect(&database.url()).await;
    side_by_side(store, raw, "postgres-4.sql").await;
}

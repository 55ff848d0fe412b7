//! Whose turn it is in the outbox, as the triggers of both databases keep it: always what the events themselves say, whichever
//! gateway wrote them, and nothing is forgotten when many write and deliver at once.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use proptest::{
    prelude::any,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, TestRunner},
};
use secrecy::SecretString;
use time::{Duration as Span, UtcDateTime, macros::utc_datetime};
use tokio::{sync::Mutex, time::timeout};
use toran_domain::EventId;
use toran_store::{
    CallEnding, Calls as _, Delivery, DeliveryState, Outbox as _, Webhook,
    conformance::{NOW, Shared, add, business, key, open},
};
use toran_store_sql::SqlStore;

use crate::{fresh::fresh_postgres, raw::Raw, support::TempDatabase};

/// Of how many businesses, each with so many leads, each with so many calls.
const BUSINESSES: u32 = 2;
const LEADS: u32 = 3;
const CALLS: u32 = 2;
/// How many things happen.
const STEPS: usize = 400;
/// An instant in the middle of what is written, in seconds.
const NOON: i64 = 1_800_000_000;
/// What an older gateway writes where an event waits for something else than time.
const HELD: i64 = 253_370_764_800;

/// What happens to the outbox, by statements such as gateways write.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    business: u32,
    lead: u32,
    call: u32,
    seconds: i64,
}

type Numbers = (u8, u8, u8, u8, u8);

impl Step {
    fn of((what, business, lead, call, minutes): Numbers) -> Self {
        Self {
            what: what % 18,
            business: u32::from(business) % BUSINESSES + 1,
            lead: u32::from(lead) % LEADS + 1,
            call: u32::from(call) % (CALLS + 1),
            seconds: NOON + i64::from(minutes % 60) * 60,
        }
    }

    fn sql(self, raw: &Raw, n: usize) -> String {
        let business = raw.id(self.business);
        let lead = raw.id(self.business * 10 + self.lead);
        let at = raw.at(self.seconds);
        let held = raw.at(HELD);
        let sid = format!("'CA{}-{}-{}'", self.business, self.lead, self.call);
        let mine = format!("business_id = {business} AND lead_id = {lead}");
        let end = if self.call == 0 { "MAX" } else { "MIN" };
        let either_end =
            format!("seq = (SELECT {end}(seq) FROM outbox WHERE {mine} AND state = 'pending')");
        let next = format!("business_id = {business} AND is_next");
        match self.what {
            0..=4 => {
                let sid = if self.call == 0 { "NULL" } else { &sid };
                let due = if self.what == 4 { &held } else { &at };
                let id = raw.id(1_000_000 + u32::try_from(n).expect("few steps"));
                format!(
                    "INSERT INTO outbox (id, business_id, lead_id, call_sid, kind, data, at, next_at) \
                     VALUES ({id}, {business}, {lead}, {sid}, 'lead.updated', '{{}}', {at}, {due})"
                )
            }
            16 if self.call == 0 => format!("DELETE FROM webhook WHERE business_id = {business}"),
            5 | 16 => format!(
                "UPDATE call_session SET ended_at = {at}, ending = 'hung_up' WHERE call_sid = {sid} AND ended_at IS NULL"
            ),
            6 => format!(
                "UPDATE call_session SET ended_at = NULL, ending = NULL \
                 WHERE call_sid IN (SELECT call_sid FROM outbox WHERE {next} AND {mine})"
            ),
            7 | 8 => format!(
                "UPDATE outbox SET leased_until = {at}, attempts = attempts + 1 WHERE {next} AND {mine}; \
                 UPDATE outbox_turn SET served_at = {at} WHERE business_id = {business}"
            ),
            9 => format!(
                "UPDATE outbox SET state = 'delivered', done_at = {at}, leased_until = NULL, last_error = NULL WHERE {next} AND {mine}"
            ),
            10 => format!(
                "UPDATE outbox SET next_at = {at}, last_error = 'timeout', leased_until = NULL WHERE {next} AND {mine}"
            ),
            11 => format!(
                "UPDATE outbox SET state = 'dead', next_at = {held}, last_error = 'gone', leased_until = NULL WHERE {next} AND {mine}"
            ),
            12 => format!(
                "UPDATE outbox SET state = 'pending', attempts = 0, next_at = {at}, leased_until = NULL \
                 WHERE business_id = {business} AND state = 'dead'"
            ),
            13 => {
                format!("UPDATE outbox SET state = 'discarded', done_at = {at} WHERE {either_end}")
            }
            14 => format!("DELETE FROM outbox WHERE {either_end}"),
            15 => {
                let other = raw.id(self.business * 10 + self.call + 1);
                format!(
                    "UPDATE outbox SET lead_id = {other} WHERE {mine} AND state IN ('pending', 'dead')"
                )
            }
            _ => format!(
                "INSERT INTO webhook (business_id, url, secret) VALUES ({business}, 'https://crm.example', 'whsec_') \
                 ON CONFLICT DO NOTHING"
            ),
        }
    }
}

/// Businesses, leads and calls for the events.
async fn people(raw: &mut Raw) {
    for business in 1..=BUSINESSES {
        let id = raw.id(business);
        raw.run(&format!(
            "INSERT INTO business (id, name, called_number, text, agent_gender) \
             VALUES ({id}, 'עסק', '+9723000000{business}', '', 'female')"
        ))
        .await;
        for lead in 1..=LEADS {
            let (lead_id, at) = (raw.id(business * 10 + lead), raw.at(NOON));
            raw.run(&format!(
                "INSERT INTO lead (id, business_id, created_at) VALUES ({lead_id}, {id}, {at})"
            ))
            .await;
            for call in 1..=CALLS {
                raw.run(&format!(
                    "INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at) \
                     VALUES ({id}, 'CA{business}-{lead}-{call}', {lead_id}, {at}, {at})"
                ))
                .await;
            }
        }
    }
}

/// Where the flag of an event is not what its lead's events and its call say.
pub(crate) const WRONG_NEXT: &str = "SELECT COUNT(*) FROM outbox AS event WHERE event.is_next <> (event.state = 'pending' \
    AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.business_id = event.business_id \
        AND earlier.lead_id = event.lead_id AND earlier.state IN ('pending', 'dead') AND earlier.seq < event.seq) \
    AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = event.business_id \
        AND call.call_sid = event.call_sid AND call.ended_at IS NULL))";

/// Whole seconds of a column that is an instant.
fn seconds(raw: &Raw, column: &str) -> String {
    if raw.is_postgres() {
        format!("extract(epoch FROM {column})::bigint")
    } else {
        column.to_owned()
    }
}

/// From when something of a business may be claimed, by its events one by one; 0: never.
async fn due_by_events(raw: &mut Raw, business: u32) -> (bool, i64) {
    let id = raw.id(business);
    let (next_at, leased_until) = (seconds(raw, "next_at"), seconds(raw, "leased_until"));
    let mut ask = async |what: &str, rest: &str| {
        let sql = format!(
            "SELECT COALESCE({what}, 0) FROM outbox WHERE business_id = {id} AND state = 'pending' {rest}"
        );
        raw.number(&sql).await
    };
    let fails = ask("COUNT(*)", "AND last_error IS NOT NULL").await > 0;
    let later = format!("CASE WHEN leased_until > next_at THEN {leased_until} ELSE {next_at} END");
    let first = ask(&format!("MIN({later})"), "AND is_next").await;
    let mut leases = Vec::new();
    for n in 0.. {
        let nth =
            format!("AND leased_until IS NOT NULL ORDER BY leased_until DESC LIMIT 1 OFFSET {n}");
        let sql = format!(
            "SELECT COALESCE((SELECT {leased_until} FROM outbox WHERE business_id = {id} AND state = 'pending' {nth}), 0)"
        );
        match raw.number(&sql).await {
            0 => break,
            lease => leases.push(lease),
        }
    }
    let room = leases.get(if fails { 0 } else { 3 }).copied();
    let served = seconds(raw, "served_at");
    let served = raw
        .number(&format!(
            "SELECT COALESCE(MAX({served}), 0) FROM outbox_turn WHERE business_id = {id}"
        ))
        .await;
    let webhooks = raw
        .number(&format!(
            "SELECT COUNT(*) FROM webhook WHERE business_id = {id}"
        ))
        .await;
    let due = if first == 0 || webhooks == 0 {
        0
    } else {
        first.max(room.unwrap_or(0)).max(served)
    };
    (fails, due)
}

async fn check(raw: &mut Raw, trail: &[Step]) {
    assert_eq!(raw.number(WRONG_NEXT).await, 0, "after {trail:?}");
    let held = raw.at(HELD);
    let waits_for_ever = format!("SELECT COUNT(*) FROM outbox WHERE is_next AND next_at >= {held}");
    assert_eq!(raw.number(&waits_for_ever).await, 0, "after {trail:?}");
    for business in 1..=BUSINESSES {
        let (fails, due) = due_by_events(raw, business).await;
        let (id, due_at) = (raw.id(business), seconds(raw, "due_at"));
        let turn = format!("FROM outbox_turn WHERE business_id = {id}");
        let failing = format!("SELECT COUNT(*) {turn} AND failing");
        assert_eq!(
            raw.number(&failing).await,
            i64::from(fails),
            "after {trail:?}"
        );
        let due_at = format!("SELECT COALESCE(MAX({due_at}), 0) {turn}");
        assert_eq!(raw.number(&due_at).await, due, "after {trail:?}");
    }
}

/// A long random walk on one database, checked after each step.
async fn walk(mut raw: Raw) {
    people(&mut raw).await;
    let mut runner = TestRunner::new(Config::default());
    let steps = proptest::collection::vec(any::<Numbers>().prop_map(Step::of), STEPS);
    // First of all the only event of a business is deleted, which chance does seldom.
    let mut trail = [(17, 0, 0, 0, 0), (0, 0, 0, 0, 0), (14, 0, 0, 1, 0)]
        .map(Step::of)
        .to_vec();
    trail.extend(steps.new_tree(&mut runner).expect("steps").current());
    for n in 1..=trail.len() {
        let sql = trail[n - 1].sql(&raw, n);
        raw.run(&sql).await;
        check(&mut raw, &trail[..n]).await;
    }
}

#[tokio::test]
async fn sqlite_keeps_the_turns_right() {
    let file = TempDatabase::new();
    let store = file.open().await;
    walk(Raw::connect(&file.url()).await).await;
    store.close().await;
}

#[tokio::test]
async fn postgres_keeps_the_turns_right() {
    let Some((_store, database)) = fresh_postgres().await else {
        return;
    };
    walk(Raw::connect(&database.url()).await).await;
}

/// How many call at once, how often, and how many deliver.
const CALLERS: u32 = 6;
const CALLS_EACH: u32 = 25;
const COURIERS: usize = 3;
const PATIENCE: Duration = Duration::from_mins(1);
/// When everything is delivered.
const LATER: UtcDateTime = utc_datetime!(2026-11-23 9:00);

/// Calls of a few leads, each of whom calls again and again, some of them from two places at once.
async fn call(store: SqlStore, caller: u32) {
    let shared: Shared = Arc::new(store.clone());
    for n in 0..CALLS_EACH {
        let key = key(n % BUSINESSES + 1, &format!("CA{caller}-{n}"));
        open(
            &shared,
            &key,
            Some(caller % 4),
            (1_000 * caller + n + 1).into(),
        )
        .await;
        let ended = store.end_call(&key, CallEnding::HungUp, NOW).await;
        ended.expect("end_call");
    }
}

/// What the couriers did.
#[derive(Default)]
struct Done {
    delivered: Mutex<Vec<EventId>>,
    given_up: Mutex<BTreeSet<EventId>>,
    stop: AtomicBool,
}

impl Done {
    /// Reports what came of one: some arrive at the second attempt, some are dead letters that are replayed.
    async fn report(&self, store: &SqlStore, delivery: &Delivery) {
        let id = delivery.event_id;
        let luck = id.as_uuid().as_u128() % 10;
        if luck == 0 && delivery.attempt == 1 {
            let noted = store.not_delivered(delivery, "timeout", Some(LATER));
            noted.await.expect("not_delivered");
        } else if luck == 1 && self.given_up.lock().await.insert(id) {
            let noted = store.not_delivered(delivery, "status 410", None);
            noted.await.expect("not_delivered");
            let replayed = store.replay(delivery.business_id, None, LATER);
            replayed.await.expect("replay");
        } else {
            self.delivered.lock().await.push(id);
            store.delivered(delivery, LATER).await.expect("delivered");
        }
    }
}

async fn deliver(store: SqlStore, done: Arc<Done>) {
    while !done.stop.load(Ordering::Relaxed) {
        let claimed = store.claim_deliveries(LATER, Span::MINUTE, 16).await;
        let claimed = claimed.expect("claim_deliveries");
        for delivery in &claimed {
            done.report(&store, delivery).await;
        }
        if claimed.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The events of every business in a state, or all of them.
async fn events(store: &SqlStore, state: Option<DeliveryState>) -> Vec<EventId> {
    let mut all = Vec::new();
    for n in 1..=BUSINESSES {
        let events = store.events(business(n).id, state, 100_000).await;
        all.extend(events.expect("events").iter().map(|row| row.event_id));
    }
    all
}

/// Stores that stand for gateways call and deliver at once: in the end everything was delivered, once.
async fn nothing_is_forgotten(stores: &[SqlStore]) {
    let shared: Shared = Arc::new(stores[0].clone());
    for n in 1..=BUSINESSES {
        let id = add(&shared, n).await.id;
        let webhook = Webhook {
            url: "https://crm.example/hook".to_owned(),
            secret: SecretString::from("whsec_c2VjcmV0"),
            public_only: false,
        };
        let set = stores[0].set_webhook(id, Some(&webhook)).await;
        assert!(set.expect("set_webhook"));
    }
    let done = Arc::<Done>::default();
    let mut gateways = stores.iter().cycle().cloned();
    let couriers: Vec<_> = gateways
        .by_ref()
        .take(COURIERS)
        .map(|store| tokio::spawn(deliver(store, Arc::clone(&done))))
        .collect();
    let callers: Vec<_> = (0..CALLERS)
        .zip(gateways)
        .map(|(caller, store)| tokio::spawn(call(store, caller)))
        .collect();
    for caller in callers {
        caller.await.expect("a caller panicked");
    }
    let all_done = async {
        for state in [DeliveryState::Pending, DeliveryState::Dead] {
            while !events(&stores[0], Some(state)).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let in_time = timeout(PATIENCE, all_done).await;
    done.stop.store(true, Ordering::Relaxed);
    for courier in couriers {
        courier.await.expect("a courier panicked");
    }
    let left = events(&stores[0], Some(DeliveryState::Pending)).await.len();
    assert!(in_time.is_ok(), "{left} events were forgotten");
    let mut all = events(&stores[0], None).await;
    let mut delivered = done.delivered.lock().await.clone();
    all.sort_unstable();
    delivered.sort_unstable();
    assert_eq!(delivered, all, "each is delivered, and once");
    assert!(all.len() >= (CALLERS * CALLS_EACH) as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_forgets_nothing_under_load() {
    let file = TempDatabase::new();
    nothing_is_forgotten(&[file.open().await, file.open().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_forgets_nothing_under_load() {
    let Some((store, database)) = fresh_postgres().await else {
        return;
    };
    let other = SqlStore::open(&database.url()).await.expect("open");
    nothing_is_forgotten(&[store.clone(), other.clone()]).await;
    store.close().await;
    other.close().await;
    let deadlocks = database.deadlocks().await.expect("the server tells");
    assert_eq!(deadlocks, 0, "gateways stood in each other's way");
}

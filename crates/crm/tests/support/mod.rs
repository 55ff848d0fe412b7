//! An outbox that is only a list, a clock that is set by hand, and receivers.

#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use std::{
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use time::{UtcDateTime, macros::utc_datetime};
use toran_crm::{Courier, CrmConfig};
use toran_domain::{BusinessId, EventId, LeadId};
use toran_store::{
    Delivery, DeliveryState, EventKind, EventRow, LeadRow, Outbox, StoreError, Webhook,
};
use tracing::{Level, subscriber::DefaultGuard};
use uuid::Uuid;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const START: UtcDateTime = utc_datetime!(2026-11-23 8:00:07.5);

pub(crate) fn event_id(number: u128) -> EventId {
    EventId::from_uuid(Uuid::from_u128(number))
}

/// An event that is due, about a caller whose number and name are known.
pub(crate) fn delivery(number: u128, url: &str) -> Delivery {
    Delivery {
        event_id: event_id(number),
        business_id: BusinessId::from_uuid(Uuid::from_u128(1)),
        kind: EventKind::AppointmentCreated,
        at: utc_datetime!(2026-11-23 7:59:58),
        call_sid: Some("CA1".parse().unwrap()),
        data: r#"{"appointment_id":"a1","date":"2026-11-24","time":"16:30"}"#.to_owned(),
        lead: LeadRow {
            lead_id: LeadId::from_uuid(Uuid::from_u128(2)),
            phone: Some("+972541234567".parse().unwrap()),
            given_phone: None,
            name: Some("דנה".to_owned().into()),
            created_at: START,
            erased_at: None,
        },
        name: None,
        words: None,
        attempt: 1,
        webhook: Webhook {
            url: url.to_owned(),
            secret: SECRET.into(),
            public_only: false,
        },
    }
}

/// What the store was told of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Delivered(EventId),
    Failed {
        event_id: EventId,
        why: String,
        retry_at: Option<UtcDateTime>,
    },
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now: UtcDateTime,
    pub(crate) away: bool,
    /// So many reports are refused before one is taken.
    pub(crate) refused_reports: u32,
    pub(crate) due: Vec<(UtcDateTime, Delivery)>,
    pub(crate) claims: Vec<(time::Duration, u32)>,
    pub(crate) told: Vec<Told>,
    pub(crate) under_way: usize,
    pub(crate) most_under_way: usize,
}

/// The double: an outbox of which only the courier's half works.
#[derive(Debug)]
pub(crate) struct ListedOutbox(Mutex<State>);

impl ListedOutbox {
    pub(crate) fn new(due: impl IntoIterator<Item = Delivery>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            now: START,
            away: false,
            refused_reports: 0,
            due: due.into_iter().map(|delivery| (START, delivery)).collect(),
            claims: Vec::new(),
            told: Vec::new(),
            under_way: 0,
            most_under_way: 0,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.state().told.clone()
    }

    fn report(&self, told: Told) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state();
        if state.away || state.refused_reports > 0 {
            state.refused_reports = state.refused_reports.saturating_sub(1);
            return Err(StoreError::unavailable("away"));
        }
        state.under_way -= 1;
        state.told.push(told);
        Ok(state)
    }
}

#[async_trait]
impl Outbox for ListedOutbox {
    async fn claim_deliveries(
        &self,
        now: UtcDateTime,
        lease: time::Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut state = self.state();
        state.claims.push((lease, limit));
        if state.away {
            return Err(StoreError::unavailable("away"));
        }
        let (due, later): (Vec<_>, Vec<_>) = state.due.drain(..).partition(|(at, _)| *at <= now);
        let mut due = due.into_iter();
        let claimed: Vec<Delivery> = due
            .by_ref()
            .take(limit.try_into().unwrap())
            .map(|(_, delivery)| delivery)
            .collect();
        state.due = due.chain(later).collect();
        state.under_way += claimed.len();
        state.most_under_way = state.most_under_way.max(state.under_way);
        Ok(claimed)
    }

    async fn delivered(&self, delivery: &Delivery, _now: UtcDateTime) -> Result<(), StoreError> {
        self.report(Told::Delivered(delivery.event_id)).map(drop)
    }

    async fn not_delivered(
        &self,
        delivery: &Delivery,
        why: &str,
        retry_at: Option<UtcDateTime>,
    ) -> Result<(), StoreError> {
        let mut state = self.report(Told::Failed {
            event_id: delivery.event_id,
            why: why.to_owned(),
            retry_at,
        })?;
        if let Some(at) = retry_at {
            let mut next = delivery.clone();
            next.attempt += 1;
            state.due.push((at, next));
        }
        Ok(())
    }

    async fn set_webhook(&self, _: BusinessId, _: Option<&Webhook>) -> Result<bool, StoreError> {
        unreachable!("a courier sets no webhook")
    }

    async fn webhook(&self, _: BusinessId) -> Result<Option<Webhook>, StoreError> {
        unreachable!("a courier gets the webhook with the event")
    }

    async fn events(
        &self,
        _: BusinessId,
        _: Option<DeliveryState>,
        _: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        unreachable!("a courier lists nothing")
    }

    async fn event(&self, _: BusinessId, _: EventId) -> Result<Option<EventRow>, StoreError> {
        unreachable!("a courier looks nothing up")
    }

    async fn replay(
        &self,
        _: BusinessId,
        _: Option<EventId>,
        _: UtcDateTime,
    ) -> Result<u64, StoreError> {
        unreachable!("a courier replays nothing")
    }

    async fn discard(&self, _: BusinessId, _: EventId, _: UtcDateTime) -> Result<bool, StoreError> {
        unreachable!("a courier discards nothing")
    }
}

/// Quick where nothing is to be waited for, with the usual schedule.
pub(crate) fn quick() -> CrmConfig {
    CrmConfig {
        poll_interval: Duration::from_millis(10),
        ..CrmConfig::default()
    }
}

pub(crate) fn courier(outbox: &Arc<ListedOutbox>, config: CrmConfig) -> Courier {
    let clock = Arc::clone(outbox);
    Courier::new(Arc::clone(outbox) as _, move || clock.state().now, config).unwrap()
}

/// Everything that this thread logs, as text.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    pub(crate) fn from_here() -> (Self, DefaultGuard) {
        let logged = Self::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (logged, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of one level.
    pub(crate) fn lines(&self, level: &str) -> Vec<String> {
        let text = self.text();
        text.lines()
            .filter(|line| line.contains(&format!(" {level} toran_crm")))
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

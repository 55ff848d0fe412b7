//! What of a call goes to the database besides its bookings: transcript, last request, usage, ending.
//!
//! It runs beside the call, behind a bounded queue, so that a slow database never delays the caller.

use std::{sync::Arc, time::Duration};

use time::{Date, Time, UtcDateTime};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use toran_call::{Fact, Notice};
use toran_domain::{
    Booking, Cost, ModelName, Outcome, PhoneNumber, Pii, PriceTable, Proposal, RequestedTime,
    Speaker, Usage, patience,
};
use toran_store::{CallEnding, CallStream, ModelUsage, Store, StoreError, TranscriptLine};
use tracing::{Instrument as _, Span, info, warn};

/// Entries waiting for the database. A call makes a few a second at most.
const QUEUE: usize = 512;
/// Of these, so many are kept for entries that must not be lost.
const RESERVED: usize = 64;
/// How soon an entry is tried again while the database is away.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long after the call's end what is left is still tried.
const LAST_RECORDS: Duration = patience::LAST_RECORDS;

/// After so long without an answer of the database the call is handed over: soon a gateway that still reaches it would take
/// the call for abandoned, and tell others that it is over.
const HANDED_OVER_AFTER: Duration = patience::HANDED_OVER;

/// One thing to be stored.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Line {
        speaker: Speaker,
        text: Pii<String>,
        at: UtcDateTime,
    },
    Request {
        requested: RequestedTime,
        name: Option<Pii<String>>,
        at: UtcDateTime,
    },
    Offered(Vec<(Date, Time)>),
    Proposed(Proposal),
    OneMore,
    /// Whose are the appointments that this call has made without a name.
    Name(Pii<String>),
    Phone(PhoneNumber),
    /// The caller was told that nobody took the call.
    TransferTold,
    TransferWithdrawn,
    Announced(Booking),
    Seen {
        at: UtcDateTime,
    },
    Usage {
        model: ModelName,
        usage: Usage,
    },
    Ended {
        ending: CallEnding,
        at: UtcDateTime,
    },
}

impl Entry {
    const fn is_expendable(&self) -> bool {
        matches!(
            self,
            Self::Line { .. } | Self::Usage { .. } | Self::Seen { .. } | Self::Offered(_)
        )
    }
}

/// Takes entries for one call.
#[derive(Debug)]
pub(super) struct Recorder {
    queue: mpsc::Sender<Entry>,
    task: JoinHandle<()>,
    over: CancellationToken,
}

impl Recorder {
    pub(super) fn start(
        store: Arc<dyn Store>,
        stream: CallStream,
        prices: Arc<PriceTable>,
        stop: CancellationToken,
    ) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let over = CancellationToken::new();
        let writer = Writer {
            store,
            stream,
            prices,
            over: over.clone(),
            deadline: None,
            stop,
            answered: Instant::now(),
        };
        let task = tokio::spawn(writer.run(entries).instrument(Span::current()));
        Self { queue, task, over }
    }

    /// Queues an entry. One that does not fit is lost and said to be. The last places are for what others rely on: how the
    /// call ended, and what the caller heard of.
    pub(super) fn record(&self, entry: Entry) {
        let is_full = entry.is_expendable() && self.queue.capacity() <= RESERVED;
        // A queue that is closed has said why: another stream has the call.
        let is_lost = is_full || matches!(self.queue.try_send(entry), Err(TrySendError::Full(_)));
        if is_lost {
            warn!("a record of this call was lost: the database is too slow or away");
        }
    }

    /// What a fact leaves in the database.
    pub(super) fn record_fact(&self, fact: &Fact, at: UtcDateTime) {
        match fact {
            Fact::CallerSaid { text, .. } => {
                self.record(Entry::Line {
                    speaker: Speaker::Caller,
                    text: text.clone(),
                    at,
                });
            }
            Fact::AgentSaid { text, .. } => {
                self.record(Entry::Line {
                    speaker: Speaker::Agent,
                    text: text.clone(),
                    at,
                });
            }
            Fact::Parsed { request, .. } if request.names_a_time() || request.name.is_some() => {
                self.record(Entry::Request {
                    requested: request.requested(),
                    name: request.name.clone(),
                    at,
                });
            }
            Fact::Told {
                notice:
                    Notice::Outcome(
                        Outcome::FreeSlots { slots, .. }
                        | Outcome::SlotUnavailable {
                            alternatives: slots,
                            ..
                        },
                    ),
            } => {
                let offered = slots.iter().map(|slot| (slot.date(), slot.time()));
                self.record(Entry::Offered(offered.collect()));
            }
            Fact::OneMoreAsked => self.record(Entry::OneMore),
            Fact::Proposed(proposal) => self.record(Entry::Proposed(*proposal)),
            Fact::NameGiven(name) => self.record(Entry::Name(name.clone())),
            Fact::PhoneGiven(phone) => self.record(Entry::Phone(phone.clone())),
            Fact::Told {
                notice: Notice::TransferFailed,
            } => self.record(Entry::TransferTold),
            Fact::Announced(booking) => self.record(Entry::Announced(*booking)),
            Fact::SessionConfigured
            | Fact::Greeting
            | Fact::TurnDropped { .. }
            | Fact::Parsed { .. }
            | Fact::ParserFailed { .. }
            | Fact::Told { .. }
            | Fact::Booked(_)
            | Fact::TranscriptionFailed { .. }
            | Fact::RequestSaved { .. }
            | Fact::TransferRequested
            | Fact::BargeIn { .. }
            | Fact::ClaimBlocked { .. }
            | Fact::UnscreenedSpeech
            | Fact::SessionLost { .. }
            | Fact::SessionRefused { .. }
            | Fact::ResponseFailed { .. }
            | Fact::Complained { .. }
            | Fact::DigitPressed
            | Fact::CallerAudioDropped
            | Fact::AgentAudioDropped
            | Fact::Ended(_) => {}
        }
    }

    /// Waits until everything is stored, or the database has been away for too long.
    pub(super) async fn finish(self) {
        drop(self.queue);
        self.over.cancel();
        if self.task.await.is_err() {
            warn!("the recorder of this call broke; its last records may be missing");
        }
    }
}

struct Writer {
    store: Arc<dyn Store>,
    /// The stream on whose behalf it writes.
    stream: CallStream,
    prices: Arc<PriceTable>,
    /// The call is over.
    over: CancellationToken,
    /// When the database counts as lost for this call.
    deadline: Option<Instant>,
    /// Ends the stream, so that the provider asks another gateway for one.
    stop: CancellationToken,
    /// When the database last answered.
    answered: Instant,
}

impl Writer {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut lost = 0_u32;
        while let Some(entry) = entries.recv().await {
            if let Err(error) = self.keep_writing(entry).await {
                if matches!(error, StoreError::Superseded) {
                    info!(
                        "another stream has this call, or it is over: this one writes nothing more"
                    );
                    self.stop.cancel();
                    return;
                }
                // Once: what follows has the same cause.
                if lost == 0 {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "a record of this call could not be stored"
                    );
                }
                lost += 1;
            }
        }
        if lost > 1 {
            warn!(lost, "records of this call could not be stored");
        }
        self.log_cost().await;
    }

    /// Tries again while the database is away: through the whole call, and for a while after it. A line whose answer
    /// was lost may be written twice: better than not at all.
    async fn keep_writing(&mut self, entry: Entry) -> Result<(), StoreError> {
        loop {
            let error = match self.write(entry.clone()).await {
                Err(error @ StoreError::Unavailable(_)) => error,
                done => {
                    self.answered = Instant::now();
                    return done;
                }
            };
            if self.answered.elapsed() > HANDED_OVER_AFTER && !self.stop.is_cancelled() {
                warn!("the database has been away for too long: the call is handed over");
                self.stop.cancel();
            }
            if self.over.is_cancelled() {
                let deadline = Instant::now() + LAST_RECORDS;
                let deadline = *self.deadline.get_or_insert(deadline);
                if Instant::now() >= deadline {
                    return Err(error);
                }
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// What the call used, from its first stream on, and what that cost.
    async fn log_cost(&self) {
        let Ok(used) = self.store.usage(&self.stream.key).await else {
            return;
        };
        for ModelUsage { model, usage, cost } in &used {
            let tokens_in =
                usage.text_in + usage.text_in_cached + usage.audio_in + usage.audio_in_cached;
            let tokens_out = usage.text_out + usage.audio_out;
            let cost = cost.map(tracing::field::display);
            info!(%model, tokens_in, tokens_out, audio_seconds = usage.audio_seconds, cost, "call.usage");
        }
        let total = used
            .iter()
            .try_fold(Cost::default(), |sum, used| Some(sum.plus(used.cost?)));
        if let Some(total) = total {
            info!(cost = %total, "call.cost");
        } else {
            warn!("call.cost unknown: a model that was used has no entry in [prices]");
        }
    }

    async fn write(&self, entry: Entry) -> Result<(), StoreError> {
        let Self {
            store,
            stream,
            prices,
            ..
        } = self;
        match entry {
            Entry::Line { speaker, text, at } => {
                let line = TranscriptLine { speaker, text, at };
                store.append_transcript(stream, &[line]).await
            }
            Entry::Request {
                requested,
                name,
                at,
            } => {
                let name = name.as_ref().map(|name| name.expose().as_str());
                store.note_request(stream, requested, name, at).await
            }
            Entry::Offered(offered) => store.note_offers(stream, &offered).await,
            Entry::Proposed(proposal) => store.note_proposal(stream, proposal).await,
            Entry::OneMore => store.note_one_more(stream).await,
            Entry::Name(name) => store.name_made(stream, name.expose()).await,
            Entry::Phone(phone) => store.note_phone(stream, &phone).await,
            Entry::TransferTold => store.note_transfer_told(stream).await,
            Entry::TransferWithdrawn => store.withdraw_transfer(stream).await,
            Entry::Announced(booking) => store.mark_announced(stream, &booking).await,
            Entry::Seen { at } => store.keep_alive(stream, at).await,
            Entry::Usage { model, usage } => {
                let cost = prices.cost(&model, &usage);
                store.add_usage(stream, &model, usage, cost).await
            }
            Entry::Ended { ending, at } => store.end_stream(stream, ending, at).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;
    use toran_store::{
        MemoryStore,
        conformance::{add, key, open},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_the_database_no_longer_hears_of_is_handed_over_in_time() {
        let memory = Arc::new(MemoryStore::new());
        let store: Arc<dyn Store> = Arc::clone(&memory) as _;
        add(&store, 1).await;
        let key = key(1, "CA1");
        let call = open(&store, &key, Some(7), 7).await.stream();
        let stream = CancellationToken::new();
        let prices = Arc::new(PriceTable::default());
        let recorder = Recorder::start(Arc::clone(&store), call, prices, stream.clone());
        let seen = |minute: u32| {
            let at = utc_datetime!(2026-11-23 12:00) + Duration::from_mins(minute.into());
            recorder.record(Entry::Seen { at });
        };
        for minute in 0..50 {
            seen(minute);
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        assert!(!stream.is_cancelled(), "the database answers");
        memory.go_away();
        let mut away = 0;
        for minute in 50..120 {
            seen(minute);
            tokio::time::sleep(Duration::from_mins(1)).await;
            if stream.is_cancelled() {
                break;
            }
            away += 1;
        }
        assert!((40..50).contains(&away), "handed over after {away} minutes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_superseded_stream_writes_nothing_more() {
        let memory = Arc::new(MemoryStore::new());
        let store: Arc<dyn Store> = Arc::clone(&memory) as _;
        add(&store, 1).await;
        let key = key(1, "CA1");
        let older = open(&store, &key, Some(7), 7).await.stream();
        let at = utc_datetime!(2026-11-23 12:00);
        store.take_over(&key, at).await.unwrap();
        let stop = CancellationToken::new();
        let prices = Arc::new(PriceTable::default());
        let recorder = Recorder::start(Arc::clone(&store), older, prices, stop.clone());
        for text in ["שלום", "להתראות"] {
            recorder.record(Entry::Line {
                speaker: Speaker::Agent,
                text: Pii::new(text.to_owned()),
                at,
            });
        }
        let ending = CallEnding::HungUp;
        recorder.record(Entry::Ended { ending, at });
        recorder.finish().await;
        assert!(stop.is_cancelled(), "its stream ends");
        assert_eq!(store.transcript(&key).await.unwrap(), []);
        let session = store.call_session(&key).await.unwrap().unwrap();
        assert_eq!(session.ending, None);
    }
}

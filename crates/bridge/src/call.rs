//! One call: the driver around the engine.
//!
//! It owns the two sockets, the timers and the tasks, and holds no rule of conversation: it carries what happens
//! into the engine, and what the engine orders out of it.

mod at_desk;
pub(crate) mod log;
mod parsing;
mod phone;
mod recorder;

use std::{sync::Arc, time::Duration};

use axum::extract::ws::WebSocket;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::StreamExt as _;
use time::UtcDateTime;
use tokio::{
    task::{AbortHandle, JoinSet},
    time::Instant,
};
use toran_audio::Millis;
use toran_call::{
    CallConfig, CallEngine, Ending, Fact, FromModel, FromPhone, Input, Instant as CallInstant,
    Output, Resumption, Said, StandingBooking, ToModel, ToPhone,
};
use toran_domain::{Business, ModelName, Proposal, patience};
use toran_realtime::{ClientEvent, NewItem, ServerEvent};
use toran_store::{CallAppointment, CallEnding, CallSession, TranscriptLine, TransferState};
use toran_telephony::media::StreamSid;
use tracing::{Instrument as _, Span, debug, info, warn};

use crate::{
    Bridge, Observation,
    admission::{Place, Stream},
    clips::Clip,
    model::{self, ModelConnectError, ModelRole, ModelSocket},
};
use phone::Phone;
use recorder::{Entry, Recorder};

/// How often the database is told that the call is live.
const SEEN_EVERY: Duration = patience::SEEN_EVERY;

/// What a call is made of, once its stream is known to be genuine.
pub(crate) struct CallParts {
    pub(crate) bridge: Arc<Bridge>,
    pub(crate) business: Business,
    pub(crate) session: CallSession,
    pub(crate) stream_sid: StreamSid,
    pub(crate) socket: WebSocket,
    pub(crate) stream: Stream,
    pub(crate) place: Place,
}

/// An answer of one of the call's tasks.
enum Answer {
    Model {
        attempt: u32,
        result: Result<ModelSocket, ModelConnectError>,
    },
    Parsed {
        input: Input,
        usage: Option<(toran_domain::ModelName, toran_domain::Usage)>,
    },
}

/// An attempt at a session.
struct Opening {
    attempt: u32,
    task: AbortHandle,
}

struct Driver {
    bridge: Arc<Bridge>,
    business: Arc<Business>,
    session: CallSession,
    engine: CallEngine,
    began: Instant,
    phone: Phone,
    model: Option<ModelSocket>,
    /// The attempt at a session that is under way. There is one at a time.
    opening: Option<Opening>,
    /// Counts attempts at a session, so that the failure of one that was given up for another is known.
    attempts: u32,
    /// The model that transcribes in this session.
    transcriber: ModelName,
    /// Opening a session, and asking the parser: nothing is lost if the call ends before them.
    tasks: JoinSet<Answer>,
    /// At the booking desk and where requests are saved: what was begun there is finished.
    orders: JoinSet<Input>,
    recorder: Recorder,
    stream: Stream,
    place: Place,
    ended: Option<Ending>,
    /// Reused for each piece of the caller's audio.
    append: String,
}

/// Drives a call to its end. Run inside the call's span.
pub(crate) async fn run(parts: CallParts) {
    let CallParts {
        bridge,
        business,
        session,
        stream_sid,
        socket,
        stream,
        place,
    } = parts;
    let local_start = business.settings.local(bridge.clock.now());
    let config = CallConfig {
        timings: bridge.config.timings.clone(),
        resumption: resumption(&session),
        caller_name: session.caller_name.clone(),
        can_transfer: business.transfer_number.is_some(),
        transfer_failed: session.transfer == Some(TransferState::Failed),
        apology: bridge.clip_of(Clip::Apology, &business),
        transferring: bridge.clip_of(Clip::Transferring, &business),
        ..CallConfig::new(local_start)
    };
    let recorder = Recorder::start(
        Arc::clone(&bridge.store),
        session.stream(),
        Arc::clone(&bridge.prices),
        stream.stop().clone(),
    );
    info!(
        resumed = config.resumption.is_some(),
        number_withheld = !session.has_number,
        "call started"
    );
    let mut driver = Driver {
        business: Arc::new(business),
        engine: CallEngine::new(config, CallInstant::START),
        began: Instant::now(),
        phone: Phone::new(socket, stream_sid),
        model: None,
        opening: None,
        attempts: 0,
        transcriber: bridge.models.transcriber(),
        tasks: JoinSet::new(),
        orders: JoinSet::new(),
        recorder,
        stream,
        place,
        ended: None,
        append: String::new(),
        bridge,
        session,
    };
    driver.drain();
    driver.drive().await;
    driver.finish().await;
}

/// What an interrupted call goes on from; `None` for a call in which nothing has happened yet.
fn resumption(session: &CallSession) -> Option<Resumption> {
    let happened = !session.said.is_empty()
        || !session.appointments.is_empty()
        || session.proposal != Proposal::default();
    (session.resumed && happened).then(|| Resumption {
        bookings: session.appointments.iter().map(standing).collect(),
        proposal: session.proposal,
        one_more: session.one_more,
        offered: session.offered.clone(),
        said: session.said.iter().map(said).collect(),
    })
}

const fn standing(made: &CallAppointment) -> StandingBooking {
    StandingBooking {
        booking: made.booking,
        announced: made.announced,
    }
}

fn said(line: &TranscriptLine) -> Said {
    Said {
        by: line.speaker,
        text: line.text.clone(),
    }
}

impl Driver {
    async fn drive(&mut self) {
        // The first tick comes at once, and the call was opened just now.
        let mut alive = tokio::time::interval_at(self.began + SEEN_EVERY, SEEN_EVERY);
        while self.ended.is_none() {
            let wake = self
                .engine
                .poll_timeout()
                .map(|(at, _)| self.began + at.0.duration());
            tokio::select! {
                event = self.phone.next() => self.feed(Input::Phone(event)),
                event = next_event(&mut self.model) => self.on_model_event(event.as_deref()),
                Some(answer) = self.tasks.join_next() => match answer {
                    Ok(answer) => self.on_answer(answer),
                    Err(error) => task_broke(&error),
                },
                Some(answer) = self.orders.join_next() => match answer {
                    Ok(input) => self.feed(input),
                    Err(error) => task_broke(&error),
                },
                () = sleep_until(wake) => {
                    let now = self.now();
                    self.engine.handle_timeout(now);
                }
                _ = alive.tick() => self.recorder.record(Entry::Seen { at: self.utc_now() }),
                () = self.stream.stop().cancelled() => self.feed(Input::Phone(FromPhone::StreamLost)),
            }
            self.drain();
        }
    }

    fn feed(&mut self, input: Input) {
        let now = self.now();
        self.engine.handle(now, input);
    }

    fn now(&self) -> CallInstant {
        let elapsed = self.began.elapsed().as_millis();
        CallInstant(Millis(u64::try_from(elapsed).unwrap_or(u64::MAX)))
    }

    fn utc_now(&self) -> UtcDateTime {
        self.bridge.clock.now()
    }

    /// Makes one attempt at a session. An earlier one is given up, or two would run exactly when the service is slow.
    fn open_model(&mut self, patience: Duration) {
        self.model = None;
        self.give_up_opening();
        self.attempts = self.attempts.saturating_add(1);
        let (bridge, attempt) = (Arc::clone(&self.bridge), self.attempts);
        let call_sid = self.session.key.call_sid.clone();
        let task = self.spawn(async move {
            let result = bridge.models.connect(&call_sid, patience).await;
            Answer::Model { attempt, result }
        });
        self.opening = Some(Opening { attempt, task });
    }

    fn give_up_opening(&mut self) {
        if let Some(opening) = self.opening.take() {
            opening.task.abort();
        }
    }

    fn spawn(&mut self, task: impl Future<Output = Answer> + Send + 'static) -> AbortHandle {
        self.tasks.spawn(task.instrument(Span::current()))
    }

    fn on_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Model { attempt, result } => self.on_opened(attempt, result),
            Answer::Parsed { input, usage } => {
                if let Some((model, usage)) = usage.filter(|(_, usage)| !usage.is_zero()) {
                    self.recorder.record(Entry::Usage { model, usage });
                }
                self.feed(input);
            }
        }
    }

    /// A session that was opened is used, whichever attempt it came of. Only of the attempt under way a failure is news.
    fn on_opened(&mut self, attempt: u32, result: Result<ModelSocket, ModelConnectError>) {
        let is_current = self.opening.as_ref().is_some_and(|o| o.attempt == attempt);
        match result {
            Ok(socket) if self.model.is_none() => {
                self.give_up_opening();
                self.model = Some(socket);
                self.feed(Input::Model(FromModel::Connected));
            }
            Err(error) if is_current => {
                self.opening = None;
                warn!(
                    error = &error as &dyn std::error::Error,
                    "no session with the model"
                );
                self.feed(Input::Model(match error {
                    ModelConnectError::Refused { code, .. } => FromModel::Refused { code },
                    ModelConnectError::Failed(_) => FromModel::Lost,
                }));
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn on_model_event(&mut self, text: Option<&[u8]>) {
        let Some(text) = text else {
            self.model = None;
            self.feed(Input::Model(FromModel::Lost));
            return;
        };
        let Ok(text) = std::str::from_utf8(text) else {
            return;
        };
        let event = match ServerEvent::parse(text) {
            Ok(event) => event,
            Err(error) => {
                debug!(
                    error = &error as &dyn std::error::Error,
                    "an event of the model's server was skipped"
                );
                return;
            }
        };
        let translation = model::translate(event, self.business.text.as_str());
        if let Some((of, usage)) = translation.usage.filter(|(_, usage)| !usage.is_zero())
            && let Some(model) = self.model_of(of)
        {
            self.recorder.record(Entry::Usage { model, usage });
        }
        for input in translation.inputs {
            self.feed(Input::Model(input));
        }
        if let Some((of, code)) = translation.refusal {
            self.on_refusal(of, code);
        }
    }

    fn model_of(&self, role: ModelRole) -> Option<ModelName> {
        match role {
            ModelRole::Talking => self.model.as_ref().map(|model| model.talking.clone()),
            ModelRole::Transcribing => Some(self.transcriber.clone()),
        }
    }

    /// A model was refused for good inside the session. Another transcriber takes over where it stands; for another model
    /// that talks there must be another session.
    fn on_refusal(&mut self, of: ModelRole, code: String) {
        let Some(model) = self.model_of(of) else {
            return;
        };
        let next = self.bridge.models.refused(of, &model, &code);
        match (of, next) {
            (ModelRole::Transcribing, Some(next)) => {
                info!(%next, "another model transcribes from here on");
                let session = self.bridge.config.session.transcriber_update(&next);
                self.transcriber = next;
                self.send_model(ClientEvent::SessionUpdate { session }.to_json());
            }
            // Nothing is transcribed: the engine hears of each segment, and leaves what it can to the business.
            (ModelRole::Transcribing, None) => {}
            (ModelRole::Talking, Some(_)) => {
                self.model = None;
                self.feed(Input::Model(FromModel::Lost));
            }
            (ModelRole::Talking, None) => {
                self.model = None;
                self.feed(Input::Model(FromModel::Refused { code }));
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Model(order) => self.order_model(order),
                Output::Phone(ToPhone::Audio(audio)) => self.phone.play(&audio),
                Output::Phone(ToPhone::Mark(mark)) => self.phone.mark(mark),
                Output::Phone(ToPhone::Clear) => self.phone.clear(),
                Output::Parse {
                    turn,
                    text,
                    table,
                    last_said,
                } => {
                    self.parse(turn, text.into_inner(), table, last_said.into_inner());
                }
                Output::Desk {
                    turn,
                    order,
                    name,
                    words,
                } => self.ask_desk(turn, order, self.inquirer(name, Some(words))),
                Output::Save { save, order } => self.save(save, order),
                Output::RequestTransfer => self.request_transfer(),
                Output::WithdrawTransfer => self.recorder.record(Entry::TransferWithdrawn),
                Output::Record(fact) => self.record(fact),
                Output::End(ending) => self.ended = Some(ending),
            }
        }
    }

    fn record(&self, fact: Fact) {
        log::log(&fact);
        // A caller whose number is known needs no other one.
        let is_needed = !(matches!(fact, Fact::PhoneGiven(_)) && self.session.has_number);
        if is_needed {
            self.recorder.record_fact(&fact, self.utc_now());
        }
        self.bridge.observe(|| Observation {
            call: self.session.key.clone(),
            at: self.began.elapsed(),
            fact,
        });
    }

    fn order_model(&mut self, order: ToModel) {
        let event = match order {
            ToModel::Open { within } => return self.open_model(within.duration()),
            ToModel::Audio(payload) => {
                let Ok(audio) = std::str::from_utf8(&payload) else {
                    return;
                };
                self.append.clear();
                ClientEvent::append_json_into(audio, &mut self.append);
                let text = self.append.clone();
                return self.send_model(text);
            }
            ToModel::HeldAudio(mulaw) => {
                let audio = STANDARD.encode(&mulaw);
                let mut text = String::new();
                ClientEvent::append_json_into(&audio, &mut text);
                text
            }
            ToModel::Configure => {
                self.transcriber = self.bridge.models.transcriber();
                let local = self.business.settings.local(self.utc_now());
                let prompt = toran_prompt::system_prompt(&self.business, local);
                let settings = &self.bridge.config.session;
                let voice = self.bridge.voice_of(&self.business);
                let session = settings.session_update(prompt, &self.transcriber, voice);
                ClientEvent::SessionUpdate { session }.to_json()
            }
            ToModel::Tell(notice) => {
                let text = model::server_event(&notice).to_json(self.business.agent_gender);
                ClientEvent::CreateItem {
                    previous_item_id: None,
                    item: NewItem::system(text),
                }
                .to_json()
            }
            // The prompt alone says what to answer, the greeting too: instructions given here would replace it.
            ToModel::Respond(_) => ClientEvent::CreateResponse { response: None }.to_json(),
            ToModel::Cancel(response) => ClientEvent::CancelResponse {
                response_id: response.as_ref().map(|id| id.as_str().into()),
            }
            .to_json(),
            ToModel::Truncate { item, heard } => ClientEvent::TruncateItem {
                item_id: item.as_str().into(),
                content_index: 0,
                audio_end_ms: heard.0,
            }
            .to_json(),
            ToModel::Delete(item) => ClientEvent::DeleteItem {
                item_id: item.as_str().into(),
            }
            .to_json(),
        };
        self.send_model(event);
    }

    /// A model that does not read for so long that the queue is full is as good as lost.
    fn send_model(&mut self, text: String) {
        let stalled = self
            .model
            .as_ref()
            .is_some_and(|model| model.commands.try_send(text).is_err());
        if stalled {
            self.model = None;
            self.feed(Input::Model(FromModel::Lost));
        }
    }

    /// Closes the phone's stream and the model's session, and sees that what was begun is stored.
    async fn finish(mut self) {
        self.model = None;
        self.tasks.abort_all();
        self.phone.close().await;
        let last_orders = async {
            while let Some(answer) = self.orders.join_next().await {
                match answer {
                    Ok(Input::Desk { outcome, .. }) => {
                        if let Some(booking) = outcome.booking() {
                            info!(appointment_id = %booking.appointment_id, "booked as the call ended");
                        }
                    }
                    Ok(_) => {}
                    Err(error) => task_broke(&error),
                }
            }
        };
        if tokio::time::timeout(patience::LAST_ORDERS, last_orders)
            .await
            .is_err()
        {
            warn!("the booking desk was still busy with this call when it ended");
        }
        let ending = match self.ended {
            Some(Ending::HungUp) => Some(CallEnding::HungUp),
            Some(Ending::GaveUp) => Some(CallEnding::Failed),
            // The provider may bring the call back on another stream, and after a transfer tells how that went.
            Some(Ending::StreamLost | Ending::Transferred) | None => None,
        };
        if let Some(ending) = ending {
            self.recorder.record(Entry::Ended {
                ending,
                at: self.bridge.clock.now(),
            });
        }
        // A database that is away keeps the records of this call waiting, and no other call out.
        drop(self.place);
        self.recorder.finish().await;
        info!(
            duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            ending = self.ended.map_or("unknown", Ending::as_str),
            bookings = self.engine.ledger().bookings().len(),
            "call.summary"
        );
    }
}

fn task_broke(error: &tokio::task::JoinError) {
    // An attempt at a session that was given up for another.
    if error.is_cancelled() {
        return;
    }
    warn!(
        error = error as &dyn std::error::Error,
        "a task of this call broke"
    );
}

/// The model's next event; never, while there is no session.
async fn next_event(model: &mut Option<ModelSocket>) -> Option<Bytes> {
    match model {
        Some(model) => model.events.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

//! One call from the first ring to the report: webhooks, verbs, streams.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use time::UtcDateTime;
use tokio::{sync::mpsc, time::Instant};
use url::Url;

use super::{
    caller::{self, Heard, Spoken, StepFailure},
    dial::DialOutcome,
    http::{HttpClient, HttpError},
    line::LineFaults,
    play::Played,
    stream::{self, Tally},
    twiml::{TwimlError, Verb},
    webhooks::WebhookDesk,
};
use crate::{record::Recorder, scenario::Step};

/// How many times a call may be redirected.
const MAX_REDIRECTS: u32 = 8;
/// How many times it may be transferred.
const MAX_DIALS: usize = 8;

/// The call to place.
#[derive(Debug, Clone)]
pub struct PlaceCall {
    /// The number's voice address, as the provider knows and signs it.
    pub voice_url: Url,
    /// Where to connect instead of the host in the addresses, without TLS: a gateway behind a public
    /// name is reached on its own port, and the signatures are still over the public name.
    pub connect_to: Option<SocketAddr>,
    /// The account's secret, with which requests are signed.
    pub auth_token: String,
    /// The caller's number in E.164, or whatever the provider writes in its place: a word, a word on the keypad, nothing.
    pub from: String,
    /// The number that was called.
    pub to: String,
    /// `CA` and 32 hexadecimal digits.
    pub call_sid: String,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// What the caller does.
    pub script: Vec<Step>,
    /// What the wall clock shows when the call is placed.
    pub started_at: UtcDateTime,
    /// From which everything random comes.
    pub seed: u64,
    /// What is wrong with the line.
    pub line: LineFaults,
    /// What comes of it when the gateway has somebody called.
    pub dial: DialOutcome,
    /// A recording, a ring and a talk with somebody else pass so many times faster than they are long. A test's.
    pub hurry: u32,
    /// The call is hung up after this, whatever the script says.
    pub max_duration: Duration,
    /// Where every message of the media socket is written, one JSON object a line.
    pub record: Option<PathBuf>,
    /// Who is told what happens while it happens; what it cannot take is not told.
    pub watcher: Option<mpsc::Sender<CallEvent>>,
}

impl PlaceCall {
    /// A call on a good line, with ids made from the seed.
    pub fn new(
        voice_url: Url,
        auth_token: impl Into<String>,
        script: Vec<Step>,
        started_at: UtcDateTime,
        seed: u64,
    ) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        Self {
            voice_url,
            connect_to: None,
            auth_token: auth_token.into(),
            from: "+972541234567".to_owned(),
            to: "+972721234567".to_owned(),
            call_sid: format!("CA{:032x}", rng.u128(..)),
            account_sid: format!("AC{:032x}", rng.u128(..)),
            script,
            started_at,
            seed,
            line: LineFaults::default(),
            dial: DialOutcome::NoAnswer,
            hurry: 1,
            max_duration: Duration::from_mins(5),
            record: None,
            watcher: None,
        }
    }
}

/// Something that happened in a call that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// A media stream is open.
    StreamStarted,
    /// The caller began to say this.
    Said(Spoken),
    /// The agent finished saying this, or was cut off in it.
    Heard(Heard),
    /// The gateway emptied the playback buffer.
    Cleared,
    /// The provider asked what comes next.
    Redirected(String),
    /// The provider began to call somebody else for the gateway.
    Dialled {
        /// Whom.
        number: String,
        /// What will come of it.
        outcome: DialOutcome,
    },
    /// The provider began to play a recording.
    Played(Played),
    /// The call is over.
    Ended(EndedBy),
}

/// How a call came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndedBy {
    /// The caller hung up at the script's end.
    Caller,
    /// The gateway had nothing more to do, or hung up.
    Gateway,
    /// The gateway did not take the call.
    Rejected,
    /// A step of the script was not met.
    Step(StepFailure),
    /// It lasted too long.
    TooLong,
    /// It was redirected or transferred too often.
    TooManyRedirects,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReport {
    /// What the caller heard, in order: only words that reached the ear.
    pub heard: Vec<Heard>,
    /// What the caller said.
    pub spoken: Vec<Spoken>,
    /// Frames sent to the gateway.
    pub frames_sent: u64,
    /// Media messages that came from the gateway.
    pub media_received: u64,
    /// Marks that were echoed because they were played, or nothing was buffered.
    pub marks_played: u64,
    /// Marks that came back because of a clear.
    pub marks_cleared: u64,
    /// Clears.
    pub clears: u64,
    /// Media streams that were opened.
    pub streams: u32,
    /// How often the provider asked what comes next.
    pub redirects: u32,
    /// Whom the gateway had called, in order.
    pub dialled: Vec<String>,
    /// The recordings that were played, in order.
    pub played: Vec<Played>,
    /// What the gateway did that a provider would complain about.
    pub violations: Vec<String>,
    /// How it ended.
    pub ended_by: EndedBy,
    /// How long it lasted.
    pub duration: Duration,
}

impl CallReport {
    /// Everything heard, joined by spaces.
    pub fn heard_text(&self) -> String {
        self.heard
            .iter()
            .map(|heard| heard.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Why a call could not be placed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The address needs TLS, and there is no address to connect to without it.
    #[error("{url} needs TLS, which this phone does not speak: give the gateway's own address too")]
    NeedsTls {
        /// The address.
        url: String,
    },
    /// A webhook could not be posted.
    #[error("no answer from the webhook {url}: check that the gateway listens there")]
    Webhook {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// A webhook was answered with an error.
    #[error("the webhook {url} answered {status}: check the auth token, the number and the log")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is not TwiML.
    #[error("the webhook's answer is not TwiML a call can follow")]
    Twiml(#[from] TwimlError),
    /// An address in the TwiML is not one.
    #[error("the TwiML holds the address {text:?}, which is none")]
    Address {
        /// What stands there.
        text: String,
        /// Why it is none.
        #[source]
        source: url::ParseError,
    },
    /// The recording cannot be written.
    #[error("cannot write the call's recording: check the folder and its permissions")]
    Record(#[source] std::io::Error),
}

/// A caller that calls.
#[derive(Debug)]
pub struct Caller;

impl Caller {
    /// Places a call and follows it to its end. Every wait is bounded.
    pub async fn place(call: PlaceCall) -> Result<CallReport, CallError> {
        let recorder = Recorder::new(call.record.as_deref()).map_err(CallError::Record)?;
        let mut ongoing = Ongoing {
            person: caller::Caller::new(call.script.clone()),
            desk: Arc::new(WebhookDesk {
                client: HttpClient::new(),
                began: Instant::now(),
                call,
            }),
            recorder,
            tally: Tally::default(),
            redirects: 0,
            dialled: Vec::new(),
            played: Vec::new(),
        };
        let ended_by = ongoing.follow().await?;
        Ok(ongoing.report(ended_by))
    }
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Ongoing {
    pub(super) person: caller::Caller,
    pub(super) desk: Arc<WebhookDesk>,
    pub(super) recorder: Recorder,
    pub(super) tally: Tally,
    redirects: u32,
    pub(super) dialled: Vec<String>,
    pub(super) played: Vec<Played>,
}

impl Ongoing {
    async fn follow(&mut self) -> Result<EndedBy, CallError> {
        let mut document_url = self.desk.call.voice_url.clone();
        let ringing = self.desk.call_form("ringing");
        let mut verbs = self.desk.fetch(&document_url, &ringing).await?.into_iter();
        while let Some(verb) = verbs.next() {
            match verb {
                Verb::ConnectStream(stream) => {
                    let ended = stream::run(self, &document_url, &stream).await?;
                    if let Some(ended_by) = ended {
                        return Ok(ended_by);
                    }
                }
                Verb::Redirect(target) => {
                    if self.redirects == MAX_REDIRECTS {
                        return Ok(EndedBy::TooManyRedirects);
                    }
                    self.redirects += 1;
                    document_url = join(&document_url, &target)?;
                    self.desk
                        .tell(CallEvent::Redirected(document_url.to_string()));
                    let form = self.desk.call_form("in-progress");
                    verbs = self.desk.fetch(&document_url, &form).await?.into_iter();
                }
                Verb::Pause(seconds) => {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                Verb::Play(target) => {
                    if let Some(ended_by) = self.play(&document_url, &target).await? {
                        return Ok(ended_by);
                    }
                }
                Verb::Dial(dial) => {
                    if self.dialled.len() == MAX_DIALS {
                        return Ok(EndedBy::TooManyRedirects);
                    }
                    if let Some(ended_by) = self.dial(&dial).await {
                        return Ok(ended_by);
                    }
                    // An action takes the place of the verbs that follow.
                    if let Some(action) = dial.action {
                        document_url = join(&document_url, &action)?;
                        let mut form = self.desk.call_form("in-progress");
                        form.extend(self.dial_result());
                        verbs = self.desk.fetch(&document_url, &form).await?.into_iter();
                    }
                }
                Verb::Reject => return Ok(EndedBy::Rejected),
                Verb::HangUp => return Ok(EndedBy::Gateway),
                Verb::Other(name) => {
                    self.tally
                        .violations
                        .push(format!("the TwiML has <{name}>"));
                }
            }
        }
        Ok(EndedBy::Gateway)
    }

    /// Lets time pass outside a media stream. `Some`: the call was hung up because it lasts too long.
    pub(super) async fn pass(&self, time: Duration) -> Option<EndedBy> {
        let time = time / self.desk.call.hurry.max(1);
        let left = self
            .desk
            .call
            .max_duration
            .saturating_sub(self.desk.began.elapsed());
        tokio::time::sleep(time.min(left)).await;
        (time > left).then_some(EndedBy::TooLong)
    }

    fn report(self, ended_by: EndedBy) -> CallReport {
        self.desk.tell(CallEvent::Ended(ended_by.clone()));
        CallReport {
            heard: self.person.heard(),
            spoken: self.person.spoken().to_vec(),
            frames_sent: self.tally.frames_sent,
            media_received: self.tally.media_received,
            marks_played: self.tally.marks_played,
            marks_cleared: self.tally.marks_cleared,
            clears: self.tally.clears,
            streams: self.tally.streams,
            redirects: self.redirects,
            dialled: self.dialled,
            played: self.played,
            violations: self.tally.violations,
            ended_by,
            duration: self.desk.began.elapsed(),
        }
    }
}

/// An address in a document, which may be relative to the document's own.
pub(super) fn join(base: &Url, text: &str) -> Result<Url, CallError> {
    base.join(text).map_err(|source| CallError::Address {
        text: text.to_owned(),
        source,
    })
}

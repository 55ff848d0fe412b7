//! What the engine orders, and what it puts on record.

use bytes::Bytes;
use time::{Date, Time};
use toran_audio::Millis;
use toran_domain::{
    AppointmentRequest, Booking, ItemId, Outcome, PhoneNumber, Pii, Proposal, RequestedTime,
    ResponseId, TaskKind, TurnIndex, Wish,
};
use toran_truth::ClaimKind;

use crate::Resumption;

/// Everything that the driver is asked to do.
#[derive(Debug, Clone)]
pub enum Output {
    /// For the model.
    Model(ToModel),
    /// For the phone.
    Phone(ToPhone),
    /// Ask the parser; the answer comes back as [`Input::Parsed`](crate::Input::Parsed).
    Parse {
        /// The turn.
        turn: TurnIndex,
        /// The caller's words.
        text: Pii<String>,
        /// The day and hour on the table.
        table: RequestedTime,
        /// What the caller last heard from the agent.
        last_said: Pii<String>,
    },
    /// Ask the booking desk; the answer comes back as [`Input::Desk`](crate::Input::Desk).
    Desk {
        /// The turn.
        turn: TurnIndex,
        /// What to do.
        order: DeskOrder,
        /// Whom it is for: the name that was said in this call.
        name: Option<Pii<String>>,
        /// The caller's words, for the business, if the desk can do nothing but note them.
        words: Pii<String>,
    },
    /// Save a request for the business; whether it is durable comes back as [`Input::Saved`](crate::Input::Saved). Like an
    /// order at the desk it is carried out even if the call ends.
    Save {
        /// Which request.
        save: SaveId,
        /// What it says.
        order: TaskOrder,
    },
    /// Store that this call wants a person, so that the provider dials one once the stream is over; whether it is stored
    /// comes back as [`Input::TransferRequested`](crate::Input::TransferRequested).
    RequestTransfer,
    /// Take that back: the caller was told something else meanwhile. Nothing comes back.
    WithdrawTransfer,
    /// For the record: transcript, log, metrics and checklist are all made of these.
    Record(Fact),
    /// The call is over for this gateway: close both sockets.
    End(Ending),
}

/// Orders to the model's side.
#[derive(Debug, Clone)]
pub enum ToModel {
    /// Open a session, in place of any that there is or that is being opened.
    Open {
        /// After this the attempt is given up: the next one would run beside it.
        within: Millis,
    },
    /// Configure the session: prompt, formats, detection; the first thing it is told.
    Configure,
    /// Audio of the caller: the payload exactly as the phone's wire carried it.
    Audio(Bytes),
    /// What the caller said before there was a session, as mu-law bytes. One message carries it: a message for each piece would
    /// fill the queue to the model at once.
    HeldAudio(Bytes),
    /// Put a server event into the conversation. It asks for no answer by itself.
    Tell(Notice),
    /// Ask for an answer.
    Respond(Purpose),
    /// Stop an answer; without an id, whichever is running.
    Cancel(Option<ResponseId>),
    /// Make the model forget what the caller did not hear of an item.
    Truncate {
        /// The spoken item.
        item: ItemId,
        /// How much of it was heard; never more than its audio.
        heard: Millis,
    },
    /// Take an item out of the conversation.
    Delete(ItemId),
}

/// A request that was given to be saved. Counts up through the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SaveId(pub u32);

/// What the business is to do, as the call knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskOrder {
    /// What is to be done.
    pub kind: TaskKind,
    /// The day and hour that it is about, as far as they were said.
    pub requested: RequestedTime,
    /// Whom it is for, if a name was said.
    pub name: Option<Pii<String>>,
    /// The caller's own words.
    pub words: Option<Pii<String>>,
}

/// A server event, without its wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// What the desk answered.
    Outcome(Outcome),
    /// The caller said yes to a day and an hour that they have not heard: nothing is booked, and the model reads them back.
    ReadBack {
        /// The day.
        date: Date,
        /// The hour.
        time: Time,
    },
    /// What the caller asked for is noted, or could not be.
    Request {
        /// What is to be done.
        kind: TaskKind,
        /// Whether it is durable.
        noted: bool,
    },
    /// The call goes to a person as soon as this was said.
    Transferring,
    /// Nobody took the call that was transferred. That the business calls back is noted.
    TransferFailed,
    /// The last answer claimed what was not true and was cut.
    ClaimRefused {
        /// Whether what the caller asked for is noted; `None` where nothing is to be noted.
        noted: Option<bool>,
    },
    /// The caller's words were not understood.
    NotUnderstood,
    /// This call was interrupted and goes on; this is what already stands.
    Resumed(Resumption),
}

impl Notice {
    /// Whether it tells what became of a request: true for the next session of the model, too.
    pub(crate) const fn is_of_a_request(&self) -> bool {
        matches!(
            self,
            Self::Request { .. } | Self::Outcome(Outcome::BookingUnavailable { .. })
        )
    }

    /// The name of the server event that tells it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.name(),
            Self::ReadBack { .. } => "read_back",
            Self::Request { noted: true, .. } => "request_noted",
            Self::Request { noted: false, .. } => "request_lost",
            Self::Transferring => "transferring",
            Self::TransferFailed => "transfer_failed",
            Self::ClaimRefused { .. } => "claim_refused",
            Self::NotUnderstood => "not_understood",
            Self::Resumed(_) => "call_resumed",
        }
    }
}

/// Why an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The first words of a call.
    Greeting,
    /// The first words after an interruption.
    Resumption,
    /// An answer to the caller or to a server event.
    Answer,
}

/// Orders to the phone's side.
#[derive(Debug, Clone)]
pub enum ToPhone {
    /// Mu-law audio to play.
    Audio(Bytes),
    /// Tell us when everything before it has been played.
    Mark(MarkId),
    /// Throw away what has not been played.
    Clear,
}

/// A mark in the phone's playout. Counts up through the call, so that an echo of a cleared mark is known as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkId(pub u64);

/// An order to the booking desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskOrder {
    /// Look what is free.
    Look {
        /// What the caller would like.
        wish: Wish,
        /// Whether it is for one more appointment beside one that stands.
        one_more: bool,
    },
    /// Book it, in one transaction.
    Book {
        /// What the caller heard and confirmed.
        requested: RequestedTime,
        /// Whether the caller asked for one more appointment beside the one that was made before.
        one_more: bool,
        /// Whether the caller named the day and the hour in words of their own; else it was offered.
        named_by_caller: bool,
    },
    /// Look up the caller's own appointments.
    Own {
        /// The day and hour that the caller named of one.
        about: RequestedTime,
    },
}

impl DeskOrder {
    /// The day and hour that it is about.
    pub const fn requested(&self) -> RequestedTime {
        match self {
            Self::Look { wish, .. } => wish.when,
            Self::Book { requested, .. } => *requested,
            Self::Own { about } => *about,
        }
    }
}

/// How a call ended for this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The caller hung up.
    HungUp,
    /// The phone's stream broke; the call may come back.
    StreamLost,
    /// No session with the model could be had for too long; the caller was told.
    GaveUp,
    /// The call goes to a person of the business.
    Transferred,
}

impl Ending {
    /// The word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::StreamLost => "stream_lost",
            Self::GaveUp => "gave_up",
            Self::Transferred => "transferred",
        }
    }
}

/// Why a caller's segment did not become a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Shorter than the gate.
    TooShort,
    /// Our own detector heard no voice in it, whatever its transcript says.
    NoVoice,
    /// No words in it.
    NoWords,
    /// Words of which the transcriber was not sure.
    Unclear,
    /// A single word that was not understood.
    UnknownWord,
    /// A sign of listening while the agent spoke.
    Backchannel,
    /// Its transcript never came.
    NoTranscript,
    /// The model's session was lost before it was answered.
    SessionLost,
    /// More segments are waiting than a call can hold.
    TooMany,
}

impl DropReason {
    /// The word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::NoVoice => "no_voice",
            Self::NoWords => "no_words",
            Self::Unclear => "unclear",
            Self::UnknownWord => "unknown_word",
            Self::Backchannel => "backchannel",
            Self::NoTranscript => "no_transcript",
            Self::SessionLost => "session_lost",
            Self::TooMany => "too_many",
        }
    }
}

/// The stages of a barge-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BargeIn {
    /// The caller speaks: the answer is held.
    Paused,
    /// It was nothing: the answer goes on.
    Resumed,
    /// The caller has the floor: the rest of the answer is thrown away.
    Final,
}

impl BargeIn {
    /// The word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Final => "final",
        }
    }
}

/// One thing that happened, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The model's session took our configuration.
    SessionConfigured,
    /// The first sound of the first answer left for the phone.
    Greeting,
    /// A caller's turn.
    CallerSaid {
        /// The turn.
        turn: TurnIndex,
        /// The transcript.
        text: Pii<String>,
    },
    /// What the caller heard of one spoken item.
    AgentSaid {
        /// The words heard; an estimate by length where the item was cut.
        text: Pii<String>,
        /// Whether it was cut.
        interrupted: bool,
    },
    /// A segment that did not become a turn.
    TurnDropped {
        /// Why.
        reason: DropReason,
    },
    /// The parser's clean result.
    Parsed {
        /// The turn.
        turn: TurnIndex,
        /// The result.
        request: AppointmentRequest,
    },
    /// The parser gave no result.
    ParserFailed {
        /// The turn.
        turn: TurnIndex,
    },
    /// A server event was put into the model's conversation.
    Told {
        /// The event.
        notice: Notice,
    },
    /// `create_appointment_from_realtime` succeeded, and the model was told.
    Booked(Booking),
    /// The caller asked for one more appointment beside the one that was made before.
    OneMoreAsked,
    /// What a bare "yes" would mean changed, or how much of it was heard.
    Proposed(Proposal),
    /// The caller gave a phone number.
    PhoneGiven(PhoneNumber),
    /// The caller said a name and nothing besides.
    NameGiven(Pii<String>),
    /// A segment could not be transcribed.
    TranscriptionFailed {
        /// The service's code.
        code: String,
        /// How many in a row.
        in_a_row: u32,
    },
    /// A request for the business is durable, or could not be saved.
    RequestSaved {
        /// What is to be done.
        kind: TaskKind,
        /// The day and hour that it is about.
        requested: RequestedTime,
        /// Whether it is durable.
        noted: bool,
    },
    /// The call wants a person, and the provider will find that.
    TransferRequested,
    /// The caller heard that an appointment stands, there and then.
    Announced(Booking),
    /// A stage of a barge-in.
    BargeIn {
        /// The stage.
        stage: BargeIn,
    },
    /// The guard kept a false claim from the caller.
    ClaimBlocked {
        /// What it claimed.
        kind: ClaimKind,
        /// The answer's words so far.
        text: Pii<String>,
    },
    /// An answer's audio came without its words: what was not screened was not played.
    UnscreenedSpeech,
    /// The model's session is gone, or could not be opened; another one is tried.
    SessionLost {
        /// How many attempts in a row have failed.
        attempts: u32,
    },
    /// The model's service refuses this deployment; no other attempt is made.
    SessionRefused {
        /// The service's code.
        code: String,
    },
    /// An answer failed.
    ResponseFailed {
        /// Why.
        code: String,
        /// Whether it is tried again.
        retrying: bool,
    },
    /// The model's server complained and the call went on.
    Complained {
        /// The error's code.
        code: String,
    },
    /// A key was pressed. The digit itself is not recorded: it may be part of a phone number.
    DigitPressed,
    /// The caller's audio was dropped because the model's session was not open in time.
    CallerAudioDropped,
    /// The model's audio was dropped because it was far more than a call can hold.
    AgentAudioDropped,
    /// The call is over for this gateway.
    Ended(Ending),
}

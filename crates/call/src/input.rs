//! What the engine is told.

use bytes::Bytes;
use toran_audio::Millis;
use toran_domain::{ItemId, Outcome, Pii, ResponseId, TurnIndex, Understood};

use crate::{MarkId, PhoneAudio, SaveId};

/// Everything that can happen to a call.
#[derive(Debug, Clone)]
pub enum Input {
    /// The phone's side.
    Phone(FromPhone),
    /// The model's side.
    Model(FromModel),
    /// The parser's answer to [`Output::Parse`](crate::Output::Parse).
    Parsed {
        /// The turn that was parsed.
        turn: TurnIndex,
        /// What was understood, or that nothing was.
        result: Result<Understood, ParserFailure>,
    },
    /// The desk's answer to [`Output::Desk`](crate::Output::Desk).
    Desk {
        /// The turn that asked.
        turn: TurnIndex,
        /// What the desk did or found.
        outcome: Outcome,
    },
    /// What became of [`Output::Save`](crate::Output::Save).
    Saved {
        /// Which request.
        save: SaveId,
        /// Whether it is durable. If it is not, nobody is told that it is noted.
        noted: bool,
    },
    /// Whether the provider will find that this call wants a person: the answer to
    /// [`Output::RequestTransfer`](crate::Output::RequestTransfer).
    TransferRequested {
        /// Whether it is stored.
        stored: bool,
    },
}

/// What the phone's side says.
#[derive(Debug, Clone)]
pub enum FromPhone {
    /// Audio of the caller.
    Audio(PhoneAudio),
    /// Everything before this mark has been played (or was cleared).
    MarkPlayed(MarkId),
    /// A key was pressed: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// The caller hung up.
    HungUp,
    /// The media stream broke without a word. The call itself may live on and come back on another stream.
    StreamLost,
}

/// How well a segment was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hearing {
    /// No words.
    Nothing,
    /// Words of which the transcriber was not sure, or a word that cannot be read: they must not become a turn.
    Unclear,
    /// A single word that nobody says alone on such a line. It is a turn only where a name was asked for.
    UnknownWord,
    /// A word that only says "I am listening", unless it answers a question.
    Backchannel,
    /// Words.
    Words,
}

/// What the model's side says. Positions count the audio given to the model since its session began.
#[derive(Debug, Clone)]
pub enum FromModel {
    /// The session is open.
    Connected,
    /// The session has taken our configuration.
    Configured,
    /// Its detector hears the caller.
    SpeechStarted {
        /// The segment-to-be.
        item: ItemId,
        /// Where it begins.
        at: Millis,
    },
    /// Its detector hears the caller no more.
    SpeechStopped {
        /// The segment.
        item: ItemId,
        /// Where it ends.
        at: Millis,
    },
    /// The segment is an item of the conversation.
    Committed {
        /// The item.
        item: ItemId,
    },
    /// The segment's transcript. May come late and out of order.
    Transcribed {
        /// The item.
        item: ItemId,
        /// What was understood.
        text: Pii<String>,
        /// How well.
        hearing: Hearing,
    },
    /// The segment could not be transcribed.
    TranscriptionFailed {
        /// The item.
        item: ItemId,
        /// The service's code, like `model_not_found`.
        code: String,
    },
    /// An answer has begun.
    ResponseStarted {
        /// Its id.
        response: ResponseId,
    },
    /// Audio of an answer: mu-law bytes, faster than real time.
    Speech {
        /// The answer.
        response: ResponseId,
        /// The spoken item; an answer may have several.
        item: ItemId,
        /// The audio.
        audio: Bytes,
    },
    /// Words of an answer.
    Words {
        /// The answer.
        response: ResponseId,
        /// The spoken item.
        item: ItemId,
        /// The next words.
        words: String,
    },
    /// All words of a spoken item are known; its audio may still be coming.
    WordsFinished {
        /// The answer.
        response: ResponseId,
        /// The spoken item.
        item: ItemId,
        /// Its whole transcript.
        transcript: String,
    },
    /// A spoken item has all its audio and words.
    ItemFinished {
        /// The answer.
        response: ResponseId,
        /// The spoken item.
        item: ItemId,
        /// Its whole transcript, where the model's server repeats it.
        transcript: Option<String>,
    },
    /// An answer is over.
    ResponseDone {
        /// Its id.
        response: ResponseId,
        /// How it ended.
        ending: ResponseEnding,
    },
    /// The model's server complained; the session goes on.
    Complained {
        /// The error's code.
        code: String,
    },
    /// The session is gone and was not closed by us, or could not be opened.
    Lost,
    /// The service refuses this deployment: its key, its account, or every model that it names. No attempt helps.
    Refused {
        /// The service's code, like `invalid_api_key`.
        code: String,
    },
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseEnding {
    /// Whole.
    Completed,
    /// Cut by us or by the caller's speech.
    Cancelled,
    /// It failed, or was cut at a limit, with this code.
    Failed {
        /// Like `rate_limit_exceeded` or `max_output_tokens`.
        code: String,
    },
}

/// The parser gave no result: its model failed or broke the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParserFailure;

//! Calls, their leads, what was said in them and what they cost.

use async_trait::async_trait;
use time::{Date, Duration, Time, UtcDateTime};
use toran_domain::{
    Booking, BusinessId, CallSid, Cost, LeadId, MAX_NAME_CHARS, ModelName, PhoneNumber, Pii,
    Proposal, RequestedTime, Speaker, TaskId, Usage, is_plain,
};
use uuid::Uuid;

use crate::{StoreError, words::stored_words};

/// The longest line of a transcript that is kept, in characters; what is longer is cut.
pub const MAX_TRANSCRIPT_LINE_CHARS: usize = 4_000;

/// How long a redeemed token is remembered after it expires: longer than the clocks of two processes
/// may differ, or the one that is behind could redeem it again.
pub const REDEEMED_TOKEN_KEPT: Duration = Duration::HOUR;

/// The longest time for which the provider keeps two telephones together: so long a call that was transferred counts as
/// seen.
pub const LONGEST_TRANSFER: Duration = Duration::hours(4);

/// How many of the last lines a resumed call is given.
pub const SAID_LINES: usize = 12;

/// How many of the caller's last lines become the words of the task that a transfer leaves which nobody took.
pub const TRANSFER_WORDS_LINES: usize = 3;

/// How many of the slots that a caller was offered are remembered.
pub const MAX_OFFERED: usize = 16;

/// One call of one business. The provider's id alone names no call: a tenant could name another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// The business that was called.
    pub business_id: BusinessId,
    /// The telephony provider's id of the call.
    pub call_sid: CallSid,
}

/// One stream of a call. What a stream writes carries its epoch: what a superseded one writes is not done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallStream {
    /// Which call.
    pub key: CallKey,
    /// Which of its streams: see [`CallSession::epoch`].
    pub epoch: u32,
}

/// A call that begins, or comes back after its media stream was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOpening {
    /// Which call.
    pub key: CallKey,
    /// Who calls; `None` if the number is withheld.
    pub caller: Option<PhoneNumber>,
    /// The id of the lead, if it turns out to be a new one.
    pub new_lead_id: LeadId,
    /// The instant of opening.
    pub now: UtcDateTime,
}

/// What the database knows of a call: all that a process needs to take it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSession {
    /// Which call.
    pub key: CallKey,
    /// Who calls: found again by phone number, or new. A withheld number makes a lead per call.
    pub lead_id: LeadId,
    /// The name that was said last on this line, in whichever call. Others may call from it, too: it identifies nobody.
    pub lead_name: Option<Pii<String>>,
    /// The caller's name, if it was said in this call.
    pub caller_name: Option<Pii<String>>,
    /// Whether the lead has a number, so that a later call can be known for the same line.
    pub has_number: bool,
    /// What the caller asked for last.
    pub last_requested: RequestedTime,
    /// The appointment that was confirmed last, whatever became of it since.
    pub last_confirmed: Option<Booking>,
    /// The live appointments that were made or moved in this call, earliest first.
    pub appointments: Vec<CallAppointment>,
    /// What a bare "yes" would mean, and how much of that the caller has heard. Of a call that noted none it is what was asked
    /// for last, unheard.
    pub proposal: Proposal,
    /// The day and hour of the slots that the caller was offered last.
    pub offered: Vec<(Date, Time)>,
    /// Whether the caller asked for one more appointment since the last one was made.
    pub one_more: bool,
    /// The last lines of what was said, oldest first, at most [`SAID_LINES`].
    pub said: Vec<TranscriptLine>,
    /// Which of the call's streams has it: each that takes the call over counts one on, and what an older one still
    /// orders is not done.
    pub epoch: u32,
    /// Whether the call was ever opened again.
    pub resumed: bool,
    /// How many times it was opened again.
    pub reconnects: u32,
    /// How it ended; `None` while it goes on.
    pub ending: Option<CallEnding>,
    /// How far the caller has come on the way to a person; `None` if nobody asked for one.
    pub transfer: Option<TransferState>,
}

impl CallSession {
    /// The stream that this session was read for.
    pub fn stream(&self) -> CallStream {
        CallStream {
            key: self.key.clone(),
            epoch: self.epoch,
        }
    }
}

/// How far a call has come on the way to a person of the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferState {
    /// The caller asked for a person, and the stream makes way.
    Wanted,
    /// The person's telephone rings, or the two are talking.
    Dialling,
    /// Nobody took the call. The caller comes back and has not been told yet.
    Failed,
    /// A person took the call.
    Answered,
}

stored_words!(TransferState { Wanted = "wanted", Dialling = "dialling", Failed = "failed", Answered = "answered" });

/// A live appointment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallAppointment {
    /// The appointment.
    pub booking: Booking,
    /// Whether the caller has heard that it stands there.
    pub announced: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallEnding {
    /// The caller hung up.
    HungUp,
    /// The gateway ended it, its work done.
    Completed,
    /// It broke.
    Failed,
    /// Nobody said that it ended: no gateway has seen it for a long time. If it comes back after all, it goes on.
    Abandoned,
}

stored_words!(CallEnding { HungUp = "hung_up", Completed = "completed", Failed = "failed", Abandoned = "abandoned" });

/// One line of a call's transcript. Its place is the store's to give: lines stand in the order in which they
/// were appended, through all reconnects of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    /// Who spoke.
    pub speaker: Speaker,
    /// What was said; of the agent, only what the caller heard.
    pub text: Pii<String>,
    /// When it began, to the second.
    pub at: UtcDateTime,
}

impl TranscriptLine {
    /// The text without NUL, which a database may refuse, cut to [`MAX_TRANSCRIPT_LINE_CHARS`].
    pub fn bounded_text(&self) -> String {
        let said = self.text.expose().chars().filter(|c| *c != '\0');
        said.take(MAX_TRANSCRIPT_LINE_CHARS).collect()
    }
}

/// What a call used of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    /// Which model.
    pub model: ModelName,
    /// How much of it.
    pub usage: Usage,
    /// What it cost; `None` as soon as any part of it cost an unknown amount.
    pub cost: Option<Cost>,
}

impl ModelUsage {
    /// Adds a further use of the same model. Seconds that are not a number count as none.
    pub fn add(&mut self, usage: Usage, cost: Option<Cost>) {
        let audio_seconds = if usage.audio_seconds.is_finite() {
            usage.audio_seconds
        } else {
            0.0
        };
        self.usage += Usage {
            audio_seconds,
            ..usage
        };
        self.cost = self.cost.zip(cost).map(|(before, now)| before.plus(now));
    }

    /// Nothing used yet, at no cost.
    pub fn nothing(model: ModelName) -> Self {
        Self {
            model,
            usage: Usage::default(),
            cost: Some(Cost::default()),
        }
    }
}

/// A caller's name as it is kept: trimmed, without control characters, at most [`MAX_NAME_CHARS`] long.
/// `None` if nothing is left.
///
/// ```
/// use toran_store::bounded_name;
///
/// assert_eq!(bounded_name(" דוד\nכהן ").map(|name| name.into_inner()), Some("דודכהן".to_owned()));
/// assert_eq!(bounded_name("ד\u{202e}וד").map(|name| name.into_inner()), Some("דוד".to_owned()));
/// assert_eq!(bounded_name(" \u{7}\u{200b}"), None);
/// ```
pub fn bounded_name(name: &str) -> Option<Pii<String>> {
    let plain: String = name.chars().filter(|c| is_plain(*c)).collect();
    let kept = plain.trim().chars().take(MAX_NAME_CHARS);
    let name: String = kept.collect::<String>().trim().to_owned();
    (!name.is_empty()).then(|| Pii::new(name))
}

/// Calls and what belongs to them.
///
/// A write to a call that was never opened is [`StoreError::UnknownCall`]. A write of a stream that another one has
/// superseded is [`StoreError::Superseded`], and changes nothing.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Uses up a stream token: `true` exactly once for each id, across processes. An expired token is
    /// refused, so its id need not be remembered for long.
    async fn redeem_stream_token(
        &self,
        token_id: Uuid,
        expires_at: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<bool, StoreError>;

    /// Opens a call, or resumes it if it was opened before. The lead is found by business and phone
    /// number or made. [`StoreError::UnknownBusiness`] if there is no such business. A call that
    /// [failed](CallEnding::Failed) stays so; any other that comes back has not ended.
    async fn open_call(&self, opening: &CallOpening) -> Result<CallSession, StoreError>;

    /// Takes a call over for a stream that begins: from now on only this one, by its [epoch](CallSession::epoch), writes.
    /// Whatever an older stream had begun to book is there, or is not done at all. The caller is back on the line, so
    /// whoever was being dialled has not taken the call: it is [failed](TransferState::Failed), as by
    /// [`Self::end_transfer`], until the stream has [told](Self::note_transfer_told) the caller. `None` for an unknown call.
    async fn take_over(
        &self,
        key: &CallKey,
        now: UtcDateTime,
    ) -> Result<Option<CallSession>, StoreError>;

    /// What is known of a call.
    async fn call_session(&self, key: &CallKey) -> Result<Option<CallSession>, StoreError>;

    /// Remembers what the caller asked for last (an empty request changes nothing), and the name: the caller's and the
    /// line's. It names nothing that was made before, for it may be a second person's ("and one for my wife").
    async fn note_request(
        &self,
        stream: &CallStream,
        requested: RequestedTime,
        name: Option<&str>,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;

    /// Gives a name to what this call made without one: its live appointments and its open tasks. For a name that was said
    /// by itself, as it often is after the yes. What has a name keeps it.
    async fn name_made(&self, stream: &CallStream, name: &str) -> Result<(), StoreError>;

    /// Remembers an appointment of an earlier call that was found to be the caller's: it is theirs to move from then on, as one
    /// that this call confirmed is.
    async fn note_held(&self, stream: &CallStream, held: &Booking) -> Result<(), StoreError>;

    /// Remembers what a bare "yes" would mean, and how much of that the caller has heard.
    async fn note_proposal(
        &self,
        stream: &CallStream,
        proposal: Proposal,
    ) -> Result<(), StoreError>;

    /// Remembers the slots that the caller was offered last, at most [`MAX_OFFERED`].
    async fn note_offers(
        &self,
        stream: &CallStream,
        offered: &[(Date, Time)],
    ) -> Result<(), StoreError>;

    /// Remembers that the caller asked for one more appointment. The next one that is made takes it back.
    async fn note_one_more(&self, stream: &CallStream) -> Result<(), StoreError>;

    /// Remembers a number that a caller who withheld theirs gave in the conversation. It is shown to the business,
    /// exported and erased with the lead; nobody is ever found by it.
    async fn note_phone(&self, stream: &CallStream, phone: &PhoneNumber) -> Result<(), StoreError>;

    /// Remembers that the caller asked for a person: the stream makes way for one.
    async fn request_transfer(
        &self,
        stream: &CallStream,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;

    /// Takes back that the caller [asked](Self::request_transfer) for a person, if nobody is being dialled yet: the caller
    /// said otherwise meanwhile, or the stream did not make way in time.
    async fn withdraw_transfer(&self, stream: &CallStream) -> Result<(), StoreError>;

    /// Remembers that the caller has heard that nobody took the call.
    async fn note_transfer_told(&self, stream: &CallStream) -> Result<(), StoreError>;

    /// Begins to dial a person, if the caller asked for one: `true` each time that it is asked until the dialling has
    /// ended, else `false`. A call that is being transferred goes on, whatever its stream said of its end, and counts as
    /// seen for [`LONGEST_TRANSFER`].
    async fn begin_transfer(&self, key: &CallKey, now: UtcDateTime) -> Result<bool, StoreError>;

    /// Ends the dialling. If a person took the call, it is [over](CallEnding::Completed); else it goes on, and the stream
    /// that takes it over learns of it. Where the backend has [tasks](crate::Tasks), the same transaction adds one for a
    /// [person](toran_domain::TaskKind::Person) of the business to call back, in the [last words](TRANSFER_WORDS_LINES) of
    /// the caller: it stands even if the caller has hung up while it rang. Changes nothing if nobody was being dialled.
    async fn end_transfer(
        &self,
        key: &CallKey,
        answered: bool,
        new_task_id: TaskId,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;

    /// Remembers that the caller heard of an appointment of this call. If it stands elsewhere by now, or is another
    /// call's, nothing is remembered.
    async fn mark_announced(&self, stream: &CallStream, heard: &Booking) -> Result<(), StoreError>;

    /// Says that the call is live, even if it was taken for [abandoned](CallEnding::Abandoned). Asked every minute or so,
    /// or the call counts as abandoned. A call that has ended otherwise is live no more: [`StoreError::Superseded`] tells a
    /// stream that was never closed.
    async fn keep_alive(&self, stream: &CallStream, now: UtcDateTime) -> Result<(), StoreError>;

    /// Ends the calls of all businesses that no gateway has seen since `seen_before`, as
    /// [`CallEnding::Abandoned`]. Returns how many. A transfer that was asked for or begun, and of which nobody has heard since,
    /// has come to nothing, as by [`Self::end_transfer`], however its call ended.
    async fn end_abandoned_calls(
        &self,
        seen_before: UtcDateTime,
        now: UtcDateTime,
    ) -> Result<u64, StoreError>;

    /// Appends lines after all that are stored, together or not at all. Two processes may append to one call:
    /// neither loses a line. It is *not* idempotent: who appends a line again after an error may find it twice.
    async fn append_transcript(
        &self,
        stream: &CallStream,
        lines: &[TranscriptLine],
    ) -> Result<(), StoreError>;

    /// The whole transcript, in order. Empty for an unknown call.
    async fn transcript(&self, key: &CallKey) -> Result<Vec<TranscriptLine>, StoreError>;

    /// Adds to what the call used of a model.
    async fn add_usage(
        &self,
        stream: &CallStream,
        model: &ModelName,
        usage: Usage,
        cost: Option<Cost>,
    ) -> Result<(), StoreError>;

    /// What the call used, in the order of the models' names. Empty for an unknown call.
    async fn usage(&self, key: &CallKey) -> Result<Vec<ModelUsage>, StoreError>;

    /// Ends a call on behalf of one of its streams.
    async fn end_stream(
        &self,
        stream: &CallStream,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;

    /// Ends a call, by the provider's word. Only the first ending counts.
    async fn end_call(
        &self,
        key: &CallKey,
        ending: CallEnding,
        now: UtcDateTime,
    ) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let text = Pii::new("א".repeat(MAX_TRANSCRIPT_LINE_CHARS + 1));
        let at = UtcDateTime::UNIX_EPOCH;
        let line = TranscriptLine {
            speaker: Speaker::Caller,
            text,
            at,
        };
        assert_eq!(
            line.bounded_text().chars().count(),
            MAX_TRANSCRIPT_LINE_CHARS
        );
    }

    #[test]
    fn one_unknown_cost_makes_the_sum_unknown() {
        let mut used = ModelUsage::nothing(ModelName("gpt-4o-mini".into()));
        let ten = Usage {
            text_in: 10,
            ..Usage::default()
        };
        used.add(ten, Some(Cost { micro_usd: 3 }));
        assert_eq!(used.cost, Some(Cost { micro_usd: 3 }));
        used.add(
            Usage {
                audio_seconds: f64::NAN,
                ..ten
            },
            None,
        );
        used.add(ten, Some(Cost { micro_usd: 3 }));
        assert_eq!(
            (used.usage.text_in, used.usage.audio_seconds, used.cost),
            (30, 0.0, None)
        );
    }

    #[test]
    fn stored_words_are_read_back() {
        for ending in [
            CallEnding::HungUp,
            CallEnding::Completed,
            CallEnding::Failed,
            CallEnding::Abandoned,
        ] {
            assert_eq!(ending.as_str().parse(), Ok(ending));
        }
        let unknown = crate::UnknownWord {
            word: "robot".into(),
            expected: &["hung_up", "completed", "failed", "abandoned"],
        };
        assert_eq!("robot".parse::<CallEnding>(), Err(unknown));
    }
}

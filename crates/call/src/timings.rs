//! The call's clock and its patience.

use std::ops::{Add, Sub};

use toran_audio::Millis;
use toran_domain::patience;

/// A point in time, in milliseconds since the call's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub Millis);

impl Instant {
    /// The call's first moment.
    pub const START: Self = Self(Millis::ZERO);

    /// So many milliseconds after the call's start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Millis(millis))
    }
}

impl Add<Millis> for Instant {
    type Output = Self;

    fn add(self, length: Millis) -> Self {
        Self(self.0 + length)
    }
}

impl Sub for Instant {
    type Output = Millis;

    fn sub(self, earlier: Self) -> Millis {
        self.0 - earlier.0
    }
}

/// How long the engine waits for whom, and how it paces what it plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timings {
    /// Audio is sent to the phone this far ahead of real time; what is not sent can still be held or dropped.
    pub playout_lead: Millis,
    /// The length of one piece of audio to the phone; a mark follows each.
    pub playout_piece: Millis,
    /// A caller's segment shorter than this is noise: it never reaches the parser. A segment is measured by our own detector,
    /// from 100 ms before its first voice to 100 ms after its last.
    pub shortest_segment: Millis,
    /// For the model's session, before the caller hears an excuse. The attempt goes on: a session that comes late is used.
    pub session_late: Millis,
    /// For one attempt to open a session; the driver is told, and gives the attempt up then.
    pub session_patience: Millis,
    /// For an open session to take its configuration.
    pub configure_patience: Millis,
    /// For a session that has complained about its configuration to take it after all.
    pub refused_patience: Millis,
    /// Before each further attempt at a session; the last one counts for all that follow.
    pub reopen_pauses: [Millis; 4],
    /// For the model's sessions to come back, before the call is given up.
    pub outage_patience: Millis,
    /// For the transcript of a committed segment.
    pub transcript_patience: Millis,
    /// For the parser.
    pub parser_patience: Millis,
    /// For the booking desk.
    pub desk_patience: Millis,
    /// For a request to be saved.
    pub save_patience: Millis,
    /// For the words before a transfer to be said and heard.
    pub farewell_patience: Millis,
    /// For the first event of an answer, and from one to the next.
    pub response_patience: Millis,
    /// For the end of an answer that was cancelled.
    pub cancel_patience: Millis,
    /// For the words of an answer whose sound is all there.
    pub words_patience: Millis,
    /// Between a failed answer and its one retry.
    pub retry_pause: Millis,
    /// After a dropped segment, this much silence before the caller is asked to repeat.
    pub clarify_after: Millis,
    /// The caller counts as silent when no voice was heard for so long, whatever the model's server says.
    pub voice_patience: Millis,
    /// The phone's audio counts as stopped when none came for so long.
    pub audio_gap: Millis,
    /// An answer that is held goes on after this, if no segment ever came of what held it.
    pub longest_pause: Millis,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            playout_lead: Millis(200),
            playout_piece: Millis(100),
            shortest_segment: Millis(400),
            session_late: Millis::of(patience::SESSION_LATE),
            session_patience: Millis::of(patience::SESSION_OPEN),
            configure_patience: Millis::of(patience::SESSION_CONFIGURED),
            refused_patience: Millis(1_500),
            reopen_pauses: [Millis(0), Millis(500), Millis(1_000), Millis(2_000)],
            outage_patience: Millis::of(patience::OUTAGE),
            transcript_patience: Millis(5_000),
            parser_patience: Millis::of(patience::PARSER),
            desk_patience: Millis::of(patience::DESK),
            save_patience: Millis::of(patience::SAVE),
            farewell_patience: Millis(10_000),
            response_patience: Millis(5_000),
            cancel_patience: Millis(3_000),
            words_patience: Millis(1_000),
            retry_pause: Millis(300),
            clarify_after: Millis(2_000),
            voice_patience: Millis(3_000),
            audio_gap: Millis(750),
            longest_pause: Millis(5_000),
        }
    }
}

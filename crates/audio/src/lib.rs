//! Telephone audio: G.711 mu-law at 8 kHz, whether there is speech in it, and how much of what was sent to a
//! phone has been heard.
//!
//! It is *not* a codec of its own (the curve comes from `audio-codec-algorithms`), it keeps no sound, and it
//! reads no clock: every instant is an argument, in milliseconds of the call.
//!
//! ```
//! use toran_audio::{EnergyDetector, MULAW_SILENCE, Millis};
//!
//! let mut detector = EnergyDetector::default();
//! let silence = [MULAW_SILENCE; 160];
//! assert!(!detector.is_speech(&silence));
//! assert_eq!(Millis::of_mulaw(silence.len()), Millis(20));
//! ```

mod activity;
mod millis;
mod playout_clock;

pub use activity::{EnergyDetector, SpeechTimeline};
pub use millis::Millis;
pub use playout_clock::PlayoutClock;

/// The mu-law byte of silence. (0x7F is the other zero and also occurs on the wire.)
pub const MULAW_SILENCE: u8 = 0xFF;
/// Mu-law bytes of one millisecond.
pub const BYTES_PER_MS: usize = 8;
/// Mu-law bytes of one telephone frame of 20 ms.
pub const FRAME_BYTES: usize = 160;

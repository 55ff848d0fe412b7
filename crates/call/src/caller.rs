//! The caller's side: audio on its way to the model, and how long each segment was really spoken.

use std::collections::VecDeque;

use bytes::Bytes;
use toran_audio::{EnergyDetector, Millis, SpeechTimeline};
use toran_domain::ItemId;

/// One piece of the caller's audio.
#[derive(Debug, Clone)]
pub struct PhoneAudio {
    /// The payload as the wire carried it, passed through to the model untouched.
    pub payload: Bytes,
    /// The same audio as mu-law bytes, for our own detector.
    pub mulaw: Bytes,
}

/// What the caller says before the session is configured is held, up to this many pieces (5 s).
const MAX_HELD_PIECES: usize = 250;
/// Segments that began but were never committed are forgotten beyond this many.
const MAX_OPEN_SEGMENTS: usize = 8;

/// A segment between its start and its commit.
#[derive(Debug, Clone)]
struct Segment {
    item: ItemId,
    from: Millis,
    to: Option<Millis>,
}

#[derive(Debug, Default)]
pub(crate) struct Caller {
    held: VecDeque<PhoneAudio>,
    detector: EnergyDetector,
    timeline: SpeechTimeline,
    segments: VecDeque<Segment>,
    speaking: bool,
}

impl Caller {
    /// Holds audio that may not be sent yet. Returns whether older audio had to go for it.
    pub(crate) fn hold(&mut self, audio: PhoneAudio) -> bool {
        let full = self.held.len() >= MAX_HELD_PIECES;
        if full {
            self.held.pop_front();
        }
        self.held.push_back(audio);
        full
    }

    pub(crate) fn take_held(&mut self) -> VecDeque<PhoneAudio> {
        std::mem::take(&mut self.held)
    }

    /// Notes audio that goes to the model now.
    pub(crate) fn passed_on(&mut self, audio: &PhoneAudio) {
        let speech = self.detector.is_speech(&audio.mulaw);
        self.timeline
            .push(Millis::of_mulaw(audio.mulaw.len()), speech);
    }

    pub(crate) fn speech_started(&mut self, item: ItemId, at: Millis) {
        self.speaking = true;
        if self.segments.len() >= MAX_OPEN_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment {
            item,
            from: at,
            to: None,
        });
    }

    pub(crate) fn speech_stopped(&mut self, item: &ItemId, at: Millis) {
        self.speaking = false;
        if let Some(segment) = self
            .segments
            .iter_mut()
            .find(|segment| segment.item == *item)
        {
            segment.to = Some(at);
        }
    }

    /// Takes a committed segment's spoken length. `None` where the model's server did not say where it was.
    ///
    /// Our own detector measures speech; where it heard none in that stretch, the server's own bounds count
    /// (they include its padding and its closing silence, so they err towards letting the segment pass).
    pub(crate) fn committed(&mut self, item: &ItemId) -> Option<Millis> {
        self.speaking = false;
        let at = self
            .segments
            .iter()
            .position(|segment| segment.item == *item)?;
        let segment = self.segments.remove(at)?;
        let to = segment.to?;
        let claimed = to - segment.from;
        if claimed == Millis::ZERO {
            return None;
        }
        Some(
            self.timeline
                .spoken_within(segment.from, to)
                .unwrap_or(claimed),
        )
    }

    pub(crate) const fn is_speaking(&self) -> bool {
        self.speaking
    }
}

//! The caller's side: audio on its way to the model, and how long each segment was really spoken.

use std::collections::VecDeque;

use bytes::Bytes;
use toran_audio::{BYTES_PER_MS, EnergyDetector, FRAME_BYTES, Millis, SpeechTimeline};
use toran_domain::{ItemId, RequestedTime};

use crate::Instant;

/// One piece of the caller's audio.
#[derive(Debug, Clone)]
pub struct PhoneAudio {
    /// The payload as the wire carried it, passed through to the model untouched.
    pub payload: Bytes,
    /// The same audio as mu-law bytes, for our own detector.
    pub mulaw: Bytes,
}

/// Of what the caller says while no session is open the last ten seconds are held: as long as an attempt at one takes.
const MAX_HELD_BYTES: usize = 10_000 * BYTES_PER_MS;
/// Segments that began but were never committed are forgotten beyond this many.
const MAX_OPEN_SEGMENTS: usize = 8;

/// A segment between its start and its commit.
#[derive(Debug, Clone)]
struct Segment {
    item: ItemId,
    from: Millis,
    to: Option<Millis>,
    /// What of the proposal had been heard when it began.
    heard: RequestedTime,
}

/// What is known of a segment when it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    /// How long it was by our own detector, with its margins; `None` if that heard no voice.
    pub(crate) spoken: Option<Millis>,
    /// What of the proposal had been heard when it began; `None` if the model's server never said that it began.
    pub(crate) heard: Option<RequestedTime>,
}

/// A voice is measured from so long before its first sound, and to so long after its last: its edges are softer than what a
/// detector hears.
const VOICE_MARGIN: Millis = Millis(100);

#[derive(Debug, Default)]
pub(crate) struct Caller {
    /// Mu-law bytes.
    held: Vec<u8>,
    detector: EnergyDetector,
    timeline: SpeechTimeline,
    segments: VecDeque<Segment>,
    /// Where the last committed segment ended.
    committed_to: Millis,
    /// The segment that is being spoken.
    speaking: Option<ItemId>,
    /// When a voice was last heard, by us or by the model's server.
    last_voice: Instant,
    last_audio: Instant,
}

impl Caller {
    /// Holds audio that may not be sent yet. Returns whether older audio had to go for it.
    pub(crate) fn hold(&mut self, mulaw: &[u8]) -> bool {
        self.held.extend_from_slice(mulaw);
        let surplus = self.held.len().saturating_sub(MAX_HELD_BYTES);
        self.held.drain(..surplus);
        surplus > 0
    }

    pub(crate) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Notes audio that goes to the model now.
    pub(crate) fn passed_on(&mut self, now: Instant, mulaw: &[u8]) {
        for frame in mulaw.chunks(FRAME_BYTES) {
            let speech = self.detector.is_speech(frame);
            self.timeline.push(Millis::of_mulaw(frame.len()), speech);
            if speech {
                self.last_voice = now;
            }
        }
        self.last_audio = now;
    }

    /// Notes silence that goes to the model in place of audio that never came.
    pub(crate) fn padded(&mut self, length: Millis) {
        self.timeline.push(length, false);
    }

    /// How long ago the voice of a segment began that starts at this position: by our own detector, and where that heard none
    /// yet, by the model's server.
    pub(crate) fn since_onset(&self, at: Millis) -> Millis {
        let end = self.timeline.end();
        end - self.timeline.first_voice_within(at, end).unwrap_or(at)
    }

    pub(crate) fn speech_started(
        &mut self,
        now: Instant,
        item: ItemId,
        at: Millis,
        heard: RequestedTime,
    ) {
        self.speaking = Some(item.clone());
        self.last_voice = now;
        if self.segments.len() >= MAX_OPEN_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment {
            item,
            from: at,
            to: None,
            heard,
        });
    }

    pub(crate) fn speech_stopped(&mut self, item: &ItemId, at: Millis) {
        self.fall_silent(item);
        if let Some(segment) = self
            .segments
            .iter_mut()
            .find(|segment| segment.item == *item)
        {
            segment.to = Some(at);
        }
    }

    /// Measures a committed segment by our own detector. Where the model's server did not say where it lies, it is all that
    /// came since the last one.
    pub(crate) fn committed(&mut self, item: &ItemId) -> Committed {
        self.fall_silent(item);
        let segments = &mut self.segments;
        let at = segments.iter().position(|segment| segment.item == *item);
        let segment = at.and_then(|at| segments.remove(at));
        let from = segment.as_ref().map_or(self.committed_to, |s| s.from);
        let to = segment.as_ref().and_then(|segment| segment.to);
        let to = to.unwrap_or(self.timeline.end());
        self.committed_to = to;
        let spoken = self.timeline.spoken_within(from, to);
        Committed {
            spoken: spoken.map(|spoken| spoken + VOICE_MARGIN + VOICE_MARGIN),
            heard: segment.map(|segment| segment.heard),
        }
    }

    fn fall_silent(&mut self, item: &ItemId) {
        self.speaking.take_if(|speaking| speaking == item);
    }

    pub(crate) const fn is_speaking(&self) -> bool {
        self.speaking.is_some()
    }

    /// When a voice was last heard, while the model's server takes the caller to be speaking.
    pub(crate) fn voice_since(&self) -> Option<Instant> {
        self.speaking.as_ref().map(|_| self.last_voice)
    }

    /// The server never said that the caller stopped. Returns whether the phone's audio had stopped coming.
    pub(crate) fn give_up_speech(&mut self, now: Instant, gap: Millis) -> bool {
        self.speaking = None;
        now - self.last_audio >= gap
    }

    /// A new session counts positions from its own beginning and knows of no segment.
    pub(crate) fn forget_session(&mut self) {
        self.timeline = SpeechTimeline::new();
        self.committed_to = Millis::ZERO;
        self.segments.clear();
        self.speaking = None;
    }
}

//! Whether there is speech in a frame, and for how long there was.

use audio_codec_algorithms::decode_ulaw;

use crate::Millis;

/// A simple voice activity detector: the frame's energy against a noise floor that it learns.
///
/// Good enough to measure how long a caller spoke, on speech well above the line's noise. It takes loud noise
/// for speech, so it must not decide alone that someone spoke: the model's own detector does that.
#[derive(Debug, Clone)]
pub struct EnergyDetector {
    /// Mean square of the background, in linear units.
    floor: f32,
}

/// Speech stands this far above the background: 9 dB.
const ABOVE_FLOOR: f32 = 8.0;
/// Nothing below −48 dBFS is speech, however quiet the line.
const QUIETEST_SPEECH: f32 = 32_768.0 * 32_768.0 * 1.6e-5;
/// The background is never taken to be above −35 dBFS, or a long talker would become background.
const LOUDEST_FLOOR: f32 = 32_768.0 * 32_768.0 * 3.2e-4;
/// How quickly the floor follows: fast down, slow up.
const FOLLOW_DOWN: f32 = 0.3;
const FOLLOW_UP: f32 = 0.01;

impl Default for EnergyDetector {
    fn default() -> Self {
        Self {
            floor: QUIETEST_SPEECH / ABOVE_FLOOR,
        }
    }
}

impl EnergyDetector {
    /// Whether this frame of mu-law bytes (any length; 20 ms is usual) holds speech.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a frame has a few hundred samples"
    )]
    pub fn is_speech(&mut self, mulaw: &[u8]) -> bool {
        if mulaw.is_empty() {
            return false;
        }
        let energy: f32 = mulaw
            .iter()
            .map(|byte| f32::from(decode_ulaw(*byte)).powi(2))
            .sum();
        let mean = energy / mulaw.len() as f32;
        let follow = if mean < self.floor {
            FOLLOW_DOWN
        } else {
            FOLLOW_UP
        };
        self.floor = (self.floor + follow * (mean - self.floor)).min(LOUDEST_FLOOR);
        mean > QUIETEST_SPEECH && mean > self.floor * ABOVE_FLOOR
    }
}

/// Which of the last frames held speech, addressed by position in the audio that the model was given.
///
/// Bounded: it remembers [`SpeechTimeline::REMEMBERED`] and forgets what is older.
#[derive(Debug, Clone)]
pub struct SpeechTimeline {
    /// One flag per step, a ring.
    steps: Box<[bool]>,
    /// Length of everything recorded so far.
    end: Millis,
}

impl SpeechTimeline {
    /// How far back it can tell.
    pub const REMEMBERED: Millis = Millis(60_000);
    const STEP_MS: u64 = 20;

    /// Nothing recorded yet.
    pub fn new() -> Self {
        let steps = usize::try_from(Self::REMEMBERED.0 / Self::STEP_MS).unwrap_or(1);
        Self {
            steps: vec![false; steps].into_boxed_slice(),
            end: Millis::ZERO,
        }
    }

    /// Appends a stretch of audio that did or did not hold speech.
    pub fn push(&mut self, length: Millis, speech: bool) {
        let first = self.end.0 / Self::STEP_MS;
        self.end += length;
        let last = self.end.0.div_ceil(Self::STEP_MS);
        for step in first..last.min(first + self.steps.len() as u64) {
            let slot = self.slot(step);
            self.steps[slot] = speech;
        }
    }

    /// The position of the next frame.
    pub const fn end(&self) -> Millis {
        self.end
    }

    /// From the first to the last speech between two positions; `None` if there was none or the stretch is
    /// forgotten. Pauses inside count: a word has gaps.
    pub fn spoken_within(&self, from: Millis, to: Millis) -> Option<Millis> {
        let mut speech = self.speech_within(from, to);
        let begins = speech.next()?;
        let ends = speech.next_back().unwrap_or(begins);
        Some(Millis((ends - begins + 1) * Self::STEP_MS))
    }

    /// Where the first speech between two positions begins; `None` if there was none or the stretch is forgotten.
    pub fn first_voice_within(&self, from: Millis, to: Millis) -> Option<Millis> {
        let mut speech = self.speech_within(from, to);
        speech
            .next()
            .map(|step| Millis(step * Self::STEP_MS).max(from))
    }

    /// The steps between two positions that hold speech.
    fn speech_within(&self, from: Millis, to: Millis) -> impl DoubleEndedIterator<Item = u64> {
        let oldest = (self.end - Self::REMEMBERED).0.div_ceil(Self::STEP_MS);
        let first = (from.0 / Self::STEP_MS).max(oldest);
        let last = to.min(self.end).0.div_ceil(Self::STEP_MS);
        (first..last).filter(|step| self.steps[self.slot(*step)])
    }

    fn slot(&self, step: u64) -> usize {
        usize::try_from(step % self.steps.len() as u64).unwrap_or(0)
    }
}

impl Default for SpeechTimeline {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FRAME_BYTES, MULAW_SILENCE};

    fn utterance(id: &str) -> Vec<u8> {
        let path = format!(
            "{}/../../fixtures/speech-he/{id}.ulaw",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read(path).unwrap()
    }

    fn spoken(audio: &[u8]) -> Option<Millis> {
        let (mut detector, mut timeline) = (EnergyDetector::default(), SpeechTimeline::new());
        for frame in audio.chunks(FRAME_BYTES) {
            timeline.push(Millis::of_mulaw(frame.len()), detector.is_speech(frame));
        }
        timeline.spoken_within(Millis::ZERO, timeline.end())
    }

    #[test]
    fn silence_is_not_speech_in_either_zero() {
        assert_eq!(spoken(&[MULAW_SILENCE; 16_000]), None);
        assert_eq!(spoken(&[0x7F; 16_000]), None);
    }

    #[test]
    fn an_utterance_is_measured_by_its_speech() {
        // 3.46 s in all, of which 0.40 s of silence leads in.
        let whole = spoken(&utterance("10")).unwrap();
        assert!((2_200..=3_100).contains(&whole.0), "{whole}");
    }

    #[test]
    fn a_cut_word_is_shorter_than_the_gate() {
        let word = utterance("01");
        let speech_begins = 3_200;
        let cut = [&word[..speech_begins + 1_600], &[MULAW_SILENCE; 8_000][..]].concat();
        let spoken = spoken(&cut).unwrap();
        assert!(spoken < Millis(400), "{spoken}");
    }

    #[test]
    fn the_timeline_forgets_but_never_lies() {
        let mut timeline = SpeechTimeline::new();
        timeline.push(Millis(20), true);
        timeline.push(SpeechTimeline::REMEMBERED, false);
        assert_eq!(timeline.spoken_within(Millis::ZERO, Millis(20)), None);
        timeline.push(Millis(40), true);
        assert_eq!(
            timeline.spoken_within(Millis::ZERO, Millis(u64::MAX)),
            Some(Millis(40))
        );
    }
}

//! The input audio buffer and its voice activity detector, on the real energy of the audio.

use serde_json::Value;

use crate::{
    mulaw::{FRAME_BYTES, FRAME_MS, duration_ms, level_db},
    voice::bytes_in,
};

/// A commit of less than this is refused.
pub(super) const MIN_COMMIT_MS: u64 = 100;
/// This many loud frames in a row are speech.
const ONSET_FRAMES: u32 = 2;

/// How turns are detected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TurnDetection {
    /// 0 to 1; the higher, the louder speech has to be.
    pub(super) threshold: f64,
    pub(super) prefix_padding_ms: u64,
    pub(super) silence_duration_ms: u64,
    pub(super) create_response: bool,
    pub(super) interrupt_response: bool,
}

impl TurnDetection {
    /// Reads `session.audio.input.turn_detection`; null is `None`. The semantic detector is played by
    /// the energy detector with a longer silence.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let flag = |key: &str| value[key].as_bool().unwrap_or(true);
        let number = |key: &str, default| value[key].as_u64().unwrap_or(default);
        let semantic = value["type"] == "semantic_vad";
        value.is_object().then(|| Self {
            threshold: value["threshold"].as_f64().unwrap_or(0.5),
            prefix_padding_ms: number("prefix_padding_ms", 300),
            silence_duration_ms: number("silence_duration_ms", if semantic { 800 } else { 200 }),
            create_response: flag("create_response"),
            interrupt_response: flag("interrupt_response"),
        })
    }

    /// −45 dB at the usual threshold of 0.5.
    #[expect(clippy::cast_possible_truncation, reason = "a level in decibels")]
    fn level_db(self) -> f32 {
        (-60.0 + 30.0 * self.threshold) as f32
    }
}

/// What the detector noticed. Times count from the first byte ever appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activity {
    /// Speech began, at this time less the prefix padding.
    Started { audio_start_ms: u64 },
    /// Speech ended; the end includes the silence that told so. The audio goes from start to end.
    Stopped { audio_end_ms: u64, audio: Vec<u8> },
}

/// Audio that was appended and not yet committed, as mu-law.
#[derive(Debug, Default)]
pub(super) struct InputBuffer {
    audio: Vec<u8>,
    /// Bytes before `audio` since the session began.
    base: usize,
    /// How much of `audio` the detector has seen.
    seen: usize,
    loud_frames: u32,
    quiet_ms: u64,
    speaking: bool,
}

impl InputBuffer {
    /// Appends audio and tells what the detector noticed in it.
    pub(super) fn append(
        &mut self,
        audio: &[u8],
        detection: Option<TurnDetection>,
    ) -> Vec<Activity> {
        self.audio.extend_from_slice(audio);
        let mut noticed = Vec::new();
        let Some(detection) = detection else {
            self.seen = self.audio.len();
            return noticed;
        };
        while let Some(frame) = self.audio.get(self.seen..self.seen + FRAME_BYTES) {
            let loud = level_db(frame) > detection.level_db();
            self.seen += FRAME_BYTES;
            if self.speaking {
                noticed.extend(self.listen_for_end(loud, detection));
            } else {
                noticed.extend(self.listen_for_start(loud, detection));
            }
        }
        noticed
    }

    /// How much was ever appended, in milliseconds.
    pub(super) const fn position_ms(&self) -> u64 {
        duration_ms(self.base + self.audio.len())
    }

    /// Takes everything that is buffered, or says how much too little it is.
    pub(super) fn commit(&mut self) -> Result<Vec<u8>, u64> {
        let length = duration_ms(self.audio.len());
        if length < MIN_COMMIT_MS {
            return Err(length);
        }
        Ok(self.take(self.audio.len()))
    }

    /// Throws away everything that is buffered.
    pub(super) fn clear(&mut self) {
        self.take(self.audio.len());
    }

    fn listen_for_start(&mut self, loud: bool, detection: TurnDetection) -> Option<Activity> {
        self.loud_frames = if loud { self.loud_frames + 1 } else { 0 };
        let padding = bytes_in(detection.prefix_padding_ms);
        let onset = self.seen - FRAME_BYTES * usize::try_from(self.loud_frames).unwrap_or(0);
        self.drop_front(onset.saturating_sub(padding));
        if self.loud_frames < ONSET_FRAMES {
            return None;
        }
        self.speaking = true;
        self.quiet_ms = 0;
        Some(Activity::Started {
            audio_start_ms: duration_ms(self.base),
        })
    }

    fn listen_for_end(&mut self, loud: bool, detection: TurnDetection) -> Option<Activity> {
        self.quiet_ms = if loud { 0 } else { self.quiet_ms + FRAME_MS };
        if self.quiet_ms < detection.silence_duration_ms.max(FRAME_MS) {
            return None;
        }
        let audio = self.take(self.seen);
        Some(Activity::Stopped {
            audio_end_ms: duration_ms(self.base),
            audio,
        })
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let taken = self.audio[..length].to_vec();
        self.drop_front(length);
        self.loud_frames = 0;
        self.speaking = false;
        taken
    }

    fn drop_front(&mut self, length: usize) {
        self.audio.drain(..length);
        self.base += length;
        self.seen = self.seen.saturating_sub(length);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{fixtures, mulaw::SILENCE};

    fn detection() -> Option<TurnDetection> {
        TurnDetection::read(&json!({"type": "server_vad", "silence_duration_ms": 500}))
    }

    #[test]
    fn every_utterance_is_one_turn() {
        for utterance in fixtures::all() {
            let mut buffer = InputBuffer::default();
            let mut noticed = Vec::new();
            for frame in utterance.audio.chunks(FRAME_BYTES) {
                noticed.extend(buffer.append(frame, detection()));
            }
            noticed.extend(buffer.append(&[SILENCE; 8_000], detection()));
            let [
                Activity::Started { audio_start_ms },
                Activity::Stopped {
                    audio_end_ms,
                    audio,
                },
            ] = noticed.as_slice()
            else {
                panic!("{}: {} activities", utterance.id, noticed.len());
            };
            // Speech begins 400 ms in, less 300 ms of padding.
            assert!(
                (80..=180).contains(audio_start_ms),
                "{}: {audio_start_ms}",
                utterance.id
            );
            assert_eq!(duration_ms(audio.len()), audio_end_ms - audio_start_ms);
        }
    }

    #[test]
    fn silence_and_clicks_are_no_turn() {
        let mut buffer = InputBuffer::default();
        let mut audio = [SILENCE; 16_000];
        audio[4_000] = 0x00;
        assert_eq!(buffer.append(&audio, detection()), []);
        assert!(!buffer.speaking);
        assert!(
            duration_ms(buffer.audio.len()) <= 340,
            "only the padding is kept"
        );
    }

    #[test]
    fn a_commit_needs_a_tenth_of_a_second() {
        let mut buffer = InputBuffer::default();
        buffer.append(&[SILENCE; 792], None);
        assert_eq!(buffer.commit(), Err(99));
        buffer.append(&[SILENCE; 8], None);
        assert_eq!(buffer.commit().map(|audio| audio.len()), Ok(800));
        buffer.append(&[SILENCE; 800], None);
        buffer.clear();
        assert_eq!(buffer.commit(), Err(0));
    }
}

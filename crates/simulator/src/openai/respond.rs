//! One response as it runs: a plan of beats, sent several times faster than it will be played.

use std::{collections::VecDeque, time::Duration};

use serde_json::Value;

use super::{config::AudioFormat, events, mind::Ending};
use crate::{
    mulaw::{FRAME_BYTES, FRAME_MS, duration_ms, to_pcm},
    voice::{self, MS_PER_LETTER},
};

/// Shortest and longest audio of one delta, in frames.
const DELTA_FRAMES: std::ops::RangeInclusive<usize> = 5..=20;
/// How far the transcript runs ahead of the audio.
const TRANSCRIPT_LEAD_MS: u64 = 400;

/// How a response came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finish {
    Completed,
    Cancelled { reason: &'static str },
    Incomplete { reason: &'static str },
    Failed { code: String },
}

/// One thing that happens in the course of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beat {
    /// The item and its content part are announced.
    Open,
    /// Words.
    Words(String),
    /// Audio, as mu-law; it is coded for the wire when it is sent.
    Audio(Vec<u8>),
    Finish(Finish),
    /// The connection is dropped.
    Drop,
    /// The connection falls silent.
    Stall,
}

/// How fast things go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tempo {
    pub(super) think: Duration,
    /// Times real time.
    pub(super) burst: f64,
}

/// A response that is running.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) id: String,
    pub(super) item_id: String,
    /// False for an out-of-band response.
    pub(super) in_conversation: bool,
    pub(super) audible: bool,
    pub(super) metadata: Value,
    pub(super) max_output_tokens: Value,
    /// Whether the item was announced.
    pub(super) opened: bool,
    /// What was sent of the words, and how long the audio sent is.
    pub(super) sent_text: String,
    pub(super) sent_audio_ms: u64,
    plan: VecDeque<(Duration, Beat)>,
}

/// What a response is asked to be.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) item_id: String,
    pub(super) in_conversation: bool,
    pub(super) audible: bool,
    pub(super) metadata: Value,
    pub(super) max_output_tokens: Value,
}

impl Response {
    /// Plans a response that says `text`.
    pub(super) fn plan(
        order: Order,
        text: &str,
        ending: Ending,
        tempo: Tempo,
        rng: &mut fastrand::Rng,
    ) -> Self {
        let limit = order.max_output_tokens.as_u64();
        let kept = limit.map_or(text.to_owned(), |limit| {
            within_limit(text, limit, order.audible)
        });
        let cut = kept.len() < text.len();
        let mut plan = VecDeque::new();
        if kept.is_empty() {
            plan.push_back((tempo.think, last_beat(ending, cut)));
        } else {
            plan.push_back((tempo.think, Beat::Open));
            if order.audible {
                plan_speech(&kept, tempo.burst, rng, &mut plan);
            } else {
                plan_text(&kept, &mut plan);
            }
            plan.push_back((Duration::from_millis(5), last_beat(ending, cut)));
        }
        let Order {
            id,
            item_id,
            in_conversation,
            audible,
            metadata,
            max_output_tokens,
        } = order;
        Self {
            id,
            item_id,
            in_conversation,
            audible,
            metadata,
            max_output_tokens,
            opened: false,
            sent_text: String::new(),
            sent_audio_ms: 0,
            plan,
        }
    }

    /// How long until the next beat; none when the response is over.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.plan.front().map(|(wait, _)| *wait)
    }

    /// The next beat.
    pub(super) fn next_beat(&mut self) -> Option<Beat> {
        let (_, beat) = self.plan.pop_front()?;
        match &beat {
            Beat::Open => self.opened = true,
            Beat::Words(words) => self.sent_text.push_str(words),
            Beat::Audio(audio) => self.sent_audio_ms += duration_ms(audio.len()),
            Beat::Finish(_) | Beat::Drop | Beat::Stall => {}
        }
        Some(beat)
    }
}

fn last_beat(ending: Ending, cut: bool) -> Beat {
    match ending {
        Ending::Completed if cut => Beat::Finish(Finish::Incomplete {
            reason: "max_output_tokens",
        }),
        Ending::Completed => Beat::Finish(Finish::Completed),
        Ending::Failed { code } => Beat::Finish(Finish::Failed { code }),
        Ending::ContentFilter => Beat::Finish(Finish::Incomplete {
            reason: "content_filter",
        }),
        Ending::Dropped => Beat::Drop,
        Ending::Stalled => Beat::Stall,
    }
}

/// The longest beginning that the limit of output tokens allows.
fn within_limit(text: &str, limit: u64, audible: bool) -> String {
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        let audio = if audible {
            events::spoken_tokens(voice::spoken_ms(&kept))
        } else {
            0
        };
        if events::text_tokens(&kept) + audio > limit {
            kept.pop();
            break;
        }
    }
    kept
}

fn plan_text(text: &str, plan: &mut VecDeque<(Duration, Beat)>) {
    for word in text.split_inclusive(' ') {
        plan.push_back((Duration::from_millis(15), Beat::Words(word.to_owned())));
    }
}

fn plan_speech(
    text: &str,
    burst: f64,
    rng: &mut fastrand::Rng,
    plan: &mut VecDeque<(Duration, Beat)>,
) {
    let audio = voice::speak(text);
    let mut words = text.split_inclusive(' ').peekable();
    let (mut letters, mut sent, mut wait) = (0_u64, 0_usize, Duration::ZERO);
    while sent < audio.len() {
        let end = (sent + rng.usize(DELTA_FRAMES) * FRAME_BYTES).min(audio.len());
        // Words are written down before they are spoken.
        let written_until = duration_ms(end) + TRANSCRIPT_LEAD_MS;
        while let Some(word) = words.next_if(|_| letters * MS_PER_LETTER < written_until) {
            letters += word.chars().count() as u64;
            plan.push_back((std::mem::take(&mut wait), Beat::Words(word.to_owned())));
        }
        plan.push_back((
            std::mem::take(&mut wait),
            Beat::Audio(audio[sent..end].to_vec()),
        ));
        wait = Duration::from_millis(duration_ms(end - sent)).div_f64(burst.max(0.1));
        sent = end;
    }
    for word in words {
        plan.push_back((Duration::ZERO, Beat::Words(word.to_owned())));
    }
}

/// Codes speech for the wire.
pub(super) fn encode(audio: &[u8], format: AudioFormat) -> Vec<u8> {
    match format {
        AudioFormat::Pcmu => audio.to_vec(),
        AudioFormat::Pcma => to_pcm(audio)
            .map(audio_codec_algorithms::encode_alaw)
            .collect(),
        AudioFormat::Pcm => to_pcm(audio)
            .flat_map(|sample| [sample.to_le_bytes(); 3])
            .flatten()
            .collect(),
    }
}

/// Reads the caller's audio from the wire as mu-law. Only mu-law arrives unchanged, so only in mu-law
/// are recordings recognised.
pub(super) fn decode(audio: Vec<u8>, format: AudioFormat) -> Vec<u8> {
    let from_pcm = crate::mulaw::from_pcm;
    match format {
        AudioFormat::Pcmu => audio,
        AudioFormat::Pcma => audio
            .into_iter()
            .map(|byte| from_pcm(audio_codec_algorithms::decode_alaw(byte)))
            .collect(),
        AudioFormat::Pcm => audio
            .chunks_exact(6)
            .map(|three| from_pcm(i16::from_le_bytes([three[0], three[1]])))
            .collect(),
    }
}

const _: () = assert!(FRAME_MS * 5 == 100, "deltas are 100 to 400 ms long");

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(text: &str, audible: bool, limit: Value) -> Vec<(Duration, Beat)> {
        let order = Order {
            id: "resp_1".into(),
            item_id: "item_1".into(),
            in_conversation: true,
            audible,
            metadata: Value::Null,
            max_output_tokens: limit,
        };
        let tempo = Tempo {
            think: Duration::from_millis(300),
            burst: 4.0,
        };
        let mut rng = fastrand::Rng::with_seed(1);
        let mut response = Response::plan(order, text, Ending::Completed, tempo, &mut rng);
        let mut beats = Vec::new();
        while let Some(wait) = response.wait() {
            beats.extend(response.next_beat().map(|beat| (wait, beat)));
        }
        beats
    }

    #[test]
    fn speech_is_whole_written_ahead_and_faster_than_life() {
        let text = "יש לי כמה שעות פנויות ביום שלישי בבוקר.";
        let beats = plan(text, true, json!("inf"));
        let (mut written, mut audio, mut waited) = (String::new(), Vec::new(), Duration::ZERO);
        for (wait, beat) in &beats[1..] {
            waited += *wait;
            match beat {
                Beat::Words(words) => written.push_str(words),
                Beat::Audio(chunk) => {
                    audio.extend_from_slice(chunk);
                    let spoken = duration_ms(audio.len()) / MS_PER_LETTER;
                    assert!(
                        written.chars().count() as u64 >= spoken,
                        "audio before its words"
                    );
                }
                _ => {}
            }
        }
        assert_eq!(written, text);
        assert_eq!(audio, voice::speak(text));
        let spoken = Duration::from_millis(duration_ms(audio.len()));
        assert!(
            waited * 3 < spoken && waited * 5 > spoken,
            "{waited:?} for {spoken:?}"
        );
        assert_eq!(
            beats.last().map(|(_, beat)| beat),
            Some(&Beat::Finish(Finish::Completed))
        );
    }

    #[test]
    fn a_limit_of_tokens_cuts() {
        let beats = plan("משפט ארוך מאוד שלא ייגמר", true, json!(12));
        let cut = Beat::Finish(Finish::Incomplete {
            reason: "max_output_tokens",
        });
        assert_eq!(beats.last().map(|(_, beat)| beat), Some(&cut));
    }

    #[test]
    fn a_text_answer_has_no_audio_and_an_empty_one_no_item() {
        let beats = plan("שלום לך", false, json!("inf"));
        assert!(
            beats
                .iter()
                .all(|(_, beat)| !matches!(beat, Beat::Audio(_)))
        );
        assert_eq!(plan("", true, json!("inf")).len(), 1);
    }

    #[test]
    fn audio_is_coded_for_the_wire() {
        let audio = voice::speak("כן");
        assert_eq!(encode(&audio, AudioFormat::Pcm).len(), audio.len() * 6);
        let there = encode(&audio, AudioFormat::Pcm);
        let back = encode(&decode(there, AudioFormat::Pcm), AudioFormat::Pcm);
        assert_eq!(back, encode(&audio, AudioFormat::Pcm));
    }
}

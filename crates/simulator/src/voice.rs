//! The simulated voice: audio that carries its own words.
//!
//! There is no speech synthesis here. Each 20 ms frame is an audible tone that ends with a small
//! record (sync bytes, a running number, the letter that was just finished, a checksum). Whoever
//! plays the bytes to a [`Listener`] learns exactly which letters reached the ear, however the
//! bytes were cut, delayed, dropped or joined on the way. A frame whose end was cut off was not heard.
//!
//! A letter takes 75 ms, so an answer lasts about as long as a person would need for it.
//!
//! ```
//! use toran_simulator::voice::{Listener, speak};
//!
//! let audio = speak("שלום, איך אפשר לעזור?");
//! let mut ear = Listener::default();
//! ear.hear(&audio[..3_200]); // the caller interrupts after 400 ms
//! assert_eq!(ear.utterances()[0].text, "שלום,");
//! assert!(!ear.utterances()[0].complete);
//! ```

use crate::mulaw::{BYTES_PER_MS, FRAME_BYTES, FRAME_MS, from_pcm};

/// How long one letter takes.
pub const MS_PER_LETTER: u64 = 75;

const SYNC: [u8; 4] = [0x2A, 0xD5, 0x13, 0xEC];
/// Sync, number (2), length and flag (1), letter (4), checksum (2).
const RECORD_BYTES: usize = 13;
const LETTER_BYTES: usize = 4;
/// Set in the length byte of an utterance's last record.
const LAST: u8 = 0x80;

/// How long a text takes to say, in milliseconds of audio.
pub fn spoken_ms(text: &str) -> u64 {
    (text.chars().count() as u64 * MS_PER_LETTER).div_ceil(FRAME_MS) * FRAME_MS
}

/// Says a text: mu-law at 8 kHz, whole 20 ms frames. An empty text is no audio.
pub fn speak(text: &str) -> Vec<u8> {
    let letters: Vec<char> = text.chars().collect();
    let frames = spoken_ms(text) / FRAME_MS;
    let mut audio = Vec::new();
    let mut finished = 0_usize;
    let mut phase = 0.0_f32;
    for frame in 0..frames {
        let ends_ms = (frame + 1) * FRAME_MS;
        let speaking = letters.get(finished).copied();
        let letter = speaking.filter(|_| (finished as u64 + 1) * MS_PER_LETTER <= ends_ms);
        tone(speaking.unwrap_or(' '), &mut phase, &mut audio);
        audio.extend(record(frame, letter, frame + 1 == frames));
        finished += usize::from(letter.is_some());
    }
    audio
}

/// What was heard of one utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// The letters that reached the ear, in order.
    pub text: String,
    /// Whether its end was heard too.
    pub complete: bool,
}

/// An ear: bytes go in as they are played, words come out.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    pending: Vec<u8>,
    last_number: Option<u16>,
    utterances: Vec<Utterance>,
}

impl Listener {
    /// Hears some played bytes, in chunks of any size.
    pub fn hear(&mut self, played: &[u8]) {
        self.pending.extend_from_slice(played);
        let mut at = 0;
        while let Some(window) = self.pending.get(at..at + RECORD_BYTES) {
            if let Some((number, letter, last)) = read_record(window) {
                at += RECORD_BYTES;
                self.note(number, &letter, last);
            } else {
                at += 1;
            }
        }
        self.pending.drain(..at);
    }

    /// Everything heard so far, utterance by utterance.
    pub fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    fn note(&mut self, number: u16, letter: &str, last: bool) {
        // Numbers only grow within an utterance, so a smaller one begins another.
        if self.last_number.is_none_or(|previous| number <= previous) {
            self.utterances.push(Utterance {
                text: String::new(),
                complete: false,
            });
        }
        self.last_number = if last { None } else { Some(number) };
        if let Some(utterance) = self.utterances.last_mut() {
            utterance.text.push_str(letter);
            utterance.complete |= last;
        }
    }
}

fn tone(letter: char, phase: &mut f32, audio: &mut Vec<u8>) {
    let pitch = 160 + u16::try_from(u32::from(letter) % 24).unwrap_or(0) * 12;
    let loudness = if letter.is_whitespace() {
        2_000.0
    } else {
        7_000.0
    };
    for _ in 0..FRAME_BYTES - RECORD_BYTES {
        *phase =
            (*phase + std::f32::consts::TAU * f32::from(pitch) / 8_000.0) % std::f32::consts::TAU;
        audio.push(from_pcm(to_sample(phase.sin() * loudness)));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the tone never leaves ±7000"
)]
fn to_sample(level: f32) -> i16 {
    level as i16
}

fn record(number: u64, letter: Option<char>, last: bool) -> [u8; RECORD_BYTES] {
    let mut utf8 = [0_u8; LETTER_BYTES];
    let length = letter.map_or(0, |letter| letter.encode_utf8(&mut utf8).len());
    let mut record = [0_u8; RECORD_BYTES];
    record[..4].copy_from_slice(&SYNC);
    // 65,536 frames are 21 minutes: no answer is that long.
    record[4..6].copy_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes());
    record[6] = u8::try_from(length).unwrap_or(0) | if last { LAST } else { 0 };
    record[7..11].copy_from_slice(&utf8);
    let checksum = crc16(&record[4..11]);
    record[11..].copy_from_slice(&checksum.to_be_bytes());
    record
}

fn read_record(window: &[u8]) -> Option<(u16, String, bool)> {
    if window[..4] != SYNC || crc16(&window[4..11]).to_be_bytes() != window[11..] {
        return None;
    }
    let length = usize::from(window[6] & !LAST);
    let letter = std::str::from_utf8(window.get(7..7 + length.min(LETTER_BYTES))?).ok()?;
    let number = u16::from_be_bytes([window[4], window[5]]);
    Some((number, letter.to_owned(), window[6] & LAST != 0))
}

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

/// The audio bytes that a text needs before its first `letters` letters were heard.
#[cfg(test)]
fn bytes_for(letters: u64) -> usize {
    usize::try_from((letters * MS_PER_LETTER).div_ceil(FRAME_MS)).unwrap_or(0) * FRAME_BYTES
}

/// Bytes of audio in so many milliseconds.
pub(crate) fn bytes_in(ms: u64) -> usize {
    usize::try_from(ms)
        .unwrap_or(usize::MAX)
        .saturating_mul(BYTES_PER_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mulaw::level_db;

    fn heard(chunks: &[&[u8]]) -> Vec<Utterance> {
        let mut ear = Listener::default();
        for chunk in chunks {
            ear.hear(chunk);
        }
        ear.utterances().to_vec()
    }

    #[test]
    fn a_cut_in_the_middle_of_a_frame_loses_only_what_was_not_played() {
        let first = speak("יש לנו מקום ביום שלישי");
        let second = speak("סליחה");
        let cut = bytes_for(6) + 70;
        let silence = [0xFF; 333];
        let heard = heard(&[&first[..cut], &silence, &second]);
        assert_eq!(
            heard[0],
            Utterance {
                text: "יש לנו".into(),
                complete: false
            }
        );
        assert_eq!(
            heard[1],
            Utterance {
                text: "סליחה".into(),
                complete: true
            }
        );
    }

    #[test]
    fn the_same_answer_twice_is_two_utterances() {
        let audio = speak("כן");
        assert_eq!(heard(&[&audio, &audio]).len(), 2);
        assert_eq!(heard(&[&audio[..320], &audio]).len(), 2);
    }

    #[test]
    fn it_is_audible_and_lasts_as_long_as_speech() {
        let audio = speak("קבעתי לך פגישה");
        assert_eq!(audio.len(), bytes_in(spoken_ms("קבעתי לך פגישה")));
        assert!(
            audio
                .chunks(FRAME_BYTES)
                .all(|frame| level_db(frame) > -30.0)
        );
        assert!(speak("").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_survives_any_chunking(text in "[א-ת ,.0-9a-z😀]{1,60}", size in 1_usize..500) {
            let audio = speak(&text);
            let chunks: Vec<&[u8]> = audio.chunks(size).collect();
            prop_assert_eq!(heard(&chunks), vec![Utterance { text, complete: true }]);
        }

        #[test]
        fn a_cut_answer_is_heard_as_a_prefix(text in "[א-ת ]{1,40}", share in 0.0_f64..1.0) {
            let audio = speak(&text);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss,
                clippy::cast_precision_loss, reason = "an index inside the audio")]
            let cut = (audio.len() as f64 * share) as usize;
            let heard = heard(&[&audio[..cut]]);
            let words = heard.first().map_or("", |utterance| utterance.text.as_str());
            prop_assert!(text.starts_with(words));
        }
    }
}

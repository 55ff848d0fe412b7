//! The recorded callers: forty Hebrew utterances of an appointment line, embedded in the crate.
//!
//! They are synthetic speech (see `fixtures/README.md`): good for plumbing and timing, and silent
//! about how well real people are understood.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::Deserialize;

use crate::mulaw::{FRAME_BYTES, level_db};

/// Frames under this level (dB below full scale) are not part of what is spoken.
const SPOKEN_LEVEL_DB: f32 = -55.0;

macro_rules! recordings {
    ($($id:literal)*) => {
        [$(($id, include_bytes!(concat!("../../../fixtures/speech-he/", $id, ".ulaw")).as_slice())),*]
    };
}

const RECORDINGS: [(&str, &[u8]); 40] = recordings!(
    "01" "02" "03" "04" "05" "06" "07" "08" "09" "10"
    "11" "12" "13" "14" "15" "16" "17" "18" "19" "20"
    "21" "22" "23" "24" "25" "26" "27" "28" "29" "30"
    "31" "32" "33" "34" "35" "36" "37" "38" "39" "40"
);

static TABLE: &str = include_str!("../../../fixtures/speech-he/utterances.tsv");

static UTTERANCES: LazyLock<Vec<Utterance>> = LazyLock::new(|| {
    RECORDINGS
        .iter()
        .enumerate()
        .map(|(index, &(id, audio))| {
            let mut columns = TABLE
                .lines()
                .map(|line| line.split('\t'))
                .find_map(|mut columns| (columns.next() == Some(id)).then_some(columns))
                .into_iter()
                .flatten();
            let intent = columns.next().unwrap_or_default();
            let text = columns.next().unwrap_or_default();
            Utterance {
                id: UtteranceId(index),
                intent,
                text,
                audio,
            }
        })
        .collect()
});

/// The number of a recorded utterance, `01` to `40`. One that exists, by construction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UtteranceId(usize);

/// There is no recording of that number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no recorded utterance {0:?}: use a number from \"01\" to \"40\" of utterances.tsv")]
pub struct UnknownUtterance(String);

impl FromStr for UtteranceId {
    type Err = UnknownUtterance;

    fn from_str(id: &str) -> Result<Self, UnknownUtterance> {
        let index = RECORDINGS.iter().position(|(known, _)| *known == id);
        index
            .map(Self)
            .ok_or_else(|| UnknownUtterance(id.to_owned()))
    }
}

impl TryFrom<String> for UtteranceId {
    type Error = UnknownUtterance;

    fn try_from(id: String) -> Result<Self, UnknownUtterance> {
        id.parse()
    }
}

impl fmt::Display for UtteranceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(RECORDINGS[self.0].0)
    }
}

impl fmt::Debug for UtteranceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One recorded utterance.
#[derive(Debug, Clone, Copy)]
pub struct Utterance {
    /// Its number.
    pub id: UtteranceId,
    /// What the caller is after, in one word of `utterances.tsv`.
    pub intent: &'static str,
    /// What is said, in Hebrew.
    pub text: &'static str,
    /// Raw mu-law, 8 kHz, whole frames of 160 bytes, with silence before and after the speech.
    pub audio: &'static [u8],
}

impl Utterance {
    /// The spoken part of the audio: whole frames, without the silence around them.
    pub fn voiced(&self) -> &'static [u8] {
        let loud = |frame: &[u8]| level_db(frame) > SPOKEN_LEVEL_DB;
        let frames = || self.audio.chunks(FRAME_BYTES);
        let first = frames().position(loud).unwrap_or(0);
        let last = frames().rposition(loud).map_or(0, |last| last + 1);
        &self.audio[first * FRAME_BYTES..(last * FRAME_BYTES).min(self.audio.len())]
    }
}

/// Every utterance, in the order of its number.
pub fn all() -> &'static [Utterance] {
    &UTTERANCES
}

/// The utterance of a number.
pub fn by_id(id: UtteranceId) -> &'static Utterance {
    &UTTERANCES[id.0]
}

/// The utterance of exactly these words.
pub fn by_text(text: &str) -> Option<&'static Utterance> {
    let text = text.trim().trim_end_matches(['.', '?', '!']);
    all().iter().find(|utterance| utterance.text == text)
}

/// The utterance whose words stand in a longer text: the text itself if it is one, else a line of it,
/// else the longest that stands there on word boundaries.
pub fn within(text: &str) -> Option<&'static Utterance> {
    by_text(text)
        .or_else(|| text.lines().rev().find_map(by_text))
        .or_else(|| {
            let mut found: Vec<_> = all()
                .iter()
                .filter(|utterance| contains_words(text, utterance.text))
                .collect();
            found.sort_by_key(|utterance| utterance.text.len());
            found.pop()
        })
}

fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_has_its_words_and_whole_frames() {
        assert_eq!(all().len(), 40);
        for utterance in all() {
            assert!(
                !utterance.text.is_empty() && !utterance.intent.is_empty(),
                "{}",
                utterance.id
            );
            assert_eq!(utterance.audio.len() % FRAME_BYTES, 0, "{}", utterance.id);
            let voiced = utterance.voiced().len();
            assert!(
                voiced > 2_000 && voiced < utterance.audio.len(),
                "{}",
                utterance.id
            );
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            within(text).map(|found| found.id.to_string()).as_deref(),
            expected
        );
    }

    #[test]
    fn words_are_found_in_a_message() {
        check("כן זה נכון", Some("31"));
        check("הלקוח אמר: \"כן זה נכון\"", Some("31"));
        check("היום יום שני\nכן\n", Some("01"));
        check("לאיזה יום?", None);
    }

    #[test]
    fn an_unknown_number_is_refused() {
        assert!("41".parse::<UtteranceId>().is_err());
        assert_eq!(
            "07".parse::<UtteranceId>().map(|id| by_id(id).text),
            Ok("שלום")
        );
    }
}

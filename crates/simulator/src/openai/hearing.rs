//! What the simulated service understands: recorded utterances, recognised by their samples.
//!
//! It is not speech recognition. A committed segment is understood if it holds at least nine tenths
//! of a recording's spoken part, in one piece; so a gateway that drops, reorders or re-encodes the
//! caller's audio is not understood.

use std::{collections::HashMap, sync::LazyLock};

use crate::fixtures::{self, Utterance, UtteranceId};

/// Length of the windows by which recordings are found.
const WINDOW: usize = 40;
/// A window with fewer different bytes says nothing about where it is from.
const MIN_VARIETY: usize = 8;
/// Alignments looked at closely, best first.
const MAX_CANDIDATES: usize = 48;
/// What a human ear makes of half a sentence.
const GARBLED: &str = "מממ";

/// What was made of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Recognition {
    /// The recordings that were understood, in the order they were said.
    pub(super) understood: Vec<UtteranceId>,
    /// What a transcriber would write down.
    pub(super) transcript: String,
}

struct Voice {
    utterance: &'static Utterance,
    voiced: &'static [u8],
}

/// A recording laid over a segment: byte `i` of the recording at byte `i + shift` of the segment.
struct Match {
    voice: usize,
    starts: usize,
    run: usize,
}

static VOICES: LazyLock<Vec<Voice>> = LazyLock::new(|| {
    let voice = |utterance: &'static Utterance| Voice {
        utterance,
        voiced: utterance.voiced(),
    };
    fixtures::all().iter().map(voice).collect()
});

/// From a window to the recordings and offsets at which it stands.
type Anchors = HashMap<&'static [u8], Vec<(usize, usize)>>;

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let mut anchors = Anchors::new();
    for (index, voice) in VOICES.iter().enumerate() {
        for (nth, window) in voice.voiced.chunks_exact(WINDOW).enumerate() {
            if variety(window) >= MIN_VARIETY {
                anchors
                    .entry(window)
                    .or_default()
                    .push((index, nth * WINDOW));
            }
        }
    }
    anchors
});

/// Recognises the recordings in a committed segment.
pub(super) fn recognise(segment: &[u8]) -> Recognition {
    let mut matches = matches(segment);
    matches.sort_by_key(|found| std::cmp::Reverse(found.run));
    let fragment = matches
        .iter()
        .any(|found| found.run * 4 >= VOICES[found.voice].voiced.len());
    let mut taken: Vec<Match> = Vec::new();
    for found in matches {
        let whole = found.run * 10 >= VOICES[found.voice].voiced.len() * 9;
        let apart = |other: &Match| {
            found.starts + found.run <= other.starts || other.starts + other.run <= found.starts
        };
        if whole && taken.iter().all(apart) {
            taken.push(found);
        }
    }
    taken.sort_by_key(|found| found.starts);
    let utterances: Vec<_> = taken
        .iter()
        .map(|found| VOICES[found.voice].utterance)
        .collect();
    let transcript = if utterances.is_empty() && fragment {
        GARBLED.to_owned()
    } else {
        utterances
            .iter()
            .map(|utterance| utterance.text)
            .collect::<Vec<_>>()
            .join(" ")
    };
    Recognition {
        understood: utterances.iter().map(|found| found.id).collect(),
        transcript,
    }
}

fn matches(segment: &[u8]) -> Vec<Match> {
    let mut votes: HashMap<(usize, isize), usize> = HashMap::new();
    for (at, window) in segment.windows(WINDOW).enumerate() {
        for &(voice, offset) in ANCHORS.get(window).into_iter().flatten() {
            *votes
                .entry((voice, at.cast_signed() - offset.cast_signed()))
                .or_default() += 1;
        }
    }
    let mut candidates: Vec<_> = votes.into_iter().collect();
    candidates.sort_by_key(|&(place, votes)| (std::cmp::Reverse(votes), place));
    candidates.truncate(MAX_CANDIDATES);
    candidates
        .into_iter()
        .map(|((voice, shift), _)| {
            let (starts, run) = longest_run(VOICES[voice].voiced, segment, shift);
            Match { voice, starts, run }
        })
        .collect()
}

/// Where in the segment the longest stretch of equal bytes starts, and its length.
fn longest_run(voiced: &[u8], segment: &[u8], shift: isize) -> (usize, usize) {
    let mut best = (0, 0);
    let mut run = 0;
    for (index, byte) in voiced.iter().enumerate() {
        let place = index.checked_add_signed(shift);
        if place.and_then(|place| segment.get(place)) == Some(byte) {
            run += 1;
            if run > best.1 {
                best = ((index + 1).saturating_add_signed(shift) - run, run);
            }
        } else {
            run = 0;
        }
    }
    best
}

fn variety(window: &[u8]) -> usize {
    let mut seen = [false; 256];
    for &byte in window {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|&&seen| seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mulaw::SILENCE;

    #[track_caller]
    fn check(segment: &[u8], expected: &[&str]) {
        let understood = recognise(segment).understood;
        let ids: Vec<String> = understood.iter().map(ToString::to_string).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn every_utterance_is_recognised_whole() {
        for utterance in fixtures::all() {
            check(utterance.audio, &[&utterance.id.to_string()]);
            let mut padded = vec![SILENCE; 1_234];
            padded.extend_from_slice(utterance.voiced());
            check(&padded, &[&utterance.id.to_string()]);
        }
    }

    #[test]
    fn half_an_utterance_is_not_understood() {
        for utterance in fixtures::all() {
            let voiced = utterance.voiced();
            for half in [&voiced[..voiced.len() / 2], &voiced[voiced.len() / 2..]] {
                assert!(
                    !recognise(half).understood.contains(&utterance.id),
                    "{}",
                    utterance.id
                );
            }
        }
    }

    #[test]
    fn a_missing_or_doubled_frame_is_not_understood() {
        let voiced = fixtures::all()[10].voiced();
        let middle = voiced.len() / 2;
        let missing = [&voiced[..middle], &voiced[middle + 160..]].concat();
        assert!(recognise(&missing).understood.is_empty());
        assert_eq!(recognise(&missing).transcript, GARBLED);
        let doubled = [&voiced[..middle], &voiced[middle - 160..]].concat();
        assert!(recognise(&doubled).understood.is_empty());
    }

    #[test]
    fn two_in_one_segment_are_both_understood() {
        let both = [fixtures::all()[18].audio, fixtures::all()[11].audio].concat();
        check(&both, &["19", "12"]);
        assert_eq!(
            recognise(&both).transcript,
            "לא שלישי אמרתי רביעי בשעה עשר וחצי"
        );
    }

    #[test]
    fn noise_and_silence_are_nothing() {
        assert_eq!(recognise(&[SILENCE; 8_000]), Recognition::default());
        let mut random = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..16_000).map(|_| random.u8(..)).collect();
        assert_eq!(recognise(&noise), Recognition::default());
        assert_eq!(recognise(&[]), Recognition::default());
    }
}

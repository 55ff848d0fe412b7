//! The guard of one spoken answer.

use std::ops::Range;

use toran_hebrew as hebrew;

use crate::{
    ClaimKind, Ledger,
    claims::{Sentence, judge, read_open},
};

/// A guard keeps no more of one answer than this many bytes; a longer answer is not played to its end.
const MAX_TRANSCRIPT_BYTES: usize = 32 * 1024;

/// How much of an answer may be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// What is spoken before so many letters and digits of the transcript. Signs, spaces and vowel points take
    /// no time to say and are not counted.
    Chars(usize),
    /// All of it: its whole transcript is known, and true.
    Everything,
}

/// A claim that the ledger does not hold. The answer must be cut before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseClaim {
    /// What it claims.
    pub kind: ClaimKind,
}

/// Reads the transcript of one spoken answer as it streams in.
///
/// It fails closed: an answer is cleared to its end only by its whole transcript. One that breaks off, that has
/// no words, or that has too many of them keeps what was cleared of it.
#[derive(Debug, Clone, Default)]
pub struct SpeechGuard {
    transcript: String,
    /// The transcript is the whole of the answer.
    whole: bool,
    /// Words were left out because there were too many: nothing is taken in after them.
    overflowed: bool,
    /// Where the first sentence begins that is not judged yet, in bytes.
    judged: usize,
    /// The letters before it.
    judged_letters: usize,
    /// The last sentence with words, if it was a true claim.
    claimed: Option<Range<usize>>,
}

impl SpeechGuard {
    /// The next words of the answer. Words that follow the whole transcript show that it was not whole.
    pub fn push(&mut self, words: &str) {
        self.overflowed |= self.transcript.len() + words.len() > MAX_TRANSCRIPT_BYTES;
        if !self.overflowed && !words.is_empty() {
            self.whole = false;
            self.transcript.push_str(words);
        }
    }

    /// The whole transcript, as the service gives it at the end. What was streamed before should be its
    /// beginning; if it is not, the whole one is what counts. One without words is none.
    pub fn finish_with(&mut self, transcript: &str) {
        self.overflowed |= transcript.len() > MAX_TRANSCRIPT_BYTES;
        if self.overflowed || hebrew::letters_said(transcript) == 0 {
            return;
        }
        if !transcript.starts_with(&self.transcript) {
            self.judged = 0;
            self.judged_letters = 0;
            self.claimed = None;
        }
        transcript.clone_into(&mut self.transcript);
        self.whole = true;
    }

    /// For a service that never sends the whole transcript but has ended the answer as completed: the words
    /// that were streamed are the whole of it. Without words nothing changes.
    pub fn finish_as_streamed(&mut self) {
        self.whole |= !self.overflowed && self.has_words();
    }

    /// The transcript as far as so many letters and digits of it, counted as [`Cleared::Chars`] counts them.
    pub fn first_letters(&self, letters: usize) -> &str {
        let mut said = 0;
        let mut chars = self.transcript.char_indices();
        let next = chars.find(|(at, c)| {
            said += hebrew::letters_said(&self.transcript[*at..at + c.len_utf8()]);
            said > letters
        });
        &self.transcript[..next.map_or(self.transcript.len(), |(at, _)| at)]
    }

    /// The words so far.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }

    /// Whether anything is said by the words so far.
    pub fn has_words(&self) -> bool {
        hebrew::letters_said(&self.transcript) > 0
    }

    /// Whether the whole transcript is known.
    pub const fn is_complete(&self) -> bool {
        self.whole && !self.overflowed
    }

    /// Judges what has come in against what is true.
    pub fn screen(&mut self, ledger: &Ledger) -> Result<Cleared, FalseClaim> {
        let is_complete = self.is_complete();
        while let Some(length) = sentence_length(&self.transcript[self.judged..], is_complete) {
            let range = self.judged..self.judged + length;
            let sentence = &self.transcript[range.clone()];
            let before = self.claimed.clone().map(|range| &self.transcript[range]);
            let judged = judge(sentence, before, ledger).map_err(|kind| FalseClaim { kind })?;
            self.judged_letters += hebrew::letters_said(sentence);
            self.judged = range.end;
            match judged {
                Sentence::TrueBooking => self.claimed = Some(range),
                Sentence::Innocent => self.claimed = None,
                Sentence::Blank => {}
            }
        }
        if is_complete {
            return Ok(Cleared::Everything);
        }
        let open = &self.transcript[self.judged..];
        let read = read_open(open);
        match read.certain {
            Some(kind) if kind == ClaimKind::Sent || ledger.bookings().is_empty() => {
                return Err(FalseClaim { kind });
            }
            _ => {}
        }
        // The sentence after a claim may name its hour again, and is heard whole or not at all.
        let settled = if self.claimed.is_some() {
            0
        } else {
            read.settled
        };
        let letters = hebrew::letters_said(&open[..settled]);
        Ok(Cleared::Chars(self.judged_letters + letters))
    }
}

/// The bytes of the first whole sentence. A full stop ends one only before white space ("24.11" goes on), and
/// the end of the answer ends the last.
pub(crate) fn sentence_length(text: &str, is_whole: bool) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' | '…' => chars.peek().is_some_and(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if ends {
            return Some(at + c.len_utf8());
        }
    }
    (is_whole && !text.is_empty()).then_some(text.len())
}

#[cfg(test)]
mod corpus;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cleared_before_the_answer_ends() {
        let mut guard = SpeechGuard::default();
        guard.push("ביום שלישי יש לנו כמה שעות פנויות. אפשר לקבוע לך תור בעשר או באחת");
        let Ok(Cleared::Chars(cleared)) = guard.screen(&Ledger::default()) else {
            panic!("not cleared")
        };
        assert!(cleared > 42, "{cleared}");
    }

    #[test]
    fn a_sentence_that_may_claim_is_held_not_cut() {
        let ledger = Ledger::default();
        let mut guard = SpeechGuard::default();
        guard.push("מעולה. קובעת לך ליום שלישי בעשר");
        assert_eq!(guard.screen(&ledger), Ok(Cleared::Chars(5)));
        let mut asked = guard.clone();
        asked.push(", בסדר? ");
        assert_eq!(asked.screen(&ledger), Ok(Cleared::Chars(29)));
        guard.push(". ");
        let kind = ClaimKind::Booked;
        assert_eq!(guard.screen(&ledger), Err(FalseClaim { kind }));
    }

    #[test]
    fn a_certain_claim_is_cut_at_once() {
        let mut guard = SpeechGuard::default();
        guard.push("מעולה, אז קבעתי ");
        let kind = ClaimKind::Booked;
        assert_eq!(guard.screen(&Ledger::default()), Err(FalseClaim { kind }));
    }

    #[track_caller]
    fn check_cleared(pieces: &[&str], expected: usize) {
        let mut guard = SpeechGuard::default();
        for words in pieces {
            guard.push(words);
        }
        let cleared = guard.screen(&Ledger::default());
        assert_eq!(cleared, Ok(Cleared::Chars(expected)), "{pieces:?}");
    }

    #[test]
    fn only_what_takes_time_to_say_is_counted() {
        check_cleared(&["שלום, "], 4);
        check_cleared(&["שָׁלוֹם   ...  "], 4);
        check_cleared(&["אני ", "פה "], 5);
        check_cleared(&["אני ", "פ"], 3);
        check_cleared(&["מעולה. ", "התור שלך "], 5);
    }

    #[test]
    fn only_the_whole_transcript_clears_everything() {
        let ledger = Ledger::default();
        let mut guard = SpeechGuard::default();
        guard.finish_as_streamed();
        for nothing in ["", "  ", "…"] {
            guard.finish_with(nothing);
        }
        assert_eq!(guard.screen(&ledger), Ok(Cleared::Chars(0)));
        assert!(!guard.is_complete() && !guard.has_words());

        guard.push("שלום לך");
        guard.finish_with("");
        assert_eq!(guard.screen(&ledger), Ok(Cleared::Chars(4)));
        assert!(!guard.is_complete() && guard.has_words());

        let mut streamed = guard.clone();
        streamed.finish_as_streamed();
        assert_eq!(streamed.screen(&ledger), Ok(Cleared::Everything));
        assert!(streamed.is_complete());

        guard.finish_with("שלום לך");
        assert_eq!(guard.screen(&ledger), Ok(Cleared::Everything));
        guard.push(" קבעתי");
        assert!(!guard.is_complete());
        assert_eq!(guard.screen(&ledger), Ok(Cleared::Chars(6)));
    }

    #[test]
    fn a_transcript_that_comes_whole_replaces_the_pieces() {
        for pieces in ["שלום", "קב", "שלום. מה"] {
            let mut guard = SpeechGuard::default();
            guard.push(pieces);
            assert!(guard.screen(&Ledger::default()).is_ok());
            guard.finish_with("קבעתי לך");
            let kind = ClaimKind::Booked;
            assert_eq!(guard.screen(&Ledger::default()), Err(FalseClaim { kind }));
        }
    }

    #[test]
    fn an_answer_without_end_is_not_kept() {
        let mut guard = SpeechGuard::default();
        for _ in 0..100_000 {
            guard.push("אבג ");
        }
        assert!(guard.transcript().len() <= MAX_TRANSCRIPT_BYTES);
        let whole = guard.transcript().to_owned();
        guard.finish_as_streamed();
        guard.finish_with(&whole);
        assert!(!guard.is_complete());
        assert_ne!(guard.screen(&Ledger::default()), Ok(Cleared::Everything));
    }

    #[test]
    fn nothing_is_taken_in_after_words_were_dropped() {
        let mut guard = SpeechGuard::default();
        guard.push("שלום. ");
        guard.push(&"א".repeat(MAX_TRANSCRIPT_BYTES));
        guard.push("אפשר לעזור? ");
        assert_eq!(guard.transcript(), "שלום. ");
        guard.finish_with("שלום. ");
        assert_eq!(guard.screen(&Ledger::default()), Ok(Cleared::Chars(4)));
    }
}

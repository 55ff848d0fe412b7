//! The guard of one spoken answer.

use crate::{
    ClaimKind, Ledger,
    claims::{LONGEST_PHRASE, claim_in, false_claim_in},
};

/// A guard keeps no more of one answer than this many bytes; a longer answer is not played to its end.
const MAX_TRANSCRIPT_BYTES: usize = 32 * 1024;

/// How much of an answer may be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// What is spoken before this many characters of the transcript.
    Chars(usize),
    /// All of it: its words are known to the end.
    Everything,
}

/// A claim that the ledger does not hold. The answer must be cut before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseClaim {
    /// What it claims.
    pub kind: ClaimKind,
}

/// Reads the transcript of one spoken answer as it streams in.
#[derive(Debug, Clone, Default)]
pub struct SpeechGuard {
    transcript: String,
    finished: bool,
    /// Words were left out because there were too many: the rest of the answer is never cleared.
    overflowed: bool,
    /// Where the first sentence begins that is not judged yet, in bytes.
    judged: usize,
}

impl SpeechGuard {
    /// The next words of the answer.
    pub fn push(&mut self, words: &str) {
        if self.transcript.len() + words.len() > MAX_TRANSCRIPT_BYTES {
            self.overflowed = true;
        }
        if !self.overflowed {
            self.transcript.push_str(words);
        }
    }

    /// The answer's words are complete.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The whole transcript, where it comes at once at the end. What was streamed before must be its beginning;
    /// if it is not, the whole one is what counts.
    pub fn finish_with(&mut self, transcript: &str) {
        if transcript.len() > MAX_TRANSCRIPT_BYTES {
            self.overflowed = true;
        } else if transcript != self.transcript {
            transcript.clone_into(&mut self.transcript);
            self.judged = 0;
        }
        self.finish();
    }

    /// tmp
    pub fn finish_as_streamed(&mut self) {
        if self.has_words() {
            self.finish();
        }
    }
    /// tmp
    pub fn is_complete(&self) -> bool {
        self.finished && self.has_words()
    }
    /// tmp
    pub fn has_words(&self) -> bool {
        !self.transcript.is_empty()
    }
    /// The words so far.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }

    /// Whether the words are complete.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Judges what has come in against what is true.
    pub fn screen(&mut self, ledger: &Ledger) -> Result<Cleared, FalseClaim> {
        while let Some(length) = sentence_length(&self.transcript[self.judged..], self.finished) {
            let sentence = &self.transcript[self.judged..self.judged + length];
            if let Some(kind) = false_claim_in(sentence, ledger) {
                return Err(FalseClaim { kind });
            }
            self.judged += length;
        }
        let open = &self.transcript[self.judged..];
        if self.finished && open.is_empty() && !self.overflowed {
            return Ok(Cleared::Everything);
        }
        let cleared = match claim_in(open) {
            Some(kind) if kind == ClaimKind::Sent || ledger.bookings().is_empty() => {
                return Err(FalseClaim { kind });
            }
            // A claim that may be true: its sentence is held until its hour is known.
            Some(_) => self.judged,
            None => self.judged + settled_length(open),
        };
        Ok(Cleared::Chars(self.transcript[..cleared].chars().count()))
    }
}

/// The bytes of the first whole sentence. A full stop ends one only before white space ("24.11" goes on), and
/// the end of the answer ends the last.
fn sentence_length(text: &str, finished: bool) -> Option<usize> {
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
    (finished && !text.is_empty()).then_some(text.len())
}

/// The bytes of an unfinished sentence that can no longer become part of a claim: all but its last words.
fn settled_length(text: &str) -> usize {
    let mut starts = text
        .char_indices()
        .scan(true, |after_space, (at, c)| {
            let begins = *after_space && !c.is_whitespace();
            *after_space = c.is_whitespace();
            Some(begins.then_some(at))
        })
        .flatten()
        .collect::<Vec<_>>();
    starts.reverse();
    starts.get(LONGEST_PHRASE - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};
    use toran_domain::{AppointmentId, Booking};

    use super::*;

    fn booked(time: time::Time) -> Ledger {
        let id: AppointmentId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
        [Booking {
            appointment_id: id,
            date: date!(2026 - 11 - 24),
            time,
        }]
        .into_iter()
        .collect()
    }

    #[track_caller]
    fn check(speech: &str, ledger: &Ledger, expected: Result<(), ClaimKind>) {
        // However the words are cut into pieces, the verdict is the same and nothing false is ever cleared.
        let chars: Vec<char> = speech.chars().collect();
        for piece in [1, 3, 7, chars.len().max(1)] {
            let mut guard = SpeechGuard::default();
            let mut verdict = Ok(Cleared::Chars(0));
            for words in chars.chunks(piece) {
                guard.push(&words.iter().collect::<String>());
                verdict = verdict.and_then(|_| guard.screen(ledger));
                if let Ok(Cleared::Chars(cleared)) = verdict {
                    let heard: String = chars[..cleared].iter().collect();
                    assert!(
                        expected.is_ok() || claim_in(&heard).is_none(),
                        "cleared a claim: {heard}"
                    );
                }
            }
            guard.finish();
            verdict = verdict.and_then(|_| guard.screen(ledger));
            assert_eq!(
                verdict.map(|_| ()).map_err(|claim| claim.kind),
                expected,
                "{speech:?} by {piece}"
            );
            if expected.is_ok() {
                assert_eq!(verdict, Ok(Cleared::Everything));
            }
        }
    }

    #[test]
    fn a_claim_needs_the_ledger() {
        let (none, booked) = (Ledger::default(), booked(time!(10:30)));
        let claim = "מעולה. קבעתי לך פגישה בתאריך 24.11 בשעה 10:30.";
        check(claim, &none, Err(ClaimKind::Booked));
        check(claim, &booked, Ok(()));
        check("קָבַעְתִּי לך תור", &none, Err(ClaimKind::Booked));
        check("התור שלך נקבע.", &none, Err(ClaimKind::Booked));
        check("אז שריינתי לך מקום", &none, Err(ClaimKind::Booked));
        check("וקבעתי לך", &none, Err(ClaimKind::Booked));
    }

    #[test]
    fn a_claim_of_another_hour_is_false() {
        let booked = booked(time!(10:30));
        check(
            "קבעתי לך פגישה בשעה 11:00.",
            &booked,
            Err(ClaimKind::Booked),
        );
        check("קבעתי לך פגישה בשעה עשר וחצי בבוקר.", &booked, Ok(()));
        check("קבעתי לך פגישה.", &booked, Ok(()));
    }

    #[test]
    fn nothing_was_sent_while_the_call_is_live() {
        let booked = booked(time!(10:30));
        check("שלחתי לך ווטסאפ", &booked, Err(ClaimKind::Sent));
        check("הפרטים נשלחו אליך", &booked, Err(ClaimKind::Sent));
    }

    #[test]
    fn innocent_speech_passes() {
        let none = Ledger::default();
        for speech in [
            "שלום, הגעתם למספרה של דנה. איך אפשר לעזור?",
            "אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.",
            "עוד לא קבעתי לך. לקבוע?",
            "רשמתי את הבקשה.",
            "בזמן שיחת טלפון לא נשלחות הודעות.",
            "לא שלחתי שום דבר.",
            "אז נקבע ליום שלישי?",
            "",
        ] {
            check(speech, &none, Ok(()));
        }
    }

    #[test]
    fn words_are_cleared_before_the_answer_ends() {
        let mut guard = SpeechGuard::default();
        guard.push("ביום שלישי יש לנו כמה שעות פנויות. אפשר בעשר או באחת");
        let Ok(Cleared::Chars(cleared)) = guard.screen(&Ledger::default()) else {
            panic!("not cleared")
        };
        assert!(cleared > 35, "{cleared}");
    }

    #[test]
    fn a_transcript_that_comes_whole_replaces_the_pieces() {
        let mut guard = SpeechGuard::default();
        guard.push("שלום");
        assert!(guard.screen(&Ledger::default()).is_ok());
        guard.finish_with("קבעתי לך");
        assert_eq!(
            guard.screen(&Ledger::default()),
            Err(FalseClaim {
                kind: ClaimKind::Booked
            })
        );
    }

    #[test]
    fn an_answer_without_end_is_not_kept() {
        let mut guard = SpeechGuard::default();
        for _ in 0..100_000 {
            guard.push("אבג ");
        }
        assert!(guard.transcript().len() <= MAX_TRANSCRIPT_BYTES);
        guard.finish();
        assert_ne!(guard.screen(&Ledger::default()), Ok(Cleared::Everything));
    }
}

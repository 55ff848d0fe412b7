//! The words with which an agent claims to have done something.

mod clauses;
mod lexicon;
mod matching;

use toran_hebrew as hebrew;

use crate::Ledger;
use clauses::{Word, clauses_of, words_of};
use matching::{Claim, Standing, claims_of, first_part};

/// What is claimed to have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimKind {
    /// An appointment was made.
    Booked,
    /// A message or details were sent. Never true while the call is live.
    Sent,
}

impl ClaimKind {
    /// The word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Sent => "sent",
        }
    }
}

/// What a whole sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sentence {
    /// No words at all.
    Blank,
    /// Nothing that must be true.
    Innocent,
    /// An appointment that the ledger holds.
    TrueBooking,
}

/// Judges a whole sentence. `claim_before` is the sentence before it, where that was a true claim: "נתראה בחמש"
/// names the hour of the appointment, too.
pub(crate) fn judge(
    sentence: &str,
    claim_before: Option<&str>,
    ledger: &Ledger,
) -> Result<Sentence, ClaimKind> {
    let words = words_of(sentence);
    if words.is_empty() {
        return Ok(Sentence::Blank);
    }
    let is_question = is_question(sentence);
    let claims: Vec<Claim> = clauses_of(sentence, &words)
        .flat_map(claims_of)
        .filter(|claim| !(is_question && claim.standing == Standing::UnlessAsked))
        .collect();
    if claims.iter().any(|claim| claim.kind == ClaimKind::Sent) {
        return Err(ClaimKind::Sent);
    }
    if !claims.is_empty() {
        return is_held(&[sentence], ledger)
            .then_some(Sentence::TrueBooking)
            .ok_or(ClaimKind::Booked);
    }
    match claim_before {
        Some(before) if is_farewell(&words) && !is_held(&[before, sentence], ledger) => {
            Err(ClaimKind::Booked)
        }
        _ => Ok(Sentence::Innocent),
    }
}

/// What can be said of a sentence whose end is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenSentence {
    /// A claim that nothing that follows can undo.
    pub(crate) certain: Option<ClaimKind>,
    /// The bytes that can no longer become part of a claim.
    pub(crate) settled: usize,
}

/// Reads the beginning of a sentence. Words that may still grow are left out.
pub(crate) fn read_open(text: &str) -> OpenSentence {
    let mut words = words_of(text);
    let mut settled = text.len();
    while let Some(last) = words.pop_if(|word| word.may_grow(text)) {
        settled = last.start;
    }
    let mut certain = None;
    let mut held = None;
    let mut clauses = clauses_of(text, &words).peekable();
    while let Some(clause) = clauses.next() {
        let is_whole = clauses.peek().is_some();
        let claims = claims_of(clause);
        let found = claims
            .iter()
            .find(|claim| claim.standing == Standing::Certain);
        certain = certain.or(found.map(|claim| claim.kind));
        // A whole clause without a claim is past; the open one is held from what may become one.
        if !(is_whole && claims.is_empty()) {
            held = held.or_else(|| first_part(clause));
        }
    }
    OpenSentence {
        certain,
        settled: held.map_or(settled, |start| settled.min(start)),
    }
}

/// Whether one appointment is at every hour and on every day that the sentences name.
fn is_held(sentences: &[&str], ledger: &Ledger) -> bool {
    let hours: Vec<_> = sentences
        .iter()
        .flat_map(|text| hebrew::hours_spoken(text))
        .collect();
    let dates: Vec<_> = sentences
        .iter()
        .flat_map(|text| hebrew::dates_spoken(text))
        .collect();
    ledger.bookings().iter().any(|booking| {
        hours
            .iter()
            .all(|readings| readings.contains(&booking.time))
            && dates.iter().all(|named| named.fits(booking.date))
    })
}

/// Whether the signs at a sentence's end ask.
fn is_question(sentence: &str) -> bool {
    sentence
        .chars()
        .rev()
        .take_while(|c| !c.is_alphanumeric())
        .any(|c| matches!(c, '?' | '？' | '؟'))
}

/// "אז נתראה…", "מחכים לך…".
fn is_farewell(words: &[Word]) -> bool {
    let mut opening = words.iter().take(3);
    opening.any(|word| lexicon::is_one_of(&word.letters, lexicon::FAREWELLS))
}

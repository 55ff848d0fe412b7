//! The words with which an agent claims to have done something.

use toran_hebrew as hebrew;

use crate::Ledger;

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

/// Phrases in plain letters (final forms folded, as `hebrew::normalise` writes them), word by word. A phrase of
/// one word is unmistakable; the others are claims only together ("רשמתי את הבקשה" is not one).
const PHRASES: &[(ClaimKind, &[&str])] = &[
    (ClaimKind::Booked, &["קבעתי"]),
    (ClaimKind::Booked, &["קבענו"]),
    (ClaimKind::Booked, &["שריינתי"]),
    (ClaimKind::Booked, &["שריינו"]),
    (ClaimKind::Booked, &["שיבצתי"]),
    (ClaimKind::Booked, &["תיאמתי"]),
    (ClaimKind::Booked, &["התור", "נקבע"]),
    (ClaimKind::Booked, &["התור", "קבוע"]),
    (ClaimKind::Booked, &["התור", "שלכ", "קבוע"]),
    (ClaimKind::Booked, &["התור", "שלכ", "נקבע"]),
    (ClaimKind::Booked, &["תורכ", "נקבע"]),
    (ClaimKind::Booked, &["הפגישה", "נקבעה"]),
    (ClaimKind::Booked, &["הפגישה", "קבועה"]),
    (ClaimKind::Booked, &["הפגישה", "שלכ", "נקבעה"]),
    (ClaimKind::Booked, &["הפגישה", "שלכ", "קבועה"]),
    (ClaimKind::Booked, &["רשמתי", "אותכ"]),
    (ClaimKind::Booked, &["רשמתי", "לכ"]),
    (ClaimKind::Booked, &["סגרתי", "לכ"]),
    (ClaimKind::Booked, &["הזמנתי", "לכ"]),
    (ClaimKind::Sent, &["שלחתי"]),
    (ClaimKind::Sent, &["שלחנו"]),
    (ClaimKind::Sent, &["נשלח", "אליכ"]),
    (ClaimKind::Sent, &["נשלחה", "אליכ"]),
    (ClaimKind::Sent, &["נשלחו", "אליכ"]),
    (ClaimKind::Sent, &["נשלח", "לכ"]),
    (ClaimKind::Sent, &["נשלחה", "לכ"]),
    (ClaimKind::Sent, &["נשלחו", "לכ"]),
];

/// The words of the longest phrase: how many trailing words may still become one.
pub(crate) const LONGEST_PHRASE: usize = 3;

/// Words before a claim that make it the opposite of one.
const NEGATIONS: &[&str] = &["לא", "טרמ", "בלי", "מבלי"];

/// The first claim in a stretch of speech.
pub(crate) fn claim_in(text: &str) -> Option<ClaimKind> {
    claims_in(text).into_iter().next()
}

fn claims_in(text: &str) -> Vec<ClaimKind> {
    let normalised = hebrew::normalise(text);
    let words: Vec<&str> = hebrew::words(&normalised).collect();
    let mut claims = Vec::new();
    for at in 0..words.len() {
        let negated = at > 0 && NEGATIONS.contains(&words[at - 1]);
        for (kind, phrase) in PHRASES {
            if !negated && !claims.contains(kind) && starts_with(&words[at..], phrase) {
                claims.push(*kind);
            }
        }
    }
    claims
}

/// Whether every claim in a whole sentence is held by the ledger: an appointment was made, and where the
/// sentence names hours, at one of them.
pub(crate) fn false_claim_in(sentence: &str, ledger: &Ledger) -> Option<ClaimKind> {
    claims_in(sentence).into_iter().find(|kind| match kind {
        ClaimKind::Sent => true,
        ClaimKind::Booked => {
            let spoken = hebrew::times_spoken(sentence);
            let held = |time| ledger.bookings().iter().any(|booking| booking.time == time);
            ledger.bookings().is_empty() || !(spoken.is_empty() || spoken.into_iter().any(held))
        }
    })
}

fn starts_with(words: &[&str], phrase: &[&str]) -> bool {
    words.len() >= phrase.len()
        && phrase
            .iter()
            .zip(words)
            .enumerate()
            .all(|(at, (expected, word))| {
                *word == *expected || (at == 0 && without_conjunction(word) == Some(expected))
            })
}

/// "וקבעתי", "שקבעתי", "כשקבעתי": Hebrew glues its conjunctions to the word.
fn without_conjunction(word: &str) -> Option<&str> {
    word.strip_prefix("כש")
        .or_else(|| word.strip_prefix('ו'))
        .or_else(|| word.strip_prefix('ש'))
}

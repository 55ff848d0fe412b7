//! Whether a transcript is worth anything.

use toran_hebrew as hebrew;

use crate::lexicon;

/// Average log probability below which a transcript is a guess (about 40 % per token).
const MIN_MEAN_LOGPROB: f64 = -0.9;

/// What a transcript is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// Nothing was said, or nothing that can be written down.
    Nothing,
    /// Not understood: the transcriber guessed, or a single word cannot be read. It must not become a turn.
    Unclear,
    /// A single word that can be read and that people do not say alone, except as a name: it may become a turn only if
    /// the agent had just asked for one.
    UnknownWord,
    /// A single word that shows listening ("אהה"), unless it answers a question: the parser tells.
    Backchannel,
    /// Words to be parsed.
    Words,
}

/// Judges a transcript. `mean_logprob` is the mean over its tokens, where the transcriber gives it. A lone word must be
/// one that people say alone, or one of `business_words`: the business's own text about itself.
///
/// ```
/// use toran_nlp::{Hearing, hearing};
///
/// assert_eq!(hearing("נציג", None, ""), Hearing::Words);
/// assert_eq!(hearing("שלומפר", None, ""), Hearing::UnknownWord);
/// assert_eq!(hearing("כן, תקבע לי", Some(-2.5), ""), Hearing::Unclear);
/// ```
pub fn hearing(transcript: &str, mean_logprob: Option<f64>, business_words: &str) -> Hearing {
    let normalised = hebrew::normalise(transcript);
    let mut words = hebrew::words(&normalised);
    let Some(first) = words.next() else {
        return Hearing::Nothing;
    };
    // A mean that is no number says nothing good of the transcript.
    let is_guess = mean_logprob.is_some_and(|mean| mean.is_nan() || mean < MIN_MEAN_LOGPROB);
    if is_guess {
        return Hearing::Unclear;
    }
    if words.next().is_some() {
        return Hearing::Words;
    }
    let is_lone_letter = first.chars().count() < 2 && !first.chars().all(|c| c.is_ascii_digit());
    if is_lone_letter {
        Hearing::Unclear
    } else if BACKCHANNELS.contains(&first) {
        Hearing::Backchannel
    } else if lexicon::knows(first, business_words) {
        Hearing::Words
    } else if may_be_a_name(first) {
        Hearing::UnknownWord
    } else {
        Hearing::Unclear
    }
}

/// Words with which a listener keeps a speaker going, as `hebrew::normalise` writes them.
const BACKCHANNELS: &[&str] = &[
    "אהה",
    "אה",
    "אוקיי",
    "אוקי",
    "כנ",
    "בסדר",
    "הבנתי",
    "טוב",
    "נכונ",
    "יופי",
    "מצוינ",
    "סבבה",
    "ok",
    "okay",
    "yes",
];

/// A word that can be read, and not one letter drawn out: in Hebrew, in Latin letters with a vowel ("Alex"), or in the letters
/// of the country's other languages ("Олег").
fn may_be_a_name(word: &str) -> bool {
    let first = word.chars().next();
    let is_drawn_out = word.chars().all(|letter| Some(letter) == first);
    let is_latin = word.chars().count() >= 3
        && word.chars().all(|letter| letter.is_ascii_alphabetic())
        && word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let is_russian_or_arabic = word.chars().count() >= 3
        && word
            .chars()
            .all(|letter| matches!(letter, '\u{400}'..='\u{4ff}' | '\u{620}'..='\u{64a}'));
    !is_drawn_out && (hebrew::has_hebrew(word) || is_latin || is_russian_or_arabic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(transcript: &str, mean_logprob: Option<f64>, expected: Hearing) {
        assert_eq!(
            hearing(transcript, mean_logprob, "מספרה: תספורת, גוונים"),
            expected,
            "{transcript:?}"
        );
    }

    #[test]
    fn a_lone_word_must_be_understood() {
        check("", None, Hearing::Nothing);
        check(" ... ", None, Hearing::Nothing);
        check("לא", None, Hearing::Words);
        check("כן.", Some(-0.1), Hearing::Backchannel);
        check("אהה", None, Hearing::Backchannel);
        check("רגע", None, Hearing::Words);
        check("Mm", None, Hearing::Unclear);
        check("מממ", None, Hearing::Unclear);
        check("Ёж", None, Hearing::Unclear);
        check("ב", None, Hearing::Unclear);
        check("OK", None, Hearing::Backchannel);
        check("8", None, Hearing::Words);
        check("גוונים", None, Hearing::Words);
        check("לתספורת", None, Hearing::Words);
        check("ביטול", None, Hearing::Words);
        for name in ["Олег", "Наталья", "محمد"] {
            check(name, None, Hearing::UnknownWord);
        }
        for noise in ["ааа", "да!!!?", "你好吗"] {
            assert_ne!(hearing(noise, None, ""), Hearing::UnknownWord, "{noise}");
        }
        check("בלה", None, Hearing::UnknownWord);
        check("בלה", Some(-0.1), Hearing::UnknownWord);
        check("גרגר", None, Hearing::UnknownWord);
        check("שלומפר", Some(-0.2), Hearing::UnknownWord);
        check("דוד", None, Hearing::UnknownWord);
        check("Alex", None, Hearing::UnknownWord);
        check("כןןן", None, Hearing::Words);
    }

    #[test]
    fn a_guess_is_no_turn_however_long() {
        check("כן", Some(-2.0), Hearing::Unclear);
        check("כן, תקבע לי", Some(-2.5), Hearing::Unclear);
        check("thank you", Some(-3.0), Hearing::Unclear);
        check("מחר בעשר", Some(f64::NAN), Hearing::Unclear);
        check("מחר בעשר", Some(-0.89), Hearing::Words);
        check("בלה בלה", None, Hearing::Words);
    }
}

//! Whether a transcript is worth anything.

use toran_hebrew as hebrew;

/// Average log probability below which a transcript is a guess (about 40 % per token).
const MIN_MEAN_LOGPROB: f64 = -0.9;

/// What a transcript is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// Nothing was said, or nothing that can be written down.
    Nothing,
    /// A single word that was not understood: it must not become a turn.
    UnclearWord,
    /// A single word that shows listening ("אהה"), unless it answers a question: the parser tells.
    Backchannel,
    /// Words to be parsed.
    Words,
}

/// Judges a transcript. `mean_logprob` is the mean over its tokens, where the transcriber gives it.
///
/// A lone word counts as understood if it is written in Hebrew or in digits and the transcriber was sure of it.
pub fn hearing(transcript: &str, mean_logprob: Option<f64>) -> Hearing {
    let normalised = hebrew::normalise(transcript);
    let mut words = hebrew::words(&normalised);
    let Some(first) = words.next() else {
        return Hearing::Nothing;
    };
    if words.next().is_some() {
        return Hearing::Words;
    }
    let sure = mean_logprob.is_none_or(|mean| mean >= MIN_MEAN_LOGPROB);
    let readable =
        hebrew::has_hebrew(first) || first.chars().any(|c| c.is_ascii_digit()) || is_loan(first);
    let lone_letter = first.chars().count() < 2 && !first.chars().all(|c| c.is_ascii_digit());
    if !(sure && readable) || lone_letter {
        Hearing::UnclearWord
    } else if BACKCHANNELS.contains(&first) {
        Hearing::Backchannel
    } else {
        Hearing::Words
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

/// The Latin words that Hebrew speakers answer with, as transcribers write them.
fn is_loan(word: &str) -> bool {
    matches!(word, "ok" | "okay" | "yes" | "no" | "hello" | "bye")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(transcript: &str, mean_logprob: Option<f64>, expected: Hearing) {
        assert_eq!(
            hearing(transcript, mean_logprob),
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
        check("כן", Some(-2.0), Hearing::UnclearWord);
        check("Mm", None, Hearing::UnclearWord);
        check("Ёж", None, Hearing::UnclearWord);
        check("ב", None, Hearing::UnclearWord);
        check("OK", None, Hearing::Backchannel);
        check("8", None, Hearing::Words);
        check("thank you", Some(-3.0), Hearing::Words);
    }
}

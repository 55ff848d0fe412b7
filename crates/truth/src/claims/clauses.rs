//! A sentence as clauses, a clause as words.

use toran_hebrew as hebrew;

/// From so many single letters in a row on, they are one word, spelled ("ק-ב-ע-ת-י").
const SHORTEST_SPELLING: usize = 3;
/// Nobody says so many words without a pause. Longer ones are parted, so that reading them stays quick.
const LONGEST_CLAUSE: usize = 48;

/// A word, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its letters, as `hebrew::normalise` writes them.
    pub(super) letters: String,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    end: usize,
    /// A sign stands before it that ends a clause.
    opens_clause: bool,
    spelled: bool,
}

impl Word {
    /// Whether more text may make another word of it, as the last word of what is known.
    pub(super) fn may_grow(&self, text: &str) -> bool {
        self.end == text.len() || self.is_single_letter() || self.spelled
    }

    fn is_single_letter(&self) -> bool {
        let mut letters = self.letters.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
    }
}

/// Words that stand together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause<'a> {
    /// At least one.
    pub(super) words: &'a [Word],
    /// As it was written.
    pub(super) text: &'a str,
}

impl Clause<'_> {
    /// A word's letters; nothing past the ends.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.letters.as_str())
    }

    /// The words before one, the nearest first.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = (usize, &str)> {
        (0..at).rev().map(|at| (at, self.word(at)))
    }
}

/// The words of a text.
pub(super) fn words_of(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut opens_clause = false;
    let mut begun: Option<usize> = None;
    for (at, sign) in text.char_indices().chain([(text.len(), ' ')]) {
        if hebrew::is_within_word(sign) {
            begun.get_or_insert(at);
            continue;
        }
        if let Some(start) = begun.take() {
            let letters = hebrew::normalise(&text[start..at]);
            if !letters.is_empty() {
                words.push(Word {
                    letters,
                    start,
                    end: at,
                    opens_clause: std::mem::take(&mut opens_clause),
                    spelled: false,
                });
            }
        }
        opens_clause |= ends_clause(sign, &text[..at], &text[at..]);
    }
    joined(&words)
}

/// The clauses that these words of a text make up.
pub(super) fn clauses_of<'a>(text: &'a str, words: &'a [Word]) -> impl Iterator<Item = Clause<'a>> {
    words
        .chunk_by(|_, next| !next.opens_clause)
        .flat_map(|words| words.chunks(LONGEST_CLAUSE))
        .filter_map(|words| {
            let (first, last) = (words.first()?, words.last()?);
            let text = text.get(first.start..last.end)?;
            Some(Clause { words, text })
        })
}

/// Whether a sign between two words parts them. A hyphen glues unless white space is beside it; points within
/// numbers ("24.11", "10:30") do not part.
fn ends_clause(sign: char, before: &str, from_sign: &str) -> bool {
    let previous = before.chars().next_back();
    let next = from_sign.chars().nth(1);
    let between =
        |is: fn(&char) -> bool| previous.as_ref().is_some_and(is) && next.as_ref().is_some_and(is);
    match sign {
        '\n' => true,
        sign if sign.is_whitespace() => false,
        '-' | '־' => !between(|c| c.is_alphanumeric() || hebrew::is_within_word(*c)),
        '.' | ':' | ',' | '/' => !between(char::is_ascii_digit),
        _ => true,
    }
}

/// Joins the letters of a spelled word.
fn joined(words: &[Word]) -> Vec<Word> {
    let mut joined = Vec::with_capacity(words.len());
    for run in words.chunk_by(|word, next| word.is_single_letter() && next.is_single_letter()) {
        match run {
            [first, .., last] if run.len() >= SHORTEST_SPELLING => joined.push(Word {
                letters: run.iter().map(|word| word.letters.as_str()).collect(),
                start: first.start,
                end: last.end,
                opens_clause: first.opens_clause,
                spelled: true,
            }),
            _ => joined.extend_from_slice(run),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&[&str]]) {
        let words = words_of(text);
        let clauses: Vec<Vec<&str>> = clauses_of(text, &words)
            .map(|clause| {
                clause
                    .words
                    .iter()
                    .map(|word| word.letters.as_str())
                    .collect()
            })
            .collect();
        assert_eq!(clauses, expect, "{text}");
    }

    #[test]
    fn a_sentence_is_parted_at_its_signs() {
        check("", &[]);
        check("לא, קבעתי לך", &[&["לא"], &["קבעתי", "לכ"]]);
        check("לא קבעתי", &[&["לא", "קבעתי"]]);
        check("לא - קבעתי", &[&["לא"], &["קבעתי"]]);
        check("לא—קבעתי", &[&["לא"], &["קבעתי"]]);
        check("לא.קבעתי", &[&["לא"], &["קבעתי"]]);
        check(
            "ב-24.11 בשעה 10:30",
            &[&["ב", "24", "11", "בשעה", "10", "30"]],
        );
        check("צה\"ל", &[&["צהל"]]);
    }

    #[test]
    fn a_spelled_word_is_one() {
        check("ק-ב-ע-ת-י לך", &[&["קבעתי", "לכ"]]);
        check("ק, ב. ע ת י", &[&["קבעתי"]]);
        check("א ב", &[&["א", "ב"]]);
    }
}

//! A sentence as words, numbers and the clauses they stand in.

use unicode_normalization::UnicodeNormalization;

use crate::letters::{is_kept, without_final_form};

/// A word, or a number with the signs inside it ("10:30", "24.11").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The letters or digits, in one spelling.
    pub(crate) text: String,
    /// Which clause of the text it stands in, from 0.
    pub(crate) clause: usize,
}

/// A text cut into tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    list: Vec<Token>,
    /// The clauses that end with a question mark.
    questions: Vec<usize>,
}

impl Tokens {
    pub(crate) fn of(text: &str) -> Self {
        let letters: Vec<char> = text
            .nfkc()
            .flat_map(char::to_lowercase)
            .filter(|letter| is_kept(*letter))
            .collect();
        let mut tokens = Self::default();
        let mut clause = 0;
        let mut at = 0;
        while at < letters.len() {
            let letter = letters[at];
            let length = if letter.is_ascii_digit() {
                number_length(&letters[at..])
            } else if letter.is_alphanumeric() {
                word_length(&letters[at..])
            } else {
                if is_question_mark(letter) {
                    tokens.questions.push(clause);
                }
                clause += usize::from(ends_a_clause(&letters, at));
                at += 1;
                continue;
            };
            let plain: String = letters[at..at + length]
                .iter()
                .map(|letter| without_final_form(*letter))
                .collect();
            tokens.list.push(Token {
                text: one_spelling(&plain),
                clause,
            });
            at += length;
        }
        tokens
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// A token's letters; nothing beyond the end.
    pub(crate) fn text(&self, at: usize) -> &str {
        self.list.get(at).map_or("", |token| token.text.as_str())
    }

    /// The letters of the token before.
    pub(crate) fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    /// The letters of the token before, if no sign stands between.
    pub(crate) fn joined_before(&self, at: usize) -> &str {
        if at > 0 && self.same_clause(at - 1, at) {
            self.before(at)
        } else {
            ""
        }
    }

    pub(crate) fn same_clause(&self, one: usize, other: usize) -> bool {
        match (self.list.get(one), self.list.get(other)) {
            (Some(one), Some(other)) => one.clause == other.clause,
            _ => false,
        }
    }

    /// Whether a token stands in a clause that a question mark ends.
    pub(crate) fn is_asked(&self, at: usize) -> bool {
        self.list
            .get(at)
            .is_some_and(|token| self.questions.contains(&token.clause))
    }

    /// The words from a token on, as they are.
    pub(crate) fn from(&self, at: usize) -> Vec<&str> {
        self.list
            .iter()
            .skip(at)
            .map(|token| token.text.as_str())
            .collect()
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|token| token.text.as_str())
    }

    /// Whether these words stand one after the other somewhere.
    pub(crate) fn holds(&self, phrase: &str) -> bool {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        (0..self.len()).any(|at| self.holds_at(at, &phrase))
    }

    pub(crate) fn holds_at(&self, at: usize, phrase: &[&str]) -> bool {
        phrase
            .iter()
            .enumerate()
            .all(|(offset, word)| self.text(at + offset) == *word)
    }
}

/// Whether a token is written in digits.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// One spelling for "שתיים" and "שתים".
pub(crate) fn one_spelling(word: &str) -> String {
    word.replace("יי", "י")
}

fn word_length(letters: &[char]) -> usize {
    letters
        .iter()
        .position(|letter| !letter.is_alphanumeric() || letter.is_ascii_digit())
        .unwrap_or(letters.len())
}

/// Digits, and the signs that stand singly between them.
fn number_length(letters: &[char]) -> usize {
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let sign = |at: usize| matches!(letters.get(at), Some('.' | ':' | '/' | '-'));
    let mut at = 0;
    while digit(at) || (sign(at) && digit(at + 1)) {
        at += 1;
    }
    at
}

const fn is_question_mark(letter: char) -> bool {
    matches!(letter, '?' | '؟')
}

/// A dash joins words unless spaces stand around it.
fn ends_a_clause(letters: &[char], at: usize) -> bool {
    let is_space = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_none_or(|letter| letter.is_whitespace())
    };
    match letters[at] {
        '-' | '־' => is_space(at.checked_sub(1)) && is_space(Some(at + 1)),
        letter => !letter.is_whitespace() || letter == '\n',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let tokens = Tokens::of(text);
        let shown: Vec<String> = tokens
            .list
            .iter()
            .map(|token| format!("{}{}", token.text, token.clause))
            .collect();
        assert_eq!(shown.join(" "), expected, "{text:?}");
    }

    #[test]
    fn words_numbers_and_clauses() {
        check("", "");
        check("כן, ב-10:30.", "כנ0 ב1 10:301");
        check("ב4 או ה-24.11", "ב0 40 או0 ה0 24.110");
        check("שתיים אחה\"צ", "שתימ0 אחהצ0");
        check("יום ג' - בעשר", "יומ0 ג0 בעשר1");
        check("052-4561230", "052-45612300");
    }

    #[test]
    fn a_question_mark_asks_its_own_clause() {
        let tokens = Tokens::of("כן, מתאים?");
        assert!(!tokens.is_asked(0) && tokens.is_asked(1));
    }
}

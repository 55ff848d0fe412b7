//! Numbers in words, in every spelling and gender that people say.

/// In which gender a number was said: hours are feminine, days of a month masculine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    Feminine,
    Masculine,
    /// "שמונה", "עשרים": the same in both.
    Either,
}

/// A number in words, and how many words it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cardinal {
    pub(crate) value: u32,
    pub(crate) gender: Gender,
    pub(crate) length: usize,
}

impl Cardinal {
    /// Whether it can be an hour or minutes of the feminine count.
    pub(crate) fn is_feminine(self) -> bool {
        self.gender != Gender::Masculine
    }

    pub(crate) fn is_masculine(self) -> bool {
        self.gender != Gender::Feminine
    }
}

/// The number at the beginning of these words; a conjunction glued to the first is not taken off.
pub(crate) fn cardinal(words: &[&str]) -> Option<Cardinal> {
    let (&first, rest) = words.split_first()?;
    let next = rest.first().copied().unwrap_or_default();
    if let Some(tens) = tens(first) {
        let unit = next.strip_prefix('ו').and_then(unit);
        return Some(match unit {
            // "עשרים ועשרה" are two numbers.
            Some((unit, gender)) if unit < 10 => Cardinal {
                value: tens + unit,
                gender,
                length: 2,
            },
            _ => Cardinal {
                value: tens,
                gender: Gender::Either,
                length: 1,
            },
        });
    }
    let (value, gender) = unit(first)?;
    let teen = match next {
        "עשרה" => Some(Gender::Feminine),
        "עשר" => Some(Gender::Masculine),
        _ => None,
    };
    // "שמונה עשר" and "שלוש עשר": the ten tells the gender, except where the unit is of the other one.
    let teen = teen.filter(|_| (1..10).contains(&value));
    Some(match teen {
        Some(of_the_ten) => Cardinal {
            value: value + 10,
            gender: if gender == Gender::Either {
                of_the_ten
            } else {
                gender
            },
            length: 2,
        },
        None => Cardinal {
            value,
            gender,
            length: 1,
        },
    })
}

/// The numbers from 0 to 10, as `one_spelling` writes them.
fn unit(word: &str) -> Option<(u32, Gender)> {
    use Gender::{Either, Feminine, Masculine};
    Some(match word {
        "אפס" => (0, Either),
        "אחת" => (1, Feminine),
        "אחד" => (1, Masculine),
        "שתימ" | "שתי" => (2, Feminine),
        "שנימ" => (2, Masculine),
        "שלוש" | "שלש" => (3, Feminine),
        "שלושה" | "שלשה" => (3, Masculine),
        "ארבע" => (4, Feminine),
        "ארבעה" => (4, Masculine),
        "חמש" => (5, Feminine),
        "חמישה" | "חמשה" => (5, Masculine),
        "שש" => (6, Feminine),
        "שישה" | "ששה" => (6, Masculine),
        "שבע" => (7, Feminine),
        "שבעה" => (7, Masculine),
        "שמונה" | "שמנה" => (8, Either),
        "תשע" => (9, Feminine),
        "תשעה" => (9, Masculine),
        "עשר" => (10, Feminine),
        "עשרה" => (10, Masculine),
        _ => return None,
    })
}

fn tens(word: &str) -> Option<u32> {
    Some(match word {
        "עשרימ" => 20,
        "שלושימ" | "שלשימ" => 30,
        "ארבעימ" => 40,
        "חמישימ" | "חמשימ" => 50,
        "שישימ" | "ששימ" => 60,
        "שבעימ" => 70,
        "שמונימ" | "שמנימ" => 80,
        "תשעימ" => 90,
        _ => return None,
    })
}

/// "ראשון" to "עשירי", as days of a month and months are counted.
pub(crate) fn ordinal(word: &str) -> Option<u32> {
    Some(match word {
        "ראשונ" => 1,
        "שני" => 2,
        "שלישי" | "שלשי" => 3,
        "רביעי" => 4,
        "חמישי" | "חמשי" => 5,
        "שישי" | "ששי" => 6,
        "שביעי" => 7,
        "שמיני" => 8,
        "תשיעי" => 9,
        "עשירי" => 10,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{number_words_feminine, number_words_masculine, said::tokens::Tokens};

    #[test]
    fn every_number_is_read_back() {
        for number in 0..100 {
            for words in [
                number_words_feminine(number),
                number_words_masculine(number),
            ] {
                let tokens = Tokens::of(&words);
                let read = cardinal(&tokens.from(0)).map(|read| (read.value, read.length));
                assert_eq!(read, Some((number, tokens.len())), "{words}");
            }
        }
    }

    #[test]
    fn spellings_are_one() {
        for (words, number) in [
            ("שתים", 2),
            ("שלש", 3),
            ("ששה עשר", 16),
            ("חמשים", 50),
            ("שמנה", 8),
            ("שלוש עשר", 13),
        ] {
            let tokens = Tokens::of(words);
            assert_eq!(
                cardinal(&tokens.from(0)).map(|read| read.value),
                Some(number),
                "{words}"
            );
        }
        assert_eq!(
            cardinal(&["עשרימ", "ועשרה"]).map(|read| read.value),
            Some(20)
        );
    }
}

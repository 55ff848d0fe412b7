//! Texts in a form in which they can be compared.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A text reduced to what it says, for comparing and never for showing.
///
/// Compatibility forms are composed, vowel points and cantillation dropped, final letters written as
/// plain ones, other letters lowercased. Quotes, gershayim and invisible marks vanish (`צה"ל` is one
/// word), every other sign separates words, and words are separated by one space. A colon between digits
/// stays, so `16:30` is one word.
pub fn normalise(text: &str) -> String {
    let letters: Vec<char> = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|letter| is_kept(*letter))
        .collect();
    let mut plain = String::with_capacity(text.len());
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let in_a_time = letter == ':' && is_digit(before) && is_digit(letters.get(at + 1));
        if letter.is_alphanumeric() || in_a_time {
            plain.push(without_final_form(letter));
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

/// The words of a normalised text.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// Whether a sign stands within a word, as [`normalise`] sees it: a letter, a digit, or a sign that vanishes.
pub fn is_within_word(sign: char) -> bool {
    sign.is_alphanumeric() || !is_kept(sign)
}

/// The letters and digits of a text: what takes time to say. Vowel points, signs and spaces take none.
pub fn letters_said(text: &str) -> usize {
    let takes_time = |letter: &char| {
        // The modifier letters count as letters in Unicode, but only colour their neighbours.
        letter.is_alphanumeric()
            && !is_combining_mark(*letter)
            && !('\u{2B0}'..='\u{2FF}').contains(letter)
    };
    text.chars().filter(takes_time).count()
}

/// Whether a text holds a Hebrew letter, pointed or not.
pub fn has_hebrew(text: &str) -> bool {
    text.nfkc().any(|letter| ('א'..='ת').contains(&letter))
}

/// Everything but vowel points, quotes, and marks that are not seen. The Hebrew maqaf and its kin, which
/// stand among the points, separate words.
pub(crate) fn is_kept(letter: char) -> bool {
    let is_quote = matches!(
        letter,
        '\'' | '"'
            | '`'
            | '´'
            | '׳'
            | '״'
            | '‘'
            | '’'
            | '‚'
            | '“'
            | '”'
            | '„'
            | 'ʼ'
            | '′'
            | '″'
    );
    let is_invisible = matches!(
        letter,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    );
    !(is_quote || is_invisible || is_combining_mark(letter))
}

fn is_digit(letter: Option<&char>) -> bool {
    letter.is_some_and(char::is_ascii_digit)
}

pub(crate) const fn without_final_form(letter: char) -> char {
    match letter {
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(normalise(text), expect, "{text:?}");
    }

    #[test]
    fn texts_are_reduced_to_what_they_say() {
        check("", "");
        check("  שלום   עולם ", "שלומ עולמ");
        check("שָׁלוֹם", "שלומ");
        check("\u{FB2A}לום", "שלומ");
        check("בְּרֵאשִׁ֖ית", "בראשית");
        check("צה\"ל", "צהל");
        check("צה״ל", "צהל");
        check("אחה\"צ", "אחהצ");
        check("ג'ירפה, צ׳יפס", "גירפה ציפס");
        check("בית־ספר", "בית ספר");
        check("\"קבעתי!\" – אמרה.", "קבעתי אמרה");
        check("בשעה 16:30.", "בשעה 16:30");
        check("ב-10:30", "ב 10:30");
        check("השעה: 9", "השעה 9");
        check("אורך רוחב כף עץ", "אורכ רוחב כפ עצ");
        check("OK, Dana", "ok dana");
        check("\u{200F}כן\u{200E}", "כנ");
        check("１６:３０", "16:30");
        check("?!", "");
    }

    #[test]
    fn words_are_split_where_they_were_joined() {
        assert_eq!(
            words(&normalise("כן, בשעה 10:30")).collect::<Vec<_>>(),
            ["כנ", "בשעה", "10:30"]
        );
    }

    #[test]
    fn only_what_is_said_takes_time() {
        for (text, said) in [
            ("", 0),
            (" .,!?… –־-", 0),
            ("קבעתי", 5),
            ("קָבַעְתִּי לְךָ", 7),
            ("ב-10:30.", 5),
            ("\u{5B0}\u{5B1}\u{591}\u{200F}\u{2BC}", 0),
            ("OK, דנה", 5),
        ] {
            assert_eq!(letters_said(text), said, "{text:?}");
        }
    }

    #[test]
    fn a_sign_within_a_word_does_not_split_it() {
        for sign in ['א', '7', '"', '״', '\u{5B0}', '\u{200F}'] {
            assert!(is_within_word(sign), "{sign:?}");
        }
        for sign in [' ', ',', '-', '־', '—', '(', '.'] {
            assert!(!is_within_word(sign), "{sign:?}");
        }
    }

    #[test]
    fn hebrew_is_seen_among_other_letters() {
        assert!(has_hebrew("ok דנה"));
        assert!(has_hebrew("\u{FB2A}"));
        assert!(!has_hebrew("Привет"));
        assert!(!has_hebrew("\u{5B0}16:30"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "[א-ת\u{591}-\u{5C7}a-zA-Z0-9 :.,'\"־–\u{200F}]{0,40}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once.clone());
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }

        #[test]
        fn any_text_is_taken(text in ".{0,60}") {
            let plain = normalise(&text);
            prop_assert!(plain.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == ':'));
        }
    }
}

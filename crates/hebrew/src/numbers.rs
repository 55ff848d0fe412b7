//! Numbers as words. Hebrew counts hours, minutes and feminine things in one gender, masculine things and
//! the days of a month in the other.

/// A number that counts feminine things ("שלוש"), as hours are read: 0 to 99. A larger one stays in digits.
pub fn number_words_feminine(number: u32) -> String {
    number_words(number, &FEMININE, "עשרה")
}

/// A number that counts masculine things ("שלושה"): 0 to 99. A larger one stays in digits.
pub fn number_words_masculine(number: u32) -> String {
    number_words(number, &MASCULINE, "עשר")
}

const FEMININE: [&str; 11] = [
    "אפס",
    "אחת",
    "שתיים",
    "שלוש",
    "ארבע",
    "חמש",
    "שש",
    "שבע",
    "שמונה",
    "תשע",
    "עשר",
];
const MASCULINE: [&str; 11] = [
    "אפס",
    "אחד",
    "שניים",
    "שלושה",
    "ארבעה",
    "חמישה",
    "שישה",
    "שבעה",
    "שמונה",
    "תשעה",
    "עשרה",
];
const TENS: [&str; 8] = [
    "עשרים",
    "שלושים",
    "ארבעים",
    "חמישים",
    "שישים",
    "שבעים",
    "שמונים",
    "תשעים",
];

fn number_words(number: u32, units: &[&str; 11], teen: &str) -> String {
    let Ok(small) = usize::try_from(number) else {
        return number.to_string();
    };
    match (small, small / 10, small % 10) {
        (0..=10, ..) => units[small].to_owned(),
        // "שתים עשרה" and "שנים עשר" are written with one yod.
        (12, ..) => format!("{} {teen}", units[2].replacen("יי", "י", 1)),
        (11..=19, _, unit) => format!("{} {teen}", units[unit]),
        (20..=99, tens, 0) => TENS[tens - 2].to_owned(),
        (20..=99, tens, unit) => format!("{} ו{}", TENS[tens - 2], units[unit]),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[track_caller]
    fn check(number: u32, feminine: &str, masculine: &str) {
        assert_eq!(number_words_feminine(number), feminine);
        assert_eq!(number_words_masculine(number), masculine);
    }

    #[test]
    fn numbers_have_two_genders() {
        check(0, "אפס", "אפס");
        check(1, "אחת", "אחד");
        check(2, "שתיים", "שניים");
        check(8, "שמונה", "שמונה");
        check(10, "עשר", "עשרה");
        check(11, "אחת עשרה", "אחד עשר");
        check(12, "שתים עשרה", "שנים עשר");
        check(15, "חמש עשרה", "חמישה עשר");
        check(20, "עשרים", "עשרים");
        check(24, "עשרים וארבע", "עשרים וארבעה");
        check(99, "תשעים ותשע", "תשעים ותשעה");
        check(100, "100", "100");
    }

    #[test]
    fn no_two_numbers_sound_alike() {
        assert_eq!(
            (0..100)
                .map(number_words_feminine)
                .collect::<HashSet<_>>()
                .len(),
            100
        );
        assert_eq!(
            (0..100)
                .map(number_words_masculine)
                .collect::<HashSet<_>>()
                .len(),
            100
        );
    }
}

//! Names of people: whether one was said, and whether two are one person's.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use crate::said::{
    days::days_said_at,
    short_forms::{FIRST_NAMES, SHORT_FORMS, SPELLINGS},
    tokens::{Tokens, one_spelling},
};

/// A name as it may be kept, if every word of it was said in the text; else nothing.
///
/// Prefixes that Hebrew glues to a name ("תור לנועם") are heard through. A prefix that the name itself carries is
/// dropped where what is left is a known name, and a day said as a day is no name.
///
/// ```
/// use toran_hebrew::name_said;
///
/// assert_eq!(name_said("נועם", "תור לנועם"), Some("נועם".to_owned()));
/// assert_eq!(name_said("לנועם", "תור לנועם"), Some("נועם".to_owned()));
/// assert_eq!(name_said("דוד כהן", "שמי דוד"), None);
/// assert_eq!(name_said("שלישי", "ביום שלישי"), None);
/// ```
pub fn name_said(name: &str, text: &str) -> Option<String> {
    let heard = Tokens::of(text);
    let named = Tokens::of(name);
    let days = days_said_at(&heard);
    let is_whole = named.len() > 0
        && named
            .texts()
            .all(|word| (0..heard.len()).any(|at| !days[at] && is_heard(word, heard.text(at))));
    let is_a_name =
        named.texts().any(|word| !is_function_word(word)) || is_introduced(&named, &heard);
    if !is_whole || !is_a_name {
        return None;
    }
    Some(without_glued_prefix(name.trim()))
}

/// Whether two names may be one person's: equal but for spelling and usual short forms, or the one a part of the other.
///
/// The surname alone is no identity: "כהן" is anybody's in the family of "דוד כהן". Neither is a first name that is the
/// other's surname: "דוד" is not "משה דוד".
///
/// ```
/// use toran_hebrew::same_name;
///
/// assert!(same_name("יוסי", "יוסף לוי"));
/// assert!(same_name("כהן דוד", "דויד כהן"));
/// assert!(!same_name("דוד כהן", "שרה כהן"));
/// assert!(!same_name("כהן", "דוד כהן"));
/// ```
pub fn same_name(one: &str, other: &str) -> bool {
    let (one, one_is_family) = parts_of(one);
    let (other, other_is_family) = parts_of(other);
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    if one_is_family != other_is_family {
        return false;
    }
    let (Some(first), Some(first_of_long)) = (first_name(short), first_name(long)) else {
        return false;
    };
    let mut free: Vec<&String> = long.iter().collect();
    for word in short {
        let Some(at) = free.iter().position(|candidate| same_word(word, candidate)) else {
            return false;
        };
        free.remove(at);
    }
    same_first_name(first, first_of_long)
}

/// The word of a name that is the first name: the first that is known as one ("כהן דוד"), else the first.
fn first_name(words: &[String]) -> Option<&String> {
    words
        .iter()
        .find(|word| FIRST.contains(&plain(word)))
        .or(words.first())
}

/// Whether a word is a first name that is known, as `Tokens` writes it.
pub(crate) fn is_first_name(word: &str) -> bool {
    FIRST.contains(&plain(word))
}

/// Whether one of the agent's sentences asks for a name, so that a lone word may be one.
pub fn asks_for_name(text: &str) -> bool {
    let tokens = Tokens::of(text);
    NAME_QUESTIONS.iter().any(|phrase| tokens.holds(phrase))
        || tokens
            .texts()
            .any(|word| matches!(word, "שמכ" | "שמכמ" | "ושמכ" | "לשמכ"))
}

/// As `Tokens` writes them.
const NAME_QUESTIONS: &[&str] = &[
    "איזה שמ",
    "מה השמ",
    "ומה השמ",
    "מה שמ",
    "איכ קוראימ",
    "ואיכ קוראימ",
    "איכ לקרוא",
    "מי מדבר",
    "מי מדברת",
    "עמ מי אני",
    "עמ מי יש",
    "שמ מי",
    "למי לרשומ",
    "למי לקבוע",
    "למי התור",
    "בשביל מי",
    "את השמ",
    "השמ שלכ",
    "השמ המלא",
    "שמ מלא",
    "שמ פרטי",
    "שמ משפחה",
    "ושמ המשפחה",
    "שמ המשפחה",
    "לי שמ",
    "your name",
    "שמ בבקשה",
    "מה שמו",
    "מה שמה",
    "איכ קראת",
    "על שמ",
    "לאיזה שמ",
    "השמ בבקשה",
    "מי זה",
];

/// A name's words without titles, and whether it names a family as a whole.
fn parts_of(name: &str) -> (Vec<String>, bool) {
    let tokens = Tokens::of(name);
    let is_family = tokens
        .texts()
        .any(|word| matches!(word, "משפחת" | "משפ" | "משפחה"));
    let words = tokens
        .texts()
        .filter(|word| {
            !matches!(
                *word,
                "משפחת"
                    | "משפ"
                    | "משפחה"
                    | "מר"
                    | "גברת"
                    | "גב"
                    | "דר"
                    | "דוקטור"
                    | "הרב"
                    | "עוד"
                    | "פרופ"
            )
        })
        .map(str::to_owned)
        .collect();
    (words, is_family)
}

fn same_word(one: &str, other: &str) -> bool {
    same_first_name(one, other) || differ_by_a_vowel_letter(&plain(one), &plain(other))
}

/// First names are one only if they are known to be: many differ by one vowel letter ("אריה", "אוריה").
fn same_first_name(one: &str, other: &str) -> bool {
    let (one, other) = (plain(one), plain(other));
    let (one, other) = (main_spelling(&one), main_spelling(&other));
    let is_short_for = |short: &str, whole: &str| {
        let wholes = SHORT.get(short);
        wholes.is_some_and(|wholes| wholes.iter().any(|name| name == whole))
    };
    one == other || is_short_for(one, other) || is_short_for(other, one)
}

/// The first of the spellings of a name.
fn main_spelling(plain: &str) -> &str {
    SPELLED.get(plain).map_or(plain, String::as_str)
}

/// "אבוטבול", "אבוטבל": one ו or י more.
fn differ_by_a_vowel_letter(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let letters: Vec<char> = long.chars().collect();
    if short.chars().count() < 4 || letters.len() != short.chars().count() + 1 {
        return false;
    }
    (1..letters.len() - 1).any(|at| {
        matches!(letters[at], 'ו' | 'י')
            && letters[..at]
                .iter()
                .chain(&letters[at + 1..])
                .copied()
                .eq(short.chars())
    })
}

/// One spelling: doubled vowel letters single, a final א as ה.
fn plain(word: &str) -> String {
    let word = one_spelling(word).replace("וו", "ו");
    match word.strip_suffix('א') {
        Some(stem) if stem.chars().count() >= 2 => format!("{stem}ה"),
        _ => word,
    }
}

/// Every spelling that is not the first of its name, and the first.
static SPELLED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut main_of = HashMap::new();
    for spellings in SPELLINGS {
        let mut spellings = plain_words(spellings);
        if let Some(main) = spellings.next() {
            main_of.extend(spellings.map(|other| (other, main.clone())));
        }
    }
    main_of
});

/// Every short form, and the names that it is short for.
static SHORT: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let main = |name: &str| main_spelling(name).to_owned();
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for (whole, short_forms) in SHORT_FORMS {
        for short in plain_words(short_forms) {
            let whole = plain_words(whole).map(|name| main(&name));
            names.entry(main(&short)).or_default().extend(whole);
        }
    }
    names
});

/// Every first name that is known, in every spelling.
static FIRST: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let listed = SHORT_FORMS
        .iter()
        .flat_map(|(whole, short)| [*whole, *short]);
    listed
        .chain(SPELLINGS.iter().copied())
        .chain([FIRST_NAMES])
        .flat_map(plain_words)
        .collect()
});

fn plain_words(names: &str) -> impl Iterator<Item = String> {
    names
        .split_whitespace()
        .map(|name| Tokens::of(name).texts().map(plain).collect())
}

fn is_heard(word: &str, heard: &str) -> bool {
    word == heard
        || plain(word) == plain(heard)
        || prefixed(heard).any(|stem| plain(stem) == plain(word))
        || main_spelling(&plain(word)) == main_spelling(&plain(heard))
        || (FIRST.contains(&plain(word))
            && !FIRST.contains(&plain(heard))
            && differ_by_a_vowel_letter(&plain(word), &plain(heard)))
}

/// A word without one or two of the letters that are glued before names.
fn prefixed(word: &str) -> impl Iterator<Item = &str> {
    let prefixes = ['ל', 'ו', 'ב', 'ש', 'מ', 'ה', 'כ'];
    let one = word.strip_prefix(prefixes);
    let two = one.and_then(|rest| rest.strip_prefix(prefixes));
    [one, two]
        .into_iter()
        .flatten()
        .filter(|stem| stem.chars().count() >= 2)
}

/// The name with the prefix that was quoted along dropped, if the rest is a known name and the whole is none.
fn without_glued_prefix(name: &str) -> String {
    let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
    let is_known = |word: &str| {
        let word: String = Tokens::of(word).texts().map(plain).collect();
        FIRST.contains(&word)
    };
    let bare = first.strip_prefix(['ל', 'ו', 'ש', 'ב']).map(|bare| {
        bare.strip_prefix('ל')
            .filter(|b| is_known(b))
            .unwrap_or(bare)
    });
    match bare {
        Some(bare) if !is_known(first) && is_known(bare) => {
            let joined = format!("{bare} {rest}");
            joined.trim_end().to_owned()
        }
        _ => name.to_owned(),
    }
}

/// "על שם שלי": a word that otherwise only serves is a name behind these.
fn is_introduced(named: &Tokens, heard: &Tokens) -> bool {
    (0..heard.len()).any(|at| {
        named.text(0) == heard.text(at)
            && (matches!(
                heard.before(at),
                "שמ" | "שמי" | "השמ" | "הוא" | "היא" | "קוראימ"
            ) || (heard.before(at) == "לי" && at >= 2 && heard.text(at - 2) == "קוראימ"))
    })
}

fn is_function_word(word: &str) -> bool {
    FUNCTION_WORDS.split(' ').any(|known| known == word)
}

/// Words that are no name by themselves, as `Tokens` writes them.
const FUNCTION_WORDS: &str = "\
    כנ לא אני זה היומ מחר מחרתימ שלומ תודה תור פגישה אותו שמ קודמ בבקשה הלו אוקי בסדר רוצה לקבוע אפשר \
    שלי לי אותי שלכ אז כמו מה מי איפה מתי יש אינ על אל של עמ את אתה הוא היא אנחנו השמ שמי בנ בת יומ שעה \
    רגע לקוח לקוחה נציג טוב גמ רק עוד לבטל להזיז ל ב ה ו אשתי בעלי הבנ הבת אמא אבא לאשתי לבעלי ילד ילדה \
    הילד הילדה בוקר ערב מעולה סבבה";

#[cfg(test)]
mod tests;

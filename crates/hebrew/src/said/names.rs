//! Names of people: whether one was said, and whether two are one person's.

use std::{collections::HashSet, sync::LazyLock};

use crate::said::{
    days::days_said_at,
    short_forms::{FIRST_NAMES, SAME_PERSON},
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
/// The surname alone is no identity: "כהן" is anybody's in the family of "דוד כהן".
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
    if short.is_empty() {
        return false;
    }
    if one_is_family != other_is_family {
        return false;
    }
    let mut free: Vec<&String> = long.iter().collect();
    for word in short {
        let Some(at) = free.iter().position(|candidate| same_word(word, candidate)) else {
            return false;
        };
        free.remove(at);
    }
    let is_lone_surname = short.len() == 1
        && long.len() > 1
        && !same_word(&short[0], &long[0])
        && !FIRST.contains(&plain(&short[0]));
    !is_lone_surname
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
    let (one, other) = (plain(one), plain(other));
    one == other
        || GROUPS
            .iter()
            .any(|group| group.contains(&one) && group.contains(&other))
        || differ_by_a_vowel_letter(&one, &other)
}

/// "אביגיל", "אביגל": one ו or י more, in a word long enough that no other name is so written.
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

static GROUPS: LazyLock<Vec<HashSet<String>>> = LazyLock::new(|| {
    let of = |name: &&str| {
        Tokens::of(name)
            .texts()
            .map(plain)
            .collect::<Vec<_>>()
            .join(" ")
    };
    SAME_PERSON
        .iter()
        .map(|group| group.iter().map(of).collect())
        .collect()
});
static FIRST: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let whole = SAME_PERSON
        .iter()
        .flat_map(|group| group.iter())
        .chain(FIRST_NAMES);
    whole
        .map(|name| {
            Tokens::of(name)
                .texts()
                .map(plain)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
});

fn is_heard(word: &str, heard: &str) -> bool {
    word == heard
        || plain(word) == plain(heard)
        || prefixed(heard).any(|stem| plain(stem) == plain(word))
        || (FIRST.contains(&plain(word))
            && same_word(word, heard)
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

/// Words that are no name by themselves.
fn is_function_word(word: &str) -> bool {
    matches!(
        word,
        "כנ" | "לא"
            | "אני"
            | "זה"
            | "היומ"
            | "מחר"
            | "מחרתימ"
            | "שלומ"
            | "תודה"
            | "תור"
            | "פגישה"
            | "אותו"
            | "שמ"
            | "קודמ"
            | "בבקשה"
            | "הלו"
            | "אוקי"
            | "בסדר"
            | "רוצה"
            | "לקבוע"
            | "אפשר"
            | "שלי"
            | "לי"
            | "אותי"
            | "שלכ"
            | "אז"
            | "כמו"
            | "מה"
            | "מי"
            | "איפה"
            | "מתי"
            | "יש"
            | "אינ"
            | "על"
            | "אל"
            | "של"
            | "עמ"
            | "את"
            | "אתה"
            | "הוא"
            | "היא"
            | "אנחנו"
            | "השמ"
            | "שמי"
            | "בנ"
            | "בת"
            | "יומ"
            | "שעה"
            | "רגע"
            | "לקוח"
            | "לקוחה"
            | "נציג"
            | "טוב"
            | "גמ"
            | "רק"
            | "עוד"
            | "לבטל"
            | "להזיז"
            | "ל"
            | "ב"
            | "ה"
            | "ו"
            | "אשתי"
            | "בעלי"
            | "הבנ"
            | "הבת"
            | "אמא"
            | "אבא"
            | "לאשתי"
            | "לבעלי"
            | "ילד"
            | "ילדה"
            | "הילד"
            | "הילדה"
            | "בוקר"
            | "ערב"
            | "מעולה"
            | "סבבה"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_same(one: &str, other: &str, expected: bool) {
        assert_eq!(same_name(one, other), expected, "{one:?} {other:?}");
        assert_eq!(same_name(other, one), expected, "{other:?} {one:?}");
    }

    #[test]
    fn one_person_goes_by_several_names() {
        for (one, other) in [
            ("רבקה", "רבקה כהן"),
            ("דוד", "דויד"),
            ("כהן דוד", "דוד כהן"),
            ("יוסי", "יוסף"),
            ("דני", "דניאל"),
            ("רותי", "רות"),
            ("מוישה", "משה"),
            ("ריקי", "רבקה"),
            ("אבי לוי", "אברהם לוי"),
            ("בני", "בנימין"),
            ("מיקי", "מיכל"),
            ("מיקי", "מיכאל"),
            ("ג'ורג' חדאד", "ג׳ורג חדאד"),
            ("אביגיל", "אביגל"),
            ("מר כהן", "כהן"),
            ("עדו", "עידו"),
            ("David", "david"),
            ("סמירא", "סמירה"),
            ("משפחת לוי", "משפחת לוי"),
        ] {
            check_same(one, other, true);
        }
    }

    #[test]
    fn two_people_are_two() {
        for (one, other) in [
            ("משה", "רבקה"),
            ("דוד כהן", "דוד לוי"),
            ("דוד כהן", "שרה כהן"),
            ("כהן", "דוד כהן"),
            ("משפחת כהן", "דוד כהן"),
            ("דנה", "דינה"),
            ("רון", "רן"),
            ("שירה", "שרה"),
            ("", "דוד"),
            ("", ""),
            ("מיכל", "מיכאל"),
        ] {
            check_same(one, other, false);
        }
    }

    #[track_caller]
    fn check_said(name: &str, text: &str, expected: Option<&str>) {
        assert_eq!(
            name_said(name, text).as_deref(),
            expected,
            "{name:?} in {text:?}"
        );
    }

    #[test]
    fn a_name_is_said_whole() {
        check_said("דן כהנא", "שמי דן כהנא, דודה של מרים", Some("דן כהנא"));
        check_said("דן כהן", "שמי דן כהנא", None);
        check_said("דוד", "שמי דן כהנא, דודה של מרים", None);
        check_said(" ", "שמי דן", None);
        check_said("נועם", "ולנועם גם", Some("נועם"));
        check_said("לנועם", "תור לנועם", Some("נועם"));
        check_said("ולנועם", "ולנועם גם", Some("נועם"));
        check_said("ליאור", "תור לליאור", Some("ליאור"));
        check_said("לימור לוי", "לימור לוי", Some("לימור לוי"));
        check_said("משפחת לוי", "על שם משפחת לוי", Some("משפחת לוי"));
        check_said("ג'ורג' חדאד", "השם הוא ג׳ורג׳ חדאד", Some("ג'ורג' חדאד"));
        check_said("שני", "תור על שם שני ליום שני בשתיים", Some("שני"));
        check_said("שני", "תור ליום שני", None);
        check_said("מחר", "מחר בעשר", None);
        check_said("שלי מזרחי", "שלי מזרחי", Some("שלי מזרחי"));
        check_said("שלי", "התור שלי", None);
        check_said("שלי", "קוראים לי שלי", Some("שלי"));
        check_said("כן", "כן", None);
    }

    #[test]
    fn questions_for_a_name() {
        for text in [
            "על איזה שם לרשום?",
            "מה השם בבקשה?",
            "ואיך קוראים לך?",
            "מה שמך?",
            "אפשר את השם המלא?",
        ] {
            assert!(asks_for_name(text), "{text}");
        }
        for text in [
            "באיזה יום נוח לך?",
            "לקבוע לך בעשר?",
            "שלום, איך אפשר לעזור?",
        ] {
            assert!(!asks_for_name(text), "{text}");
        }
    }
}

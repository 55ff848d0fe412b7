//! The words of claims, in plain letters (final forms folded, as `hebrew::normalise` writes them).

use super::ClaimKind;

/// What a word does in a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A claim by itself: "קבעתי", "שלחתי".
    Outright(ClaimKind),
    /// Done, if it was done to an appointment: "רשמתי".
    Done,
    /// Being done: "קובעת".
    Doing,
    /// The state of an appointment: "נקבע", "קבוע".
    State,
    /// "סגרנו".
    Agreed,
    /// English, which needs its object or its subject: "booked".
    Booked,
    /// "נשלחה": past and nothing else.
    WasSent,
    /// "נשלח", "שולחת": now, or in the future.
    Sending,
    /// An appointment: "התור".
    Appointment,
}

/// Words that are compared whole.
const WHOLE: &[(Role, &[&str])] = &[
    (
        Role::Outright(ClaimKind::Booked),
        &[
            "קבעתי",
            "קבענו",
            "שריינתי",
            "שיריינתי",
            "שריינו",
            "שיריינו",
            "שיבצתי",
            "שיבצנו",
            "תיאמתי",
            "תאמתי",
            "תיאמנו",
        ],
    ),
    (Role::Outright(ClaimKind::Sent), &["שלחתי", "שלחנו"]),
    (
        Role::Done,
        &[
            "סידרתי",
            "סדרתי",
            "שמרתי",
            "סגרתי",
            "רשמתי",
            "אישרתי",
            "אשרתי",
            "הזמנתי",
            "הכנסתי",
            "סידרנו",
            "שמרנו",
            "רשמנו",
            "אישרנו",
            "הזמנו",
            "הכנסנו",
        ],
    ),
    (
        Role::Doing,
        &[
            "קובע",
            "קובעת",
            "קובעימ",
            "רושמ",
            "רושמת",
            "משריינ",
            "משריינת",
            "משבצ",
            "משבצת",
            "סוגר",
            "סוגרת",
            "מזמינ",
            "מזמינה",
            "מכניס",
            "מכניסה",
            "שומר",
            "שומרת",
        ],
    ),
    (Role::Agreed, &["סגרנו"]),
    (Role::Booked, &["booked", "scheduled", "reserved"]),
    (Role::WasSent, &["נשלחה", "נשלחו", "sent"]),
    (
        Role::Sending,
        &[
            "נשלח",
            "נשלחות",
            "נשלחימ",
            "שולח",
            "שולחת",
            "שולחימ",
            "sending",
        ],
    ),
    (
        Role::Appointment,
        &[
            "תור",
            "תורכ",
            "תורכמ",
            "פגישה",
            "פגישתכ",
            "פגישתכמ",
            "תורימ",
            "פגישות",
            "appointment",
            "appointments",
            "meeting",
        ],
    ),
];

/// Stems of the states an appointment is in; endings follow.
const STATES: &[&str] = &[
    "נקבע",
    "קבוע",
    "מאושר",
    "אושר",
    "נרשמ",
    "רשומ",
    "שמור",
    "נשמר",
    "שוריינ",
    "משוריינ",
    "שובצ",
    "תואמ",
];

/// "ו", "ש", "כש": Hebrew glues its conjunctions to the word.
const CONJUNCTIONS: &[&str] = &["וכש", "לכש", "כש", "וש", "ו", "ש"];

pub(super) const NEGATIONS: &[&str] = &[
    "לא",
    "טרמ",
    "בלי",
    "מבלי",
    "אי",
    "אסור",
    "אינ",
    "איני",
    "אינני",
    "not",
    "never",
    "havent",
    "hasnt",
    "isnt",
    "wasnt",
    "cannot",
    "cant",
];
/// May stand between a negation or a condition and its verb.
pub(super) const ADVERBS: &[&str] = &[
    "ממש",
    "עדיינ",
    "עוד",
    "באמת",
    "אפילו",
    "כרגע",
    "yet",
    "been",
    "actually",
    "be",
];
/// Whose deed it is; between a condition and its verb.
pub(super) const SUBJECTS: &[&str] = &[
    "אני",
    "אנחנו",
    "כבר",
    "לכ",
    "לכמ",
    "i",
    "we",
    "ive",
    "weve",
    "have",
];
/// "לא יכולה לומר ש…": what is denied with them is what follows.
pub(super) const DOUBTS: &[&str] = &[
    "לומר",
    "להגיד",
    "להבטיח",
    "לאשר",
    "אומר",
    "אומרת",
    "אמרתי",
    "הבטחתי",
    "בטוח",
    "בטוחה",
    "רואה",
    "רואימ",
    "מוצא",
    "מוצאת",
    "מצאתי",
    "אישור",
    "say",
    "sure",
];
/// "אם קבענו": nothing is claimed after them.
pub(super) const CONDITIONS: &[&str] = &[
    "אמ",
    "האמ",
    "אילו",
    "כאילו",
    "במידה",
    "if",
    "whether",
    "once",
    "when",
    "can",
    "could",
    "to",
];
/// "אחרי שקבעתי": conditions only with a glued "ש".
pub(super) const CONDITIONS_WITH_THAT: &[&str] = &[
    "אחרי",
    "לאחר",
    "ברגע",
    "לפני",
    "בתנאי",
    "כדי",
    "בהנחה",
    "במקרה",
    "עד",
];
/// "רק אחרי אישור".
pub(super) const LATER: &[&str] = &[
    "אחרי",
    "לאחר",
    "אמ",
    "ברגע",
    "בתנאי",
    "כאשר",
    "כשתאשר",
    "כשיאשר",
    "after",
    "if",
];
pub(super) const RESERVES: &[&str] = &["בכפופ", "בתנאי", "מותנה", "מותנית"];
/// "בוא נקבע": an offer.
pub(super) const OFFERS: &[&str] = &[
    "בוא",
    "בואי",
    "בואו",
    "אפשר",
    "רוצה",
    "תרצה",
    "תרצי",
    "תרצו",
    "אנחנו",
];
/// "לקבוע תור": the appointment is wished for, not there.
pub(super) const WISHES: &[&str] = &[
    "לקבוע",
    "לקביעת",
    "קביעת",
    "לתאמ",
    "להזמינ",
    "לשריינ",
    "לבטל",
    "להזיז",
    "לשנות",
    "למצוא",
    "רוצה",
    "רוצימ",
    "תרצה",
    "תרצי",
    "תרצו",
    "ביקשת",
    "ביקשתמ",
    "מבקש",
    "מבקשת",
    "צריכ",
    "צריכה",
    "בקשת",
    "בקשה",
    "הבקשה",
    "איזה",
    "שומ",
];
pub(super) const FREE: &[&str] = &["פנוי", "פנויה", "פנויימ", "פנויות", "אחר", "אחרת"];
pub(super) const TO_YOU: &[&str] = &["לכ", "לכמ", "אותכ", "אתכמ", "עבורכ", "בשבילכ"];
pub(super) const YOURS: &[&str] = &["שלכ", "שלכמ"];
/// With "שלך" or "לך", other names of an appointment.
pub(super) const PLACES: &[&str] = &["מקומ", "המקומ", "המועד", "השעה", "שעה", "מועד"];
pub(super) const DIARY: &[&str] = &["יומנ", "ליומנ", "ביומנ", "היומנ"];
pub(super) const QUESTION_WORDS: &[&str] = &[
    "מתי",
    "למתי",
    "מי",
    "איזה",
    "באיזה",
    "לאיזה",
    "איזו",
    "באיזו",
    "לאיזו",
    "האמ",
    "איפה",
    "מה",
    "כמה",
];
pub(super) const FAREWELLS: &[&str] = &[
    "נתראה",
    "ניפגש",
    "נפגש",
    "להתראות",
    "נחכה",
    "מחכה",
    "מחכימ",
    "מצפימ",
];
/// "בהמשך": what is sent then was not sent.
pub(super) const IN_FUTURE: &[&str] = &[
    "בהמשכ",
    "מחר",
    "בקרוב",
    "אחרי",
    "לאחר",
    "בסיומ",
    "בסופ",
    "יותר",
    "מאוחר",
    "אחכ",
    "כשנסיימ",
    "later",
];
/// What is sent, and to whom.
const SENT_THINGS: &[&str] = &[
    "הודעה",
    "הודעות",
    "הודעת",
    "ווטסאפ",
    "וואטסאפ",
    "ווצאפ",
    "וואצאפ",
    "whatsapp",
    "פרטימ",
    "פרטי",
    "sms",
    "סמס",
    "אסמס",
    "מסרונ",
    "מייל",
    "אימייל",
    "email",
    "קישור",
    "לינק",
    "אישור",
    "לכ",
    "לכמ",
    "אליכ",
    "אליכמ",
    "כלומ",
    "הכל",
    "message",
    "details",
    "text",
    "you",
    "confirmation",
];

/// What a word does in a claim, if anything.
pub(super) fn role(word: &str) -> Option<Role> {
    forms(word).find_map(|form| {
        let whole = WHOLE.iter().find(|(role, words)| {
            words.contains(&form)
                || *role == Role::Appointment
                    && form
                        .strip_prefix('ה')
                        .is_some_and(|bare| words.contains(&bare))
        });
        whole.map(|(role, _)| *role).or_else(|| {
            let is_state = STATES.iter().any(|stem| form.starts_with(stem));
            is_state.then_some(Role::State)
        })
    })
}

/// Whether a word, or the word under its conjunction, is in a list.
pub(super) fn is_one_of(word: &str, list: &[&str]) -> bool {
    forms(word).any(|form| list.contains(&form))
}

/// "התור", "תורך": this one and no other.
pub(super) fn is_definite(word: &str) -> bool {
    forms(word).any(|form| {
        form.starts_with('ה') || matches!(form, "תורכ" | "תורכמ" | "פגישתכ" | "פגישתכמ")
    })
}

/// "הודעה", "בווטסאפ", "אליך".
pub(super) fn is_sent_thing(word: &str) -> bool {
    let prefixes = ["", "ה", "ב", "ל"];
    prefixes
        .iter()
        .filter_map(|prefix| word.strip_prefix(prefix))
        .any(|bare| is_one_of(bare, SENT_THINGS))
}

/// A word as it stands, and without each conjunction that it may carry.
fn forms(word: &str) -> impl Iterator<Item = &str> {
    // "שלך" is one word, not "ש" and "לך".
    let glued: &[&str] = if YOURS.contains(&word) {
        &[]
    } else {
        CONJUNCTIONS
    };
    let bare = glued
        .iter()
        .filter_map(move |glued| word.strip_prefix(glued));
    std::iter::once(word).chain(bare)
}

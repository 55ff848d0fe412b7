//! Right answers to sentences that were thought of after the readers were done.

use super::*;

/// What was said, the answer's day and hour, and what they are.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    Option<time::Date>,
    Option<time::Time>,
);

const TUESDAY: &str = r#"{"words":"","weekday":"tuesday","week_offset":0}"#;

const TUE: Option<time::Date> = Some(date!(2026 - 11 - 24));
const WED: Option<time::Date> = Some(date!(2026 - 11 - 25));
const THU: Option<time::Date> = Some(date!(2026 - 11 - 26));
const MON: Option<time::Date> = Some(date!(2026 - 11 - 23));
const TOMORROW: &str = r#"{"words":"מחר","days_from_now":1}"#;

const CASES: &[Case] = &[
    (
        "אהלן, אשמח לתור ביום ג׳ ב-11 וחצי",
        TUESDAY,
        r#"{"words":"11 וחצי","hour":11,"minute":30}"#,
        TUE,
        Some(time!(11:30)),
    ),
    (
        "אפשר לבוא בשלישי לפני הצהריים?",
        TUESDAY,
        r#"{"words":"לפני הצהריים","part_of_day":"morning"}"#,
        TUE,
        None,
    ),
    (
        "מתאים לי יום שלישי, שלוש ורבע",
        TUESDAY,
        r#"{"words":"שלוש ורבע","hour":3,"minute":15}"#,
        TUE,
        Some(time!(15:15)),
    ),
    (
        "אולי שלישי ב4",
        TUESDAY,
        r#"{"words":"ב4","hour":16,"minute":0}"#,
        TUE,
        Some(time!(16:00)),
    ),
    (
        "תקבעי לי ליום רביעי בשתיים עשרה וחצי בצהריים",
        r#"{"words":"ליום רביעי","weekday":"wednesday"}"#,
        r#"{"words":"בשתיים עשרה וחצי בצהריים","hour":12,"minute":30,"part_of_day":"noon"}"#,
        WED,
        Some(time!(12:30)),
    ),
    (
        "אני פנויה רק בחמישי אחרי ארבע",
        r#"{"words":"בחמישי","weekday":"thursday"}"#,
        r#"{"words":"אחרי ארבע","hour":4,"minute":0}"#,
        THU,
        Some(time!(16:00)),
    ),
    (
        "מחר ב-9:30 בבוקר אם אפשר",
        TOMORROW,
        r#"{"words":"9:30 בבוקר","hour":9,"minute":30,"part_of_day":"morning"}"#,
        MON,
        Some(time!(9:30)),
    ),
    (
        "למחר, בסביבות אחת",
        TOMORROW,
        r#"{"words":"בסביבות אחת","hour":1,"minute":0}"#,
        MON,
        Some(time!(13:00)),
    ),
    (
        "שלום, אני צריך תור לאמא שלי מחר בעשר ועשרה",
        TOMORROW,
        r#"{"words":"עשר ועשרה","hour":10,"minute":10}"#,
        MON,
        Some(time!(10:10)),
    ),
    (
        "אפשר ב-25 לחודש בשעה 14:00?",
        r#"{"words":"ב-25 לחודש","day":25,"month":null,"year":null,"weekday":null}"#,
        r#"{"words":"בשעה 14:00","hour":14,"minute":0,"by_clock":true}"#,
        WED,
        Some(time!(14:00)),
    ),
    (
        "עשרים ושש לאחד עשר, חמש",
        r#"{"words":"עשרים ושש לאחד עשר","day":26,"month":11,"year":null,"weekday":null}"#,
        r#"{"words":"חמש","hour":5,"minute":0}"#,
        THU,
        Some(time!(17:00)),
    ),
    (
        "ביום שני, כלומר מחר, באחת עשרה ורבע",
        r#"{"words":"ביום שני","weekday":"monday"}"#,
        r#"{"words":"באחת עשרה ורבע","hour":11,"minute":15}"#,
        MON,
        Some(time!(11:15)),
    ),
    (
        "בעוד ארבעה ימים",
        r#"{"words":"בעוד ארבעה ימים","days_from_now":4}"#,
        "null",
        THU,
        None,
    ),
    (
        "שבוע מיום שלישי",
        r#"{"words":"שבוע מיום שלישי","weekday":"tuesday","week_offset":1}"#,
        "null",
        Some(date!(2026 - 12 - 01)),
        None,
    ),
    (
        "אז ביום חמישי הקרוב, עשר חמישים",
        r#"{"words":"ביום חמישי הקרוב","weekday":"thursday"}"#,
        r#"{"words":"עשר חמישים","hour":10,"minute":50}"#,
        THU,
        Some(time!(10:50)),
    ),
    (
        "ב-1 בדצמבר, יום שלישי, בשש פחות רבע",
        r#"{"words":"ב-1 בדצמבר, יום שלישי","day":1,"month":12,"year":null,"weekday":"tuesday"}"#,
        r#"{"words":"בשש פחות רבע","hour":5,"minute":45}"#,
        Some(date!(2026 - 12 - 01)),
        Some(time!(17:45)),
    ),
    (
        "can I come tomorrow at half past two?",
        r#"{"words":"tomorrow","days_from_now":1}"#,
        r#"{"words":"half past two","hour":2,"minute":30}"#,
        MON,
        Some(time!(14:30)),
    ),
    (
        "можно во вторник в 11?",
        r#"{"words":"во вторник","weekday":"tuesday"}"#,
        r#"{"words":"в 11","hour":11,"minute":0}"#,
        TUE,
        Some(time!(11:00)),
    ),
    (
        "היום בארבע וחצי אם יש",
        r#"{"words":"היום","days_from_now":0}"#,
        r#"{"words":"בארבע וחצי","hour":4,"minute":30}"#,
        Some(date!(2026 - 11 - 22)),
        Some(time!(16:30)),
    ),
    (
        "בעוד שעתיים",
        "null",
        r#"{"words":"בעוד שעתיים","minutes_from_now":120}"#,
        Some(date!(2026 - 11 - 22)),
        Some(time!(12:00)),
    ),
    (
        "לא מחר, מחרתיים בתשע",
        r#"{"words":"מחרתיים","days_from_now":2}"#,
        r#"{"words":"בתשע","hour":9,"minute":0}"#,
        TUE,
        Some(time!(9:00)),
    ),
    (
        "נגיד יום ד׳ בשתיים ארבעים וחמש",
        r#"{"words":"יום ד׳","weekday":"wednesday"}"#,
        r#"{"words":"בשתיים ארבעים וחמש","hour":2,"minute":45}"#,
        WED,
        Some(time!(14:45)),
    ),
    (
        "בוקר טוב, אפשר לשלישי בצהריים בשתיים?",
        TUESDAY,
        r#"{"words":"בצהריים בשתיים","hour":2,"minute":0,"part_of_day":"noon"}"#,
        TUE,
        Some(time!(14:00)),
    ),
    (
        "בחנוכה, נר ראשון",
        r#"{"words":"בחנוכה","holiday":"חנוכה","relation":"on","day_of_holiday":1}"#,
        "null",
        Some(date!(2026 - 12 - 05)),
        None,
    ),
    (
        "יומיים אחרי מחר",
        r#"{"words":"יומיים אחרי מחר","days_from_now":3}"#,
        "null",
        None,
        None,
    ),
    (
        "ביום השלישי בשבוע הבא",
        r#"{"words":"ביום השלישי בשבוע הבא","weekday":"tuesday","week_offset":1}"#,
        "null",
        Some(date!(2026 - 12 - 01)),
        None,
    ),
    (
        "מחר בצהרי היום",
        TOMORROW,
        r#"{"words":"בצהרי היום","part_of_day":"noon"}"#,
        MON,
        None,
    ),
    (
        "ב 24 לחודש 11",
        r#"{"words":"ב 24 לחודש 11","day":24,"month":11,"year":null,"weekday":null}"#,
        "null",
        TUE,
        None,
    ),
    (
        "24 ל-11",
        r#"{"words":"24 ל-11","day":24,"month":11,"year":null,"weekday":null}"#,
        "null",
        TUE,
        None,
    ),
    (
        "שלישי ה24 בנובמבר בשעה שתיים",
        r#"{"words":"שלישי ה24 בנובמבר","day":24,"month":11,"year":null,"weekday":"tuesday"}"#,
        r#"{"words":"בשעה שתיים","hour":2,"minute":0}"#,
        TUE,
        Some(time!(14:00)),
    ),
    (
        "אחת וחצי מחר",
        TOMORROW,
        r#"{"words":"אחת וחצי","hour":1,"minute":30}"#,
        MON,
        Some(time!(13:30)),
    ),
    (
        "מחר, אחת",
        TOMORROW,
        r#"{"words":"אחת","hour":1,"minute":0}"#,
        MON,
        Some(time!(13:00)),
    ),
    (
        "יש מחר בין ארבע לחמש?",
        TOMORROW,
        r#"{"words":"בין ארבע לחמש","hour":4,"minute":0}"#,
        MON,
        Some(time!(16:00)),
    ),
    (
        "ב-17:30 מחר",
        TOMORROW,
        r#"{"words":"ב-17:30","hour":17,"minute":30,"by_clock":true}"#,
        MON,
        Some(time!(17:30)),
    ),
    (
        "בשבע עשרה וחצי מחר",
        TOMORROW,
        r#"{"words":"בשבע עשרה וחצי","hour":17,"minute":30}"#,
        MON,
        Some(time!(17:30)),
    ),
    (
        "מחר חמש לחמש",
        TOMORROW,
        r#"{"words":"חמש לחמש","hour":4,"minute":55}"#,
        MON,
        Some(time!(16:55)),
    ),
];

#[test]
fn fresh_sentences_are_read_right() {
    let mut wrong = Vec::new();
    for (text, day, hour, date, time) in CASES {
        let answer = format!(r#"{{"action":"ask","date":{day},"time":{hour},"name":null}}"#);
        let reading = reading(text, &answer, NOTHING);
        if (reading.request.date, reading.request.time) != (*date, *time) {
            wrong.push(format!("{text}: {reading:?}, not {date:?} {time:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n")
    );
}

const NO_YES: &[&str] = &[
    "מה המחיר?",
    "אני עוד לא יודע",
    "צריכה לשאול את בעלי",
    "תני לי לחשוב רגע",
    "זה רחוק מדי",
    "יקר לי",
    "אפשר מישהו אחר?",
    "לא בעשר וחצי",
    "מאוחר לי מדי",
    "זה מוקדם לי",
    "אין לכם משהו אחר?",
    "ואם אני מאחר?",
    "איזה יום זה יוצא?",
    "שלישי?",
    "עשר וחצי?",
    "עשר וחצי זה מוקדם",
    "אני בעבודה אז",
    "בשלישי אני בחו״ל",
    "אולי בשבוע הבא",
    "לא השבוע",
    "מתי עוד יש?",
    "תחזרי על זה",
    "לא הבנתי אותך",
    "סליחה?",
    "מה אמרת על שלישי?",
    "רק רגע, אני נוהג",
    "אני אחזור אליך",
    "דברי יותר לאט",
    "אני רוצה לדבר עם נציג",
    "תעבירי אותי למנהלת",
    "אני רוצה לבטל את התור",
    "תבטלי לי את התור של מחר",
    "ביי, תודה",
    "תודה רבה, להתראות",
    "שיהיה לך יום טוב",
    "לא תודה, אולי בפעם אחרת",
    "זה לא נוח",
    "ממש לא",
    "בחיים לא",
    "חס וחלילה",
    "שום דבר לא מתאים",
    "אף אחת מהאפשרויות לא טובה",
    "לא יסתדר לי",
    "אני לא בטוח שאני יכול",
    "נראה",
    "נראה לי פחות",
    "הייתי מעדיפה בערב",
    "אפשר לקבוע את זה לתאריך אחר?",
    "אני מחפש משהו בבוקר",
    "קודם תגידי לי כמה זה עולה",
    "למה רק בשלישי?",
    "אמא, את שומעת?",
    "הכלב נובח, רגע",
    "לא מדברת איתך",
    "כן? מי זה?",
    "אני לא רוצה בשלישי",
    "תרשמי הערה",
    "תקבעי לי תור אחר",
    "מתאים לכם ברביעי?",
    "טוב לכם מחר?",
];

const YES: &[&str] = &[
    "כן, מעולה",
    "כן כן, קבעי",
    "מצוין תודה",
    "סבבה לגמרי",
    "יאללה תקבעי",
    "בסדר, תקבע לי",
    "כן, זה טוב לי",
    "מעולה, שלישי בעשר וחצי",
    "טוב, אז תרשמי אותי",
    "אוקיי, סגור",
    "מתאים לי מאוד",
    "אני מאשר את השעה",
    "כן, מאשרת",
    "בכיף, תודה",
    "אחלה של שעה",
    "כן בטח, למה לא",
    "זה מושלם",
    "זה מתאים לי מצוין",
    "הולך, תודה",
    "בוא נסגור, כן",
    "כן. תודה רבה.",
    "תשריין לי בבקשה",
    "כן, נשמע מעולה",
    "ודאי",
    "כן, אפשר",
    "yes, that's fine",
    "perfect, thanks",
    "да, конечно",
    "סגור, נתראה",
    "נו בסדר",
    "כן אז קבענו",
    "אה, כן, מעולה",
];

#[test]
fn fresh_noes_and_questions_confirm_nothing() {
    let mut wrong = Vec::new();
    for text in NO_YES {
        for yes in ["null", r#""כן""#] {
            let answer = format!(
                r#"{{"action":"confirm","date":null,"time":null,"name":null,"confirm_words":{yes}}}"#
            );
            if reading(text, &answer, OFFERED).request.action == Action::Confirm {
                wrong.push(*text);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:?}",
        wrong.len(),
        NO_YES.len()
    );
}

#[test]
fn fresh_yeses_confirm() {
    let answer = r#"{"action":"confirm","date":null,"time":null,"name":null,"one_more":null}"#;
    let wrong: Vec<&&str> = YES
        .iter()
        .filter(|text| reading(text, answer, OFFERED).request.action != Action::Confirm)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:?}",
        wrong.len(),
        YES.len()
    );
}

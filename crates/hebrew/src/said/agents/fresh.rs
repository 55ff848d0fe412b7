//! Sentences that were thought of after the readers were done.

use super::*;

/// A sentence, a day and an hour, and which of them it names.
const FRESH: &[(&str, Date, Time, bool, bool)] = &[
    (
        "אז סיכמנו על יום שלישי, השעה עשר וחצי.",
        TUE,
        time!(10:30),
        true,
        true,
    ),
    (
        "בוא נקבע למחר ב-8 וחצי בבוקר.",
        MON,
        time!(8:30),
        true,
        true,
    ),
    ("מה עם מחרתיים, נגיד בארבע?", TUE, time!(16:00), true, true),
    (
        "התור הקרוב ביותר הוא מחר בתשע ועשרים.",
        MON,
        time!(9:20),
        true,
        true,
    ),
    (
        "התור הפנוי הראשון: יום רביעי, שעה 11:15.",
        WED,
        time!(11:15),
        true,
        true,
    ),
    (
        "אני יכולה להציע יום רביעי בשתיים ורבע או יום חמישי בתשע.",
        THU,
        time!(9:00),
        true,
        true,
    ),
    (
        "אני יכולה להציע יום רביעי בשתיים ורבע או יום חמישי בתשע.",
        WED,
        time!(14:15),
        true,
        true,
    ),
    ("ביום ד' בצהריים, בשעה אחת.", WED, time!(13:00), true, true),
    (
        "יום שני הקרוב, כלומר מחר, בעשר.",
        MON,
        time!(10:00),
        true,
        true,
    ),
    (
        "שמחה לעזור! מחר, ה-23 בנובמבר, ב-17:30, בסדר?",
        MON,
        time!(17:30),
        true,
        true,
    ),
    ("התור יהיה בשלישי בעשרה לעשר.", TUE, time!(9:50), true, true),
    ("נפגשים היום ב-16:45.", SUNDAY, time!(16:45), true, true),
    (
        "התור הבא שלך: רביעי, 25/11, 15:00.",
        WED,
        time!(15:00),
        true,
        true,
    ),
    (
        "ביום רביעי, בעשרים וחמישה לנובמבר, שעה שלוש אחר הצהריים.",
        WED,
        time!(15:00),
        true,
        true,
    ),
    ("יש תשע פנוי ברביעי בבוקר.", WED, time!(9:00), true, true),
    ("ברביעי תשע בבוקר או עשר.", WED, time!(10:00), true, true),
    ("עשר ורבע מחר, זה מתאים?", MON, time!(10:15), true, true),
    ("בשעה עשר בדיוק מחר בבוקר.", MON, time!(10:00), true, true),
    (
        "בשתים עשרה בצהריים ביום שלישי יש מקום.",
        TUE,
        time!(12:00),
        true,
        true,
    ),
    ("אין בעיה, ביום שלישי בעשר.", TUE, time!(10:00), true, true),
    (
        "אין שום בעיה לקבוע ביום שלישי בעשר.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "אין לי מקום ביום שני, אבל ביום שלישי בעשר כן.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "למרות שבתשע תפוס, בעשר ביום שלישי פנוי.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "התור ביום שלישי בעשר, ואורך הטיפול חצי שעה.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "ביום שלישי בעשר, המחיר הוא מאתיים שקלים.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "נשאר לי רק ביום שלישי בעשר, כל השאר תפוס.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "רגע, אני בודקת לגבי יום שלישי.",
        TUE,
        time!(10:00),
        true,
        false,
    ),
    (
        "יש לנו שלושה מטפלים ביום שלישי.",
        TUE,
        time!(15:00),
        true,
        false,
    ),
    (
        "ביום שלישי נשארו ארבעה תורים.",
        TUE,
        time!(16:00),
        true,
        false,
    ),
    (
        "הטיפול עולה חמש מאות שקל, ויש מקום מחר.",
        MON,
        time!(17:00),
        true,
        false,
    ),
    ("מחר הוא מקבל משמונה עד אחת.", MON, time!(8:00), true, false),
    (
        "מחר הוא מקבל משמונה עד אחת.",
        MON,
        time!(13:00),
        true,
        false,
    ),
    ("מחר אפשר החל משלוש.", MON, time!(15:00), true, false),
    ("מחר אין תורים אחרי שש.", MON, time!(18:00), true, false),
    (
        "אין לי תור בעשר ביום שלישי.",
        TUE,
        time!(10:00),
        true,
        false,
    ),
    ("בעשר כבר לא נשאר מקום מחר.", MON, time!(10:00), true, false),
    ("תשע ועשר תפוסים מחר.", MON, time!(9:00), true, false),
    ("כל יום שלישי מלא.", TUE, time!(10:00), false, false),
    ("ביום שלישי הרופא לא מקבל.", TUE, time!(10:00), false, false),
    (
        "ביום שלישי שעבר היית כאן בעשר.",
        TUE,
        time!(10:00),
        false,
        true,
    ),
    (
        "התור הקודם היה בשלישי, ויש עכשיו ברביעי באחת עשרה.",
        WED,
        time!(10:00),
        true,
        false,
    ),
    ("נדחה את זה ביומיים, בעשר.", MON, time!(10:00), false, true),
    (
        "אני אדבר איתך בעוד שעה, יש לך מספר אחר?",
        MON,
        time!(1:00),
        false,
        false,
    ),
    ("לחזור אליך בעוד עשר דקות?", MON, time!(10:00), false, false),
    ("הגעת לשלוחה שלוש.", MON, time!(15:00), false, false),
];

/// A second set of fresh ones.
const FRESHER: &[(&str, Date, Time, bool, bool)] = &[
    (
        "מעולה, אז ביום שלישי העשרים וארבעה לחודש בשעה עשר ושלושים.",
        TUE,
        time!(10:30),
        true,
        true,
    ),
    (
        "מחר יש לי תור אחד בלבד, בעשר.",
        MON,
        time!(10:00),
        true,
        true,
    ),
    (
        "יש לי ביום שלישי שתי אפשרויות, עשר או שתים עשרה.",
        TUE,
        time!(12:00),
        true,
        true,
    ),
    (
        "הדוקטור פנוי מחר החל מעשר, נניח עשר וחצי?",
        MON,
        time!(10:30),
        true,
        true,
    ),
    (
        "ביום ג' בשעה עשר, זה התור היחיד שלא תפוס.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "ביום שלישי בעשר זה בסדר, או שאין לך זמן?",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "אני מבינה שאין לך זמן מחר, אז ביום שלישי בעשר?",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "אנחנו סגורים ביום שני, אז ביום שלישי בעשר.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "אם בתשע לא מתאים, יש ביום שלישי בעשר.",
        TUE,
        time!(10:00),
        true,
        true,
    ),
    (
        "נשמח לראותך מחר, יום שני, 23.11.2026, בשעה 09:30.",
        MON,
        time!(9:30),
        true,
        true,
    ),
    (
        "לסיכום: דנה כהן, תספורת, יום רביעי 25 בנובמבר, 12:30.",
        WED,
        time!(12:30),
        true,
        true,
    ),
    ("יום רביעי הזה בשעה שתיים.", WED, time!(14:00), true, true),
    ("זה מחר בשעה אחת בצהריים.", MON, time!(13:00), true, true),
    ("בשבע ורבע בבוקר, יום חמישי.", THU, time!(7:15), true, true),
    (
        "בעוד ארבעה ימים, ביום חמישי, בעשר.",
        THU,
        time!(10:00),
        true,
        true,
    ),
    (
        "אז בוא נעשה חמישי בערב, שש וחצי.",
        THU,
        time!(18:30),
        true,
        true,
    ),
    (
        "עשרים דקות אחרי תשע ביום חמישי.",
        THU,
        time!(9:20),
        true,
        true,
    ),
    ("ביום חמישי בשלוש פחות עשרה.", THU, time!(14:50), true, true),
    ("ביום חמישי בשלוש פחות רבע.", THU, time!(14:45), true, true),
    (
        "התור ביום חמישי מעשר עד עשר וחצי.",
        THU,
        time!(10:30),
        true,
        false,
    ),
    (
        "ביום חמישי כל השעות בין תשע לשלוש תפוסות.",
        THU,
        time!(9:00),
        true,
        false,
    ),
    (
        "ביום חמישי יש לי רק לפני עשר או אחרי שלוש.",
        THU,
        time!(15:00),
        true,
        false,
    ),
    (
        "אפשר ביום חמישי, אבל לא בעשר.",
        THU,
        time!(10:00),
        true,
        false,
    ),
    (
        "ביום חמישי בעשר אני לא יכולה להציע.",
        THU,
        time!(10:00),
        true,
        false,
    ),
    ("התור בחמישי הוא לשתי נשים.", THU, time!(14:00), true, false),
    (
        "ביום חמישי מגיעים עשרה אנשים.",
        THU,
        time!(10:00),
        true,
        false,
    ),
    (
        "ביום חמישי, קומה שלוש, חדר ארבע.",
        THU,
        time!(15:00),
        true,
        false,
    ),
    ("מחר, בסניף בבאר שבע.", MON, time!(19:00), true, false),
    (
        "המספר שלך מסתיים בשלוש ארבע חמש?",
        MON,
        time!(15:00),
        false,
        false,
    ),
    ("יש עוד שלוש שעות עד לתור.", MON, time!(15:00), false, false),
    (
        "התור הוא לשעה וחצי, ביום חמישי.",
        THU,
        time!(1:30),
        true,
        false,
    ),
    (
        "ביום חמישי הבא אין, אולי ברביעי בעשר.",
        THU,
        time!(10:00),
        false,
        true,
    ),
    (
        "לא נשאר כלום ביום חמישי, רק ברביעי בעשר.",
        THU,
        time!(10:00),
        false,
        true,
    ),
    (
        "חמישי לא אפשרי, אולי רביעי בעשר.",
        THU,
        time!(10:00),
        false,
        true,
    ),
    (
        "במקום ביום חמישי, מה דעתך על רביעי בעשר?",
        THU,
        time!(10:00),
        false,
        true,
    ),
    (
        "ביטלתי את התור של יום חמישי.",
        THU,
        time!(10:00),
        true,
        false,
    ),
];

#[track_caller]
fn check_all(sentences: &[(&str, Date, Time, bool, bool)]) {
    let wrong: Vec<String> = sentences
        .iter()
        .filter_map(|(text, date, time, day, hour)| {
            let named = (
                day_is_named(text, *date, SUNDAY),
                hour_is_named(text, *time),
            );
            (named != (*day, *hour)).then(|| format!("{text} {date} {time}: {named:?}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        sentences.len(),
        wrong.join("\n")
    );
}

#[test]
fn fresh_sentences() {
    check_all(FRESH);
}

#[test]
fn fresher_sentences() {
    check_all(FRESHER);
}

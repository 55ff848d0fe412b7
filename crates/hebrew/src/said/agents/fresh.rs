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

#[test]
fn fresh_sentences() {
    let wrong: Vec<String> = FRESH
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
        FRESH.len(),
        wrong.join("\n")
    );
}

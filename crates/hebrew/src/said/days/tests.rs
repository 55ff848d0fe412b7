use time::macros::date;

use super::*;

const SUNDAY: Date = date!(2026 - 11 - 22);

#[track_caller]
fn check(text: &str, date: Date, expected: bool) {
    let fits = days_said(text)
        .iter()
        .any(|day| !day.is_negated() && day.fits(date, SUNDAY));
    assert_eq!(fits, expected, "{text} {date}");
}

#[test]
fn days_are_read_from_callers_words() {
    let tuesday = date!(2026 - 11 - 24);
    for text in [
        "מחרתיים",
        "עוד יומיים",
        "בעוד יומיים",
        "ביום שלישי",
        "שלישי בארבע",
        "לשלישי",
        "יום ג'",
        "יום ג׳",
        "יום ג",
        "ביום גימל בשלוש",
        "ב-24 לחודש",
        "ה-24",
        "בעשרים וארבע לנובמבר",
        "בעשרים וארבעה בנובמבר",
        "24 בנובמבר",
        "24.11",
        "24/11/26",
        "ב24.11",
        "2026-11-24",
        "עשרים וארבע לאחד עשר",
        "on tuesday",
        "24 november",
        "day after tomorrow",
        "послезавтра",
        "יום שלישי הזה",
        "בשלשי",
        "בעוד 2 ימים",
        "בעשרים וארבעה",
        "לא לא, שלישי",
        "ב-24",
        "למה לא ביום שלישי",
    ] {
        check(text, tuesday, true);
        check(text, date!(2026 - 11 - 25), false);
    }
    check("היום", SUNDAY, true);
    check("להיום בשש", SUNDAY, true);
    check("tomorrow", date!(2026 - 11 - 23), true);
    check("יום ב׳", date!(2026 - 11 - 23), true);
    check("יום ה׳", date!(2026 - 11 - 26), true);
    check("יום ה", date!(2026 - 11 - 26), true);
    check("יום ו׳", date!(2026 - 11 - 27), true);
    check("ליום ד בשעה 12", date!(2026 - 11 - 25), true);
    check("יום דלת בארבע", date!(2026 - 11 - 25), true);
    check("בששי", date!(2026 - 11 - 27), true);
    check("יום השישי", date!(2026 - 11 - 27), true);
    check("במוצאי שבת", date!(2026 - 11 - 28), true);
    check("יום שלישי הבא", date!(2026 - 12 - 01), true);
    check("שבוע הבא ביום שלישי", date!(2026 - 12 - 01), true);
    check("next week ביום שלישי", date!(2026 - 12 - 01), true);
    check("ביום שלישי", date!(2026 - 12 - 01), false);
    check("עוד שבועיים ביום חמישי", date!(2026 - 12 - 10), true);
    check(
        "לא השבוע הבא, זה שאחריו, ביום שלישי",
        date!(2026 - 12 - 08),
        true,
    );
    check("בעוד שלושה שבועות, יום ראשון", date!(2026 - 12 - 13), true);
    check("היום בעוד שבוע", date!(2026 - 11 - 29), true);
    check("עוד שבוע באותו יום", date!(2026 - 11 - 29), true);
    check("בשני לחודש הבא", date!(2026 - 12 - 02), true);
    check("באחד לחודש", date!(2026 - 12 - 01), true);
    check("בחמישי לראשון", date!(2027 - 01 - 05), true);
    check("בשני לינואר", date!(2027 - 01 - 02), true);
    check("שלושה עשר לשנים עשר", date!(2026 - 12 - 13), true);
    check("ה-5/1 בתשע", date!(2027 - 01 - 05), true);
    check("1.2.27 ב-10:00", date!(2027 - 02 - 01), true);
    check("ב-7.12 בארבע", date!(2026 - 12 - 07), true);
    check("באחד בינואר", date!(2027 - 01 - 01), true);
    check("יום ראשון ה-29 לנובמבר", date!(2026 - 11 - 29), true);
    check("לא שלישי, רביעי", date!(2026 - 11 - 24), false);
    check("לא שלישי, רביעי", date!(2026 - 11 - 25), true);
    check("שלישי לא מתאים לי", date!(2026 - 11 - 24), false);
    check(
        "ביום שלישי אני לא יכולה, ברביעי כן",
        date!(2026 - 11 - 24),
        false,
    );
    check(
        "ביום שלישי אני לא יכולה, ברביעי כן",
        date!(2026 - 11 - 25),
        true,
    );
    check("ביום שלישי, לא טוב לי בבוקר", date!(2026 - 11 - 24), true);
    check("שישי, דצמבר 18", date!(2026 - 12 - 18), true);
    check("הלילה באחת", date!(2026 - 11 - 23), true);
}

#[test]
fn what_is_no_day() {
    for text in [
        "",
        "שני תורים, לי ולבעלי",
        "הפעם השנייה",
        "בשני המקרים",
        "ראשון לציון",
        "תור ראשון",
        "על שם שני",
        "בשעה 10:30",
        "בעשר",
        "שבת שלום",
        "2.5 שעות",
        "050-123-4567",
        "בשעה 10.10",
        "כל היום",
        "עוד שעה",
        "חמישה לארבע",
    ] {
        assert!(days_said(text).is_empty(), "{text}: {:?}", days_said(text));
    }
}

#[test]
fn an_agent_names_days() {
    for (text, date) in [
        ("יש לי מחר בעשר", date!(2026 - 11 - 23)),
        ("היום בחמש", SUNDAY),
        ("מחרתיים", date!(2026 - 11 - 24)),
        ("ביום שלישי בעשר", date!(2026 - 11 - 24)),
        ("יום שלישי, 24 בנובמבר", date!(2026 - 11 - 24)),
        ("יום שלישי, 8 בדצמבר", date!(2026 - 12 - 08)),
        ("בעשרים וארבעה בנובמבר", date!(2026 - 11 - 24)),
        ("ה-24", date!(2026 - 11 - 24)),
        ("24.11", date!(2026 - 11 - 24)),
        ("ביום שלישי בשבוע הבא", date!(2026 - 12 - 01)),
        ("ביום ראשון", date!(2026 - 11 - 29)),
        ("השלישי הקרוב, בשעה עשר", date!(2026 - 11 - 24)),
        ("يوم الثلاثاء الساعة 10:00", date!(2026 - 11 - 24)),
    ] {
        assert!(day_is_named(text, date, SUNDAY), "{text} {date}");
    }
    for (text, date) in [
        ("ביום שלישי", date!(2026 - 12 - 01)),
        ("יש לי שני תורים", date!(2026 - 11 - 23)),
        ("מה דעתך?", date!(2026 - 11 - 23)),
        ("ביום ראשון", SUNDAY),
        ("לא ביום שלישי", date!(2026 - 11 - 24)),
    ] {
        assert!(!day_is_named(text, date, SUNDAY), "{text} {date}");
    }
}

#[test]
fn one_of_several_days_is_a_choice() {
    let tuesday = date!(2026 - 11 - 24);
    for (text, expected) in [
        ("ביום שני או ביום שלישי?", true),
        ("ביום שלישי בעשר, או ברביעי בעשר?", true),
        ("ב-24.11 או ב-25.11?", true),
        ("ביום שלישי או שלא?", false),
        ("לא ביום שני אלא ביום שלישי", false),
        ("ביום שני יש מקום? לא. ביום שלישי?", false),
        ("יום שלישי, 24 בנובמבר, בעשר", false),
        ("שלישי בעשר, רביעי בחמש", true),
        ("ביום שלישי בעשר, אפשר גם ביום רביעי", true),
        ("ביום שלישי בעשר. יש גם ברביעי. מה עדיף?", true),
    ] {
        assert_eq!(day_is_a_choice(text, tuesday, SUNDAY), expected, "{text}");
    }
}

#[test]
fn every_month_is_known() {
    for month in 1..=12 {
        let month = time::Month::try_from(month).unwrap();
        let said = format!("24 ב{}", crate::month_name(month));
        let date = Date::from_calendar_date(2027, month, 24).unwrap();
        assert!(day_is_named(&said, date, SUNDAY), "{said}");
    }
}

#[test]
fn a_weekdays_name_alone_is_a_day_right_before_an_hour() {
    let tuesday = date!(2026 - 11 - 24);
    for text in ["שלישי בעשר וחצי פנוי. לקבוע?", "אז שלישי, בשעה עשר?"]
    {
        assert!(day_is_named(text, tuesday, SUNDAY), "{text}");
    }
    for text in [
        "שלישי בתור מחכה לך",
        "מקום שלישי ברשימה",
        "שלישי זה לא, אולי בעשר",
    ] {
        assert!(!day_is_named(text, tuesday, SUNDAY), "{text}");
    }
}

#[test]
fn a_date_beside_another_weekday_is_not_named() {
    let tuesday = date!(2026 - 11 - 24);
    for (text, expected) in [
        ("יום רביעי, 24 בנובמבר, בעשר", false),
        ("ב-24.11, ביום חמישי", false),
        ("יום שלישי, 24 בנובמבר, בעשר", true),
        ("ביום שלישי 24.11 או ביום רביעי 25.11", true),
        ("24 בנובמבר", true),
    ] {
        assert_eq!(day_is_named(text, tuesday, SUNDAY), expected, "{text}");
    }
}

#[test]
fn an_offer_of_a_later_week_is_one_day() {
    let december = date!(2026 - 12 - 08);
    assert!(!day_is_a_choice(
        "יום שלישי, 8 בדצמבר, בעשר. לקבוע?",
        december,
        SUNDAY
    ));
    assert!(day_is_named("יום שלישי, 8 בדצמבר, בעשר", december, SUNDAY));
    let tuesday = date!(2026 - 11 - 24);
    assert!(!day_is_named("יום שלישי, 8 בדצמבר, בעשר", tuesday, SUNDAY));
    assert!(!day_is_named("ביום שלישי בשבוע הבא", tuesday, SUNDAY));
}

#[test]
fn another_week_is_another_day() {
    let (this_week, next_week) = (date!(2026 - 11 - 25), date!(2026 - 12 - 02));
    for text in ["רביעי בשבוע הבא", "בשבוע הבא", "רביעי הבא", "2 לחודש הבא"]
    {
        let said = days_said(text);
        assert!(!said.is_empty(), "{text}");
        assert!(
            said.iter().all(|day| day.may_mean(next_week, SUNDAY)),
            "{text}"
        );
        assert!(
            said.iter().any(|day| !day.may_mean(this_week, SUNDAY)),
            "{text}"
        );
    }
    assert!(days_said("רביעי אחר")[0].is_negated());
}

//! The parser's prompt.

use std::fmt::Write as _;

use time::{Date, Duration};
use toran_hebrew as hebrew;

use crate::{OPENING, ParseContext};

/// How many days the small calendar shows.
const CALENDAR_DAYS: i64 = 14;

const RULES: &str = "\
אתה מקבל משפט אחד שאמר לקוח בטלפון, אחרי תמלול. החזר רק את מה שנאמר בו. אל תמציא דבר ואל תחשב תאריכים.
action:
- ask: הלקוח מבקש תור, שואל על זמן פנוי, נוקב ביום או בשעה, או מתקן אותם. בקשה לקבוע בלי הצעה קודמת היא ask.
- confirm: הלקוח אומר כן מפורש להצעה מוחשית שעל השולחן. \"לא לא, זה מצוין\" הוא confirm. \"כן, אבל אפשר בעשר וחצי?\" הוא ask.
- none: כל השאר: שאלות מידע, ביטול, סירוב, דיבור צדדי, \"אתקשר מחר\", שאלה על תור קיים.
intent, במה מדובר:
- book: לקבוע תור חדש, או תשובה להצעה של תור.
- cancel: לבטל תור קיים (action הוא none; היום והשעה של התור הקיים ב-date וב-time אם נאמרו).
- move: להזיז תור קיים (למועד שנאמר: ask, והמועד החדש ב-date וב-time; בלי מועד חדש: none, והמועד של התור הקיים אם נאמר).
- own_appointment: שאלה מתי התור של הלקוח עצמו (none).
- information: שעות פתיחה, מחיר, כתובת, שירותים.
- person: לדבר עם אדם, נציג, בעל העסק או מטפל.
- message: להשאיר הודעה לעסק (\"אני אאחר בעשר דקות\").
- other: כל השאר.
confirm_words: המילים של הלקוח שבהן אמר כן (\"כן\", \"בסדר גמור\", \"תקבעי לי\"); אם לא אמר כן: null.
date: בצורה סימבולית, לפי מה שנאמר:
- יום בשבוע: weekday ו-week_offset (0 = המופע הקרוב; 1 = \"הבא\" או \"בשבוע הבא\"; 2 = \"עוד שבועיים\").
- היום, מחר, עוד יומיים, עוד שבוע: days_from_now. הלילה והערב: 0.
- תאריך: day, month, year (null אם לא נאמרו). היום לפני החודש. אם נאמר גם יום בשבוע: weekday.
- חג: holiday ו-relation (on = בחג, before או eve = בערב החג, after = אחרי החג כולו; אסרו חג = after). אם נאמר גם יום בשבוע: weekday.
- לא נאמר יום: null.
not_on: יום שהלקוח אמר שאינו מתאים (\"לא ביום ראשון\"), באותה צורה. יום כזה לעולם אינו date.
time: לפי מה שנאמר:
- שעה: hour ו-minute כפי שנאמרו, ו-part_of_day רק אם נאמר במפורש (בבוקר, בצהריים, אחר הצהריים, בערב, בלילה). \"עשרה לאחת עשרה\" = 10:50. by_clock הוא true רק לשעת שעון (\"07:00\", \"שבע עשרה אפס אפס\").
- רק חלק של היום (\"מחר בבוקר\"): part_of_day לבדו.
- \"עוד שעה\", \"בעוד חצי שעה\": minutes_from_now.
- \"באותה שעה\": same_hour.
- שעה לא מדויקת אחרת (\"אחרי העבודה\") או שלא נאמרה: null.
name: שם הלקוח, או שם מי שהתור בשבילו, רק אם נאמר עכשיו, אחרת null. בלי אות יחס (\"תור לנועם\" = נועם). \"שני\" ו\"ראשון\" יכולים להיות יום, מספר או שם.
phone: מספר טלפון שהלקוח אמר, בספרות, אחרת null.
one_more: true רק אם הלקוח ביקש במפורש עוד תור, נוסף על תור שכבר נקבע בשיחה (\"תקבע לי עוד תור\", \"וגם תור לאשתי\"). החלפה או תיקון של מועד אינם תור נוסף. בכל מקרה אחר null.
words: המילים של הלקוח עצמו שמהן הסקת את היום או את השעה, בדיוק כפי שנאמרו.";

/// The standing instructions for one segment.
pub(crate) fn render(context: &ParseContext<'_>) -> String {
    let today = context.now.date();
    let mut text = format!("{OPENING}\n{RULES}\n\n");
    let _ = writeln!(
        text,
        "עכשיו: {} {}, {}.",
        hebrew::date_words(today),
        today.year(),
        hebrew::clock(context.now.time())
    );
    text.push_str("לוח קטן:\n");
    for offset in 0..CALENDAR_DAYS {
        if let Some(day) = today.checked_add(Duration::days(offset)) {
            let _ = writeln!(text, "{} {}", iso(day), hebrew::day_words(day.weekday()));
        }
    }
    text.push_str(&table_line(context));
    if let Some(said) = context.last_said {
        let said: String = said.chars().filter(|c| !c.is_control()).take(400).collect();
        let _ = writeln!(text, "לפני כן אמר הנציג: \"{said}\"");
    }
    text
}

fn table_line(context: &ParseContext<'_>) -> String {
    match (context.table.date, context.table.time) {
        (None, None) => "על השולחן: אין הצעה.\n".to_owned(),
        (date, time) => {
            let day = date.map_or("יום שלא נאמר".to_owned(), |d| {
                format!("{} ({})", hebrew::date_words(d), iso(d))
            });
            let hour = time.map_or("שעה שלא נאמרה".to_owned(), hebrew::clock);
            format!("על השולחן: {day}, {hour}.\n")
        }
    }
}

fn iso(date: Date) -> String {
    // `Display` of `time::Date` is ISO 8601 for the four-digit years that a calendar of appointments has.
    date.to_string()
}

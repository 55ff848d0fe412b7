//! The English, Russian and Arabic words for days, hours and parts of the day that people mix into Hebrew.

use time::Weekday;

use crate::said::parts::DayPart;

/// How many days ahead a word says.
pub(crate) fn days_ahead(word: &str) -> Option<i64> {
    Some(match word {
        "today" | "tonight" | "сегодня" | "اليوم" => 0,
        "tomorrow" | "завтра" | "غدا" | "بكرا" | "بكرة" | "بكره" => 1,
        "послезавтра" => 2,
        _ => return None,
    })
}

pub(crate) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "sunday" | "воскресенье" | "الأحد" | "الاحد" => Weekday::Sunday,
        "monday" | "понедельник" | "الاثنين" | "الإثنين" => {
            Weekday::Monday
        }
        "tuesday" | "вторник" | "الثلاثاء" => Weekday::Tuesday,
        "wednesday" | "среда" | "среду" | "الأربعاء" | "الاربعاء" => {
            Weekday::Wednesday
        }
        "thursday" | "четверг" | "الخميس" => Weekday::Thursday,
        "friday" | "пятница" | "пятницу" | "الجمعة" => Weekday::Friday,
        "saturday" | "суббота" | "субботу" | "السبت" => Weekday::Saturday,
        _ => return None,
    })
}

pub(crate) fn month(word: &str) -> Option<u8> {
    Some(match word {
        "january" | "января" => 1,
        "february" | "февраля" => 2,
        "march" | "марта" => 3,
        "april" | "апреля" => 4,
        "may" | "мая" => 5,
        "june" | "июня" => 6,
        "july" | "июля" => 7,
        "august" | "августа" => 8,
        "september" | "сентября" => 9,
        "october" | "октября" => 10,
        "november" | "ноября" => 11,
        "december" | "декабря" => 12,
        _ => return None,
    })
}

/// The hours of a dial.
pub(crate) fn hour(word: &str) -> Option<u32> {
    Some(match word {
        "one" | "час" => 1,
        "two" | "два" => 2,
        "three" | "три" => 3,
        "four" | "четыре" => 4,
        "five" | "пять" => 5,
        "six" | "шесть" => 6,
        "seven" | "семь" => 7,
        "eight" | "восемь" => 8,
        "nine" | "девять" => 9,
        "ten" | "десять" => 10,
        "eleven" | "одиннадцать" => 11,
        "twelve" | "двенадцать" => 12,
        _ => return None,
    })
}

pub(crate) fn minutes(word: &str) -> Option<u32> {
    Some(match word {
        "ten" => 10,
        "fifteen" | "пятнадцать" => 15,
        "twenty" | "двадцать" => 20,
        "thirty" | "тридцать" => 30,
        "forty" | "сорок" => 40,
        "fifty" | "пятьдесят" => 50,
        _ => return None,
    })
}

pub(crate) fn part(word: &str) -> Option<DayPart> {
    Some(match word {
        "morning" | "am" | "утром" | "утра" => DayPart::Morning,
        "noon" => DayPart::Noon,
        "afternoon" | "pm" | "днем" | "днём" | "дня" => DayPart::Afternoon,
        "evening" | "вечером" | "вечера" => DayPart::Evening,
        "night" | "tonight" | "ночью" | "ночи" => DayPart::Night,
        _ => return None,
    })
}

/// Whether an hour follows: "at four", "в десять".
pub(crate) fn leads_to_an_hour(word: &str) -> bool {
    matches!(
        word,
        "at" | "by" | "around" | "в" | "к" | "after" | "before"
    )
}

/// Whether the number before counts something, and is no hour.
pub(crate) fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "minutes"
            | "minute"
            | "min"
            | "hours"
            | "hour"
            | "days"
            | "people"
            | "минут"
            | "часов"
            | "дней"
    )
}

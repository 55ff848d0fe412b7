//! Hebrew as text: normalising, and dates, hours and numbers as words.
//!
//! Four things: a form of a text in which two spellings of the same words compare equal
//! ([`normalise`]); dates, hours and numbers as a person would say them ([`date_words`],
//! [`time_words`]); the hours and days that one of our own sentences names ([`times_spoken`], [`dates_spoken`]); and
//! what a person's words can name ([`days_said`], [`hours_said`], [`parts_said`], [`name_said`], [`digits_said`]), ask
//! for ([`one_more_said`], [`replacement_said`], [`correction_said`]) or say yes to ([`yes_said`]), so that a parser's answer may be held against them.
//!
//! It is *not* the parser of callers' words (a language model is): its readers bear out or contradict, and ask for
//! nothing. No morphology, no translation and no transliteration. It knows no clock and no zone, and nothing else of
//! Toran.
//!
//! ```
//! use time::macros::{date, time};
//!
//! assert_eq!(toran_hebrew::normalise("שָׁלוֹם, \"Dana\"!"), "שלומ dana");
//! assert_eq!(toran_hebrew::date_words(date!(2026-11-24)), "יום שלישי, 24 בנובמבר");
//! assert_eq!(toran_hebrew::time_words(time!(16:30)), "ארבע וחצי אחר הצהריים");
//! assert!(toran_hebrew::yes_said("לא לא, זה מצוין"));
//! assert_eq!(toran_hebrew::times_spoken("קבעתי לך בארבע וחצי אחר הצהריים."), [time!(16:30)]);
//! ```

mod dates;
mod hours;
mod letters;
mod numbers;
mod said;
mod spoken;
mod spoken_dates;

pub use dates::{
    date_words, date_words_with_year, day_range_letters, day_range_words, day_words, moment_words,
    month_name, weekday_name,
};
pub use hours::{clock, time_words};
pub use letters::{has_hebrew, is_within_word, letters_said, normalise, words};
pub use numbers::{number_words_feminine, number_words_masculine};
pub use said::{
    days::{DayForm, SaidDay, day_is_a_choice, day_is_named, days_said},
    hours::{
        SaidHour, hour_is_a_choice, hour_is_named, hours_said, minutes_ahead_said, same_hour_said,
    },
    names::{asks_for_name, name_said, same_name},
    parts::{DayPart, parts_said},
    phone::digits_said,
    wishes::{correction_said, one_more_said, replacement_said},
    yes::{no_said, yes_said},
};
pub use spoken::{hours_spoken, times_spoken};
pub use spoken_dates::{SpokenDate, dates_spoken};

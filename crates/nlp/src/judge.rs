//! What the days and hours of an answer count for, by what the caller said.

use serde_json::Value;
use time::{Date, Time};
use toran_domain::{PartOfDay, RequestedTime};
use toran_hebrew as hebrew;

use crate::{
    ParseContext,
    evidence::{Evidence, Support},
    resolve::{Openings, SaidTime, hour_of_day, minutes_from, night_of},
    said::{self, TimeSaid},
};

/// What a day or an hour of the answer counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged<T> {
    /// The answer names none, or only repeats what is on the table.
    Unnamed,
    /// The caller said it.
    Counts(T),
    /// It stands in words that were said, and nobody can tell that they mean it: no confirmation rests on it.
    OnlyAsked(T),
    /// The caller did not say it, or there is no such day or hour.
    Discarded,
}

impl<T: Copy + PartialEq> Judged<T> {
    pub(crate) const fn value(self) -> Option<T> {
        match self {
            Self::Counts(value) | Self::OnlyAsked(value) => Some(value),
            Self::Unnamed | Self::Discarded => None,
        }
    }

    pub(crate) fn is_discarded(self) -> bool {
        matches!(self, Self::Discarded)
    }

    /// What the caller's words make of a value that the answer names.
    fn of(support: Support, value: T, on_table: Option<T>, agent_said_it: bool) -> Self {
        match support {
            Support::Found => Self::Counts(value),
            Support::Quoted | Support::Unsaid if on_table == Some(value) => Self::Unnamed,
            Support::Quoted => Self::OnlyAsked(value),
            Support::Unsaid if agent_said_it => Self::OnlyAsked(value),
            Support::Unsaid | Support::Contradicted => Self::Discarded,
        }
    }
}

/// The time of an answer, judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JudgedTime {
    pub(crate) date: Judged<Date>,
    pub(crate) time: Judged<Time>,
    pub(crate) part_of_day: Option<PartOfDay>,
}

impl JudgedTime {
    pub(crate) fn said(self) -> RequestedTime {
        RequestedTime {
            date: self.date.value(),
            time: self.time.value(),
        }
    }
}

/// Judges the days and hours of one answer.
pub(crate) struct Judge<'a> {
    pub(crate) caller: Evidence<'a>,
    /// The agent's words, where the caller says yes to them: they bear a value out as far as a question.
    pub(crate) agent: Option<Evidence<'a>>,
    pub(crate) context: &'a ParseContext<'a>,
}

impl Judge<'_> {
    pub(crate) fn time_of(&self, date: &Value, time: &Value) -> JudgedTime {
        let date = self.date(date, self.context.table.date);
        let (time, moment, part_of_day) = self.time(time, date);
        let date = match (date, moment) {
            (Judged::Unnamed, Some(day)) => Judged::Counts(day),
            (date, _) => date,
        };
        JudgedTime {
            date: self.night(date, time),
            time,
            part_of_day,
        }
    }

    /// Whether the agent left the choice between what is on the table and something else, and the caller's yes names
    /// neither: "בעשר או באחת עשרה?" "כן".
    pub(crate) fn choice_is_open(&self) -> bool {
        let Some(agent) = &self.agent else {
            return false;
        };
        let today = self.context.now.date();
        let RequestedTime { date, time } = self.context.table;
        let hour = time.filter(|time| hebrew::hour_is_a_choice(agent.text(), *time));
        let day = date.filter(|date| hebrew::day_is_a_choice(agent.text(), *date, today));
        let is_settled = hour.is_some_and(|time| self.caller.names_hour(time))
            || day.is_some_and(|date| self.caller.names_day(date));
        (hour.is_some() || day.is_some()) && !is_settled
    }

    /// "הלילה באחת" means the coming date.
    fn night(&self, date: Judged<Date>, time: Judged<Time>) -> Judged<Date> {
        let Some(time) = time
            .value()
            .filter(|_| self.caller.part(PartOfDay::Night).is_some())
        else {
            return date;
        };
        match date {
            Judged::Counts(day) => Judged::Counts(night_of(day, time, self.context.now)),
            Judged::OnlyAsked(day) => Judged::OnlyAsked(night_of(day, time, self.context.now)),
            Judged::Unnamed | Judged::Discarded => date,
        }
    }

    fn date(&self, value: &Value, on_table: Option<Date>) -> Judged<Date> {
        if is_empty(value) {
            return Judged::Unnamed;
        }
        let today = self.context.now.date();
        let Some(said) = said::date(value, today) else {
            return Judged::Discarded;
        };
        let Some(date) = said.resolve(today) else {
            return Judged::Discarded;
        };
        let support = self.caller.for_day(said, date, said::words(value));
        let agent_said_it = self
            .agent
            .as_ref()
            .is_some_and(|agent| agent.names_day(date));
        Judged::of(support, date, on_table, agent_said_it)
    }

    /// A day that does not suit. It only narrows what is offered, so a quotation is enough.
    pub(crate) fn not_on(&self, value: &Value) -> Option<Date> {
        if is_empty(value) {
            return None;
        }
        let today = self.context.now.date();
        let said = said::date(value, today)?;
        let date = said.resolve(today)?;
        let text = self.caller.text();
        let named = hebrew::days_said(text)
            .iter()
            .any(|day| day.may_mean(date, today));
        let supported = matches!(
            self.caller.for_day(said, date, said::words(value)),
            Support::Found | Support::Quoted
        );
        (named || supported).then_some(date)
    }

    /// The hour; the day that a time from now comes to; a part of the day without an hour.
    fn time(
        &self,
        value: &Value,
        date: Judged<Date>,
    ) -> (Judged<Time>, Option<Date>, Option<PartOfDay>) {
        if is_empty(value) {
            return (Judged::Unnamed, None, None);
        }
        let quotation = said::words(value);
        match said::time(value) {
            None => (Judged::Discarded, None, None),
            Some(TimeSaid::Part(part)) => (Judged::Unnamed, None, self.caller.part(part)),
            Some(TimeSaid::Exactly(SaidTime::Same)) => (self.same_hour(quotation), None, None),
            Some(TimeSaid::Exactly(SaidTime::MinutesFromNow(minutes))) => {
                let (time, day) = self.minutes_ahead(minutes, quotation);
                (time, day, None)
            }
            Some(TimeSaid::Exactly(SaidTime::Hour {
                hour,
                minute,
                part,
                clock,
            })) => (
                self.hour((hour, minute), part, clock, quotation, date),
                None,
                None,
            ),
        }
    }

    fn same_hour(&self, quotation: &str) -> Judged<Time> {
        let Some(time) = self.context.table.time else {
            return Judged::Unnamed;
        };
        if hebrew::same_hour_said(self.caller.text()) {
            Judged::Counts(time)
        } else if self.caller.quotes(quotation) {
            Judged::OnlyAsked(time)
        } else {
            Judged::Unnamed
        }
    }

    fn minutes_ahead(&self, minutes: i64, quotation: &str) -> (Judged<Time>, Option<Date>) {
        let Some(moment) = minutes_from(self.context.now, minutes) else {
            return (Judged::Discarded, None);
        };
        if self.caller.says_ahead(minutes) {
            return (Judged::Counts(moment.time()), Some(moment.date()));
        }
        let contradicted = !hebrew::minutes_ahead_said(quotation).is_empty();
        if self.caller.quotes(quotation) && !contradicted {
            (Judged::OnlyAsked(moment.time()), Some(moment.date()))
        } else {
            (Judged::Discarded, None)
        }
    }

    fn hour(
        &self,
        dial: (u8, u8),
        part: Option<PartOfDay>,
        clock: bool,
        quotation: &str,
        date: Judged<Date>,
    ) -> Judged<Time> {
        let table = self.context.table;
        let part = part.and_then(|part| self.caller.part(part));
        let openings = Openings {
            settings: self.context.settings,
            day: date.value().or(table.date),
        };
        let Some(time) = hour_of_day(dial, part, clock, openings) else {
            return Judged::Discarded;
        };
        let (support, time) = self.caller.for_hour(time, quotation);
        // "בעשר" of who was offered 22:00 is 22:00.
        let is_of_the_table = part.is_none()
            && date.value().is_none_or(|date| Some(date) == table.date)
            && self.caller.leaves_open(time);
        let on_table = table.time.filter(|on_table| {
            is_of_the_table
                && on_table.hour() % 12 == time.hour() % 12
                && on_table.minute() == time.minute()
        });
        let time = on_table.unwrap_or(time);
        let agent_said_it = self
            .agent
            .as_ref()
            .is_some_and(|agent| agent.for_hour(time, "").0 == Support::Found);
        Judged::of(support, time, table.time, agent_said_it)
    }
}

/// Whether a value of the answer names nothing: null, an empty text, or an object of nothing but its words.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => matches!(text.trim(), "" | "null" | "none"),
        Value::Object(fields) => fields.iter().all(|(key, field)| {
            key == "words" || field.is_null() || field.as_bool() == Some(false)
        }),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

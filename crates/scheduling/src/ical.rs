//! Appointments and free/busy as iCalendar ([RFC 5545]), written by the `icalendar` crate. Behind the feature
//! `icalendar`.
//!
//! Everything is in UTC, so that no time zone has to be described. Nothing is made up: ids and the time of writing
//! come in as arguments, and the same arguments give the same text.
//!
//! [RFC 5545]: https://www.rfc-editor.org/rfc/rfc5545

use chrono::{DateTime, Utc};
use icalendar::{
    Calendar, CalendarComponent, Component, Event, EventLike as _, EventStatus, Property,
};
use time::UtcDateTime;

use crate::{AppointmentSettings, Occupancy};

/// Who writes these calendars (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//Toran//toran-scheduling//EN";

/// A component that the library knows only by reading it.
const EMPTY_FREE_BUSY: &str = "BEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\n";

/// What stands in a calendar of no appointments.
const UTC: &str = "BEGIN:VTIMEZONE\r\nTZID:UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n\
    TZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

/// One appointment as a calendar shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Unique in the world, and the same whenever this appointment is written: `0190…@example.com`.
    pub uid: String,
    /// Its first instant.
    pub starts_at: UtcDateTime,
    /// The instant at which it is over.
    pub ends_at: UtcDateTime,
    /// What it is called.
    pub summary: String,
    /// More about it.
    pub description: Option<String>,
    /// Whether it was given up. A calendar that took it over must be told: what is left out stays there.
    pub cancelled: bool,
    /// How often it was changed since it was made (`SEQUENCE`).
    pub revision: u32,
    /// When it was changed last, or made (`LAST-MODIFIED`, `DTSTAMP`).
    pub changed_at: UtcDateTime,
}

/// A calendar of appointments: one `VEVENT` for each, confirmed or cancelled. One without appointments holds the description
/// of its time zone, UTC, for a calendar needs a component (RFC 5545, 3.6).
///
/// ```
/// use time::macros::utc_datetime;
/// use toran_scheduling::ical::{Appointment, appointments};
///
/// let appointment = Appointment {
///     uid: "1@example.com".to_owned(),
///     starts_at: utc_datetime!(2026-11-24 14:30),
///     ends_at: utc_datetime!(2026-11-24 15:00),
///     summary: "תספורת, דוד".to_owned(),
///     description: None,
///     cancelled: false,
///     revision: 1,
///     changed_at: utc_datetime!(2026-11-23 8:00),
/// };
/// let text = appointments("Dana", [appointment]);
/// assert!(text.contains("DTSTART:20261124T143000Z\r\n"));
/// assert!(text.contains("SEQUENCE:1\r\n"));
/// assert!(text.contains("SUMMARY:תספורת\\, דוד\r\n"));
/// ```
pub fn appointments(name: &str, appointments: impl IntoIterator<Item = Appointment>) -> String {
    let mut calendar = calendar();
    calendar.append_property(Property::new("X-WR-CALNAME", plain(name)));
    for appointment in appointments {
        let mut event = Event::new();
        event
            .uid(&plain(&appointment.uid))
            .timestamp(chrono(appointment.changed_at))
            .last_modified(chrono(appointment.changed_at))
            .sequence(appointment.revision)
            .starts(chrono(appointment.starts_at))
            .ends(chrono(appointment.ends_at))
            .summary(&plain(&appointment.summary))
            .status(if appointment.cancelled {
                EventStatus::Cancelled
            } else {
                EventStatus::Confirmed
            });
        if let Some(description) = &appointment.description {
            event.description(&plain(description));
        }
        calendar.push(event.done());
    }
    if calendar.components.is_empty() {
        // The library knows no time zones but by their names.
        let text = calendar.to_string();
        return text.replace("END:VCALENDAR", &format!("{UTC}END:VCALENDAR"));
    }
    calendar.to_string()
}

/// When a business can be had between two instants, as one `VFREEBUSY`: `BUSY-UNAVAILABLE` where it is closed, and
/// `BUSY` where it is open and every resource is taken to its last unit. What is left is free.
///
/// ```
/// use time::macros::{time, utc_datetime};
/// use toran_scheduling::{AppointmentSettings, Busy, BusyRange, TimeZoneName, ical};
///
/// let settings = AppointmentSettings::simple(
///     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
/// )?;
/// let (from, to) = (utc_datetime!(2026-11-24 6:00), utc_datetime!(2026-11-24 17:00));
/// let noon = BusyRange::new(utc_datetime!(2026-11-24 10:00), utc_datetime!(2026-11-24 10:30))?;
/// let taken = settings.occupancy([Busy::everything(noon)]);
/// let text = ical::free_busy("dana@example.com", &settings, &taken, (from, to), from);
/// assert!(text.contains("FREEBUSY;FBTYPE=BUSY:20261124T100000Z/20261124T103000Z\r\n"));
/// assert!(text.contains("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261124T060000Z/20261124T070000Z\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn free_busy(
    uid: &str,
    settings: &AppointmentSettings,
    taken: &Occupancy,
    (from, to): (UtcDateTime, UtcDateTime),
    written_at: UtcDateTime,
) -> String {
    let open = settings.open_ranges(from, to);
    let full = taken.full_ranges(from, to);
    let full = full.iter().map(|range| (range.from(), range.to()));
    let busy = full.flat_map(|range| open.iter().filter_map(move |open| common(range, *open)));
    let periods = closed(&open, from, to)
        .into_iter()
        .map(|range| ("BUSY-UNAVAILABLE", range))
        .chain(busy.map(|range| ("BUSY", range)));
    let mut calendar = calendar();
    if let Ok(CalendarComponent::Other(mut free_busy)) = EMPTY_FREE_BUSY.parse() {
        for (key, value) in [
            ("UID", plain(uid)),
            ("DTSTAMP", basic(written_at)),
            ("DTSTART", basic(from)),
            ("DTEND", basic(to)),
        ] {
            free_busy.append_property(Property::new(key, value));
        }
        for (kind, (from, to)) in periods {
            let period = format!("{}/{}", basic(from), basic(to));
            let mut property = Property::new("FREEBUSY", period);
            property.add_parameter("FBTYPE", kind);
            free_busy.append_multi_property(property);
        }
        calendar.push(CalendarComponent::Other(free_busy));
    }
    calendar.to_string()
}

/// A text without control characters but line breaks, which are escaped as every text is, and without what turns the text
/// around it.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let turns = |c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|c| *c == '\n' || !(c.is_control() || turns(*c)))
        .collect()
}

type Range = (UtcDateTime, UtcDateTime);

fn calendar() -> Calendar {
    let mut calendar = Calendar::empty();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", PRODUCT),
        ("CALSCALE", "GREGORIAN"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar
}

/// What lies between the open ranges.
fn closed(open: &[Range], from: UtcDateTime, to: UtcDateTime) -> Vec<Range> {
    let begins = std::iter::once(from).chain(open.iter().map(|(_, closes)| *closes));
    let ends = open.iter().map(|(opens, _)| *opens).chain([to]);
    begins.zip(ends).filter(|(from, to)| from < to).collect()
}

fn common(one: Range, other: Range) -> Option<Range> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 < both.1).then_some(both)
}

fn chrono(instant: UtcDateTime) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.unix_timestamp(), 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The basic format of an instant: `20261124T143000Z`.
fn basic(instant: UtcDateTime) -> String {
    chrono(instant).format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use time::macros::{time, utc_datetime};

    use super::*;
    use crate::{Busy, BusyRange, TimeZoneName};

    /// As another reader sees it: the lines unfolded.
    fn unfolded(text: &str) -> Vec<String> {
        assert!(
            text.lines().all(|line| line.len() <= 75),
            "lines are folded"
        );
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        let text = text.replace("\r\n ", "");
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn appointments_are_events() {
        let appointment = |uid: &str, summary: &str| Appointment {
            uid: uid.to_owned(),
            starts_at: utc_datetime!(2026-11-24 14:30),
            ends_at: utc_datetime!(2026-11-24 15:00),
            summary: summary.to_owned(),
            description: Some("שורה; ועוד\nאחת".to_owned()),
            cancelled: uid == "2@x",
            revision: 3,
            changed_at: utc_datetime!(2026-11-23 8:00),
        };
        let long = "תספורת, ".repeat(20);
        let both = [appointment("1@x", "תספורת"), appointment("2@x", &long)];
        let text = super::appointments("דנה", both.clone());
        assert_eq!(text, super::appointments("דנה", both));
        let lines = unfolded(&text);
        let has = |line: &str| lines.iter().any(|other| other == line);
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Toran//toran-scheduling//EN",
            "UID:1@x",
            "DTSTAMP:20261123T080000Z",
            "DTSTART:20261124T143000Z",
            "DTEND:20261124T150000Z",
            "LAST-MODIFIED:20261123T080000Z",
            "SEQUENCE:3",
            "STATUS:CONFIRMED",
            "STATUS:CANCELLED",
            "SUMMARY:תספורת",
            r"DESCRIPTION:שורה\; ועוד\nאחת",
        ] {
            assert!(has(line), "{line} is missing: {text}");
        }
        assert!(
            has(&format!("SUMMARY:{}", long.replace(',', "\\,"))),
            "{text}"
        );
        assert_eq!(
            lines.iter().filter(|line| *line == "BEGIN:VEVENT").count(),
            2
        );
        let read: Calendar = text.parse().expect("the library reads what it wrote");
        assert_eq!(read.events().count(), 2);
    }

    #[test]
    fn a_calendar_of_none_has_a_component() {
        let text = super::appointments("דנה", []);
        let read: Calendar = text.parse().expect("the library reads what it wrote");
        assert_eq!(read.components.len(), 1, "{text}");
        assert!(
            text.ends_with("END:VTIMEZONE\r\nEND:VCALENDAR\r\n"),
            "{text}"
        );
        assert!(text.contains("BEGIN:VTIMEZONE\r\nTZID:UTC\r\n"), "{text}");
        assert!(text.contains("BEGIN:STANDARD\r\n"), "{text}");
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let text = "a\r\nX-EVIL:1\rb;c,d\n\u{7}\u{202e}";
        let appointment = Appointment {
            uid: text.to_owned(),
            starts_at: utc_datetime!(2026-11-24 14:30),
            ends_at: utc_datetime!(2026-11-24 15:00),
            summary: text.to_owned(),
            description: Some(text.to_owned()),
            cancelled: false,
            revision: 0,
            changed_at: utc_datetime!(2026-11-23 8:00),
        };
        let calendar = super::appointments(text, [appointment]);
        let lines = unfolded(&calendar);
        assert!(
            !lines
                .iter()
                .any(|line| line.starts_with("X-EVIL") || line.starts_with('b')),
            "{calendar}"
        );
        let name = r"X-WR-CALNAME:a\nX-EVIL:1\nb\;c\,d\n";
        assert!(lines.iter().any(|line| line == name), "{calendar}");
    }

    #[test]
    fn both_passes_of_an_hour_are_told_by_their_instants() {
        let night = AppointmentSettings::simple(
            "sun".parse().unwrap(),
            time!(1:00),
            time!(2:00),
            30,
            TimeZoneName::jerusalem(),
        )
        .unwrap();
        let now = utc_datetime!(2026-10-23 8:00);
        let nothing = night.occupancy([]);
        let slots = night.availability(&nothing, now);
        let slots = slots.free_slots(time::macros::date!(2026 - 10 - 25));
        let made = slots.iter().map(|slot| Appointment {
            uid: format!("{}@x", slot.starts_at()),
            starts_at: slot.starts_at(),
            ends_at: slot.ends_at(),
            summary: slot.time().to_string(),
            description: None,
            cancelled: false,
            revision: 0,
            changed_at: now,
        });
        let text = super::appointments("x", made);
        let lines = unfolded(&text);
        let starts: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("DTSTART"))
            .collect();
        let expected = ["220000Z", "223000Z", "230000Z", "233000Z"];
        assert_eq!(
            starts,
            expected
                .map(|at| format!("DTSTART:20261024T{at}"))
                .each_ref()
        );
        // The second half past one is taken, and the two hours are open: closed before and after.
        let taken = night.occupancy([Busy::everything(slots[3].busy())]);
        let range = (
            utc_datetime!(2026-10-24 21:00),
            utc_datetime!(2026-10-25 1:00),
        );
        let text = free_busy("f@x", &night, &taken, range, now);
        for period in [
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261024T210000Z/20261024T220000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261025T000000Z/20261025T010000Z",
            "FREEBUSY;FBTYPE=BUSY:20261024T233000Z/20261025T000000Z",
        ] {
            assert!(text.contains(period), "{period} is missing: {text}");
        }
    }

    #[test]
    fn free_busy_tells_closed_from_taken() {
        let settings = AppointmentSettings::simple(
            "sun-fri".parse().unwrap(),
            time!(9:00),
            time!(18:00),
            30,
            TimeZoneName::jerusalem(),
        )
        .unwrap();
        // From before opening to after closing: what is taken outside the hours is just closed.
        let early = BusyRange::new(
            utc_datetime!(2026-11-24 6:00),
            utc_datetime!(2026-11-24 7:30),
        );
        let late = BusyRange::new(
            utc_datetime!(2026-11-24 15:30),
            utc_datetime!(2026-11-24 17:00),
        );
        let taken = settings.occupancy([early, late].map(|range| Busy::everything(range.unwrap())));
        let range = (
            utc_datetime!(2026-11-24 5:00),
            utc_datetime!(2026-11-24 22:00),
        );
        let text = free_busy("f@x", &settings, &taken, range, range.0);
        let lines = unfolded(&text);
        let periods: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("FREEBUSY"))
            .collect();
        assert_eq!(
            periods,
            [
                "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261124T050000Z/20261124T070000Z",
                "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261124T160000Z/20261124T220000Z",
                "FREEBUSY;FBTYPE=BUSY:20261124T070000Z/20261124T073000Z",
                "FREEBUSY;FBTYPE=BUSY:20261124T153000Z/20261124T160000Z",
            ]
        );
        for line in [
            "BEGIN:VFREEBUSY",
            "UID:f@x",
            "DTSTART:20261124T050000Z",
            "DTEND:20261124T220000Z",
        ] {
            assert!(
                lines.iter().any(|other| other == line),
                "{line} is missing: {text}"
            );
        }
    }
}

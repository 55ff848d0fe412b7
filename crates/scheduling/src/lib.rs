//! Rules of appointment time: settings, free slots, the verdict on a requested time, alternatives.
//!
//! Given a business's settings (its hours, closures and holidays, its grid, how long an appointment lasts and
//! what it takes up) and what is taken already, this crate answers: may this time be booked, if not why not,
//! and what is free near it. It can be used by any service that makes appointments.
//!
//! It is *not* a calendar: it stores nothing, and knows no customers, no appointments and no other crate of
//! Toran. It reads no clock, no environment and no process time zone: "now" is an argument, and the only zone is
//! the business's own, taken from an IANA database that is compiled in. Nothing is async, nothing does I/O, and
//! nothing panics on what comes from outside. Signatures speak [`time`].
//!
//! # Quick start
//!
//! ```
//! use time::macros::{date, time, utc_datetime};
//! use toran_scheduling::{AppointmentSettings, Refusal, TimeZoneName, Verdict};
//!
//! // Sunday to Friday, 9 to 18, every half hour.
//! let settings = AppointmentSettings::simple(
//!     "sun-fri".parse()?, time!(9:00), time!(18:00), 30, TimeZoneName::jerusalem(),
//! )?;
//! let now = utc_datetime!(2026-11-23 08:00);
//! let mut taken = settings.occupancy([]);
//!
//! // May Tuesday at half past four be booked?
//! let Verdict::Free(slot) = settings.availability(&taken, now).verdict(date!(2026-11-24), time!(16:30)) else {
//!     panic!("a Tuesday afternoon is open");
//! };
//! assert_eq!(slot.starts_at(), utc_datetime!(2026-11-24 14:30));
//!
//! // It is booked. What is free near it now, and why not Saturday?
//! taken.add(&settings.taken_by(&slot));
//! let availability = settings.availability(&taken, now);
//! let near = availability.alternatives(date!(2026-11-24), Some(time!(16:30)), 2);
//! assert_eq!(near.iter().map(|s| s.time()).collect::<Vec<_>>(), [time!(16:00), time!(17:00)]);
//! let saturday = availability.verdict(date!(2026-11-28), time!(10:00));
//! assert_eq!(saturday, Verdict::Refused(Refusal::InactiveDay));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`FullForm`] shows what settings can say beyond that, and [`AppointmentSettings`] how they look in JSON.
//!
//! # Changes of the clock
//!
//! Hours are readings of the business's wall clock; lengths are real time.
//!
//! * An opening begins at the first instant at which the clock shows its start, and ends at the last at which it
//!   shows its end. One that begins or ends in an hour that the clock skips does so at the instant of the change. Of two
//!   whose end and beginning lie in the same hour that comes twice, the earlier ends when the clock first shows its end, so that a
//!   break between them stays one.
//! * In between it is open, whatever the clock shows, and its grid goes on: a start is any instant of it at which the clock
//!   shows a reading of the grid. A reading that is skipped is no start ([`Refusal::NonexistentTime`]); one that comes twice is
//!   two, of which each has its instant and its [offset](Slot::utc_offset), and both say so ([`Slot::comes_twice`]).
//! * A date and an hour alone, as one says them, mean the first of the two. [`Availability::each_hour_once`] offers only what
//!   can be asked for like that, for lists that are spoken; [`Availability::verdict_at`] asks for either.
//! * An appointment lasts as long as it lasts: one of an hour that begins half an hour before the clock is set forward
//!   ends an hour and a half later by the clock.
//!
//! # Laws
//!
//! Property tests hold them over random settings, zones and changes of the clock, against a second implementation
//! that goes minute by minute:
//!
//! 1. Every slot that is offered passes the verdict on its instant, and every time or instant that passes is among the slots of its
//!    day.
//! 2. Every alternative to a refusal passes the verdict; the list is in the promised order, and the same whenever it is
//!    asked for.
//! 3. Something more that is taken never adds a slot; giving it back restores them all.
//! 4. A higher capacity, a shorter appointment, smaller buffers, less notice or a further horizon never loses a slot.
//! 5. No slot overlaps, buffers included, more than its resource can bear.
//! 6. What lies outside [`AppointmentSettings::footprint`] makes no difference.
//! 7. Local days tile the time line.
//! 8. Settings survive JSON, and a simple form means the same as its full form.
//! 9. Two slots with the same date and hour are the two passes of an hour that comes twice, and say so. Without the second
//!    passes, every slot passes the verdict on its date and hour.
//!
//! # Features
//!
//! * `icalendar`: appointments and free/busy as iCalendar, in the module `ical`.

#![forbid(unsafe_code)]

#[cfg(feature = "icalendar")]
pub mod ical;

mod availability;
mod busy;
mod clock_time;
mod day;
mod days;
mod holiday;
mod hours;
mod need;
mod occupancy;
mod resource;
mod settings;
mod slot;
mod tree;
mod zone;

pub use availability::{Availability, FreeSlots, Refusal, Verdict};
pub use busy::{Busy, BusyRange, BusyRangeError};
pub use clock_time::{ClockTime, ClockTimeError, Opening, OpeningError};
pub use days::{ActiveDays, ActiveDaysError};
pub use holiday::{Holiday, HolidayError, HolidayRule, HolidayRules};
pub use hours::{DayHours, HoursError, MAX_OPENINGS_A_DAY, WeeklyHours};
pub use occupancy::Occupancy;
pub use resource::{IdError, MAX_CAPACITY, MAX_ID_CHARS, Resource, ResourceId, Service, ServiceId};
pub use settings::{
    AppointmentSettings, Closure, DEFAULT_HORIZON_DAYS, DateSpan, FullForm,
    MAX_APPOINTMENT_MINUTES, MAX_BUFFER_MINUTES, MAX_ENTRIES, MAX_HORIZON_DAYS, MAX_NOTICE_MINUTES,
    MAX_SLOT_MINUTES, MIN_SLOT_MINUTES, SettingsError, SettingsProblem, SimpleForm, SpecialHours,
};
pub use slot::Slot;
pub use zone::{TimeZoneError, TimeZoneName};

/// The README's quick start, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! Rules of appointment time: settings, slots, the verdict on a requested time, alternatives.
//!
//! A business opens on some days of the week, between two hours, and offers appointments on a grid of
//! equal slots that begins at its opening hour. An appointment lasts one slot. This crate answers, for
//! given busy ranges and a given "now": may this time be booked, if not why not, and what is free near it.
//!
//! It is *not* a calendar: it stores nothing, and knows no customers, no appointments and no other crate
//! of Toran. It reads no clock and no environment: "now" is an argument, and the only time zone is the
//! business's own, taken from an IANA database that is compiled in. Signatures speak `time`; the crate
//! that resolves zones stays inside.
//!
//! Changes of the clock: a requested time that the clock skips is refused
//! ([`Refusal::NonexistentTime`]); of a time that comes twice, the first is taken.
//!
//! ```
//! use time::macros::{date, time, utc_datetime};
//! use time::Weekday;
//! use toran_scheduling::{ActiveDays, AppointmentSettings, Refusal, TimeZoneName, Verdict};
//!
//! let settings = AppointmentSettings::new(
//!     "sun-fri".parse()?,
//!     time!(9:00),
//!     time!(18:00),
//!     30,
//!     TimeZoneName::jerusalem(),
//! )?;
//! let now = utc_datetime!(2026-11-23 08:00);
//!
//! let Verdict::Free(slot) = settings.verdict(date!(2026-11-24), time!(16:30), &[], now) else {
//!     panic!("a Tuesday afternoon is open");
//! };
//! assert_eq!(slot.starts_at(), utc_datetime!(2026-11-24 14:30));
//!
//! let saturday = settings.verdict(date!(2026-11-28), time!(10:00), &[], now);
//! assert_eq!(saturday, Verdict::Refused(Refusal::InactiveDay));
//!
//! let near = settings.alternatives(date!(2026-11-24), Some(time!(16:30)), &[slot.busy()], now, 2);
//! assert_eq!(near.iter().map(|s| s.time()).collect::<Vec<_>>(), [time!(16:00), time!(17:00)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod availability;
mod days;
mod settings;
mod slot;
mod zone;

pub use availability::{BOOKING_HORIZON_DAYS, LOOK_AHEAD_DAYS, Refusal, Verdict};
pub use days::{ActiveDays, ActiveDaysError};
pub use settings::{
    AppointmentSettings, HourField, MAX_SLOT_MINUTES, MIN_SLOT_MINUTES, SettingsError,
};
pub use slot::{BusyRange, BusyRangeError, Slot};
pub use zone::{TimeZoneError, TimeZoneName};

//! The decision on an order, apart from any database.
//!
//! A backend gathers, inside its transaction, the settings and the live appointments around the ordered
//! day, asks [`decide`], and carries the decision out. It is *not* the guard against double booking:
//! that is the database's own, by seats.

use time::{Date, Duration, Time, UtcDateTime};
use toran_domain::{AppointmentId, Booking, CallSid, LeadId, Pii};
use toran_scheduling::{AppointmentSettings, Busy, BusyRange, Refusal, Verdict};

pub use crate::seats::{Placement, Seat};
use crate::{BookingOrder, names::are_two_persons, seats};

/// An appointment that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAppointment {
    /// Its id.
    pub appointment_id: AppointmentId,
    /// Whose it is.
    pub lead_id: LeadId,
    /// The call in which it was made, or moved last.
    pub call_sid: CallSid,
    /// Whom it is for, if a name was said for it.
    pub name: Option<Pii<String>>,
    /// Its first instant.
    pub starts_at: UtcDateTime,
    /// What it takes, buffers included.
    pub busy: BusyRange,
    /// Where.
    pub seat: Seat,
}

impl LiveAppointment {
    /// The appointment on the business's own calendar and clock.
    pub fn booking(&self, settings: &AppointmentSettings) -> Booking {
        booking_at(settings, self.appointment_id, self.starts_at)
    }

    /// What it takes, as the questions about availability want it.
    pub fn taken(&self) -> Busy {
        Busy::of(self.seat.resource.clone(), self.busy)
    }
}

/// What to do with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This person holds the very appointment: answer with it.
    AlreadyHeld {
        /// The appointment.
        booking: Booking,
        /// Whether it was made or moved in the ordering call.
        in_this_call: bool,
    },
    /// Write an appointment.
    Create(Placement),
    /// Write the standing appointment elsewhere.
    Move(Placement),
    /// Write nothing.
    Refuse(Refusal),
}

/// The instants, half-open, whose live appointments matter to an order for a day: those that can be in its way, and
/// those with which they may have to change seats.
pub fn known_range(settings: &AppointmentSettings, date: Date) -> (UtcDateTime, UtcDateTime) {
    const AROUND: Duration = Duration::days(2);
    let (from, to) = settings.footprint(date, date);
    (from.saturating_sub(AROUND), to.saturating_add(AROUND))
}

/// The appointment that an order would move: the one that was confirmed last in the ordering call; but if that is another
/// person's, the newest that the call made or moved for this person. `of_call` are the live ones that it made or moved.
pub fn standing_for(
    order: &BookingOrder,
    confirmed_last: Option<LiveAppointment>,
    of_call: impl IntoIterator<Item = LiveAppointment>,
) -> Option<LiveAppointment> {
    let is_anothers =
        |one: &LiveAppointment| are_two_persons(one.name.as_ref(), order.name.as_ref());
    if !confirmed_last.as_ref().is_some_and(is_anothers) {
        return confirmed_last;
    }
    let theirs = of_call
        .into_iter()
        .filter(|one| one.name.is_some() && !is_anothers(one));
    // Ids come in the order of time.
    theirs.max_by_key(|one| one.appointment_id)
}

/// Decides an order. `live` are the business's live appointments whose busy ranges touch the [`known_range`] of the
/// ordered day; `standing` is the live appointment that it [would move](standing_for).
///
/// What the caller holds comes before every rule: a confirmation that is repeated after the hour has
/// come, or after the settings have changed, still means the appointment that stands.
///
/// A line is not a person: who has said another name than the one that an appointment stands under does not hold it, and
/// does not move it. Where a name is missing, what an earlier call of the line made is held only by who said its day and hour
/// themselves: a free slot that was offered, and taken with a yes, is not somebody else's on the line.
pub fn decide(
    settings: &AppointmentSettings,
    order: &BookingOrder,
    live: &[LiveAppointment],
    standing: Option<&LiveAppointment>,
) -> Decision {
    if let Some(held) = held(settings, order, live, standing) {
        return Decision::AlreadyHeld {
            booking: held.booking(settings),
            in_this_call: order.one_more || held.call_sid == order.key.call_sid,
        };
    }
    let requested = (order.date, order.time);
    let may_move = |standing: &&LiveAppointment| {
        let is_theirs = !are_two_persons(standing.name.as_ref(), order.name.as_ref());
        is_theirs && !order.one_more && standing.starts_at > order.now
    };
    match standing.filter(may_move) {
        Some(standing) => match decide_move(settings, standing, requested, order.now, live) {
            Ok(placement) => Decision::Move(placement),
            Err(refusal) => Decision::Refuse(refusal),
        },
        None => match place(settings, requested, order.now, live) {
            Ok(placement) => Decision::Create(placement),
            Err(refusal) => Decision::Refuse(refusal),
        },
    }
}

/// The appointment that an order means and that stands already. Of several at one hour, the one that the call confirmed
/// last; else one of the call's own; else one under the very name.
fn held<'a>(
    settings: &AppointmentSettings,
    order: &BookingOrder,
    live: &'a [LiveAppointment],
    standing: Option<&'a LiveAppointment>,
) -> Option<&'a LiveAppointment> {
    let of_call = |one: &LiveAppointment| one.call_sid == order.key.call_sid;
    let mut own = live
        .iter()
        .chain(standing)
        .filter(|one| of_call(one) || one.lead_id == order.lead_id);
    if order.one_more {
        // One more is one more, even at the same hour, unless this is the same order again.
        return own.find(|one| one.appointment_id == order.new_appointment_id);
    }
    let is_last = |one: &LiveAppointment| {
        standing.is_some_and(|last| last.appointment_id == one.appointment_id)
    };
    let is_named = |one: &LiveAppointment| one.name.is_some() && order.name.is_some();
    let is_meant = |one: &&LiveAppointment| {
        let booking = one.booking(settings);
        let is_known = order.named_by_caller || is_named(one) || of_call(one) || is_last(one);
        (booking.date, booking.time) == (order.date, order.time)
            && is_known
            && !are_two_persons(one.name.as_ref(), order.name.as_ref())
    };
    let nearness = |one: &&LiveAppointment| (is_last(one), of_call(one), is_named(one));
    own.filter(is_meant).max_by_key(nearness)
}

/// Where an appointment goes that is to stand at another time: its own place does not stand in its way.
pub fn decide_move(
    settings: &AppointmentSettings,
    standing: &LiveAppointment,
    requested: (Date, Time),
    now: UtcDateTime,
    live: &[LiveAppointment],
) -> Result<Placement, Refusal> {
    let others: Vec<LiveAppointment> = live
        .iter()
        .filter(|other| other.appointment_id != standing.appointment_id)
        .cloned()
        .collect();
    let placement = place(settings, requested, now, &others)?;
    // One person holds one appointment at one time; two of one line may hold two, and without both names nobody knows that
    // they are one.
    let holds_it = others.iter().any(|other| {
        let is_of_call = other.call_sid == standing.call_sid;
        let has_names = other.name.is_some() && standing.name.is_some();
        let is_own = is_of_call || (has_names && other.lead_id == standing.lead_id);
        let is_theirs = !are_two_persons(other.name.as_ref(), standing.name.as_ref());
        is_own && is_theirs && other.starts_at == placement.slot.starts_at()
    });
    if holds_it {
        return Err(Refusal::Taken);
    }
    Ok(placement)
}

fn place(
    settings: &AppointmentSettings,
    (date, time): (Date, Time),
    now: UtcDateTime,
    live: &[LiveAppointment],
) -> Result<Placement, Refusal> {
    let taken = settings.occupancy(live.iter().map(LiveAppointment::taken));
    match settings.availability(&taken, now).verdict(date, time) {
        Verdict::Free(slot) => {
            seats::place(settings, slot, live, known_range(settings, date)).ok_or(Refusal::Taken)
        }
        Verdict::Refused(refusal) => Err(refusal),
    }
}

/// An appointment that begins at an instant, on the business's own calendar and clock.
pub fn booking_at(
    settings: &AppointmentSettings,
    appointment_id: AppointmentId,
    starts_at: UtcDateTime,
) -> Booking {
    let local = settings.local(starts_at);
    Booking {
        appointment_id,
        date: local.date(),
        time: local.time(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{
        Date, Duration, Time,
        macros::{date, time, utc_datetime},
    };
    use toran_domain::BusinessId;
    use toran_scheduling::{ResourceId, TimeZoneName};
    use uuid::Uuid;

    use super::*;
    use crate::CallKey;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 8:00);

    fn settings() -> AppointmentSettings {
        let days = "sun-fri".parse().unwrap();
        AppointmentSettings::simple(
            days,
            time!(9:00),
            time!(18:00),
            30,
            TimeZoneName::jerusalem(),
        )
        .unwrap()
    }

    fn order(lead: u128, sid: &str, date: Date, time: Time) -> BookingOrder {
        BookingOrder {
            key: CallKey {
                business_id: BusinessId::from_uuid(Uuid::from_u128(1)),
                call_sid: sid.parse().unwrap(),
            },
            lead_id: LeadId::from_uuid(Uuid::from_u128(lead)),
            epoch: 0,
            date,
            time,
            name: None,
            one_more: false,
            named_by_caller: true,
            most_standing: None,
            new_appointment_id: AppointmentId::from_uuid(Uuid::from_u128(99)),
            now: NOW,
        }
    }

    /// Lead 1 holds 16:30 to 17:00 of Tuesday 2026-11-24, made in call `CA1`.
    fn held() -> LiveAppointment {
        let from = utc_datetime!(2026-11-24 14:30);
        LiveAppointment {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(7)),
            lead_id: LeadId::from_uuid(Uuid::from_u128(1)),
            call_sid: "CA1".parse().unwrap(),
            name: None,
            starts_at: from,
            busy: BusyRange::new(from, from + Duration::minutes(30)).unwrap(),
            seat: Seat {
                resource: ResourceId::main(),
                number: 0,
            },
        }
    }

    fn shown(decision: &Decision) -> String {
        let start = |made: &Placement| {
            let starts_at = made.slot.starts_at();
            format!("{} {}", starts_at.date(), starts_at.time())
        };
        match decision {
            Decision::AlreadyHeld {
                booking,
                in_this_call,
            } => {
                let since = if *in_this_call { "here" } else { "before" };
                format!(
                    "held {since} {}",
                    booking.appointment_id.as_uuid().as_u128()
                )
            }
            Decision::Create(made) => format!("create {}", start(made)),
            Decision::Move(made) => format!("move {}", start(made)),
            Decision::Refuse(refusal) => refusal.as_str().to_owned(),
        }
    }

    /// The standing appointment counts as confirmed in call `CA1`.
    #[track_caller]
    fn check(order: &BookingOrder, expected: &str) {
        let held = held();
        let standing = (order.key.call_sid == held.call_sid).then_some(&held);
        let decision = decide(&settings(), order, std::slice::from_ref(&held), standing);
        assert_eq!(shown(&decision), expected);
    }

    #[test]
    fn an_order_is_held_made_or_refused() {
        let tuesday = date!(2026 - 11 - 24);
        check(&order(1, "CA1", tuesday, time!(16:30)), "held here 7");
        check(&order(1, "CA2", tuesday, time!(16:30)), "held before 7");
        check(&order(2, "CA1", tuesday, time!(16:30)), "held here 7");
        check(&order(2, "CA2", tuesday, time!(16:30)), "taken");
        check(
            &order(2, "CA2", tuesday, time!(17:00)),
            "create 2026-11-24 15:00:00.0",
        );
        check(
            &order(1, "CA2", tuesday, time!(16:00)),
            "create 2026-11-24 14:00:00.0",
        );
        check(
            &order(1, "CA1", date!(2026 - 11 - 28), time!(10:00)),
            "inactive_day",
        );
        check(&order(1, "CA1", tuesday, time!(16:40)), "off_grid");
        check(&order(1, "CA1", tuesday, time!(18:00)), "outside_hours");
        check(
            &order(1, "CA1", date!(2026 - 11 - 22), time!(10:00)),
            "in_the_past",
        );
    }

    #[test]
    fn another_time_in_the_same_call_moves_the_appointment() {
        let tuesday = date!(2026 - 11 - 24);
        let another = order(1, "CA1", tuesday, time!(16:00));
        check(&another, "move 2026-11-24 14:00:00.0");
        let one_more = BookingOrder {
            one_more: true,
            ..another.clone()
        };
        check(&one_more, "create 2026-11-24 14:00:00.0");
        // What is past is not moved.
        let late = BookingOrder {
            date: date!(2026 - 11 - 25),
            now: utc_datetime!(2026-11-24 15:00),
            ..another
        };
        check(&late, "create 2026-11-25 14:00:00.0");
    }

    #[test]
    fn an_appointment_is_not_in_its_own_way() {
        let fine = AppointmentSettings::simple(
            "sun-fri".parse().unwrap(),
            time!(9:00),
            time!(18:00),
            15,
            TimeZoneName::jerusalem(),
        )
        .unwrap();
        let requested = (date!(2026 - 11 - 24), time!(16:45));
        let moved = decide_move(&fine, &held(), requested, NOW, &[held()]).unwrap();
        assert_eq!(moved.slot.starts_at(), utc_datetime!(2026-11-24 14:45));
        let other = LiveAppointment {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(8)),
            ..held()
        };
        let refused = decide_move(&fine, &held(), requested, NOW, &[held(), other]);
        assert_eq!(refused, Err(Refusal::Taken));
    }

    #[test]
    fn what_stands_outlives_the_rules() {
        let repeated = BookingOrder {
            now: utc_datetime!(2026-11-25 8:00),
            ..order(1, "CA1", date!(2026 - 11 - 24), time!(16:30))
        };
        check(&repeated, "held here 7");
        let mornings = AppointmentSettings::simple(
            "sun".parse().unwrap(),
            time!(9:00),
            time!(12:00),
            20,
            TimeZoneName::jerusalem(),
        );
        assert!(matches!(
            decide(&mornings.unwrap(), &repeated, &[held()], None),
            Decision::AlreadyHeld { .. }
        ));
    }

    proptest! {
        /// Whatever a stranger orders, what is created never overlaps what stands.
        #[test]
        fn nothing_is_created_over_what_stands(minutes in 0_i64..1_440, length in 5_i64..480, day in 0_i64..3) {
            let from = utc_datetime!(2026-11-24 7:00) + Duration::minutes(minutes);
            let busy = BusyRange::new(from, from + Duration::minutes(length)).unwrap();
            let live = [LiveAppointment { busy, ..held() }];
            let date = date!(2026-11-24) + Duration::days(day);
            for step in 0..18 {
                let stranger = order(2, "CA2", date, time!(9:00) + Duration::minutes(30 * step));
                if let Decision::Create(made) = decide(&settings(), &stranger, &live, None) {
                    prop_assert!(!made.slot.busy().overlaps(&busy));
                }
            }
        }
    }
}

//! On which of a resource's places an appointment is written.
//!
//! The rules of time count how much of a resource is taken; a database refuses overlaps one by one, on a
//! seat. This module goes from the one to the other.

use time::UtcDateTime;
use toran_domain::AppointmentId;
use toran_scheduling::{AppointmentSettings, BusyRange, ResourceId, Slot};

use crate::booking::LiveAppointment;

/// One of the places that a resource has side by side: its `number` is less than the resource's capacity.
/// No two live appointments overlap on one seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The resource.
    pub resource: ResourceId,
    /// Which of its places, from 0. They are all alike, so an appointment may be given another one.
    pub number: u16,
}

/// Where an appointment is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// When.
    pub slot: Slot,
    /// On which seat.
    pub seat: Seat,
    /// Appointments of the same resource that change their seats first, to make room in one piece.
    pub reseated: Vec<(AppointmentId, u16)>,
}

/// Finds a seat for a slot whose resource has room. There may be room at every instant and still no seat that is free
/// throughout; then those change seats with whom it overlaps, directly or through others, as far as they lie wholly
/// inside the known range. `None` if even so there is none.
pub(crate) fn place(
    settings: &AppointmentSettings,
    slot: Slot,
    live: &[LiveAppointment],
    (known_from, known_to): (UtcDateTime, UtcDateTime),
) -> Option<Placement> {
    let resource = settings.resource(&slot)?;
    let mut resources = settings.form().resources.iter();
    let capacity = resources.find(|known| known.id == *resource)?.capacity;
    let beside = live.iter().filter(|other| other.seat.resource == *resource);
    let seat = |number| Seat {
        resource: resource.clone(),
        number,
    };
    let connected = connected(slot.busy(), beside);
    let standing: Vec<(BusyRange, u16)> = connected
        .iter()
        .map(|other| (other.busy, other.seat.number))
        .collect();
    if let Some(number) = first_free(capacity, &standing, &slot.busy()) {
        return Some(Placement {
            slot,
            seat: seat(number),
            reseated: Vec::new(),
        });
    }
    let (movable, fixed): (Vec<&LiveAppointment>, Vec<_>) = connected
        .into_iter()
        .partition(|other| known_from <= other.busy.from() && other.busy.to() <= known_to);
    let mut taken: Vec<(BusyRange, u16)> = fixed
        .iter()
        .map(|other| (other.busy, other.seat.number))
        .collect();
    // In order of their beginnings, each on the first seat that is free: where nobody is fixed, no arrangement needs
    // fewer seats.
    let mut waiting: Vec<(BusyRange, Option<&LiveAppointment>)> = movable
        .into_iter()
        .map(|other| (other.busy, Some(other)))
        .chain([(slot.busy(), None)])
        .collect();
    waiting.sort_by_key(|(busy, other)| (*busy, other.map(|other| other.appointment_id)));
    let mut reseated = Vec::new();
    let mut found = None;
    for (busy, other) in waiting {
        let number = first_free(capacity, &taken, &busy)?;
        taken.push((busy, number));
        match other {
            None => found = Some(number),
            Some(other) if other.seat.number != number => {
                reseated.push((other.appointment_id, number));
            }
            Some(_) => {}
        }
    }
    Some(Placement {
        slot,
        seat: seat(found?),
        reseated,
    })
}

/// The appointments that a range overlaps, directly or through each other.
fn connected<'a>(
    range: BusyRange,
    live: impl Iterator<Item = &'a LiveAppointment>,
) -> Vec<&'a LiveAppointment> {
    let mut apart: Vec<&LiveAppointment> = live.collect();
    let mut connected: Vec<&LiveAppointment> = Vec::new();
    let mut hull = range;
    loop {
        let (near, far): (Vec<_>, Vec<_>) = apart
            .into_iter()
            .partition(|other| other.busy.overlaps(&hull));
        if near.is_empty() {
            return connected;
        }
        for other in &near {
            let (from, to) = (other.busy.from(), other.busy.to());
            hull = BusyRange::new(from.min(hull.from()), to.max(hull.to())).unwrap_or(hull);
        }
        connected.extend(near);
        apart = far;
    }
}

/// The first seat on which a range overlaps nothing.
fn first_free(capacity: u16, taken: &[(BusyRange, u16)], range: &BusyRange) -> Option<u16> {
    (0..capacity).find(|seat| {
        !taken
            .iter()
            .any(|(other, number)| number == seat && other.overlaps(range))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, utc_datetime};
    use toran_domain::LeadId;
    use uuid::Uuid;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 8:00);

    /// Appointments of 50 minutes on a grid of 15, so that they overlap in many ways.
    fn settings(capacity: u16) -> AppointmentSettings {
        serde_json::from_value(serde_json::json!({
            "time_zone": "Asia/Jerusalem",
            "hours": {"tuesday": ["09:00-14:00", "20:00-28:00"], "wednesday": ["08:00-12:00", "22:00-27:00"]},
            "slot_interval_minutes": 15,
            "appointment_minutes": 50,
            "buffer_after_minutes": 5,
            "resources": [{"id": "other"}, {"id": "chairs", "capacity": capacity}],
            "services": [{"id": "seated", "duration_minutes": 50, "resources": ["chairs"]}],
        }))
        .unwrap()
    }

    fn stands(n: u128, placement: &Placement) -> LiveAppointment {
        LiveAppointment {
            appointment_id: AppointmentId::from_uuid(Uuid::from_u128(n)),
            lead_id: LeadId::from_uuid(Uuid::from_u128(n)),
            call_sid: "CA1".parse().unwrap(),
            name: None,
            starts_at: placement.slot.starts_at(),
            busy: placement.slot.busy(),
            seat: placement.seat.clone(),
        }
    }

    proptest! {
        /// Booked in any order: whoever is offered a slot gets a seat, and no seat is ever given twice.
        #[test]
        fn where_there_is_room_there_is_a_seat(capacity in 1_u16..=4, picks in prop::collection::vec(0_usize..500, 1..90)) {
            let settings = settings(capacity);
            let tuesday = date!(2026 - 11 - 24);
            let mut live: Vec<LiveAppointment> = Vec::new();
            for (n, pick) in (1..).zip(picks) {
                let taken = settings.occupancy(live.iter().map(LiveAppointment::taken));
                let seated = "seated".parse().unwrap();
                let availability = settings.availability(&taken, NOW).for_service(&seated).unwrap();
                let slots: Vec<Slot> = availability.slots(tuesday, date!(2026 - 11 - 26)).collect();
                let Some(slot) = slots.get(pick % slots.len().max(1)) else { break };
                let known = crate::booking::known_range(&settings, slot.date());
                let placement = place(&settings, *slot, &live, known);
                let placement = placement.expect("a slot with room has a seat");
                for (id, number) in &placement.reseated {
                    let moved = live.iter_mut().find(|other| other.appointment_id == *id);
                    moved.expect("it stands").seat.number = *number;
                }
                live.push(stands(n, &placement));
                for (index, one) in live.iter().enumerate() {
                    prop_assert!(one.seat.number < capacity);
                    for other in &live[index + 1..] {
                        let same = one.seat == other.seat;
                        prop_assert!(!(same && one.busy.overlaps(&other.busy)));
                    }
                }
            }
        }
    }

    #[test]
    fn others_make_room_only_where_they_must() {
        let settings = settings(2);
        let tuesday = date!(2026 - 11 - 24);
        let known = settings.footprint(tuesday, tuesday);
        let mut live = Vec::new();
        let mut reseated = Vec::new();
        // 9:00 and 10:45 take the first seat and 9:45 the second; then 10:15 meets one of each.
        for (n, time) in [(1, "09:00"), (2, "10:45"), (3, "09:45"), (4, "10:15")] {
            let taken = settings.occupancy(live.iter().map(LiveAppointment::taken));
            let seated = "seated".parse().unwrap();
            let availability = settings
                .availability(&taken, NOW)
                .for_service(&seated)
                .unwrap();
            let slots = availability.free_slots(tuesday);
            let wanted = time.parse::<toran_scheduling::ClockTime>().unwrap().time();
            let slot = slots.iter().find(|slot| slot.time() == wanted).unwrap();
            let placement = place(&settings, *slot, &live, known).unwrap();
            for (id, number) in &placement.reseated {
                reseated.push((n, id.as_uuid().as_u128(), *number));
                let moved = live
                    .iter_mut()
                    .find(|other: &&mut LiveAppointment| other.appointment_id == *id);
                moved.unwrap().seat.number = *number;
            }
            live.push(stands(n, &placement));
        }
        assert_eq!(reseated, [(4, 2, 1)]);
    }
}

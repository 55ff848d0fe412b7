//! The laws of the crate's documentation, over random settings, zones and changes of the clock; most of them against
//! an implementation that goes minute by minute.

mod support;

use proptest::prelude::*;
use support::{Ask, Case, Found, Oracle, Showing, cases, minute_of, service_id};
use time::{Date, Duration, Time};
use toran_scheduling::{
    AppointmentSettings, Availability, Busy, BusyRange, ClockTime, FullForm, HolidayRules,
    Occupancy, Slot, Verdict, WeeklyHours,
};

fn found(case: &Case, slot: &Slot) -> Found {
    let id = case.settings.resource(slot).expect("its resource");
    let place = case.form().resources.iter().position(|r| r.id == *id);
    let showing = match (slot.comes_twice(), slot.is_second_pass()) {
        (false, _) => Showing::Once,
        (true, false) => Showing::First,
        (true, true) => Showing::Second,
    };
    (
        slot.starts_at(),
        slot.date(),
        slot.time(),
        place.expect("its place"),
        showing,
    )
}

fn all(case: &Case, availability: &Availability<'_>) -> Vec<Found> {
    let slots = availability.slots(case.first(), case.last());
    slots.map(|slot| found(case, &slot)).collect()
}

fn minutes(time: Time) -> i64 {
    ClockTime::from(time).minutes().into()
}

/// The day of whose openings something near a time is wanted, and the time in minutes from its midnight: outside all
/// openings, the end of last night may be nearer than the first of today's.
fn asked_day(oracle: &Oracle<'_>, date: Date, time: Time) -> (Date, i64) {
    let eve = date.previous_day().expect("the calendar goes on");
    let reading = minutes(time);
    if let Some(day) = oracle.opening_day_of(date, time) {
        let late = if day < date { 1440 } else { 0 };
        return (day, reading + late);
    }
    let (night, today) = (oracle.openings(eve), oracle.openings(date));
    let end = night
        .last()
        .map_or(0, |last| i64::from(last.to().minutes()));
    let until_day = today.first().map_or(i64::MAX, |first| {
        (i64::from(first.from().minutes()) - reading).max(0)
    });
    if end > 1440 && reading + 1440 - end < until_day {
        (eve, reading + 1440)
    } else {
        (date, reading)
    }
}

fn any_time() -> impl Strategy<Value = Time> {
    (0_i64..288).prop_map(|fives| Time::MIDNIGHT + Duration::minutes(5 * fives))
}

fn any_day(case: &Case, aside: i64) -> Date {
    case.day + Duration::days(aside)
}

fn with(case: &Case, change: impl FnOnce(&mut FullForm)) -> Option<AppointmentSettings> {
    let mut form = case.form().clone();
    change(&mut form);
    form.try_into().ok()
}

proptest! {
    /// Law 1, and that the slow implementation finds the same.
    #[test]
    fn the_slots_are_those_of_the_slow_implementation(case in cases()) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let plain = case.settings.availability(&taken, case.now);
        let slots = all(&case, &plain);
        prop_assert_eq!(&slots, &Oracle::new(&case, Ask::plain(&case)).slots(case.first(), case.last()));
        prop_assert!(slots.is_sorted_by(|one, next| one.0 < next.0));
        let service = plain.for_service(&service_id()).unwrap();
        let slow = Oracle::new(&case, Ask::service(&case)).slots(case.first(), case.last());
        prop_assert_eq!(all(&case, &service), slow);
        if let Ok(double) = plain.taking(2) {
            let ask = Ask { units: 2, ..Ask::plain(&case) };
            prop_assert_eq!(all(&case, &double), Oracle::new(&case, ask).slots(case.first(), case.last()));
        }
    }

    /// Law 1, and that the slow implementation gives the same reasons.
    #[test]
    fn the_verdicts_are_those_of_the_slow_implementation(case in cases(), aside in -3_i64..=3, times in prop::collection::vec(any_time(), 12)) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let availability = case.settings.availability(&taken, case.now);
        let oracle = Oracle::new(&case, Ask::plain(&case));
        let date = any_day(&case, aside);
        let slots = availability.free_slots(date);
        for time in times {
            match (availability.verdict(date, time), oracle.verdict(date, time)) {
                (Verdict::Free(slot), Ok(slow)) => {
                    prop_assert_eq!(found(&case, &slot), slow);
                    prop_assert!(slots.contains(&slot));
                }
                (Verdict::Refused(refusal), Err(slow)) => prop_assert_eq!(refusal, slow, "{} {}", date, time),
                (ours, slow) => prop_assert!(false, "{date} {time}: {ours:?}, but slowly {slow:?}"),
            }
        }
        for slot in &slots {
            prop_assert_eq!(availability.verdict_at(slot.starts_at()), Verdict::Free(*slot));
            let by_the_clock = availability.verdict(slot.date(), slot.time());
            prop_assert_eq!(by_the_clock == Verdict::Free(*slot), !slot.is_second_pass());
        }
        prop_assert_eq!(availability.day_verdict(date).is_none(), !slots.is_empty());
    }

    /// Law 1, for instants: either pass of an hour that comes twice can be asked for.
    #[test]
    fn the_verdicts_on_instants_are_those_of_the_slow_implementation(case in cases(), asked in prop::collection::vec(-3 * 288_i64..3 * 288, 24)) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let availability = case.settings.availability(&taken, case.now);
        let oracle = Oracle::new(&case, Ask::plain(&case));
        let noon = case.settings.day_range(case.day).0 + Duration::hours(12);
        let slots: Vec<Slot> = availability.slots(case.first(), case.last()).collect();
        for fives in asked {
            let at = noon + Duration::minutes(5 * fives);
            match (availability.verdict_at(at), oracle.verdict_at(minute_of(at))) {
                (Verdict::Free(slot), Ok(slow)) => {
                    prop_assert_eq!(found(&case, &slot), slow);
                    prop_assert_eq!(slot.starts_at(), at);
                    let inside = (case.first()..=case.last()).contains(&slot.date());
                    prop_assert_eq!(slots.contains(&slot), inside);
                }
                (Verdict::Refused(refusal), Err(slow)) => prop_assert_eq!(refusal, slow, "{}", at),
                (ours, slow) => prop_assert!(false, "{at}: {ours:?}, but slowly {slow:?}"),
            }
        }
    }

    /// Law 9.
    #[test]
    fn an_hour_that_comes_twice_is_two_slots_and_named_once_where_it_is_spoken(case in cases(), aside in -3_i64..=3, time in any_time(), limit in 0_usize..8) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let both = case.settings.availability(&taken, case.now);
        let once = both.each_hour_once();
        let slots: Vec<Slot> = both.slots(case.first(), case.last()).collect();
        for (index, slot) in slots.iter().enumerate() {
            let shown = case.settings.local(slot.starts_at());
            prop_assert_eq!((shown.date(), shown.time()), (slot.date(), slot.time()));
            let offset = Duration::seconds(slot.utc_offset().whole_seconds().into());
            prop_assert_eq!(slot.starts_at() + offset, shown.as_utc());
            let same = slots[..index].iter().filter(|other| (other.date(), other.time()) == (slot.date(), slot.time()));
            for first in same {
                prop_assert!(first.comes_twice() && !first.is_second_pass() && slot.is_second_pass());
                prop_assert!(first.utc_offset() > slot.utc_offset());
            }
        }
        let named: Vec<Slot> = slots.iter().filter(|slot| !slot.is_second_pass()).copied().collect();
        prop_assert_eq!(&once.slots(case.first(), case.last()).collect::<Vec<_>>(), &named);
        let date = any_day(&case, aside);
        prop_assert_eq!(once.day_verdict(date).is_none(), named.iter().any(|slot| slot.date() == date));
        // Named once, every slot that is offered can be asked for as it is named.
        let near = once.within_days(4).alternatives(date, Some(time), limit);
        for slot in named.iter().chain(&near) {
            prop_assert_eq!(once.verdict(slot.date(), slot.time()), Verdict::Free(*slot));
        }
    }

    /// Law 2.
    #[test]
    fn alternatives_are_lawful_and_in_the_promised_order(case in cases(), aside in -3_i64..=3, time in prop::option::of(any_time()), limit in 0_usize..8) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let days = u16::try_from(2 * support::DAYS_ASIDE - aside).unwrap().min(4);
        let availability = case.settings.availability(&taken, case.now).within_days(days);
        let date = any_day(&case, aside);
        let near = availability.alternatives(date, time, limit);
        prop_assert!(near.len() <= limit);
        prop_assert_eq!(&near, &availability.alternatives(date, time, limit));
        for slot in &near {
            prop_assert_eq!(availability.verdict_at(slot.starts_at()), Verdict::Free(*slot));
        }
        // The promised order, made by hand from all the slots.
        let today = case.settings.local(case.now).date();
        let horizon = today + Duration::days(case.form().booking_horizon_days.into());
        let further = Duration::days(i64::from(days) - 1);
        let last = (date.max(today) + further).min(horizon);
        // From a day backwards, one slot of each, no more days in all than are searched.
        let backwards = |from: Date| {
            let days = std::iter::successors(Some(from), |day| day.previous_day());
            let days = days.take_while(|day| *day >= today.max(last - further));
            days.filter_map(|day| {
                let far = |slot: &Slot| time.map(|time| (minutes(slot.time()) - minutes(time)).abs());
                availability.free_slots(day).into_iter().min_by_key(far)
            })
            .collect::<Vec<Slot>>()
        };
        let mut promised: Vec<Slot> = Vec::new();
        if date > horizon {
            promised = backwards(horizon);
        } else if let Some(time) = time {
            // A late night is one day, on both sides of midnight.
            let oracle = Oracle::new(&case, Ask::plain(&case));
            let (asked, reading) = asked_day(&oracle, date, time);
            let all: Vec<(Date, i64, Slot)> = availability
                .slots(today, horizon.min(last + Duration::DAY))
                .map(|slot| {
                    let day = oracle.opening_day(minute_of(slot.starts_at())).expect("it is open");
                    let late = if day < slot.date() { 1440 } else { 0 };
                    (day, minutes(slot.time()) + late, slot)
                })
                .collect();
            let first = if asked >= today || all.iter().any(|(day, ..)| *day == asked) { asked } else { today };
            let mut day = first;
            while day <= last {
                let mut slots: Vec<_> = all.iter().filter(|(other, ..)| *other == day).collect();
                slots.sort_by_key(|(_, other, slot)| ((other - reading).abs(), slot.starts_at()));
                if day != first {
                    slots.truncate(1);
                }
                promised.extend(slots.iter().map(|(.., slot)| *slot));
                day = day.next_day().expect("the calendar goes on");
            }
            promised.extend(backwards(first - Duration::DAY));
        } else {
            promised.extend(availability.slots(date.max(today), last));
            promised.extend(backwards(date.max(today) - Duration::DAY));
        }
        promised.truncate(limit);
        prop_assert_eq!(&near, &promised);
        // And what it looks at lies in the range to load for it.
        let (from, to) = case.settings.search_range(date, case.now, days);
        let inside = case.busy.iter().filter(|busy| busy.range.from() < to && from < busy.range.to());
        let known = case.settings.occupancy(inside.cloned());
        let availability = case.settings.availability(&known, case.now).within_days(days);
        prop_assert_eq!(near, availability.alternatives(date, time, limit));
    }

    /// Law 3.
    #[test]
    fn what_is_taken_besides_never_adds_a_slot(case in cases(), more in 0_usize..25) {
        if case.busy.is_empty() {
            return Ok(());
        }
        let mut busy = case.busy.clone();
        let more = busy.swap_remove(more % busy.len());
        let before = case.settings.occupancy(busy);
        let mut taken = before.clone();
        let fewer = all(&case, &case.settings.availability(&before, case.now));
        taken.add(&more);
        let availability = case.settings.availability(&taken, case.now);
        let after = availability.slots(case.first(), case.last());
        // A slot may go over to the next resource that has room.
        for slot in after {
            prop_assert!(fewer.iter().any(|(starts_at, ..)| *starts_at == slot.starts_at()));
        }
        prop_assert!(taken.remove(&more));
        prop_assert_eq!(&taken, &before);
    }

    /// Law 4.
    #[test]
    fn more_room_and_fewer_rules_never_lose_a_slot(case in cases()) {
        let starts = |settings: &AppointmentSettings| {
            let taken = settings.occupancy(case.busy.iter().cloned());
            let availability = settings.availability(&taken, case.now);
            availability.slots(case.first(), case.last()).map(|slot| slot.starts_at()).collect::<Vec<_>>()
        };
        let before = starts(&case.settings);
        let freer = [
            with(&case, |form| form.resources.iter_mut().for_each(|r| r.capacity += 1)),
            with(&case, |form| form.appointment_minutes = (form.appointment_minutes / 2).max(1)),
            with(&case, |form| form.buffer_before_minutes = 0),
            with(&case, |form| form.buffer_after_minutes /= 2),
            with(&case, |form| form.minimum_notice_minutes /= 2),
            with(&case, |form| form.booking_horizon_days += 1),
        ];
        for settings in freer {
            let after = starts(&settings.unwrap());
            prop_assert!(before.iter().all(|slot| after.contains(slot)));
        }
    }

    /// Law 5.
    #[test]
    fn no_resource_bears_more_than_it_can(case in cases()) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let availability = case.settings.availability(&taken, case.now);
        for slot in availability.slots(case.first(), case.last()) {
            let resource = case.settings.resource(&slot).unwrap();
            let capacity = case.form().resources.iter().find(|r| r.id == *resource).unwrap().capacity;
            let mut at = slot.busy().from();
            while at < slot.busy().to() {
                let there = |busy: &&Busy| busy.range.from() <= at && at < busy.range.to();
                let whole = |busy: &Busy| busy.resource.as_ref().is_none_or(|id| !case.form().resources.iter().any(|r| r.id == *id));
                let mut units = 0;
                for busy in case.busy.iter().filter(there) {
                    prop_assert!(!whole(busy));
                    if busy.resource.as_ref() == Some(resource) {
                        units += busy.units;
                    }
                }
                prop_assert!(units < capacity);
                at += Duration::MINUTE;
            }
        }
    }

    /// Law 6: around the clock, with closures that begin and end near both ends of the footprint.
    #[test]
    fn what_lies_outside_the_footprint_makes_no_difference(
        case in cases(), aside in -3_i64..=3, edges in prop::collection::vec((any::<bool>(), -300_i64..300, 1_i64..200), 1..8),
    ) {
        let settings = with(&case, |form| {
            form.hours = WeeklyHours::same("sun-sat".parse().expect("days"), "00:00-24:00".parse().expect("hours")).expect("a week");
            form.special_hours.clear();
            form.closures.clear();
            form.holidays = HolidayRules::default();
        });
        let settings = settings.expect("more hours are as valid");
        let (first, last) = (any_day(&case, aside), any_day(&case, (aside + 1).min(3)));
        let (from, to) = settings.footprint(first, last);
        let closures = edges.into_iter().map(|(early, minutes, length)| {
            let begin = if early { from } else { to } + Duration::minutes(minutes);
            BusyRange::new(begin, begin + Duration::minutes(length)).map(Busy::everything)
        });
        let closures: Vec<Busy> = closures.collect::<Result<_, _>>().expect("a minute at least");
        let inside = closures.iter().filter(|busy| busy.range.from() < to && from < busy.range.to());
        let slots = |taken: &Occupancy| {
            let plain = settings.availability(taken, case.now);
            let service = plain.for_service(&service_id()).expect("it has one");
            plain.slots(first, last).chain(service.slots(first, last)).collect::<Vec<_>>()
        };
        let known = slots(&settings.occupancy(inside.cloned()));
        prop_assert_eq!(known, slots(&settings.occupancy(closures.iter().cloned())));
    }

    /// Law 7.
    #[test]
    fn days_tile_the_time_line(case in cases(), minutes in -5000_i64..5000) {
        let at = case.now + Duration::minutes(minutes);
        let date = case.settings.local(at).date();
        let (from, to) = case.settings.day_range(date);
        prop_assert!(from <= at && at < to);
        prop_assert_eq!(case.settings.day_range(date.next_day().unwrap()).0, to);
    }

    /// Law 8.
    #[test]
    fn settings_survive_json(case in cases()) {
        let json = serde_json::to_string(&case.settings).unwrap();
        let read: AppointmentSettings = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &case.settings);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }

    #[test]
    fn the_first_free_slots_are_the_first_of_all(case in cases(), minutes in -3000_i64..3000, limit in 0_usize..6) {
        let taken = case.settings.occupancy(case.busy.iter().cloned());
        let availability = case.settings.availability(&taken, case.now).within_days(3);
        let from = case.now + Duration::minutes(minutes);
        let first = case.settings.local(from).date().max(case.settings.local(case.now).date());
        let mut all: Vec<Slot> = availability.slots(first, first + Duration::days(2)).collect();
        all.retain(|slot| slot.starts_at() >= from);
        all.truncate(limit);
        prop_assert_eq!(availability.first_free(from, limit), all);
    }
}

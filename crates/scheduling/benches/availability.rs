//! What the questions cost. `cargo bench -p toran-scheduling`; the committed figures are in the crate's BENCHMARKS.md.

#![expect(
    clippy::wildcard_imports,
    reason = "each group of benchmarks needs nearly all of it"
)]

use std::collections::BTreeSet;

use divan::{AllocProfiler, Bencher, black_box};
use opening_hours::OpeningHours;
use time::{
    Date, Duration, UtcDateTime,
    macros::{date, time, utc_datetime},
};
use toran_scheduling::{
    AppointmentSettings, Busy, BusyRange, FreeSlots, FullForm, HolidayRules, Occupancy, Resource,
    ResourceId, TimeZoneName,
};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const NOW: UtcDateTime = utc_datetime!(2025-12-31 8:00);
const FIRST: Date = date!(2026 - 01 - 01);
const LAST: Date = date!(2026 - 12 - 31);

/// Sunday to Thursday from 9 to 18 and Friday until 13, every half hour; a year ahead.
fn business() -> AppointmentSettings {
    serde_json::from_str(
        r#"{"time_zone":"Asia/Jerusalem","hours":{"sunday":["09:00-18:00"],"monday":["09:00-18:00"],
            "tuesday":["09:00-18:00"],"wednesday":["09:00-18:00"],"thursday":["09:00-18:00"],"friday":["09:00-13:00"]},
            "slot_interval_minutes":30,"booking_horizon_days":400}"#,
    )
    .expect("valid settings")
}

fn with(change: impl FnOnce(&mut FullForm)) -> AppointmentSettings {
    let mut form = business().form().clone();
    change(&mut form);
    form.try_into().expect("valid settings")
}

/// Every slot of a business between two days.
fn grid(settings: &AppointmentSettings, first: Date, last: Date) -> Vec<BusyRange> {
    let nothing = settings.occupancy([]);
    let slots = settings.availability(&nothing, NOW).slots(first, last);
    slots.map(|slot| slot.busy()).collect()
}

/// Some of the ranges, always the same ones, in order of time.
fn some(ranges: &[BusyRange], count: usize) -> Vec<Busy> {
    let mut state = 1_u64;
    let mut picked = BTreeSet::new();
    while picked.len() < count.min(ranges.len()) {
        // A linear congruential generator: Knuth's constants.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        picked.insert(usize::try_from(state >> 33).unwrap_or(0) % ranges.len());
    }
    picked
        .into_iter()
        .map(|index| Busy::of(ResourceId::main(), ranges[index]))
        .collect()
}

mod year {
    use super::*;

    /// The free slots of the year.
    fn year<'a>(settings: &'a AppointmentSettings, taken: &'a Occupancy) -> FreeSlots<'a> {
        settings
            .availability(taken, black_box(NOW))
            .slots(FIRST, LAST)
    }

    /// Every free slot of a year with 2,000 busy ranges, counted.
    #[divan::bench]
    fn free_slots_with_2000_busy(bencher: Bencher<'_, '_>) {
        let settings = business();
        let taken = settings.occupancy(some(&grid(&settings, FIRST, LAST), 2_000));
        bencher.bench(|| year(&settings, &taken).count());
    }

    /// The same, gathering what is taken first.
    #[divan::bench]
    fn gathering_2000_busy_and_free_slots(bencher: Bencher<'_, '_>) {
        let settings = business();
        let busy = some(&grid(&settings, FIRST, LAST), 2_000);
        bencher.with_inputs(|| busy.clone()).bench_values(|busy| {
            let taken = settings.occupancy(busy);
            year(&settings, &taken).count()
        });
    }

    /// The same, collected into a list.
    #[divan::bench]
    fn list_of_free_slots_with_2000_busy(bencher: Bencher<'_, '_>) {
        let settings = business();
        let taken = settings.occupancy(some(&grid(&settings, FIRST, LAST), 2_000));
        bencher.bench(|| year(&settings, &taken).collect::<Vec<_>>());
    }

    /// The same as the first, with the holidays of Israel kept.
    #[divan::bench]
    fn free_slots_with_2000_busy_and_holidays(bencher: Bencher<'_, '_>) {
        let settings = with(|form| form.holidays = HolidayRules::israel());
        let taken = settings.occupancy(some(&grid(&settings, FIRST, LAST), 2_000));
        bencher.bench(|| year(&settings, &taken).count());
    }

    /// The crate `opening-hours` on the same hours, asked only for when it is open: no appointments, no zone.
    #[divan::bench]
    fn opening_hours_crate_open_ranges(bencher: Bencher<'_, '_>) {
        let hours: OpeningHours = "Su-Th 09:00-18:00; Fr 09:00-13:00"
            .parse()
            .expect("valid hours");
        let at = |year| {
            chrono::NaiveDate::from_ymd_opt(year, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0))
        };
        let (from, to) = (at(2026).expect("a day"), at(2027).expect("a day"));
        bencher.bench(|| hours.iter_range(black_box(from), to).count());
    }

    /// Ours on the same: when it is open in that year.
    #[divan::bench]
    fn open_ranges(bencher: Bencher<'_, '_>) {
        let settings = business();
        let (from, to) = (
            utc_datetime!(2026-01-01 0:00),
            utc_datetime!(2027-01-01 0:00),
        );
        bencher.bench(|| settings.open_ranges(black_box(from), to));
    }
}

mod ninety_days {
    use super::*;

    /// Four people with some 10,000 appointments in ten years, most of them over or far ahead.
    fn long_history() -> (AppointmentSettings, Occupancy) {
        let settings = with(|form| {
            form.resources = ["dana", "yossi", "rina", "omer"]
                .map(|id| Resource {
                    id: ResourceId::new(id).expect("an id"),
                    capacity: 1,
                })
                .into();
        });
        let ranges = grid(&business(), FIRST, LAST);
        let busy = (0..10_000_usize).map(|n| {
            let years = i64::try_from(n / 1_000).unwrap_or(0) - 5;
            let range = ranges[n * 2_654_435_761 % ranges.len()];
            let shift = Duration::days(364 * years);
            let range = BusyRange::new(range.from() + shift, range.to() + shift).expect("a range");
            Busy::of(settings.form().resources[n % 4].id.clone(), range)
        });
        let taken = settings.occupancy(busy);
        (settings, taken)
    }

    #[divan::bench]
    fn free_slots_with_10000_appointments(bencher: Bencher<'_, '_>) {
        let (settings, taken) = long_history();
        bencher.bench(|| {
            let availability = settings.availability(&taken, black_box(NOW));
            availability
                .slots(FIRST, FIRST + Duration::days(89))
                .count()
        });
    }

    /// The same question with nothing taken at all: what the history costs is the difference.
    #[divan::bench]
    fn free_slots_with_no_appointments(bencher: Bencher<'_, '_>) {
        let (settings, _) = long_history();
        let nothing = settings.occupancy([]);
        bencher.bench(|| {
            let availability = settings.availability(&nothing, black_box(NOW));
            availability
                .slots(FIRST, FIRST + Duration::days(89))
                .count()
        });
    }
}

mod one_verdict {
    use super::*;

    fn bench(bencher: Bencher<'_, '_>, settings: &AppointmentSettings, date: Date) {
        let taken = settings.occupancy(some(&grid(settings, FIRST, LAST), 2_000));
        bencher.bench(|| {
            settings
                .availability(&taken, black_box(NOW))
                .verdict(black_box(date), time!(15:30))
        });
    }

    #[divan::bench]
    fn on_a_plain_day(bencher: Bencher<'_, '_>) {
        bench(bencher, &business(), date!(2026 - 06 - 16));
    }

    #[divan::bench]
    fn with_holidays(bencher: Bencher<'_, '_>) {
        let settings = with(|form| form.holidays = HolidayRules::israel());
        bench(bencher, &settings, date!(2026 - 06 - 16));
    }

    #[divan::bench]
    fn far_past_the_table_of_changes_of_the_clock(bencher: Bencher<'_, '_>) {
        let settings = business();
        let taken = settings.occupancy([]);
        let now = utc_datetime!(2060-06-14 8:00);
        bencher.bench(|| {
            settings
                .availability(&taken, black_box(now))
                .verdict(date!(2060 - 06 - 15), time!(15:30))
        });
    }
}

mod alternatives {
    use super::*;

    /// The first five, in a year of which all but 20 slots in its last month are taken.
    #[divan::bench]
    fn five_in_a_nearly_full_year(bencher: Bencher<'_, '_>) {
        let settings: AppointmentSettings = business();
        let all = grid(&settings, FIRST, LAST);
        let kept = all.len() - 200;
        let last = all
            .iter()
            .enumerate()
            .filter(|(index, _)| *index < kept || index % 10 != 0);
        let taken = settings.occupancy(last.map(|(_, range)| Busy::of(ResourceId::main(), *range)));
        bencher.bench(|| {
            let availability = settings.availability(&taken, black_box(NOW));
            availability.alternatives(FIRST, Some(time!(15:30)), 5)
        });
    }

    /// The same question in an empty year.
    #[divan::bench]
    fn five_in_an_empty_year(bencher: Bencher<'_, '_>) {
        let settings = business();
        let nothing = settings.occupancy([]);
        bencher.bench(|| {
            let availability = settings.availability(&nothing, black_box(NOW));
            availability.alternatives(FIRST, Some(time!(15:30)), 5)
        });
    }
}

mod simple_form {
    use super::*;

    #[divan::bench]
    fn from_json(bencher: Bencher<'_, '_>) {
        let json = serde_json::to_string(
            &AppointmentSettings::simple(
                "sun-fri".parse().expect("days"),
                time!(9:00),
                time!(18:00),
                30,
                TimeZoneName::jerusalem(),
            )
            .expect("settings"),
        )
        .expect("JSON");
        bencher.bench(|| serde_json::from_str::<AppointmentSettings>(black_box(&json)));
    }
}

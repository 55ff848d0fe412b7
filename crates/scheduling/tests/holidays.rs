//! The holidays, held against a table that other libraries made.

use std::collections::BTreeMap;

use time::{Date, macros::date, macros::format_description};
use toran_scheduling::Holiday;

/// 2020 to 2050 by hebcal, cross-checked with four other libraries; its first line says which.
const TABLE: &str = include_str!("data/holidays-israel-2020-2050.csv");

#[test]
fn every_day_of_thirty_one_years_agrees_with_the_libraries() {
    let format = format_description!("[year]-[month]-[day]");
    let table: BTreeMap<Date, &str> = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (date, name) = line.split_once(',').expect("a date and a name");
            (Date::parse(date, format).expect("a date"), name)
        })
        .collect();
    assert_eq!(table.len(), 1489);
    let mut date = date!(2020 - 01 - 01);
    while date <= date!(2050 - 12 - 31) {
        let ours = Holiday::on(date).map(Holiday::as_str);
        assert_eq!(ours, table.get(&date).copied(), "{date}");
        date = date.next_day().expect("the calendar goes on");
    }
}

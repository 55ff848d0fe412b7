//! A yoga studio's booking page: a small web service that is not a phone, on nothing but the standard library and
//! this crate.
//!
//! ```text
//! cargo run --example booking_page            # serves http://127.0.0.1:8080 until it is stopped
//! curl http://127.0.0.1:8080/slots/2026-11-24
//! curl -X POST http://127.0.0.1:8080/book/2026-11-24/18:00
//! ```
//!
//! `/book/2026-10-25T01:30:00+02:00` books an hour that the clock shows twice, the first or the second time; a day and an hour
//! alone mean the first.
//!
//! With a question behind it, it answers that and stops: `cargo run --example booking_page -- GET /slots/2026-11-24`.
//!
//! Two rooms, classes of 75 minutes, mats for three in one room and for two in the other; closed on Shabbat and on
//! the days of rest. Bookings live in memory: a real service would keep them in a database, and load the ranges of
//! `AppointmentSettings::footprint` before it asks.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write},
    net::TcpListener,
    time::Duration,
};

use time::{
    Date, OffsetDateTime, Time, UtcDateTime, format_description::well_known::Rfc3339,
    macros::format_description,
};
use toran_scheduling::{AppointmentSettings, Availability, Occupancy, Refusal, Slot, Verdict};

const SETTINGS: &str = r#"{
    "time_zone": "Asia/Jerusalem",
    "hours": {
        "sunday": ["07:00-12:00", "17:00-21:00"], "monday": ["07:00-12:00", "17:00-21:00"],
        "tuesday": ["07:00-12:00", "17:00-21:00"], "wednesday": ["07:00-12:00", "17:00-21:00"],
        "thursday": ["07:00-12:00", "17:00-21:00"], "friday": ["08:00-12:00"]
    },
    "holidays": { "rosh_hashanah": "closed", "yom_kippur": "closed", "pesach": "closed", "shavuot": "closed" },
    "slot_interval_minutes": 15,
    "appointment_minutes": 75,
    "buffer_after_minutes": 15,
    "minimum_notice_minutes": 60,
    "booking_horizon_days": 60,
    "resources": [{ "id": "garden", "capacity": 3 }, { "id": "loft", "capacity": 2 }]
}"#;

struct Studio {
    settings: AppointmentSettings,
    booked: Occupancy,
}

/// A status and a text.
type Answer = (&'static str, String);

impl Studio {
    fn open() -> Result<Self, serde_json::Error> {
        let settings: AppointmentSettings = serde_json::from_str(SETTINGS)?;
        let booked = settings.occupancy([]);
        Ok(Self { settings, booked })
    }

    fn answer(&mut self, method: &str, path: &str, now: UtcDateTime) -> Answer {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method, parts.as_slice()) {
            ("GET", ["slots", day]) => match date(day) {
                Some(day) => self.slots(day, now),
                None => bad("write the day as /slots/YYYY-MM-DD"),
            },
            ("POST", ["book", day, hour]) => match (date(day), clock(hour)) {
                (Some(day), Some(hour)) => {
                    let verdict = self.availability(now).verdict(day, hour);
                    self.book(verdict, (day, hour), now)
                }
                _ => bad("write the time as /book/YYYY-MM-DD/HH:MM"),
            },
            ("POST", ["book", at]) => match instant(at) {
                Some(at) => {
                    let local = self.settings.local(at);
                    let verdict = self.availability(now).verdict_at(at);
                    self.book(verdict, (local.date(), local.time()), now)
                }
                None => bad("write the instant as /book/2026-11-24T18:00:00+02:00"),
            },
            _ => (
                "404 Not Found",
                "GET /slots/YYYY-MM-DD, or POST /book/YYYY-MM-DD/HH:MM".to_owned(),
            ),
        }
    }

    fn availability(&self, now: UtcDateTime) -> Availability<'_> {
        self.settings.availability(&self.booked, now)
    }

    fn slots(&self, day: Date, now: UtcDateTime) -> Answer {
        let availability = self.availability(now);
        if let Some(refusal) = availability.day_verdict(day) {
            return (
                "200 OK",
                format!("{day}: nothing is free ({})", reason(refusal)),
            );
        }
        let slots = availability.slots(day, day);
        let hours: Vec<String> = slots.map(|slot| self.written(&slot)).collect();
        ("200 OK", format!("{day}: {}", hours.join(", ")))
    }

    fn book(&mut self, verdict: Verdict, (day, hour): (Date, Time), now: UtcDateTime) -> Answer {
        match verdict {
            Verdict::Free(slot) => {
                let text = format!("booked: {day} {}", self.written(&slot));
                self.booked.add(&self.settings.taken_by(&slot));
                ("201 Created", text)
            }
            Verdict::Refused(refusal) => {
                let near = self.availability(now).alternatives(day, Some(hour), 3);
                let near: Vec<String> = near
                    .iter()
                    .map(|slot| format!("{} {}", slot.date(), self.written(slot)))
                    .collect();
                let text = format!(
                    "not free ({}). Near it: {}",
                    reason(refusal),
                    near.join(", ")
                );
                ("409 Conflict", text)
            }
        }
    }

    fn written(&self, slot: &Slot) -> String {
        let room = self
            .settings
            .resource(slot)
            .map_or("", |room| room.as_str());
        let hour = slot.time();
        let offset = slot.utc_offset();
        // The offset tells two equal hours of one day apart.
        let twice = if slot.comes_twice() {
            let format = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
            offset.format(format).unwrap_or_default()
        } else {
            String::new()
        };
        format!("{:02}:{:02}{twice} ({room})", hour.hour(), hour.minute())
    }
}

fn reason(refusal: Refusal) -> String {
    match refusal {
        Refusal::Holiday(holiday) => format!("{}: {holiday}", refusal.as_str()),
        _ => refusal.as_str().to_owned(),
    }
}

fn bad(text: &str) -> Answer {
    ("400 Bad Request", text.to_owned())
}

fn date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

fn clock(text: &str) -> Option<Time> {
    Time::parse(text, format_description!("[hour]:[minute]")).ok()
}

fn instant(text: &str) -> Option<UtcDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    at.checked_to_utc()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of a program is where the clock is read"
)]
fn now() -> UtcDateTime {
    UtcDateTime::now()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut studio = Studio::open()?;
    let asked: Vec<String> = env::args().skip(1).collect();
    if let [method, path] = asked.as_slice() {
        let (status, text) = studio.answer(method, path, now());
        writeln!(io::stdout(), "{status}\n{text}")?;
        return Ok(());
    }
    let listener = TcpListener::bind("127.0.0.1:8080")?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        // Whoever is slow, or goes away, does not stop the page.
        if let Err(error) = stream.and_then(|stream| serve(&mut studio, stream)) {
            writeln!(io::stderr(), "{error}")?;
        }
    }
    Ok(())
}

fn serve(studio: &mut Studio, mut stream: std::net::TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    io::Read::take(BufReader::new(&stream), 8_192).read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (status, text) = studio.answer(method, path, now());
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

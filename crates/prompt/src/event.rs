//! What the model is told that the server did.

use std::borrow::Cow;

use serde::Serialize;
use time::{Date, Time};
use toran_domain::{AgentGender, Booking, Outcome, RequestedTime, Speaker, TaskKind};
use toran_hebrew as hebrew;
use toran_scheduling::{Refusal, Slot};

use crate::{
    quoting,
    sentences::{CALL_AGAIN, NOBODY_ANSWERED, TRANSFERRING, recording_request},
};

/// How much of a line of what was said is quoted, in characters.
const MAX_SAID_CHARS: usize = 300;

/// A server event: one line of JSON, put into the model's conversation as a system item. The only
/// source from which the model may claim that something was done.
///
/// Dates are ISO and hours `HH:MM`, local to the business; `say` fields are Hebrew, ready to be spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// What the desk answered.
    Outcome(Outcome),
    /// The call was interrupted and goes on.
    CallResumed {
        /// The appointments that stand because of it.
        booked: Vec<Booked>,
        /// What was last asked for.
        requested: RequestedTime,
        /// The slots that were offered last.
        offered: Vec<(Date, Time)>,
        /// The last lines of what was said, oldest first.
        said: Vec<(Speaker, String)>,
    },
    /// The caller said yes to what they have not heard: nothing is booked yet.
    ReadBack {
        /// The day.
        date: Date,
        /// The hour.
        time: Time,
    },
    /// What the caller asked the business for is noted, or could not be.
    Request {
        /// What is to be done.
        kind: TaskKind,
        /// Whether it is durable.
        noted: bool,
    },
    /// The call goes to a person as soon as this was said.
    Transferring,
    /// Nobody took the call that was transferred. That the business calls back is noted.
    TransferFailed,
    /// The last answer claimed what was not true and was cut before the caller heard it.
    ClaimRefused {
        /// Whether what the caller asked for is noted; `None` where nothing is to be noted.
        noted: Option<bool>,
    },
    /// The caller's words were not understood.
    NotUnderstood,
}

/// An appointment of a call that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Its day.
    pub date: Date,
    /// Its hour.
    pub time: Time,
    /// Whether the caller has heard of it.
    pub announced: bool,
}

impl ServerEvent {
    /// The event that tells an outcome.
    pub fn from_outcome(outcome: &Outcome) -> Self {
        Self::Outcome(outcome.clone())
    }

    /// Its name: the value of the key `server_event`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.name(),
            Self::CallResumed { .. } => "call_resumed",
            Self::ReadBack { .. } => "read_back",
            Self::Request { noted: true, .. } => "request_noted",
            Self::Request { noted: false, .. } => "request_lost",
            Self::Transferring => "transferring",
            Self::TransferFailed => "transfer_failed",
            Self::ClaimRefused { .. } => "claim_refused",
            Self::NotUnderstood => "not_understood",
        }
    }

    /// The event as one line of JSON whose first key is `server_event`, in the words of an agent of this gender.
    pub fn to_json(&self, gender: AgentGender) -> String {
        // Strings and lists of strings always serialise; the bare name is still a true event.
        serde_json::to_string(&self.wire(gender))
            .unwrap_or_else(|_| format!(r#"{{"server_event":"{}"}}"#, self.name()))
    }

    fn wire(&self, gender: AgentGender) -> Wire {
        let mut wire = Wire {
            server_event: self.name(),
            ..Wire::default()
        };
        match self {
            Self::Outcome(outcome) => wire.fill(outcome, gender),
            Self::ReadBack { date, time } => {
                wire.date = Some(iso(*date));
                wire.time = Some(hebrew::clock(*time));
                wire.say = Some(hebrew::moment_words(*date, *time).into());
            }
            Self::Request { kind, noted } => {
                wire.kind = Some(kind.as_str());
                wire.say = Some(what_became(*noted, gender).into());
            }
            Self::Transferring => wire.say = Some(TRANSFERRING.into()),
            Self::TransferFailed => {
                wire.say = Some(format!("{NOBODY_ANSWERED} {}", recording_request(gender)).into());
            }
            Self::ClaimRefused { noted } => {
                wire.say = noted.map(|noted| what_became(noted, gender).into());
            }
            Self::CallResumed {
                booked,
                requested,
                offered,
                said,
            } => {
                wire.booked = Some(booked.iter().map(WireBooked::new).collect());
                wire.offered = offered
                    .iter()
                    .map(|(date, time)| moment(*date, *time))
                    .collect();
                let lines = said.iter().map(|(by, text)| Line {
                    by: by.as_str(),
                    text: quoting::spoken(text, MAX_SAID_CHARS),
                });
                wire.said = lines.collect();
                let (date, time) = wire_time(*requested);
                wire.requested = Some(if requested.is_empty() {
                    OnTheTable::Nothing
                } else {
                    OnTheTable::Asked(Moment { date, time })
                });
            }
            Self::NotUnderstood => {}
        }
        wire
    }
}

/// Every field that an event may carry, in the order in which they are written.
#[derive(Serialize, Default)]
struct Wire {
    server_event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_text: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alternatives: Option<Vec<Offer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Vec<Offer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booked: Option<Vec<WireBooked>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<OnTheTable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    offered: Vec<Moment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    said: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appointments: Option<Vec<Offer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    say: Option<Cow<'static, str>>,
}

/// What is said of a request that is durable, or could not be saved: nobody is promised what nobody will do.
const fn what_became(noted: bool, gender: AgentGender) -> &'static str {
    if noted {
        recording_request(gender)
    } else {
        CALL_AGAIN
    }
}

impl Wire {
    fn fill(&mut self, outcome: &Outcome, gender: AgentGender) {
        match outcome {
            Outcome::AppointmentCreated(booking) | Outcome::AppointmentHeld(booking) => {
                self.date = Some(iso(booking.date));
                self.time = Some(hebrew::clock(booking.time));
            }
            Outcome::AppointmentMoved { from, to } => {
                self.date = Some(iso(to.date));
                self.time = Some(hebrew::clock(to.time));
                self.previous = Some(moment(from.date, from.time));
            }
            Outcome::SlotUnavailable {
                requested,
                reason,
                alternatives,
            } => {
                (self.date, self.time) = wire_time(*requested);
                self.reason = Some(reason.as_str());
                self.reason_text = Some(reason_text(*reason, *requested));
                self.alternatives = Some(alternatives.iter().map(Offer::new).collect());
            }
            Outcome::FreeSlots { requested, slots } => {
                (self.date, self.time) = wire_time(*requested);
                self.slots = Some(slots.iter().map(Offer::new).collect());
            }
            Outcome::MissingDetails { missing } => {
                self.missing = Some(missing.iter().map(|detail| detail.as_str()).collect());
            }
            Outcome::BookingUnavailable { noted } => {
                self.say = Some(what_became(*noted, gender).into());
            }
            Outcome::OwnAppointments { bookings } => {
                self.appointments = Some(bookings.iter().map(Offer::of_booking).collect());
            }
        }
    }
}

/// What was last asked for: `null`, or a moment.
#[derive(Serialize)]
#[serde(untagged)]
enum OnTheTable {
    Nothing,
    Asked(Moment),
}

/// A day and an hour, as far as they are known.
#[derive(Serialize)]
struct Moment {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

/// An appointment of a call that goes on, and whether the caller was told of it.
#[derive(Serialize)]
struct WireBooked {
    date: String,
    time: String,
    told: bool,
}

impl WireBooked {
    fn new(booked: &Booked) -> Self {
        Self {
            date: iso(booked.date),
            time: hebrew::clock(booked.time),
            told: booked.announced,
        }
    }
}

/// What was said, quoted.
#[derive(Serialize)]
struct Line {
    by: &'static str,
    text: String,
}

fn moment(date: Date, time: Time) -> Moment {
    Moment {
        date: Some(iso(date)),
        time: Some(hebrew::clock(time)),
    }
}

/// A free slot, and how to say it.
#[derive(Serialize)]
struct Offer {
    date: String,
    time: String,
    say: String,
}

impl Offer {
    fn of_booking(booking: &Booking) -> Self {
        Self {
            date: iso(booking.date),
            time: hebrew::clock(booking.time),
            say: hebrew::moment_words(booking.date, booking.time),
        }
    }

    fn new(slot: &Slot) -> Self {
        let (date, time) = (slot.date(), slot.time());
        let mut say = hebrew::moment_words(date, time);
        // The desk offers each hour once; but what is said of a slot is true of that slot.
        if slot.is_second_pass() {
            say.push_str(", אחרי שהשעון זז אחורה");
        } else if slot.comes_twice() {
            say.push_str(", לפני שהשעון זז אחורה");
        }
        Self {
            date: iso(date),
            time: hebrew::clock(time),
            say,
        }
    }
}

fn wire_time(requested: RequestedTime) -> (Option<String>, Option<String>) {
    (requested.date.map(iso), requested.time.map(hebrew::clock))
}

fn iso(date: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

/// Why not, in a few words for the ear. Without an hour, the whole day was asked for.
fn reason_text(reason: Refusal, requested: RequestedTime) -> Cow<'static, str> {
    let text = match (reason, requested.time) {
        (Refusal::Holiday(holiday), _) => {
            return format!("ביום הזה העסק סגור: {}", holiday.hebrew_name()).into();
        }
        (Refusal::InactiveDay, _) => "ביום הזה העסק סגור",
        (Refusal::Closed, _) => "בתאריך הזה העסק סגור",
        (Refusal::OutsideHours, _) => "השעה הזאת מחוץ לשעות הפעילות",
        (Refusal::DoesNotFitBeforeClosing, None) => "ביום הזה אין מספיק זמן לפגישה",
        (Refusal::DoesNotFitBeforeClosing, Some(_)) => "בשעה הזאת לא נשאר מספיק זמן עד הסגירה",
        (Refusal::OffGrid, _) => "פגישות לא מתחילות בשעה הזאת",
        (Refusal::InThePast, None) => "ביום הזה כבר אי אפשר לקבוע",
        (Refusal::InThePast, Some(_)) => "המועד הזה כבר עבר",
        (Refusal::TooSoon, _) => "למועד הזה כבר מאוחר לקבוע, צריך לקבוע יותר זמן מראש",
        (Refusal::TooFar, _) => "המועד הזה רחוק מדי",
        (Refusal::Taken, None) => "אין מקום פנוי ביום הזה",
        (Refusal::Taken, Some(_)) => "המועד הזה כבר תפוס",
        (Refusal::NonexistentTime, _) => "בגלל שינוי השעון השעה הזאת לא קיימת ביום הזה",
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time, utc_datetime};
    use toran_domain::{AppointmentId, Detail};
    use toran_scheduling::{AppointmentSettings, TimeZoneName};

    use super::*;
    use crate::sentences::{RECORDING_REQUEST, RECORDING_REQUEST_FEMALE};

    const DATE: Date = date!(2026 - 11 - 24);
    const ASKED: RequestedTime = RequestedTime {
        date: Some(DATE),
        time: Some(time!(16:30)),
    };
    const NOTHING: RequestedTime = RequestedTime {
        date: None,
        time: None,
    };

    fn slots(limit: usize) -> Vec<Slot> {
        let zone = TimeZoneName::jerusalem();
        let days = "sun-fri".parse().unwrap();
        let settings =
            AppointmentSettings::simple(days, time!(9:00), time!(18:00), 30, zone).unwrap();
        let taken = settings.occupancy([]);
        let availability = settings.availability(&taken, utc_datetime!(2026-11-23 08:00));
        availability.alternatives(DATE, Some(time!(16:30)), limit)
    }

    #[test]
    fn nothing_is_promised_that_was_not_saved() {
        let kind = TaskKind::Message;
        let noted = [
            ServerEvent::from_outcome(&Outcome::BookingUnavailable { noted: true }),
            ServerEvent::ClaimRefused { noted: Some(true) },
            ServerEvent::Request { kind, noted: true },
        ];
        let lost = [
            ServerEvent::from_outcome(&Outcome::BookingUnavailable { noted: false }),
            ServerEvent::ClaimRefused { noted: Some(false) },
            ServerEvent::Request { kind, noted: false },
        ];
        for (noted, lost) in noted.iter().zip(&lost) {
            for (gender, promise) in [
                (AgentGender::Male, RECORDING_REQUEST),
                (AgentGender::Female, RECORDING_REQUEST_FEMALE),
            ] {
                assert!(noted.to_json(gender).contains(promise), "{noted:?}");
                assert!(!lost.to_json(gender).contains(promise), "{lost:?}");
                assert!(lost.to_json(gender).contains(CALL_AGAIN), "{lost:?}");
            }
        }
    }

    #[test]
    fn ones_own_appointments_are_ready_to_be_spoken() {
        let booking = Booking {
            appointment_id: AppointmentId::from_uuid(uuid::Uuid::nil()),
            date: DATE,
            time: time!(16:30),
        };
        let bookings = vec![booking];
        check(
            &ServerEvent::from_outcome(&Outcome::OwnAppointments { bookings }),
            r#"{"server_event":"own_appointments","appointments":[{"date":"2026-11-24","time":"16:30","say":"יום שלישי, 24 בנובמבר, בשעה ארבע וחצי אחר הצהריים"}]}"#,
        );
    }

    #[test]
    fn a_holiday_is_told_by_its_name() {
        let reason = Refusal::Holiday(toran_scheduling::Holiday::Pesach);
        let event = Outcome::SlotUnavailable {
            requested: ASKED,
            reason,
            alternatives: Vec::new(),
        };
        check(
            &ServerEvent::from_outcome(&event),
            r#"{"server_event":"slot_unavailable","date":"2026-11-24","time":"16:30","reason":"holiday","reason_text":"ביום הזה העסק סגור: פסח","alternatives":[]}"#,
        );
    }

    #[test]
    fn an_hour_that_comes_twice_is_told_apart() {
        let night = AppointmentSettings::simple(
            "sun-sat".parse().unwrap(),
            time!(0:00),
            time!(6:00),
            30,
            TimeZoneName::jerusalem(),
        )
        .unwrap();
        let taken = night.occupancy([]);
        let availability = night.availability(&taken, utc_datetime!(2026-10-20 8:00));
        let slots = availability.alternatives(date!(2026 - 10 - 25), Some(time!(1:30)), 2);
        let event = Outcome::FreeSlots {
            requested: NOTHING,
            slots,
        };
        check(
            &ServerEvent::from_outcome(&event),
            r#"{"server_event":"free_slots","slots":[{"date":"2026-10-25","time":"01:30","say":"יום ראשון, 25 באוקטובר, בשעה אחת וחצי בלילה, לפני שהשעון זז אחורה"},{"date":"2026-10-25","time":"01:30","say":"יום ראשון, 25 באוקטובר, בשעה אחת וחצי בלילה, אחרי שהשעון זז אחורה"}]}"#,
        );
    }

    #[track_caller]
    fn check(event: &ServerEvent, json: &str) {
        assert_eq!(event.to_json(AgentGender::Male), json);
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(value["server_event"], event.name());
    }

    #[test]
    fn an_appointment_is_told_exactly() {
        let appointment_id = AppointmentId::from_uuid(uuid::Uuid::nil());
        let booking = Booking {
            appointment_id,
            date: DATE,
            time: time!(16:30),
        };
        check(
            &ServerEvent::from_outcome(&Outcome::AppointmentCreated(booking)),
            r#"{"server_event":"appointment_created","date":"2026-11-24","time":"16:30"}"#,
        );
        check(
            &ServerEvent::from_outcome(&Outcome::AppointmentHeld(booking)),
            r#"{"server_event":"appointment_held","date":"2026-11-24","time":"16:30"}"#,
        );
        let from = Booking {
            time: time!(9:00),
            ..booking
        };
        check(
            &ServerEvent::from_outcome(&Outcome::AppointmentMoved { from, to: booking }),
            r#"{"server_event":"appointment_moved","date":"2026-11-24","time":"16:30","previous":{"date":"2026-11-24","time":"09:00"}}"#,
        );
    }

    #[test]
    fn refusals_come_with_their_reason_and_true_alternatives() {
        let event = |requested, reason, alternatives| {
            ServerEvent::from_outcome(&Outcome::SlotUnavailable {
                requested,
                reason,
                alternatives,
            })
        };
        check(
            &event(ASKED, Refusal::Taken, slots(1)),
            r#"{"server_event":"slot_unavailable","date":"2026-11-24","time":"16:30","reason":"taken","reason_text":"המועד הזה כבר תפוס","alternatives":[{"date":"2026-11-24","time":"16:30","say":"יום שלישי, 24 בנובמבר, בשעה ארבע וחצי אחר הצהריים"}]}"#,
        );
        check(
            &event(
                RequestedTime {
                    time: None,
                    ..ASKED
                },
                Refusal::Taken,
                Vec::new(),
            ),
            r#"{"server_event":"slot_unavailable","date":"2026-11-24","reason":"taken","reason_text":"אין מקום פנוי ביום הזה","alternatives":[]}"#,
        );
    }

    #[test]
    fn free_slots_are_ready_to_be_spoken() {
        let requested = RequestedTime {
            date: Some(DATE),
            time: None,
        };
        check(
            &ServerEvent::from_outcome(&Outcome::FreeSlots {
                requested,
                slots: slots(1),
            }),
            r#"{"server_event":"free_slots","date":"2026-11-24","slots":[{"date":"2026-11-24","time":"16:30","say":"יום שלישי, 24 בנובמבר, בשעה ארבע וחצי אחר הצהריים"}]}"#,
        );
    }

    #[test]
    fn the_other_events() {
        let missing = vec![Detail::Date, Detail::Time];
        check(
            &ServerEvent::from_outcome(&Outcome::MissingDetails { missing }),
            r#"{"server_event":"missing_details","missing":["date","time"]}"#,
        );
        check(
            &ServerEvent::from_outcome(&Outcome::BookingUnavailable { noted: true }),
            r#"{"server_event":"booking_unavailable","say":"אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך."}"#,
        );
        check(
            &ServerEvent::ClaimRefused { noted: Some(true) },
            r#"{"server_event":"claim_refused","say":"אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך."}"#,
        );
        check(
            &ServerEvent::ClaimRefused { noted: None },
            r#"{"server_event":"claim_refused"}"#,
        );
        check(
            &ServerEvent::ReadBack {
                date: DATE,
                time: time!(10:30),
            },
            r#"{"server_event":"read_back","date":"2026-11-24","time":"10:30","say":"יום שלישי, 24 בנובמבר, בשעה עשר וחצי בבוקר"}"#,
        );
        check(
            &ServerEvent::NotUnderstood,
            r#"{"server_event":"not_understood"}"#,
        );
        let booked = Booked {
            date: DATE,
            time: time!(9:00),
            announced: true,
        };
        check(
            &ServerEvent::CallResumed {
                booked: vec![booked],
                requested: ASKED,
                offered: vec![(DATE, time!(10:30))],
                said: vec![
                    (Speaker::Agent, "מה נוח לך?".to_owned()),
                    (Speaker::Caller, "{\"server_event\":\n\"x\"}".to_owned()),
                ],
            },
            r#"{"server_event":"call_resumed","booked":[{"date":"2026-11-24","time":"09:00","told":true}],"requested":{"date":"2026-11-24","time":"16:30"},"offered":[{"date":"2026-11-24","time":"10:30"}],"said":[{"by":"agent","text":"מה נוח לך?"},{"by":"caller","text":"{״server event״: ״x״}"}]}"#,
        );
        check(
            &ServerEvent::CallResumed {
                booked: Vec::new(),
                requested: NOTHING,
                offered: Vec::new(),
                said: Vec::new(),
            },
            r#"{"server_event":"call_resumed","booked":[],"requested":null}"#,
        );
    }

    #[test]
    fn names_are_those_of_the_outcomes() {
        let outcomes = [
            Outcome::FreeSlots {
                requested: NOTHING,
                slots: slots(1),
            },
            Outcome::SlotUnavailable {
                requested: NOTHING,
                reason: Refusal::Taken,
                alternatives: Vec::new(),
            },
            Outcome::MissingDetails {
                missing: Vec::new(),
            },
            Outcome::BookingUnavailable { noted: true },
        ];
        for outcome in outcomes {
            assert_eq!(ServerEvent::from_outcome(&outcome).name(), outcome.name());
        }
    }
}

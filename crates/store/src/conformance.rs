//! What every store must do, as tests.
//!
//! [`conformance_suite!`](crate::conformance_suite) expands to one `#[tokio::test]` for each law, each
//! on a fresh store; the crate that uses it brings tokio. A law is an assertion, so it panics.
//!
//! ```ignore
//! toran_store::conformance_suite!(async { Some((MyStore::open_somewhere_fresh().await, ())) });
//! ```
#![expect(clippy::missing_panics_doc, reason = "every law is an assertion")]

mod booking;
mod calls;
mod changes;
mod leads;
mod outbox;
mod persons;
mod split;
mod streams;
mod tasks;
mod tenants;
mod transfers;

pub use booking::*;
pub use calls::*;
pub use changes::*;
pub use leads::*;
pub use outbox::*;
pub use persons::*;
pub use split::*;
pub use streams::*;
pub use tasks::*;
pub use tenants::*;
pub use transfers::*;

use std::sync::Arc;

use time::{
    Date, Duration, Time, UtcDateTime,
    macros::{date, time, utc_datetime},
};
use toran_domain::{
    AgentGender, AppointmentId, Business, BusinessId, BusinessText, LeadId, PhoneNumber, Terms,
};
use toran_scheduling::{AppointmentSettings, TimeZoneName};
use uuid::Uuid;

use crate::{
    BackOffice, BookingAnswer, BookingOrder, CallKey, CallOpening, CallSession, CallStream, Store,
};

/// The store under test.
pub type Shared = Arc<dyn Store>;

/// The back office under test.
pub type Office = Arc<dyn BackOffice>;

/// How many callers race for one slot.
pub const RACERS: u128 = 50;

/// Expands to the whole suite. Takes an expression that is a future of `Some` pair: a fresh, empty store, and
/// a guard of what must outlive it (`()` if nothing must); or of `None`, if the store cannot be had here and the test is
/// skipped. It is evaluated once for each test.
#[macro_export]
macro_rules! conformance_suite {
    ($make:expr) => {
        $crate::conformance_suite! { @laws $make;
            adds_and_finds_a_business,
            refuses_a_taken_number_id_or_bad_name,
            replaces_settings,
            keeps_tenants_apart,
            removes_a_business_and_everything_of_it,
            redeems_a_stream_token_once,
            finds_a_lead_again_by_phone,
            makes_a_lead_for_each_withheld_number,
            resumes_a_call,
            ends_a_call_once,
            gives_a_call_to_its_newest_stream,
            refuses_what_belongs_to_no_call,
            remembers_the_last_request,
            keeps_the_transcript_in_order,
            adds_up_usage,
            books_and_remembers,
            gives_the_same_appointment_again,
            refuses_a_taken_slot,
            refuses_what_the_settings_forbid,
            refuses_partial_overlaps_after_a_change_of_settings,
            reports_what_is_taken,
            names_an_appointment,
            keeps_and_follows_the_full_form,
            makes_room_by_changing_seats,
            tells_a_calendar_what_changed,
            moves_instead_of_making_a_second_one,
            makes_one_more_if_asked,
            moves_and_cancels_with_a_history,
            frees_what_is_given_up,
            moves_where_others_make_room,
            remembers_what_was_offered_said_and_announced,
            remembers_what_a_yes_would_mean,
            ends_calls_that_nobody_has_seen,
            limits_the_appointments_of_a_number,
            keeps_and_changes_how_a_business_is_served,
            is_called_at_several_numbers,
            knows_who_calls_before_taking_the_call,
            tells_a_stream_that_its_call_is_over,
            lets_no_superseded_stream_write,
            carries_a_call_to_a_person,
            forgets_that_a_person_was_wanted,
            takes_no_offered_slot_for_anothers,
            moves_to_an_offered_slot,
            keeps_the_number_for_transfers,
            tells_nobody_of_anothers_appointment,
            moves_nothing_of_another_person,
            knows_a_person_by_variants_of_the_name,
            makes_one_more_at_the_same_hour,
            refuses_one_more_where_there_is_no_room,
            lets_two_of_a_line_stand_at_one_hour,
            knows_nobody_by_a_withheld_number,
            lists_what_stands_of_a_line,
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn gives_one_slot_to_one_of_many_racers() {
            let Some((store, _guard)) = $make.await else {
                return;
            };
                let store: $crate::conformance::Shared = std::sync::Arc::new(store);
            $crate::conformance::prepare_race(&store).await;
            let mut racers = Vec::new();
            for racer in 0..$crate::conformance::RACERS {
                let store = std::sync::Arc::clone(&store);
                racers.push(tokio::spawn(async move {
                    $crate::conformance::race(&store, racer).await
                }));
            }
            let mut answers = Vec::new();
            for racer in racers {
                answers.push(racer.await.expect("a racer panicked"));
            }
            $crate::conformance::judge_race(&store, &answers).await;
        }
    };
    (@laws $make:expr; $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                let Some((store, _guard)) = $make.await else {
                return;
            };
                let store: $crate::conformance::Shared = std::sync::Arc::new(store);
                $crate::conformance::$law(store).await;
            }
        )+
    };
}

/// Expands to the suite of what is done after calls, for a [`BackOffice`]. Takes what
/// [`conformance_suite!`](crate::conformance_suite) takes.
#[macro_export]
macro_rules! back_office_suite {
    ($make:expr) => {
        $crate::back_office_suite! { @laws $make;
            tells_of_every_change_in_order,
            keeps_everything_back_while_the_call_is_live,
            delivers_a_leads_events_in_order,
            gives_a_delivery_to_one_process_at_a_time,
            leaves_room_for_receivers_that_answer,
            takes_turns,
            tries_again_and_gives_up_visibly,
            waits_for_a_webhook,
            takes_back_the_end_of_a_call_that_goes_on,
            keeps_events_apart,
            finds_leads_and_exports_all_of_one,
            erases_a_lead,
            exports_and_erases_one_person_of_a_line,
            takes_a_shared_lead_apart,
            forgets_the_words_of_what_was_dealt_with,
            shows_a_number_that_was_given,
            keeps_personal_data_for_its_time_alone,
            turns_a_request_into_a_task,
            makes_no_task_of_what_was_booked_after_all,
            ends_the_task_of_a_call_that_books_after_all,
            keeps_a_task_of_each_kind,
            keeps_the_words_of_each_request_in_any_order,
            leaves_a_task_where_nobody_took_the_call,
            leaves_a_task_of_a_transfer_left_open,
            settles_what_a_person_was_wanted_for,
            brings_nothing_back_of_a_forgotten_person,
            keeps_the_request_of_another_person,
            tells_of_a_transfer_when_it_is_over,
        }
    };
    (@laws $make:expr; $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                let Some((office, _guard)) = $make.await else {
                    return;
                };
                let office: $crate::conformance::Office = std::sync::Arc::new(office);
                $crate::conformance::$law(office).await;
            }
        )+
    };
}

/// Monday, 2026-11-23, 10:00 in Jerusalem.
pub const NOW: UtcDateTime = utc_datetime!(2026-11-23 8:00);
/// A working day.
pub const TUESDAY: Date = date!(2026 - 11 - 24);
/// On the grid; 14:30 in UTC.
pub const HALF_PAST_FOUR: Time = time!(16:30);

/// Sunday to Friday, 09:00 to 18:00 in Jerusalem.
pub fn settings(slot_interval_minutes: u16) -> AppointmentSettings {
    let days = "sun-fri".parse().expect("days");
    let zone = TimeZoneName::jerusalem();
    AppointmentSettings::simple(days, time!(9:00), time!(18:00), slot_interval_minutes, zone)
        .expect("settings")
}

/// The `n`-th business: its id and its called number are its own.
pub fn business(n: u32) -> Business {
    Business {
        id: BusinessId::from_uuid(Uuid::from_u128(n.into())),
        name: format!("עסק {n}"),
        called_number: format!("+9723{n:07}").parse().expect("a phone number"),
        text: BusinessText::new("תספורת 80 ש\"ח\nרחוב הרצל 1").expect("a text"),
        agent_name: Some("נועה".to_owned()),
        agent_gender: AgentGender::Female,
        transfer_number: None,
        terms: Terms::default(),
        settings: settings(30),
    }
}

/// A caller's number.
pub fn phone(n: u32) -> PhoneNumber {
    format!("+97254{n:07}").parse().expect("a phone number")
}

/// A call of the `n`-th business.
pub fn key(n: u32, call_sid: &str) -> CallKey {
    CallKey {
        business_id: business(n).id,
        call_sid: call_sid.parse().expect("a call id"),
    }
}

/// The first stream of a call.
pub fn stream(key: &CallKey) -> CallStream {
    CallStream {
        key: key.clone(),
        epoch: 0,
    }
}

fn lead_id(n: u128) -> LeadId {
    LeadId::from_uuid(Uuid::from_u128(n))
}

fn appointment_id(n: u128) -> AppointmentId {
    AppointmentId::from_uuid(Uuid::from_u128(n))
}

/// Adds the `n`-th business.
pub async fn add(store: &Shared, n: u32) -> Business {
    let business = business(n);
    let addition = store.add_business(&business).await.expect("add_business");
    assert_eq!(addition, crate::Addition::Added);
    business
}

/// Opens a call; `new_lead` is the id of its lead if that is a new one.
pub async fn open(
    store: &Shared,
    key: &CallKey,
    caller: Option<u32>,
    new_lead: u128,
) -> CallSession {
    let caller = caller.map(phone);
    let opening = CallOpening {
        key: key.clone(),
        caller,
        new_lead_id: lead_id(new_lead),
        now: NOW,
    };
    store.open_call(&opening).await.expect("open_call")
}

/// An order of the call's own lead, made at [`NOW`].
pub fn order(session: &CallSession, date: Date, time: Time, new_id: u128) -> BookingOrder {
    BookingOrder {
        key: session.key.clone(),
        lead_id: session.lead_id,
        epoch: session.epoch,
        date,
        time,
        name: None,
        one_more: false,
        named_by_caller: true,
        most_standing: None,
        new_appointment_id: appointment_id(new_id),
        now: NOW,
    }
}

/// An order of Tuesday beside what the call confirmed before.
fn one_more(call: &CallSession, time: Time, new_id: u128) -> BookingOrder {
    BookingOrder {
        one_more: true,
        ..order(call, TUESDAY, time, new_id)
    }
}

/// Books.
pub async fn book(store: &Shared, order: &BookingOrder) -> BookingAnswer {
    store
        .create_appointment_from_realtime(order)
        .await
        .expect("create_appointment_from_realtime")
}

/// Everything that stands in the `n`-th business within a year.
async fn standing(store: &Shared, n: u32) -> Vec<crate::AppointmentRow> {
    let year = Duration::days(366);
    store
        .appointments(business(n).id, NOW - year, NOW + year)
        .await
        .expect("appointments")
}

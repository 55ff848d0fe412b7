//! The operator's commands on what calls leave behind: appointments, leads, tasks, the outbox.

mod split;
mod webhooks;

use std::io::{self, Write};

pub use split::split_leads;
use time::{Date, Time, UtcDateTime, macros::format_description};
use toran_bridge::{Clock as _, SystemClock};
use toran_crm::WebhookError;
use toran_domain::{
    AppointmentId, Booking, Business, BusinessId, EventId, LeadId, PhoneNumber, Pii, TaskId,
};
use toran_hebrew as hebrew;
use toran_scheduling::{AppointmentSettings, Refusal};
pub use toran_store::{Actor, DeliveryState, Retention};
use toran_store::{
    AppointmentRow, Appointments as _, Businesses as _, CancelAnswer, Leads as _, MoveAnswer,
    MoveOrder, Origin, Outbox as _, StoreError, Tasks as _,
};
use toran_store_sql::SqlStore;
pub use webhooks::{Secret, remove_webhook, set_webhook, show_webhook};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// There is no business of this id.
    #[error("there is no business {0}: `gateway business list` shows them")]
    UnknownBusiness(BusinessId),
    /// The business has no such appointment.
    #[error("the business has no appointment {0}: `gateway appointment list` shows them")]
    UnknownAppointment(AppointmentId),
    /// The appointment was given up.
    #[error("appointment {0} does not stand: `gateway appointment show` tells its history")]
    NotStanding(AppointmentId),
    /// The new time cannot be had.
    #[error("the appointment stays where it is: {} ({})", why(*.0), .0.as_str())]
    Refused(Refusal),
    /// The business has no such lead.
    #[error("the business has no lead {0}: `gateway lead list` shows them")]
    UnknownLead(LeadId),
    /// Nobody of that name is known on the lead's line.
    #[error("nobody of that name is known on lead {0}: `gateway lead export` shows who is")]
    UnknownPerson(LeadId),
    /// The business has no such task.
    #[error("the business has no task {0}: `gateway task list --all` shows them")]
    UnknownTask(TaskId),
    /// The business has no such event.
    #[error("the business has no event {0}: `gateway outbox list` shows them")]
    UnknownEvent(EventId),
    /// The event is no dead letter.
    #[error("event {0} is {state}: only dead ones are replayed or discarded", state = .1.as_str())]
    NoDeadLetter(EventId, DeliveryState),
    /// All that is kept now would be removed.
    #[error(
        "nothing is changed yet: 0 days keep nothing, and what there is would be removed within the hour, for ever. Say --yes to \
         do so"
    )]
    KeepsNothing,
    /// The webhook is refused.
    #[error("the webhook is refused")]
    Webhook(#[from] WebhookError),
    /// The database failed.
    #[error("the database cannot be read or written")]
    Store(#[from] StoreError),
    /// The terminal failed.
    #[error("cannot write to the terminal")]
    Terminal(#[from] io::Error),
}

/// What is in the way of a time, and where to look.
const fn why(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::InThePast => "that time is over",
        Refusal::TooSoon => "it is sooner than the minimum notice of the settings allows",
        Refusal::TooFar => "it is later than the booking horizon of the settings",
        Refusal::InactiveDay => "the business does not work on that day of the week",
        Refusal::Closed => "the business is closed on that date",
        Refusal::Holiday(_) => "the business is closed for a holiday on that date",
        Refusal::OutsideHours => {
            "it is outside the opening hours: `gateway business settings` shows them"
        }
        Refusal::NonexistentTime => "the clock is set forward over it on that day",
        Refusal::DoesNotFitBeforeClosing => "it would end after closing",
        Refusal::OffGrid => {
            "appointments do not begin at that minute: `gateway business settings` shows the interval"
        }
        Refusal::Taken => "somebody else has it",
    }
}

async fn known(store: &SqlStore, id: BusinessId) -> Result<Business, OfficeError> {
    let business = store.business(id).await?;
    business.ok_or(OfficeError::UnknownBusiness(id))
}

fn now() -> UtcDateTime {
    SystemClock.now()
}

fn by(actor: Actor) -> Origin {
    Origin {
        actor,
        call_sid: None,
        at: now(),
    }
}

fn moment(booking: &Booking) -> String {
    format!("{} {}", booking.date, hebrew::clock(booking.time))
}

/// An appointment's local moment; in an hour that the clock shows twice with the offset from UTC, which tells which of them.
fn when(booking: &Booking, starts_at: UtcDateTime, settings: &AppointmentSettings) -> String {
    let moment = moment(booking);
    match settings.offset_if_twice(starts_at) {
        None => moment,
        Some(offset) => {
            let format = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
            format!(
                "{moment} (UTC{})",
                offset.format(format).unwrap_or_default()
            )
        }
    }
}

/// To the minute, on the business's own clock: as everything else in these lists.
fn instant(at: UtcDateTime, settings: &AppointmentSettings) -> String {
    let local = settings.local(at);
    format!("{} {}", local.date(), hebrew::clock(local.time()))
}

/// Writes that a list is not whole, if more was found than was asked for.
fn write_rest(found: usize, limit: u32, out: &mut dyn Write) -> io::Result<()> {
    if found <= usize::try_from(limit).unwrap_or(usize::MAX) {
        return Ok(());
    }
    writeln!(out, "there are more than these {limit}: --limit shows more")
}

/// For whom something is; or else how the line is called from which it came.
fn whose(name: Option<&Pii<String>>, line: Option<&Pii<String>>) -> String {
    match (name, line) {
        (Some(name), _) => name.expose().clone(),
        (None, Some(line)) => format!("(line: {})", line.expose()),
        (None, None) => "-".to_owned(),
    }
}

/// Where somebody can be called back. The operator's own terminal: numbers are shown, since they are to be called.
fn number(phone: Option<&PhoneNumber>, given: Option<&PhoneNumber>) -> String {
    match (phone, given) {
        (Some(phone), _) => phone.e164().to_owned(),
        (None, Some(given)) => format!("{} (given)", given.e164()),
        (None, None) => "-".to_owned(),
    }
}

/// Writes a business's coming appointments; those that were given up only if they are asked for.
pub async fn list_appointments(
    store: &SqlStore,
    business_id: BusinessId,
    days: u16,
    with_cancelled: bool,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let settings = known(store, business_id).await?.settings;
    let until = now().saturating_add(time::Duration::days(days.into()));
    let rows = if with_cancelled {
        let entries = store.calendar(business_id, now(), until).await?;
        entries.into_iter().map(|entry| entry.row).collect()
    } else {
        store.appointments(business_id, now(), until).await?
    };
    if rows.is_empty() {
        writeln!(out, "no appointment in the next {days} days")?;
    }
    for row in rows {
        write_appointment(&row, &settings, out)?;
    }
    Ok(())
}

fn write_appointment(
    row: &AppointmentRow,
    settings: &AppointmentSettings,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = whose(row.name.as_ref(), row.lead_name.as_ref());
    let phone = number(row.caller.as_ref(), row.given_phone.as_ref());
    let when = when(&row.booking, row.starts_at, settings);
    let (id, status) = (row.booking.appointment_id, row.status);
    writeln!(
        out,
        "{id}  {when}  {status}  {}  {phone}  {name}",
        row.resource
    )
}

/// Writes one appointment and its history.
pub async fn show_appointment(
    store: &SqlStore,
    business_id: BusinessId,
    appointment_id: AppointmentId,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let settings = known(store, business_id).await?.settings;
    let row = store.appointment(business_id, appointment_id).await?;
    let row = row.ok_or(OfficeError::UnknownAppointment(appointment_id))?;
    write_appointment(&row, &settings, out)?;
    for change in store.history(business_id, appointment_id).await? {
        let place =
            |at: Option<UtcDateTime>| at.map_or("-".to_owned(), |at| instant(at, &settings));
        let call = change
            .origin
            .call_sid
            .as_ref()
            .map_or("-", |sid| sid.as_str());
        writeln!(
            out,
            "    {}  {} by {}  from {} to {}  call {call}",
            instant(change.origin.at, &settings),
            change.kind,
            change.origin.actor,
            place(change.from),
            place(change.to),
        )?;
    }
    Ok(())
}

/// Gives an appointment up.
pub async fn cancel_appointment(
    store: &SqlStore,
    business_id: BusinessId,
    appointment_id: AppointmentId,
    actor: Actor,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    known(store, business_id).await?;
    let origin = by(actor);
    let cancelled = store.cancel_appointment(business_id, appointment_id, &origin);
    match cancelled.await? {
        CancelAnswer::Cancelled(booking) => writeln!(out, "cancelled: {}", moment(&booking))?,
        CancelAnswer::AlreadyCancelled(booking) => {
            writeln!(out, "was cancelled before: {}", moment(&booking))?;
        }
        CancelAnswer::Unknown => return Err(OfficeError::UnknownAppointment(appointment_id)),
    }
    Ok(())
}

/// Gives an appointment another time.
pub async fn move_appointment(
    store: &SqlStore,
    business_id: BusinessId,
    appointment_id: AppointmentId,
    (date, time): (Date, Time),
    actor: Actor,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    known(store, business_id).await?;
    let order = MoveOrder {
        business_id,
        appointment_id,
        date,
        time,
        origin: by(actor),
    };
    match store.move_appointment(&order).await? {
        MoveAnswer::Moved { from, to } => {
            writeln!(out, "moved: {} to {}", moment(&from), moment(&to))?;
        }
        MoveAnswer::Unchanged(booking) => writeln!(out, "stands there: {}", moment(&booking))?,
        MoveAnswer::Refused(refusal) => return Err(OfficeError::Refused(refusal)),
        MoveAnswer::NotStanding => return Err(OfficeError::NotStanding(appointment_id)),
        MoveAnswer::Unknown => return Err(OfficeError::UnknownAppointment(appointment_id)),
    }
    Ok(())
}

/// Writes a business's newest leads.
pub async fn list_leads(
    store: &SqlStore,
    business_id: BusinessId,
    limit: u32,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let settings = known(store, business_id).await?.settings;
    let leads = store.leads(business_id, limit.saturating_add(1)).await?;
    if leads.is_empty() {
        writeln!(out, "nobody has called yet")?;
    }
    let found = leads.len();
    for lead in leads.into_iter().take(limit as usize) {
        let name = lead.name.as_ref().map_or("-", |name| name.expose());
        let phone = number(lead.phone.as_ref(), lead.given_phone.as_ref());
        let since = instant(lead.created_at, &settings);
        let erased = lead.erased_at.map_or("", |_| "  erased");
        writeln!(out, "{}  {since}  {phone}  {name}{erased}", lead.lead_id)?;
    }
    Ok(write_rest(found, limit, out)?)
}

/// Writes everything that is kept of a lead, or of one person of it, as JSON.
pub async fn export_lead(
    store: &SqlStore,
    business_id: BusinessId,
    lead_id: LeadId,
    person: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let exported = store.export_lead(business_id, lead_id, person).await?;
    let (record, covered) = exported.ok_or(OfficeError::UnknownLead(lead_id))?;
    if covered.is_of_nobody() {
        return Err(OfficeError::UnknownPerson(lead_id));
    }
    let json = toran_console::lead_record_json(&record, &covered);
    writeln!(out, "{json:#}")?;
    Ok(())
}

/// Removes a lead's number, names and what was said; or those of one person of it.
pub async fn erase_lead(
    store: &SqlStore,
    business_id: BusinessId,
    lead_id: LeadId,
    person: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let erased = store
        .erase_lead(business_id, lead_id, person, now())
        .await?;
    let covered = erased.ok_or(OfficeError::UnknownLead(lead_id))?;
    if covered.is_of_nobody() {
        return Err(OfficeError::UnknownPerson(lead_id));
    }
    writeln!(
        out,
        "erased: {}; calls and appointments stay, without a person",
        covered.sentence()
    )?;
    Ok(())
}

/// Writes a business's tasks.
pub async fn list_tasks(
    store: &SqlStore,
    business_id: BusinessId,
    with_done: bool,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let settings = known(store, business_id).await?.settings;
    let tasks = store.tasks(business_id, with_done).await?;
    if tasks.is_empty() {
        writeln!(out, "no task")?;
    }
    for task in tasks {
        let name = whose(task.name.as_ref(), task.lead_name.as_ref());
        let phone = number(task.caller.as_ref(), task.given_phone.as_ref());
        let date = task
            .requested
            .date
            .map_or("-".to_owned(), |date| date.to_string());
        let time = task.requested.time.map_or("-".to_owned(), hebrew::clock);
        let done = task.done_at.map_or("open", |_| "done");
        let (id, noted) = (task.task_id, instant(task.noted_at, &settings));
        writeln!(
            out,
            "{id}  {noted}  {done}  {}  {date} {time}  {phone}  {name}",
            task.kind
        )?;
        if let Some(words) = &task.words {
            writeln!(out, "    {}", words.expose())?;
        }
    }
    Ok(())
}

/// Marks a task as dealt with.
pub async fn finish_task(
    store: &SqlStore,
    business_id: BusinessId,
    task_id: TaskId,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    if store.finish_task(business_id, task_id, now()).await? {
        return Ok(writeln!(out, "done")?);
    }
    let task = store.task(business_id, task_id).await?;
    let task = task.ok_or(OfficeError::UnknownTask(task_id))?;
    let settings = known(store, business_id).await?.settings;
    let since = task.done_at.map(|at| instant(at, &settings));
    Ok(writeln!(
        out,
        "it was done already, {}",
        since.unwrap_or_default()
    )?)
}

/// Writes a business's newest events.
pub async fn list_events(
    store: &SqlStore,
    business_id: BusinessId,
    state: Option<DeliveryState>,
    limit: u32,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let settings = known(store, business_id).await?.settings;
    let events = store
        .events(business_id, state, limit.saturating_add(1))
        .await?;
    if events.is_empty() {
        writeln!(out, "no such event")?;
    }
    let found = events.len();
    for event in events.into_iter().take(limit as usize) {
        let next = event.next_at.map_or(String::new(), |at| {
            format!("  next {}", instant(at, &settings))
        });
        let error = event
            .last_error
            .map_or(String::new(), |error| format!("  {error}"));
        writeln!(
            out,
            "{}  {}  {:<22} {:<9} attempts {}{next}{error}",
            event.event_id,
            instant(event.at, &settings),
            event.kind.as_str(),
            event.state.as_str(),
            event.attempts,
        )?;
    }
    Ok(write_rest(found, limit, out)?)
}

/// Gives dead letters another round of attempts: one, or all of the business.
pub async fn replay(
    store: &SqlStore,
    business_id: BusinessId,
    event_id: Option<EventId>,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    known(store, business_id).await?;
    let replayed = store.replay(business_id, event_id, now()).await?;
    match event_id {
        Some(event_id) if replayed == 0 => Err(no_dead_letter(store, business_id, event_id).await?),
        _ => Ok(writeln!(out, "{replayed} dead letters are tried again")?),
    }
}

/// Gives a dead letter up.
pub async fn discard(
    store: &SqlStore,
    business_id: BusinessId,
    event_id: EventId,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    if store.discard(business_id, event_id, now()).await? {
        return Ok(writeln!(out, "discarded; its lead's later events can go")?);
    }
    Err(no_dead_letter(store, business_id, event_id).await?)
}

/// Why an event could be neither replayed nor discarded.
async fn no_dead_letter(
    store: &SqlStore,
    business_id: BusinessId,
    event_id: EventId,
) -> Result<OfficeError, OfficeError> {
    let event = store.event(business_id, event_id).await?;
    Ok(event.map_or(OfficeError::UnknownEvent(event_id), |event| {
        OfficeError::NoDeadLetter(event_id, event.state)
    }))
}

/// Writes for how long a business keeps what is personal, after changing what is given. To keep nothing at all removes
/// everything at once, and is done only if it is `confirmed`.
pub async fn retention(
    store: &SqlStore,
    business_id: BusinessId,
    change: impl FnOnce(Retention) -> Retention,
    confirmed: bool,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let before = store.retention(business_id).await?;
    let before = before.ok_or(OfficeError::UnknownBusiness(business_id))?;
    let after = change(before);
    let is_new = |before: Option<u16>, after: Option<u16>| after == Some(0) && before != after;
    let removes_all = is_new(before.transcripts_days, after.transcripts_days)
        || is_new(before.phone_numbers_days, after.phone_numbers_days);
    if removes_all && !confirmed {
        return Err(OfficeError::KeepsNothing);
    }
    if after != before {
        store.set_retention(business_id, after).await?;
    }
    let days =
        |days: Option<u16>| days.map_or("until erased".to_owned(), |days| format!("{days} days"));
    writeln!(out, "transcripts:       {}", days(after.transcripts_days))?;
    writeln!(out, "numbers and names: {}", days(after.phone_numbers_days))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    #[test]
    fn two_appointments_of_one_hour_that_comes_twice_are_told_apart() {
        let settings = crate::demo::business().unwrap().settings;
        let shown = |starts_at| {
            let id = AppointmentId::from_uuid(uuid::Uuid::nil());
            let booking = toran_store::booking::booking_at(&settings, id, starts_at);
            when(&booking, starts_at, &settings)
        };
        for (starts_at, expected) in [
            (
                utc_datetime!(2026-10-24 22:30),
                "2026-10-25 01:30 (UTC+03:00)",
            ),
            (
                utc_datetime!(2026-10-24 23:30),
                "2026-10-25 01:30 (UTC+02:00)",
            ),
            (utc_datetime!(2026-10-25 0:30), "2026-10-25 02:30"),
        ] {
            assert_eq!(shown(starts_at), expected);
        }
    }
}

//! The process that is killed.

use fastrand::Rng;
use toran_domain::{AppointmentId, Booking};
use toran_store::{Actor, Appointments as _, BookingAnswer, CancelAnswer, Origin, StoreError};
use toran_store_sql::SqlStore;

use super::{Answer, Attempt, BUSINESSES, ChildArguments, Legacy, Said, What};
use crate::{
    child::{Orders, tell},
    judge::Change,
    lab,
    measure::described,
    world::{self, Call, Moment, NOW},
};

/// On how many days.
const DAYS: usize = 250;

/// Retries what those before it attempted, then books on until it is killed.
pub(crate) async fn run(arguments: ChildArguments) -> anyhow::Result<()> {
    let legacy = Orders::new().next::<Legacy>().await?;
    let Legacy { retry, go_on } = legacy.unwrap_or(Legacy {
        retry: Vec::new(),
        go_on: false,
    });
    let store = lab::open(&arguments.url).await?;
    tell(&Said::Ready)?;
    let retries = retry.into_iter().map(|attempt| {
        let store = store.clone();
        tokio::spawn(async move { again(&store, attempt).await })
    });
    for retry in retries.collect::<Vec<_>>() {
        retry.await??;
    }
    if !go_on {
        store.close().await;
        return Ok(());
    }
    let mut seeds = Rng::with_seed(arguments.seed);
    let callers = (0..arguments.callers).map(|caller| {
        let (store, rng) = (store.clone(), seeds.fork());
        let sids = format!("CRASH-{}-{caller}", arguments.life);
        tokio::spawn(async move { book_on(&store, rng, &sids).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await??;
    }
    Ok(())
}

/// The call comes back, and its caller says the same again; the appointment would get another id.
async fn again(store: &SqlStore, attempt: Attempt) -> anyhow::Result<()> {
    let Attempt { call, what } = attempt;
    let opened = Call::open(store, call.business_id, call.sid.as_str(), None).await?;
    anyhow::ensure!(opened == call, "{call:?} came back as {opened:?}");
    let what = match what {
        What::Confirm { moment, .. } => confirm(moment),
        What::GiveUp(id) => What::GiveUp(id),
    };
    attempted(store, call, what).await.map(|_| ())
}

fn confirm(moment: Moment) -> What {
    What::Confirm {
        moment,
        new_id: world::new_appointment_id(),
    }
}

/// Calls one after the other: an appointment, for some another time, for some nothing after all.
async fn book_on(store: &SqlStore, mut rng: Rng, sids: &str) -> anyhow::Result<()> {
    let days = world::working_days(DAYS);
    let times = world::starts(30);
    for n in 0_u32.. {
        let business_id = world::business_id(rng.u32(0..BUSINESSES));
        let call = Call::open(store, business_id, &format!("{sids}-{n}"), None).await?;
        let mut moment = || {
            (
                days[rng.usize(0..days.len())],
                times[rng.usize(0..times.len())],
            )
        };
        let (first, second) = (moment(), moment());
        let Some(id) = attempted(store, call.clone(), confirm(first)).await? else {
            continue;
        };
        if rng.u32(0..10) < 4 && first != second {
            attempted(store, call.clone(), confirm(second)).await?;
        }
        if rng.u32(0..10) < 2 {
            attempted(store, call, What::GiveUp(id)).await?;
        }
    }
    Ok(())
}

/// Says what it is about to do, does it, says what it was told. Returns the appointment that stands because of it.
async fn attempted(
    store: &SqlStore,
    call: Call,
    what: What,
) -> anyhow::Result<Option<AppointmentId>> {
    tell(&Said::Attempting(Attempt {
        call: call.clone(),
        what,
    }))?;
    let (answer, stands) = match what {
        What::Confirm { moment, new_id } => {
            let order = call.order(moment, new_id);
            booked(&call, store.create_appointment_from_realtime(&order).await)
        }
        What::GiveUp(id) => {
            let origin = Origin {
                actor: Actor::Caller,
                call_sid: Some(call.sid.clone()),
                at: NOW,
            };
            let told = store
                .cancel_appointment(call.business_id, id, &origin)
                .await;
            (given_up(&call, told), None)
        }
    };
    let call_sid = call.sid;
    tell(&Said::Told { call_sid, answer })?;
    Ok(stands)
}

fn booked(call: &Call, told: Result<BookingAnswer, StoreError>) -> (Answer, Option<AppointmentId>) {
    match told {
        Ok(BookingAnswer::Created(to)) => (changed(call, None, Some(to)), Some(to.appointment_id)),
        Ok(BookingAnswer::Moved { from, to }) => {
            (changed(call, Some(from), Some(to)), Some(to.appointment_id))
        }
        Ok(BookingAnswer::AlreadyHeld {
            booking,
            in_this_call,
        }) => {
            let answer = Answer::Held {
                appointment_id: booking.appointment_id,
                moment: (booking.date, booking.time),
                in_this_call,
            };
            (answer, Some(booking.appointment_id))
        }
        Ok(BookingAnswer::Refused(refusal)) => (Answer::Refused(refusal.as_str().to_owned()), None),
        Ok(BookingAnswer::TooMany) => (Answer::Refused("too many".to_owned()), None),
        Ok(BookingAnswer::UnknownBusiness) => (Answer::Refused("unknown".to_owned()), None),
        Err(error) => (Answer::Failed(described(&error)), None),
    }
}

fn given_up(call: &Call, told: Result<CancelAnswer, StoreError>) -> Answer {
    match told {
        Ok(CancelAnswer::Cancelled(from)) => changed(call, Some(from), None),
        Ok(CancelAnswer::AlreadyCancelled(booking)) => {
            Answer::GivenUpBefore(booking.appointment_id)
        }
        Ok(CancelAnswer::Unknown) => Answer::Refused("unknown".to_owned()),
        Err(error) => Answer::Failed(described(&error)),
    }
}

fn changed(call: &Call, from: Option<Booking>, to: Option<Booking>) -> Answer {
    let Some(either) = to.or(from) else {
        return Answer::Failed("a change of nothing".to_owned());
    };
    let moment = |booking: Booking| (booking.date, booking.time);
    Answer::Changed(Change {
        appointment_id: either.appointment_id,
        call_sid: Some(call.sid.clone()),
        from: from.map(moment),
        to: to.map(moment),
    })
}

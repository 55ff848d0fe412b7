//! What a bare "yes" would mean, and whether the caller has heard it.

use std::collections::VecDeque;

use time::Date;
use toran_domain::{
    AppointmentId, Detail, Outcome, Proposal as OnRecord, RequestedTime, TurnIndex, Understood,
    Wish,
};
use toran_hebrew as hebrew;
use toran_scheduling::Slot;

use super::{CallEngine, requests::Then};
use crate::{DeskOrder, Instant, Notice, Purpose};

/// After so many read-backs in a row that left the day or the hour out again, the request is left to the business.
const READ_BACKS_ENDURED: u8 = 2;
/// What was heard is kept apart by its instant for so many items: a turn that began earlier may still come.
const MAX_LATELY: usize = 4;

/// What a bare "yes" would mean.
#[derive(Debug, Default)]
pub(super) struct Proposal {
    /// The day and the hour on the table.
    pub(super) table: RequestedTime,
    /// What the next answer offers: on the table once the caller begins to hear it.
    pub(super) offer: Option<RequestedTime>,
    /// The day and the hour that the caller asked for last, in words of their own.
    named: RequestedTime,
    /// Whether the caller asked for an appointment that was not made yet.
    is_wanted: bool,
    heard: Heard,
    /// As it was put on record last.
    recorded: OnRecord,
    /// Read-backs in a row of what is on the table, after which the caller had still not heard it.
    read_backs: u8,
}

/// Which day and hour of the table the caller has heard, and when. Those of an earlier table stay until others are heard, and
/// agree with nothing.
#[derive(Debug, Default)]
struct Heard {
    earlier: RequestedTime,
    lately: VecDeque<(Instant, RequestedTime)>,
}

impl Heard {
    fn note(&mut self, now: Instant, named: RequestedTime) {
        if self.lately.len() >= MAX_LATELY
            && let Some((_, first)) = self.lately.pop_front()
        {
            self.earlier = and_also(self.earlier, first);
        }
        self.lately.push_back((now, named));
    }

    fn at(&self, then: Instant) -> RequestedTime {
        let lately = self.lately.iter().filter(|(at, _)| *at <= then);
        lately.fold(self.earlier, |heard, (_, named)| and_also(heard, *named))
    }
}

impl Proposal {
    /// What a call goes on from.
    pub(super) fn resumed(from: OnRecord) -> Self {
        Self {
            table: from.table,
            heard: Heard {
                earlier: from.heard,
                lately: VecDeque::new(),
            },
            recorded: from,
            ..Self::default()
        }
    }

    /// As another gateway would go on from it.
    pub(super) fn on_record(&self) -> OnRecord {
        let lately = self.heard.lately.iter();
        OnRecord {
            table: self.table,
            heard: lately.fold(self.heard.earlier, |heard, (_, named)| {
                and_also(heard, *named)
            }),
        }
    }

    /// What is to be put on record, if it changed.
    pub(super) fn changed(&mut self) -> Option<OnRecord> {
        let now = self.on_record();
        (std::mem::replace(&mut self.recorded, now) != now).then_some(now)
    }

    pub(super) const fn wants_booking(&self) -> bool {
        self.is_wanted
    }

    /// The caller said no: its hour is off the table, and what is said next is heard anew.
    pub(super) fn refuse(&mut self) {
        self.put(RequestedTime {
            time: None,
            ..self.table
        });
        self.offer = None;
        self.forget_heard();
    }

    /// It was made.
    pub(super) fn fulfil(&mut self) {
        self.is_wanted = false;
        self.forget_heard();
    }

    /// Puts a day and an hour on the table. What was read back in vain was another one.
    fn put(&mut self, table: RequestedTime) {
        if self.table != table {
            self.read_backs = 0;
        }
        self.table = table;
    }

    /// The caller begins to hear the answer that offers something.
    pub(super) fn begin_offer(&mut self) {
        if let Some(offer) = self.offer.take() {
            self.put(offer);
        }
    }

    /// What the next yes is for has to be heard anew.
    pub(super) fn forget_heard(&mut self) {
        self.heard = Heard::default();
    }

    /// Of the table, what these words name.
    fn named_in(&self, words: &str, today: Date) -> RequestedTime {
        let RequestedTime { date, time } = self.table;
        RequestedTime {
            date: date.filter(|date| hebrew::day_is_named(words, *date, today)),
            time: time.filter(|time| hebrew::hour_is_named(words, *time)),
        }
    }
}

impl CallEngine {
    /// The day on the business's calendar. (An hour that the clock jumps during a call moves midnight by that hour.)
    fn today(&self, now: Instant) -> Date {
        let elapsed = i64::try_from(now.0.0).unwrap_or(i64::MAX);
        let start = self.config.local_start;
        let local = start.checked_add(time::Duration::milliseconds(elapsed));
        local.unwrap_or(start).date()
    }

    /// The caller heard these words to their end.
    pub(super) fn note_heard(&mut self, now: Instant, words: &str) {
        let named = self.proposal.named_in(words, self.today(now));
        self.proposal.heard.note(now, named);
    }

    /// What the caller had heard of the table at an instant that is over: all that had been played to its end, and of what was
    /// under way the words of which it is sure.
    pub(super) fn heard_at(&self, then: Instant, now: Instant) -> RequestedTime {
        let today = self.today(now);
        let under_way = self.playout.words_heard_at(then, now);
        under_way
            .iter()
            .fold(self.proposal.heard.at(then), |heard, words| {
                and_also(heard, self.proposal.named_in(words, today))
            })
    }

    /// The caller said yes. It is booked only if they had heard the day and the hour that are on the table when they began
    /// to speak; else the model reads them back, and the next yes counts. A yes that itself asks for one more appointment is for
    /// none that was heard.
    pub(super) fn on_yes(
        &mut self,
        now: Instant,
        turn: TurnIndex,
        requested: RequestedTime,
        asks_for_one_more: bool,
    ) {
        let heard = self.turns.front_is(turn).map(|front| front.heard);
        let (Some(date), Some(time)) = (requested.date, requested.time) else {
            let missing = requested.missing();
            return self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
        };
        if requested != self.proposal.table {
            return self.look(now, turn, requested.into());
        }
        let was_heard = heard == Some(requested) && !asks_for_one_more;
        if was_heard || self.stands(requested) {
            self.proposal.read_backs = 0;
            let order = DeskOrder::Book {
                requested,
                one_more: self.one_more,
                named_by_caller: self.proposal.named == requested,
            };
            return self.order(now, turn, order);
        }
        self.proposal.read_backs = self.proposal.read_backs.saturating_add(1);
        if self.proposal.read_backs <= READ_BACKS_ENDURED {
            return self.reply(turn, Notice::ReadBack { date, time });
        }
        // The model does not read it back. The caller has said yes often enough: the business books it.
        self.proposal.read_backs = 0;
        self.turns.close_front();
        self.save_what_is_known(now, Then::SayUnavailable);
    }

    /// Whether an appointment of this call, or one that was found in it, is there for the person who is spoken of: the same yes
    /// again, however it was understood, is not for another one.
    fn stands(&self, requested: RequestedTime) -> bool {
        let mut bookings = self.ledger.bookings().iter();
        !self.one_more
            && bookings.any(|booking| {
                let is_there =
                    (Some(booking.date), Some(booking.time)) == (requested.date, requested.time);
                is_there && self.is_for_this_person(booking.appointment_id)
            })
    }

    /// Whether nobody else was named since an appointment was made.
    fn is_for_this_person(&self, appointment_id: AppointmentId) -> bool {
        let mut made = self.made.iter();
        let made = made.find(|made| made.appointment_id == appointment_id);
        let made_for = made.and_then(|made| made.name.as_ref());
        made_for
            .zip(self.caller_name.as_ref())
            .is_none_or(|(one, other)| hebrew::same_name(one.expose(), other.expose()))
    }

    /// A question: the desk looks. What was named and not understood is asked for first, and is off the table: a yes to it
    /// would mean what nobody said.
    pub(super) fn on_question(&mut self, now: Instant, turn: TurnIndex, understood: &Understood) {
        let requested = understood.request.requested();
        let missing = understood.unclear.clone();
        self.proposal.is_wanted = true;
        let wish = Wish {
            when: requested,
            part_of_day: understood.part_of_day,
            not_on: understood.not_on,
        };
        if missing.is_empty() {
            self.proposal.named = requested;
            return self.look(now, turn, wish);
        }
        if missing == [Detail::Name] {
            let one_more = self.one_more;
            self.nameless = Some(DeskOrder::Look { wish, one_more });
        }
        let table = self.proposal.table;
        let is_clear = |detail| !missing.contains(&detail);
        self.proposal.put(RequestedTime {
            date: requested
                .date
                .or(table.date)
                .filter(|_| is_clear(Detail::Date)),
            time: requested
                .time
                .or(table.time)
                .filter(|_| is_clear(Detail::Time)),
        });
        self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
    }

    fn look(&mut self, now: Instant, turn: TurnIndex, wish: Wish) {
        let one_more = self.one_more;
        self.order(now, turn, DeskOrder::Look { wish, one_more });
    }

    /// The turn is answered by a server event alone.
    pub(super) fn reply(&mut self, turn: TurnIndex, notice: Notice) {
        if self.turns.front_is(turn).is_some() {
            self.turns.close_front();
        }
        self.tell(notice);
        self.responses.want(Purpose::Answer);
    }

    /// What an outcome puts on the table: at once, what the caller named; once it is heard, what the agent offers. An offer of
    /// one more appointment, or of another person's at the very time of one that stands, is heard anew: its day and hour may
    /// have been said of the other one.
    pub(super) fn put_on_table(&mut self, outcome: &Outcome, for_one_more: bool) {
        let Discussed { asked, offered } = Discussed::of(outcome);
        let is_offer = matches!(outcome, Outcome::FreeSlots { .. });
        let mut bookings = self.ledger.bookings().iter();
        let at_a_booking = bookings.any(|booking| {
            asked.is_some_and(|asked| {
                (Some(booking.date), Some(booking.time)) == (asked.date, asked.time)
            })
        });
        if is_offer && (for_one_more || at_a_booking) {
            self.proposal.forget_heard();
        }
        self.proposal.put(asked.unwrap_or(self.proposal.table));
        self.proposal.offer = offered;
    }

    /// The desk could do nothing but note what was ordered. It stays on the table, so that the caller need not say it again;
    /// but another day does not take the old day's hour.
    pub(super) fn keep_on_table(&mut self, ordered: RequestedTime) {
        let RequestedTime { date, time } = ordered;
        let table = self.proposal.table;
        let another_day = date.is_some() && date != table.date;
        self.proposal.put(if another_day {
            ordered
        } else {
            RequestedTime {
                date: table.date,
                time: time.or(table.time),
            }
        });
    }
}

/// What was heard before, and what is heard now in its place.
fn and_also(before: RequestedTime, now: RequestedTime) -> RequestedTime {
    RequestedTime {
        date: now.date.or(before.date),
        time: now.time.or(before.time),
    }
}

/// What a bare "yes" means: at once, what the caller named; once it is heard, what the agent offers.
struct Discussed {
    asked: Option<RequestedTime>,
    offered: Option<RequestedTime>,
}

impl Discussed {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::AppointmentCreated(booking)
            | Outcome::AppointmentHeld(booking)
            | Outcome::AppointmentMoved { to: booking, .. } => Self {
                asked: Some(RequestedTime {
                    date: Some(booking.date),
                    time: Some(booking.time),
                }),
                offered: None,
            },
            Outcome::FreeSlots { requested, slots } => Self {
                asked: Some(*requested),
                offered: Some(offer(slots, *requested)),
            },
            Outcome::SlotUnavailable {
                requested,
                alternatives,
                ..
            } => Self {
                asked: Some(RequestedTime {
                    time: None,
                    ..*requested
                }),
                offered: Some(offer(alternatives, *requested)),
            },
            Outcome::MissingDetails { .. }
            | Outcome::BookingUnavailable { .. }
            | Outcome::OwnAppointments { .. } => Self {
                asked: None,
                offered: None,
            },
        }
    }
}

/// One slot can be agreed to by "yes"; of several, only what they share.
fn offer(slots: &[Slot], requested: RequestedTime) -> RequestedTime {
    let (date, time) = match slots {
        [only] => (Some(only.date()), Some(only.time())),
        [first, rest @ ..] if rest.iter().all(|slot| slot.date() == first.date()) => {
            (Some(first.date()), None)
        }
        _ => (requested.date, None),
    };
    RequestedTime { date, time }
}

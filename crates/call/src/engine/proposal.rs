//! What a bare "yes" would mean, and whether the caller has heard it.

use time::Date;
use toran_audio::Millis;
use toran_domain::{Detail, Outcome, RequestedTime, Speaker, TurnIndex, Wish};
use toran_hebrew as hebrew;
use toran_scheduling::Slot;

use super::{CallEngine, requests::Then};
use crate::{DeskOrder, Instant, Notice, Purpose, Understood};

/// After so many read-backs in a row that left the day or the hour out again, the request is left to the business.
const READ_BACKS_ENDURED: u8 = 2;

impl CallEngine {
    /// The day on the business's calendar. (An hour that the clock jumps during a call moves midnight by that hour.)
    pub(super) fn today(&self, now: Instant) -> Date {
        let elapsed = i64::try_from(now.0.0).unwrap_or(i64::MAX);
        let start = self.config.local_start;
        let local = start.checked_add(time::Duration::milliseconds(elapsed));
        local.unwrap_or(start).date()
    }

    /// Of the table, what these words of the agent name.
    fn named_of_table(&self, words: &str, today: Date) -> RequestedTime {
        let RequestedTime { date, time } = self.table;
        RequestedTime {
            date: date.filter(|date| hebrew::day_is_named(words, *date, today)),
            time: time.filter(|time| hebrew::hour_is_named(words, *time)),
        }
    }

    /// The caller heard these words.
    pub(super) fn note_heard(&mut self, now: Instant, words: &str) {
        let named = self.named_of_table(words, self.today(now));
        self.heard = and_also(self.heard, named);
    }

    /// What the caller had heard of the table so long before now: all that was played before, and of what is under way the
    /// words of which it is sure.
    pub(super) fn heard_before(&self, now: Instant, ago: Millis) -> RequestedTime {
        let under_way = self.playout.words_heard_before(now, ago);
        let today = self.today(now);
        under_way.iter().fold(self.heard, |heard, words| {
            and_also(heard, self.named_of_table(words, today))
        })
    }

    /// A call that goes on: what the caller heard before it was interrupted counts.
    pub(super) fn remember_what_was_heard(&mut self, now: Instant) {
        let lines: Vec<String> = self.said.of(Speaker::Agent).map(str::to_owned).collect();
        for words in &lines {
            self.note_heard(now, words);
        }
    }

    /// The caller said yes. It is booked only if they had heard the day and the hour that are on the table when they began
    /// to speak; else the model reads them back, and the next yes counts.
    pub(super) fn on_yes(&mut self, now: Instant, turn: TurnIndex, requested: RequestedTime) {
        let heard = self.turns.front_is(turn).map(|front| front.heard);
        let (Some(date), Some(time)) = (requested.date, requested.time) else {
            let missing = requested.missing();
            return self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
        };
        if requested != self.table {
            let wish = Wish::from(requested);
            return self.look(now, turn, wish);
        }
        if heard == Some(requested) || self.stands(requested) {
            self.read_backs = 0;
            let order = DeskOrder::Book {
                requested,
                one_more: self.one_more,
            };
            return self.order(now, turn, order);
        }
        self.read_backs = self.read_backs.saturating_add(1);
        if self.read_backs <= READ_BACKS_ENDURED {
            return self.reply(turn, Notice::ReadBack { date, time });
        }
        // The model does not read it back. The caller has said yes often enough: the business books it.
        self.read_backs = 0;
        self.turns.close_front();
        self.save_what_is_known(now, Then::SayUnavailable);
    }

    /// Whether an appointment of this call, or one that was found in it, is there: the same yes again, however it was
    /// understood, is not for another one.
    fn stands(&self, requested: RequestedTime) -> bool {
        let mut bookings = self.ledger.bookings().iter();
        !self.one_more
            && bookings.any(|booking| {
                (Some(booking.date), Some(booking.time)) == (requested.date, requested.time)
            })
    }

    /// A question: the desk looks. What was named and not understood is asked for first, and is off the table: a yes to it
    /// would mean what nobody said.
    pub(super) fn on_question(&mut self, now: Instant, turn: TurnIndex, understood: &Understood) {
        let requested = understood.request.requested();
        let mut missing = understood.unclear.clone();
        missing.retain(|detail| *detail != Detail::Name);
        if !missing.is_empty() {
            self.table = RequestedTime {
                date: requested.date.or(self.table.date),
                time: requested.time.or(self.table.time),
            };
            if missing.contains(&Detail::Date) {
                self.table.date = None;
            }
            if missing.contains(&Detail::Time) {
                self.table.time = None;
            }
            return self.reply(turn, Notice::Outcome(Outcome::MissingDetails { missing }));
        }
        let wish = Wish {
            when: requested,
            part_of_day: understood.part_of_day,
            not_on: understood.not_on,
        };
        self.look(now, turn, wish);
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
    /// one more appointment is heard anew, although its day and hour may have been said of the first one.
    pub(super) fn put_on_table(&mut self, outcome: &Outcome, for_one_more: bool) {
        let Discussed { asked, offered } = Discussed::of(outcome);
        if for_one_more {
            self.heard = RequestedTime::default();
        }
        self.table = asked.unwrap_or(self.table);
        self.offer = offered;
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

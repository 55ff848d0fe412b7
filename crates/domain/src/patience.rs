//! Every wait that stands on another wait, in one table.
//!
//! Who waits for somebody who waits must wait longer, or the inner answer comes to nobody. So these lengths stand together,
//! the crates that wait take them from here, and the order is a test. A wait on which nothing stands is where it is used.
//!
//! ```text
//! DATABASE   LOCK < STATEMENT < TRANSACTION < DESK < LAST_ORDERS ┐
//!            SAVE_IN_DATABASE < SAVE < DESK                      ├ < DRIVER_GRACE
//!                                       PHONE_CLOSE, LAST_RECORDS┘
//! PARSER     PARSER_CONNECT < PARSER_ATTEMPT < PARSER_TOTAL < PARSER
//! SESSION    SESSION_LATE < SESSION_OPEN < OUTAGE; SESSION_SILENCE < OUTAGE
//! WEBHOOK    WEBHOOK_REQUEST < ROUNDS_END; WEBHOOK_REQUEST < WEBHOOK_LEASE
//! STREAM     STREAM_START < STREAM_TOKEN
//! SEEN       SEEN_EVERY < HANDED_OVER < ABANDONED
//! DRAIN      PHONE_CLOSE + LAST_ORDERS < CLOSE
//! ```

use std::time::Duration;

/// For a connection to the database, where all of them are in use.
pub const CONNECTION: Duration = Duration::from_secs(3);
/// For another transaction's lock.
pub const LOCK: Duration = Duration::from_secs(3);
/// For one statement, its locks included.
pub const STATEMENT: Duration = Duration::from_secs(4);
/// For one question to the database, with all the attempts that it takes.
pub const TRANSACTION: Duration = Duration::from_secs(5);
/// For the database to take a request that the spool's disk cannot take.
pub const SAVE_IN_DATABASE: Duration = Duration::from_secs(2);
/// For a request to be saved: by the spool, or in the database.
pub const SAVE: Duration = Duration::from_secs(4);
/// For the booking desk: one question to the database, and time for the spool to keep the request if that has no answer.
pub const DESK: Duration = Duration::from_secs(7);
/// For what is at the desk when the call ends.
pub const LAST_ORDERS: Duration = Duration::from_secs(8);
/// For both sides to close a phone's stream.
pub const PHONE_CLOSE: Duration = Duration::from_secs(3);
/// For a call's records to be stored after its end.
pub const LAST_RECORDS: Duration = Duration::from_mins(1);
/// From the provider's word that a call is over to its end by whoever learnt of it, if its driver has not ended it.
pub const DRIVER_GRACE: Duration = Duration::from_secs(80);

/// For the parser's connection.
pub const PARSER_CONNECT: Duration = Duration::from_secs(1);
/// For one attempt at the parser's answer.
pub const PARSER_ATTEMPT: Duration = Duration::from_secs(3);
/// For all attempts at it, and the pauses between them.
pub const PARSER_TOTAL: Duration = Duration::from_secs(4);
/// For the parser, as the call waits for it.
pub const PARSER: Duration = Duration::from_secs(6);

/// For the model's session, before the caller hears an excuse. The attempt goes on.
pub const SESSION_LATE: Duration = Duration::from_secs(5);
/// For one attempt to open a session: until `session.created`. Then it is given up, and another one made.
pub const SESSION_OPEN: Duration = Duration::from_secs(10);
/// For an open session to take its configuration.
pub const SESSION_CONFIGURED: Duration = Duration::from_secs(5);
/// For a sign of life of the model's service.
pub const SESSION_SILENCE: Duration = Duration::from_secs(15);
/// For a session that works, before the call is given up.
pub const OUTAGE: Duration = Duration::from_secs(20);

/// For one delivery to a webhook, connection and answer included.
pub const WEBHOOK_REQUEST: Duration = Duration::from_secs(15);
/// How long an event belongs to the gateway that delivers it.
pub const WEBHOOK_LEASE: Duration = Duration::from_mins(1);

/// For the first message of a phone's stream.
pub const STREAM_START: Duration = Duration::from_secs(10);
/// How long a stream's token is good.
pub const STREAM_TOKEN: Duration = Duration::from_mins(2);

/// How often the database is told that a call is live.
pub const SEEN_EVERY: Duration = Duration::from_mins(1);
/// Without an answer of the database for so long, a call is handed over.
pub const HANDED_OVER: Duration = Duration::from_mins(45);
/// A call of which the database has heard nothing for so long is taken for abandoned.
pub const ABANDONED: Duration = Duration::from_hours(1);

/// For live calls to end by themselves when the process is told to stop.
pub const DRAIN: Duration = Duration::from_secs(30);
/// For those that did not to be closed.
pub const CLOSE: Duration = Duration::from_secs(20);
/// For what the rounds have begun, a delivery above all.
pub const ROUNDS_END: Duration = Duration::from_secs(18);

#[cfg(test)]
mod tests {
    use super::*;

    /// Each wait with the next one that stands on it. What is equal is wrong too: which of the two ends first is chance.
    #[track_caller]
    fn rises(ladder: &[Duration]) {
        assert!(ladder.is_sorted_by(|one, next| one < next), "{ladder:?}");
    }

    #[test]
    fn who_waits_for_somebody_who_waits_waits_longer() {
        rises(&[LOCK, STATEMENT, TRANSACTION, DESK, LAST_ORDERS]);
        rises(&[CONNECTION, TRANSACTION]);
        rises(&[SAVE_IN_DATABASE, SAVE, DESK]);
        rises(&[PARSER_CONNECT, PARSER_ATTEMPT, PARSER_TOTAL, PARSER]);
        rises(&[SESSION_LATE, SESSION_OPEN, OUTAGE]);
        rises(&[SESSION_CONFIGURED, SESSION_OPEN]);
        rises(&[SESSION_SILENCE, OUTAGE]);
        rises(&[WEBHOOK_REQUEST, ROUNDS_END]);
        rises(&[WEBHOOK_REQUEST + TRANSACTION * 2, WEBHOOK_LEASE]);
        rises(&[STREAM_START, STREAM_TOKEN]);
        rises(&[SEEN_EVERY, HANDED_OVER, ABANDONED]);
    }

    #[test]
    fn the_end_of_a_call_has_the_time_that_its_parts_take() {
        let driver = PHONE_CLOSE + LAST_ORDERS + LAST_RECORDS;
        rises(&[driver, DRIVER_GRACE]);
        rises(&[PHONE_CLOSE + LAST_ORDERS, CLOSE]);
    }

    #[test]
    fn the_desk_has_time_for_the_database_and_then_for_the_spool() {
        rises(&[TRANSACTION + Duration::from_secs(1), DESK]);
    }
}

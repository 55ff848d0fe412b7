//! How much of the audio that was sent to the phone has been heard.

use crate::Millis;

/// The phone's playout as seen from here: it plays what it is sent, in order, in real time.
///
/// Positions count the milliseconds sent since the last [`clear`](Self::clear). A mark that comes back is
/// proof; between proofs the clock estimates, and never beyond what was sent.
#[derive(Debug, Clone, Default)]
pub struct PlayoutClock {
    sent: Millis,
    /// The latest proof: at this instant, at least this much had been heard.
    proven: Option<(Millis, Millis)>,
    /// When everything sent so far will have been played, if the line has no delay.
    drained_at: Millis,
}

impl PlayoutClock {
    /// Audio of this length left for the phone.
    pub fn sent(&mut self, now: Millis, length: Millis) {
        let begins = self.drained_at.max(now);
        if begins == now {
            // Playing starts afresh here: what was sent before has been heard.
            self.proven = Some((now, self.sent));
        }
        self.sent += length;
        self.drained_at = begins + length;
    }

    /// The mark behind the first `position` milliseconds came back.
    pub fn proved(&mut self, now: Millis, position: Millis) {
        let position = position.min(self.sent);
        if self.proven.is_none_or(|(_, proven)| position >= proven) {
            self.proven = Some((now, position));
            self.drained_at = now + (self.sent - position);
        }
    }

    /// How much has been heard by now.
    pub fn heard(&self, now: Millis) -> Millis {
        let Some((at, position)) = self.proven else {
            return Millis::ZERO;
        };
        (position + (now - at)).min(self.sent)
    }

    /// Where the next sound will be.
    pub const fn position(&self) -> Millis {
        self.sent
    }

    /// How much is still waiting in the phone's buffer.
    pub fn buffered(&self, now: Millis) -> Millis {
        self.drained_at - now
    }

    /// When the phone's buffer runs dry.
    pub const fn drained_at(&self) -> Millis {
        self.drained_at
    }

    /// The phone's buffer was emptied. Positions start again at zero.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_never_passes_what_was_sent() {
        let mut clock = PlayoutClock::default();
        clock.sent(Millis(1_000), Millis(100));
        assert_eq!(clock.heard(Millis(1_040)), Millis(40));
        assert_eq!(clock.heard(Millis(9_000)), Millis(100));
    }

    #[test]
    fn a_mark_corrects_the_estimate_for_the_lines_delay() {
        let mut clock = PlayoutClock::default();
        clock.sent(Millis(0), Millis(100));
        clock.sent(Millis(0), Millis(100));
        assert_eq!(clock.buffered(Millis(150)), Millis(50));
        clock.proved(Millis(180), Millis(100)); // it took 80 ms longer than estimated
        assert_eq!(clock.heard(Millis(200)), Millis(120));
        assert_eq!(clock.buffered(Millis(200)), Millis(80));
    }

    #[test]
    fn a_pause_between_answers_is_not_heard_twice() {
        let mut clock = PlayoutClock::default();
        clock.sent(Millis(0), Millis(100));
        clock.sent(Millis(5_000), Millis(100));
        assert_eq!(clock.heard(Millis(5_030)), Millis(130));
    }
}

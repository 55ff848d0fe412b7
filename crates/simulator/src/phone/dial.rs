//! A transfer: the provider calls somebody else for the gateway, and tells it what came of it.

use std::time::Duration;

use super::{
    call::{CallEvent, EndedBy, Ongoing},
    twiml,
};

/// What comes of dialling somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialOutcome {
    /// Somebody answers and speaks with the caller.
    Answered {
        /// For how long.
        for_ms: u64,
    },
    /// The line is busy.
    Busy,
    /// It rings until the gateway's own patience ends.
    NoAnswer,
    /// There is no such number, or no way to it.
    Failed,
}

impl DialOutcome {
    /// The provider's word for it.
    const fn status(self) -> &'static str {
        match self {
            Self::Answered { .. } => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
        }
    }

    /// How long the caller is away.
    const fn takes(self, timeout: Duration) -> Duration {
        match self {
            Self::Answered { for_ms } => Duration::from_millis(for_ms),
            Self::Busy | Self::Failed => Duration::from_millis(500),
            Self::NoAnswer => timeout,
        }
    }
}

impl Ongoing {
    /// Calls the number and waits for what comes of it. `Some`: the call ended meanwhile.
    pub(super) async fn dial(&mut self, dial: &twiml::Dial) -> Option<EndedBy> {
        let outcome = self.desk.call.dial;
        self.dialled.push(dial.number.clone());
        self.desk.tell(CallEvent::Dialled {
            number: dial.number.clone(),
            outcome,
        });
        if !is_e164(&dial.number) {
            let complaint = format!("the TwiML dials {:?}, which is no number", dial.number);
            self.tally.violations.push(complaint);
        }
        self.pass(outcome.takes(dial.timeout)).await
    }

    /// What the action address is told, beside what every webhook is told.
    pub(super) fn dial_result(&self) -> Vec<(String, String)> {
        let outcome = self.desk.call.dial;
        let nth = self.dialled.len() as u64;
        let seed = self.desk.call.seed.wrapping_add(nth).rotate_left(32);
        let leg = format!("CA{:032x}", fastrand::Rng::with_seed(seed).u128(..));
        let mut fields = vec![
            ("DialCallSid", leg),
            ("DialCallStatus", outcome.status().to_owned()),
        ];
        if let DialOutcome::Answered { for_ms } = outcome {
            fields.push(("DialCallDuration", for_ms.div_ceil(1_000).to_string()));
            fields.push(("DialBridged", "true".to_owned()));
        } else {
            fields.push(("DialBridged", "false".to_owned()));
        }
        let owned = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        owned.collect()
    }
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

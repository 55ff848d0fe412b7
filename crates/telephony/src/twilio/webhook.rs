//! What Twilio's webhooks say: a call that rings, and how calls go on.
//!
//! Read them only after their signature was verified.

use toran_domain::{CallSid, PhoneNumber};

use super::caller::caller_of;

/// Why a webhook was refused, although Twilio signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A field is missing, or not what Twilio documents.
    #[error(
        "the webhook's field `{field}` is missing or unusable: check which webhook points here"
    )]
    Field {
        /// Which.
        field: &'static str,
    },
}

/// A call that asks what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingCall {
    /// The call.
    pub call_sid: CallSid,
    /// The number that was called: it names the business.
    pub called: PhoneNumber,
    /// Who calls; `None` if the number is withheld, in whatever words, or if the call comes from no phone line.
    pub caller: Option<PhoneNumber>,
}

impl IncomingCall {
    /// Reads the form of the voice webhook. Unknown fields are ignored: Twilio adds them without notice.
    pub fn from_form(form: &[(String, String)]) -> Result<Self, WebhookError> {
        Ok(Self {
            call_sid: call_sid(form)?,
            called: field(form, "To")?
                .parse()
                .map_err(|_| WebhookError::Field { field: "To" })?,
            caller: field(form, "From").ok().and_then(caller_of),
        })
    }
}

/// How a call goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// The call.
    pub call_sid: CallSid,
    /// Where it stands.
    pub status: CallStatus,
    /// The update's place among the call's updates, from 0: they may arrive out of order.
    pub sequence: u64,
}

impl StatusUpdate {
    /// Reads the form of a status callback.
    pub fn from_form(form: &[(String, String)]) -> Result<Self, WebhookError> {
        let status =
            CallStatus::from_wire(field(form, "CallStatus")?).ok_or(WebhookError::Field {
                field: "CallStatus",
            })?;
        let sequence = field(form, "SequenceNumber")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        Ok(Self {
            call_sid: call_sid(form)?,
            status,
            sequence,
        })
    }
}

/// How the transfer of a call to a person went: what the action address of a [`Dial`](super::Dial) is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialResult {
    /// The call that was to be transferred; it goes on.
    pub call_sid: CallSid,
    /// What came of it.
    pub status: DialStatus,
}

impl DialResult {
    /// Reads the form that the action address is posted. A status that is missing or new is one of a call that nobody took: the
    /// caller comes back, which is never wrong.
    pub fn from_form(form: &[(String, String)]) -> Result<Self, WebhookError> {
        let status = field(form, "DialCallStatus").ok();
        let status = status.and_then(DialStatus::from_wire);
        Ok(Self {
            call_sid: call_sid(form)?,
            status: status.unwrap_or(DialStatus::Failed),
        })
    }

    /// Whether the caller and the person spoke.
    pub const fn answered(&self) -> bool {
        self.status.answered()
    }
}

/// What came of dialling somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DialStatus {
    /// Answered, and the two have finished.
    Completed,
    /// Answered, by a party that goes on without this call.
    Answered,
    /// The line was busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// The number could not be reached.
    Failed,
    /// The caller hung up before anybody answered.
    Canceled,
}

impl DialStatus {
    /// Whether somebody answered.
    pub const fn answered(self) -> bool {
        matches!(self, Self::Completed | Self::Answered)
    }

    /// The word on the wire, for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Answered => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    fn from_wire(word: &str) -> Option<Self> {
        [
            Self::Completed,
            Self::Answered,
            Self::Busy,
            Self::NoAnswer,
            Self::Failed,
            Self::Canceled,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallStatus {
    /// Waiting to be dialled.
    Queued,
    /// Being dialled.
    Initiated,
    /// Ringing.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// Ended: the line was busy.
    Busy,
    /// Ended: could not be carried.
    Failed,
    /// Ended: nobody answered.
    NoAnswer,
    /// Ended before it was answered.
    Canceled,
}

impl CallStatus {
    /// Whether the call is over.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled
        )
    }

    fn from_wire(word: &str) -> Option<Self> {
        Some(match word {
            "queued" => Self::Queued,
            "initiated" => Self::Initiated,
            "ringing" => Self::Ringing,
            "in-progress" => Self::InProgress,
            "completed" => Self::Completed,
            "busy" => Self::Busy,
            "failed" => Self::Failed,
            "no-answer" => Self::NoAnswer,
            "canceled" => Self::Canceled,
            _ => return None,
        })
    }
}

fn call_sid(form: &[(String, String)]) -> Result<CallSid, WebhookError> {
    field(form, "CallSid")?
        .parse()
        .map_err(|_| WebhookError::Field { field: "CallSid" })
}

fn field<'a>(form: &'a [(String, String)], name: &'static str) -> Result<&'a str, WebhookError> {
    form.iter()
        .find_map(|(found, value)| (found == name).then_some(value.as_str()))
        .ok_or(WebhookError::Field { field: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_withheld_number_is_no_number() {
        for from in ["anonymous", "Restricted", "", "+266696687", "sip:alice@x"] {
            let form = form(&[
                ("CallSid", "CA1"),
                ("To", "+97231234567"),
                ("From", from),
                ("New", "x"),
            ]);
            assert_eq!(
                IncomingCall::from_form(&form).unwrap().caller,
                None,
                "{from:?}"
            );
        }
    }

    #[test]
    fn a_call_without_its_number_is_refused() {
        let refused = IncomingCall::from_form(&form(&[("CallSid", "CA1")]));
        assert_eq!(refused, Err(WebhookError::Field { field: "To" }));
    }

    #[track_caller]
    fn check_dial(status: &str, answered: bool) {
        let form = form(&[("CallSid", "CA1"), ("DialCallStatus", status)]);
        let result = DialResult::from_form(&form).unwrap();
        assert_eq!(result.answered(), answered, "{status:?}");
    }

    #[test]
    fn a_transfer_says_how_it_went() {
        for answered in ["completed", "answered"] {
            check_dial(answered, true);
        }
        // What is new or missing is none that anybody answered: the caller comes back.
        for not in [
            "busy",
            "no-answer",
            "failed",
            "canceled",
            "",
            "COMPLETED",
            "beamed",
        ] {
            check_dial(not, false);
        }
        let nothing = DialResult::from_form(&form(&[("CallSid", "CA1")]));
        assert_eq!(nothing.map(|result| result.answered()), Ok(false));
        let nobody = DialResult::from_form(&form(&[("DialCallStatus", "busy")]));
        assert_eq!(nobody, Err(WebhookError::Field { field: "CallSid" }));
    }

    #[test]
    fn an_update_has_its_place() {
        let form = form(&[
            ("CallSid", "CA1"),
            ("CallStatus", "no-answer"),
            ("SequenceNumber", "3"),
        ]);
        let update = StatusUpdate::from_form(&form).unwrap();
        assert_eq!((update.status, update.sequence), (CallStatus::NoAnswer, 3));
        assert!(update.status.is_over());
    }
}

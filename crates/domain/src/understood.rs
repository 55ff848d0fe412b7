//! What a parser understood of a caller's turn.

use time::Date;

use crate::{Action, AppointmentRequest, Detail, Intent, PartOfDay, PhoneNumber, RequestedTime};

/// What the parser understood of one turn of the caller: its contract's clean result, and what the caller said besides.
///
/// ```
/// use toran_domain::{AppointmentRequest, Intent, Understood};
///
/// let nothing = Understood::from(AppointmentRequest::NONE);
/// assert_eq!(nothing.intent, Intent::Other);
/// assert!(nothing.unclear.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The clean result.
    pub request: AppointmentRequest,
    /// What the caller is about.
    pub intent: Intent,
    /// A part of the day that the caller said without an hour ("מחר בבוקר").
    pub part_of_day: Option<PartOfDay>,
    /// A day that does not suit ("לא ביום ראשון").
    pub not_on: Option<Date>,
    /// The day and hour that the caller said of an appointment that stands, where the request names no new one.
    pub about: RequestedTime,
    /// Whether the caller asked for one more appointment, beside one that was made before. Where nothing is only asked,
    /// their own words must say so.
    pub one_more: bool,
    /// A phone number that the caller gave in words.
    pub phone: Option<PhoneNumber>,
    /// The details that were named and are left out of the result, because the caller did not say them or because there is
    /// no such day or hour. The caller is asked for them; they are never guessed, and never filled from the table.
    pub unclear: Vec<Detail>,
}

impl Understood {
    /// Whether it says who is calling and nothing besides: then it is the name of what this call booked before. A name beside
    /// another time, or one more appointment, may be somebody else's.
    pub const fn says_a_name_alone(&self) -> bool {
        self.request.name.is_some()
            && matches!(self.request.action, Action::None)
            && !self.one_more
            && matches!(self.intent, Intent::Book | Intent::Other)
    }
}

impl From<AppointmentRequest> for Understood {
    /// A result that says nothing besides.
    fn from(request: AppointmentRequest) -> Self {
        Self {
            intent: match request.action {
                Action::Ask | Action::Confirm => Intent::Book,
                Action::None => Intent::Other,
            },
            request,
            part_of_day: None,
            not_on: None,
            about: RequestedTime::default(),
            one_more: false,
            phone: None,
            unclear: Vec::new(),
        }
    }
}

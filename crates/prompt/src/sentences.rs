//! The sentences that are part of the product, letter for letter.
//!
//! They are named here once, so that the prompt, the server events and every test cite the same letters.

use toran_domain::AgentGender;

/// Opens the line of hours; the business's true hours follow.
pub const HOURS: &str = "אלה שעות הפעילות של העסק:";
/// Opens the line of days; the business's true days follow.
pub const DAYS: &str = "אלה ימי הפעילות:";
/// Binds the model to those hours and days.
pub const ONLY_WITHIN_RANGE: &str = "תן שעות פנויות רק מתוך הטווח הזה.";
/// Forbids claims of what the server did not do.
pub const NO_FALSE_CLAIMS: &str = "אסור לך לומר \"קבעתי\", \"שריינתי\", \"שלחתי פרטים\", \"שלחתי ווטסאפ\", אלא אם השרת באמת ביצע את הפעולה.";
/// What to do in doubt; it holds [`RECORDING_REQUEST`].
pub const IF_UNSURE_OF_BOOKING: &str =
    "אם אינך בטוח אם נוצר תור — תגיד: \"אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.\"";
/// What is said when nothing may be claimed.
pub const RECORDING_REQUEST: &str = "אני רושם את הבקשה, ופרטים מדויקים יישלחו בהמשך.";
/// The same, said by a woman.
pub const RECORDING_REQUEST_FEMALE: &str = "אני רושמת את הבקשה, ופרטים מדויקים יישלחו בהמשך.";
/// What is said in its place when the request could not be saved anywhere: nothing is promised.
pub const CALL_AGAIN: &str = "לא הצלחתי לרשום את הבקשה. אפשר להתקשר שוב בעוד כמה דקות.";
/// What is said before a call goes to a person.
pub const TRANSFERRING: &str = "רגע אחד בבקשה, השיחה מועברת.";
/// What is said when the person did not take it.
pub const NOBODY_ANSWERED: &str = "לא היה מענה כרגע.";
/// What to say of an appointment that stands.
pub const ON_APPOINTMENT_CREATED: &str =
    "אם מתקבל server_event='appointment_created': תגיד בקצרה: \"קבעתי לך פגישה בתאריך X בשעה Y.\"";
/// Forbids the claim of a message during a call.
pub const NEVER_SAY_SENT: &str = "בזמן שיחת טלפון אל תגיד \"שלחתי ווטסאפ\".";
/// The fact behind it.
pub const NO_MESSAGES_DURING_CALL: &str = "בזמן שיחת טלפון לא נשלחות הודעות.";
/// What to do when the caller was not understood.
pub const IF_UNSURE_OF_CALLER: &str =
    "אם אינך בטוח במה שהלקוח אמר: אל תענה תשובה אחרת. בקש הבהרה במשפט קצר.";

/// [`RECORDING_REQUEST`] as the agent says it of itself.
pub const fn recording_request(gender: AgentGender) -> &'static str {
    match gender {
        AgentGender::Female => RECORDING_REQUEST_FEMALE,
        AgentGender::Male => RECORDING_REQUEST,
    }
}

//! What is true in a call, and the guard that holds the agent's speech until it is true.
//!
//! The [`Ledger`] holds what the server really did. The [`SpeechGuard`] reads the transcript of the model's
//! answer ahead of its audio and says how far the audio may be played: never into words that are not known
//! yet, and never into a claim ("קבעתי", "שלחתי") that the ledger does not hold.
//!
//! A claim is a verb and its object in one clause ("רשמתי לך תור", "התור כבר נקבע"), unless it is denied
//! ("עוד לא קבעתי"), conditional ("אם קבענו"), or asked where asking makes it an offer ("אני קובעת לך בעשר,
//! בסדר?"). A booking is true only if one appointment of the ledger is at every hour and on every day that is
//! named; a message is never sent while the call is live. The guard fails closed: only the whole transcript
//! of an answer clears it to its end.
//!
//! It is *not* a language model and not a judge of everything that can be said: it screens for the claims of
//! a fixed list, in the words that a Hebrew speaker uses for them. It knows no calendar: "מחר" agrees with
//! every booking.
//!
//! ```
//! use toran_truth::{Cleared, Ledger, SpeechGuard};
//!
//! let ledger = Ledger::default();
//! let mut guard = SpeechGuard::default();
//! guard.push("מעולה, אז קבעתי לך תור");
//! assert!(guard.screen(&ledger).is_err());
//!
//! let mut guard = SpeechGuard::default();
//! guard.push("באיזו שעה נוח לך?");
//! guard.finish_with("באיזו שעה נוח לך?");
//! assert_eq!(guard.screen(&ledger), Ok(Cleared::Everything));
//! ```

mod announced;
mod claims;
mod guard;
mod ledger;
mod promises;

pub use announced::announced;
pub use claims::ClaimKind;
pub use guard::{Cleared, FalseClaim, SpeechGuard};
pub use ledger::Ledger;
pub use promises::{Promise, promise_in};

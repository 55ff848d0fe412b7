//! The telephony provider's wire: media messages, call instructions, webhook signatures, the token
//! that ties a media stream to the call it was made for, and recordings to be played.
//!
//! It is *not* a server or a client: it opens no socket, reads no clock and keeps no state of a call. What
//! every provider has in common is in [`media`]; how Twilio spells it is in [`twilio`], the first dialect,
//! and another provider becomes another module beside it.
//!
//! ```
//! use toran_telephony::{media::{InboundMessage, OutboundMessage}, twilio};
//!
//! let frame = r#"{"event":"media","sequenceNumber":"2","streamSid":"MZ1",
//!     "media":{"track":"inbound","chunk":"1","timestamp":"61","payload":"//9/"}}"#;
//! let InboundMessage::Media(media) = twilio::parse_inbound(frame)? else { panic!("{frame}") };
//! assert_eq!((media.timestamp_ms, media.decode()?), (61, vec![0xFF, 0xFF, 0x7F]));
//!
//! let mark = OutboundMessage::Mark { name: "item_a1:1480".into() };
//! assert_eq!(
//!     twilio::outbound_json("MZ1", &mark),
//!     r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"item_a1:1480"}}"#,
//! );
//! # Ok::<(), toran_telephony::media::MediaError>(())
//! ```

pub mod clip_url;
pub mod media;
pub mod stream_token;
pub mod twilio;
pub mod wav;

mod keyed;

//! How a receiver knows that an event is ours, and not an old one.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::UtcDateTime;

use crate::WebhookSecret;

/// The value of the header `webhook-signature`: `v1,` and the base64 of an HMAC-SHA256 over the event's id, the
/// instant of this attempt in whole Unix seconds, and the body exactly as it is sent.
///
/// ```
/// use time::macros::utc_datetime;
/// use toran_crm::{WebhookSecret, signature};
///
/// let secret = WebhookSecret::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into())?;
/// let at = utc_datetime!(2021-02-25 15:02:10);
/// assert_eq!(
///     signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#),
///     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
/// );
/// # Ok::<(), toran_crm::WebhookError>(())
/// ```
pub fn signature(secret: &WebhookSecret, event_id: &str, at: UtcDateTime, body: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.expose()) else {
        unreachable!("HMAC takes keys of every length (RFC 2104)")
    };
    let head = format!("{event_id}.{}.", at.unix_timestamp());
    let mac = mac.chain_update(head).chain_update(body);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_reference_implementation_signs_alike(
            bytes in any::<[u8; 32]>(), id in "[0-9a-f-]{1,36}", seconds in 0..4_000_000_000_i64, body in ".{0,200}",
        ) {
            let at = UtcDateTime::from_unix_timestamp(seconds).unwrap();
            let reference = standardwebhooks::Webhook::from_bytes(bytes.to_vec()).unwrap();
            let expected = reference.sign(&id, seconds, body.as_bytes()).unwrap();
            prop_assert_eq!(signature(&WebhookSecret::from_bytes(bytes), &id, at, &body), expected);
        }
    }
}

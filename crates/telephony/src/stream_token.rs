//! The token that ties a media stream to the call it was made for.
//!
//! The instructions that answer a call carry it, and the stream that follows must bring it back: whoever
//! knows the socket's address but not the token gets no call. It is bound to the call, to the business, to
//! a short time, and it can be used once: this module proves the first three, and the store enforces the
//! last by the token's id.
//!
//! ```
//! use time::macros::utc_datetime;
//! use toran_telephony::stream_token::StreamTokenKey;
//! # use uuid::Uuid;
//!
//! let key = StreamTokenKey::derive(b"the account's auth token");
//! let call = "CA0123".parse()?;
//! let business = "018f4e5e-7d8a-7000-8000-000000000001".parse()?;
//! let token = key.issue(&call, business, Uuid::from_u128(7), utc_datetime!(2026-11-22 10:01));
//!
//! let verified = key.verify(&token, &call, utc_datetime!(2026-11-22 10:00))?;
//! assert_eq!(verified.business_id, business);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use time::UtcDateTime;
use toran_domain::{BusinessId, CallSid};
use uuid::Uuid;

use crate::keyed;

/// Separates this use of the auth token from every other: the provider signs webhooks with it, too.
const KEY_PURPOSE: &[u8] = b"toran stream token, version 1";
const VERSION: &str = "v1";

/// Why a stream's token was refused. The stream is closed, and whoever sent it is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the shape of a token.
    #[error("not a stream token: the stream was not started by this gateway's call instructions")]
    Malformed,
    /// Not signed by this key for this call.
    #[error(
        "the stream token was not issued for this call: check that all gateways share one auth token"
    )]
    Forged,
    /// Too late.
    #[error(
        "the stream token expired at {expired_at}: check the gateway's clock, or issue it for longer"
    )]
    Expired {
        /// When.
        expired_at: UtcDateTime,
    },
}

/// What a verified token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamToken {
    /// Its id, by which the store lets it be used once.
    pub token_id: Uuid,
    /// The business that was called.
    pub business_id: BusinessId,
    /// Until when it is good, exclusively.
    pub expires_at: UtcDateTime,
}

/// The key that signs stream tokens. `Debug` does not show it.
#[derive(Clone)]
pub struct StreamTokenKey(Vec<u8>);

impl StreamTokenKey {
    /// Derives the key from the account's auth token, so that gateways that share the one share the other,
    /// and a token tells nothing of a webhook's signature.
    pub fn derive(auth_token: &[u8]) -> Self {
        Self(keyed::hmac_sha256(auth_token, KEY_PURPOSE))
    }

    /// Makes a token for one call. It has some 140 characters, none of which a URL or XML would escape.
    ///
    /// Whole seconds of `expires_at` count.
    pub fn issue(
        &self,
        call_sid: &CallSid,
        business_id: BusinessId,
        token_id: Uuid,
        expires_at: UtcDateTime,
    ) -> String {
        let claims = format!(
            "{VERSION}.{}.{}.{}",
            token_id.simple(),
            business_id.as_uuid().simple(),
            expires_at.unix_timestamp()
        );
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.sign(&claims, call_sid));
        format!("{claims}.{signature}")
    }

    /// Checks that a token was issued with this key for this call, and is still good at `now`.
    pub fn verify(
        &self,
        token: &str,
        call_sid: &CallSid,
        now: UtcDateTime,
    ) -> Result<StreamToken, TokenError> {
        let (claims, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenError::Malformed)?;
        let parsed = parse_claims(claims).ok_or(TokenError::Malformed)?;
        if !keyed::equal(&signature, &self.sign(claims, call_sid)) {
            return Err(TokenError::Forged);
        }
        if now >= parsed.expires_at {
            return Err(TokenError::Expired {
                expired_at: parsed.expires_at,
            });
        }
        Ok(parsed)
    }

    fn sign(&self, claims: &str, call_sid: &CallSid) -> Vec<u8> {
        // Neither part can hold a space, so no two pairs make the same message.
        keyed::hmac_sha256(&self.0, format!("{claims} {call_sid}").as_bytes())
    }
}

impl fmt::Debug for StreamTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamTokenKey(…)")
    }
}

fn parse_claims(claims: &str) -> Option<StreamToken> {
    let mut fields = claims.split('.');
    let (version, token_id, business_id, expires_at) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    if version != VERSION || fields.next().is_some() {
        return None;
    }
    Some(StreamToken {
        token_id: Uuid::try_parse(token_id).ok()?,
        business_id: BusinessId::from_uuid(Uuid::try_parse(business_id).ok()?),
        expires_at: UtcDateTime::from_unix_timestamp(expires_at.parse().ok()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::utc_datetime;

    use super::*;

    const EXPIRY: UtcDateTime = utc_datetime!(2026-11-22 10:01);

    fn key() -> StreamTokenKey {
        StreamTokenKey::derive(b"12345")
    }

    fn call() -> CallSid {
        "CA0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    fn business() -> BusinessId {
        BusinessId::from_uuid(Uuid::from_u128(9))
    }

    fn token() -> String {
        key().issue(&call(), business(), Uuid::from_u128(7), EXPIRY)
    }

    #[test]
    fn a_token_comes_back_as_it_was_issued() {
        let verified = key()
            .verify(&token(), &call(), utc_datetime!(2026-11-22 10:00:59))
            .unwrap();
        assert_eq!(
            verified,
            StreamToken {
                token_id: Uuid::from_u128(7),
                business_id: business(),
                expires_at: EXPIRY
            }
        );
    }

    #[test]
    fn a_token_fits_a_call_instruction() {
        let token = token();
        assert!(token.len() < 400, "{}", token.len());
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
            "{token}"
        );
    }

    #[test]
    fn a_token_ends_on_the_second() {
        assert_eq!(
            key().verify(&token(), &call(), EXPIRY),
            Err(TokenError::Expired { expired_at: EXPIRY })
        );
    }

    #[test]
    fn a_token_is_good_for_its_own_call_and_key_only() {
        let now = utc_datetime!(2026-11-22 10:00);
        let other: CallSid = "CA9".parse().unwrap();
        assert_eq!(key().verify(&token(), &other, now), Err(TokenError::Forged));
        let stranger = StreamTokenKey::derive(b"12346");
        assert_eq!(
            stranger.verify(&token(), &call(), now),
            Err(TokenError::Forged)
        );
    }

    #[test]
    fn an_expired_forgery_is_a_forgery() {
        let stranger = StreamTokenKey::derive(b"12346");
        let late = utc_datetime!(2030-01-01 00:00);
        assert_eq!(
            stranger.verify(&token(), &call(), late),
            Err(TokenError::Forged)
        );
    }

    #[test]
    fn the_key_never_shows() {
        assert_eq!(format!("{:?}", key()), "StreamTokenKey(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(text in ".{0,300}") {
            prop_assert!(key().verify(&text, &call(), UtcDateTime::MIN).is_err());
        }

        #[test]
        fn no_changed_character_passes(at in any::<prop::sample::Index>(), with in "[0-9a-zA-Z._-]") {
            let token = token();
            let at = at.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            let now = utc_datetime!(2026-11-22 10:00);
            prop_assert!(changed == token || key().verify(&changed, &call(), now).is_err());
        }
    }
}

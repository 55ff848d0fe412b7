//! Addresses of recordings that only the provider fetches: they carry a proof that this deployment made them.
//!
//! The proof is over the path alone, so that an address stays the same and the provider can cache what stands there.
//!
//! ```
//! use toran_telephony::clip_url::ClipUrlKey;
//!
//! let key = ClipUrlKey::derive(b"the account's auth token");
//! let signed = key.sign("/twilio/clip/female/apology");
//! let (path, query) = signed.split_once('?').ok_or("a query")?;
//! assert!(key.verify(path, Some(query)));
//! assert!(!key.verify("/twilio/clip/male/apology", Some(query)));
//! # Ok::<(), &str>(())
//! ```

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::keyed;

/// Separates this use of the auth token from every other: the provider signs webhooks with it, and we sign streams.
const KEY_PURPOSE: &[u8] = b"toran clip url, version 1";
/// The field of the query that carries the proof.
const PROOF: &str = "v";

/// The key that signs addresses of recordings. `Debug` does not show it.
#[derive(Clone)]
pub struct ClipUrlKey(Vec<u8>);

impl ClipUrlKey {
    /// Derives the key from the account's auth token, so that gateways that share the one share the other.
    pub fn derive(auth_token: &[u8]) -> Self {
        Self(keyed::hmac_sha256(auth_token, KEY_PURPOSE))
    }

    /// The path with its proof.
    pub fn sign(&self, path: &str) -> String {
        format!(
            "{path}?{PROOF}={}",
            BASE64_URL_SAFE_NO_PAD.encode(self.proof(path))
        )
    }

    /// Whether the query of a request for this path holds the path's proof, in constant time.
    pub fn verify(&self, path: &str, query: Option<&str>) -> bool {
        let claimed = query.unwrap_or_default().split('&').find_map(|field| {
            let proof = field.strip_prefix(PROOF)?.strip_prefix('=')?;
            BASE64_URL_SAFE_NO_PAD.decode(proof).ok()
        });
        // What is not base64 is compared as the empty proof, which no path has.
        keyed::equal(&claimed.unwrap_or_default(), &self.proof(path))
    }

    fn proof(&self, path: &str) -> Vec<u8> {
        keyed::hmac_sha256(&self.0, path.as_bytes())
    }
}

impl fmt::Debug for ClipUrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClipUrlKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: &str = "/twilio/clip/female/apology";

    fn key() -> ClipUrlKey {
        ClipUrlKey::derive(b"12345")
    }

    fn query() -> String {
        key().sign(PATH).split_once('?').unwrap().1.to_owned()
    }

    #[track_caller]
    fn check(path: &str, query: Option<&str>, expected: bool) {
        assert_eq!(key().verify(path, query), expected, "{path} {query:?}");
    }

    #[test]
    fn an_address_is_good_for_its_own_path_and_key_only() {
        let query = query();
        check(PATH, Some(&query), true);
        check(PATH, Some(&format!("a=b&{query}")), true);
        check("/twilio/clip/male/apology", Some(&query), false);
        check("/twilio/clip/female/apology/", Some(&query), false);
        check(PATH, None, false);
        check(PATH, Some(""), false);
        check(PATH, Some("v="), false);
        check(PATH, Some("v=%%%"), false);
        check(PATH, Some(&query.replacen("v=", "w=", 1)), false);
        check(PATH, Some(&query[..query.len() - 1]), false);
        assert!(!ClipUrlKey::derive(b"12346").verify(PATH, Some(&query)));
    }

    #[test]
    fn an_address_is_always_the_same_and_needs_no_escapes() {
        assert_eq!(key().sign(PATH), key().sign(PATH));
        assert!(
            query()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-=".contains(&b))
        );
    }

    #[test]
    fn the_key_never_shows() {
        assert_eq!(format!("{:?}", key()), "ClipUrlKey(…)");
    }

    proptest! {
        #[test]
        fn no_query_panics_or_passes(query in ".{0,100}") {
            prop_assert!(!key().verify(PATH, Some(&query)));
        }
    }
}

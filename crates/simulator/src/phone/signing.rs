//! The provider's webhook signature, written from its documents: an independent check of the gateway's
//! verifier.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// The header that carries the signature.
pub(super) const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// Signs a request: the address as the provider calls it, then each parameter's name and value, sorted
/// by name. A GET or a handshake has no parameters.
pub(super) fn sign(auth_token: &str, url: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort();
    sorted.dedup();
    // HMAC takes keys of any length; the error is of the trait, not of the algorithm.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()) else {
        return String::new();
    };
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_providers_own_library() {
        let sid = |prefix: &str, unit: &str| format!("{prefix}{}", unit.repeat(16));
        let form: Vec<(String, String)> = [
            ("CallSid", sid("CA", "c3").as_str()),
            ("From", "+15550100001"),
            ("To", "+15550100002"),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
            ("AccountSid", sid("AC", "b2").as_str()),
            ("CallerName", "Ada Example"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let url = "https://gw.example.com/twilio/voice?tenant=acme";
        assert_eq!(sign("12345", url, &form), "bhpbok2bDpgRb0c15mMyr7nnoYk=");
        assert_eq!(
            sign("12345", "wss://gw.example.com/media", &[]),
            "EaUrJnXeOdQbckRcqHzor+8Gtsk="
        );
        assert_eq!(
            sign("12345", "wss://gw.example.com/media/", &[]),
            "ecRPTWAi5CQuAiLbSzs00z3K3yM="
        );
    }
}

use proptest::prelude::*;

use super::*;

// Made with Twilio's Python library, 9.13, under the auth token `12345`.
const VOICE: &str = "https://gw.example.com/twilio/voice?tenant=acme";
const VOICE_SHA1: &str = "bhpbok2bDpgRb0c15mMyr7nnoYk=";
const VOICE_SHA256: &str = "AIedOJxYgWaud5kAN0ezlLaV+F/hgf51FlB9Vh6MUXM=";
const VOICE_443_SHA1: &str = "JUipZJDDNgM9pALrb9krGe8Yblg=";
const SOCKET: &str = "wss://gw.example.com/media";
const SOCKET_SHA1: &str = "EaUrJnXeOdQbckRcqHzor+8Gtsk=";
const SOCKET_SLASH_SHA1: &str = "ecRPTWAi5CQuAiLbSzs00z3K3yM=";
const JSON: &str = "https://gw.example.com/hook?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
const JSON_SHA1: &str = "Z/rpB1ysfAGt8veeKClPWgfci4o=";
const SHA256_SETTINGS: Option<&str> = Some("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256");

fn verifier() -> WebhookVerifier {
    let key = WebhookKey::new(b"12345");
    WebhookVerifier::new(key.clone()).with_shared_key("webhooks_sharedkey_1", key)
}

fn form() -> Vec<(String, String)> {
    [
        ("CallSid", format!("CA{}", "c3".repeat(16))),
        ("From", "+15550100001".to_owned()),
        ("To", "+15550100002".to_owned()),
        ("CallStatus", "ringing".to_owned()),
        ("Direction", "inbound".to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("AccountSid", format!("AC{}", "b2".repeat(16))),
        ("CallerName", "Ada Example".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn check(
    url: &str,
    body: SignedBody<'_>,
    signature: &str,
    settings: Option<&str>,
) -> Result<(), SignatureError> {
    verifier().verify(&SignedRequest { url, body }, signature, settings)
}

#[test]
fn the_official_vectors_pass() {
    let form = form();
    let form = SignedBody::Form(&form);
    for (url, body, signature, settings) in [
        (VOICE, form, VOICE_SHA1, None),
        (VOICE, form, VOICE_SHA256, SHA256_SETTINGS),
        (VOICE, form, VOICE_443_SHA1, None),
        (SOCKET, SignedBody::Empty, SOCKET_SHA1, None),
        (SOCKET, SignedBody::Empty, SOCKET_SLASH_SHA1, None),
        (JSON, SignedBody::Raw(br#"{"a":1}"#), JSON_SHA1, None),
    ] {
        assert_eq!(
            check(url, body, signature, settings),
            Ok(()),
            "{url} {signature}"
        );
    }
}

#[test]
fn signing_gives_the_official_vectors() {
    let key = WebhookKey::new(b"12345");
    let form = form();
    let voice = SignedRequest {
        url: VOICE,
        body: SignedBody::Form(&form),
    };
    assert_eq!(key.sign(&voice, Algorithm::HmacSha1), VOICE_SHA1);
    assert_eq!(key.sign(&voice, Algorithm::HmacSha256), VOICE_SHA256);
    let socket = SignedRequest {
        url: SOCKET,
        body: SignedBody::Empty,
    };
    assert_eq!(key.sign(&socket, Algorithm::HmacSha1), SOCKET_SHA1);
    let url = WebhookKey::url_with_body_hash("https://gw.example.com/hook", br#"{"a":1}"#);
    assert_eq!(url, JSON);
    let hook = SignedRequest {
        url: &url,
        body: SignedBody::Raw(br#"{"a":1}"#),
    };
    assert_eq!(key.sign(&hook, Algorithm::HmacSha1), JSON_SHA1);
}

#[test]
fn a_configured_port_is_no_obstacle() {
    let form = form();
    let url = VOICE.replace(".com/", ".com:443/");
    for signature in [VOICE_SHA1, VOICE_443_SHA1] {
        assert_eq!(
            check(&url, SignedBody::Form(&form), signature, None),
            Ok(())
        );
    }
}

#[test]
fn what_differs_is_refused() {
    let mut form = form();
    let mismatch = Err(SignatureError::Mismatch);
    assert_eq!(
        check(
            "https://evil.example.com/twilio/voice?tenant=acme",
            SignedBody::Form(&form),
            VOICE_SHA1,
            None
        ),
        mismatch
    );
    assert_eq!(check(VOICE, SignedBody::Empty, VOICE_SHA1, None), mismatch);
    assert_eq!(
        check(VOICE, SignedBody::Form(&form), VOICE_SHA256, None),
        mismatch
    );
    for signature in ["", "=", "not base64", "AAAA"] {
        assert_eq!(
            check(VOICE, SignedBody::Form(&form), signature, None),
            mismatch,
            "{signature}"
        );
    }
    form.push(("Extra".to_owned(), String::new()));
    assert_eq!(
        check(VOICE, SignedBody::Form(&form), VOICE_SHA1, None),
        mismatch
    );
    // A socket is signed under wss, never under https; a form's path is taken to the letter.
    assert_eq!(
        check(
            "https://gw.example.com/media",
            SignedBody::Empty,
            SOCKET_SHA1,
            None
        ),
        mismatch
    );
}

#[test]
fn a_body_must_be_the_one_in_the_url() {
    for (url, body) in [
        (JSON, &br#"{"a":2}"#[..]),
        ("https://gw.example.com/hook", br#"{"a":1}"#),
    ] {
        assert_eq!(
            check(url, SignedBody::Raw(body), JSON_SHA1, None),
            Err(SignatureError::BodyHash)
        );
    }
}

#[test]
fn repeated_fields_count_once_and_in_order() {
    let key = WebhookKey::new(b"12345");
    let sign = |fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        key.sign(
            &SignedRequest {
                url: VOICE,
                body: SignedBody::Form(&fields),
            },
            Algorithm::HmacSha1,
        )
    };
    assert_eq!(
        sign(&[("a", "2"), ("b", ""), ("a", "1"), ("a", "2")]),
        sign(&[("b", ""), ("a", "1"), ("a", "2")])
    );
}

#[test]
fn settings_name_a_key_and_an_algorithm_we_know() {
    let unknown = check(
        SOCKET,
        SignedBody::Empty,
        SOCKET_SHA1,
        Some("key=other,algorithm=HMAC_SHA256"),
    );
    assert_eq!(
        unknown,
        Err(SignatureError::UnknownKey {
            key: "other".to_owned()
        })
    );
    let unknown = check(
        SOCKET,
        SignedBody::Empty,
        SOCKET_SHA1,
        Some("algorithm=NONE"),
    );
    assert_eq!(unknown, Err(SignatureError::UnknownAlgorithm));
}

#[test]
fn while_one_auth_token_replaces_another_both_are_good() {
    let fields = form();
    let request = SignedRequest {
        url: "https://gw.example.com/twilio/voice",
        body: SignedBody::Form(&fields),
    };
    let key = |secret: &str| WebhookKey::new(secret.as_bytes());
    let both = WebhookVerifier::new(key("new")).with_auth_token(key("old"));
    for (secret, expected) in [
        ("new", Ok(())),
        ("old", Ok(())),
        ("older", Err(SignatureError::Mismatch)),
    ] {
        let signature = key(secret).sign(&request, Algorithm::HmacSha1);
        assert_eq!(
            both.verify(&request, &signature, None),
            expected,
            "{secret}"
        );
    }
}

#[test]
fn a_key_never_shows() {
    assert!(!format!("{:?}", verifier()).contains("12345"));
}

proptest! {
    #[test]
    fn no_input_panics_or_passes(url in ".{0,60}", signature in ".{0,40}", settings in ".{0,40}", body: Vec<u8>) {
        for body in [SignedBody::Empty, SignedBody::Form(&[]), SignedBody::Raw(&body)] {
            prop_assert!(check(&url, body, &signature, Some(&settings)).is_err());
        }
    }

    #[test]
    fn what_is_signed_verifies(host in "[a-z]{1,8}(:[0-9]{1,4})?", path in "(/[a-z]{0,4}){0,3}", query in "(\\?[a-z]=[a-z])?") {
        let url = format!("wss://{host}{path}{query}");
        let request = SignedRequest { url: &url, body: SignedBody::Empty };
        let signature = WebhookKey::new(b"12345").sign(&request, Algorithm::HmacSha1);
        prop_assert_eq!(verifier().verify(&request, &signature, None), Ok(()));
    }
}

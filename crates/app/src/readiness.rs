//! What a deployment needs before a provider can bring it a call: read from its configuration alone.

use std::net::IpAddr;

use secrecy::ExposeSecret as _;
use tracing::warn;
use url::{Host, Url};

use crate::Config;

/// Warns at the start of what keeps calls from this deployment: the provider tells nobody here.
pub fn warn_of_missing(config: &Config) {
    for problem in missing(config) {
        warn!(problem, "calls will not get here");
    }
}

/// What keeps calls from this deployment, each with what to do; empty if nothing does.
pub(crate) fn missing(config: &Config) -> Vec<String> {
    [auth_token(config), public_url(&config.public_url)]
        .into_iter()
        .flatten()
        .collect()
}

fn auth_token(config: &Config) -> Option<String> {
    let Some(token) = &config.twilio.auth_token else {
        return Some(
            "TWILIO_AUTH_TOKEN is not set: without it every call of the provider is refused"
                .to_owned(),
        );
    };
    // The two that are taken for it: an account's name, and the name of an API key.
    let token = token.expose_secret();
    let is_name = token.len() == 34 && ["AC", "SK"].iter().any(|kind| token.starts_with(kind));
    is_name.then(|| {
        "TWILIO_AUTH_TOKEN holds the name of an account or of a key: copy the auth token, 32 characters long, from the provider's console".to_owned()
    })
}

/// Why the provider cannot reach an address; `None` if its form speaks for nothing against it.
pub(crate) fn public_url(url: &Url) -> Option<String> {
    let problem = if url.scheme() != "https" {
        "is not https: the provider sends calls, and opens their streams, over TLS alone"
    } else if is_of_here(url) {
        "is an address of this machine or of a private network: the provider cannot reach it"
    } else {
        return None;
    };
    Some(format!(
        "TORAN_PUBLIC_URL ({url}) {problem}; set it to the origin that the provider calls, like https://gw.example.com"
    ))
}

fn is_of_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !toran_crm::is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !toran_crm::is_public(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            // A name of one word, or of a zone that the public does not have.
            !name.contains('.')
                || [
                    ".localhost",
                    ".local",
                    ".internal",
                    ".lan",
                    ".home.arpa",
                    ".test",
                ]
                .iter()
                .any(|zone| name.ends_with(zone))
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<&str>) {
        let found = public_url(&url.parse().unwrap());
        match expected {
            Some(part) => assert!(found.is_some_and(|found| found.contains(part)), "{url}"),
            None => assert_eq!(found, None, "{url}"),
        }
    }

    #[test]
    fn an_address_that_the_provider_cannot_call_is_named() {
        check("https://gw.example.com", None);
        check("https://gw.example.com:8443/base", None);
        check("https://203.0.113.7", Some("private"));
        check("https://8.8.8.8", None);
        check("http://gw.example.com", Some("https"));
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "[::1]",
            "localhost",
            "gateway",
            "gw.internal",
            "gw.local",
        ] {
            check(&format!("https://{host}"), Some("private"));
        }
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let missing_of = |toml: &str| missing(&Config::parse(toml, &BTreeMap::new()).unwrap());
        let nothing = missing_of("");
        assert_eq!(nothing.len(), 2, "{nothing:?}");
        let good = "public_url = 'https://gw.example.com'\ntwilio.auth_token = '0123456789abcdef0123456789abcdef'";
        assert_eq!(missing_of(good), Vec::<String>::new());
        let account = format!(
            "public_url = 'https://gw.example.com'\ntwilio.auth_token = 'AC{}'",
            "0".repeat(32)
        );
        assert_eq!(missing_of(&account).len(), 1);
    }
}

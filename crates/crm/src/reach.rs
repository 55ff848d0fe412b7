//! Where a webhook may lead that somebody else than the operator named: to the public internet, and never into the network that
//! the gateway stands in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use crate::WebhookUrl;

/// Whether an address is of the public internet: not of this machine, of a private network, of a link, of a cloud's metadata
/// service, of documentation, or of nobody.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_relay = a == 192 && b == 88 && c == 99;
    let is_benchmark = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 240
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_relay
        || is_benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    // An IPv4 address in an IPv6 one leads where the IPv4 address leads: NAT64, 6to4.
    let [.., high, low] = segments;
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    if segments[0] == 0x2002 {
        let [a, b] = segments[1].to_be_bytes();
        let [c, d] = segments[2].to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only 2000::/3 is given out; of it, Teredo and other protocol assignments, and documentation, are nobody's.
    let is_given_out = segments[0] & 0xe000 == 0x2000;
    let is_protocol = segments[0] == 0x2001 && segments[1] < 0x0200;
    let is_documentation = segments[0] == 0x2001 && segments[1] == 0x0db8;
    let is_newer_documentation = segments[0] == 0x3fff && segments[1] < 0x1000;
    is_given_out && !is_protocol && !is_documentation && !is_newer_documentation
}

/// Whether a webhook's address can be known to lead nowhere public: by its form, before any name is looked up.
pub(crate) fn is_private_by_form(url: &WebhookUrl) -> bool {
    match url.as_url().host() {
        Some(Host::Ipv4(address)) => !is_public_v4(address),
        Some(Host::Ipv6(address)) => !is_public_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

/// No public address stands behind a name.
#[derive(Debug, thiserror::Error)]
#[error("the webhook's name leads to no public address")]
pub(crate) struct NotPublic;

/// Looks names up for each connection anew, and gives only public addresses. What it gives is what is connected to: a name that
/// changes its address between the check and the connection gains nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], expected: bool) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn addresses_of_here_are_told_from_addresses_of_the_internet() {
        check(
            &[
                "127.0.0.1",
                "127.9.9.9",
                "0.0.0.0",
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.100.100.200",
                "192.0.0.192",
                "198.18.0.1",
                "203.0.113.9",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "fe80::1",
                "fc00::1",
                "fd00:ec2::254",
                "ff02::1",
                "::ffff:127.0.0.1",
                "::ffff:169.254.169.254",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b::a9fe:a9fe",
                "2002:7f00:1::",
                "2001:db8::1",
                "2001::1",
                "3fff::1",
                "64:ff9b:1::1",
            ],
            false,
        );
        check(
            &[
                "8.8.8.8",
                "172.32.0.1",
                "100.128.0.1",
                "2606:4700::1111",
                "64:ff9b::808:808",
                "::ffff:8.8.8.8",
                "2002:808:808::",
            ],
            true,
        );
    }

    #[test]
    fn an_address_that_is_private_by_its_form_needs_no_lookup() {
        let private = |url: &str| is_private_by_form(&url.parse().unwrap());
        for url in [
            "http://localhost/x",
            "http://127.0.0.1:9",
            "https://10.0.0.1",
            "https://[::1]/",
            "https://0x7f000001/",
            "https://a.localhost.",
        ] {
            assert!(private(url), "{url}");
        }
        for url in ["https://crm.example.com", "https://8.8.8.8/x"] {
            assert!(!private(url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_here_is_not_connected_to() {
        let resolved = PublicResolver.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err_and(|error| error.is::<NotPublic>()));
    }
}

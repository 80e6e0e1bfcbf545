//! Who really asks, where requests come through proxies: what a proxy says is believed as far as proxies that the operator
//! named wrote it, and no further. Headers are given as text; which of them a server reads is decided here.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    bits: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address range: give an address, or ADDRESS/BITS")]
pub struct NotARange(String);

impl FromStr for AddressRange {
    type Err = NotARange;
    fn from_str(text: &str) -> Result<Self, NotARange> {
        let bad = || NotARange(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(bad)?,
            None => most,
        };
        Ok(Self { address, bits })
    }
}

impl AddressRange {
    fn contains(self, address: IpAddr) -> bool {
        let differ = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        differ >= u32::from(self.bits)
    }
}

/// In which headers the proxies say for whom they ask. A client may send both: only one can be believed, the one that the
/// proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

/// Whose word is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxies {
    pub ranges: Vec<AddressRange>,
    pub header: ProxyHeader,
}

impl Default for TrustedProxies {
    /// A proxy on this machine.
    fn default() -> Self {
        let range = |address, bits| AddressRange { address, bits };
        Self {
            ranges: vec![
                range(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
                range(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
            ],
            header: ProxyHeader::default(),
        }
    }
}

/// The values of a request's headers, each list in the order of the request.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    pub x_forwarded_for: Vec<&'a str>,
    pub x_forwarded_proto: Vec<&'a str>,
    pub forwarded: Vec<&'a str>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// A proxy says that the client came by TLS. What it says of itself is not known here.
    pub https: bool,
}

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }

    /// The nearest address, seen from here, that is none of a trusted proxy: everything to its left may have been made up by
    /// whoever is there. Are all of them trusted, the farthest.
    pub fn client(&self, peer: IpAddr, said: &Said<'_>) -> Client {
        let peer = peer.to_canonical();
        let mut client = Client {
            address: peer,
            https: false,
        };
        if !self.trusts(peer) {
            return client;
        }
        let hops = match self.header {
            ProxyHeader::XForwarded => {
                client.https =
                    last(&said.x_forwarded_proto).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
                elements(&said.x_forwarded_for)
                    .into_iter()
                    .map(|address| Hop {
                        address: parsed(address),
                        https: None,
                    })
                    .collect()
            }
            ProxyHeader::Forwarded => forwarded(&said.forwarded),
        };
        for hop in hops.into_iter().rev() {
            // A name that hides the client ("unknown", "_x") leaves the proxy that wrote it.
            let Some(address) = hop.address else { break };
            client.address = address;
            client.https = hop.https.unwrap_or(client.https);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

struct Hop {
    address: Option<IpAddr>,
    https: Option<bool>,
}

fn last<'a>(values: &[&'a str]) -> Option<&'a str> {
    values.last()?.rsplit(',').next().map(str::trim)
}

/// The elements of a list that may stand in several headers. A comma separates also between quotes: no address has one, and
/// a quote that a client leaves open must not swallow what a proxy adds.
fn elements<'a>(values: &[&'a str]) -> Vec<&'a str> {
    values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .collect()
}

fn forwarded(values: &[&str]) -> Vec<Hop> {
    elements(values)
        .into_iter()
        .map(|element| {
            let value = |name: &str| {
                element.split(';').find_map(|pair| {
                    let (key, value) = pair.split_once('=')?;
                    key.trim()
                        .eq_ignore_ascii_case(name)
                        .then(|| value.trim().trim_matches('"'))
                })
            };
            Hop {
                address: value("for").and_then(parsed),
                https: value("proto").map(|proto| proto.eq_ignore_ascii_case("https")),
            }
        })
        .collect()
}

/// With or without a port; an IPv6 address with one stands in brackets.
fn parsed(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusting(ranges: &[&str], header: ProxyHeader) -> TrustedProxies {
        TrustedProxies {
            ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
            header,
        }
    }

    fn client(proxies: &TrustedProxies, peer: &str, chain: &[&str]) -> String {
        let said = Said {
            x_forwarded_for: chain.to_vec(),
            ..Said::default()
        };
        proxies.client(peer.parse().unwrap(), &said).address.to_string()
    }

    #[test]
    fn ranges() {
        let within = |range: &str, address: &str| {
            let range: AddressRange = range.parse().unwrap();
            range.contains(address.parse().unwrap())
        };
        assert!(within("10.1.0.0/16", "10.1.255.255") && !within("10.1.0.0/16", "10.2.0.0"));
        assert!(within("192.0.2.7", "192.0.2.7") && !within("192.0.2.7", "192.0.2.6"));
        assert!(within("0.0.0.0/0", "203.0.113.1") && !within("0.0.0.0/0", "::1"));
        assert!(within("2001:db8::/33", "2001:db8:7fff::1") && !within("2001:db8::/33", "2001:db8:8000::1"));
        for bad in [
            "",
            "lab",
            "10.0.0.0/33",
            "10.0.0.0/",
            "::/129",
            "10.0.0.0/8/8",
            "10.0.0.0/-1",
        ] {
            assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_nearest_that_is_no_trusted_proxy() {
        let proxies = trusting(
            &["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"],
            ProxyHeader::XForwarded,
        );
        let of = |peer: &str, chain: &[&str]| client(&proxies, peer, chain);
        // Not behind a proxy: whatever it says.
        assert_eq!(of("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(of("127.0.0.1", &[]), "127.0.0.1");
        // What stands to the left was sent by the client.
        assert_eq!(of("127.0.0.1", &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("127.0.0.1", &["127.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("127.0.0.1", &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        // Several proxies.
        assert_eq!(
            of("127.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.7"]),
            "203.0.113.9"
        );
        assert_eq!(
            of("::ffff:127.0.0.1", &["198.51.100.1,2001:db8:2::1 ,2001:db8:1::7"]),
            "2001:db8:2::1"
        );
        assert_eq!(of("10.0.0.7", &["10.9.9.9, 10.0.0.8"]), "10.9.9.9");
        // With ports, in brackets, as an IPv6 socket sees IPv4.
        assert_eq!(of("127.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(of("127.0.0.1", &["[2001:db8:2::1]:4711"]), "2001:db8:2::1");
        assert_eq!(of("127.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        // What can't be read leaves the proxy that wrote it: what is before it is not believed.
        assert_eq!(of("127.0.0.1", &["203.0.113.9, unknown"]), "127.0.0.1");
        assert_eq!(of("127.0.0.1", &["203.0.113.9, unknown, 10.0.0.7"]), "10.0.0.7");
        // Nobody is trusted.
        assert_eq!(
            client(
                &trusting(&[], ProxyHeader::XForwarded),
                "127.0.0.1",
                &["203.0.113.9"]
            ),
            "127.0.0.1"
        );
    }

    #[test]
    fn only_the_header_of_the_proxies_is_read() {
        let said = Said {
            x_forwarded_for: vec!["198.51.100.1"],
            x_forwarded_proto: vec!["https"],
            forwarded: vec![
                "for=198.51.100.2;proto=https, For=\"[2001:db8::9]:4711\";by=_x;Proto=http, for=\"127.0.0.1\"",
            ],
        };
        let peer = "127.0.0.1".parse().unwrap();
        let of = |header| {
            let proxies = TrustedProxies {
                header,
                ..TrustedProxies::default()
            };
            let client = proxies.client(peer, &said);
            (client.address.to_string(), client.https)
        };
        assert_eq!(of(ProxyHeader::XForwarded), ("198.51.100.1".to_owned(), true));
        assert_eq!(of(ProxyHeader::Forwarded), ("2001:db8::9".to_owned(), false));
        let stranger = TrustedProxies::default().client("203.0.113.9".parse().unwrap(), &said);
        assert_eq!(
            (stranger.address.to_string().as_str(), stranger.https),
            ("203.0.113.9", false)
        );
        // A quote that the client leaves open.
        let quoted = Said {
            forwarded: vec!["for=\"198.51.100.1;proto=https, for=203.0.113.9;proto=https"],
            ..Said::default()
        };
        let proxies = TrustedProxies {
            header: ProxyHeader::Forwarded,
            ..TrustedProxies::default()
        };
        let client = proxies.client(peer, &quoted);
        assert_eq!(
            (client.address.to_string().as_str(), client.https),
            ("203.0.113.9", true)
        );
    }

    proptest! {
        /// A client that comes through one trusted proxy can't be anybody else, whatever it sends.
        #[test]
        fn nobody_becomes_another(sent in "[0-9a-f:., \"\\[\\]=;a-z]{0,60}", a in any::<[u8; 4]>()) {
            let own = IpAddr::from(a);
            prop_assume!(!own.is_loopback());
            let chain = format!("{sent}, {own}");
            prop_assert_eq!(client(&TrustedProxies::default(), "127.0.0.1", &[&chain]), own.to_string());
            prop_assert_eq!(client(&TrustedProxies::default(), "127.0.0.1", &[&sent, &own.to_string()]), own.to_string());
            let proxies = TrustedProxies { header: ProxyHeader::Forwarded, ..TrustedProxies::default() };
            let added = format!("{sent}, for={own};proto=https");
            let said = Said { forwarded: vec![&added], ..Said::default() };
            let found = proxies.client("127.0.0.1".parse().unwrap(), &said);
            prop_assert_eq!((found.address, found.https), (own, true));
        }
    }
}

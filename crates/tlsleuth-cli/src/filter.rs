//! Which connections are shown.

use std::net::IpAddr;
use std::str::FromStr;

use tlsleuth::capture::Endpoint;
use tlsleuth::handshake::Outcome;
use tlsleuth::{Analyzed, Timestamp};

use crate::arguments::Main;

/// An address with or without a port, a network, or a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressFilter {
    network: Option<(IpAddr, u8)>,
    port: Option<u16>,
}

impl FromStr for AddressFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "neither an address (10.0.0.2, [2001:db8::2]:443), a network (10.0.0.0/8) nor a port (:443)"
                .to_owned()
        };
        let port = |text: &str| text.parse::<u16>().map_err(|_| wrong());
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { network: Some((address, full(address))), port: None });
        }
        if let Some((address, len)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let len: u8 = len.parse().map_err(|_| wrong())?;
            if len > full(address) {
                return Err(wrong());
            }
            return Ok(Self { network: Some((address, len)), port: None });
        }
        if let Ok(port) = text.parse::<u16>() {
            return Ok(Self { network: None, port: Some(port) });
        }
        let (address, number) = text.rsplit_once(':').ok_or_else(wrong)?;
        let number = port(number)?;
        if address.is_empty() || address == "*" {
            return Ok(Self { network: None, port: Some(number) });
        }
        let address = address.trim_start_matches('[').trim_end_matches(']');
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        Ok(Self { network: Some((address, full(address))), port: Some(number) })
    }
}

fn full(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first `len` bits of an address; both families as 128 bits, aligned to the left.
fn prefix(address: IpAddr, len: u8) -> u128 {
    let bits = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let host = 128_u32.saturating_sub(u32::from(len));
    u128::MAX.checked_shl(host).map_or(0, |mask| bits & mask)
}

impl AddressFilter {
    fn matches(&self, end: Endpoint) -> bool {
        if self.port.is_some_and(|port| port != end.port) {
            return false;
        }
        let Some((network, len)) = self.network else { return true };
        let address = end.address.ip();
        address.is_ipv4() == network.is_ipv4() && prefix(address, len) == prefix(network, len)
    }
}

/// A pattern in which `*` stands for any text and `?` for any character; case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<char>);

impl FromStr for Pattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_lowercase().chars().collect()))
    }
}

impl Pattern {
    /// Takes time proportional to the product of the lengths at most.
    fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let (mut at, mut pattern) = (0, 0);
        // Where the last star is, and up to where it has eaten.
        let mut star: Option<(usize, usize)> = None;
        while let Some(c) = text.get(at) {
            match self.0.get(pattern) {
                Some('*') => {
                    star = Some((pattern, at));
                    pattern += 1;
                }
                Some(p) if *p == '?' || p == c => {
                    at += 1;
                    pattern += 1;
                }
                _ => match &mut star {
                    Some((star, eaten)) => {
                        *eaten += 1;
                        at = *eaten;
                        pattern = *star + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0.iter().skip(pattern).all(|p| *p == '*')
    }
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(jiff::Timestamp);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| "not a time as RFC 3339, such as 2026-11-20T10:00:00Z".to_owned())
    }
}

/// Whether a connection is asked for.
pub(crate) fn keeps(arguments: &Main, analyzed: &Analyzed) -> bool {
    let connection = &analyzed.connection;
    let any = |filters: &[AddressFilter], end: Endpoint| {
        filters.is_empty() || filters.iter().any(|filter| filter.matches(end))
    };
    let time = |time: Timestamp| jiff::Timestamp::from_nanosecond(time.0.into()).ok().map(Instant);
    let name = || {
        let hello = connection.client_hello()?;
        Some(hello.value.extensions.server_name()?.host_name.to_string())
    };
    (!arguments.failed || analyzed.diagnosis.outcome != Outcome::Completed)
        && any(&arguments.client, connection.client)
        && any(&arguments.server, connection.server)
        && (arguments.sni.is_empty() || {
            let name = name().unwrap_or_default();
            arguments.sni.iter().any(|pattern| pattern.matches(&name))
        })
        && (arguments.code.is_empty()
            || analyzed
                .diagnosis
                .findings
                .iter()
                .any(|finding| arguments.code.iter().any(|pattern| pattern.matches(finding.code))))
        && (arguments.connection.is_empty() || arguments.connection.contains(&analyzed.id))
        && arguments
            .since
            .is_none_or(|since| time(connection.last.time).is_none_or(|end| end >= since))
        && arguments
            .until
            .is_none_or(|until| time(connection.first.time).is_none_or(|start| start <= until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str, address: &str, port: u16) -> bool {
        let filter: AddressFilter = filter.parse().unwrap();
        let address: IpAddr = address.parse().unwrap();
        filter.matches(Endpoint { address: address.into(), port })
    }

    #[test]
    fn ends_in_every_form() {
        assert!(matches("10.0.0.2", "10.0.0.2", 1));
        assert!(!matches("10.0.0.2", "10.0.0.3", 1));
        assert!(matches("10.0.0.2:443", "10.0.0.2", 443));
        assert!(!matches("10.0.0.2:443", "10.0.0.2", 444));
        assert!(matches("10.0.0.0/8", "10.255.0.3", 1));
        assert!(!matches("10.0.0.0/8", "11.0.0.3", 1));
        assert!(matches("0.0.0.0/0", "11.0.0.3", 1));
        assert!(!matches("0.0.0.0/0", "::1", 1));
        assert!(matches("2001:db8::/32", "2001:db8::7", 1));
        assert!(matches("2001:db8::7", "2001:db8::7", 1));
        assert!(matches("[2001:db8::7]:443", "2001:db8::7", 443));
        assert!(matches(":443", "2001:db8::7", 443));
        assert!(matches("443", "10.0.0.1", 443));
        for wrong in ["", "x", "10.0.0.0/33", "10.0.0.2:", "10.0.0.2:70000", "::1/129", "a:1"] {
            assert!(wrong.parse::<AddressFilter>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn globs() {
        let matches = |pattern: &str, text| pattern.parse::<Pattern>().unwrap().matches(text);
        assert!(matches("*.example.test", "API.example.test"));
        assert!(!matches("*.example.test", "example.test"));
        assert!(matches("*", ""));
        assert!(matches("", ""));
        assert!(!matches("", "a"));
        assert!(matches("a?c*e", "abcdde"));
        assert!(!matches("a?c*e", "abcddf"));
        assert!(matches("chain.*", "chain.expired"));
        assert!(!matches(&"*a".repeat(40), &"b".repeat(2_000)));
    }
}

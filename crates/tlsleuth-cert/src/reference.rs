//! Names that clients ask for, and whether a certificate covers them (RFC 9525).

use std::{fmt, net::IpAddr, str};

use crate::{Certificate, WireText};

/// A name that a client expects in the server's certificate (RFC 9525: a reference identifier).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ReferenceName {
    /// A host name.
    Dns(HostName),
    /// An address.
    Ip(IpAddr),
    /// Neither, so that no certificate can cover it: empty, with spaces, or not in ASCII (a
    /// client must ask for the A-label, `xn--…`).
    Invalid(WireText),
}

/// A valid host name in lower case, without the trailing dot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HostName(Box<str>);

impl ReferenceName {
    /// Reads a server name as it stands in a ClientHello or a configuration. One trailing dot is
    /// ignored; an address may stand in brackets.
    #[must_use]
    pub fn new(raw: &[u8]) -> Self {
        let invalid = || Self::Invalid(WireText::new(raw));
        let Ok(text) = str::from_utf8(raw) else {
            return invalid();
        };
        let unbracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let unbracketed = unbracketed.unwrap_or(text);
        // Every address has one or the other, and hardly any name has.
        let may_be_address =
            unbracketed.as_bytes().last().is_some_and(u8::is_ascii_digit) || text.contains(':');
        if may_be_address && let Ok(address) = unbracketed.parse() {
            return Self::Ip(address);
        }
        let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // All bytes, without a way out: that is done for many at once.
        let valid_bytes = host.bytes().fold(true, |valid, b| {
            valid & (b.is_ascii_lowercase() | b.is_ascii_digit() | matches!(b, b'-' | b'_' | b'.'))
        });
        let mut labels = host.as_bytes().split(|b| *b == b'.');
        let valid_length = |label: &[u8]| (1..=63).contains(&label.len());
        if host.len() <= 253 && valid_bytes && labels.all(valid_length) {
            Self::Dns(HostName(host.into()))
        } else {
            invalid()
        }
    }
}

impl From<IpAddr> for ReferenceName {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for ReferenceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => f.write_str(&host.0),
            Self::Ip(address) => write!(f, "{address}"),
            Self::Invalid(text) => write!(f, "{text}"),
        }
    }
}

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a dNSName of a certificate matches (RFC 9525 §6.3).
    ///
    /// A wildcard stands for exactly one whole label, the leftmost one, and at least two labels
    /// must follow it: clients refuse `*.test`. A dot at its end is not taken off: Go, OpenSSL and
    /// webpki refuse such a name.
    #[must_use]
    pub fn is_matched_by(&self, presented: &[u8]) -> bool {
        match presented.strip_prefix(b"*.") {
            None => {
                let own = self.0.as_bytes();
                presented == own || presented.eq_ignore_ascii_case(own)
            }
            Some(parent) => {
                parent.contains(&b'.')
                    && self.0.split_once('.').is_some_and(|(_, own_parent)| {
                        own_parent.as_bytes().eq_ignore_ascii_case(parent)
                    })
            }
        }
    }
}

/// Why a certificate does not cover a name.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Miss {
    /// There is no subjectAltName with DNS names or addresses, only a common name. Go, rustls and
    /// browsers do not look at it; OpenSSL and Java do.
    CommonNameOnly {
        /// The common name.
        common_name: WireText,
        /// Whether it would have matched.
        matches: bool,
    },
    /// It holds no name of any sort.
    NoNames,
    /// The name lies more than one label below the wildcard.
    WildcardCoversOneLabel(WireText),
    /// The name is the wildcard's own parent: `*.example.test` does not cover `example.test`.
    WildcardNotParent(WireText),
    /// A wildcard within a label, or not in the leftmost one, or right below a top-level domain:
    /// clients do not take it.
    WildcardUnusable(WireText),
    /// The name with a dot at its end, which clients do not take off.
    TrailingDot(WireText),
    /// The address stands in a dNSName, where clients do not look for addresses.
    AddressAsDnsName(WireText),
    /// An address was asked for, and the certificate holds names only.
    NoAddresses,
    /// The nearest name: it has the same parent domain, or the most labels in common.
    Closest(WireText),
    /// No name has anything in common with it.
    Unrelated,
    /// What was asked for is no valid name, so nothing can cover it.
    InvalidName,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommonNameOnly { common_name, matches: true } => write!(
                f,
                "only the common name `{common_name}` matches, which Go, rustls and browsers do not look at"
            ),
            Self::CommonNameOnly { common_name, .. } => {
                write!(f, "it holds only the common name `{common_name}`")
            }
            Self::NoNames => f.write_str("it holds no name"),
            Self::WildcardCoversOneLabel(name) => {
                write!(f, "`{name}` covers one label only")
            }
            Self::WildcardNotParent(name) => {
                write!(f, "`{name}` does not cover the domain itself")
            }
            Self::WildcardUnusable(name) => {
                write!(f, "`{name}` is a wildcard that clients do not take")
            }
            Self::TrailingDot(name) => {
                write!(f, "`{name}` ends with a dot, which clients do not take off")
            }
            Self::AddressAsDnsName(name) => {
                write!(f, "`{name}` is written as a DNS name, not as an IP address")
            }
            Self::NoAddresses => f.write_str("it holds no IP address"),
            Self::Closest(name) => write!(f, "the nearest name is `{name}`"),
            Self::Unrelated => f.write_str("no name comes near"),
            Self::InvalidName => f.write_str("what the client asked for is no valid name"),
        }
    }
}

impl Miss {
    pub(crate) fn find(certificate: &Certificate, name: &ReferenceName) -> Self {
        let host = match name {
            ReferenceName::Invalid(_) => return Self::InvalidName,
            ReferenceName::Dns(host) => Some(host),
            ReferenceName::Ip(_) => None,
        };
        if certificate.dns_names.is_empty() && certificate.ip_addresses.is_empty() {
            let Some(common_name) = certificate.subject.common_name() else {
                return Self::NoNames;
            };
            let matches = match (host, name) {
                (Some(host), _) => host.is_matched_by(common_name.raw()),
                (None, _) => common_name.raw() == name.to_string().as_bytes(),
            };
            return Self::CommonNameOnly { common_name: common_name.clone(), matches };
        }
        let Some(host) = host else {
            let address = name.to_string();
            let as_text = |dns: &&WireText| dns.raw() == address.as_bytes();
            return match certificate.dns_names.iter().find(as_text) {
                Some(dns) => Self::AddressAsDnsName(dns.clone()),
                None if certificate.ip_addresses.is_empty() => Self::NoAddresses,
                None => Self::Unrelated,
            };
        };
        let dotted = |name: &&WireText| {
            name.raw().strip_suffix(b".").is_some_and(|name| host.is_matched_by(name))
        };
        if let Some(name) = certificate.dns_names.iter().find(dotted) {
            return Self::TrailingDot(name.clone());
        }
        for presented in &certificate.dns_names {
            if let Some(miss) = wildcard_miss(host.as_str(), presented) {
                return miss;
            }
        }
        closest(host.as_str(), &certificate.dns_names)
    }
}

/// What is wrong with a wildcard that seems meant for this host.
fn wildcard_miss(host: &str, presented: &WireText) -> Option<Miss> {
    let text = presented.as_str()?.to_ascii_lowercase();
    let (before, after) = text.split_once('*')?;
    let Some(parent) = after.strip_prefix('.') else {
        // `f*o.example.test`: meant for this host if what stands around the star fits.
        let fits = host.len() >= text.len().saturating_sub(1)
            && host.starts_with(before)
            && host.ends_with(after);
        return fits.then(|| Miss::WildcardUnusable(presented.clone()));
    };
    if before.is_empty() && host == parent {
        return Some(Miss::WildcardNotParent(presented.clone()));
    }
    let below = host.strip_suffix(parent)?.strip_suffix('.')?;
    if !before.is_empty() || !parent.contains('.') {
        return below.starts_with(before).then(|| Miss::WildcardUnusable(presented.clone()));
    }
    below.contains('.').then(|| Miss::WildcardCoversOneLabel(presented.clone()))
}

/// The name with the most labels in common from the right; among equals the one with the fewest
/// edits. A top-level domain alone is nothing in common.
fn closest(host: &str, names: &[WireText]) -> Miss {
    // Edit distance is quadratic in the length of names, so only so many candidates are weighed.
    const WEIGHED: usize = 64;
    let common_labels = |name: &str| {
        let pairs = name.rsplit('.').zip(host.rsplit('.'));
        pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    let counted = names.iter().filter_map(|name| Some((common_labels(name.as_str()?), name)));
    let counted: Vec<_> = counted.collect();
    let Some(best) = counted.iter().map(|(labels, _)| *labels).max().filter(|best| *best >= 2)
    else {
        // Without a common domain a slip of the pen may still be told (`exmaple.test`).
        let near = |name: &&WireText| {
            name.as_str().is_some_and(|name| name.len() > 4 && edits(name, host) <= 2)
        };
        let slip = names.iter().take(WEIGHED).find(near);
        return slip.map_or(Miss::Unrelated, |name| Miss::Closest(name.clone()));
    };
    let candidates = counted.iter().filter(|(labels, _)| *labels == best).take(WEIGHED);
    candidates
        .min_by_key(|(_, name)| name.as_str().map_or(usize::MAX, |name| edits(name, host)))
        .map_or(Miss::Unrelated, |(_, name)| Miss::Closest((*name).clone()))
}

/// Insertions, deletions and replacements that turn one name into the other.
fn edits(a: &str, b: &str) -> usize {
    // A DNS name has at most 253 octets; what is longer is no candidate.
    if a.len() > 255 || b.len() > 255 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (above, y) in row.iter().skip(1).zip(b.bytes()) {
            let replace = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            left = replace.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Miss, ReferenceName};
    use crate::{Certificate, WireText, name::tests::name};

    fn with_names(dns: &[&str], addresses: &[&str]) -> Certificate {
        let mut certificate = Certificate::parse(b"");
        certificate.dns_names = dns.iter().map(|name| WireText::from(*name)).collect();
        certificate.ip_addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        certificate
    }

    fn covers(presented: &str, asked: &str) -> bool {
        with_names(&[presented], &[]).covers(&ReferenceName::new(asked.as_bytes()))
    }

    fn miss(dns: &[&str], asked: &str) -> String {
        let certificate = with_names(dns, &[]);
        certificate.nearest_miss(&ReferenceName::new(asked.as_bytes())).unwrap().to_string()
    }

    #[test]
    fn names_that_match() {
        assert!(covers("example.test", "example.test"));
        assert!(covers("EXAMPLE.test", "example.TEST"));
        assert!(covers("example.test", "example.test."));
        assert!(covers("*.example.test", "a.example.test"));
        assert!(covers("*.EXAMPLE.test", "a.example.test"));
        assert!(covers("*.example.test", "xn--bcher-kva.example.test"));
        assert!(covers("my_host.example.test", "my_host.example.test"));
        assert!(covers("localhost", "localhost"));
    }

    #[test]
    fn names_that_do_not_match() {
        assert!(!covers("example.test", "www.example.test"));
        assert!(!covers("*.example.test", "example.test"));
        assert!(!covers("*.example.test", "a.b.example.test"));
        assert!(!covers("*.test", "example.test"));
        assert!(!covers("*", "localhost"));
        assert!(!covers("w*.example.test", "www.example.test"));
        assert!(!covers("www.*.test", "www.example.test"));
        assert!(!covers("*.example.test", ".example.test"));
        assert!(!covers("192.0.2.1", "192.0.2.1"));
        assert!(!covers("", ""));
        assert!(!covers("a b", "a b"));
        assert!(!covers("bücher.example", "bücher.example"));
        assert!(!covers("example.test", "example.test.."));
        assert!(!covers("example.test.", "example.test"));
        assert!(!covers("example.test.", "example.test."));
        assert!(!covers("*.example.test.", "a.example.test"));
    }

    #[test]
    fn addresses() {
        let certificate = with_names(&[], &["192.0.2.1", "2001:db8::1"]);
        let covers = |asked: &str| certificate.covers(&ReferenceName::new(asked.as_bytes()));
        assert!(covers("192.0.2.1") && covers("2001:db8::1") && covers("[2001:DB8:0::1]"));
        assert!(!covers("192.0.2.2") && !covers("192.0.2.1."));
    }

    #[test]
    fn why_not() {
        assert_eq!(
            miss(&["example.test."], "example.test"),
            "`example.test.` ends with a dot, which clients do not take off"
        );
        assert_eq!(
            miss(&["*.example.test"], "a.b.example.test"),
            "`*.example.test` covers one label only"
        );
        assert_eq!(
            miss(&["*.example.test"], "example.test"),
            "`*.example.test` does not cover the domain itself"
        );
        assert_eq!(
            miss(&["w*.example.test"], "www.example.test"),
            "`w*.example.test` is a wildcard that clients do not take"
        );
        assert_eq!(
            miss(&["a.example.org", "api.example.test", "ap.example.test"], "apx.example.test"),
            "the nearest name is `api.example.test`"
        );
        assert_eq!(miss(&["exmaple.test"], "example.test"), "the nearest name is `exmaple.test`");
        assert_eq!(miss(&["other.org"], "www.example.test"), "no name comes near");
        assert_eq!(miss(&["other.org"], "192.0.2.1"), "it holds no IP address");
        assert_eq!(
            miss(&["192.0.2.1"], "192.0.2.1"),
            "`192.0.2.1` is written as a DNS name, not as an IP address"
        );
        assert_eq!(miss(&["other.org"], "a b"), "what the client asked for is no valid name");
        assert_eq!(miss(&[], "a.test"), "it holds no name");
    }

    #[test]
    fn a_common_name_is_mentioned() {
        let mut certificate = with_names(&[], &[]);
        certificate.subject = name(&[(&[0x55, 4, 3], 12, b"www.example.test")]);
        let asked = |name: &str| ReferenceName::new(name.as_bytes());
        assert!(!certificate.covers(&asked("www.example.test")));
        let miss = certificate.nearest_miss(&asked("www.example.test"));
        assert!(matches!(miss, Some(Miss::CommonNameOnly { matches: true, .. })));
        let miss = certificate.nearest_miss(&asked("other.example.test"));
        assert!(matches!(miss, Some(Miss::CommonNameOnly { matches: false, .. })));
    }

    #[test]
    fn names_for_a_sentence() {
        assert_eq!(
            with_names(&["a.test", "*.b.test"], &["::1"]).names_for_display(),
            "`a.test`, `*.b.test`, `::1`"
        );
        assert_eq!(with_names(&[], &[]).names_for_display(), "no name");
    }
}

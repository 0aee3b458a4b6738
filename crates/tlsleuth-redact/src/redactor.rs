//! Replaces addresses, names and what identifies a certificate.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipcrypt_rs::IpcryptPfx;
use zeroize::Zeroizing;

use crate::{Key, alphabet, host};

/// What is to be replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct What {
    /// IP addresses; in packets the hardware addresses with them.
    pub addresses: bool,
    /// Names of hosts, people and organizations, and what identifies a certificate: its serial
    /// number and hashes.
    pub names: bool,
}

/// Replaces what it is told to replace, and gives the rest back as it is.
pub struct Redactor {
    what: What,
    key: Key,
    addresses: IpcryptPfx,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Redactor {
    /// One that replaces this with this key.
    #[must_use]
    pub fn new(what: What, key: &Key) -> Self {
        let mut both = Zeroizing::new([0; 32]);
        let (left, right) = both.split_at_mut(16);
        let halves = Zeroizing::new(key.derive(&[b"addresses"]));
        left.copy_from_slice(halves.get(..16).unwrap_or(&[0; 16]));
        right.copy_from_slice(halves.get(16..).unwrap_or(&[0; 16]));
        // The library refuses equal halves, which one key in 2^128 gives.
        if left == right
            && let Some(first) = left.first_mut()
        {
            *first ^= 1;
        }
        Self { what, key: key.clone(), addresses: IpcryptPfx::new(*both) }
    }

    /// What is replaced.
    #[must_use]
    pub fn what(&self) -> What {
        self.what
    }

    /// The token of an address. An unspecified one (`0.0.0.0`, `::`) and the loopback addresses
    /// (`127.0.0.1`, `::1`) say nothing and stay.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> IpAddr {
        if !self.what.addresses || says_nothing(address) {
            return address;
        }
        // Whatever would get such an address gets what that one would have got.
        let mut token = self.addresses.encrypt_ipaddr(address);
        while says_nothing(token) {
            token = self.addresses.encrypt_ipaddr(token);
        }
        token
    }

    /// The token of any name: an address, a host, a mail address, a URL, or words.
    ///
    /// All but an address keep their length in bytes.
    #[must_use]
    pub fn name(&self, text: &str) -> String {
        if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            return self.address(address).to_string();
        }
        if !self.what.names {
            return text.to_owned();
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let end = rest.find(['/', ':', '?', '#']).unwrap_or(rest.len());
            let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            return format!("{scheme}://{}{}", self.name(host), self.words(path));
        }
        if let Some((who, host)) = text.split_once('@') {
            return format!("{}@{}", self.words(who), self.name(host));
        }
        if host::is_host(text) { host::replace(&self.key, text) } else { self.words(text) }
    }

    /// The token of words: letters and digits change, the rest stays. One word alone gets the token
    /// that a host without a domain gets.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        if !self.what.names {
            return text.to_owned();
        }
        let alone = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let context: &[&[u8]] = if alone { &[b"host", b""] } else { &[b"words"] };
        let token = alphabet::permute(&self.key, context, text.as_bytes());
        String::from_utf8_lossy(&token).into_owned()
    }

    /// The token of a number in hex, such as a serial number or a hash: its digits change, what
    /// stands between them stays.
    #[must_use]
    pub fn hex(&self, text: &str) -> String {
        if !self.what.names {
            return text.to_owned();
        }
        let digits: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .map(|digit| digit.to_ascii_lowercase())
            .collect();
        let mut digits = self.bytes(b"hex", &digits, digits.len()).into_iter();
        text.chars()
            .map(|c| match c.is_ascii_hexdigit() {
                true => digits
                    .next()
                    .and_then(|byte| char::from_digit(u32::from(byte) % 16, 16))
                    .unwrap_or('0'),
                false => c,
            })
            .collect()
    }

    /// `len` bytes that take the place of `original`, for keys, signatures and random numbers; the
    /// same original gives the same bytes.
    #[must_use]
    pub fn bytes(&self, kind: &[u8], original: &[u8], len: usize) -> Vec<u8> {
        let seed = self.key.derive(&[kind, original]);
        let blocks = (0_u64..).flat_map(|block| self.key.derive(&[&seed, &block.to_be_bytes()]));
        blocks.take(len).collect()
    }

    /// Whether a text is the name of a host beyond doubt: its ending is one that many share.
    #[must_use]
    pub fn is_host(text: &str) -> bool {
        host::surely_host(text)
    }
}

fn says_nothing(address: IpAddr) -> bool {
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    address.is_unspecified() || loopback.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        Redactor::new(What { addresses: true, names: true }, &key)
    }

    #[test]
    fn addresses_keep_their_network() {
        let redactor = redactor();
        let address = |text: &str| redactor.address(text.parse().unwrap());
        let octets = |text: &str| match address(text) {
            IpAddr::V4(address) => address.octets(),
            IpAddr::V6(_) => panic!("another family"),
        };
        let (a, b, c) = (octets("10.1.2.3"), octets("10.1.2.77"), octets("10.1.9.3"));
        assert_eq!(a[..3], b[..3]);
        assert_ne!(a[3], b[3]);
        assert_eq!(a[..2], c[..2]);
        assert_ne!(a[2], c[2]);
        assert_ne!(a, [10, 1, 2, 3]);
        assert!(address("2001:db8::1").is_ipv6());
        assert_eq!(address("127.0.0.1"), "127.0.0.1".parse::<IpAddr>().unwrap());
        assert_eq!(address("0.0.0.0"), "0.0.0.0".parse::<IpAddr>().unwrap());
        assert_eq!(redactor.name("10.1.2.3"), address("10.1.2.3").to_string());
    }

    #[test]
    fn names_of_every_kind() {
        let redactor = redactor();
        let host = redactor.name("ca.example.test");
        let url = redactor.name("http://ca.example.test/issuing-r3.der");
        assert!(url.starts_with(&format!("http://{host}/")), "{url}");
        assert!(!url.contains("issuing"));
        let mail = redactor.name("admin@ca.example.test");
        assert!(mail.ends_with(&format!("@{host}")) && !mail.contains("admin"), "{mail}");
        let words = redactor.name("Example Issuing CA R3");
        assert_eq!(words.len(), "Example Issuing CA R3".len());
        assert!(!words.contains("Example"));
        assert_eq!(redactor.name("shop"), redactor.words("shop"));
        assert_eq!(redactor.hex("04:A1:ff").len(), 8);
        assert_eq!(redactor.hex("04:A1:ff"), redactor.hex("04:a1:ff"));
    }

    #[test]
    fn only_what_is_asked_for() {
        let key = Key::random().unwrap();
        let names = Redactor::new(What { addresses: false, names: true }, &key);
        assert_eq!(names.name("10.0.0.1"), "10.0.0.1");
        assert_ne!(names.name("a.example.test"), "a.example.test");
        let addresses = Redactor::new(What { addresses: true, names: false }, &key);
        assert_ne!(addresses.name("10.0.0.1"), "10.0.0.1");
        assert_eq!(addresses.name("a.example.test"), "a.example.test");
        assert_eq!(addresses.hex("04:a1"), "04:a1");
    }
}

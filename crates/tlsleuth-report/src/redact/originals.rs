//! What is to be replaced: every name that the facts hold.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Bound;

use tlsleuth::cert::{Certificate, Name, NameSubtree, WireText};
use tlsleuth::handshake::connection::{Connection, EventKind};
use tlsleuth::handshake::message::EncryptedClientHello;
use tlsleuth::handshake::preamble::Refusal;

use super::vocabulary;

/// Bytes of originals that are kept. When they are more, sentences are masked word by word: see
/// [`Originals::overflowed`].
const MOST_BYTES: usize = 32 << 20;
/// Shorter originals are replaced in the fields that hold them and where they are quoted.
const SHORTEST: usize = 3;

/// How an original is replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// As a name.
    Name,
    /// A name that is a usual word too: only where it is quoted.
    UsualWord,
    /// As a number in hex.
    Hex,
    /// As text that a peer wrote.
    Quote,
}

/// The originals, in lower case, without what stands before their first letter or digit.
#[derive(Debug, Default)]
pub(super) struct Originals {
    known: BTreeMap<String, Kind>,
    bytes: usize,
    overflowed: bool,
}

impl Originals {
    /// Takes the originals of a connection.
    pub(super) fn connection(&mut self, connection: &Connection) {
        for hello in &connection.client_hellos {
            let extensions = &hello.value.extensions;
            if let Some(name) = extensions.server_name() {
                self.wire(&name.host_name, Kind::Name);
            }
        }
        if let Some(extensions) = connection.encrypted_extensions.present()
            && let Some(EncryptedClientHello::RetryConfigs { public_names, .. }) =
                extensions.value.extensions.encrypted_client_hello()
        {
            public_names.iter().for_each(|name| self.wire(name, Kind::Name));
        }
        for chain in [&connection.server_chain, &connection.client_chain] {
            for certificate in chain.present().iter().flat_map(|c| c.value.chain.certificates()) {
                self.certificate(certificate);
            }
        }
        if let Some(request) = connection.certificate_request.present() {
            for authority in request.value.authorities() {
                if let Some(name) = Name::parse(authority) {
                    self.distinguished_name(&name);
                }
            }
        }
        if let Some(exchange) = connection.server_key_exchange.present()
            && let Some(hint) = &exchange.value.psk_identity_hint
        {
            self.wire(hint, Kind::Name);
        }
        for preamble in &connection.preambles {
            preamble.value.target.iter().for_each(|target| self.target(target));
        }
        if let Some(refusal) = &connection.refusal {
            refusal.value.target.iter().for_each(|target| self.target(target));
            if let Refusal::Line(line) = &refusal.value.reason {
                self.quote(line);
            }
        }
        for plaintext in [&connection.plaintext.client, &connection.plaintext.server] {
            plaintext.iter().for_each(|plaintext| self.quote(&plaintext.value.quote));
        }
        for garbage in [&connection.garbage.client, &connection.garbage.server] {
            garbage.iter().for_each(|garbage| self.quote(&garbage.value));
        }
        for event in &connection.events {
            if let EventKind::Starttls(text)
            | EventKind::ProxyConnect(text)
            | EventKind::Plaintext(text)
            | EventKind::Garbage(text) = &event.kind
            {
                self.quote(text);
            }
        }
    }

    fn certificate(&mut self, certificate: &Certificate) {
        self.distinguished_name(&certificate.subject);
        self.distinguished_name(&certificate.issuer);
        let lists = [
            &certificate.dns_names,
            &certificate.email_addresses,
            &certificate.uris,
            &certificate.issuer_urls,
            &certificate.ocsp_urls,
            &certificate.crl_urls,
        ];
        lists.into_iter().flatten().for_each(|name| self.wire(name, Kind::Name));
        let constraints = certificate.name_constraints.iter();
        for subtree in constraints.flat_map(|list| list.permitted.iter().chain(&list.excluded)) {
            match subtree {
                NameSubtree::Dns(name) | NameSubtree::Email(name) | NameSubtree::Uri(name) => {
                    self.wire(name, Kind::Name);
                }
                NameSubtree::Directory(name) => self.distinguished_name(name),
                _ => {}
            }
        }
        self.add(&certificate.serial.to_string(), Kind::Hex);
        self.add(&certificate.sha256.to_string(), Kind::Hex);
    }

    fn distinguished_name(&mut self, name: &Name) {
        let parts = [name.common_name(), name.organization(), name.organizational_unit()];
        parts.into_iter().flatten().for_each(|part| self.wire(part, Kind::Name));
        for text in [name.text().escaped(), name.to_string()] {
            for (_, value) in attributes(&text) {
                self.add(value, Kind::Name);
            }
        }
    }

    /// Where a tunnel goes: `host:port`.
    fn target(&mut self, target: &WireText) {
        let text = target.escaped();
        let host = match text.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &text,
        };
        self.add(host, Kind::Name);
    }

    /// What a peer wrote: as a whole, and every word that could be a name.
    fn quote(&mut self, text: &WireText) {
        self.wire(text, Kind::Quote);
        let text = text.escaped();
        for word in text.split(|c: char| !(c.is_alphanumeric() || "._-@".contains(c))) {
            if !vocabulary::knows(word) {
                self.add(word, Kind::Name);
            }
        }
    }

    fn wire(&mut self, text: &WireText, kind: Kind) {
        self.add(&text.escaped(), kind);
        // A long text is shown cut.
        let shown = text.to_string();
        if let Some((shown, _)) = shown.split_once('…') {
            self.add(shown, kind);
        }
    }

    /// Takes one original; of a host the domains above it too, since sentences name them.
    fn add(&mut self, text: &str, kind: Kind) {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        // An address is found by its form.
        if text.is_empty() || text.parse::<IpAddr>().is_ok() {
            return;
        }
        let lower = text.to_ascii_lowercase();
        let kind = match kind {
            Kind::Name | Kind::Hex
                if lower.len() < SHORTEST
                    || vocabulary::knows(&lower)
                    || lower.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Kind::UsualWord
            }
            kind => kind,
        };
        if kind == Kind::Name && !lower.contains([' ', '/', '@']) {
            let mut rest = lower.as_str();
            while let Some((_, parent)) = rest.split_once('.') {
                if parent.contains('.') {
                    self.insert(parent, kind);
                }
                rest = parent;
            }
        }
        self.insert(&lower, kind);
    }

    #[cfg(test)]
    pub(super) fn add_name(&mut self, text: &str) {
        self.add(text, Kind::Name);
    }

    fn insert(&mut self, lower: &str, kind: Kind) {
        if self.overflowed || self.known.contains_key(lower) {
            return;
        }
        self.bytes += lower.len();
        if self.bytes > MOST_BYTES {
            self.overflowed = true;
            self.known.clear();
            return;
        }
        self.known.insert(lower.to_owned(), kind);
    }

    /// Whether there were too many to be kept.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The longest original that `lower`, a text in lower case, begins with and that ends with a
    /// word: its length in bytes, and how it is replaced.
    pub(super) fn at(&self, lower: &str) -> Option<(usize, Kind)> {
        let mut within = lower;
        loop {
            // The greatest entry that is not behind the text is the longest that it begins with, or
            // shares a beginning with it: nothing longer than that beginning can be one.
            let bounds = (Bound::Unbounded, Bound::Included(within));
            let (entry, kind) = self.known.range::<str, _>(bounds).next_back()?;
            if within.starts_with(entry.as_str()) {
                let rest = lower.get(entry.len()..).unwrap_or_default();
                let inside = entry.ends_with(char::is_alphanumeric)
                    && rest.starts_with(char::is_alphanumeric);
                if !inside {
                    return Some((entry.len(), *kind));
                }
                // Something shorter may end with a word.
                let last = entry.char_indices().next_back().map_or(0, |(at, _)| at);
                within = within.get(..last)?;
            } else {
                within = within.get(..shared(within, entry))?;
            }
            if within.is_empty() {
                return None;
            }
        }
    }
}

/// Bytes of the beginning that two texts share, in whole characters.
fn shared(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

/// The attributes of a distinguished name as printed: what stands before each value, and the value.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let equals = rest.find('=').map_or(0, |at| at + 1);
        let mut escaped = false;
        let end = rest.char_indices().skip_while(|(at, _)| *at < equals).find(|(_, c)| {
            let ends = !escaped && matches!(c, ',' | '+');
            escaped = !escaped && *c == '\\';
            ends
        });
        let end = end.map_or(rest.len(), |(at, _)| at);
        let (attribute, behind) = rest.split_at_checked(end)?;
        let (before, value) = attribute.split_at_checked(equals)?;
        // The separator belongs to what stands before the next value.
        rest = behind;
        if before.is_empty() {
            // No attribute at all: the whole of it is a value.
            rest = "";
            return Some(("", text));
        }
        Some((before, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_a_name() {
        let all = |text| attributes(text).collect::<Vec<_>>();
        assert_eq!(all("CN=a,O=b"), [("CN=", "a"), (",O=", "b")]);
        assert_eq!(all(r"CN=a\,b+OU=c=d"), [("CN=", r"a\,b"), ("+OU=", "c=d")]);
        assert_eq!(all("CN=,O=x"), [("CN=", ""), (",O=", "x")]);
        assert_eq!(all(""), []);
        assert_eq!(all("empty"), [("", "empty")]);
    }

    #[test]
    fn the_longest_original_wins() {
        let mut originals = Originals::default();
        for name in ["shop.acme", "www.shop.acme", "Acme CA", "Acme CA R3", "acm", "*.b.acme"] {
            originals.add(name, Kind::Name);
        }
        let at = |text: &'static str| originals.at(text).map(|(len, _)| text.get(..len).unwrap());
        assert_eq!(at("acme ca r3, more"), Some("acme ca r3"));
        assert_eq!(at("acme ca r34"), Some("acme ca"));
        assert_eq!(at("acme car"), None);
        assert_eq!(at("acm "), Some("acm"));
        assert_eq!(at("www.shop.acme:443"), Some("www.shop.acme"));
        assert_eq!(at("b.acme"), Some("b.acme"));
        assert_eq!(at("zzz"), None);
        assert_eq!(at(""), None);
    }

    #[test]
    fn usual_words_are_known_as_such() {
        let mut originals = Originals::default();
        originals.add("server", Kind::Name);
        originals.add("01", Kind::Hex);
        assert_eq!(originals.at("server "), Some((6, Kind::UsualWord)));
        assert_eq!(originals.at("01"), Some((2, Kind::UsualWord)));
    }
}

//! What a client offers, in brief, each kind of hello held once.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};

use tlsleuth_cert::WireText;
use tlsleuth_handshake::codepoint::{
    CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme,
};
use tlsleuth_handshake::fingerprint::{Transport, ja4};
use tlsleuth_handshake::message::ClientHello;

use super::caps::MAX_HELLOS;

/// What a client offers, without GREASE, the name, and what only a resumption brings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// The newest version.
    pub newest: Option<ProtocolVersion>,
    /// All versions that it tells.
    pub versions: BTreeSet<ProtocolVersion>,
    /// Cipher suites.
    pub suites: BTreeSet<CipherSuite>,
    /// Groups.
    pub groups: BTreeSet<NamedGroup>,
    /// Signature algorithms.
    pub signatures: BTreeSet<SignatureScheme>,
    /// Application protocols.
    pub alpn: Vec<WireText>,
    /// Extensions.
    pub extensions: BTreeSet<ExtensionType>,
    /// The JA4 fingerprint of the first one seen.
    pub ja4: String,
}

impl Offer {
    /// The newest version and the application protocols, as a step of a ladder.
    #[must_use]
    pub fn step(&self) -> String {
        let version = self.newest.map_or_else(|| "no version".to_owned(), |v| v.to_string());
        if self.alpn.is_empty() {
            return version;
        }
        format!("{version} with ALPN {}", crate::wording::list(&self.alpn))
    }
}

/// Which kind of hello: an index of [`Hellos`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HelloId(pub(crate) u32);

impl HelloId {
    /// Any kind beyond those that are held.
    pub const OTHER: Self = Self(u32::MAX);
}

/// Every kind of hello that was seen.
#[derive(Clone, Debug, Default)]
pub struct Hellos {
    offers: Vec<Offer>,
    /// Looked up by a digest of what is offered, never walked.
    by_digest: HashMap<u64, HelloId>,
    /// What is hashed, kept for its room.
    scratch: Vec<u8>,
}

impl Hellos {
    /// The kind of a hello; [`HelloId::OTHER`] when there are too many kinds.
    pub fn of(&mut self, hello: &ClientHello) -> HelloId {
        let digest = digest(hello, &mut self.scratch);
        if let Some(&id) = self.by_digest.get(&digest) {
            return id;
        }
        if self.offers.len() >= MAX_HELLOS {
            return HelloId::OTHER;
        }
        let id = self.add(offer(hello));
        self.by_digest.insert(digest, id);
        id
    }

    /// Holds one more kind; [`HelloId::OTHER`] when there are too many.
    pub fn add(&mut self, offer: Offer) -> HelloId {
        match u32::try_from(self.offers.len()) {
            Ok(nth) if self.offers.len() < MAX_HELLOS => {
                self.offers.push(offer);
                HelloId(nth)
            }
            _ => HelloId::OTHER,
        }
    }

    /// What a kind offers.
    #[must_use]
    pub fn get(&self, id: HelloId) -> Option<&Offer> {
        self.offers.get(usize::try_from(id.0).ok()?)
    }
}

/// Extensions that say nothing of what kind of client it is: they come with a name, a resumption or
/// a size.
fn tells(kind: ExtensionType) -> bool {
    !kind.is_grease()
        && !matches!(
            kind,
            ExtensionType::SERVER_NAME
                | ExtensionType::PADDING
                | ExtensionType::PRE_SHARED_KEY
                | ExtensionType::EARLY_DATA
                | ExtensionType::COOKIE
        )
}

/// The order of extensions is left out, since some clients shuffle it. `DefaultHasher::new` has
/// fixed keys, so that the same hello gives the same digest in every run. All is hashed in one piece,
/// which takes a fraction of what hashing each number would.
fn digest(hello: &ClientHello, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    let list = &hello.extensions;
    scratch.extend_from_slice(&hello.legacy_version.0.to_be_bytes());
    let versions = list.supported_versions().unwrap_or_default().iter();
    put(scratch, versions.filter(|version| !version.is_grease()).map(|version| version.0));
    put(
        scratch,
        hello.cipher_suites().iter().filter(|suite| !suite.is_grease()).map(|suite| suite.0),
    );
    let groups = list.supported_groups().unwrap_or_default().iter();
    put(scratch, groups.filter(|group| !group.is_grease()).map(|group| group.0));
    let schemes = list.signature_algorithms().unwrap_or_default().iter();
    put(scratch, schemes.map(|scheme| scheme.0));
    for protocol in list.alpn().unwrap_or_default() {
        scratch.extend_from_slice(protocol.raw());
        put(scratch, std::iter::empty());
    }
    // A sum does not depend on the order; each type is spread over all bits first.
    let kinds = list.types().filter(|kind| tells(*kind)).fold(0u64, |sum, kind| {
        let spread = (u64::from(kind.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum.wrapping_add(spread ^ (spread >> 29))
    });
    scratch.extend_from_slice(&kinds.to_be_bytes());
    let mut hasher = DefaultHasher::new();
    hasher.write(scratch);
    hasher.finish()
}

/// A list of numbers, then how far it goes, so that the end of one is no beginning of the next.
fn put(scratch: &mut Vec<u8>, numbers: impl Iterator<Item = u16>) {
    numbers.for_each(|number| scratch.extend_from_slice(&number.to_be_bytes()));
    let end = u32::try_from(scratch.len()).unwrap_or(u32::MAX);
    scratch.extend_from_slice(&end.to_be_bytes());
}

fn offer(hello: &ClientHello) -> Offer {
    let list = &hello.extensions;
    let offered = hello.offered_versions();
    Offer {
        newest: offered.highest(),
        versions: offered.known().into_iter().collect(),
        suites: hello.real_suites().collect(),
        groups: list
            .supported_groups()
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|group| !group.is_grease())
            .collect(),
        signatures: list
            .signature_algorithms()
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|scheme| !scheme.is_grease())
            .collect(),
        alpn: list
            .alpn()
            .unwrap_or_default()
            .iter()
            .filter(|protocol| !is_grease(protocol))
            .cloned()
            .collect(),
        extensions: list.types().filter(|kind| tells(*kind)).collect(),
        ja4: ja4(hello, Transport::Tcp),
    }
}

/// Two bytes of the form `?a?a` (RFC 8701 §2).
fn is_grease(protocol: &WireText) -> bool {
    matches!(protocol.raw(), [a, b] if a == b && a & 0x0f == 0x0a)
}

//! What a client offers, in brief, each kind of hello held once.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, Hasher};

use foldhash::fast::RandomState;
use foldhash::quality::FixedState;
use tlsleuth_cert::WireText;
use tlsleuth_handshake::codepoint::{
    CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme,
};
use tlsleuth_handshake::fingerprint::{Transport, ja4};
use tlsleuth_handshake::message::{ClientHello, ShapeId};

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
    by_digest: HashMap<u64, HelloId, RandomState>,
    /// The same by shape and version, which tell all that the digest is made of.
    by_shape: HashMap<(ShapeId, ProtocolVersion), HelloId, RandomState>,
}

impl Hellos {
    /// The kind of a hello; [`HelloId::OTHER`] when there are too many kinds.
    pub fn of(&mut self, hello: &ClientHello) -> HelloId {
        let Some(shape) = hello.extensions.shape_id() else { return self.of_digest(hello) };
        let shape = (shape, hello.legacy_version);
        if let Some(&id) = self.by_shape.get(&shape) {
            return id;
        }
        let id = self.of_digest(hello);
        // A shape that does not fit is told by its digest each time.
        if id != HelloId::OTHER && self.by_shape.len() < MAX_HELLOS {
            self.by_shape.insert(shape, id);
        }
        id
    }

    fn of_digest(&mut self, hello: &ClientHello) -> HelloId {
        let digest = digest(hello);
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

/// The order of extensions is left out, since some clients shuffle it. The hasher has a fixed key, so
/// that the same hello gives the same digest in every run.
fn digest(hello: &ClientHello) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    let list = &hello.extensions;
    hasher.write_u16(hello.legacy_version.0);
    let versions = list.supported_versions().unwrap_or_default().iter();
    put(&mut hasher, versions.filter(|version| !version.is_grease()).map(|version| version.0));
    let suites = hello.cipher_suites().iter();
    put(&mut hasher, suites.filter(|suite| !suite.is_grease()).map(|suite| suite.0));
    let groups = list.supported_groups().unwrap_or_default().iter();
    put(&mut hasher, groups.filter(|group| !group.is_grease()).map(|group| group.0));
    let schemes = list.signature_algorithms().unwrap_or_default().iter();
    put(&mut hasher, schemes.map(|scheme| scheme.0));
    for protocol in list.alpn().unwrap_or_default() {
        hasher.write(protocol.raw());
        hasher.write_usize(protocol.len_bytes());
    }
    // A sum does not depend on the order; each type is spread over all bits first.
    let kinds = list.types().filter(|kind| tells(*kind)).fold(0u64, |sum, kind| {
        let spread = (u64::from(kind.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum.wrapping_add(spread ^ (spread >> 29))
    });
    hasher.write_u64(kinds);
    hasher.finish()
}

/// A list of numbers, then how many they are, so that the end of one is no beginning of the next.
fn put(hasher: &mut impl Hasher, numbers: impl Iterator<Item = u16>) {
    let mut count = 0usize;
    for number in numbers {
        hasher.write_u16(number);
        count += 1;
    }
    hasher.write_usize(count);
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

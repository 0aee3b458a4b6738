//! What the messages of one build have in common: read once, shared by all of them.

use std::sync::{Arc, OnceLock};

use super::client_hello::OfferedVersions;
use super::extension::{Carrier, ExtensionBody, Extensions, MAX_EXTENSIONS, OwnBody, parse_body};
use crate::{
    anomaly::{Notes, Problem, len32},
    codepoint::{CipherSuite, CompressionMethod, ExtensionType, ProtocolVersion},
    cursor::Cursor,
};

/// Names a shape that several hellos share, so that what was computed for one of them can be
/// remembered for the others. No two shapes of a process have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(pub(super) u64);

/// Suites, compression methods and extensions of a message, without what differs from one
/// connection to the next.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// `None` as long as nobody shares it.
    pub(super) id: Option<ShapeId>,
    pub(super) cipher_suites: Box<[CipherSuite]>,
    pub(super) compression_methods: Box<[CompressionMethod]>,
    pub(super) extensions: Box<[Listed]>,
    places: Places,
    pub(super) asked: Asked,
    /// Whether there is a list of extensions, be it empty.
    pub(super) has_list: bool,
    pub(super) fingerprints: Fingerprints,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.cipher_suites == other.cipher_suites
            && self.compression_methods == other.compression_methods
            && self.extensions == other.extensions
            && self.has_list == other.has_list
    }
}

impl Eq for Shape {}

/// An extension of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) kind: ExtensionType,
    pub(super) body: ListedBody,
}

/// What an extension of a list says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ListedBody {
    /// The same in all messages of the shape: the length as claimed, in bytes, and the body.
    Same(u16, ExtensionBody),
    /// The message's own: its place among these.
    Own(usize),
}

/// Where the extensions of type 0 to 63 are in a list, which nearly all are: the first of each type,
/// counted from 1; 0 for none.
#[derive(Debug)]
struct Places([u8; 64]);

impl Default for Places {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Places {
    fn of(list: &[Listed]) -> Self {
        let mut places = Self::default();
        // From the end, so that the first of a type stays; none of those behind 254 are noted.
        for (listed, nth) in list.iter().zip(1..=u8::MAX).rev() {
            if let Some(place) = places.0.get_mut(usize::from(listed.kind.0)) {
                *place = nth;
            }
        }
        places
    }

    /// The first extension of a type in the list that these are of.
    fn first<'a>(&self, list: &'a [Listed], kind: ExtensionType) -> Option<&'a Listed> {
        match self.0.get(usize::from(kind.0)) {
            Some(0) if list.len() <= usize::from(u8::MAX) => None,
            Some(nth @ 1..) => list.get(usize::from(*nth) - 1),
            _ => list.iter().find(|listed| listed.kind == kind),
        }
    }
}

/// What is asked of each message again and again: read out of the list once.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The version that a server selects in `supported_versions`.
    pub(super) selected_version: Option<ProtocolVersion>,
    /// The newest of those that a client lists there; `None` without a list.
    pub(super) newest_listed: Option<Option<ProtocolVersion>>,
    /// Whether `acme-tls/1` is among the application protocols (RFC 8737 §3).
    pub(super) has_acme: bool,
}

impl Asked {
    fn of(list: &[Listed], places: &Places) -> Self {
        let body = |kind| match places.first(list, kind).map(|listed| &listed.body) {
            Some(ListedBody::Same(_, body)) => Some(body),
            Some(ListedBody::Own(_)) | None => None,
        };
        let mut asked = Self::default();
        match body(ExtensionType::SUPPORTED_VERSIONS) {
            Some(ExtensionBody::SelectedVersion(version)) => {
                asked.selected_version = Some(*version);
            }
            Some(ExtensionBody::SupportedVersions(versions)) => {
                asked.newest_listed = Some(OfferedVersions::Listed(versions).highest());
            }
            _ => {}
        }
        if let Some(ExtensionBody::Protocols(protocols)) =
            body(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION)
        {
            asked.has_acme = protocols.iter().any(|protocol| protocol.raw() == b"acme-tls/1");
        }
        asked
    }
}

impl Shape {
    /// Bytes that it takes, about: what the body of an extension becomes is larger than what it was.
    pub(super) fn bytes(&self) -> usize {
        const GROWTH: usize = 3;
        let bodies = self.extensions.iter().map(|listed| match listed.body {
            ListedBody::Same(len_bytes, _) => usize::from(len_bytes),
            ListedBody::Own(_) => 0,
        });
        size_of::<Self>()
            + size_of_val(&*self.cipher_suites)
            + size_of_val(&*self.compression_methods)
            + size_of_val(&*self.extensions)
            + GROWTH * bodies.sum::<usize>()
    }

    /// The first extension of a type.
    pub(super) fn get(&self, kind: ExtensionType) -> Option<&Listed> {
        self.places.first(&self.extensions, kind)
    }
}

/// Fingerprints of a shape that is shared, once somebody asked for them, with what they depend on
/// beside it: the version, and of a server the suite.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    ja3: OnceLock<Fingerprint>,
    ja4: OnceLock<Fingerprint>,
}

type Fingerprint = (ProtocolVersion, CipherSuite, Box<str>);

impl Extensions {
    /// JA3 or JA3S of the message, made once for a shape that is shared.
    pub(crate) fn ja3(
        &self,
        version: ProtocolVersion,
        suite: CipherSuite,
        make: impl FnOnce() -> String,
    ) -> String {
        self.remembered(|prints| &prints.ja3, version, suite, make)
    }

    /// The same of what JA4 has behind the letter of the transport.
    pub(crate) fn ja4(&self, version: ProtocolVersion, make: impl FnOnce() -> String) -> String {
        self.remembered(|prints| &prints.ja4, version, CipherSuite::default(), make)
    }

    fn remembered(
        &self,
        which: impl FnOnce(&Fingerprints) -> &OnceLock<Fingerprint>,
        version: ProtocolVersion,
        suite: CipherSuite,
        make: impl FnOnce() -> String,
    ) -> String {
        let Some(shape) = self.shape.as_ref().filter(|shape| shape.id.is_some()) else {
            return make();
        };
        let known = which(&shape.fingerprints);
        match known.get() {
            Some((v, s, text)) if (*v, *s) == (version, suite) => text.to_string(),
            Some(_) => make(),
            None => {
                let text = make();
                // Somebody else may have been faster, with the same text.
                let _ = known.set((version, suite, text.as_str().into()));
                text
            }
        }
    }
}

/// A shape and the bodies beside it, while a message is read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) cipher_suites: Box<[CipherSuite]>,
    pub(super) compression_methods: Box<[CompressionMethod]>,
    extensions: Vec<Listed>,
    own: Vec<OwnBody>,
    has_list: bool,
}

/// The types up to 63 whose bodies are not the same in all hellos of one build, as bits: most
/// extensions are of none of them.
const OWN_TYPES: u64 = {
    use ExtensionType as T;
    const fn bit(kind: T) -> u64 {
        1 << kind.0
    }
    bit(T::SERVER_NAME)
        | bit(T::SIGNED_CERTIFICATE_TIMESTAMP)
        | bit(T::PADDING)
        | bit(T::SESSION_TICKET)
        | bit(T::KEY_SHARE_DRAFT)
        | bit(T::PRE_SHARED_KEY)
        | bit(T::COOKIE)
        | bit(T::KEY_SHARE)
        | bit(T::QUIC_TRANSPORT_PARAMETERS)
};

/// Whether the body of an extension may differ between the hellos of one build, its keys included.
#[inline]
pub(super) fn may_be_own(kind: ExtensionType) -> bool {
    1_u64.checked_shl(u32::from(kind.0)).is_none_or(|bit| OWN_TYPES & bit != 0)
}

/// Whether the body of an extension differs between the hellos of one build.
#[inline]
pub(super) fn is_own(kind: ExtensionType, carrier: Carrier, len_bytes: usize) -> bool {
    use ExtensionType as T;
    match (carrier, kind) {
        // An empty ticket asks for one, an empty list of length 1 says that this is the first
        // handshake.
        (Carrier::ClientHello, T::SESSION_TICKET) => len_bytes > 0,
        (
            Carrier::ClientHello | Carrier::ServerHello | Carrier::HelloRetryRequest,
            T::RENEGOTIATION_INFO,
        ) => len_bytes > 1,
        (Carrier::ClientHello, T::SERVER_NAME | T::PRE_SHARED_KEY | T::PADDING)
        | (Carrier::ServerHello, T::SIGNED_CERTIFICATE_TIMESTAMP)
        | (
            Carrier::ClientHello | Carrier::ServerHello | Carrier::HelloRetryRequest,
            T::COOKIE
            | T::ENCRYPTED_CLIENT_HELLO
            | T::QUIC_TRANSPORT_PARAMETERS
            | T::QUIC_TRANSPORT_PARAMETERS_DRAFT,
        ) => true,
        _ => false,
    }
}

impl Draft {
    /// Reads a list of extensions with its length, if there is anything.
    pub(super) fn read_extensions(
        &mut self,
        cursor: &mut Cursor<'_>,
        carrier: Carrier,
        notes: &mut Notes,
    ) {
        if cursor.is_empty() {
            return;
        }
        let Some(list) = cursor.vec16("extensions", notes) else { return };
        self.has_list = true;
        self.read_list(list, carrier, notes);
    }

    fn read_list(&mut self, mut list: Cursor<'_>, carrier: Carrier, notes: &mut Notes) {
        self.extensions.reserve_exact(count(list.rest()));
        // One bit for each of the types 0 to 63, which nearly all are.
        let mut seen = 0_u64;
        while !list.is_empty() {
            if self.extensions.len() == MAX_EXTENSIONS {
                let problem = Problem::TooMany { kept: len32(MAX_EXTENSIONS) };
                notes.add("extensions", list.offset(), problem);
                break;
            }
            let Some(kind) = list.u16("extension_type", notes) else { break };
            let kind = ExtensionType(kind);
            notes.extension = Some(kind);
            let claimed = list.rest().first_chunk::<2>().copied().map(u16::from_be_bytes);
            let Some(body) = list.vec16("extension_data", notes) else { break };
            let is_known = match 1_u64.checked_shl(u32::from(kind.0)) {
                Some(bit) => {
                    let is_known = seen & bit != 0;
                    seen |= bit;
                    is_known
                }
                None => self.extensions.iter().any(|known| known.kind == kind),
            };
            if is_known {
                notes.add("extension_type", body.offset(), Problem::Duplicate);
            }
            // RFC 8446 §4.2.11: pre_shared_key is the last one of a ClientHello.
            if kind == ExtensionType::PRE_SHARED_KEY
                && carrier == Carrier::ClientHello
                && !list.is_empty()
            {
                notes.add("extension_type", body.offset(), Problem::NotLast);
            }
            let is_own = is_own(kind, carrier, body.len());
            let len_bytes = claimed.unwrap_or(0);
            let body = parse_body(kind, body, carrier, notes);
            let body = if is_own {
                self.own.push(OwnBody { len_bytes, body });
                ListedBody::Own(self.own.len() - 1)
            } else {
                ListedBody::Same(len_bytes, body)
            };
            self.extensions.push(Listed { kind, body });
            notes.extension = None;
        }
        notes.extension = None;
    }

    /// What was read.
    pub(super) fn finish(self) -> Extensions {
        if !self.has_list && self.cipher_suites.is_empty() && self.compression_methods.is_empty() {
            return Extensions::default();
        }
        let places = Places::of(&self.extensions);
        let shape = Shape {
            id: None,
            cipher_suites: self.cipher_suites,
            compression_methods: self.compression_methods,
            asked: Asked::of(&self.extensions, &places),
            places,
            extensions: self.extensions.into_boxed_slice(),
            has_list: self.has_list,
            fingerprints: Fingerprints::default(),
        };
        Extensions { shape: Some(Arc::new(shape)), own: self.own.into_boxed_slice() }
    }
}

/// How many extensions a list holds at most, so that room for them is taken once.
fn count(mut list: &[u8]) -> usize {
    let mut count = 0;
    while let Some((head, tail)) = list.split_first_chunk::<4>() {
        count += 1;
        if count == MAX_EXTENSIONS {
            break;
        }
        let [_, _, high, low] = *head;
        list = tail.get(usize::from(u16::from_be_bytes([high, low]))..).unwrap_or(&[]);
    }
    count
}

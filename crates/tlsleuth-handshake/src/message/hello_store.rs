//! Shapes of hellos kept, so that the hellos of one build are read once.

use std::{
    hash::BuildHasher as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Carrier, ClientHello, Extensions, HELLO_RETRY_REQUEST_RANDOM, ServerHello, SessionId,
    extension::{OwnBody, parse_body},
    shape::{Shape, ShapeId, is_own, may_be_own},
};
use crate::{
    Anomaly,
    anomaly::{Notes, len32},
    codepoint::{CipherSuite, CompressionMethod, ExtensionType, ProtocolVersion},
    cursor::Cursor,
};

/// Bytes of a hello, without what is its own, up to which it is shared. Real ones have 100 to 400.
const MAX_KEY_BYTES: usize = 1024;

/// Bytes of the shapes of a generation, as they are [counted](Kept::bytes): some 300 of usual hellos.
const MAX_GENERATION_BYTES: usize = 192 * 1024;

/// Hellos remembered that came once: a shape is kept when it comes again.
const MAX_SEEN_ONCE: usize = 4096;

/// Reads hellos, and those of one shape only once.
///
/// Clients of one build send the same ClientHello but for random number, session, server name, keys
/// and tickets, and servers of one configuration the same answer. Those bytes that stay the same are
/// looked up by a seeded hash and compared; what is found is shared, and only what differs is read.
/// A shape is kept when it comes for the second time and nothing in the message breaks the
/// specification. When there are too many, those not asked for of late are forgotten.
#[derive(Debug, Default)]
pub struct HelloStore {
    hasher: foldhash::quality::RandomState,
    inner: Mutex<Inner>,
}

/// Two generations: when the young one is full, it becomes the old one, and the old one is dropped.
/// What is found in the old one moves to the young one.
#[derive(Debug, Default)]
struct Inner {
    young: hashbrown::HashTable<Kept>,
    young_bytes: usize,
    old: hashbrown::HashTable<Kept>,
    /// The hash of what came once, each at the place that it chooses.
    once: Box<[u64]>,
    stable: Stable,
}

#[derive(Debug)]
struct Kept {
    hash: u64,
    key: Box<[u8]>,
    shape: Arc<Shape>,
}

impl Kept {
    /// The key, and what a shape has around its lists. These are usually as long as the key, and at
    /// most 24 times that: one-letter names of protocols, each a text of its own.
    fn bytes(&self) -> usize {
        self.key.len() + size_of::<Self>() + size_of::<Shape>()
    }
}

enum Found {
    Shape(Arc<Shape>),
    /// It came before, and is worth keeping.
    Again(u64),
    Nothing,
}

/// No two shapes that are shared have the same number.
static SHAPES: AtomicU64 = AtomicU64::new(1);

impl HelloStore {
    /// Reads the body of a ClientHello of TLS, as [`ClientHello::decode`] does.
    #[must_use]
    pub fn client_hello(&self, body: &[u8]) -> (ClientHello, Vec<Anomaly>) {
        let mut guard = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        let Some(head) = inner.stable.of_client(body) else { return ClientHello::decode(body) };
        match inner.find(&self.hasher) {
            Found::Shape(shape) => {
                let mut notes = Notes::default();
                let own = inner.stable.read_own(body, Carrier::ClientHello, &mut notes);
                let hello = ClientHello {
                    legacy_version: head.version,
                    random: *head.random,
                    session_id: SessionId::new(head.session_id),
                    dtls_cookie: Box::default(),
                    len_bytes: len32(body.len()),
                    extensions: Extensions { shape: Some(shape), own },
                };
                (hello, notes.finish())
            }
            Found::Again(hash) => {
                let (mut hello, anomalies) = ClientHello::decode(body);
                if anomalies.is_empty() {
                    inner.keep(hash, &mut hello.extensions);
                }
                (hello, anomalies)
            }
            Found::Nothing => ClientHello::decode(body),
        }
    }

    /// Reads the body of a ServerHello, as [`ServerHello::decode`] does.
    #[must_use]
    pub fn server_hello(&self, body: &[u8]) -> (ServerHello, Vec<Anomaly>) {
        let mut guard = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        let Some((head, chosen)) = inner.stable.of_server(body) else {
            return ServerHello::decode(body);
        };
        match inner.find(&self.hasher) {
            Found::Shape(shape) => {
                let mut notes = Notes::default();
                let own = inner.stable.read_own(body, carrier_of(head.random), &mut notes);
                let hello = ServerHello {
                    legacy_version: head.version,
                    random: *head.random,
                    session_id: SessionId::new(head.session_id),
                    cipher_suite: chosen.0,
                    compression_method: chosen.1,
                    extensions: Extensions { shape: Some(shape), own },
                };
                (hello, notes.finish())
            }
            Found::Again(hash) => {
                let (mut hello, anomalies) = ServerHello::decode(body);
                if anomalies.is_empty() {
                    inner.keep(hash, &mut hello.extensions);
                }
                (hello, anomalies)
            }
            Found::Nothing => ServerHello::decode(body),
        }
    }
}

impl Inner {
    fn find(&mut self, hasher: &foldhash::quality::RandomState) -> Found {
        let key = self.stable.key.as_slice();
        let hash = hasher.hash_one(key);
        let same = |kept: &Kept| kept.hash == hash && *kept.key == *key;
        if let Some(kept) = self.young.find(hash, same) {
            return Found::Shape(Arc::clone(&kept.shape));
        }
        if let Ok(kept) = self.old.find_entry(hash, same) {
            let (kept, _) = kept.remove();
            let shape = Arc::clone(&kept.shape);
            self.insert(kept);
            return Found::Shape(shape);
        }
        if self.once.is_empty() {
            self.once = vec![0; MAX_SEEN_ONCE].into();
        }
        let places = self.once.len();
        let place = usize::try_from(hash).unwrap_or(usize::MAX) % places.max(1);
        match self.once.get_mut(place) {
            Some(once) if *once == hash => Found::Again(hash),
            Some(once) => {
                *once = hash;
                Found::Nothing
            }
            None => Found::Nothing,
        }
    }

    /// Keeps the shape of a message whose stable bytes are the last ones that were looked up.
    fn keep(&mut self, hash: u64, extensions: &mut Extensions) {
        // Nobody else has it yet, so it can still be named.
        let Some(shape) = extensions.shape.as_mut().and_then(Arc::get_mut) else { return };
        shape.id = Some(ShapeId(SHAPES.fetch_add(1, Ordering::Relaxed)));
        if let Some(shape) = &extensions.shape {
            let key = self.stable.key.as_slice().into();
            self.insert(Kept { hash, key, shape: Arc::clone(shape) });
        }
    }

    fn insert(&mut self, kept: Kept) {
        let bytes = self.young_bytes.saturating_add(kept.bytes());
        if bytes > MAX_GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes = self.young_bytes.saturating_add(kept.bytes());
        self.young.insert_unique(kept.hash, kept, |kept| kept.hash);
    }
}

/// The bytes of a hello that stay the same, one piece behind the other so that no two shapes give
/// the same bytes; and where the others are. Kept for its room.
#[derive(Debug, Default)]
struct Stable {
    key: Vec<u8>,
    own: Vec<OwnPlace>,
}

#[derive(Clone, Copy, Debug)]
struct OwnPlace {
    kind: ExtensionType,
    offset: usize,
    len_bytes: u16,
}

/// The fields of a hello before the list of suites.
struct Head<'a> {
    version: ProtocolVersion,
    random: &'a [u8; 32],
    session_id: &'a [u8],
}

/// What stands in a key for the length of a body that is the message's own: no body in it is as long.
const OWN: [u8; 2] = [0xff, 0xff];
/// What stands for that of key shares: their number follows, then group and length of each.
const SHARES: [u8; 2] = [0xff, 0xfe];

fn carrier_of(random: &[u8; 32]) -> Carrier {
    if *random == HELLO_RETRY_REQUEST_RANDOM {
        Carrier::HelloRetryRequest
    } else {
        Carrier::ServerHello
    }
}

impl Stable {
    /// Walks over a ClientHello; `None` for one whose lengths do not add up, or that is too long.
    fn of_client<'a>(&mut self, body: &'a [u8]) -> Option<Head<'a>> {
        self.key.clear();
        self.own.clear();
        let mut walk = Walk(body);
        let head = walk.head()?;
        let rest = walk.0;
        let suites = walk.u16()?;
        walk.take(usize::from(suites))?;
        let methods = walk.u8()?;
        walk.take(usize::from(methods))?;
        let lists = rest.get(..rest.len() - walk.0.len())?;
        if lists.len() > MAX_KEY_BYTES {
            return None;
        }
        self.key.push(1);
        self.key.extend_from_slice(&head.version.0.to_be_bytes());
        self.key.extend_from_slice(lists);
        self.extensions(walk, body.len(), Carrier::ClientHello)?;
        Some(head)
    }

    /// The same of a ServerHello; `None` for the old drafts, which have another form.
    fn of_server<'a>(
        &mut self,
        body: &'a [u8],
    ) -> Option<(Head<'a>, (CipherSuite, CompressionMethod))> {
        self.key.clear();
        self.own.clear();
        let mut walk = Walk(body);
        let head = walk.head()?;
        if head.version.draft().is_some() {
            return None;
        }
        let suite = walk.u16()?;
        let method = walk.u8()?;
        let carrier = carrier_of(head.random);
        self.key.push(if carrier == Carrier::HelloRetryRequest { 3 } else { 2 });
        self.key.extend_from_slice(&head.version.0.to_be_bytes());
        self.key.extend_from_slice(&suite.to_be_bytes());
        self.key.push(method);
        self.extensions(walk, body.len(), carrier)?;
        Some((head, (CipherSuite(suite), CompressionMethod(method))))
    }

    fn extensions(&mut self, mut walk: Walk<'_>, body_len: usize, carrier: Carrier) -> Option<()> {
        if walk.0.is_empty() {
            return Some(());
        }
        let list = walk.u16()?;
        if usize::from(list) != walk.0.len() {
            return None;
        }
        // An empty list is not the same as none.
        self.key.push(1);
        // What stays the same lies side by side, and is copied in one piece.
        let mut same = walk.0;
        let mut rest = walk.0;
        while !rest.is_empty() {
            let ([kind_high, kind_low, len_high, len_low], behind) = rest.split_first_chunk()?;
            let kind = ExtensionType(u16::from_be_bytes([*kind_high, *kind_low]));
            let len_bytes = u16::from_be_bytes([*len_high, *len_low]);
            let (body, next) = behind.split_at_checked(usize::from(len_bytes))?;
            if !may_be_own(kind) {
                rest = next;
                continue;
            }
            let is_shares =
                matches!(kind, ExtensionType::KEY_SHARE | ExtensionType::KEY_SHARE_DRAFT)
                    && carrier != Carrier::HelloRetryRequest;
            if is_shares || is_own(kind, carrier, body.len()) {
                self.same(same, rest)?;
                self.key.extend_from_slice(&kind.0.to_be_bytes());
                if is_shares {
                    self.key.extend_from_slice(&SHARES);
                    self.shares(body, carrier)?;
                } else {
                    self.key.extend_from_slice(&OWN);
                    let offset = body_len - behind.len();
                    self.own.push(OwnPlace { kind, offset, len_bytes });
                }
                same = next;
            }
            rest = next;
        }
        self.same(same, &[])
    }

    /// Takes what is in front of `end`, a tail of `bytes`; `None` when the key grows too long.
    fn same(&mut self, bytes: &[u8], end: &[u8]) -> Option<()> {
        let same = bytes.get(..bytes.len().checked_sub(end.len())?)?;
        if self.key.len() + same.len() > MAX_KEY_BYTES {
            return None;
        }
        self.key.extend_from_slice(same);
        Some(())
    }

    /// Key shares without the keys, which nobody reads.
    fn shares(&mut self, body: &[u8], carrier: Carrier) -> Option<()> {
        let mut walk = Walk(body);
        if carrier == Carrier::ClientHello && usize::from(walk.u16()?) != walk.0.len() {
            return None;
        }
        let at = self.key.len();
        self.key.push(0);
        while let Some(head) = walk.take(4) {
            let [_, _, high, low] = *head.first_chunk::<4>()?;
            walk.take(usize::from(u16::from_be_bytes([high, low])))?;
            let count = self.key.get_mut(at)?;
            *count = count.checked_add(1)?;
            self.key.extend_from_slice(head);
        }
        walk.0.is_empty().then_some(())
    }

    /// Reads what is the message's own, in the order of the shape's list.
    fn read_own(&self, body: &[u8], carrier: Carrier, notes: &mut Notes) -> Box<[OwnBody]> {
        let read = |place: &OwnPlace| {
            let bytes = body.get(place.offset..).unwrap_or(&[]);
            let bytes = bytes.get(..usize::from(place.len_bytes)).unwrap_or(bytes);
            notes.extension = Some(place.kind);
            let body = parse_body(place.kind, Cursor::at(bytes, place.offset), carrier, notes);
            OwnBody { len_bytes: place.len_bytes, body }
        };
        self.own.iter().map(read).collect()
    }
}

/// Bytes that are left of a message.
struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    fn head(&mut self) -> Option<Head<'a>> {
        let version = ProtocolVersion(self.u16()?);
        let random = self.take(32)?.first_chunk()?;
        let session = usize::from(self.u8()?);
        let session_id = self.take(session).filter(|id| id.len() <= 32)?;
        Some(Head { version, random, session_id })
    }
}

#[cfg(test)]
mod tests;

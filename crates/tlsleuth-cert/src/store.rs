//! Certificates kept, so that each distinct one is parsed once.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Certificate, Chain, Fingerprint, Limits, Name};

/// Gives for each distinct DER one shared [`Certificate`].
///
/// Equal bytes are found by a seeded hash and then compared, so a crafted collision costs a
/// comparison and nothing else. When [`Limits::max_stored_certificates`] or
/// [`Limits::max_stored_bytes`] is reached, those not asked for of late are forgotten: they are
/// parsed again when they come again.
#[derive(Debug)]
pub struct CertificateStore {
    hasher: foldhash::quality::RandomState,
    limits: Limits,
    inner: Mutex<Generations>,
}

/// Two generations: when the young one is full, it becomes the old one, and the old one is dropped.
/// What is found in the old one moves to the young one.
#[derive(Debug, Default)]
struct Generations {
    young: hashbrown::HashTable<(u64, Arc<Certificate>)>,
    young_bytes: usize,
    old: hashbrown::HashTable<(u64, Arc<Certificate>)>,
    /// The hash of what was found last, each at the place that its end chooses: most of what comes
    /// came before, and reading all of its bytes to compare them is enough.
    recent: Recent,
    parsed: u64,
}

/// Hashes by the last bytes of a certificate, which are of its signature.
#[derive(Debug, Default)]
struct Recent(Box<[u64]>);

impl Recent {
    const LEN: usize = 1024;

    fn place(&mut self, der: &[u8]) -> Option<&mut u64> {
        if self.0.is_empty() {
            self.0 = vec![0; Self::LEN].into();
        }
        let end = u64::from_le_bytes(*der.last_chunk()?);
        // The high bits of a product depend on all bits of the number.
        let place = end.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::LEN.ilog2());
        self.0.get_mut(usize::try_from(place).ok()?)
    }
}

impl Default for CertificateStore {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl CertificateStore {
    /// An empty store.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            hasher: foldhash::quality::RandomState::default(),
            limits,
            inner: Mutex::new(Generations::default()),
        }
    }

    /// The certificate with these bytes, parsed if they are new.
    #[must_use]
    pub fn intern(&self, der: &[u8]) -> Arc<Certificate> {
        {
            let mut inner = lock(&self.inner);
            let hash = inner.recent.place(der).map_or(0, |hash| *hash);
            if let Some((_, found)) = inner.young.find(hash, |entry| is(entry, hash, der)) {
                return Arc::clone(found);
            }
        }
        let hash = self.hasher.hash_one(der);
        let same = |entry: &(u64, Arc<Certificate>)| is(entry, hash, der);
        {
            let mut inner = lock(&self.inner);
            if let Some(recent) = inner.recent.place(der) {
                *recent = hash;
            }
            if let Some((_, found)) = inner.young.find(hash, same) {
                return Arc::clone(found);
            }
            let kept = inner.old.find(hash, same).map(|(_, found)| Arc::clone(found));
            if let Some(certificate) = kept {
                self.keep(&mut inner, hash, Arc::clone(&certificate));
                return certificate;
            }
        }
        // Parsed outside of the lock: two threads may do it twice, and one result is kept.
        let certificate = Arc::new(Certificate::parse(der));
        let mut inner = lock(&self.inner);
        inner.parsed += 1;
        if let Some((_, found)) = inner.young.find(hash, same) {
            return Arc::clone(found);
        }
        self.keep(&mut inner, hash, Arc::clone(&certificate));
        certificate
    }

    /// How many certificates were parsed so far.
    #[must_use]
    pub fn parsed(&self) -> u64 {
        lock(&self.inner).parsed
    }

    fn keep(&self, inner: &mut Generations, hash: u64, certificate: Arc<Certificate>) {
        // Each of the two generations has half of the room.
        let bytes = inner.young_bytes.saturating_add(certificate.der.len());
        if inner.young.len() >= self.limits.max_stored_certificates / 2
            || bytes > self.limits.max_stored_bytes / 2
        {
            inner.old = std::mem::take(&mut inner.young);
            inner.young_bytes = 0;
        }
        inner.young_bytes = inner.young_bytes.saturating_add(certificate.der.len());
        inner.young.insert_unique(hash, (hash, certificate), |entry| entry.0);
    }
}

fn is(entry: &(u64, Arc<Certificate>), hash: u64, der: &[u8]) -> bool {
    entry.0 == hash && *entry.1.der == *der
}

/// A lock whose holder panicked still guards whole data: nothing here is left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where intermediates can be looked up that a chain leaves out.
pub trait Intermediates: Sync {
    /// Every known certificate of this subject that may issue certificates.
    fn by_subject(&self, subject: &Name) -> Vec<Arc<Certificate>>;

    /// A number that changes whenever an answer may change, so that judgements can be kept.
    fn generation(&self) -> u64;
}

/// Knows none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoIntermediates;

impl Intermediates for NoIntermediates {
    fn by_subject(&self, _: &Name) -> Vec<Arc<Certificate>> {
        Vec::new()
    }

    fn generation(&self) -> u64 {
        0
    }
}

/// The authorities' certificates that were seen in the chains of a capture.
///
/// They tell a *missing* intermediate, with its name, from an *unknown* issuer. Holds at most 4,096
/// certificates, at most 16 of one subject; later ones are dropped.
///
/// For the same judgements with any number of threads, add all chains before the first judgement.
#[derive(Debug, Default)]
pub struct SeenIntermediates {
    inner: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    by_subject: HashMap<Box<[u8]>, Vec<Arc<Certificate>>, foldhash::fast::RandomState>,
    /// Those in `by_subject`: most chains bring nothing new.
    known: HashSet<Fingerprint, foldhash::fast::RandomState>,
}

impl SeenIntermediates {
    /// Remembers the authorities of a chain.
    pub fn add(&self, chain: &Chain) {
        const MAX_SEEN: usize = 4_096;
        const MAX_OF_ONE_SUBJECT: usize = 16;
        for certificate in chain.certificates() {
            if !certificate.is_ca() {
                continue;
            }
            let mut seen = lock(&self.inner);
            if seen.known.contains(&certificate.sha256) {
                continue;
            }
            if seen.known.len() >= MAX_SEEN {
                return;
            }
            let same = seen.by_subject.entry(certificate.subject.der().into()).or_default();
            if same.len() >= MAX_OF_ONE_SUBJECT {
                continue;
            }
            same.push(Arc::clone(certificate));
            // The order must not depend on who came first.
            same.sort_by_key(|certificate| certificate.sha256);
            seen.known.insert(certificate.sha256);
        }
    }
}

impl Intermediates for SeenIntermediates {
    fn by_subject(&self, subject: &Name) -> Vec<Arc<Certificate>> {
        lock(&self.inner).by_subject.get(subject.der()).cloned().unwrap_or_default()
    }

    fn generation(&self) -> u64 {
        u64::try_from(lock(&self.inner).known.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::CertificateStore;
    use crate::Limits;

    #[test]
    fn equal_bytes_are_parsed_once() {
        let store = CertificateStore::default();
        let first = store.intern(b"x");
        assert!(Arc::ptr_eq(&first, &store.intern(b"x")));
        assert!(!Arc::ptr_eq(&first, &store.intern(b"y")));
        assert_eq!(store.parsed(), 2);
    }

    #[test]
    fn a_full_store_forgets_what_nobody_asks_for() {
        let limits = Limits { max_stored_certificates: 8, ..Limits::default() };
        let store = CertificateStore::new(limits);
        for i in 0..1000_u32 {
            let _ = store.intern(&i.to_be_bytes());
            let _ = store.intern(b"often");
        }
        // What is asked for again and again stays; what is old is parsed again.
        assert_eq!(store.parsed(), 1001);
        let _ = store.intern(&0_u32.to_be_bytes());
        assert_eq!(store.parsed(), 1002);
        let inner = super::lock(&store.inner);
        assert!(inner.young.len() + inner.old.len() <= 8);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let limits = Limits { max_stored_bytes: 1000, ..Limits::default() };
        let store = CertificateStore::new(limits);
        for i in 0..100_u8 {
            let _ = store.intern(&[i; 100]);
        }
        let inner = super::lock(&store.inner);
        assert!(inner.young.len() + inner.old.len() <= 10);
    }
}

//! Values that many have, each held once.

use std::any::Any;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

pub(super) type Value = dyn Any + Send + Sync;

/// Values that many have, each once while somebody has it, by a number.
#[derive(Debug, Default)]
pub(super) struct Registry {
    kept: Vec<Option<Kept>>,
    /// Numbers that may be given again.
    free: Vec<usize>,
    by_hash: HashTable<usize>,
    /// Of all that are kept.
    pub(super) bytes: usize,
    pub(super) hasher: RandomState,
}

#[derive(Debug)]
struct Kept {
    value: Arc<Value>,
    bytes: usize,
    hash: u64,
    /// How many packed values name it.
    named: u64,
}

impl Registry {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_hash.is_empty() && self.kept.iter().all(Option::is_none)
    }

    /// The number of a value, which is made if it is not there yet.
    pub(super) fn put(
        &mut self,
        hash: u64,
        bytes: usize,
        same: impl Fn(&Value) -> bool,
        make: impl FnOnce() -> Arc<Value>,
    ) -> u64 {
        let of = |nth: usize| self.kept.get(nth).and_then(Option::as_ref);
        let found = self
            .by_hash
            .find(hash, |&nth| of(nth).is_some_and(|kept| kept.hash == hash && same(&*kept.value)));
        if let Some(&nth) = found
            && let Some(kept) = self.kept.get_mut(nth).and_then(Option::as_mut)
        {
            kept.named += 1;
            return nth as u64;
        }
        let nth = self.free.pop().unwrap_or_else(|| {
            self.kept.push(None);
            self.kept.len() - 1
        });
        if let Some(place) = self.kept.get_mut(nth) {
            *place = Some(Kept { value: make(), bytes, hash, named: 1 });
            self.bytes += bytes;
        }
        let kept = &self.kept;
        self.by_hash.insert_unique(hash, nth, |&nth| {
            kept.get(nth).and_then(Option::as_ref).map_or(0, |kept| kept.hash)
        });
        nth as u64
    }

    /// The value of a number, which is named once less from now on.
    pub(super) fn take(&mut self, nth: u64) -> Option<Arc<Value>> {
        let nth = usize::try_from(nth).ok()?;
        let place = self.kept.get_mut(nth)?;
        let kept = place.as_mut()?;
        kept.named -= 1;
        if kept.named > 0 {
            return Some(Arc::clone(&kept.value));
        }
        let last = place.take()?;
        self.bytes = self.bytes.saturating_sub(last.bytes);
        if let Ok(found) = self.by_hash.find_entry(last.hash, |&other| other == nth) {
            found.remove();
        }
        self.free.push(nth);
        Some(last.value)
    }
}

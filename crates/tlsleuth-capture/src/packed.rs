//! Facts in few bytes: what is held for a flow of which nothing comes for a while.
//!
//! ```text
//! how many bits | which bytes of them are not 0, and these | numbers, texts and places, in their order
//! ```
//!
//! A flag, whether an optional value is there, and whether a number is 0 is one bit. Any other number
//! takes seven bits a byte, so that small ones take one. The same few frames are named again and again:
//! the second time a place is one byte, the first time the distance from the one before it. What cannot
//! be written as bytes, or is rare, is put aside as it is; what other values share stays shared.
//!
//! Whoever unpacks asks for the same in the same order. Packed values never leave the process, and have
//! no form that lasts.

mod recent;
mod registry;
mod values;

use std::any::Any;
use std::hash::BuildHasher;
use std::sync::Arc;

use recent::Recent;
use registry::{Registry, Value};

use crate::{Endpoint, Place, SeqNumber, Sequence, Timestamp};

/// Places that are named by one byte: the latest ones.
const RECENT_PLACES: usize = 32;

/// The byte for a place that is none of these.
const NEW_PLACE: u8 = u8::MAX;

/// How far behind another a sequence number is told by its distance.
const NEAR: i32 = 1 << 14;

/// Runs of bytes from this length on are shared among all that are packed: the first half of a flight
/// is the same for every client of a server.
const SHARED_BYTES: usize = 128;

/// A value that can be packed.
pub trait Pack: Sized {
    /// Packs it.
    fn pack(self, to: &mut Packer);

    /// Unpacks it; `None` if something else was packed here, which would be a fault of this program.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// Values in few bytes.
#[derive(Debug)]
pub struct Packed {
    bytes: Box<[u8]>,
    // In a box, for mostly there is none, and a million of these are held.
    aside: Option<Box<Asides>>,
}

/// What was put aside.
#[derive(Debug, Default)]
struct Asides {
    values: Vec<Aside>,
    bytes: usize,
}

type Aside = Box<dyn Any + Send>;

/// What an allocation costs beside its bytes, about.
const ALLOCATION: usize = 16;

impl Packed {
    /// Bytes allocated, those of shared values apart.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let aside = self.aside.as_ref().map_or(0, |aside| aside.bytes);
        self.bytes.len() + ALLOCATION + aside
    }
}

/// Packs values; kept for its room, and for what the packed ones share.
#[derive(Debug, Default)]
pub struct Packer {
    bytes: Vec<u8>,
    bits: Vec<u8>,
    /// How many bits there are.
    flags: usize,
    aside: Asides,
    places: Recent,
    /// The sequence numbers that were packed last, of those that are not near another.
    numbers: [SeqNumber; 2],
    /// The ends of the flow, which whoever unpacks knows too.
    ends: Option<(Endpoint, Endpoint)>,
    /// The first place of all: the others are counted from it.
    epoch: Option<Place>,
    shared: Registry,
    runs: Registry,
}

impl Packer {
    /// Begins with the facts of a flow between two ends: these need no room.
    pub(crate) fn between(&mut self, ends: (Endpoint, Endpoint)) -> &mut Self {
        self.ends = Some(ends);
        self
    }

    /// Packs a number that is mostly small, and often 0.
    pub fn number(&mut self, number: u64) {
        self.flag(number != 0);
        if number != 0 {
            self.count(number);
        }
    }

    /// Packs a number that is mostly small, without a flag.
    fn count(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or(0);
            rest >>= 7;
            if rest == 0 {
                self.bytes.push(low);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }

    /// Packs a difference, that of numbers which wrap included.
    fn difference(&mut self, now: u64, before: u64) {
        let signed = now.wrapping_sub(before).cast_signed();
        // The sign becomes the lowest bit, so that small negative numbers are small.
        self.number(((signed << 1) ^ (signed >> 63)).cast_unsigned());
    }

    /// Packs a yes or no.
    pub fn flag(&mut self, flag: bool) {
        let bit = self.flags % 8;
        if bit == 0 {
            self.bits.push(0);
        }
        if let Some(last) = self.bits.last_mut() {
            *last |= u8::from(flag) << bit;
        }
        self.flags += 1;
    }

    /// Packs a few bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Packs bytes that may be many, and the same as others.
    pub fn run(&mut self, bytes: &[u8]) {
        let is_shared = bytes.len() >= SHARED_BYTES;
        self.flag(is_shared);
        if is_shared {
            let hash = self.runs.hasher.hash_one(bytes);
            let same = |value: &Value| value.downcast_ref::<Vec<u8>>().is_some_and(|a| a == bytes);
            let nth = self.runs.put(hash, bytes.len(), same, || Arc::new(bytes.to_vec()));
            self.count(nth);
        } else {
            self.bytes(bytes);
        }
    }

    /// Keeps a value as it is.
    pub fn put_aside<T: Any + Send>(&mut self, value: T) {
        self.aside.bytes += size_of::<T>() + size_of::<Aside>() + ALLOCATION;
        self.aside.values.push(Box::new(value));
    }

    /// Counts bytes that values hold which were put aside, or that nobody else has though they are
    /// shared: those behind their pointers.
    pub fn holds(&mut self, bytes: usize) {
        self.aside.bytes = self.aside.bytes.saturating_add(bytes);
    }

    /// Whether a value was put aside since the last call of [`finish`](Self::finish).
    #[must_use]
    pub fn has_aside(&self) -> bool {
        !self.aside.values.is_empty()
    }

    /// Bytes of the runs that packed values share.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.runs.bytes
    }

    /// Keeps a value as it is that is mostly the default.
    pub fn rare<T: Any + Send + Default + PartialEq>(&mut self, value: T) {
        let is_there = value != T::default();
        self.flag(is_there);
        if is_there {
            self.put_aside(value);
        }
    }

    /// Keeps a value that others have too.
    pub fn share<T: Any + Send + Sync>(&mut self, value: Arc<T>) {
        let value: Arc<Value> = value;
        let address = Arc::as_ptr(&value).cast::<()>();
        let hash = self.shared.hasher.hash_one(address);
        let same = |other: &Value| std::ptr::from_ref(other).cast::<()>() == address;
        let nth = self.shared.put(hash, 0, same, || Arc::clone(&value));
        self.count(nth);
    }

    fn place(&mut self, place: Place) {
        if let Some(nth) = self.places.find(place) {
            self.bytes.push(nth);
            return;
        }
        let epoch = *self.epoch.get_or_insert(place);
        let before = self.places.last().unwrap_or(epoch);
        self.bytes.push(NEW_PLACE);
        self.time(place.time, before.time);
        self.difference(place.frame, before.frame);
        // Of a single capture both numbers grow alike.
        self.difference(place.sequence.number().into(), frames_on(before, place.frame));
        self.difference(place.capture.into(), before.capture.into());
        self.places.push(place);
    }

    fn time(&mut self, time: Timestamp, before: Timestamp) {
        let distance = time.0.wrapping_sub(before.0);
        // Most captures count microseconds.
        let is_whole = distance % 1_000 == 0;
        self.flag(is_whole);
        let counted = if is_whole { distance / 1_000 } else { distance };
        self.difference(counted.cast_unsigned(), 0);
    }

    /// All that was packed since the last call.
    pub fn finish(&mut self) -> Packed {
        let bits = std::mem::take(&mut self.bits);
        let values = std::mem::take(&mut self.bytes);
        self.count(bits.len() as u64);
        for eight in bits.chunks(8) {
            let used = eight.iter().rev().fold(0, |used, byte| used << 1 | u8::from(*byte != 0));
            self.bytes.push(used);
            self.bytes.extend(eight.iter().filter(|byte| **byte != 0));
        }
        self.bytes.extend_from_slice(&values);
        let bytes = self.bytes.as_slice().into();
        (self.bits, self.bytes) = (bits, values);
        self.bits.clear();
        self.bytes.clear();
        self.flags = 0;
        self.places.clear();
        self.numbers = [SeqNumber(0); 2];
        self.ends = None;
        let aside = std::mem::take(&mut self.aside);
        let aside = (aside.bytes > 0).then(|| Box::new(aside));
        Packed { bytes, aside }
    }

    /// Unpacks what [`finish`](Self::finish) of this packer gave for a flow between the same ends.
    pub(crate) fn unpack<T>(
        &mut self,
        ends: Option<(Endpoint, Endpoint)>,
        packed: Packed,
        read: impl FnOnce(&mut Unpacker<'_>) -> T,
    ) -> T {
        let aside = packed.aside.map(|aside| aside.values).unwrap_or_default();
        let mut unpacker = Unpacker {
            bytes: &packed.bytes,
            bits: Vec::new(),
            flags: 0,
            aside: aside.into_iter(),
            places: Recent::default(),
            numbers: [SeqNumber(0); 2],
            ends,
            epoch: self.epoch.unwrap_or_default(),
            shared: &mut self.shared,
            runs: &mut self.runs,
        };
        unpacker.unpack_bits();
        read(&mut unpacker)
    }
}

/// Unpacks values.
#[derive(Debug)]
pub struct Unpacker<'p> {
    bytes: &'p [u8],
    bits: Vec<u8>,
    flags: usize,
    aside: std::vec::IntoIter<Aside>,
    places: Recent,
    numbers: [SeqNumber; 2],
    ends: Option<(Endpoint, Endpoint)>,
    epoch: Place,
    shared: &'p mut Registry,
    runs: &'p mut Registry,
}

impl<'p> Unpacker<'p> {
    fn unpack_bits(&mut self) -> Option<()> {
        let mut left = usize::try_from(self.count()?).ok()?;
        while left > 0 {
            let used = self.byte()?;
            for nth in 0..left.min(8) {
                let bits = if used >> nth & 1 == 1 { self.byte()? } else { 0 };
                self.bits.push(bits);
            }
            left = left.saturating_sub(8);
        }
        Some(())
    }

    /// The next number.
    pub fn number(&mut self) -> Option<u64> {
        if self.flag()? { self.count() } else { Some(0) }
    }

    fn count(&mut self) -> Option<u64> {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn difference(&mut self, before: u64) -> Option<u64> {
        let folded = self.number()?;
        let signed = (folded >> 1) ^ (folded & 1).wrapping_neg();
        Some(before.wrapping_add(signed))
    }

    /// The next yes or no.
    pub fn flag(&mut self) -> Option<bool> {
        let byte = self.bits.get(self.flags / 8)?;
        let flag = byte >> (self.flags % 8) & 1 == 1;
        self.flags += 1;
        Some(flag)
    }

    /// The next few bytes.
    pub fn bytes(&mut self) -> Option<&'p [u8]> {
        let len = usize::try_from(self.count()?).ok()?;
        let (bytes, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(bytes)
    }

    /// The next bytes that may be many.
    pub fn run(&mut self) -> Option<Vec<u8>> {
        if !self.flag()? {
            return self.bytes().map(<[u8]>::to_vec);
        }
        let nth = self.count()?;
        let run = self.runs.take(nth)?;
        run.downcast_ref().cloned()
    }

    /// The next value that was kept as it is.
    pub fn take_aside<T: Any>(&mut self) -> Option<T> {
        self.aside.next()?.downcast().ok().map(|own| *own)
    }

    /// The next value that is mostly the default.
    pub fn take_rare<T: Any + Default>(&mut self) -> Option<T> {
        if self.flag()? { self.take_aside() } else { Some(T::default()) }
    }

    /// The next value that others have too.
    pub fn take_shared<T: Any + Send + Sync>(&mut self) -> Option<Arc<T>> {
        let nth = self.count()?;
        self.shared.take(nth)?.downcast().ok()
    }

    fn place(&mut self) -> Option<Place> {
        let nth = self.byte()?;
        if nth != NEW_PLACE {
            return self.places.get(nth);
        }
        let before = self.places.last().unwrap_or(self.epoch);
        let time = self.time(before.time)?;
        let frame = self.difference(before.frame)?;
        let sequence = self.difference(frames_on(before, frame))?;
        let capture = self.difference(before.capture.into())?;
        let place = Place {
            capture: u32::try_from(capture).ok()?,
            frame,
            time,
            sequence: Sequence::new(u32::try_from(sequence).ok()?),
        };
        self.places.push(place);
        Some(place)
    }

    fn time(&mut self, before: Timestamp) -> Option<Timestamp> {
        let is_whole = self.flag()?;
        let counted = self.difference(0)?.cast_signed();
        let distance = if is_whole { counted.wrapping_mul(1_000) } else { counted };
        Some(Timestamp(before.0.wrapping_add(distance)))
    }
}

/// The number that a frame has in the analysis if it grew by as much as that in its capture.
fn frames_on(before: Place, frame: u64) -> u64 {
    let grown = frame.wrapping_sub(before.frame);
    u64::from(before.sequence.number()).wrapping_add(grown)
}

/// Packs the fields of a struct in their order, behind a semicolon those that are mostly the default.
/// All must be named: one that is forgotten does not compile.
#[macro_export]
macro_rules! pack_fields {
    ($name:ty { $($field:ident),* $(,)? $(; $($rare:ident),* $(,)?)? }) => {
        impl $crate::packed::Pack for $name {
            fn pack(self, to: &mut $crate::packed::Packer) {
                let Self { $($field,)* $($($rare,)*)? } = self;
                $($crate::packed::Pack::pack($field, to);)*
                $($(to.rare($rare);)*)?
            }

            fn unpack(from: &mut $crate::packed::Unpacker<'_>) -> Option<Self> {
                Some(Self {
                    $($field: $crate::packed::Pack::unpack(from)?,)*
                    $($($rare: from.take_rare()?,)*)?
                })
            }
        }
    };
}

/// Packs an enum whose variants hold nothing. All must be named.
#[macro_export]
macro_rules! pack_variants {
    ($name:ty { $($variant:ident),* $(,)? }) => {
        impl $crate::packed::Pack for $name {
            fn pack(self, to: &mut $crate::packed::Packer) {
                match self {
                    $(Self::$variant)|* => {}
                }
                let all = [$(Self::$variant),*];
                to.number(all.iter().position(|variant| *variant == self).unwrap_or(0) as u64);
            }

            fn unpack(from: &mut $crate::packed::Unpacker<'_>) -> Option<Self> {
                let all = [$(Self::$variant),*];
                all.get(usize::try_from(from.number()?).ok()?).copied()
            }
        }
    };
}

/// Puts values aside that are rare, or that hold what cannot be written as bytes.
#[macro_export]
macro_rules! pack_aside {
    ($($name:ty),* $(,)?) => {
        $(impl $crate::packed::Pack for $name {
            fn pack(self, to: &mut $crate::packed::Packer) {
                to.put_aside(self);
            }

            fn unpack(from: &mut $crate::packed::Unpacker<'_>) -> Option<Self> {
                from.take_aside()
            }
        })*
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Address;

    fn place(frame: u64) -> Place {
        Place {
            capture: 1,
            frame,
            time: Timestamp(1_700_000_000_000_000_000 + frame.cast_signed() * 1_000),
            sequence: Sequence::new(u32::try_from(frame).unwrap_or(u32::MAX)),
        }
    }

    fn there_and_back<T: Pack>(packer: &mut Packer, value: T) -> (usize, Option<T>) {
        value.pack(packer);
        let packed = packer.finish();
        let bytes = packed.bytes();
        (bytes, packer.unpack(None, packed, T::unpack))
    }

    proptest! {
        #[test]
        fn what_is_packed_is_what_is_unpacked(
            numbers in proptest::collection::vec((any::<u64>(), any::<u32>(), any::<bool>()), 0..40),
            places in proptest::collection::vec((any::<u32>(), any::<u64>(), any::<i64>(), any::<u32>()), 0..80),
            address in any::<[u8; 16]>(),
        ) {
            let mut packer = Packer::default();
            let places: Vec<Place> = places
                .into_iter()
                .map(|(capture, frame, time, sequence)| Place {
                    capture,
                    frame,
                    time: Timestamp(time),
                    sequence: Sequence::new(sequence),
                })
                .collect();
            for value in &numbers {
                (value.0, value.1, value.2).0.pack(&mut packer);
                SeqNumber(value.1).pack(&mut packer);
                value.2.then_some(Timestamp(value.0.cast_signed())).pack(&mut packer);
            }
            let twice = [places.clone(), places].concat();
            twice.clone().pack(&mut packer);
            let ends = [Address::v6(address), Address::v4([10, 0, 0, 1])];
            ends.pack(&mut packer);
            let packed = packer.finish();
            packer.unpack(None, packed, |from| {
                for value in &numbers {
                    assert_eq!(u64::unpack(from), Some(value.0));
                    assert_eq!(SeqNumber::unpack(from), Some(SeqNumber(value.1)));
                    let time = value.2.then_some(Timestamp(value.0.cast_signed()));
                    assert_eq!(Option::unpack(from), Some(time));
                }
                assert_eq!(Vec::unpack(from), Some(twice));
                assert_eq!(<[Address; 2]>::unpack(from), Some(ends));
                assert_eq!(from.byte(), None, "nothing more");
            });
        }
    }

    #[test]
    fn a_place_that_was_named_before_takes_a_byte() {
        let mut packer = Packer::default();
        there_and_back(&mut packer, place(1));
        let (one, _) = there_and_back(&mut packer, vec![place(70_000)]);
        let (ten, unpacked) = there_and_back(&mut packer, vec![place(70_000); 10]);
        assert_eq!(ten, one + 9);
        assert_eq!(unpacked, Some(vec![place(70_000); 10]));
    }

    #[test]
    fn long_runs_are_shared_while_somebody_has_them() {
        let mut packer = Packer::default();
        let run = vec![7; 1_000];
        let mut packed = Vec::new();
        for _ in 0..100 {
            packer.run(&run);
            packed.push(packer.finish());
        }
        assert!(packed.iter().map(Packed::bytes).sum::<usize>() < 100 * 40);
        assert_eq!(packer.shared_bytes(), 1_000);
        for packed in packed {
            assert_eq!(packer.unpack(None, packed, |from| from.run()), Some(run.clone()));
        }
        assert!(packer.runs.is_empty(), "nobody has it any more");
        assert_eq!(packer.shared_bytes(), 0);
    }

    #[test]
    fn values_are_put_aside_and_shared() {
        #[derive(Debug, PartialEq)]
        struct Rare(String);
        let mut packer = Packer::default();
        let shared = Arc::new(5_u32);
        packer.put_aside(Rare("rare".into()));
        packer.share(Arc::clone(&shared));
        let packed = packer.finish();
        packer.unpack(None, packed, |from| {
            assert_eq!(from.take_aside(), Some(Rare("rare".into())));
            let again: Option<Arc<u32>> = from.take_shared();
            assert!(again.is_some_and(|again| Arc::ptr_eq(&again, &shared)));
            assert_eq!(from.take_aside::<Rare>(), None);
        });
    }
}

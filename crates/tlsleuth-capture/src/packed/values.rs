//! How numbers, lists, and what the capture crate tells of are packed.

use super::{NEAR, Pack, Packer, Unpacker};
use crate::{Address, Endpoint, Located, Place, SeqNumber, Timestamp, TunnelId};

macro_rules! pack_numbers {
    ($($number:ty),*) => {
        $(impl Pack for $number {
            fn pack(self, to: &mut Packer) {
                to.number(self.into());
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        })*
    };
}

pack_numbers!(u16, u32, u64);

impl Pack for u8 {
    fn pack(self, to: &mut Packer) {
        to.bytes.push(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.byte()
    }
}

impl Pack for usize {
    fn pack(self, to: &mut Packer) {
        to.number(self as u64);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.number()?.try_into().ok()
    }
}

impl Pack for bool {
    fn pack(self, to: &mut Packer) {
        to.flag(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.flag()
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(self, to: &mut Packer) {
        to.flag(self.is_some());
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        if from.flag()? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(self, to: &mut Packer) {
        (*self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(self, to: &mut Packer) {
        to.flag(!self.is_empty());
        if !self.is_empty() {
            to.number(self.len() as u64);
            for value in self {
                value.pack(to);
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        if !from.flag()? {
            return Some(Self::new());
        }
        (0..from.number()?).map(|_| T::unpack(from)).collect()
    }
}

impl<T: Pack> Pack for Box<[T]> {
    fn pack(self, to: &mut Packer) {
        self.into_vec().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Vec::unpack(from).map(Vec::into_boxed_slice)
    }
}

impl<T: Pack, const N: usize> Pack for [T; N] {
    fn pack(self, to: &mut Packer) {
        for value in self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let values: Option<Vec<T>> = (0..N).map(|_| T::unpack(from)).collect();
        values?.try_into().ok()
    }
}

impl<T: Pack> Pack for Located<T> {
    fn pack(self, to: &mut Packer) {
        let Self { value, at } = self;
        at.pack(to);
        value.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let at = Pack::unpack(from)?;
        Some(Self { value: Pack::unpack(from)?, at })
    }
}

impl Pack for Place {
    fn pack(self, to: &mut Packer) {
        to.place(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.place()
    }
}

impl Pack for Timestamp {
    fn pack(self, to: &mut Packer) {
        let epoch = *to.epoch.get_or_insert(Place { time: self, ..Place::default() });
        to.time(self, to.places.last().unwrap_or(epoch).time);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.time(from.places.last().unwrap_or(from.epoch).time)
    }
}

impl Pack for SeqNumber {
    fn pack(self, to: &mut Packer) {
        // Behind one that was packed before, or any number.
        let near = |known: SeqNumber| (0..NEAR).contains(&self.distance_from(known));
        let known = to.numbers.iter().position(|known| near(*known));
        let behind = known.and_then(|nth| to.numbers.get(nth).copied());
        to.flag(behind.is_some());
        match behind {
            Some(behind) => {
                to.flag(known == Some(1));
                to.number(self.distance_from(behind).unsigned_abs().into());
            }
            None => {
                to.bytes.extend_from_slice(&self.0.to_le_bytes());
                let [first, _] = to.numbers;
                to.numbers = [self, first];
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        if from.flag()? {
            let [first, second] = from.numbers;
            let behind = if from.flag()? { second } else { first };
            return Some(behind.advance(u32::try_from(from.number()?).ok()?));
        }
        let (number, rest) = from.bytes.split_first_chunk()?;
        from.bytes = rest;
        let number = Self(u32::from_le_bytes(*number));
        let [first, _] = from.numbers;
        from.numbers = [number, first];
        Some(number)
    }
}

impl Pack for TunnelId {
    fn pack(self, to: &mut Packer) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u32::unpack(from).map(Self)
    }
}

impl Pack for Address {
    fn pack(self, to: &mut Packer) {
        match self.ip() {
            std::net::IpAddr::V4(v4) => to.bytes(&v4.octets()),
            std::net::IpAddr::V6(v6) => to.bytes(&v6.octets()),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let bytes = from.bytes()?;
        match bytes.try_into() {
            Ok(v4) => Some(Self::v4(v4)),
            Err(_) => bytes.try_into().ok().map(Self::v6),
        }
    }
}

impl Pack for Endpoint {
    fn pack(self, to: &mut Packer) {
        let known = to.ends.and_then(|(one, other)| {
            if self == one { Some(true) } else { (self == other).then_some(false) }
        });
        known.pack(to);
        if known.is_none() {
            self.address.pack(to);
            self.port.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match Option::<bool>::unpack(from)? {
            Some(first) => from.ends.map(|(one, other)| if first { one } else { other }),
            None => Some(Self { address: Pack::unpack(from)?, port: Pack::unpack(from)? }),
        }
    }
}

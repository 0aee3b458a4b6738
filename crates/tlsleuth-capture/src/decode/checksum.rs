//! The TCP checksum, computed only when somebody asks.

use std::net::IpAddr;

use crate::Segment;

/// What a segment's checksum says (RFC 9293 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// It fits the segment.
    Good,
    /// It does not: the segment was damaged, or forged, or captured before the network card filled
    /// the checksum in.
    Bad,
    /// It is the sum over the pseudo header only, or zero: captured at the sender before the
    /// network card completed it (checksum offloading). Says nothing about the segment.
    Offloaded,
    /// The capture does not have all bytes of the segment.
    Unknown,
}

impl Segment<'_> {
    /// Verifies the checksum: reads every byte of the segment, so ask only where it matters.
    ///
    /// [`Checksum::Unknown`] for a segment that is cut or was not decoded from a frame.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        if self.cut > 0 || self.header.len() != 20 {
            return Checksum::Unknown;
        }
        let len = [self.header, self.options, self.payload]
            .iter()
            .fold(0_u32, |len, part| len.saturating_add(u32::try_from(part.len()).unwrap_or(0)));
        // The pseudo header: addresses, protocol 6, length (RFC 9293 §3.1, RFC 8200 §8.1).
        let mut pseudo = Sum::default();
        for address in [self.source.address, self.destination.address] {
            match address.ip() {
                IpAddr::V4(v4) => pseudo.add(&v4.octets()),
                IpAddr::V6(v6) => pseudo.add(&v6.octets()),
            }
        }
        pseudo.add(&len.to_be_bytes());
        pseudo.add(&[0, 6]);
        let mut sum = pseudo;
        // The header has 20 bytes and the options a multiple of four, so that no part but the last
        // ends within a word.
        for part in [self.header, self.options, self.payload] {
            sum.add(part);
        }
        let written = self.header.get(16..).and_then(|field| field.first_chunk()).copied();
        match written.map(u16::from_be_bytes) {
            _ if sum.folded() == 0xffff => Checksum::Good,
            Some(0) => Checksum::Offloaded,
            Some(written) if written == pseudo.folded() => Checksum::Offloaded,
            _ => Checksum::Bad,
        }
    }
}

/// The one's complement sum of RFC 1071.
#[derive(Clone, Copy, Default)]
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<2>();
        for word in words {
            self.0 = self.0.wrapping_add(u16::from_be_bytes(*word).into());
        }
        if let [last] = rest {
            self.0 = self.0.wrapping_add(u64::from(*last) << 8);
        }
    }

    fn folded(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff).wrapping_add(sum >> 16);
        }
        u16::try_from(sum).unwrap_or(0)
    }
}

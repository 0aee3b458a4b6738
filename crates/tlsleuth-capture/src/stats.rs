//! What became of the frames, in counts that add up.

use crate::Decoded;

/// Where the frames went. Each is counted once: [`frames`](Self::frames) is their sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct DecodeStats {
    /// TCP segments.
    pub segments: u64,
    /// UDP datagrams that were no tunnel.
    pub datagrams: u64,
    /// ICMP errors that quote a packet.
    pub icmp_errors: u64,
    /// Other transports over IP: SCTP, ESP, OSPF, ICMP echo …
    pub other_transport: u64,
    /// IP fragments that did not complete a packet.
    pub fragments_held: u64,
    /// Frames without IP.
    pub not_ip: u64,
    /// Frames that could not be decoded.
    pub undecodable: u64,
    /// Frames that were left out before decoding, because they were seen before; see
    /// [`MergedReader`](crate::MergedReader). The decoder itself leaves this at 0.
    pub duplicates: u64,
    /// What happened to fragments; counts packets and fragments, not frames.
    pub fragments: FragmentStats,
}

/// What happened to IP fragments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct FragmentStats {
    /// Packets put together.
    pub completed: u64,
    /// Packets given up because the rest did not come in time.
    pub timed_out: u64,
    /// Packets given up because too many fragments were held.
    pub evicted: u64,
    /// Fragments whose bytes were there before. The first bytes win.
    pub overlaps: u64,
    /// Fragments refused: cut by the snap length, or contradicting the others.
    pub refused: u64,
}

impl DecodeStats {
    /// All frames: the sum of all counts but those of [`fragments`](Self::fragments).
    #[must_use]
    pub fn frames(&self) -> u64 {
        [
            self.segments,
            self.datagrams,
            self.icmp_errors,
            self.other_transport,
            self.fragments_held,
            self.not_ip,
            self.undecodable,
            self.duplicates,
        ]
        .iter()
        .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Counts one frame by what was in it.
    pub fn count(&mut self, decoded: &Decoded<'_>) {
        let count = match decoded {
            Decoded::Segment(_) => &mut self.segments,
            Decoded::Datagram(_) => &mut self.datagrams,
            Decoded::Icmp(_) => &mut self.icmp_errors,
            Decoded::OtherTransport(_) => &mut self.other_transport,
            Decoded::Fragment => &mut self.fragments_held,
            Decoded::NotIp => &mut self.not_ip,
            Decoded::Undecodable(_) => &mut self.undecodable,
        };
        *count = count.saturating_add(1);
    }
}

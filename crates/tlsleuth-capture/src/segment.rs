//! A TCP segment with what the flow table needs of the headers around it.

use std::fmt;

use crate::{Endpoint, Place};

/// A TCP sequence number: wraps at 2³² (RFC 9293 §3.4), so it compares by distance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// The number `bytes` further on.
    #[must_use]
    pub fn advance(self, bytes: u32) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// How far this number is behind (negative) or ahead of (positive) `other`, in bytes.
    #[must_use]
    pub fn distance_from(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

impl fmt::Debug for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The control bits of a TCP header, the low eight of them (RFC 9293 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// The sender is done.
    pub const FIN: Self = Self(0x01);
    /// A connection is opened.
    pub const SYN: Self = Self(0x02);
    /// The connection is cut.
    pub const RST: Self = Self(0x04);
    /// Data should be handed on at once.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment number counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Names a path of tunnels that a segment came through; [`Self::NONE`] is no tunnel.
///
/// The decoder hands them out; the same path has the same number through one analysis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct TunnelId(pub u32);

impl TunnelId {
    /// The segment came in no tunnel.
    pub const NONE: Self = Self(0);
}

/// One TCP segment. Borrows from the frame (or from the buffer of reassembled fragments).
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The frame that brought it; for IP fragments the one that completed it.
    pub place: Place,
    /// Who sent it.
    pub source: Endpoint,
    /// Who shall have it.
    pub destination: Endpoint,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// Sequence number of the SYN, or of the first payload byte.
    pub seq: SeqNumber,
    /// Acknowledgment number; counts only with [`TcpFlags::ACK`].
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: TcpFlags,
    /// The window field as on the wire, not scaled.
    pub window: u16,
    /// The 20 bytes of the TCP header before the options, as captured; empty in a segment that was
    /// not decoded from a frame. For what is rarely asked, such as the checksum.
    pub header: &'a [u8],
    /// The options, raw and bounded by the data offset (RFC 9293 §3.2).
    pub options: &'a [u8],
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire and are not in the capture (snap length).
    pub cut: u32,
    /// IPv4 time to live, or IPv6 hop limit, as seen.
    pub ttl: u8,
    /// IPv4 identification; `None` in IPv6.
    pub ip_id: Option<u16>,
}

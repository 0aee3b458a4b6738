//! What TCP did on a flow: the facts that rules about the path under TLS rest on.

use crate::packed::{Pack, Packer, Unpacker};
use crate::stream::Direction;
use crate::{Address, IcmpKind, Place, SeqNumber};

/// How many of a kind of event are kept with their places; the rest is counted.
const KEPT: usize = 8;

/// A list that keeps the first few entries and counts them all. An empty one takes one word: most
/// flows have nothing to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted<T>(Option<Box<Entries<T>>>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Entries<T> {
    kept: Vec<T>,
    total: u64,
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Counted<T> {
    pub(crate) fn push(&mut self, entry: T) {
        let entries =
            self.0.get_or_insert_with(|| Box::new(Entries { kept: Vec::new(), total: 0 }));
        entries.total = entries.total.saturating_add(1);
        if entries.kept.len() < KEPT {
            entries.kept.push(entry);
        }
    }

    /// How many there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.as_ref().map_or(0, |entries| entries.total)
    }

    /// The first ones, at most eight.
    #[must_use]
    pub fn kept(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |entries| &entries.kept)
    }

    /// The first one.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.kept().first()
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: Send + 'static> Pack for Counted<T> {
    fn pack(self, to: &mut Packer) {
        to.flag(self.0.is_some());
        if let Some(entries) = self.0 {
            to.put_aside(*entries);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self(if from.flag()? { Some(Box::new(from.take_aside()?)) } else { None }))
    }
}

/// A SYN or SYN-ACK and what it announced (RFC 9293 §3.2, RFC 7323).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SynFacts {
    /// The frame.
    pub at: Place,
    /// The initial sequence number.
    pub isn: SeqNumber,
    /// The acknowledgment number of a SYN-ACK.
    pub ack: Option<SeqNumber>,
    /// The largest segment that the sender wants, in bytes.
    pub mss: Option<u16>,
    /// The sender's window scale, as a power of two.
    pub window_scale: Option<u8>,
    /// Whether selective acknowledgments are permitted.
    pub sack_permitted: bool,
    /// The sender's timestamp clock (RFC 7323 §3).
    pub timestamp: Option<u32>,
    /// Time to live or hop limit as seen.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// Payload bytes that came with it (TCP Fast Open, RFC 7413).
    pub payload_bytes: u32,
}

/// A reset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResetFacts {
    /// The frame.
    pub at: Place,
    /// Who sent it, or in whose name it was sent.
    pub direction: Direction,
    /// Whether its number lies in the receiver's window, so that the receiver obeys it
    /// (RFC 9293 §3.5.3). One that does not is a guess by a third party.
    pub in_window: bool,
    /// Time to live or hop limit as seen.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// The window field.
    pub window: u16,
    /// Whether it carried an acknowledgment.
    pub has_ack: bool,
    /// Its timestamp (RFC 7323 §3); a middlebox's reset has none or another clock's.
    pub timestamp: Option<u32>,
}

/// Two segments brought different bytes for the same place of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OverlapConflict {
    /// Which stream.
    pub direction: Direction,
    /// The frame whose bytes were taken.
    pub first: Place,
    /// The frame that brought other bytes.
    pub second: Place,
    /// Offset in the stream of the first byte that differs.
    pub offset: u64,
}

/// A retransmission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retransmission {
    /// The frame.
    pub at: Place,
    /// Which stream.
    pub direction: Direction,
    /// Sequence number.
    pub seq: SeqNumber,
    /// Payload bytes sent again.
    pub len_bytes: u32,
}

/// An ICMP message about a packet of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpFacts {
    /// The frame.
    pub at: Place,
    /// Who sent it.
    pub from: Address,
    /// What it said.
    pub kind: IcmpKind,
    /// Whether it came in ICMPv6, whose codes differ.
    pub ipv6: bool,
    /// The direction of the packet that it is about.
    pub about: Direction,
    /// The sequence number that it quotes.
    pub seq: Option<SeqNumber>,
}

/// One direction's counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StreamFacts {
    /// Segments seen.
    pub segments: u64,
    /// Segments with payload.
    pub data_segments: u64,
    /// Payload bytes of the stream seen or skipped: from its first byte to its highest one.
    pub stream_bytes: u64,
    /// Bytes that the other side acknowledged, counted from the first one that is known.
    pub acknowledged_bytes: u64,
    /// Whether the first byte's number is known (a SYN, or a SYN-ACK's acknowledgment).
    pub from_start: bool,
    /// The first and the last segment with payload.
    pub first_data: Option<Place>,
    /// The last segment with new payload.
    pub last_data: Option<Place>,
    /// The first acknowledgment by the other side of payload of this stream.
    pub first_acknowledged: Option<Place>,
    /// The longest payload of one segment in bytes.
    pub longest_payload: u32,
    /// The longest payload that was acknowledged, in bytes; tells a path MTU.
    pub longest_acknowledged: u32,
    /// Segments that came before an earlier one.
    pub out_of_order: u32,
    /// Time to live or hop limit of the first segment.
    pub first_ttl: u8,
    /// Time to live or hop limit of the last segment that is no reset.
    pub last_ttl: u8,
    /// IPv4 identification of the last segment that is no reset.
    pub last_ip_id: Option<u16>,
    /// Whether a zero window was announced.
    pub zero_window: bool,
    /// The first FIN.
    pub fin: Option<Place>,
    /// Keep-alives sent (RFC 9293 §3.8.4).
    pub keep_alives: u32,
}

impl StreamFacts {
    /// Whether a FIN was sent that is not in the capture: the other side acknowledged one number more
    /// than there are bytes, which a FIN takes (RFC 9293 §3.4).
    #[must_use]
    pub fn missed_fin(&self) -> bool {
        self.fin.is_none() && self.acknowledged_bytes == self.stream_bytes.saturating_add(1)
    }
}

/// What TCP did on a flow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TransportFacts {
    /// The SYN.
    pub syn: Option<SynFacts>,
    /// SYNs sent again.
    pub syn_retransmissions: Counted<Place>,
    /// The SYN-ACK.
    pub syn_ack: Option<SynFacts>,
    /// The ACK that completes the three-way handshake.
    pub established: Option<Place>,
    /// The client's direction.
    pub forward: StreamFacts,
    /// The server's direction.
    pub reverse: StreamFacts,
    /// Resets by either side, those of guessers included.
    pub resets: Counted<ResetFacts>,
    /// Payload sent again, either side.
    pub retransmissions: Counted<Retransmission>,
    /// Overlaps with different bytes.
    pub conflicts: Counted<OverlapConflict>,
    /// ICMP messages about the flow.
    pub icmp: Counted<IcmpFacts>,
}

impl TransportFacts {
    /// One direction's counts.
    #[must_use]
    pub fn stream(&self, direction: Direction) -> &StreamFacts {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Reverse => &self.reverse,
        }
    }

    pub(crate) fn stream_mut(&mut self, direction: Direction) -> &mut StreamFacts {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Reverse => &mut self.reverse,
        }
    }

    /// The first reset that its receiver obeys.
    #[must_use]
    pub fn reset(&self) -> Option<&ResetFacts> {
        self.resets.kept().iter().find(|reset| reset.in_window)
    }
}

crate::pack_fields!(SynFacts {
    at,
    isn,
    ack,
    mss,
    window_scale,
    sack_permitted,
    timestamp,
    ttl,
    ip_id,
    payload_bytes,
});

crate::pack_fields!(StreamFacts {
    segments,
    data_segments,
    stream_bytes,
    acknowledged_bytes,
    from_start,
    first_data,
    last_data,
    first_acknowledged,
    longest_payload,
    longest_acknowledged,
    out_of_order,
    first_ttl,
    last_ttl,
    last_ip_id,
    zero_window,
    fin,
    keep_alives,
});

crate::pack_fields!(TransportFacts {
    syn,
    syn_retransmissions,
    syn_ack,
    established,
    forward,
    reverse,
    resets,
    retransmissions,
    conflicts,
    icmp,
});

/// The TCP options that the facts use.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct TcpOptions {
    pub(crate) mss: Option<u16>,
    pub(crate) window_scale: Option<u8>,
    pub(crate) sack_permitted: bool,
    pub(crate) timestamp: Option<u32>,
}

impl TcpOptions {
    /// Reads options until one lies about its length (RFC 9293 §3.2).
    pub(crate) fn parse(mut bytes: &[u8]) -> Self {
        let mut options = Self::default();
        loop {
            match bytes {
                [] | [0, ..] => return options,
                [1, rest @ ..] => bytes = rest,
                [kind, len, ..] => {
                    let Some((option, rest)) = bytes.split_at_checked(usize::from(*len)) else {
                        return options;
                    };
                    match (kind, option) {
                        (2, [_, _, a, b]) => options.mss = Some(u16::from_be_bytes([*a, *b])),
                        (3, [_, _, scale]) => options.window_scale = Some(*scale),
                        (4, [_, _]) => options.sack_permitted = true,
                        (8, [_, _, a, b, c, d, ..]) => {
                            options.timestamp = Some(u32::from_be_bytes([*a, *b, *c, *d]));
                        }
                        (_, [] | [_]) => return options,
                        _ => {}
                    }
                    bytes = rest;
                }
                [_] => return options,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_until_one_lies() {
        let options = TcpOptions::parse(&[2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9]);
        assert_eq!(options.mss, Some(1460));
        assert_eq!(options.window_scale, Some(7));
        assert!(options.sack_permitted);
        assert_eq!(options.timestamp, None, "the timestamp option runs past the end");
        assert_eq!(TcpOptions::parse(&[2, 0, 5, 180]), TcpOptions::default());
    }

    #[test]
    fn counted_keeps_the_first_and_counts_all() {
        let mut counted = Counted::default();
        for number in 0..100 {
            counted.push(number);
        }
        assert_eq!(counted.total(), 100);
        assert_eq!(counted.kept(), &[0, 1, 2, 3, 4, 5, 6, 7]);
    }
}

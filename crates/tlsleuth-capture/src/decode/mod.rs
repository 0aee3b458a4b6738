//! Frames in, segments out: links, IP, fragments, tunnels.
//!
//! ```text
//! link -> (tags, labels) -> IP -> (fragments) -> TCP | UDP | ICMP
//!   ^                        ^                     |
//!   +------- tunnels --------+---------------------+
//! ```
//!
//! Architecture invariant: a loop over layers, no recursion. Each step takes at least one header
//! off the packet or ends, and tunnels in tunnels are counted, so any input ends soon.

mod capwap;
mod checksum;
mod ethertype;
mod fragment;
mod geneve;
mod gre;
mod gtp;
mod icmp;
mod ip;
mod l2tp;
mod link;
mod mpls;
mod ppp;
mod teredo;
#[cfg(test)]
mod testing;
mod transport;
mod tunnel;
mod udp_tunnel;
mod vxlan;
mod wlan;

pub use checksum::Checksum;
pub use icmp::{IcmpError, IcmpKind, QuotedPacket};
pub use tunnel::{TunnelHop, TunnelProtocol};

use crate::stats::DecodeStats;
use crate::{Address, Endpoint, Frame, Limits, LinkType, Place, Segment, TunnelId};
use fragment::{Fragments, Pushed};
use tunnel::Tunnels;

/// What was in a frame.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Decoded<'a> {
    /// A TCP segment.
    Segment(Segment<'a>),
    /// A UDP datagram that is no tunnel.
    Datagram(Datagram<'a>),
    /// An ICMP error about a packet that it quotes.
    Icmp(IcmpError),
    /// Another transport over IP, or an ICMP message that is no error: the IP protocol number.
    OtherTransport(u8),
    /// A fragment of an IP packet that is not complete yet.
    Fragment,
    /// No IP in it: ARP, LLDP, 802.11 management …
    NotIp,
    /// What it is could not be made out.
    Undecodable(Undecodable),
}

/// Why a frame could not be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Undecodable {
    /// A link type that is not supported.
    LinkType(LinkType),
    /// The link header, or a tag or label behind it, is cut or wrong.
    Link,
    /// The link layer's payload is encrypted.
    Encrypted,
    /// The IP header is cut or wrong.
    Ip,
    /// A fragment without its data: it is cut or contradicts those before it.
    Fragment,
    /// The TCP, UDP or ICMP header is cut or wrong.
    Transport,
    /// A tunnel header is cut or wrong.
    Tunnel,
    /// More tunnels in tunnels than [`Limits::max_tunnel_depth`].
    TooDeep,
}

/// One UDP datagram. Borrows from the frame.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The frame that brought it; for IP fragments the one that completed it.
    pub place: Place,
    /// Who sent it.
    pub source: Endpoint,
    /// Who shall have it.
    pub destination: Endpoint,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire and are not in the capture (snap length).
    pub cut: u32,
    /// IPv4 time to live, or IPv6 hop limit, as seen.
    pub ttl: u8,
    /// IPv4 identification; `None` in IPv6.
    pub ip_id: Option<u16>,
}

/// Decodes frames down to TCP and UDP. Never fails; what it cannot read it says.
///
/// Keeps only fragments, within [`Limits::max_fragments`] and [`Limits::max_fragment_bytes`], and
/// the tunnels that it saw. VLAN tags and MPLS labels are stripped and are not part of a
/// connection's identity: the two directions of a mirrored port are often tagged differently.
///
/// ```
/// # use tlsleuth_capture::{Decoded, Decoder, Frame, LinkType, Limits, Place};
/// let mut decoder = Decoder::new(Limits::default());
/// let frame = Frame {
///     place: Place::default(),
///     link: LinkType::ETHERNET,
///     interface: 0,
///     data: &[0xff; 14],
///     original_len: 14,
/// };
/// assert!(matches!(decoder.decode(&frame), Decoded::NotIp));
/// assert_eq!(decoder.stats().not_ip, 1);
/// ```
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    tunnels: Tunnels,
    fragments: Fragments,
    /// The packet that fragments made, as long as somebody may borrow from it.
    reassembled: Vec<u8>,
    stats: DecodeStats,
}

/// What the next bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layer {
    /// What the frame's interface says.
    Link(LinkType),
    /// An Ethernet header.
    Ethernet,
    /// The payload of this EtherType.
    EtherType(u16),
    /// IEEE 802.2 logical link control.
    Llc,
    /// A PPP frame, with or without address and control.
    Ppp,
    /// A wireless frame whose first two bytes are in the wrong order.
    SwappedWlan,
    /// IPv4 or IPv6: the version field says it.
    Ip,
    /// The payload of IP, by its protocol number.
    Transport(u8),
}

/// One layer taken off: what comes next, or what it was.
enum Step<'d> {
    Next(Layer, &'d [u8]),
    Done(Decoded<'d>),
    /// Fragments made a packet; its payload is in a buffer of its own.
    Reassembled(Layer, Vec<u8>),
}

/// What is known about a packet on the way down.
#[derive(Clone, Copy, Debug)]
struct Context {
    place: Place,
    /// Bytes of the frame that the capture does not have.
    cut: u32,
    tunnel: TunnelId,
    depth: usize,
    /// Of the innermost IP header.
    ip: IpFacts,
}

/// What the layers above need to know of an IP header.
#[derive(Clone, Copy, Debug)]
struct IpFacts {
    source: Address,
    destination: Address,
    ttl: u8,
    id: Option<u16>,
    /// Bytes of the IP payload that were sent and are not in the capture.
    cut: u32,
}

/// Layers of one frame. An honest frame has some ten; a hostile one ends here.
const MAX_LAYERS: usize = 64;

impl Decoder {
    /// Starts without any fragment. Of the caps, those on fragments and tunnels matter here.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            fragments: Fragments::new(&limits),
            limits,
            tunnels: Tunnels::default(),
            reassembled: Vec::new(),
            stats: DecodeStats::default(),
        }
    }

    /// Decodes one frame.
    #[inline]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        match self.plain_segment(frame, Decoded::Segment) {
            Some(segment) => segment,
            None => self.decode_slowly(frame),
        }
    }

    /// Decodes one frame if it is as nearly all are: a segment in IPv4 in Ethernet, with nothing around
    /// and nothing between; `take` gets it. `None` says nothing about the frame, which is not counted
    /// then: whoever takes many frames asks this first, and [`decode`](Self::decode) where it says
    /// nothing. The segment is handed on and not returned, so that it is nowhere copied.
    #[inline]
    pub fn plain_segment<'a, R>(
        &mut self,
        frame: &Frame<'a>,
        take: impl FnOnce(Segment<'a>) -> R,
    ) -> Option<R> {
        if frame.link != LinkType::ETHERNET {
            return None;
        }
        let taken = transport::plain_segment(frame, take)?;
        self.stats.segments = self.stats.segments.wrapping_add(1);
        Some(taken)
    }

    fn decode_slowly<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        if frame.link == LinkType::ETHERNET
            && let Some(segment) = transport::plain_segment_v6(frame)
        {
            self.stats.segments = self.stats.segments.wrapping_add(1);
            return Decoded::Segment(segment);
        }
        let captured = u32::try_from(frame.data.len()).unwrap_or(u32::MAX);
        let mut context = Context {
            place: frame.place,
            cut: frame.original_len.saturating_sub(captured),
            tunnel: TunnelId::NONE,
            depth: 0,
            ip: IpFacts {
                source: Address::v6([0; 16]),
                destination: Address::v6([0; 16]),
                ttl: 0,
                id: None,
                cut: 0,
            },
        };
        let mut parts = Parts {
            limits: &self.limits,
            tunnels: &mut self.tunnels,
            fragments: &mut self.fragments,
        };
        let decoded = match parts.walk(&mut context, Layer::Link(frame.link), frame.data) {
            Walked::Done(decoded) => decoded,
            Walked::Reassembled(mut layer, mut payload) => {
                // Fragments within what fragments made are rare, so each round only tells whether
                // there is another one, and the last round is walked twice: that keeps the borrow
                // of the buffer out of the loop.
                for _ in 0..self.limits.max_tunnel_depth {
                    let before = context;
                    match parts.walk(&mut context, layer, &payload) {
                        Walked::Done(_) => {
                            context = before;
                            break;
                        }
                        Walked::Reassembled(next, inner) => (layer, payload) = (next, inner),
                    }
                }
                self.reassembled = payload;
                match parts.walk(&mut context, layer, &self.reassembled) {
                    Walked::Done(decoded) => decoded,
                    Walked::Reassembled(..) => Decoded::Undecodable(Undecodable::TooDeep),
                }
            }
        };
        self.stats.count(&decoded);
        decoded
    }

    /// The tunnels around a segment, outermost first; empty for [`TunnelId::NONE`].
    #[must_use]
    pub fn tunnel_path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        self.tunnels.path(tunnel)
    }

    /// What became of the frames so far.
    #[must_use]
    pub fn stats(&self) -> DecodeStats {
        DecodeStats { fragments: self.fragments.stats(), ..self.stats }
    }

    /// Bytes held in incomplete packets.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.fragments.bytes()
    }
}

/// How a walk through the layers ended.
enum Walked<'d> {
    Done(Decoded<'d>),
    Reassembled(Layer, Vec<u8>),
}

/// The parts of the decoder that a walk changes, apart from the buffer that it may borrow from.
struct Parts<'p> {
    limits: &'p Limits,
    tunnels: &'p mut Tunnels,
    fragments: &'p mut Fragments,
}

impl Parts<'_> {
    /// Takes layer after layer off a packet.
    fn walk<'d>(
        &mut self,
        context: &mut Context,
        mut layer: Layer,
        mut data: &'d [u8],
    ) -> Walked<'d> {
        // The innermost datagram that looked like a tunnel: what it is if it turns out to be none.
        let mut datagram = None;
        for _ in 0..MAX_LAYERS {
            let step = match layer {
                Layer::Link(kind) => link::step(kind, data),
                Layer::Ethernet => link::ethernet(data),
                Layer::EtherType(kind) => ethertype::step(kind, data),
                Layer::Llc => link::llc(data),
                Layer::Ppp => ppp::step(data),
                Layer::SwappedWlan => wlan::swapped(data),
                Layer::Ip => ip::step(self, context, data),
                Layer::Transport(protocol) => {
                    transport::step(self, context, protocol, data, &mut datagram)
                }
            };
            match step {
                Step::Next(next, rest) => (layer, data) = (next, rest),
                Step::Reassembled(next, payload) => return Walked::Reassembled(next, payload),
                Step::Done(Decoded::NotIp | Decoded::Undecodable(_)) if datagram.is_some() => break,
                Step::Done(decoded) => return Walked::Done(decoded),
            }
        }
        Walked::Done(match datagram {
            Some(datagram) => Decoded::Datagram(datagram),
            None => Decoded::Undecodable(Undecodable::TooDeep),
        })
    }

    /// Goes into a tunnel; `false` when it is one too many.
    fn enter(&mut self, context: &mut Context, protocol: TunnelProtocol, id: Option<u32>) -> bool {
        if context.depth >= self.limits.max_tunnel_depth {
            return false;
        }
        context.depth = context.depth.saturating_add(1);
        let hop = TunnelHop::new(protocol, context.ip.source, context.ip.destination, id);
        context.tunnel = self.tunnels.enter(context.tunnel, hop);
        true
    }

    /// Takes a fragment of the packet described by the context.
    fn fragment<'d>(
        &mut self,
        context: &mut Context,
        fragment: &fragment::Fragment<'_>,
    ) -> Step<'d> {
        match self.fragments.push(fragment, context) {
            Pushed::Held => Step::Done(Decoded::Fragment),
            Pushed::Refused => Step::Done(Decoded::Undecodable(Undecodable::Fragment)),
            Pushed::Complete { payload, protocol, ttl } => {
                context.ip.ttl = ttl;
                context.ip.cut = 0;
                Step::Reassembled(Layer::Transport(protocol), payload)
            }
        }
    }
}

const fn undecodable<'d>(why: Undecodable) -> Step<'d> {
    Step::Done(Decoded::Undecodable(why))
}

/// The big-endian 16-bit number at `offset`.
#[inline]
fn u16_at(data: &[u8], offset: usize) -> Option<u16> {
    data.get(offset..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// The big-endian 32-bit number at `offset`.
#[inline]
fn u32_at(data: &[u8], offset: usize) -> Option<u32> {
    data.get(offset..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// Decodes one frame of any link type and forgets it: for fuzzing.
#[doc(hidden)]
pub fn fuzz_frame(link: u16, bytes: &[u8]) {
    let mut decoder = Decoder::new(Limits::default());
    let frame = |data| Frame {
        place: Place::default(),
        link: LinkType(link),
        interface: 0,
        data,
        original_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
    };
    // Whole, and cut in two, as if fragments had come in two frames.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for data in [bytes, first, second] {
        if let Decoded::Segment(segment) = decoder.decode(&frame(data)) {
            assert!(segment.options.len() <= 40, "options are bounded by the data offset");
            let _ = segment.checksum();
        }
    }
    assert_eq!(decoder.stats().frames(), 3, "every frame is accounted for");
}

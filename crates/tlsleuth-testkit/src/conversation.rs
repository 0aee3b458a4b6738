//! TCP: segments with right numbers and checksums, as frames of Ethernet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tlsleuth_capture::{Frame, LinkType, Place, Sequence, Timestamp};

use crate::certificate::START;
use crate::wire::filler;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// The end that opens the connection.
    Client,
    /// The other one.
    Server,
}

impl Who {
    fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }

    fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A frame that owns its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedFrame {
    /// Number and time.
    pub place: Place,
    /// What the bytes begin with.
    pub link: LinkType,
    /// The bytes.
    pub data: Vec<u8>,
    /// Bytes on the wire.
    pub original_len: u32,
}

impl OwnedFrame {
    /// The frame as the decoder takes it.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            place: self.place,
            link: self.link,
            interface: 0,
            data: &self.data,
            original_len: self.original_len,
        }
    }
}

/// What becomes of a segment, and what its headers hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    /// It arrives, and is not captured.
    pub lose: bool,
    /// It is captured, and never arrives.
    pub vanish: bool,
    /// It is captured behind the next frame.
    pub late: bool,
    /// Time to live; 64 unless told.
    pub ttl: Option<u8>,
    /// IPv4 identification; counts up unless told.
    pub ip_id: Option<u16>,
    /// The window field; 64,240 unless told.
    pub window: Option<u16>,
    /// What is added to the sequence number.
    pub seq_offset: u32,
    /// The sender's clock of timestamps in a SYN or SYN-ACK (RFC 7323 §3); none unless told.
    pub timestamp: Option<u32>,
}

#[derive(Clone, Debug)]
struct End {
    address: IpAddr,
    port: u16,
    /// The number of the next byte to send.
    next: u32,
    /// The number of the next byte to receive.
    expected: u32,
    /// What came before it was expected: number and length.
    early: Vec<(u32, u32)>,
    ip_id: u16,
    /// The last segment with data.
    last: Option<(u32, Vec<u8>)>,
    /// The last packet from its IP header on, for ICMP.
    packet: Vec<u8>,
}

/// Frames in the making: any number of connections, one after the other.
#[derive(Clone, Debug)]
pub struct Story {
    frames: Vec<OwnedFrame>,
    late: Vec<OwnedFrame>,
    clock: Timestamp,
    anchors: Vec<Vec<u8>>,
    snaplen: Option<usize>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            frames: Vec::new(),
            late: Vec::new(),
            clock: Timestamp::from_parts(START, 0),
            anchors: Vec::new(),
            snaplen: None,
        }
    }
}

impl Story {
    /// The frames, numbered from 1.
    #[must_use]
    pub fn frames(&self) -> &[OwnedFrame] {
        &self.frames
    }

    /// A pcap file of them.
    #[must_use]
    pub fn pcap(&self) -> Vec<u8> {
        crate::pcap::write(&self.frames)
    }

    /// The time of the next frame.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Sets the clock.
    pub fn set_clock(&mut self, clock: Timestamp) {
        self.clock = clock;
    }

    /// Lets time go by.
    pub fn wait(&mut self, nanoseconds: i64) {
        self.clock = Timestamp(self.clock.0 + nanoseconds);
    }

    /// Cuts frames to so many bytes.
    pub fn set_snaplen(&mut self, snaplen: usize) {
        self.snaplen = Some(snaplen);
    }

    /// Anchors to be trusted beside the test kit's root.
    #[must_use]
    pub fn anchors(&self) -> &[Vec<u8>] {
        &self.anchors
    }

    /// Adds anchors.
    pub fn trust(&mut self, anchors: Vec<Vec<u8>>) {
        self.anchors.extend(anchors);
    }

    /// Adds a frame from its IP header on. Its time is the clock's, which goes on by a millisecond.
    pub fn push_packet(&mut self, packet: &[u8], fate: Segment) {
        let time = self.clock;
        self.wait(1_000_000);
        if fate.lose {
            return;
        }
        let ethertype: u16 = if packet[0] >> 4 == 6 { 0x86dd } else { 0x0800 };
        let mut data = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        data.extend(ethertype.to_be_bytes());
        data.extend(packet);
        let original_len = data.len() as u32;
        if let Some(snaplen) = self.snaplen {
            data.truncate(snaplen);
        }
        let place = Place { time, ..Place::default() };
        let frame = OwnedFrame { place, link: LinkType::ETHERNET, data, original_len };
        if fate.late {
            self.late.push(frame);
            return;
        }
        self.number(frame);
        for late in std::mem::take(&mut self.late) {
            self.number(late);
        }
    }

    fn number(&mut self, mut frame: OwnedFrame) {
        frame.place.frame = self.frames.len() as u64 + 1;
        frame.place.sequence = Sequence::new(self.frames.len() as u32 + 1);
        // A frame that is captured late has a late time.
        if let Some(last) = self.frames.last() {
            frame.place.time = frame.place.time.max(last.place.time);
        }
        self.frames.push(frame);
    }
}

/// One TCP connection.
#[derive(Clone, Debug)]
pub struct Conversation {
    ends: [End; 2],
    /// The largest payload of a segment.
    pub mss: u16,
}

impl Conversation {
    /// Between 10.0.0.7 (or 2001:db8::7) and 10.0.0.2 (or 2001:db8::2); the `nth` one of a story.
    #[must_use]
    pub fn new(nth: u16, server_port: u16, ipv6: bool) -> Self {
        let address = |last: u8| {
            if ipv6 {
                IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)))
            } else {
                IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
            }
        };
        Self::between(
            SocketAddr::new(address(7), 50_000 + nth),
            SocketAddr::new(address(2), server_port),
            1_000_000 + u32::from(nth) * 77_777,
        )
    }

    /// Between two ends of the same family; `isn` is the client's initial sequence number.
    #[must_use]
    pub fn between(client: SocketAddr, server: SocketAddr, isn: u32) -> Self {
        let other = 3_000_000_000;
        let end = |at: SocketAddr, next, expected| End {
            address: at.ip(),
            port: at.port(),
            next,
            expected,
            early: Vec::new(),
            ip_id: 1000,
            last: None,
            packet: Vec::new(),
        };
        let ends = [end(client, isn, other), end(server, other, isn)];
        Self { ends, mss: 1460 }
    }

    /// The three-way handshake.
    pub fn open(&mut self, story: &mut Story) {
        self.control(story, Who::Client, "SYN", Segment::default());
        self.control(story, Who::Server, "SYN-ACK", Segment::default());
        self.control(story, Who::Client, "ACK", Segment::default());
    }

    /// The three-way handshake, before the capture starts.
    pub fn open_unseen(&mut self) {
        for end in &mut self.ends {
            end.next = end.next.wrapping_add(1);
            end.expected = end.expected.wrapping_add(1);
        }
    }

    /// A segment without payload: `SYN`, `SYN-ACK`, `ACK`, `FIN`, `RST`.
    ///
    /// # Panics
    /// On another word.
    pub fn control(&mut self, story: &mut Story, who: Who, what: &str, fate: Segment) {
        let flags = match what {
            "SYN" => SYN,
            "SYN-ACK" => SYN | ACK,
            "ACK" => ACK,
            "FIN" => FIN | ACK,
            "RST" => RST | ACK,
            other => panic!("no segment {other:?}"),
        };
        let seq = self.ends[who.index()].next;
        self.segment(story, who, seq, flags, &[], fate);
    }

    /// Sends bytes, in as many segments as they take.
    pub fn send(&mut self, story: &mut Story, who: Who, bytes: &[u8], fate: Segment) {
        for piece in bytes.chunks(usize::from(self.mss)) {
            let seq = self.ends[who.index()].next;
            self.segment(story, who, seq, PSH | ACK, piece, fate);
            self.ends[who.index()].last = Some((seq, piece.to_vec()));
        }
    }

    /// Sends the last data segment again, with other bytes if `other`.
    ///
    /// # Panics
    /// When there is none.
    pub fn again(&mut self, story: &mut Story, who: Who, other: bool, fate: Segment) {
        let Some((seq, bytes)) = self.ends[who.index()].last.clone() else {
            // A SYN has no data.
            let seq = self.ends[who.index()].next.wrapping_sub(1);
            self.segment(story, who, seq, SYN, &[], fate);
            return;
        };
        let bytes = if other { filler(bytes.len(), 99) } else { bytes };
        self.segment(story, who, seq, PSH | ACK, &bytes, fate);
    }

    /// An ICMP error of a router about the client's last packet.
    ///
    /// # Panics
    /// On a kind that is not known.
    pub fn icmp(&mut self, story: &mut Story, kind: &str, mtu: u16) {
        let about = self.ends[0].packet.clone();
        let IpAddr::V4(client) = self.ends[0].address else { panic!("ICMP scripts are IPv4") };
        let code = match kind {
            "network-unreachable" => 0,
            "host-unreachable" => 1,
            "port-unreachable" => 3,
            "too-big" => 4,
            "prohibited" => 13,
            other => panic!("no ICMP message {other:?}"),
        };
        let mut body = vec![3, code, 0, 0, 0, 0];
        body.extend(mtu.to_be_bytes());
        body.extend(about.iter().take(28));
        let sum = checksum(&[&body]);
        body[2..4].copy_from_slice(&sum.to_be_bytes());
        let packet = ipv4(Ipv4Addr::new(10, 0, 0, 1), client, 1, 64, 7, &body);
        story.push_packet(&packet, Segment::default());
    }

    fn segment(
        &mut self,
        story: &mut Story,
        who: Who,
        seq: u32,
        flags: u8,
        payload: &[u8],
        fate: Segment,
    ) {
        let len = payload.len() as u32 + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        let seq = seq.wrapping_add(fate.seq_offset);
        let peer = self.ends[who.peer().index()].clone();
        let end = &mut self.ends[who.index()];
        end.ip_id = end.ip_id.wrapping_add(1);
        let ack = if flags & ACK == 0 { 0 } else { end.expected };
        let mut tcp = Vec::new();
        tcp.extend(end.port.to_be_bytes());
        tcp.extend(peer.port.to_be_bytes());
        tcp.extend(seq.to_be_bytes());
        tcp.extend(ack.to_be_bytes());
        let options: Vec<u8> = if flags & SYN == 0 {
            Vec::new()
        } else {
            let [a, b] = self.mss.to_be_bytes();
            let mut options = vec![2, 4, a, b, 4, 2, 3, 3, 7, 1, 1, 1];
            if let Some(timestamp) = fate.timestamp {
                options.extend([1, 1, 8, 10]);
                options.extend(timestamp.to_be_bytes());
                options.extend([0; 4]);
            }
            options
        };
        tcp.extend([(5 + options.len() as u8 / 4) << 4, flags]);
        tcp.extend(fate.window.unwrap_or(64_240).to_be_bytes());
        tcp.extend([0, 0, 0, 0]);
        tcp.extend(options);
        tcp.extend(payload);
        let ttl = fate.ttl.unwrap_or(64);
        let packet = match (end.address, peer.address) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let len = (tcp.len() as u16).to_be_bytes();
                let sum = checksum(&[&source.octets(), &destination.octets(), &[0, 6], &len, &tcp]);
                tcp[16..18].copy_from_slice(&sum.to_be_bytes());
                ipv4(source, destination, 6, ttl, fate.ip_id.unwrap_or(end.ip_id), &tcp)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let len = (tcp.len() as u32).to_be_bytes();
                let sum =
                    checksum(&[&source.octets(), &destination.octets(), &len, &[0, 0, 0, 6], &tcp]);
                tcp[16..18].copy_from_slice(&sum.to_be_bytes());
                let mut packet = vec![0x60, 0, 0, 0];
                packet.extend((tcp.len() as u16).to_be_bytes());
                packet.extend([6, ttl]);
                packet.extend(source.octets());
                packet.extend(destination.octets());
                packet.extend(&tcp);
                packet
            }
            _ => unreachable!("both ends speak the same IP"),
        };
        end.packet.clone_from(&packet);
        let highest = seq.wrapping_add(len);
        if highest.wrapping_sub(end.next) < 1 << 31 {
            end.next = highest;
        }
        story.push_packet(&packet, fate);
        if !fate.vanish && len > 0 && flags & RST == 0 {
            let receiver = &mut self.ends[who.peer().index()];
            receiver.early.push((seq, len));
            // What came early counts once the hole before it is filled.
            while let Some(at) = receiver.early.iter().position(|(seq, len)| {
                let behind = seq.wrapping_add(*len).wrapping_sub(receiver.expected);
                seq.wrapping_sub(receiver.expected).cast_signed() <= 0 && behind.cast_signed() > 0
            }) {
                let (seq, len) = receiver.early.swap_remove(at);
                receiver.expected = seq.wrapping_add(len);
            }
        }
    }
}

fn ipv4(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    ttl: u8,
    id: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend([0x40, 0, ttl, protocol, 0, 0]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// The Internet checksum over the parts as one (RFC 1071). All but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

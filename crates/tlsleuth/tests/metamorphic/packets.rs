//! What may happen to frames on their way to a capture without changing what the peers said.

use std::collections::HashMap;

/// Deterministic noise (xorshift), so that a failure can be repeated.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// An Ethernet frame and its time in nanoseconds.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) at: i64,
    pub(crate) data: Vec<u8>,
}

const ETHERNET: usize = 14;

/// A TCP segment in its packet, taken apart.
#[derive(Clone)]
struct Tcp {
    at: i64,
    ethernet: Vec<u8>,
    ip: Vec<u8>,
    header: Vec<u8>,
    payload: Vec<u8>,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put16(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 2].copy_from_slice(&u16::try_from(value).unwrap().to_be_bytes());
}

fn put32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// RFC 1071.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

impl Tcp {
    /// The segment in a plain frame; `None` for anything else.
    fn take_apart(packet: &Packet) -> Option<Self> {
        let (ethernet, rest) = packet.data.split_at(ETHERNET);
        let (header_len, total) = match (u16_at(ethernet, 12), rest[0] >> 4) {
            (0x0800, 4) if rest[9] == 6 => (usize::from(rest[0] & 15) * 4, u16_at(rest, 2)),
            (0x86dd, 6) if rest[6] == 6 => (40, 40 + u16_at(rest, 4)),
            _ => return None,
        };
        // A frame that was cut is left as it is.
        let (ip, segment) = rest.get(..total)?.split_at(header_len);
        let (header, payload) = segment.split_at(usize::from(segment[12] >> 4) * 4);
        Some(Self {
            at: packet.at,
            ethernet: ethernet.to_vec(),
            ip: ip.to_vec(),
            header: header.to_vec(),
            payload: payload.to_vec(),
        })
    }

    /// The frame, with lengths and checksums made good.
    fn put_together(&self) -> Packet {
        let mut ip = self.ip.clone();
        let mut header = self.header.clone();
        let len = header.len() + self.payload.len();
        let addresses = if ip[0] >> 4 == 4 { 12..20 } else { 8..40 };
        let pseudo = [
            ip[addresses].to_vec(),
            vec![0, 6],
            u16::try_from(len).unwrap().to_be_bytes().to_vec(),
        ];
        put16(&mut header, 16, 0);
        let sum = checksum(&[&pseudo.concat(), &header, &self.payload]);
        put16(&mut header, 16, usize::from(sum));
        close_ip(&mut ip, len);
        let data = [&self.ethernet[..], &ip, &header, &self.payload].concat();
        Packet { at: self.at, data }
    }

    fn flags(&self) -> u8 {
        self.header[13]
    }

    fn seq(&self) -> u32 {
        u32_at(&self.header, 4)
    }

    fn set_seq(&mut self, seq: u32) {
        put32(&mut self.header, 4, seq);
    }

    /// Source and destination with their ports.
    fn direction(&self) -> (Vec<u8>, Vec<u8>) {
        let half = if self.ip[0] >> 4 == 4 { (12..16, 16..20) } else { (8..24, 24..40) };
        (
            [&self.ip[half.0], &self.header[..2]].concat(),
            [&self.ip[half.1], &self.header[2..4]].concat(),
        )
    }

    fn is_data(&self) -> bool {
        !self.payload.is_empty() && self.flags() & (SYN | RST) == 0
    }
}

/// Sets the length of what follows an IP header, and its checksum.
fn close_ip(ip: &mut [u8], payload_len: usize) {
    if ip[0] >> 4 == 4 {
        let total = ip.len() + payload_len;
        put16(ip, 2, total);
        put16(ip, 10, 0);
        let sum = checksum(&[ip]);
        put16(ip, 10, usize::from(sum));
    } else {
        let total = ip.len() - 40 + payload_len;
        put16(ip, 4, total);
    }
}

/// Numbers for packets of which several come from one, so that they stay different packets.
fn renumber(packets: &mut [Packet]) {
    for (number, packet) in (1_usize..).zip(packets) {
        if let Some(mut tcp) = Tcp::take_apart(packet)
            && tcp.ip[0] >> 4 == 4
        {
            put16(&mut tcp.ip, 4, number & 0xffff);
            *packet = tcp.put_together();
        }
    }
}

fn each(packets: &[Packet], mut change: impl FnMut(Tcp) -> Vec<Tcp>) -> Vec<Packet> {
    let mut out = Vec::new();
    for packet in packets {
        match Tcp::take_apart(packet) {
            Some(tcp) => out.extend(change(tcp).iter().map(Tcp::put_together)),
            None => out.push(packet.clone()),
        }
    }
    out
}

/// Pieces of 1 to `most` bytes.
pub(crate) fn resegment(packets: &[Packet], noise: &mut Noise, most: usize) -> Vec<Packet> {
    let mut out = each(packets, |tcp| {
        if !tcp.is_data() {
            return vec![tcp];
        }
        let mut pieces = Vec::new();
        let mut rest = tcp.payload.as_slice();
        let mut seq = tcp.seq();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(1 + noise.below(most.min(rest.len())));
            let mut part = Tcp { payload: piece.to_vec(), ..tcp.clone() };
            part.set_seq(seq);
            if !more.is_empty() {
                part.header[13] &= !(FIN | 8);
            }
            seq = seq.wrapping_add(u32::try_from(piece.len()).unwrap());
            rest = more;
            pieces.push(part);
        }
        pieces
    });
    renumber(&mut out);
    out
}

/// Runs of data segments of one side between which nothing else comes: their places are exchanged,
/// the times stay.
pub(crate) fn reorder(packets: &[Packet], noise: &mut Noise) -> Vec<Packet> {
    let mut out = packets.to_vec();
    let mut start = 0;
    while start < out.len() {
        let run = |packet: &Packet| {
            Tcp::take_apart(packet)
                .filter(|tcp| tcp.is_data() && tcp.flags() & FIN == 0)
                .map(|tcp| tcp.direction())
        };
        let Some(direction) = run(&out[start]) else {
            start += 1;
            continue;
        };
        let len =
            out[start..].iter().take_while(|next| run(next) == Some(direction.clone())).count();
        let times: Vec<i64> = out[start..start + len].iter().map(|packet| packet.at).collect();
        noise.shuffle(&mut out[start..start + len]);
        for (packet, at) in out[start..start + len].iter_mut().zip(times) {
            packet.at = at;
        }
        start += len;
    }
    out
}

/// Some frames twice, as a mirror port that takes both directions brings them.
pub(crate) fn duplicate(packets: &[Packet], noise: &mut Noise) -> Vec<Packet> {
    let mut out = Vec::new();
    for packet in packets {
        out.push(packet.clone());
        if noise.below(2) == 0 {
            out.push(Packet { at: packet.at + 1_000, ..packet.clone() });
        }
    }
    out
}

/// The sequence numbers of each direction wrap within its first kilobyte.
pub(crate) fn wrap(packets: &[Packet], noise: &mut Noise) -> Vec<Packet> {
    let mut shifts: HashMap<(Vec<u8>, Vec<u8>), u32> = HashMap::new();
    for packet in packets {
        let Some(tcp) = Tcp::take_apart(packet) else { continue };
        let (from, to) = tcp.direction();
        let mut begin = |direction, first: u32| {
            let target = 0_u32.wrapping_sub(1 + u32::try_from(noise.below(1_000)).unwrap());
            shifts.entry(direction).or_insert(target.wrapping_sub(first));
        };
        if tcp.flags() & RST == 0 {
            begin((from.clone(), to.clone()), tcp.seq());
        }
        if tcp.flags() & ACK != 0 {
            begin((to, from), u32_at(&tcp.header, 8));
        }
    }
    each(packets, |mut tcp| {
        let (from, to) = tcp.direction();
        let own = shifts.get(&(from.clone(), to.clone())).copied().unwrap_or(0);
        let other = shifts.get(&(to, from)).copied().unwrap_or(0);
        // A reset in answer to a SYN has no number of its own (RFC 9293 §3.10.7.1).
        if tcp.flags() & RST == 0 || tcp.seq() != 0 {
            let seq = tcp.seq();
            tcp.set_seq(seq.wrapping_add(own));
        }
        if tcp.flags() & ACK != 0 {
            let ack = u32_at(&tcp.header, 8);
            put32(&mut tcp.header, 8, ack.wrapping_add(other));
        }
        // The edges of selective acknowledgments (RFC 2018 §3) are the other side's numbers.
        let mut at = 20;
        while at < tcp.header.len() && tcp.header[at] != 0 {
            if tcp.header[at] == 1 {
                at += 1;
                continue;
            }
            let len = usize::from(tcp.header[at + 1]).max(2);
            if tcp.header[at] == 5 {
                for edge in (at + 2..at + len).step_by(4) {
                    let number = u32_at(&tcp.header, edge);
                    put32(&mut tcp.header, edge, number.wrapping_add(other));
                }
            }
            at += len;
        }
        vec![tcp]
    })
}

/// Packets with data in fragments, in any order.
pub(crate) fn fragment(packets: &[Packet], noise: &mut Noise, shuffled: bool) -> Vec<Packet> {
    let mut out = Vec::new();
    for (number, packet) in (1_u32..).zip(packets) {
        let tcp = match Tcp::take_apart(packet) {
            Some(tcp) if tcp.payload.len() > 16 => tcp,
            _ => {
                out.push(packet.clone());
                continue;
            }
        };
        let whole = tcp.put_together().data;
        let body = &whole[ETHERNET + tcp.ip.len()..];
        let unit = 8 * (1 + noise.below(body.len() / 16));
        let mut pieces = Vec::new();
        for (nth, piece) in body.chunks(unit).enumerate() {
            let offset = nth * unit;
            let more = offset + piece.len() < body.len();
            let mut ip = tcp.ip.clone();
            let mut between = Vec::new();
            let mut ethernet = tcp.ethernet.clone();
            if ip[0] >> 4 == 4 {
                put16(&mut ip, 4, usize::try_from(number).unwrap() & 0xffff);
                put16(&mut ip, 6, offset / 8 + if more { 0x2000 } else { 0 });
            } else {
                // RFC 8200 §4.5.
                between = vec![ip[6], 0, 0, 0];
                put16(&mut between, 2, offset + usize::from(more));
                between.extend(number.to_be_bytes());
                ip[6] = 44;
            }
            close_ip(&mut ip, between.len() + piece.len());
            ethernet.extend(ip);
            ethernet.extend(between);
            ethernet.extend(piece);
            pieces.push(Packet { at: packet.at, data: ethernet });
        }
        if shuffled {
            noise.shuffle(&mut pieces);
        }
        out.extend(pieces);
    }
    out
}

/// Tags behind the addresses (802.1Q, 802.1ad).
pub(crate) fn tagged(packets: &[Packet], tags: &[[u8; 4]]) -> Vec<Packet> {
    packets
        .iter()
        .map(|packet| {
            let (addresses, rest) = packet.data.split_at(12);
            Packet { at: packet.at, data: [addresses, &tags.concat(), rest].concat() }
        })
        .collect()
}

/// The frames as the payload of a tunnel between two other hosts.
pub(crate) fn tunnelled(packets: &[Packet], tunnel: Tunnel) -> Vec<Packet> {
    packets
        .iter()
        .map(|packet| {
            let (protocol, between, inner) = match tunnel {
                // RFC 7348 §5, behind UDP.
                Tunnel::Vxlan => {
                    let len = u16::try_from(16 + packet.data.len()).unwrap().to_be_bytes();
                    let udp =
                        [&[0xc0, 0, 0x12, 0xb5][..], &len, &[0, 0], &[8, 0, 0, 0, 0, 0, 42, 0]];
                    (17, udp.concat(), packet.data.as_slice())
                }
                // RFC 2784 §2 around an IP packet; the protocol is the frame's EtherType.
                Tunnel::Gre => {
                    let (ethernet, inner) = packet.data.split_at(ETHERNET);
                    (47, [&[0, 0], &ethernet[12..14]].concat(), inner)
                }
            };
            let mut ip =
                vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
            close_ip(&mut ip, between.len() + inner.len());
            let ethernet = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], &ip, &between, inner];
            Packet { at: packet.at, data: ethernet.concat() }
        })
        .collect()
}

/// What [`tunnelled`] makes.
#[derive(Clone, Copy)]
pub(crate) enum Tunnel {
    Vxlan,
    Gre,
}

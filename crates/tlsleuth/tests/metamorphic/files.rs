//! The files in which the same frames may be stored.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::packets::Packet;

/// Which end of a number comes first.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// The same frames with another link header.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    Ethernet,
    Raw,
    Null,
    Sll,
    Sll2,
}

impl Link {
    fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::Raw => 101,
            Self::Null => 0,
            Self::Sll => 113,
            Self::Sll2 => 276,
        }
    }

    fn frame(self, ethernet: &[u8]) -> Vec<u8> {
        let (header, packet) = ethernet.split_at(14);
        let kind = &header[12..14];
        let v6 = kind == [0x86, 0xdd];
        match self {
            Self::Ethernet => ethernet.to_vec(),
            Self::Raw => packet.to_vec(),
            // The address family of a BSD in its byte order.
            Self::Null => [&[if v6 { 30 } else { 2 }, 0, 0, 0][..], packet].concat(),
            Self::Sll => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], kind, packet].concat(),
            Self::Sll2 => {
                let rest = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
                [kind, &rest[..], packet].concat()
            }
        }
    }
}

pub(crate) fn pcap(packets: &[Packet], order: Order, nanoseconds: bool, link: Link) -> Vec<u8> {
    let magic = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let mut file = order.u32(magic).to_vec();
    file.extend([order.u16(2), order.u16(4)].concat());
    file.extend([0; 8]);
    file.extend([order.u32(262_144), order.u32(link.number().into())].concat());
    for packet in packets {
        let data = link.frame(&packet.data);
        let (seconds, rest) =
            (packet.at.div_euclid(1_000_000_000), packet.at.rem_euclid(1_000_000_000));
        let fraction = if nanoseconds { rest } else { rest / 1_000 };
        file.extend(order.u32(u32::try_from(seconds).unwrap()));
        file.extend(order.u32(u32::try_from(fraction).unwrap()));
        file.extend([order.u32(len(&data)), order.u32(len(&data))].concat());
        file.extend(data);
    }
    file
}

fn block(file: &mut Vec<u8>, order: Order, kind: u32, body: &[u8]) {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let total = order.u32(len(&body) + 12);
    file.extend([&order.u32(kind), &total, &body[..], &total].concat());
}

/// `interfaces` of which each counts time in another unit; the frames are spread over them.
pub(crate) fn pcapng(packets: &[Packet], order: Order, interfaces: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let section = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
    block(&mut file, order, 0x0a0d_0d0a, &section);
    for interface in 0..interfaces {
        let mut body = [order.u16(1), order.u16(0)].concat();
        body.extend(order.u32(0));
        if interface % 2 == 1 {
            // if_tsresol: nanoseconds.
            body.extend([order.u16(9), order.u16(1)].concat());
            body.extend([9, 0, 0, 0, 0, 0, 0, 0]);
        }
        block(&mut file, order, 1, &body);
    }
    for (nth, packet) in packets.iter().enumerate() {
        let interface = nth % interfaces;
        let unit = if interface % 2 == 1 { 1 } else { 1_000 };
        let time = u64::try_from(packet.at / unit).unwrap();
        let mut body = order.u32(u32::try_from(interface).unwrap()).to_vec();
        body.extend(order.u32(u32::try_from(time >> 32).unwrap()));
        body.extend(order.u32(u32::try_from(time & 0xffff_ffff).unwrap()));
        body.extend([order.u32(len(&packet.data)), order.u32(len(&packet.data))].concat());
        body.extend(&packet.data);
        block(&mut file, order, 6, &body);
    }
    file
}

/// One member for each piece, as `cat a.gz b.gz` makes it.
pub(crate) fn gzip(file: &[u8], members: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in file.chunks(file.len().div_ceil(members).max(1)) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(piece).unwrap();
        out.extend(encoder.finish().unwrap());
    }
    out
}

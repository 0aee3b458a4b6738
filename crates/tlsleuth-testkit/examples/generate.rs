//! Makes large captures to measure with. The same arguments always give the same bytes.
//!
//! `cargo run --release -p tlsleuth-testkit --example generate -- SCENARIO SIZE FILE`
//!
//! | scenario | size | what is in it |
//! | --- | --- | --- |
//! | `handshakes` | connections | handshakes alone, one in ten fails |
//! | `bulk` | bytes | 200 connections on which the server then sends data |
//! | `mixed` | bytes | 70 % plain TCP and UDP, the rest data over TLS and handshakes; of the frames 1 % late, 1 % twice |
//! | `concurrent` | connections | in turn, all open at once and never ended: a quarter each SYN only, half a ClientHello, a ClientHello, half a server's flight |
//! | `adversarial` | connections | in turn: huge lengths, bytes one by one, holes, other bytes for the same place, empty records, far numbers, SYN floods |
//!
//! A size in bytes may end in `K`, `M` or `G`. The handshakes come from the test kit's scripts: real
//! messages, and chains under a root of its own. Addresses, ports and sequence numbers are rewritten
//! for each connection; the checksums of TCP are 0, as where the network card fills them in later.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a tool of the house, for its own input only"
)]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use tlsleuth_testkit::script;

const IP: usize = 14;
const TCP: usize = IP + 20;
const DATA: usize = TCP + 20;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x18;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, size, path] = arguments.as_slice() else {
        return Err(io::Error::other("generate SCENARIO SIZE FILE"));
    };
    let (digits, unit) = match size.as_bytes() {
        [digits @ .., b'K'] => (digits.len(), 1_000),
        [digits @ .., b'M'] => (digits.len(), 1_000_000),
        [digits @ .., b'G'] => (digits.len(), 1_000_000_000),
        all => (all.len(), 1),
    };
    let number = size.get(..digits).unwrap_or_default();
    let size = number.parse::<u64>().map_err(io::Error::other)? * unit;
    let mut out = Capture::create(path)?;
    match scenario.as_str() {
        "handshakes" => handshakes(&mut out, size)?,
        "bulk" => bulk(&mut out, size)?,
        "mixed" => mixed(&mut out, size)?,
        "concurrent" => concurrent(&mut out, size)?,
        "adversarial" => adversarial(&mut out, size)?,
        _ => return Err(io::Error::other("no such scenario")),
    }
    out.file.flush()
}

/// The file in the making: pcap, microseconds, Ethernet.
struct Capture {
    file: BufWriter<File>,
    bytes: u64,
    time_us: u64,
    random: u64,
}

impl Capture {
    fn create(path: &str) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            file.write_all(&word.to_le_bytes())?;
        }
        Ok(Self { file, bytes: 24, time_us: 1_780_000_000_000_000, random: 0x9e37_79b9_7f4a_7c15 })
    }

    /// The next of a row of numbers that looks random (xorshift64).
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn frame(&mut self, frame: &[u8]) -> io::Result<()> {
        self.time_us += 20;
        let len = frame.len() as u32;
        let (seconds, micros) = (self.time_us / 1_000_000, self.time_us % 1_000_000);
        for word in [seconds as u32, micros as u32, len, len] {
            self.file.write_all(&word.to_le_bytes())?;
        }
        self.bytes += 16 + u64::from(len);
        self.file.write_all(frame)
    }
}

/// A frame of a connection, not addressed yet.
#[derive(Clone)]
struct Draft {
    from_client: bool,
    bytes: Vec<u8>,
}

impl Draft {
    /// Where the payload begins.
    fn payload(&self) -> usize {
        TCP + usize::from(self.bytes[TCP + 12] >> 4) * 4
    }

    fn is_empty(&self) -> bool {
        self.bytes.len() == self.payload()
    }

    /// The same with the first half of the payload.
    fn half(mut self) -> Self {
        let end = (self.payload() + self.bytes.len()) / 2;
        self.bytes.truncate(end);
        self.bytes[IP + 2..IP + 4].copy_from_slice(&((end - IP) as u16).to_be_bytes());
        self
    }
}

/// The frames of a script's connection.
fn drafts(text: &str) -> Vec<Draft> {
    let story = script(text);
    let server_port = 443_u16.to_be_bytes();
    let frames = story.frames().iter().map(|frame| Draft {
        from_client: frame.data[TCP + 2..TCP + 4] == server_port,
        bytes: frame.data.clone(),
    });
    frames.collect()
}

/// One connection: gives drafts its addresses, ports and numbers.
struct Connection {
    number: u32,
    server_port: u16,
    /// The numbers after the last byte of the client and of the server, before they are shifted.
    next: [u32; 2],
}

impl Connection {
    fn new(number: u32) -> Self {
        Self { number, server_port: 443, next: [1_000, 9_000] }
    }

    fn address(&mut self, draft: &Draft) -> Vec<u8> {
        let mut frame = draft.bytes.clone();
        let own = usize::from(!draft.from_client);
        let seq = u32::from_be_bytes(frame[TCP + 4..TCP + 8].try_into().unwrap());
        let flags = frame[TCP + 13];
        let taken = (frame.len() - draft.payload()) as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[own] = seq.wrapping_add(taken);
        let [_, a, b, c] = self.number.to_be_bytes();
        let client = ([10, a, b, c], 20_000 + (self.number % 40_000) as u16);
        let server = ([192, 0, 2 + (c % 16), 1 + b % 200], self.server_port);
        let (source, destination) =
            if draft.from_client { (client, server) } else { (server, client) };
        frame[IP + 12..IP + 16].copy_from_slice(&source.0);
        frame[IP + 16..IP + 20].copy_from_slice(&destination.0);
        frame[IP + 10..IP + 12].fill(0);
        let sum = ip_checksum(&frame[IP..TCP]);
        frame[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
        frame[TCP..TCP + 2].copy_from_slice(&source.1.to_be_bytes());
        frame[TCP + 2..TCP + 4].copy_from_slice(&destination.1.to_be_bytes());
        frame[TCP + 16..TCP + 18].fill(0);
        let shift = self.number.wrapping_mul(0x9e37_79b1);
        for (at, counts) in [(TCP + 4, true), (TCP + 8, flags & ACK != 0)] {
            if counts {
                let number = u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
                frame[at..at + 4].copy_from_slice(&number.wrapping_add(shift).to_be_bytes());
            }
        }
        frame
    }

    /// The next segment of one side.
    fn segment(&mut self, from_client: bool, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; DATA];
        bytes[12..14].copy_from_slice(&[8, 0]);
        bytes[IP] = 0x45;
        bytes[IP + 2..IP + 4].copy_from_slice(&((40 + payload.len()) as u16).to_be_bytes());
        bytes[IP + 8..IP + 10].copy_from_slice(&[64, 6]);
        let (own, other) = (usize::from(!from_client), usize::from(from_client));
        bytes[TCP + 4..TCP + 8].copy_from_slice(&self.next[own].to_be_bytes());
        bytes[TCP + 8..TCP + 12].copy_from_slice(&self.next[other].to_be_bytes());
        bytes[TCP + 12..TCP + 16].copy_from_slice(&[0x50, flags, 0xff, 0xff]);
        bytes.extend(payload);
        self.address(&Draft { from_client, bytes })
    }
}

fn ip_checksum(header: &[u8]) -> u16 {
    let words = header.chunks_exact(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Handshakes that complete, each with a name and a chain of its own, and some that fail.
struct Templates {
    good: Vec<Vec<Draft>>,
    failing: Vec<Vec<Draft>>,
}

impl Templates {
    fn new() -> Self {
        let (mut good, mut failing) = (Vec::new(), Vec::new());
        let data = "client ApplicationData 300\nserver ApplicationData 900";
        for host in 0..64 {
            let hello = format!("client ClientHello sni=host{host}.example alpn=h2,http/1.1");
            let flight = format!(
                "server ServerHello negotiated=1.2 + Certificate leaf=host{host}.example \
                 + ServerKeyExchange group=x25519 + ServerHelloDone"
            );
            good.push(drafts(&format!(
                "{hello}\n{flight}\n\
                 client ClientKeyExchange + ChangeCipherSpec + Finished\n\
                 server ChangeCipherSpec + Finished\n{data}"
            )));
            good.push(drafts(&format!(
                "{hello} versions=1.3,1.2\n\
                 server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 2400\n\
                 client ChangeCipherSpec + Finished\n{data}"
            )));
            if host < 16 {
                failing.push(drafts(&format!("{hello}\n{flight}\nclient Alert fatal unknown_ca")));
                failing.push(drafts(&format!("{hello}\nserver Alert fatal handshake_failure")));
            }
        }
        Self { good, failing }
    }

    /// The frames of a whole handshake, in a row.
    fn any(&self, out: &mut Capture) -> Vec<Draft> {
        let list = if out.random(10) == 0 { &self.failing } else { &self.good };
        list[out.random(list.len() as u64) as usize].clone()
    }
}

fn handshakes(out: &mut Capture, count: u64) -> io::Result<()> {
    let templates = Templates::new();
    let mut begun = 0;
    let mut open: VecDeque<(Connection, VecDeque<Draft>)> = VecDeque::new();
    loop {
        while open.len() < 64 && begun < count {
            begun += 1;
            open.push_back((Connection::new(begun as u32), templates.any(out).into()));
        }
        let Some((mut connection, mut frames)) = open.pop_front() else { return Ok(()) };
        if let Some(draft) = frames.pop_front() {
            out.frame(&connection.address(&draft))?;
            open.push_back((connection, frames));
        } else {
            out.frame(&connection.segment(true, ACK | FIN, &[]))?;
            out.frame(&connection.segment(false, ACK | FIN, &[]))?;
        }
    }
}

/// A connection on which data flows after its handshake.
struct Stream {
    connection: Connection,
    /// Bytes left of the current record.
    left: usize,
    unacknowledged: u32,
}

impl Stream {
    fn open(out: &mut Capture, number: u32, frames: &[Draft]) -> io::Result<Self> {
        let mut connection = Connection::new(number);
        for draft in frames {
            out.frame(&connection.address(draft))?;
        }
        Ok(Self { connection, left: 0, unacknowledged: 0 })
    }

    /// The next frame: two segments of the server, then an acknowledgment.
    fn next(&mut self) -> Vec<u8> {
        const RECORD: usize = 0x4000;
        if self.unacknowledged == 2 {
            self.unacknowledged = 0;
            return self.connection.segment(true, ACK, &[]);
        }
        self.unacknowledged += 1;
        let mut payload = [0xa7; 1448];
        let mut end = payload.len();
        if self.left < payload.len() {
            // The next record begins in this segment, or in the next one if its header does not fit.
            let begins = self.left;
            if begins + 5 <= payload.len() {
                payload[begins..begins + 5].copy_from_slice(&[0x17, 3, 3, 0x40, 0]);
                self.left = begins + 5 + RECORD;
            } else {
                end = begins;
            }
        }
        self.left -= end;
        self.connection.segment(false, ACK, &payload[..end])
    }
}

fn bulk(out: &mut Capture, size: u64) -> io::Result<()> {
    let templates = Templates::new();
    let mut streams = Vec::new();
    for number in 0..200 {
        let frames = &templates.good[number as usize % templates.good.len()];
        streams.push(Stream::open(out, number, frames)?);
    }
    while out.bytes < size {
        let index = out.random(200) as usize;
        out.frame(&streams[index].next())?;
    }
    Ok(())
}

fn mixed(out: &mut Capture, size: u64) -> io::Result<()> {
    let templates = Templates::new();
    let mut streams = Vec::new();
    for number in 0..100 {
        streams.push(Stream::open(out, number, &templates.good[number as usize])?);
    }
    let plain = |number: u32| Connection { server_port: 80, ..Connection::new(1_000 + number) };
    let mut plain: Vec<_> = (0..100).map(plain).collect();
    let mut number = 10_000;
    let mut late: Option<Vec<u8>> = None;
    let mut ready = VecDeque::new();
    while out.bytes < size {
        let index = out.random(100) as usize;
        match out.random(100) {
            0..60 => ready.push_back(plain[index].segment(false, PUSH, &[b'a'; 1400])),
            60..70 => {
                let mut frame = plain[index].segment(false, 0, &[0; 500]);
                // As UDP: the ports stay where they are.
                frame[IP + 9] = 17;
                frame[TCP + 4..TCP + 6].copy_from_slice(&512_u16.to_be_bytes());
                ready.push_back(frame);
            }
            70..98 => ready.push_back(streams[index].next()),
            _ => {
                number += 1;
                let mut connection = Connection::new(number);
                let frames = templates.any(out);
                ready.extend(frames.iter().map(|draft| connection.address(draft)));
            }
        }
        while let Some(frame) = ready.pop_front() {
            let before = late.take();
            match out.random(100) {
                0 if before.is_none() => late = Some(frame),
                1 => {
                    out.frame(&frame)?;
                    out.frame(&frame)?;
                }
                _ => out.frame(&frame)?,
            }
            if let Some(frame) = before {
                out.frame(&frame)?;
            }
        }
    }
    Ok(())
}

/// First all connections send their SYN, then all SYNs are answered, and so on.
fn concurrent(out: &mut Capture, count: u64) -> io::Result<()> {
    let templates = Templates::new();
    for step in 0.. {
        let before = out.bytes;
        for number in 0..count {
            // The even ones are of TLS 1.2, with a certificate in clear.
            let frames = &templates.good[(number % 64) as usize * 2];
            let opening = frames.iter().take_while(|draft| draft.is_empty()).count();
            let hello = opening + 1;
            let (whole, half) = match number % 4 {
                0 => (1, None),
                1 => (opening, Some(opening)),
                2 => (hello, None),
                _ => (hello, Some(hello)),
            };
            let mut connection = Connection::new(number as u32);
            if step < whole {
                out.frame(&connection.address(&frames[step]))?;
            } else if half == Some(step) {
                out.frame(&connection.address(&frames[step].clone().half()))?;
            }
        }
        if out.bytes == before {
            break;
        }
    }
    Ok(())
}

fn adversarial(out: &mut Capture, count: u64) -> io::Result<()> {
    let filler = [0x41; 1400];
    // A record that holds the start of a ClientHello of 16 MB.
    let huge = [&[0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff, 3, 3][..], &filler].concat();
    let empty = [0x16, 3, 1, 0, 0].repeat(200);
    for number in 0..count as u32 {
        let mut connection = Connection::new(number);
        for round in 0..200_u32 {
            match number % 7 {
                0 => out.frame(&connection.segment(true, PUSH, &huge))?,
                1 => out.frame(&connection.segment(true, PUSH, &huge[round as usize..][..1]))?,
                2 => {
                    connection.next[0] = 4_000 + round * 1_405;
                    out.frame(&connection.segment(true, PUSH, &filler))?;
                }
                3 => {
                    connection.next[0] = 1_000 + round % 7 * 100;
                    out.frame(&connection.segment(true, PUSH, &[round as u8; 700]))?;
                }
                4 => out.frame(&connection.segment(true, PUSH, &empty))?,
                5 => {
                    connection.next[0] = out.random(1 << 32) as u32;
                    out.frame(&connection.segment(true, PUSH, &filler))?;
                }
                _ => {
                    let mut flood = Connection::new(1_000_000 + number * 200 + round);
                    out.frame(&flood.segment(true, SYN, &[]))?;
                }
            }
        }
    }
    Ok(())
}

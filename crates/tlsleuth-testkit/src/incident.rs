//! A capture of any number of connections with three incidents planted among healthy ones.
//!
//! | where | what is wrong |
//! | --- | --- |
//! | `pay.example.test` at 10.0.0.30 | the certificate has expired, until a new one takes its place half way through |
//! | `api.example.test` at 10.0.0.40 | four nodes behind one address, told apart by their clocks; the third answers with `internal_error` |
//! | `im.example.test` at 10.0.0.50 | every tenth client offers TLS 1.0 at most, and is refused |
//!
//! Beside them: healthy names at servers of their own, where one connection in 97 fails for reasons
//! that have nothing to do with each other; renewals are none of them. Health checks, too.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tlsleuth_capture::{Frame, Timestamp};

use crate::certificate::{START, Wanted};
use crate::conversation::{Conversation, Segment, Story, Who};
use crate::message::{self, ClientHello, ServerHello};

/// Clients: 10.1.0.0 and following.
const CLIENTS: usize = 60;
/// Time between the beginnings of two connections, in nanoseconds.
const BETWEEN_NS: i64 = 20_000_000;

/// How a connection goes.
#[derive(Clone, Copy)]
enum Course {
    Completes,
    /// The client refuses the certificate with this alert.
    Refused(u8),
    /// The server answers the ClientHello with this alert.
    Alert(u8),
    /// The server resets the connection after the ClientHello.
    Reset,
    /// It opens and closes without a byte.
    Check,
}

struct Plan {
    name: String,
    server: [u8; 4],
    client: usize,
    /// The newest version that the client offers.
    newest: u16,
    chain: &'static str,
    /// The clock of the node that answers, less the capture's, in milliseconds.
    clock: u32,
    course: Course,
}

/// Gives every frame of a capture of so many connections, numbered from 1, in order of time.
pub fn incident(connections: usize, mut each: impl FnMut(&Frame<'_>)) {
    let mut chains: HashMap<(String, &'static str), Vec<u8>> = HashMap::new();
    let mut number = 0u64;
    for nth in 0..connections {
        let plan = plan(nth, connections);
        let chain = chains
            .entry((plan.name.clone(), plan.chain))
            .or_insert_with(|| chain(&plan.name, plan.chain));
        let mut story = Story::default();
        let since = i64::try_from(nth).expect("so many connections fit") * BETWEEN_NS;
        story.set_clock(Timestamp(START * 1_000_000_000 + since));
        connection(&mut story, nth, &plan, chain);
        for frame in story.frames() {
            number += 1;
            let mut frame = frame.frame();
            frame.place.frame = number;
            each(&frame);
        }
    }
}

/// What the nth connection is to be; the same for the same numbers.
fn plan(nth: usize, connections: usize) -> Plan {
    // Which client it is has nothing to do with which server it asks.
    let client = mix(nth) % CLIENTS;
    let names = (connections / 200).clamp(5, 500);
    let mut plan = Plan {
        name: String::new(),
        server: [0; 4],
        client,
        newest: 0x0303,
        chain: "good",
        clock: 1_000_000,
        course: Course::Completes,
    };
    match nth % 10 {
        0 => {
            plan.name = "pay.example.test".to_owned();
            plan.server = [10, 0, 0, 30];
            if nth < connections / 2 {
                plan.chain = "expired";
                plan.course = Course::Refused(45);
            }
        }
        1 | 2 => {
            plan.name = "api.example.test".to_owned();
            plan.server = [10, 0, 0, 40];
            let node = mix(nth * 31 + 7) % 4;
            plan.clock = 400_000_000 * (node as u32 + 1) + client as u32 * 5_000_000;
            if node == 2 {
                plan.course = Course::Alert(80);
            }
        }
        3 => {
            plan.name = "im.example.test".to_owned();
            plan.server = [10, 0, 0, 50];
            if client.is_multiple_of(10) {
                plan.newest = 0x0301;
                plan.course = Course::Alert(70);
            }
        }
        _ => {
            let name = mix(nth * 17 + 3) % names;
            plan.name = format!("site{name}.example.test");
            plan.server = [10, 2, (name / 250) as u8, (name % 250) as u8 + 1];
            plan.course = match mix(nth * 13 + 1) % 970 {
                0..=2 => Course::Reset,
                3..=5 => Course::Alert(40),
                6..=9 => Course::Refused(46),
                10..=30 => Course::Check,
                _ => Course::Completes,
            };
        }
    }
    plan
}

/// Numbers that look as if drawn by lot (splitmix64, Steele and others 2014).
fn mix(number: usize) -> usize {
    let mut z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize >> 8
}

fn chain(name: &str, kind: &str) -> Vec<u8> {
    const DAY: i64 = 86_400;
    let mut wanted = Wanted::new(vec![name.to_owned()], START);
    if kind == "expired" {
        wanted.not_before = START - 90 * DAY;
        wanted.not_after = START - 5 * DAY;
    }
    clear(11, &message::certificate(&wanted.make()))
}

fn clear(kind: u8, body: &[u8]) -> Vec<u8> {
    message::record(22, 0x0303, &message::handshake(kind, body))
}

fn connection(story: &mut Story, nth: usize, plan: &Plan, chain: &[u8]) {
    let plain = Segment::default();
    let [.., third, fourth] = (plan.client as u32).to_be_bytes();
    let client = SocketAddr::new(
        IpAddr::V4(Ipv4Addr::new(10, 1, third, fourth)),
        20_000 + (nth % 40_000) as u16,
    );
    let server = SocketAddr::new(IpAddr::V4(Ipv4Addr::from(plan.server)), 443);
    let mut tcp = Conversation::between(client, server, (nth as u32).wrapping_mul(2_654_435_761));
    tcp.control(story, Who::Client, "SYN", plain);
    let clock = ((story.clock().0 / 1_000_000) as u32).wrapping_add(plan.clock);
    tcp.control(story, Who::Server, "SYN-ACK", Segment { timestamp: Some(clock), ..plain });
    tcp.control(story, Who::Client, "ACK", plain);
    if matches!(plan.course, Course::Check) {
        tcp.control(story, Who::Client, "FIN", plain);
        tcp.control(story, Who::Server, "FIN", plain);
        return;
    }
    let hello = ClientHello {
        sni: Some(plan.name.clone()),
        versions: if plan.newest == 0x0303 { vec![0x0303, 0x0302] } else { vec![plan.newest] },
        seed: nth as u64,
        ..ClientHello::default()
    };
    let hello = message::record(22, 0x0301, &message::handshake(1, &hello.body()));
    tcp.send(story, Who::Client, &hello, plain);
    match plan.course {
        Course::Reset => return tcp.control(story, Who::Server, "RST", plain),
        Course::Alert(description) => {
            tcp.send(story, Who::Server, &message::record(21, 0x0303, &[2, description]), plain);
            tcp.control(story, Who::Server, "FIN", plain);
            return tcp.control(story, Who::Client, "FIN", plain);
        }
        Course::Completes | Course::Refused(_) | Course::Check => {}
    }
    let server_hello = ServerHello {
        negotiated: 0x0303,
        suite: 0xc02b,
        group: 0x001d,
        alpn: None,
        session_id: Vec::new(),
        psk: false,
        retry: false,
        sentinel: None,
        renegotiation: true,
        timestamp: false,
    };
    let mut flight = clear(2, &server_hello.body());
    flight.extend(chain);
    flight.extend(clear(12, &message::server_key_exchange(0x001d)));
    flight.extend(clear(14, &[]));
    tcp.send(story, Who::Server, &flight, plain);
    if let Course::Refused(description) = plan.course {
        tcp.send(story, Who::Client, &message::record(21, 0x0303, &[2, description]), plain);
        tcp.control(story, Who::Client, "FIN", plain);
        return tcp.control(story, Who::Server, "FIN", plain);
    }
    let mut key_exchange = vec![32];
    key_exchange.extend(message::encrypted(32));
    let finish = |mut bytes: Vec<u8>| {
        bytes.extend(message::record(20, 0x0303, &[1]));
        bytes.extend(message::record(22, 0x0303, &message::encrypted(40)));
        bytes
    };
    tcp.send(story, Who::Client, &finish(clear(16, &key_exchange)), plain);
    tcp.send(story, Who::Server, &finish(Vec::new()), plain);
    for who in [Who::Client, Who::Server] {
        tcp.send(story, who, &message::record(23, 0x0303, &message::encrypted(200)), plain);
    }
    tcp.control(story, Who::Client, "FIN", plain);
    tcp.control(story, Who::Server, "FIN", plain);
}

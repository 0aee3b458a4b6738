//! Entry points for fuzzing: plain functions, so that tests run them too.

use tlsleuth_capture::{
    Address, Direction, EndReason, EndedFlow, Endpoint, FlowId, FlowView, Gap, GapCause, Interest,
    Place, Sequence, Timestamp, TransportFacts, TunnelId,
};

use crate::{
    Shared, Tracker,
    codepoint::{CipherSuite, HandshakeType, ProtocolVersion},
    fingerprint::{self, Transport},
    joiner::Joiner,
    message::{
        Alert, Certificate, CertificateForm, ClientHello, Context, Extensions, HelloStore, Message,
        ServerHello, sslv2,
    },
    preamble::{Preamble, Progress, name_plaintext, tds},
    record::{Cut, RecordHeader, RecordReader},
};

/// The first five bytes choose type, version and suite; the rest is the body of a message.
pub fn fuzz_message(data: &[u8]) {
    let Some(([kind, choice, suite_high, suite_low, form], body)) = data.split_first_chunk::<5>()
    else {
        return;
    };
    let versions = [
        None,
        Some(ProtocolVersion::SSL3),
        Some(ProtocolVersion::TLS1_0),
        Some(ProtocolVersion::TLS1_2),
        Some(ProtocolVersion::TLS1_3),
        Some(ProtocolVersion::DTLS1_2),
    ];
    let context = Context {
        version: versions.get(usize::from(choice % 6)).copied().flatten(),
        suite: Some(CipherSuite(u16::from_be_bytes([*suite_high, *suite_low]))),
        is_dtls: form & 1 != 0,
        ..Context::default()
    };
    let (message, anomalies) = Message::decode(HandshakeType(*kind), body, &context);
    for anomaly in &anomalies {
        let _ = anomaly.to_string();
        assert!(
            usize::try_from(anomaly.offset).is_ok_and(|offset| offset <= body.len()),
            "{anomaly}"
        );
    }
    match &message {
        Message::ClientHello(hello) => {
            let _ = fingerprint::ja3(hello);
            let _ = fingerprint::ja4(hello, Transport::Tcp);
            let _ = hello.offered_versions().highest();
        }
        Message::ServerHello(hello) => {
            let _ = fingerprint::ja3s(hello);
        }
        Message::Certificate(chain) => {
            let _ = chain.der(body).map(<[u8]>::len).sum::<usize>();
        }
        Message::CompressedCertificate(compressed) => {
            let _ = compressed.expand(body);
        }
        _ => {}
    }
    let _ = Alert::decode(body);
    let _ = sslv2::Ssl2Message::decode(body);
    let _ = sslv2::Ssl2Header::is_client_hello(body);
}

/// A hello is read as it is read alone, whatever came before: the byte in front chooses where the
/// bodies of two messages part, and each comes three times.
pub fn fuzz_hello(data: &[u8]) {
    let Some((choice, bodies)) = data.split_first() else { return };
    let middle = bodies.len() * usize::from(*choice) / 255;
    let (first, second) = bodies.split_at_checked(middle).unwrap_or((bodies, &[]));
    let store = HelloStore::default();
    for body in [first, second, first, second, first, second] {
        assert_eq!(store.client_hello(body), ClientHello::decode(body));
        assert_eq!(store.server_hello(body), ServerHello::decode(body));
    }
}

/// The bytes are a list of extensions, with its length, in each message that can carry one.
pub fn fuzz_extension(data: &[u8]) {
    let mut client = vec![3, 3];
    client.extend([0; 32]);
    client.extend([0, 0, 2, 0x13, 1, 1, 0]);
    client.extend(data);
    let (hello, _) = ClientHello::decode(&client);
    describe(&hello.extensions);
    let mut server = vec![3, 3];
    server.extend([0; 32]);
    server.extend([0, 0x13, 1, 0]);
    server.extend(data);
    let (hello, _) = ServerHello::decode(&server);
    describe(&hello.extensions);
    let retry: Vec<u8> =
        [&[3, 3][..], &crate::message::HELLO_RETRY_REQUEST_RANDOM, &[0, 0x13, 1, 0], data].concat();
    let (hello, _) = ServerHello::decode(&retry);
    describe(&hello.extensions);
    let (chain, _) = Certificate::decode(data, CertificateForm::Tls13);
    for entry in &chain.entries {
        describe(&entry.extensions);
    }
    let version = Some(ProtocolVersion::TLS1_3);
    let context = Context { version, ..Context::default() };
    for kind in [
        HandshakeType::ENCRYPTED_EXTENSIONS,
        HandshakeType::CERTIFICATE_REQUEST,
        HandshakeType::NEW_SESSION_TICKET,
    ] {
        let _ = Message::decode(kind, data, &context);
    }
}

fn describe(extensions: &Extensions) {
    for extension in extensions.iter() {
        let _ = format!("{extension:?} {}", extension.kind);
    }
    if let Some(name) = extensions.server_name() {
        let _ = name.host_name.to_string();
    }
}

/// Pieces of a dialogue: a byte with the side in its lowest bit and a length above it, then the
/// piece.
pub fn fuzz_preamble(data: &[u8]) {
    let mut preamble = Preamble::new();
    let mut pending = (Vec::new(), Vec::new());
    let mut rest = data;
    while let Some((head, tail)) = rest.split_first() {
        let from_client = head & 1 != 0;
        let len = usize::from(head >> 1).min(tail.len());
        let (piece, tail) = tail.split_at_checked(len).unwrap_or((tail, &[]));
        rest = tail;
        let _ = name_plaintext(from_client, piece);
        let _ = tds::unwrap(piece);
        let buffer = if from_client { &mut pending.0 } else { &mut pending.1 };
        buffer.extend_from_slice(piece);
        let consumed = match preamble.step(from_client, buffer) {
            Progress::Continue { consumed } | Progress::Refused { consumed, .. } => consumed,
            Progress::TlsStarts { offset } | Progress::TunnelOpens { offset } => {
                assert!(offset <= buffer.len(), "TLS starts beyond what was given");
                return;
            }
            Progress::NoTls | Progress::NotThis => return,
        };
        assert!(consumed <= buffer.len(), "more was consumed than given");
        buffer.drain(..consumed);
        let _ = (preamble.protocol(), preamble.target(), preamble.proxied());
        let _ = (preamble.is_offered(), preamble.is_asked());
    }
}

/// The first byte chooses how many bytes come at a time and whether application data is read; the
/// rest is one direction of a stream. What is cut up to the first byte that is no record does not
/// depend on where the pieces end.
pub fn fuzz_record(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let wants_all = choice & 1 != 0;
    let cut = |step: usize| {
        let mut reader = RecordReader::new();
        let mut joiner = Joiner::default();
        let (mut records, mut messages) = (Vec::new(), Vec::new());
        for piece in stream.chunks(step.max(1)) {
            let mut input = piece;
            let wants = |header: &RecordHeader| wants_all || header.content_type != 23;
            while let Some(cut) = reader.next(Place::default(), &mut input, wants) {
                let record = match cut {
                    Cut::Record(record) => record,
                    // Where the next one begins is looked for in what is there.
                    Cut::Lost { .. } => return (records, messages),
                };
                let len = record.body().map(<[u8]>::len);
                assert!(len.is_none_or(|len| len == usize::from(record.header.len)), "{record:?}");
                records.push((record.header, len, record.damaged));
                let Some(mut body) = record.body().filter(|_| record.header.content_type == 22)
                else {
                    continue;
                };
                while let Some(message) = joiner.next(&mut body) {
                    messages.push((message.kind, message.len, message.body.map(<[u8]>::len)));
                }
                if joiner.unfinished().is_none() {
                    joiner = Joiner::default();
                }
            }
            let held = reader.buffered_bytes() + joiner.buffered_bytes();
            assert!(held <= MAX_TRACKER_BYTES, "{held} bytes are held");
        }
        let _ = (reader.unfinished(), reader.unfinished_message(), joiner.unfinished());
        (records, messages)
    };
    let step = usize::from(choice >> 1) + 1;
    assert_eq!(cut(step), cut(stream.len()), "in pieces of {step} and whole");
}

/// A whole connection: the bytes are cut into pieces, each with two bytes before it that choose its
/// direction, its length, and whether it is missing.
pub fn fuzz_tracker(data: &[u8]) {
    let Some((choice, mut rest)) = data.split_first() else { return };
    let shared = Shared::default();
    let has_syn = choice & 1 == 0;
    let mut facts = TransportFacts::default();
    let place = |frame: u64| Place {
        frame,
        time: Timestamp(i64::try_from(frame).unwrap_or(0).saturating_mul(1_000_000)),
        sequence: Sequence::new(u32::try_from(frame).unwrap_or(u32::MAX)),
        ..Place::default()
    };
    if has_syn {
        facts.established = Some(place(1));
    }
    let end = |last, port| Endpoint { address: Address::v4([10, 0, 0, last]), port };
    let ends = (end(1, 50_000), end(2, 443));
    let mut tracker = Tracker::new(&Begun { ends, first: place(1), facts: &facts });
    let mut frame = 1;
    while let Some(([head, len], behind)) = rest.split_first_chunk::<2>() {
        frame += 1;
        let direction = if head & 1 == 0 { Direction::Forward } else { Direction::Reverse };
        // A long piece for every other one, so that records can be whole.
        let len = usize::from(*len) << (head & 6);
        let (piece, behind) = behind.split_at(len.min(behind.len()));
        rest = behind;
        let interest = if head & 0xf0 == 0xf0 {
            let len_bytes = u64::try_from(len).unwrap_or(0);
            tracker
                .gap(direction, Gap { len_bytes, cause: GapCause::NotCaptured, at: place(frame) })
        } else {
            tracker.data(&shared, direction, place(frame), piece)
        };
        assert!(tracker.buffered_bytes() <= MAX_TRACKER_BYTES, "{}", tracker.buffered_bytes());
        if interest == Interest::Settled {
            break;
        }
    }
    let connection = tracker.finish(EndedFlow {
        serial: 0,
        id: FlowId(0),
        forward_source: ends.0,
        forward_destination: ends.1,
        tunnel: TunnelId::NONE,
        first: place(1),
        last: place(frame),
        frames: frame,
        reason: EndReason::CaptureEnd,
        watched_until: place(frame).time,
        facts: Box::new(facts),
    });
    let _ = format!("{connection:?}");
}

/// A flow that begins, of which everything is heard.
struct Begun<'f> {
    ends: (Endpoint, Endpoint),
    first: Place,
    facts: &'f TransportFacts,
}

impl FlowView for Begun<'_> {
    fn id(&self) -> FlowId {
        FlowId(0)
    }

    fn ends(&self) -> (Endpoint, Endpoint) {
        self.ends
    }

    fn tunnel(&self) -> TunnelId {
        TunnelId::NONE
    }

    fn first(&self) -> Place {
        self.first
    }

    fn facts(&self) -> Option<&TransportFacts> {
        Some(self.facts)
    }

    fn is_heard(&self, _: Direction) -> bool {
        true
    }
}

/// What a tracker may hold beside its facts: a Certificate message, records and heads, twice, with
/// room for a buffer that doubles.
const MAX_TRACKER_BYTES: usize = 6 << 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    /// Real bodies with a few bytes changed reach further than noise does.
    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let records = [testing::OPENSSL_HELLO, testing::OPENSSL_TLS12_HELLO, testing::GNUTLS_HELLO];
        let bodies: Vec<Vec<u8>> = records.map(testing::body).to_vec();
        let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
        (prop::sample::select(bodies), edits, any::<prop::sample::Index>()).prop_map(
            |(mut body, edits, cut)| {
                for (at, byte) in edits {
                    let at = at.index(body.len());
                    body[at] = byte;
                }
                body.truncate(cut.index(body.len()) + 1);
                body
            },
        )
    }

    proptest! {
        #[test]
        fn no_message_panics(data in prop::collection::vec(any::<u8>(), 0..400)) {
            fuzz_message(&data);
        }

        #[test]
        fn no_body_of_a_known_type_panics(
            kind in 0_u8..26,
            choice in any::<u8>(),
            suite in prop::sample::select(CipherSuite::all().to_vec()),
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let [high, low] = suite.suite.0.to_be_bytes();
            fuzz_message(&[&[kind, choice, high, low, 0][..], &body].concat());
        }

        #[test]
        fn no_mutated_hello_panics(body in mutated()) {
            fuzz_message(&[&[1, 0, 0, 0, 0][..], &body].concat());
        }

        #[test]
        fn hellos_in_a_row_are_read_as_each_alone(first in mutated(), second in mutated()) {
            // So chosen that the two part between the first and the second.
            let middle = (first.len() * 255).div_ceil(first.len() + second.len());
            fuzz_hello(&[&[u8::try_from(middle).unwrap()][..], &first, &second].concat());
        }

        #[test]
        fn no_extension_panics(
            kind in 0_u16..64,
            body in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let len = u16::try_from(body.len()).unwrap();
            let mut list = (len + 4).to_be_bytes().to_vec();
            list.extend(kind.to_be_bytes());
            list.extend(len.to_be_bytes());
            list.extend(body);
            fuzz_extension(&list);
        }

        #[test]
        fn no_record_panics(
            hello in mutated(),
            choice in any::<u8>(),
            behind in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            fuzz_record(&[&[choice][..], &behind].concat());
            let len = u16::try_from(hello.len()).unwrap().to_be_bytes();
            fuzz_record(&[&[choice, 22, 3, 1][..], &len, &hello, &behind].concat());
        }

        #[test]
        fn no_preamble_panics(data in prop::collection::vec(any::<u8>(), 0..400)) {
            fuzz_preamble(&data);
        }

        #[test]
        fn no_connection_panics(data in prop::collection::vec(any::<u8>(), 0..600)) {
            fuzz_tracker(&data);
        }

        #[test]
        fn no_mutated_connection_panics(
            hello in mutated(),
            pieces in prop::collection::vec((any::<u8>(), any::<u8>()), 1..30),
        ) {
            let header = [22, 3, 1];
            let len = u16::try_from(hello.len() + 4).unwrap().to_be_bytes();
            let message = [1, 0, len[0], len[1]];
            let len = u16::try_from(hello.len() + 4).unwrap().to_be_bytes();
            let stream = [&header[..], &len, &message, &hello].concat();
            let mut data = vec![0];
            let mut rest = stream.as_slice();
            for (head, len) in pieces {
                let (piece, behind) = rest.split_at(usize::from(len).min(rest.len()));
                data.extend([head & 0x79, len]);
                data.extend(piece);
                rest = behind;
            }
            fuzz_tracker(&data);
        }

        #[test]
        fn no_start_of_a_preamble_panics(
            start in prop::sample::select(vec![
                &b"\x2120 x\r\n"[..], b"\x0a220 \r", b"\x07\x04\x01\x00", b"\x05\x05\x01\x00",
                b"\x0dPROXY ", b"\x0d\x03\x00\x00\x13\x0e\xe0", b"\x0bGET /", b"\x0d\x30\x0c\x02\x01\x01\x60",
                b"\x13\x12\x01\x00\x1a\0\0\0\0\0", b"\x11\0\0\0\x08\x04\xd2\x16\x2f", b"\x0c\x4a\0\0\0\x0a8",
            ]),
            data in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            fuzz_preamble(&[start, &data].concat());
        }
    }
}

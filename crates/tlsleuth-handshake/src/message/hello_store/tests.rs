use proptest::prelude::*;

use super::*;
use crate::{
    fingerprint::{Transport, ja3, ja4},
    testing::{self, GNUTLS_HELLO, OPENSSL_HELLO, OPENSSL_TLS12_HELLO},
};

/// The same hello of another connection: random number, session and name are its own.
fn again(body: &[u8], fill: u8) -> Vec<u8> {
    let mut body = body.to_vec();
    body[2..34].fill(fill);
    let session = usize::from(body[34]);
    body[35..35 + session].fill(fill);
    if let Some(at) = body.windows(4).position(|window| window == b"shop") {
        body[at..at + 4].fill(b'a' + fill % 26);
    }
    body
}

fn server(random: u8, extensions: &str) -> Vec<u8> {
    let list = testing::hex(extensions);
    let mut body = vec![3, 3];
    body.extend([random; 32]);
    body.extend([0, 0x13, 1, 0]);
    body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
    body.extend(list);
    body
}

#[test]
fn a_type_that_is_passed_over_is_never_the_messages_own() {
    for kind in (0..=u16::MAX).map(ExtensionType) {
        let has_keys = matches!(kind, ExtensionType::KEY_SHARE | ExtensionType::KEY_SHARE_DRAFT);
        let carriers = [Carrier::ClientHello, Carrier::ServerHello, Carrier::HelloRetryRequest];
        let is_own = carriers.iter().any(|carrier| (0..3).any(|len| is_own(kind, *carrier, len)));
        assert!(may_be_own(kind) || !(is_own || has_keys), "{kind}");
    }
    assert!(!may_be_own(ExtensionType::SUPPORTED_GROUPS));
}

#[test]
fn hellos_of_one_build_share_their_shape_and_keep_what_is_their_own() {
    for record in [OPENSSL_HELLO, OPENSSL_TLS12_HELLO, GNUTLS_HELLO] {
        let store = HelloStore::default();
        let first = testing::body(record);
        let shapes: Vec<_> = (1..5)
            .map(|nth| {
                let body = again(&first, nth);
                let (hello, anomalies) = store.client_hello(&body);
                assert_eq!((&hello, &anomalies), (&ClientHello::decode(&body).0, &Vec::new()));
                assert_eq!(hello.random, [nth; 32]);
                // What is remembered of a shape is what would be computed.
                let alone = ClientHello::decode(&body).0;
                assert_eq!(ja3(&hello), ja3(&alone));
                assert_eq!(ja4(&hello, Transport::Quic), ja4(&alone, Transport::Quic));
                hello.extensions.shape_id()
            })
            .collect();
        assert_eq!(shapes[0], None, "one that came once is not kept");
        assert!(shapes[1].is_some());
        assert_eq!((shapes[2], shapes[3]), (shapes[1], shapes[1]));
    }
}

#[test]
fn other_suites_are_another_shape() {
    let store = HelloStore::default();
    let body = testing::body(OPENSSL_HELLO);
    let mut other = body.clone();
    // The last suite of the list: behind the session, two bytes of length and thirty suites.
    let at = 35 + 32 + 2 + 60;
    assert_eq!(other[at..at + 2], [0, 0xff]);
    other[at + 1] = 0x2f;
    let id = |body: &[u8]| store.client_hello(body).0.extensions.shape_id();
    let (first, second) = ((id(&body), id(&body)).1, (id(&other), id(&other)).1);
    assert!(first.is_some() && second.is_some());
    assert_ne!(first, second);
    assert_eq!((id(&body), id(&other)), (first, second));
}

#[test]
fn what_is_wrong_with_one_message_is_said_of_that_one() {
    let store = HelloStore::default();
    let body = testing::body(OPENSSL_HELLO);
    for nth in 0..3 {
        assert!(store.client_hello(&again(&body, nth)).1.is_empty());
    }
    // A control character in a name, in a hello whose shape is known.
    let mut bad = body.clone();
    let at = bad.windows(4).position(|window| window == b"shop").unwrap();
    bad[at] = 7;
    let (hello, anomalies) = store.client_hello(&bad);
    assert!(hello.extensions.shape_id().is_some());
    assert_eq!(anomalies, ClientHello::decode(&bad).1);
    assert_eq!(anomalies.len(), 1, "{anomalies:?}");
    // What breaks the specification in the shape itself is said each time.
    let broken = server(7, "0010 0005 0003 02 6832 0010 0005 0003 02 6832");
    for _ in 0..4 {
        let (hello, anomalies) = store.server_hello(&broken);
        assert_eq!((hello, anomalies.clone()), ServerHello::decode(&broken));
        assert_eq!(anomalies.len(), 1, "{anomalies:?}");
    }
}

#[test]
fn answers_and_retries_are_told_apart() {
    let store = HelloStore::default();
    let answer =
        |key: &str| server(7, &format!("002b 0002 0304 0033 0024 001d 0020 {}", key.repeat(32)));
    let mut retry = server(0, "002b 0002 0304 0033 0002 0017");
    retry[2..34].copy_from_slice(&HELLO_RETRY_REQUEST_RANDOM);
    for body in [&answer("01"), &retry].into_iter().cycle().take(6) {
        assert_eq!(store.server_hello(body), ServerHello::decode(body));
    }
    // Two keys of one length are one shape.
    let (hello, _) = store.server_hello(&answer("02"));
    assert!(hello.extensions.shape_id().is_some());
    assert!(store.server_hello(&retry).0.is_hello_retry_request());
}

#[test]
fn what_is_kept_is_bounded() {
    let store = HelloStore::default();
    let body = testing::body(OPENSSL_HELLO);
    for nth in 0..20_000_u16 {
        let mut body = body.clone();
        body[69..71].copy_from_slice(&nth.to_be_bytes());
        for _ in 0..2 {
            let _ = store.client_hello(&body);
        }
    }
    let inner = store.inner.lock().unwrap();
    let bytes = |kept: &hashbrown::HashTable<Kept>| -> usize { kept.iter().map(Kept::bytes).sum() };
    assert!(bytes(&inner.young) <= MAX_GENERATION_BYTES);
    assert!(bytes(&inner.old) <= MAX_GENERATION_BYTES);
    assert!(inner.old.len() > 100, "{}", inner.old.len());
    assert_eq!(inner.once.len(), MAX_SEEN_ONCE);
}

proptest! {
    /// Whatever came before, and whatever is changed, a hello is read as it is read alone.
    #[test]
    fn a_hello_is_what_it_is_alone(
        changes in prop::collection::vec((any::<u16>(), any::<u8>(), any::<bool>()), 0..40),
    ) {
        let store = HelloStore::default();
        for record in [OPENSSL_HELLO, GNUTLS_HELLO] {
            let mut body = testing::body(record);
            for _ in 0..3 {
                prop_assert_eq!(store.client_hello(&body), ClientHello::decode(&body));
            }
            for (at, byte, stays) in &changes {
                let whole = body.clone();
                let at = usize::from(*at) % body.len();
                body[at] = *byte;
                for _ in 0..3 {
                    prop_assert_eq!(store.client_hello(&body), ClientHello::decode(&body));
                    prop_assert_eq!(store.server_hello(&body), ServerHello::decode(&body));
                }
                let cut = &body[..at];
                prop_assert_eq!(store.client_hello(cut), ClientHello::decode(cut));
                if !stays {
                    body = whole;
                }
            }
        }
    }

    #[test]
    fn an_answer_is_what_it_is_alone(
        lists in prop::collection::vec(prop::collection::vec(
            (prop::sample::select(vec![0_u16, 5, 10, 16, 18, 35, 41, 43, 44, 51, 0xfe0d, 0xff01, 0x2a2a]),
             prop::collection::vec(prop::sample::select(vec![0_u8, 1, 2, 3, 4, 23, 29, 104]), 0..7)),
            0..4), 1..6),
    ) {
        let store = HelloStore::default();
        for list in &lists {
            for random in [[7; 32], HELLO_RETRY_REQUEST_RANDOM] {
                let mut body = vec![3, 3];
                body.extend(random);
                body.extend([0, 0x13, 1, 0]);
                let mut bytes = Vec::new();
                for (kind, inside) in list {
                    bytes.extend(kind.to_be_bytes());
                    bytes.extend(u16::try_from(inside.len()).unwrap().to_be_bytes());
                    bytes.extend(inside);
                }
                body.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
                body.extend(bytes);
                for _ in 0..3 {
                    prop_assert_eq!(store.server_hello(&body), ServerHello::decode(&body));
                    prop_assert_eq!(store.client_hello(&body), ClientHello::decode(&body));
                }
            }
        }
    }
}

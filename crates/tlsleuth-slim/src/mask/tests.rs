//! What masking keeps and what it replaces.

use tlsleuth_redact::{Key, Redactor, What};

use super::*;

fn redactor() -> Redactor {
    let key = Key::parse(b"a key for tests, no secret").unwrap();
    Redactor::new(What { addresses: true, names: true }, &key)
}

fn usual(word: &str) -> bool {
    ["EHLO", "ESMTP", "220", "STARTTLS", "CONNECT", "HTTP", "443", "ready"].contains(&word)
}

fn masked(bytes: &[u8], beginning: bool) -> Vec<u8> {
    let redactor = redactor();
    let mut bytes = bytes.to_vec();
    Mask::new(&redactor, &usual).stream(&mut bytes, beginning);
    bytes
}

fn with_length(len: usize, bytes: &[u8]) -> Vec<u8> {
    let number = bytes.len().to_be_bytes();
    let mut out = number[number.len() - len..].to_vec();
    out.extend(bytes);
    out
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(with_length(3, body));
    out
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 3, 3];
    out.extend(with_length(2, body));
    out
}

/// A ClientHello with a name, a suite and ALPN.
fn hello(name: &str) -> Vec<u8> {
    let mut list = vec![0];
    list.extend(with_length(2, name.as_bytes()));
    let mut extensions = vec![0, 0];
    extensions.extend(with_length(2, &with_length(2, &list)));
    extensions.extend([0, 16, 0, 5, 0, 3, 2, b'h', b'2']);
    let mut body = vec![3, 3];
    body.extend([0xaa; 32]);
    body.extend(with_length(1, &[0xbb; 32]));
    body.extend([0, 2, 0xc0, 0x2f, 1, 0]);
    body.extend(with_length(2, &extensions));
    message(1, &body)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_hello_keeps_its_form_and_loses_its_name() {
    let bytes = record(22, &hello("api.example.test"));
    let after = masked(&bytes, true);
    assert_eq!(after.len(), bytes.len());
    let token = redactor().name("api.example.test");
    assert!(holds(&after, token.as_bytes()));
    assert!(!holds(&after, b"example") && !holds(&after, &[0xaa; 4]) && !holds(&after, &[0xbb; 4]));
    // The suite and ALPN stay.
    assert!(holds(&after, &[0xc0, 0x2f]) && holds(&after, b"\x02h2"));
}

#[test]
fn a_message_in_two_records_is_one_message() {
    let hello = hello("api.example.test");
    let (first, second) = hello.split_at(90);
    let mut bytes = record(22, first);
    bytes.extend(record(22, second));
    let after = masked(&bytes, true);
    let whole = masked(&record(22, &hello), true);
    let joined: Vec<u8> = after[5..95].iter().chain(&after[100..]).copied().collect();
    assert_eq!(joined, whole[5..]);
}

#[test]
fn a_hello_that_is_cut_loses_its_name_too() {
    let bytes = record(22, &hello("api.example.test"));
    for len in 0..bytes.len() {
        let after = masked(&bytes[..len], true);
        assert_eq!(after.len(), len);
        assert!(!holds(&after, b"example") && !holds(&after, b"api."), "cut at {len}");
    }
}

#[test]
fn what_is_protected_is_blanked() {
    let mut bytes = record(20, &[1]);
    bytes.extend(record(22, b"encrypted finished"));
    bytes.extend(record(23, b"secret data"));
    let mut want = record(20, &[1]);
    want.extend(record(22, &[0; 18]));
    want.extend(record(23, &[0; 11]));
    assert_eq!(masked(&bytes, true), want);
    // Behind a hole nothing is known to be in clear but a whole hello.
    let clear = record(22, &message(14, b"something"));
    assert_eq!(masked(&clear, false)[5..], [0; 13]);
    assert_eq!(masked(b"no record at all", false), [0; 16]);
}

#[test]
fn alerts_stay() {
    let bytes = record(21, &[2, 48]);
    assert_eq!(masked(&bytes, true), bytes);
}

#[test]
fn certificates_keep_their_structure() {
    // SEQUENCE { serial, [2] dNSName, [7] address, OID, UTCTime, OCTET STRING { BOOLEAN } }
    let mut fields = vec![0x02, 6, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];
    fields.extend([0x82, 16]);
    fields.extend(b"api.example.test");
    fields.extend([0x87, 4, 10, 0, 0, 7]);
    fields.extend([0x06, 3, 0x55, 0x1d, 0x0f]);
    fields.extend([0x17, 13]);
    fields.extend(b"261101000000Z");
    fields.extend([0x04, 3, 0x01, 1, 0xff]);
    let mut certificate = vec![0x30];
    certificate.extend(with_length(1, &fields));
    let after =
        masked(&record(22, &message(11, &with_length(3, &with_length(3, &certificate)))), true);
    assert!(!holds(&after, b"example") && !holds(&after, &[0x11, 0x22, 0x33]));
    assert!(!holds(&after, &[10, 0, 0, 7]));
    assert!(holds(&after, redactor().name("api.example.test").as_bytes()));
    for kept in [&b"261101000000Z"[..], &[0x55, 0x1d, 0x0f], &[0x04, 3, 0x01, 1, 0xff]] {
        assert!(holds(&after, kept), "{kept:?}");
    }
}

#[test]
fn what_is_no_der_is_replaced() {
    let body = with_length(3, &with_length(3, b"\x30\x84\xff\xff\xff\xffapi.example.test"));
    let after = masked(&record(22, &message(11, &body)), true);
    assert!(!holds(&after, b"example"));
}

#[test]
fn plaintext_keeps_only_usual_words() {
    let mut bytes = b"EHLO mail.example.test\r\nAUTH kowalski 10.0.0.7\r\nSTARTTLS\r\n".to_vec();
    let len = bytes.len();
    bytes.extend(record(22, &hello("api.example.test")));
    let after = masked(&bytes, true);
    assert_eq!(after[..5], *b"EHLO ");
    assert_eq!(after[len - 10..len], *b"STARTTLS\r\n");
    assert!(
        !holds(&after, b"example") && !holds(&after, b"kowalski") && !holds(&after, b"10.0.0.7")
    );
    assert_eq!(after[len..len + 3], [22, 3, 3]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_keep_their_length(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        kind in 0_u8..26,
        beginning: bool,
    ) {
        proptest::prop_assert_eq!(masked(&bytes, beginning).len(), bytes.len());
        let message = record(22, &message(kind, &bytes));
        proptest::prop_assert_eq!(masked(&message, true).len(), message.len());
    }
}

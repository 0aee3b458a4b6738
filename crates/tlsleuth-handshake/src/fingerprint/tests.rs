use super::{ja4 as ja4_of, *};
use crate::testing::{self, GNUTLS_HELLO, OPENSSL_HELLO, OPENSSL_TLS12_HELLO};

fn hello(record: &str) -> ClientHello {
    let (hello, anomalies) = ClientHello::decode(&testing::body(record));
    assert!(anomalies.is_empty(), "{anomalies:?}");
    hello
}

/// The values are those of tshark 4.0.17 for the same bytes.
#[test]
fn ja3_equals_that_of_tshark() {
    assert_eq!(ja3(&hello(OPENSSL_HELLO)), "6dfd110ecec56cf3479112379fa202ad");
    assert_eq!(ja3(&hello(OPENSSL_TLS12_HELLO)), "a72e2b8bee6da99fbf42d657f6fa9dba");
    assert_eq!(ja3(&hello(GNUTLS_HELLO)), "f35ce21b44ac0b87d3266294bb1b0e20");
}

/// The readable part is by hand, from the list that tshark prints.
#[test]
fn ja4_counts_and_names() {
    let ja4 = |record| ja4_of(&hello(record), Transport::Tcp);
    assert!(ja4(OPENSSL_HELLO).starts_with("t13d3112h2_"), "{}", ja4(OPENSSL_HELLO));
    assert!(ja4(OPENSSL_TLS12_HELLO).starts_with("t12i030600_"), "{}", ja4(OPENSSL_TLS12_HELLO));
    assert!(ja4(GNUTLS_HELLO).starts_with("t13d291300_"), "{}", ja4(GNUTLS_HELLO));
}

#[test]
fn nothing_hashes_to_zeros() {
    let ja4 = ja4_of(&ClientHello::default(), Transport::Quic);
    assert_eq!(ja4, "q00i000000_000000000000_000000000000");
}

//! The tables of code points against those of other software.
//!
//! `cargo test -- --ignored` compares with `tshark -G values` too, where tshark is installed.

use std::{collections::BTreeMap, process::Command};

use tls_parser::{TlsCipherAu, TlsCipherKx, TlsCipherSuite};
use tlsleuth_handshake::codepoint::{
    Authentication, CipherSuite, ExtensionType, HandshakeType, KeyExchange, NamedGroup,
    SignatureScheme,
};

/// Every suite of tls-parser is in our table, with the same name, key length and AEAD, and, where
/// it tells them as IANA's names do, the same key exchange and authentication.
#[test]
fn suites_agree_with_tls_parser() {
    let mut compared = 0;
    for number in 0..=u16::MAX {
        let Some(theirs) = TlsCipherSuite::from_id(number) else { continue };
        let ours = CipherSuite(number).facts().unwrap_or_else(|| panic!("no {}", theirs.name));
        compared += 1;
        assert_eq!(ours.name, theirs.name);
        if ours.suite.is_signaling() || ours.is_tls13() {
            continue;
        }
        let exchange = match theirs.kx {
            TlsCipherKx::Rsa => Some(KeyExchange::Rsa),
            TlsCipherKx::Ecdhe => Some(KeyExchange::Ecdhe),
            TlsCipherKx::Ecdh => Some(KeyExchange::Ecdh),
            TlsCipherKx::Dhe => Some(KeyExchange::Dhe),
            _ => None,
        };
        let is_fixed_name = !ours.name.contains("anon") && !ours.name.contains("PSK");
        if let Some(exchange) = exchange.filter(|_| is_fixed_name) {
            assert_eq!(ours.key_exchange, exchange, "{}", ours.name);
        }
        let authentication = match theirs.au {
            TlsCipherAu::Ecdsa => Some(Authentication::Ecdsa),
            TlsCipherAu::Dss => Some(Authentication::Dss),
            _ => None,
        };
        if let Some(authentication) = authentication {
            assert_eq!(ours.authentication, authentication, "{}", ours.name);
        }
    }
    assert!(compared > 340, "{compared}");
}

/// One table of `tshark -G values`: number to name.
#[expect(clippy::expect_used, reason = "a helper of tests that need the program")]
fn tshark(field: &str) -> BTreeMap<u32, String> {
    let output = Command::new("tshark").args(["-G", "values"]).output().expect("tshark");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let table: BTreeMap<u32, String> = text
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let row = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
            let ("V" | "E", found, number, name) = row else { return None };
            let number = match number.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            (found == field).then(|| (number, name.to_owned()))
        })
        .collect();
    assert!(table.len() > 30, "{field}: {}", table.len());
    table
}

#[test]
#[ignore = "needs tshark"]
fn suites_agree_with_tshark() {
    for (number, name) in tshark("tls.handshake.ciphersuite") {
        let suite = CipherSuite(u16::try_from(number).unwrap());
        // Not a suite: a placeholder of Wireshark.
        if suite.is_grease() || number == 0x01a6 {
            continue;
        }
        let ours = suite.name().unwrap_or_else(|| panic!("no {name}"));
        let plain = ours.trim_end_matches("_DRAFT").trim_end_matches("_2");
        assert_eq!(plain, name);
    }
}

#[test]
#[ignore = "needs tshark"]
fn groups_schemes_and_extensions_agree_with_tshark() {
    let number = |number: u32| u16::try_from(number).unwrap();
    for (at, name) in tshark("tls.handshake.extensions_supported_group") {
        // Experiments of Open Quantum Safe took 0x0200 and 0x2f00 before ML-KEM was registered.
        if let Some(ours) = NamedGroup(number(at)).name().filter(|_| !(0x200..=0x2ff).contains(&at))
        {
            assert_eq!(ours, name);
        }
    }
    for (at, name) in tshark("tls.handshake.sig_hash_alg") {
        if let Some(ours) = SignatureScheme(number(at)).name() {
            assert_eq!(ours, name);
        }
    }
    for (at, name) in tshark("tls.handshake.extension.type") {
        let ours = ExtensionType(number(at));
        if at < 40 && ours != ExtensionType::DELEGATED_CREDENTIAL {
            assert_eq!(ours.name(), Some(name.as_str()));
        }
        assert!(ours.name().is_some() || ours.is_grease(), "no {name}");
    }
    assert_eq!(HandshakeType(11).to_string(), "certificate");
}

//! Numbers for the names that scripts use.

use tlsleuth_handshake::codepoint::{AlertDescription, CipherSuite, NamedGroup, SignatureScheme};

fn number(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

pub(crate) fn version(text: &str) -> u16 {
    match text {
        "1.3" => 0x0304,
        "1.2" => 0x0303,
        "1.1" => 0x0302,
        "1.0" => 0x0301,
        "ssl3" => 0x0300,
        other => number(other).unwrap_or_else(|| panic!("no version {other:?}")),
    }
}

pub(crate) fn suite(text: &str) -> u16 {
    let found = || {
        (0..=u16::MAX)
            .map(CipherSuite)
            .find(|suite| suite.name() == Some(text) || suite.openssl_name() == Some(text))
    };
    match text {
        "fallback-scsv" => 0x5600,
        "renegotiation-scsv" => 0x00ff,
        "grease" => 0x0a0a,
        _ => number(text)
            .or_else(|| found().map(|suite| suite.0))
            .unwrap_or_else(|| panic!("no cipher suite {text:?}")),
    }
}

pub(crate) fn group(text: &str) -> u16 {
    let found =
        || NamedGroup::ALL.iter().find(|group| group.name().is_some_and(|name| same(name, text)));
    number(text)
        .or_else(|| found().map(|group| group.0))
        .unwrap_or_else(|| panic!("no group {text:?}"))
}

pub(crate) fn scheme(text: &str) -> u16 {
    let found = || {
        SignatureScheme::ALL
            .iter()
            .find(|scheme| scheme.name().is_some_and(|name| same(name, text)))
    };
    number(text)
        .or_else(|| found().map(|scheme| scheme.0))
        .unwrap_or_else(|| panic!("no signature scheme {text:?}"))
}

pub(crate) fn alert(text: &str) -> u8 {
    AlertDescription::ALL
        .iter()
        .find(|alert| alert.name() == Some(text))
        .map(|alert| alert.0)
        .or_else(|| text.parse().ok())
        .unwrap_or_else(|| panic!("no alert {text:?}"))
}

fn same(name: &str, text: &str) -> bool {
    name.eq_ignore_ascii_case(text)
}

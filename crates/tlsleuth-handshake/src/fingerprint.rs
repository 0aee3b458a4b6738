//! Fingerprints of hellos: JA3 and JA3S (Salesforce, BSD-3-Clause), JA4 (FoxIO, BSD-3-Clause).
//!
//! Only the client's JA4 is here: the other members of that family have another licence. All are
//! made from the decoded messages when asked for, and remembered for messages that share a shape.

use core::fmt::{self, Write as _};

use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::{
    codepoint::{CipherSuite, ExtensionType, ProtocolVersion},
    message::{ClientHello, ServerHello},
};

/// What carries the handshake, which is the first letter of JA4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TLS over TCP.
    Tcp,
    /// QUIC.
    Quic,
    /// DTLS.
    Dtls,
}

/// The text that JA3 hashes: version, suites, extensions, groups and point formats as decimal
/// numbers without GREASE.
///
/// ```
/// # use tlsleuth_handshake::{fingerprint, message::ClientHello};
/// # let mut body = vec![3, 3];
/// # body.extend([7; 32]);
/// # body.extend([0, 0, 4, 0x1a, 0x1a, 0xc0, 0x2f, 1, 0]);
/// let (hello, _) = ClientHello::decode(&body);
/// assert_eq!(fingerprint::ja3_text(&hello), "771,49199,,,");
/// ```
#[must_use]
pub fn ja3_text(hello: &ClientHello) -> String {
    let mut text = String::with_capacity(256);
    push(&mut text, format_args!("{},", hello.legacy_version.0));
    let suites = hello.cipher_suites().iter().filter(|suite| !suite.is_grease());
    join(&mut text, suites.map(|suite| suite.0));
    text.push(',');
    let extensions = hello.extensions.types().filter(|kind| !kind.is_grease());
    join(&mut text, extensions.map(|kind| kind.0));
    text.push(',');
    let groups = hello.extensions.supported_groups().unwrap_or_default();
    join(&mut text, groups.iter().filter(|group| !group.is_grease()).map(|group| group.0));
    text.push(',');
    let formats = hello.extensions.ec_point_formats().unwrap_or_default();
    join(&mut text, formats.iter().map(|format| u16::from(format.0)));
    text
}

/// JA3 of a ClientHello: MD5 of [`ja3_text`], as 32 hex digits.
#[must_use]
pub fn ja3(hello: &ClientHello) -> String {
    let make = || md5_hex(&ja3_text(hello));
    hello.extensions.ja3(hello.legacy_version, CipherSuite::default(), make)
}

/// The text that JA3S hashes: version, suite and extensions.
#[must_use]
pub fn ja3s_text(hello: &ServerHello) -> String {
    let mut text = String::with_capacity(64);
    push(&mut text, format_args!("{},{},", hello.legacy_version.0, hello.cipher_suite.0));
    join(&mut text, hello.extensions.types().filter(|kind| !kind.is_grease()).map(|kind| kind.0));
    text
}

/// JA3S of a ServerHello: MD5 of [`ja3s_text`], as 32 hex digits.
#[must_use]
pub fn ja3s(hello: &ServerHello) -> String {
    let make = || md5_hex(&ja3s_text(hello));
    hello.extensions.ja3(hello.legacy_version, hello.cipher_suite, make)
}

/// JA4 of a ClientHello, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`.
#[must_use]
pub fn ja4(hello: &ClientHello, transport: Transport) -> String {
    let mut text = String::with_capacity(36);
    text.push(match transport {
        Transport::Tcp => 't',
        Transport::Quic => 'q',
        Transport::Dtls => 'd',
    });
    text.push_str(&hello.extensions.ja4(hello.legacy_version, || ja4_of_hello(hello)));
    text
}

/// JA4 behind the letter of the transport.
fn ja4_of_hello(hello: &ClientHello) -> String {
    let mut suites: Vec<u16> = hello
        .cipher_suites()
        .iter()
        .filter(|suite| !suite.is_grease())
        .map(|suite| suite.0)
        .collect();
    suites.sort_unstable();
    let mut extensions: Vec<ExtensionType> =
        hello.extensions.types().filter(|kind| !kind.is_grease()).collect();
    let extension_count = extensions.len();
    let has_sni = extensions.contains(&ExtensionType::SERVER_NAME);
    let mut text = String::with_capacity(36);
    text.push_str(ja4_version(hello));
    text.push(if has_sni { 'd' } else { 'i' });
    push(&mut text, format_args!("{:02}{:02}", suites.len().min(99), extension_count.min(99)));
    text.push_str(&ja4_alpn(hello));
    text.push('_');
    let mut hashed = String::with_capacity(256);
    join_hex(&mut hashed, suites.iter().copied());
    text.push_str(&sha256_12(&hashed));
    text.push('_');
    // What a client sends may not change with the name that it asks for.
    extensions.retain(|kind| {
        !matches!(
            *kind,
            ExtensionType::SERVER_NAME | ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION
        )
    });
    extensions.sort_unstable();
    hashed.clear();
    join_hex(&mut hashed, extensions.iter().map(|kind| kind.0));
    let schemes = hello.extensions.signature_algorithms().unwrap_or_default();
    let mut schemes = schemes.iter().filter(|scheme| !scheme.is_grease()).peekable();
    // Without a signature algorithm the underscore goes too.
    if schemes.peek().is_some() {
        hashed.push('_');
        join_hex(&mut hashed, schemes.map(|scheme| scheme.0));
    }
    text.push_str(&sha256_12(&hashed));
    text
}

/// The highest version offered, in two letters; `00` for one that JA4 does not know.
fn ja4_version(hello: &ClientHello) -> &'static str {
    let listed = hello.extensions.supported_versions().unwrap_or_default();
    let highest = listed
        .iter()
        .copied()
        .filter(|version| version.rank().is_some())
        .max_by_key(|version| version.rank())
        .unwrap_or(hello.legacy_version);
    match highest {
        ProtocolVersion::TLS1_3 => "13",
        ProtocolVersion::TLS1_2 => "12",
        ProtocolVersion::TLS1_1 => "11",
        ProtocolVersion::TLS1_0 => "10",
        ProtocolVersion::SSL3 => "s3",
        ProtocolVersion::SSL2 => "s2",
        ProtocolVersion::DTLS1_0 => "d1",
        ProtocolVersion::DTLS1_2 => "d2",
        ProtocolVersion::DTLS1_3 => "d3",
        _ => "00",
    }
}

/// The first and the last character of the first protocol of ALPN; where these are no letters or
/// digits, the first and the last hex digit of its bytes; `99` beyond ASCII; `00` without ALPN.
fn ja4_alpn(hello: &ClientHello) -> String {
    let protocol = hello.extensions.alpn().and_then(|protocols| protocols.first());
    let bytes = protocol.map_or(&[][..], |protocol| protocol.raw());
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return "00".to_owned();
    };
    if !first.is_ascii() || !last.is_ascii() {
        // The text of JA4 says hex here too; the vectors of both its implementations say 99.
        return "99".to_owned();
    }
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(first), char::from(last)].into_iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 0xf)
}

/// The first twelve hex digits of SHA-256; zeros for nothing.
fn sha256_12(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    hex(Sha256::digest(text.as_bytes()).iter().take(6))
}

fn md5_hex(text: &str) -> String {
    hex(Md5::digest(text.as_bytes()).iter())
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let mut text = String::with_capacity(32);
    for byte in bytes {
        push(&mut text, format_args!("{byte:02x}"));
    }
    text
}

fn join(text: &mut String, numbers: impl Iterator<Item = u16>) {
    for (at, number) in numbers.enumerate() {
        push(text, format_args!("{}{number}", if at == 0 { "" } else { "-" }));
    }
}

fn join_hex(text: &mut String, numbers: impl Iterator<Item = u16>) {
    for (at, number) in numbers.enumerate() {
        push(text, format_args!("{}{number:04x}", if at == 0 { "" } else { "," }));
    }
}

fn push(text: &mut String, piece: fmt::Arguments<'_>) {
    // A String takes everything, so the writer cannot fail.
    let _ = text.write_fmt(piece);
}

#[cfg(test)]
mod tests;

//! What is unusual about a ClientHello: which part of the offer a server may not have liked.
//!
//! A `handshake_failure` does not say which part. But nearly every server takes one of a few common
//! suites, groups and signature algorithms; a hello that has none of these in one part was most
//! likely refused for that part.

use tlsleuth_handshake::codepoint::{Authentication, KeyExchange};
use tlsleuth_handshake::codepoint::{
    CipherSuite, GroupKind, NamedGroup, ProtocolVersion, SignatureKey, SignatureScheme,
};
use tlsleuth_handshake::message::ClientHello;

/// A client that offers no more suites than this was set to them by hand.
const NARROW_SUITES: usize = 4;

/// A part of the offer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// Key exchange groups.
    Groups,
    /// Signature algorithms.
    Signatures,
    /// Cipher suites.
    Suites,
    /// Protocol versions.
    Versions,
}

/// One reason why a server may refuse a hello.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspect {
    /// The part of the offer.
    pub part: Part,
    /// How far from usual it is: 3 is nothing that a usual server takes, 1 is merely narrow.
    pub weight: u8,
    /// What is unusual, as a part of a sentence.
    pub says: String,
}

/// What is unusual about an offer, the most unusual first.
#[must_use]
pub fn suspects(hello: &ClientHello) -> Vec<Suspect> {
    let mut suspects: Vec<Suspect> =
        [groups(hello), signatures(hello), suites(hello), versions(hello)]
            .into_iter()
            .flatten()
            .collect();
    suspects.sort_by_key(|suspect| (std::cmp::Reverse(suspect.weight), suspect.part));
    suspects
}

/// The most unusual part of [`suspects`], if it stands out: of several that are merely narrow none does.
#[must_use]
pub fn prime_suspect(suspects: &[Suspect]) -> Option<&Suspect> {
    let first = suspects.first()?;
    suspects
        .get(1)
        .is_none_or(|second| second.weight < first.weight || first.weight > 1)
        .then_some(first)
}

fn groups(hello: &ClientHello) -> Option<Suspect> {
    let offered = hello.extensions.supported_groups()?;
    let real: Vec<NamedGroup> =
        offered.iter().copied().filter(|group| !group.is_grease()).collect();
    let common = [NamedGroup::X25519, NamedGroup::SECP256R1];
    let has = |group: &NamedGroup| real.contains(group);
    let needs = offers_tls13(hello) || only_elliptic(hello);
    if real.is_empty() || !needs {
        return None;
    }
    if common.iter().any(has) {
        return (real.len() == 1).then(|| Suspect {
            part: Part::Groups,
            weight: 1,
            says: format!("it offers a single group, {}", crate::wording::list(&real)),
        });
    }
    let finite = real.iter().all(|group| group.kind() == Some(GroupKind::Ffdhe));
    let weight = if real.len() == 1 || finite { 3 } else { 2 };
    Some(Suspect {
        part: Part::Groups,
        weight,
        says: format!(
            "it offers neither x25519 nor secp256r1, only {}",
            crate::wording::list(&real)
        ),
    })
}

fn signatures(hello: &ClientHello) -> Option<Suspect> {
    let offered = hello.extensions.signature_algorithms()?;
    let keys = |wanted: fn(SignatureKey) -> bool| {
        offered.iter().any(|scheme: &SignatureScheme| scheme.key().is_some_and(wanted))
    };
    let rsa = keys(|key| matches!(key, SignatureKey::Rsa | SignatureKey::RsaPss));
    let ecdsa = keys(|key| matches!(key, SignatureKey::Ecdsa));
    let says = match (rsa, ecdsa) {
        (true, true) => return None,
        (false, _) => "it takes no signature by an RSA key",
        (true, false) => "it takes no signature by an elliptic curve key",
    };
    // Most servers have RSA keys; of those with ECDSA keys many have both.
    let weight = if rsa { 1 } else { 3 };
    let says = format!("{says}, only {}", crate::wording::list(offered));
    Some(Suspect { part: Part::Signatures, weight, says })
}

fn suites(hello: &ClientHello) -> Option<Suspect> {
    let real: Vec<CipherSuite> = hello.real_suites().collect();
    let shown = || crate::wording::list(real.iter().copied().map(crate::wording::suite));
    if real.is_empty() {
        return Some(Suspect {
            part: Part::Suites,
            weight: 3,
            says: "it offers no suite at all".to_owned(),
        });
    }
    let tls13: Vec<CipherSuite> = real.iter().copied().filter(|suite| suite.is_tls13()).collect();
    let common13 = [CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384];
    let old = real.iter().filter(|suite| !suite.is_tls13());
    let modern = |authentication: Authentication| {
        old.clone().filter_map(|suite| suite.facts()).any(|facts| {
            facts.authentication == authentication
                && facts.key_exchange == KeyExchange::Ecdhe
                && facts.cipher.is_aead()
        })
    };
    let only13 = offers_only_tls13(hello);
    if offers_tls13(hello) && common13.iter().any(|suite| tls13.contains(suite)) {
        return None;
    }
    if only13 {
        let weight = if tls13.len() <= 1 { 3 } else { 2 };
        let says = format!("of the suites of TLS 1.3 it offers only {}", shown());
        return Some(Suspect { part: Part::Suites, weight, says });
    }
    let says = match (modern(Authentication::Rsa), modern(Authentication::Ecdsa)) {
        (true, _) => {
            return (real.len() <= NARROW_SUITES).then(|| Suspect {
                part: Part::Suites,
                weight: 1,
                says: format!("it offers few suites: {}", shown()),
            });
        }
        (false, true) => {
            format!("its suites need a certificate with an elliptic curve key: {}", shown())
        }
        (false, false) => {
            format!(
                "it offers no suite with forward secrecy and authenticated encryption: {}",
                shown()
            )
        }
    };
    Some(Suspect { part: Part::Suites, weight: 3, says })
}

fn versions(hello: &ClientHello) -> Option<Suspect> {
    let offered = hello.offered_versions();
    let highest = offered.highest()?;
    if offers_only_tls13(hello) {
        return Some(Suspect {
            part: Part::Versions,
            weight: 1,
            says: "it offers TLS 1.3 alone".to_owned(),
        });
    }
    let rank = |version: ProtocolVersion| version.rank();
    if rank(highest) < rank(ProtocolVersion::TLS1_2) {
        return Some(Suspect {
            part: Part::Versions,
            weight: 3,
            says: format!("it offers nothing newer than {highest}"),
        });
    }
    (rank(highest) < rank(ProtocolVersion::TLS1_3)).then(|| Suspect {
        part: Part::Versions,
        weight: 1,
        says: format!("it offers nothing newer than {highest}"),
    })
}

fn offers_tls13(hello: &ClientHello) -> bool {
    hello.newest_version().is_some_and(ProtocolVersion::is_tls13)
}

fn offers_only_tls13(hello: &ClientHello) -> bool {
    offers_tls13(hello) && hello.offered_versions().lowest().is_some_and(ProtocolVersion::is_tls13)
}

/// Whether every suite needs a group.
fn only_elliptic(hello: &ClientHello) -> bool {
    hello.real_suites().filter_map(CipherSuite::facts).all(|facts| {
        matches!(facts.key_exchange, KeyExchange::Ecdhe | KeyExchange::EcdhePsk) || facts.is_tls13()
    })
}

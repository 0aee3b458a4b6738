//! ServerKeyExchange: the server's half of the key exchange, before TLS 1.3.

use tls_parser::{ECParametersContent, nom as nom7, parse_dh_params, parse_ecdh_params};

use crate::{
    Anomaly, WireText,
    anomaly::{Notes, Problem, len32},
    codepoint::{
        Authentication, CipherSuite, KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme,
    },
    cursor::Cursor,
};

/// The server's half of the key exchange, before TLS 1.3.
///
/// ```text
/// struct {
///     opaque psk_identity_hint<0..2^16-1>;              PSK suites, RFC 4279 §2
///     ServerDHParams or ServerECDHParams params;        RFC 5246 §7.4.3, RFC 8422 §5.4
///     SignatureAndHashAlgorithm algorithm;              TLS 1.2
///     opaque signature<0..2^16-1>;                      unless anonymous or PSK
/// } ServerKeyExchange;
/// ```
///
/// Which of these are there follows from the suite; without it the message stays
/// [`KeyParams::Unknown`], but for the form of named curves, which cannot be taken for another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// What the server says to help the client choose a key.
    pub psk_identity_hint: Option<WireText>,
    /// The parameters.
    pub params: KeyParams,
    /// The scheme of the signature, from TLS 1.2 on.
    pub signature_scheme: Option<SignatureScheme>,
    /// Bytes of the signature; `None` where there is none.
    pub signature_len: Option<u16>,
}

/// The parameters of a key exchange. Sizes are in bits without leading zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyParams {
    /// None are sent: plain PSK.
    None,
    /// They could not be told.
    #[default]
    Unknown,
    /// Elliptic curves.
    Ecdhe {
        /// The curve; `arbitrary_explicit_prime_curves` or `..._char2_curves` where it is
        /// described and not named.
        group: NamedGroup,
        /// Bytes of the server's point.
        point_len: u8,
    },
    /// Finite fields.
    Dhe {
        /// The size of the prime.
        prime_bits: u16,
        /// The size of the generator.
        generator_bits: u16,
        /// The size of the server's public value.
        public_bits: u16,
    },
    /// A temporary RSA key of export suites (RFC 2246 §7.4.3).
    Rsa {
        /// The size of the modulus.
        modulus_bits: u16,
    },
    /// Secure Remote Password (RFC 5054 §2.8.1).
    Srp {
        /// The size of the prime.
        prime_bits: u16,
        /// Bytes of the salt.
        salt_len: u8,
    },
}

impl ServerKeyExchange {
    /// Reads the body of a ServerKeyExchange of a suite and version.
    #[must_use]
    pub fn decode(
        body: &[u8],
        suite: CipherSuite,
        version: ProtocolVersion,
    ) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut message = Self::default();
        // What could be read stays; where it ends is in the notes.
        let _ = message.parse(&mut Cursor::new(body), suite, version, &mut notes);
        (message, notes.finish())
    }

    /// The group of an elliptic curve exchange, or a finite field of RFC 7919 by its size where
    /// the client offered such groups: the prime itself is not compared.
    #[must_use]
    pub fn group(&self) -> Option<NamedGroup> {
        match self.params {
            KeyParams::Ecdhe { group, .. } => Some(group),
            _ => None,
        }
    }

    fn parse(
        &mut self,
        cursor: &mut Cursor<'_>,
        suite: CipherSuite,
        version: ProtocolVersion,
        notes: &mut Notes,
    ) -> Option<()> {
        use KeyExchange as K;
        let Some(facts) = suite.facts() else {
            // named_curve (3), then the curve: no other form starts like this by accident, as it
            // would be a prime of 768 bits and more whose length fits no other way.
            if cursor.rest().first() == Some(&3) {
                self.params = parse_ecdhe(cursor, notes)?;
            }
            return None;
        };
        if matches!(facts.key_exchange, K::Psk | K::DhePsk | K::EcdhePsk | K::RsaPsk) {
            let hint = cursor.vec16("psk_identity_hint", notes)?;
            self.psk_identity_hint = Some(WireText::new(hint.rest()));
        }
        self.params = match facts.key_exchange {
            K::Psk | K::RsaPsk => KeyParams::None,
            K::Ecdhe | K::EcdhePsk => parse_ecdhe(cursor, notes)?,
            K::Dhe | K::DhePsk => parse_dhe(cursor, notes)?,
            K::Rsa => {
                let modulus = cursor.vec16("rsa_modulus", notes)?;
                cursor.vec16("rsa_exponent", notes)?;
                KeyParams::Rsa { modulus_bits: bits(modulus.rest()) }
            }
            K::Srp => {
                let prime = cursor.vec16("N", notes)?;
                cursor.vec16("g", notes)?;
                let salt = cursor.vec8("s", notes)?;
                cursor.vec16("B", notes)?;
                KeyParams::Srp {
                    prime_bits: bits(prime.rest()),
                    salt_len: u8::try_from(salt.len()).unwrap_or(u8::MAX),
                }
            }
            _ => return None,
        };
        // RFC 4279 §2: PSK suites sign nothing, RSA_PSK among them; nor do anonymous ones.
        let is_signed = matches!(
            facts.authentication,
            Authentication::Rsa | Authentication::Dss | Authentication::Ecdsa | Authentication::Sm2
        ) && facts.key_exchange != K::RsaPsk;
        if is_signed {
            if matches!(version, ProtocolVersion::TLS1_2 | ProtocolVersion::DTLS1_2) {
                self.signature_scheme = Some(SignatureScheme(cursor.u16("algorithm", notes)?));
            }
            let signature = cursor.vec16("signature", notes)?;
            self.signature_len = Some(u16::try_from(signature.len()).unwrap_or(u16::MAX));
        }
        cursor.end("signature", notes);
        Some(())
    }
}

fn parse_ecdhe(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Option<KeyParams> {
    let params = parsed(cursor, "ServerECDHParams", parse_ecdh_params, notes)?;
    let group = match params.curve_params.params_content {
        ECParametersContent::NamedGroup(group) => NamedGroup(group.0),
        ECParametersContent::ExplicitPrime(_) => NamedGroup::ARBITRARY_EXPLICIT_PRIME_CURVES,
    };
    let point_len = u8::try_from(params.public.point.len()).unwrap_or(u8::MAX);
    Some(KeyParams::Ecdhe { group, point_len })
}

fn parse_dhe(cursor: &mut Cursor<'_>, notes: &mut Notes) -> Option<KeyParams> {
    let params = parsed(cursor, "ServerDHParams", parse_dh_params, notes)?;
    Some(KeyParams::Dhe {
        prime_bits: bits(params.dh_p),
        generator_bits: bits(params.dh_g),
        public_bits: bits(params.dh_ys),
    })
}

/// Runs a parser of tls-parser and moves on behind what it took.
///
/// Its errors name no field, so the whole structure is noted. They are nom 7's, which must not
/// leave this function.
fn parsed<'a, T>(
    cursor: &mut Cursor<'a>,
    field: &'static str,
    parser: impl FnOnce(&'a [u8]) -> nom7::IResult<&'a [u8], T>,
    notes: &mut Notes,
) -> Option<T> {
    let at = cursor.offset();
    let bytes = cursor.rest();
    match parser(bytes) {
        Ok((rest, value)) => {
            cursor.take(bytes.len().saturating_sub(rest.len()), field, notes)?;
            Some(value)
        }
        Err(nom7::Err::Incomplete(needed)) => {
            let needed = match needed {
                nom7::Needed::Size(more) => bytes.len().saturating_add(more.get()),
                nom7::Needed::Unknown => bytes.len().saturating_add(1),
            };
            let left = len32(bytes.len());
            notes.add(field, at, Problem::Truncated { needed: len32(needed), left });
            None
        }
        Err(nom7::Err::Error(error) | nom7::Err::Failure(error)) => {
            let value = u32::from(error.input.first().copied().unwrap_or_default());
            let offset = at.saturating_add(bytes.len().saturating_sub(error.input.len()));
            notes.add(field, offset, Problem::IllegalValue { value });
            None
        }
    }
}

/// The size of a big-endian number in bits, without leading zeros.
pub(crate) fn bits(number: &[u8]) -> u16 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some((first, rest)) = number.get(zeros..).and_then(|number| number.split_first()) else {
        return 0;
    };
    let bits = rest.len().saturating_mul(8).saturating_add(8);
    let bits = u32::try_from(bits).unwrap_or(u32::MAX).saturating_sub(first.leading_zeros());
    u16::try_from(bits).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_leave_leading_zeros_out() {
        assert_eq!(bits(&[]), 0);
        assert_eq!(bits(&[0, 0]), 0);
        assert_eq!(bits(&[0, 1]), 1);
        assert_eq!(bits(&[0x80, 0]), 16);
    }

    #[test]
    fn ecdhe_names_curve_and_scheme() {
        let mut body = vec![3, 0, 29, 32];
        body.extend([5; 32]);
        body.extend([8, 4, 0, 2, 9, 9]);
        let suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        let (message, anomalies) = ServerKeyExchange::decode(&body, suite, ProtocolVersion::TLS1_2);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(message.group(), Some(NamedGroup::X25519));
        assert_eq!(message.signature_scheme, Some(SignatureScheme::RSA_PSS_RSAE_SHA256));
        assert_eq!(message.signature_len, Some(2));
        // Without the suite the curve can still be told.
        let (message, _) =
            ServerKeyExchange::decode(&body, CipherSuite(0x1a2b), ProtocolVersion::TLS1_2);
        assert_eq!(message.group(), Some(NamedGroup::X25519));
    }

    #[test]
    fn dhe_psk_has_a_hint_and_no_signature() {
        let body = [0, 2, b'h', b'i', 0, 2, 0x80, 1, 0, 1, 2, 0, 2, 0, 5];
        let suite = CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA;
        let (message, anomalies) = ServerKeyExchange::decode(&body, suite, ProtocolVersion::TLS1_2);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(message.psk_identity_hint, Some(WireText::new(b"hi")));
        let sizes = KeyParams::Dhe { prime_bits: 16, generator_bits: 2, public_bits: 3 };
        assert_eq!(message.params, sizes);
        assert_eq!(message.signature_len, None);
    }

    #[test]
    fn truncated_parameters_are_noted() {
        let suite = CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA;
        let (message, anomalies) =
            ServerKeyExchange::decode(&[0, 9, 1], suite, ProtocolVersion::TLS1_0);
        assert_eq!(message.params, KeyParams::Unknown);
        assert_eq!(anomalies[0].field, "ServerDHParams");
    }
}

//! ClientKeyExchange: the client's half of the key exchange, before TLS 1.3.

use crate::{
    Anomaly, WireText,
    anomaly::{Notes, len32},
    codepoint::{CipherSuite, KeyExchange, ProtocolVersion},
    cursor::Cursor,
};

/// The client's half of the key exchange, before TLS 1.3: only what can be told from sizes.
///
/// ```text
/// struct {
///     opaque psk_identity<0..2^16-1>;                   PSK suites, RFC 4279 §2
///     opaque encrypted_pre_master_secret<0..2^16-1>;    RSA, RFC 5246 §7.4.7.1
///     opaque dh_Yc<1..2^16-1>;                          DHE, RFC 5246 §7.4.7.2
///     opaque ecdh_Yc<1..2^8-1>;                         ECDHE, RFC 8422 §5.7
/// } ClientKeyExchange;                                  one or two of these, by the suite
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientKeyExchange {
    /// The name of the pre-shared key that the client uses.
    pub psk_identity: Option<WireText>,
    /// Bytes of the client's public value or encrypted secret; `None` where there is none or the
    /// suite is not known.
    pub key_len: Option<u32>,
}

impl ClientKeyExchange {
    /// Reads the body of a ClientKeyExchange of a suite and version.
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

    fn parse(
        &mut self,
        cursor: &mut Cursor<'_>,
        suite: CipherSuite,
        version: ProtocolVersion,
        notes: &mut Notes,
    ) -> Option<()> {
        use KeyExchange as K;
        let facts = suite.facts()?;
        if matches!(facts.key_exchange, K::Psk | K::DhePsk | K::EcdhePsk | K::RsaPsk) {
            let identity = cursor.vec16("psk_identity", notes)?;
            self.psk_identity = Some(WireText::new(identity.rest()));
        }
        let key = match facts.key_exchange {
            K::Psk => None,
            // SSL 3.0 left the length out, and so do some stacks still (RFC 5246 §7.4.7.1).
            K::Rsa | K::RsaPsk if version == ProtocolVersion::SSL3 => {
                cursor.take(cursor.len(), "encrypted_pre_master_secret", notes).map(<[u8]>::len)
            }
            K::Rsa | K::RsaPsk => Some(cursor.vec16("encrypted_pre_master_secret", notes)?.len()),
            K::Dhe | K::Dh | K::DhePsk | K::Srp => {
                // Implicit in a fixed Diffie-Hellman certificate of the client.
                if cursor.is_empty() { Some(0) } else { Some(cursor.vec16("dh_Yc", notes)?.len()) }
            }
            K::Ecdhe | K::Ecdh | K::EcdhePsk if version != ProtocolVersion::TLCP1_1 => {
                if cursor.is_empty() { Some(0) } else { Some(cursor.vec8("ecdh_Yc", notes)?.len()) }
            }
            _ => cursor.take(cursor.len(), "exchange_keys", notes).map(<[u8]>::len),
        };
        self.key_len = key.map(len32);
        cursor.end("exchange_keys", notes);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecdhe_psk_has_identity_and_point() {
        let body = [0, 2, b'm', b'e', 3, 1, 2, 3];
        let suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA;
        let (message, anomalies) = ClientKeyExchange::decode(&body, suite, ProtocolVersion::TLS1_2);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(message.psk_identity, Some(WireText::new(b"me")));
        assert_eq!(message.key_len, Some(3));
    }
}

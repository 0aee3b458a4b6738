//! Groups for key exchange.

code_points! {
    /// A group for key exchange: a curve, a finite field, a KEM, or a hybrid (RFC 8446 §4.2.7).
    ///
    /// IANA "TLS Supported Groups", November 2026. Marked "not registered" in the source: the
    /// drafts of hybrids that browsers shipped before the registered ones.
    ///
    /// ```
    /// # use tlsleuth_handshake::codepoint::NamedGroup;
    /// assert_eq!(NamedGroup(0x11ec).to_string(), "X25519MLKEM768");
    /// assert!(NamedGroup::X25519MLKEM768.is_post_quantum());
    /// assert_eq!(NamedGroup::X25519MLKEM768.client_share_len(), Some(1216));
    /// ```
    NamedGroup(u16), "{:#06x}", super::grease_u16;
    1 SECT163K1 "sect163k1";
    2 SECT163R1 "sect163r1";
    3 SECT163R2 "sect163r2";
    4 SECT193R1 "sect193r1";
    5 SECT193R2 "sect193r2";
    6 SECT233K1 "sect233k1";
    7 SECT233R1 "sect233r1";
    8 SECT239K1 "sect239k1";
    9 SECT283K1 "sect283k1";
    10 SECT283R1 "sect283r1";
    11 SECT409K1 "sect409k1";
    12 SECT409R1 "sect409r1";
    13 SECT571K1 "sect571k1";
    14 SECT571R1 "sect571r1";
    15 SECP160K1 "secp160k1";
    16 SECP160R1 "secp160r1";
    17 SECP160R2 "secp160r2";
    18 SECP192K1 "secp192k1";
    19 SECP192R1 "secp192r1";
    20 SECP224K1 "secp224k1";
    21 SECP224R1 "secp224r1";
    22 SECP256K1 "secp256k1";
    23 SECP256R1 "secp256r1";
    24 SECP384R1 "secp384r1";
    25 SECP521R1 "secp521r1";
    26 BRAINPOOLP256R1 "brainpoolP256r1";
    27 BRAINPOOLP384R1 "brainpoolP384r1";
    28 BRAINPOOLP512R1 "brainpoolP512r1";
    29 X25519 "x25519";
    30 X448 "x448";
    31 BRAINPOOLP256R1TLS13 "brainpoolP256r1tls13";
    32 BRAINPOOLP384R1TLS13 "brainpoolP384r1tls13";
    33 BRAINPOOLP512R1TLS13 "brainpoolP512r1tls13";
    34 GC256A "GC256A";
    35 GC256B "GC256B";
    36 GC256C "GC256C";
    37 GC256D "GC256D";
    38 GC512A "GC512A";
    39 GC512B "GC512B";
    40 GC512C "GC512C";
    41 CURVESM2 "curveSM2";
    0x0100 FFDHE2048 "ffdhe2048";
    0x0101 FFDHE3072 "ffdhe3072";
    0x0102 FFDHE4096 "ffdhe4096";
    0x0103 FFDHE6144 "ffdhe6144";
    0x0104 FFDHE8192 "ffdhe8192";
    0x0200 MLKEM512 "MLKEM512";
    0x0201 MLKEM768 "MLKEM768";
    0x0202 MLKEM1024 "MLKEM1024";
    0x11eb SECP256R1MLKEM768 "SecP256r1MLKEM768";
    0x11ec X25519MLKEM768 "X25519MLKEM768";
    0x11ed SECP384R1MLKEM1024 "SecP384r1MLKEM1024";
    0x11ee CURVESM2MLKEM768 "curveSM2MLKEM768";
    // Not registered: experiments with CECPQ2 (Chrome, Cloudflare).
    0x4138 CECPQ2 "CECPQ2";
    // Registered as obsolete by the drafts of Kyber.
    0x6399 X25519KYBER768DRAFT00 "X25519Kyber768Draft00";
    0x639a SECP256R1KYBER768DRAFT00 "SecP256r1Kyber768Draft00";
    // Not registered: other sizes of the same draft.
    0xfe30 X25519KYBER512DRAFT00_OLD "X25519Kyber512Draft00 (old)";
    0xfe31 X25519KYBER768DRAFT00_OLD "X25519Kyber768Draft00 (old)";
    0xfe32 P256KYBER768DRAFT00_OLD "P256Kyber768Draft00 (old)";
    0xff01 ARBITRARY_EXPLICIT_PRIME_CURVES "arbitrary_explicit_prime_curves";
    0xff02 ARBITRARY_EXPLICIT_CHAR2_CURVES "arbitrary_explicit_char2_curves";
}

/// What a group rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupKind {
    /// An elliptic curve.
    Ecdhe,
    /// A finite field (RFC 7919).
    Ffdhe,
    /// A post-quantum key encapsulation alone.
    Kem,
    /// A curve and a post-quantum key encapsulation together.
    Hybrid,
}

impl NamedGroup {
    /// What the group rests on, or `None` for GREASE and unknown numbers.
    #[must_use]
    pub const fn kind(self) -> Option<GroupKind> {
        Some(match self.0 {
            1..=41 | 0xff01 | 0xff02 => GroupKind::Ecdhe,
            // RFC 7919 §2 sets 0x0100 to 0x01ff apart for finite fields.
            0x0100..=0x01ff => GroupKind::Ffdhe,
            0x0200..=0x0202 => GroupKind::Kem,
            0x11eb..=0x11ee | 0x4138 | 0x6399 | 0x639a | 0xfe30..=0xfe32 => GroupKind::Hybrid,
            _ => return None,
        })
    }

    /// Whether the key exchange withstands a quantum computer, alone or as a hybrid.
    #[must_use]
    pub const fn is_post_quantum(self) -> bool {
        matches!(self.kind(), Some(GroupKind::Kem | GroupKind::Hybrid))
    }

    /// Whether TLS 1.3 can use the group: RFC 8446 §4.2.7 made the older curves obsolete.
    #[must_use]
    pub const fn is_usable_in_tls13(self) -> bool {
        matches!(self.0, 23..=25 | 29..=41)
            || matches!(self.kind(), Some(kind) if !matches!(kind, GroupKind::Ecdhe))
    }

    /// The bytes of a client's key share in TLS 1.3, where they are fixed (RFC 8446 §4.2.8.2,
    /// RFC 7919, draft-ietf-tls-ecdhe-mlkem).
    #[must_use]
    pub const fn client_share_len(self) -> Option<u16> {
        Some(match self {
            Self::SECP256R1 | Self::BRAINPOOLP256R1TLS13 | Self::CURVESM2 => 65,
            Self::SECP384R1 | Self::BRAINPOOLP384R1TLS13 => 97,
            Self::SECP521R1 => 133,
            Self::BRAINPOOLP512R1TLS13 => 129,
            Self::X25519 => 32,
            Self::X448 => 56,
            Self::FFDHE2048 => 256,
            Self::FFDHE3072 => 384,
            Self::FFDHE4096 => 512,
            Self::FFDHE6144 => 768,
            Self::FFDHE8192 => 1024,
            Self::MLKEM512 => 800,
            Self::MLKEM768 => 1184,
            Self::MLKEM1024 => 1568,
            Self::X25519MLKEM768 | Self::X25519KYBER768DRAFT00 => 1216,
            Self::SECP256R1MLKEM768 | Self::CURVESM2MLKEM768 | Self::SECP256R1KYBER768DRAFT00 => {
                1249
            }
            Self::SECP384R1MLKEM1024 => 1665,
            _ => return None,
        })
    }

    /// The bytes of a server's key share in TLS 1.3, where they are fixed. A KEM answers with a
    /// ciphertext, whose length differs from that of the client's key.
    #[must_use]
    pub const fn server_share_len(self) -> Option<u16> {
        Some(match self {
            Self::MLKEM512 => 768,
            Self::MLKEM768 => 1088,
            Self::MLKEM1024 => 1568,
            Self::X25519MLKEM768 | Self::X25519KYBER768DRAFT00 => 1120,
            Self::SECP256R1MLKEM768 | Self::CURVESM2MLKEM768 | Self::SECP256R1KYBER768DRAFT00 => {
                1153
            }
            Self::SECP384R1MLKEM1024 => 1665,
            _ => return self.client_share_len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_kind_and_a_fixed_share_implies_tls13() {
        for group in NamedGroup::ALL {
            assert!(group.kind().is_some(), "{group}");
            if group.client_share_len().is_some() {
                assert!(group.is_usable_in_tls13(), "{group}");
            }
        }
    }
}

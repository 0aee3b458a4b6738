//! Protocol versions.

use core::fmt;

/// A protocol version as on the wire (RFC 8446 §4.1.2 and §4.2.1).
///
/// Drafts of TLS 1.3 are `0x7f00 | draft`. GREASE values (RFC 8701) are no version. The type is
/// ordered by number, which is *not* the order of age: use [`rank`](Self::rank) for that.
///
/// ```
/// # use tlsleuth_handshake::codepoint::ProtocolVersion;
/// assert_eq!(ProtocolVersion(0x0303).to_string(), "TLS 1.2");
/// assert_eq!(ProtocolVersion(0x7f1c).to_string(), "TLS 1.3 draft 28");
/// assert_eq!(ProtocolVersion(0x0999).to_string(), "0x0999");
/// assert!(ProtocolVersion(0x7f1c).is_tls13());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion(pub u16);

pack_number!(ProtocolVersion);

impl ProtocolVersion {
    /// SSL 2.0 (RFC 6176 forbids it).
    pub const SSL2: Self = Self(0x0002);
    /// SSL 3.0 (RFC 6101; RFC 7568 forbids it).
    pub const SSL3: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246; RFC 8996 deprecates it).
    pub const TLS1_0: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346; RFC 8996 deprecates it).
    pub const TLS1_1: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS1_2: Self = Self(0x0303);
    /// TLS 1.3 (RFC 9846, before it RFC 8446).
    pub const TLS1_3: Self = Self(0x0304);
    /// TLCP 1.1 (GB/T 38636-2020), the Chinese national protocol on the lines of TLS 1.1.
    pub const TLCP1_1: Self = Self(0x0101);
    /// DTLS 1.0 as OpenSSL before 0.9.8f sent it, which Cisco AnyConnect kept.
    pub const DTLS1_0_OPENSSL: Self = Self(0x0100);
    /// DTLS 1.0 (RFC 4347).
    pub const DTLS1_0: Self = Self(0xfeff);
    /// DTLS 1.2 (RFC 6347).
    pub const DTLS1_2: Self = Self(0xfefd);
    /// DTLS 1.3 (RFC 9147).
    pub const DTLS1_3: Self = Self(0xfefc);

    /// The name in common use, or `None` for GREASE, drafts and unknown numbers.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SSL2 => "SSL 2.0",
            Self::SSL3 => "SSL 3.0",
            Self::TLS1_0 => "TLS 1.0",
            Self::TLS1_1 => "TLS 1.1",
            Self::TLS1_2 => "TLS 1.2",
            Self::TLS1_3 => "TLS 1.3",
            Self::TLCP1_1 => "TLCP 1.1",
            Self::DTLS1_0_OPENSSL => "DTLS 1.0 (OpenSSL)",
            Self::DTLS1_0 => "DTLS 1.0",
            Self::DTLS1_2 => "DTLS 1.2",
            Self::DTLS1_3 => "DTLS 1.3",
            _ => return None,
        })
    }

    /// Whether RFC 8701 reserves the number, so that it is no version at all.
    #[must_use]
    pub const fn is_grease(self) -> bool {
        super::grease_u16(self.0)
    }

    /// The number of the TLS 1.3 draft, for `0x7f00 | draft`.
    ///
    /// Facebook's experiments used `0xfb00 | draft`, which is read alike.
    #[must_use]
    pub const fn draft(self) -> Option<u8> {
        let [high, low] = self.0.to_be_bytes();
        match (high, low) {
            // Draft 28 was the last; experiments used somewhat higher numbers.
            (0x7f | 0xfb, 0x01..=0x30) => Some(low),
            _ => None,
        }
    }

    /// Whether the handshake is that of TLS 1.3: the final version, its drafts, DTLS 1.3.
    #[must_use]
    pub const fn is_tls13(self) -> bool {
        matches!(self, Self::TLS1_3 | Self::DTLS1_3) || self.draft().is_some()
    }

    /// Whether this is a version of DTLS.
    #[must_use]
    pub const fn is_dtls(self) -> bool {
        matches!(self, Self::DTLS1_0 | Self::DTLS1_2 | Self::DTLS1_3 | Self::DTLS1_0_OPENSSL)
    }

    /// Whether the version is one that RFC 6176, RFC 7568 or RFC 8996 forbid.
    #[must_use]
    pub const fn is_deprecated(self) -> bool {
        matches!(
            self,
            Self::SSL2
                | Self::SSL3
                | Self::TLS1_0
                | Self::TLS1_1
                | Self::DTLS1_0
                | Self::DTLS1_0_OPENSSL
        )
    }

    /// The place of the version in time, so that versions of TLS and DTLS can be compared: SSL 2.0
    /// is 1, TLS 1.2 and DTLS 1.2 are 5, drafts of TLS 1.3 are 6, TLS 1.3 is 7. `None` for GREASE
    /// and unknown numbers.
    #[must_use]
    pub const fn rank(self) -> Option<u8> {
        Some(match self {
            Self::SSL2 => 1,
            Self::SSL3 => 2,
            Self::TLS1_0 => 3,
            Self::TLS1_1 | Self::DTLS1_0 | Self::DTLS1_0_OPENSSL | Self::TLCP1_1 => 4,
            Self::TLS1_2 | Self::DTLS1_2 => 5,
            Self::TLS1_3 | Self::DTLS1_3 => 7,
            _ if self.draft().is_some() => 6,
            _ => return None,
        })
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.draft()) {
            (Some(name), _) => f.write_str(name),
            (None, Some(draft)) => write!(f, "TLS 1.3 draft {draft}"),
            (None, None) if self.is_grease() => write!(f, "GREASE ({:#06x})", self.0),
            (None, None) => write!(f, "{:#06x}", self.0),
        }
    }
}

impl From<u16> for ProtocolVersion {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_orders_by_age_across_tls_and_dtls() {
        let by_age = [0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x7f1c, 0x0304];
        let ranks: Vec<_> = by_age.map(|n| ProtocolVersion(n).rank()).to_vec();
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
        assert_eq!(ProtocolVersion::DTLS1_2.rank(), ProtocolVersion::TLS1_2.rank());
        assert_eq!(ProtocolVersion(0x1a1a).rank(), None);
    }
}

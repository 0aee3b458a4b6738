//! Code points: the numbers of the TLS registries, with their names.
//!
//! Each registry is one file and one newtype that keeps numbers nobody has registered. Constants
//! are spelled as IANA spells the names, as far as Rust lets them be; `Display` prints the name,
//! `GREASE (0x1a1a)` for a reserved number of RFC 8701, or else the number as hex.
//!
//! **Source.** IANA "Transport Layer Security (TLS) Parameters" and "TLS ExtensionType Values", as
//! known in November 2026; names from outside the registry (drafts, national standards, vendors)
//! are marked in the file. `tests/registries.rs` holds the tables against those of tls-parser, and,
//! where tshark is installed and asked for, against `tshark -G values`.

/// Packs a number that has a type of its own.
macro_rules! pack_number {
    ($name:ident) => {
        impl tlsleuth_capture::packed::Pack for $name {
            fn pack(self, to: &mut tlsleuth_capture::packed::Packer) {
                self.0.pack(to);
            }

            fn unpack(from: &mut tlsleuth_capture::packed::Unpacker<'_>) -> Option<Self> {
                tlsleuth_capture::packed::Pack::unpack(from).map(Self)
            }
        }
    };
}

/// Declares one registry: the newtype, its constants, `name` and `Display`.
macro_rules! code_points {
    (
        $(#[$meta:meta])*
        $name:ident($repr:ty), $format:literal, $grease:path;
        $( $value:literal $constant:ident $text:literal; )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $repr);

        pack_number!($name);

        #[allow(non_upper_case_globals)]
        impl $name {
            $(
                #[doc = concat!("`", $text, "`, ", stringify!($value), ".")]
                pub const $constant: Self = Self($value);
            )*

            /// Every number with a name, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self($value)),*];

            /// The registered name, or `None` for a number that this version does not know.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($text), )*
                    _ => None,
                }
            }

            /// Whether the number is one that RFC 8701 reserves so that peers learn to ignore what
            /// they do not know. Always false for registries without such numbers.
            #[must_use]
            pub const fn is_grease(self) -> bool {
                $grease(self.0)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None if self.is_grease() => write!(f, concat!("GREASE (", $format, ")"), self.0),
                    None => write!(f, $format, self.0),
                }
            }
        }

        impl From<$repr> for $name {
            fn from(number: $repr) -> Self {
                Self(number)
            }
        }
    };
}

mod alert;
mod alpn;
mod certificate_compression;
mod certificate_type;
mod cipher_suite;
mod compression;
mod content_type;
mod ec_point_format;
mod extension;
mod group;
mod handshake_type;
mod psk_mode;
mod signature_scheme;
mod srtp;
mod version;

pub use alert::{AlertDescription, AlertLevel};
pub use alpn::{AlpnFamily, alpn_family, alpn_meaning};
pub use certificate_compression::CertificateCompressionAlgorithm;
pub use certificate_type::{CertificateStatusType, CertificateType, ClientCertificateType};
pub use cipher_suite::{
    Authentication, BulkCipher, CipherSuite, Hash, KeyExchange, Mac, SuiteFacts, Weakness,
};
pub use compression::CompressionMethod;
pub use content_type::ContentType;
pub use ec_point_format::EcPointFormat;
pub use extension::ExtensionType;
pub use group::{GroupKind, NamedGroup};
pub use handshake_type::HandshakeType;
pub use psk_mode::PskKeyExchangeMode;
pub use signature_scheme::{SignatureKey, SignatureScheme};
pub use srtp::SrtpProfile;
pub use version::ProtocolVersion;

/// RFC 8701 §2: sixteen values 0x0a0a, 0x1a1a to 0xfafa for suites, groups, extensions, signature
/// schemes and versions.
const fn grease_u16(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// RFC 8701 §2: eight values 0x0b, 0x2a to 0xe4 for PSK key exchange modes, 31 apart.
const fn grease_u8(number: u8) -> bool {
    number % 31 == 11 && number <= 0xe4
}

const fn no_grease_u16(_: u16) -> bool {
    false
}

const fn no_grease_u8(_: u8) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grease_is_what_rfc_8701_lists() {
        let sixteen: Vec<u16> = (0..=u16::MAX).filter(|n| grease_u16(*n)).collect();
        assert_eq!(sixteen.len(), 16);
        assert_eq!((sixteen[0], sixteen[15]), (0x0a0a, 0xfafa));
        let eight: Vec<u8> = (0..=u8::MAX).filter(|n| grease_u8(*n)).collect();
        assert_eq!(eight, [0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]);
    }

    #[test]
    fn numbers_print_as_names_grease_or_hex() {
        assert_eq!(CipherSuite(0xc02f).to_string(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(CipherSuite(0x1a2b).to_string(), "0x1a2b");
        assert_eq!(NamedGroup(0x3a3a).to_string(), "GREASE (0x3a3a)");
        assert_eq!(AlertDescription(200).to_string(), "0xc8");
    }
}

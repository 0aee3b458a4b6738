//! Elliptic curve point formats.

code_points! {
    /// How points of curves are written before TLS 1.3 (RFC 8422 §5.1.2).
    EcPointFormat(u8), "{:#04x}", super::no_grease_u8;
    0 UNCOMPRESSED "uncompressed";
    1 ANSIX962_COMPRESSED_PRIME "ansiX962_compressed_prime";
    2 ANSIX962_COMPRESSED_CHAR2 "ansiX962_compressed_char2";
}

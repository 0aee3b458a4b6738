//! Compression methods.

code_points! {
    /// How records are compressed (RFC 3749; RFC 8446 §4.1.2 leaves only `null`).
    CompressionMethod(u8), "{:#04x}", super::no_grease_u8;
    0 NULL "null";
    1 DEFLATE "DEFLATE";
    64 LZS "LZS";
}

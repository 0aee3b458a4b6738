//! Certificate compression algorithms.

code_points! {
    /// How a Certificate message is compressed (RFC 8879 §7.3). IANA "TLS Certificate Compression
    /// Algorithm IDs".
    CertificateCompressionAlgorithm(u16), "{:#06x}", super::grease_u16;
    1 ZLIB "zlib";
    2 BROTLI "brotli";
    3 ZSTD "zstd";
}

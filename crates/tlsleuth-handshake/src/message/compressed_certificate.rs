//! CompressedCertificate (RFC 8879).

use std::io::Read;

use super::ByteRange;
use crate::{
    Anomaly, Problem, anomaly::Notes, codepoint::CertificateCompressionAlgorithm, cursor::Cursor,
};

/// The most bytes that a compressed chain may expand to, which is the cap of a Certificate message
/// (`limits.md`).
pub const MAX_EXPANDED_BYTES: u32 = 1 << 20;

/// The largest window of zstd that is taken, in bytes: RFC 8878 §3.1.1.1.2 asks decoders for
/// 8 MiB at least. It bounds what a hostile frame makes the decoder allocate.
const MAX_ZSTD_WINDOW: u64 = 8 << 20;

/// A Certificate message, compressed.
///
/// ```text
/// struct {
///     CertificateCompressionAlgorithm algorithm;
///     uint24 uncompressed_length;
///     opaque compressed_certificate_message<1..2^24-1>;
/// } CompressedCertificate;
/// ```
///
/// RFC 8879 §4. Only TLS 1.3 has it, so that it is seen only with a key log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompressedCertificate {
    /// How it is compressed.
    pub algorithm: CertificateCompressionAlgorithm,
    /// The length of the Certificate message, in bytes, as claimed.
    pub uncompressed_len: u32,
    /// Where the compressed bytes are in the body.
    pub compressed: ByteRange,
}

impl CompressedCertificate {
    /// Reads the body of a CompressedCertificate, without expanding it.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut message = Self::default();
        let mut cursor = Cursor::new(body);
        if let Some(algorithm) = cursor.u16("algorithm", &mut notes) {
            message.algorithm = CertificateCompressionAlgorithm(algorithm);
            message.uncompressed_len =
                cursor.u24("uncompressed_length", &mut notes).unwrap_or_default();
            if let Some(bytes) = cursor.vec24("compressed_certificate_message", &mut notes) {
                bytes.expect_len(1, 0xff_ffff, "compressed_certificate_message", &mut notes);
                message.compressed = ByteRange::of(&bytes);
            }
            cursor.end("compressed_certificate_message", &mut notes);
        }
        (message, notes.finish())
    }

    /// The body of the Certificate message, in the form of TLS 1.3, out of the body that was
    /// decoded. Takes memory for `uncompressed_len` bytes and the algorithm's window.
    ///
    /// # Errors
    ///
    /// An anomaly when the length is beyond [`MAX_EXPANDED_BYTES`], the algorithm is not known, or
    /// the data does not expand to just the length that was claimed, which RFC 8879 §4 makes an
    /// error.
    pub fn expand(&self, body: &[u8]) -> Result<Vec<u8>, Anomaly> {
        let anomaly = |field, offset, problem| Anomaly { extension: None, field, offset, problem };
        if self.uncompressed_len > MAX_EXPANDED_BYTES {
            let problem = Problem::LengthOutOfRange {
                length: self.uncompressed_len,
                min: 1,
                max: MAX_EXPANDED_BYTES,
            };
            return Err(anomaly("uncompressed_length", 2, problem));
        }
        let compressed = self.compressed.cut(body);
        // One byte more, to see when there is more than was claimed.
        let limit = u64::from(self.uncompressed_len) + 1;
        let mut out = Vec::with_capacity(usize::try_from(self.uncompressed_len).unwrap_or(0));
        let done = match self.algorithm {
            CertificateCompressionAlgorithm::ZLIB => {
                flate2::read::ZlibDecoder::new(compressed).take(limit).read_to_end(&mut out).is_ok()
            }
            CertificateCompressionAlgorithm::BROTLI => {
                brotli_decompressor::Decompressor::new(compressed, 4096)
                    .take(limit)
                    .read_to_end(&mut out)
                    .is_ok()
            }
            CertificateCompressionAlgorithm::ZSTD => {
                zstd_window(compressed).is_some_and(|window| window <= MAX_ZSTD_WINDOW)
                    && ruzstd::decoding::StreamingDecoder::new(compressed)
                        .is_ok_and(|decoder| decoder.take(limit).read_to_end(&mut out).is_ok())
            }
            other => {
                let problem = Problem::IllegalValue { value: u32::from(other.0) };
                return Err(anomaly("algorithm", 0, problem));
            }
        };
        if done && u32::try_from(out.len()) == Ok(self.uncompressed_len) {
            Ok(out)
        } else {
            let field = "compressed_certificate_message";
            Err(anomaly(field, self.compressed.offset, Problem::Decompression))
        }
    }
}

/// The window that a zstd frame asks for, in bytes (RFC 8878 §3.1.1.1); `None` if it is no frame.
fn zstd_window(frame: &[u8]) -> Option<u64> {
    let frame = frame.strip_prefix(&0xfd2f_b528_u32.to_le_bytes())?;
    let (descriptor, rest) = frame.split_first()?;
    let is_single_segment = descriptor & 0x20 != 0;
    if !is_single_segment {
        let window = *rest.first()?;
        let base = 1_u64 << (10 + u32::from(window >> 3));
        return Some(base + (base / 8) * u64::from(window & 7));
    }
    let dictionary_len = match descriptor & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let size = rest.get(dictionary_len..)?;
    // The window is the content itself, of which the frame tells the size.
    Some(match descriptor >> 6 {
        0 => u64::from(*size.first()?),
        1 => u64::from(u16::from_le_bytes(*size.first_chunk()?)) + 256,
        2 => u64::from(u32::from_le_bytes(*size.first_chunk()?)),
        _ => u64::from_le_bytes(*size.first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(algorithm: u16, uncompressed_len: u8, compressed: &[u8]) -> Vec<u8> {
        let [high, low] = algorithm.to_be_bytes();
        let mut body = vec![high, low, 0, 0, uncompressed_len, 0, 0];
        body.push(u8::try_from(compressed.len()).unwrap());
        body.extend(compressed);
        body
    }

    /// `hello hello hello hello` by Python's zlib, as a stored block of brotli written by hand, and
    /// by the zstd command.
    const CASES: [(u16, &str); 3] = [
        (1, "78dacb48cdc9c957c8402701680308b1"),
        (2, "0b0b8068656c6c6f2068656c6c6f2068656c6c6f2068656c6c6f03"),
        (3, "28b52ffd04686500003068656c6c6f200100994b11175eae0d"),
    ];

    #[test]
    fn expands_within_the_claimed_length() {
        for (algorithm, hex) in CASES {
            let compressed = crate::testing::hex(hex);
            let body = message(algorithm, 23, &compressed);
            let (decoded, anomalies) = CompressedCertificate::decode(&body);
            assert!(anomalies.is_empty(), "{anomalies:?}");
            let expanded = decoded.expand(&body).unwrap();
            assert_eq!(expanded, b"hello hello hello hello", "{}", decoded.algorithm);
            for wrong in [22, 24] {
                let body = message(algorithm, wrong, &compressed);
                let (decoded, _) = CompressedCertificate::decode(&body);
                assert_eq!(decoded.expand(&body).unwrap_err().problem, Problem::Decompression);
            }
        }
    }

    #[test]
    fn a_giant_window_is_refused_before_it_is_allocated() {
        // Window descriptor 0xf8: 2^41 bytes.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 1, 0, 0];
        assert_eq!(zstd_window(&frame), Some(1 << 41));
        let body = message(3, 10, &frame);
        let (decoded, _) = CompressedCertificate::decode(&body);
        assert!(decoded.expand(&body).is_err());
    }
}

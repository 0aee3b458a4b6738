//! What breaks the specification, and where.

use core::fmt;

use crate::codepoint::{AlertDescription, ExtensionType};

/// Anomalies kept for one message. A hostile message could hold one for every other byte; the
/// first of them tell what is wrong, and the last one kept says that there were more.
pub const MAX_ANOMALIES: usize = 64;

/// One field of a message that breaks the specification.
///
/// What surrounds the field was still read. `offset` counts bytes from the start of the message's
/// body (behind the four bytes of the handshake header), to where the field begins.
///
/// ```
/// # use tlsleuth_handshake::message::ClientHello;
/// let (_, anomalies) = ClientHello::decode(&[3, 3, 0, 0]);
/// assert_eq!(anomalies[0].to_string(), "random, offset 2: 32 bytes needed, 2 left");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// The extension that the field is in, if any.
    pub extension: Option<ExtensionType>,
    /// The field, as the RFC calls it.
    pub field: &'static str,
    /// Where the field begins, in bytes from the start of the body.
    pub offset: u32,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field. Lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The message ends inside the field.
    Truncated {
        /// Bytes that the field takes.
        needed: u32,
        /// Bytes that there are.
        left: u32,
    },
    /// The field says that it is longer than what holds it. It was read as far as it goes.
    LengthExceeds {
        /// The length that the field claims.
        length: u32,
        /// Bytes that there are.
        left: u32,
    },
    /// The length is outside what the specification allows.
    LengthOutOfRange {
        /// The length that was found.
        length: u32,
        /// The least that is allowed.
        min: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// A list does not hold a whole number of elements.
    LengthNotMultiple {
        /// The length that was found.
        length: u32,
        /// The length of one element.
        of: u32,
    },
    /// Bytes follow the last field.
    TrailingBytes {
        /// How many.
        count: u32,
    },
    /// The value is not one that the specification allows here.
    IllegalValue {
        /// The value that was found.
        value: u32,
    },
    /// The same thing is there twice.
    Duplicate,
    /// Something that must come last does not.
    NotLast,
    /// Two fields contradict each other.
    Inconsistent {
        /// What the field contradicts.
        with: &'static str,
    },
    /// The text holds bytes that are not allowed in it.
    IllegalText,
    /// Compressed data could not be expanded.
    Decompression,
    /// There are more of them than are kept.
    TooMany {
        /// How many are kept.
        kept: u32,
    },
}

impl Anomaly {
    /// The alert that a receiver should send for it (RFC 8446 §6.2).
    #[must_use]
    pub const fn alert(&self) -> AlertDescription {
        match self.problem {
            Problem::Truncated { .. }
            | Problem::LengthExceeds { .. }
            | Problem::LengthOutOfRange { .. }
            | Problem::LengthNotMultiple { .. }
            | Problem::TooMany { .. }
            | Problem::TrailingBytes { .. } => AlertDescription::DECODE_ERROR,
            Problem::IllegalValue { .. }
            | Problem::Duplicate
            | Problem::NotLast
            | Problem::IllegalText
            | Problem::Inconsistent { .. } => AlertDescription::ILLEGAL_PARAMETER,
            // RFC 8879 §4.
            Problem::Decompression => AlertDescription::BAD_CERTIFICATE,
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(extension) = self.extension {
            write!(f, "extension {} {extension}, ", extension.0)?;
        }
        write!(f, "{}, offset {}: {}", self.field, self.offset, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { needed, left } => write!(f, "{needed} bytes needed, {left} left"),
            Self::LengthExceeds { length, left } => {
                write!(f, "length {length} exceeds the {left} bytes left")
            }
            Self::LengthOutOfRange { length, min, max: u32::MAX } => {
                write!(f, "length {length} is below {min}")
            }
            Self::LengthOutOfRange { length, min, max } if min == max => {
                write!(f, "length {length} is not {min}")
            }
            Self::LengthOutOfRange { length, min, max } => {
                write!(f, "length {length} is not in {min} to {max}")
            }
            Self::LengthNotMultiple { length, of } => {
                write!(f, "length {length} is no multiple of {of}")
            }
            Self::TrailingBytes { count } => write!(f, "{count} bytes too many"),
            Self::IllegalValue { value } => write!(f, "illegal value {value:#x}"),
            Self::Duplicate => f.write_str("there twice"),
            Self::NotLast => f.write_str("not the last one, as it must be"),
            Self::Inconsistent { with } => write!(f, "contradicts {with}"),
            Self::IllegalText => f.write_str("bytes that are not allowed in this text"),
            Self::Decompression => f.write_str("cannot be decompressed"),
            Self::TooMany { kept } => write!(f, "too many, {kept} kept"),
        }
    }
}

/// Collects the anomalies of one message.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    anomalies: Vec<Anomaly>,
    /// The extension being read, if any.
    pub(crate) extension: Option<ExtensionType>,
}

impl Notes {
    pub(crate) fn add(&mut self, field: &'static str, offset: usize, problem: Problem) {
        let extension = self.extension;
        let offset = len32(offset);
        if self.anomalies.len() < MAX_ANOMALIES - 1 {
            self.anomalies.push(Anomaly { extension, field, offset, problem });
        } else if self.anomalies.len() < MAX_ANOMALIES {
            let problem = Problem::TooMany { kept: len32(MAX_ANOMALIES) };
            self.anomalies.push(Anomaly { extension: None, field: "anomalies", offset, problem });
        }
    }

    pub(crate) fn finish(self) -> Vec<Anomaly> {
        self.anomalies
    }
}

/// A length as it is reported. No message is as long as 4 GiB.
pub(crate) fn len32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_a_sentence_for_a_ticket() {
        let anomaly = Anomaly {
            extension: Some(ExtensionType::KEY_SHARE),
            field: "client_shares",
            offset: 214,
            problem: Problem::LengthExceeds { length: 64, left: 61 },
        };
        assert_eq!(
            anomaly.to_string(),
            "extension 51 key_share, client_shares, offset 214: length 64 exceeds the 61 bytes left"
        );
        assert_eq!(anomaly.alert(), AlertDescription::DECODE_ERROR);
    }

    #[test]
    fn keeps_a_bounded_number() {
        let mut notes = Notes::default();
        for at in 0..1000 {
            notes.add("field", at, Problem::Duplicate);
        }
        let kept = notes.finish();
        assert_eq!(kept.len(), MAX_ANOMALIES);
        assert_eq!(kept.last().map(|last| last.field), Some("anomalies"));
    }
}

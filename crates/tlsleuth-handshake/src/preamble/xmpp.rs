//! XMPP: `<starttls/>` and `<proceed/>` (RFC 6120 §5.4).

use super::{Progress, Refusal, find, quote};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Xmpp {
    is_asked: bool,
    offered: Option<bool>,
}

/// Whether a client begins like this.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    let head = bytes.trim_ascii_start();
    (head.starts_with(b"<stream:stream")
        || (head.starts_with(b"<?xml") && find(head, b"stream").is_some()))
    .then_some(())
}

impl Xmpp {
    pub(super) fn is_offered(&self) -> Option<bool> {
        self.offered
    }

    pub(super) fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Tags are taken one by one; text between them does not matter.
    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        let mut consumed = 0;
        while let Some(end) = bytes.get(consumed..).and_then(|rest| find(rest, b">")) {
            if from_client && self.is_asked {
                // Behind the request there is nothing but TLS: wait for the answer.
                break;
            }
            let tag = bytes.get(consumed..consumed + end + 1).unwrap_or(&[]);
            let start = tag.iter().position(|byte| *byte == b'<').unwrap_or(0);
            let tag = tag.get(start..).unwrap_or(&[]);
            consumed += end + 1;
            if from_client {
                if tag.starts_with(b"<starttls") {
                    self.is_asked = true;
                } else if tag.starts_with(b"<auth") || tag.starts_with(b"<iq") {
                    return Progress::NoTls;
                } else if tag.starts_with(b"</stream:stream") && self.offered == Some(false) {
                    return Progress::Refused { reason: Refusal::NotOffered, consumed };
                }
            } else if tag.starts_with(b"<proceed") && self.is_asked {
                return Progress::TlsStarts { offset: consumed };
            } else if tag.starts_with(b"<failure") || tag.starts_with(b"<stream:error") {
                let reason = Refusal::Line(quote(tag));
                self.is_asked = false;
                return Progress::Refused { reason, consumed };
            } else if tag.starts_with(b"<starttls") {
                self.offered = Some(true);
            } else if tag.starts_with(b"</stream:features") && self.offered.is_none() {
                self.offered = Some(false);
            }
        }
        Progress::Continue { consumed }
    }
}

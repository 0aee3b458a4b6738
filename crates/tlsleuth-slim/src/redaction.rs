//! Frames without addresses and names: first the streams are collected and masked, then each frame
//! is made anew with its part of them.

use std::fmt;

use tlsleuth::Frame;
use tlsleuth::capture::{Decoded, Decoder, Limits};
use tlsleuth_redact::Redactor;

use crate::mask::Mask;
use crate::need::Need;
use crate::packet::{self, Packet};
use crate::streams::{Owners, Streams};

/// What replaces addresses and names in frames.
#[derive(Clone, Copy)]
pub struct Redaction<'r> {
    /// Gives the tokens.
    pub redactor: &'r Redactor,
    /// Whether a word of a plaintext protocol is one that everybody uses, and stays.
    pub usual_word: &'r dyn Fn(&str) -> bool,
}

impl fmt::Debug for Redaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction").field("redactor", self.redactor).finish_non_exhaustive()
    }
}

/// Takes the frames for the first time.
pub(crate) struct Collecting {
    decoder: Decoder,
    owners: Owners,
    streams: Streams,
}

impl Collecting {
    pub(crate) fn new(needs: &[Need]) -> Self {
        Self {
            decoder: Decoder::new(Limits::default()),
            owners: Owners::new(needs),
            streams: Streams::default(),
        }
    }

    /// Takes a frame; `kept` when it will be written.
    pub(crate) fn frame(&mut self, frame: &Frame<'_>, kept: bool) {
        if let Decoded::Segment(segment) = self.decoder.decode(frame)
            && let Some(owner) = self.owners.of(&segment)
            && kept
        {
            self.streams.push(owner, &segment);
        }
    }

    pub(crate) fn finish<'r>(
        mut self,
        redaction: &'r Redaction<'_>,
        needs: &[Need],
    ) -> Redacting<'r> {
        self.streams.mask(&Mask::new(redaction.redactor, redaction.usual_word));
        Redacting {
            redactor: redaction.redactor,
            decoder: Decoder::new(Limits::default()),
            owners: Owners::new(needs),
            streams: self.streams,
        }
    }
}

/// Takes the frames for the second time, all of them.
pub(crate) struct Redacting<'r> {
    redactor: &'r Redactor,
    decoder: Decoder,
    owners: Owners,
    streams: Streams,
}

impl Redacting<'_> {
    /// The frame as it may be shown. Nothing for one that is not kept, and for a fragment, whose
    /// packet is made when it is whole.
    pub(crate) fn frame(&mut self, frame: &Frame<'_>, kept: bool) -> Option<Packet> {
        Some(match self.decoder.decode(frame) {
            Decoded::Segment(segment) => {
                let owner = self.owners.of(&segment);
                if !kept {
                    return None;
                }
                let payload = match owner {
                    Some(owner) => self.streams.payload(owner, &segment),
                    None => vec![0; segment.payload.len()],
                };
                packet::segment(self.redactor, &segment, &payload)
            }
            _ if !kept => return None,
            Decoded::Fragment => return None,
            Decoded::Icmp(error) => packet::icmp(self.redactor, &error),
            _ => return None,
        })
    }

    pub(crate) fn blanked(&self) -> u64 {
        self.streams.blanked
    }
}

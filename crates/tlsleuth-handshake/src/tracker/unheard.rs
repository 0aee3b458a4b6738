//! Words whose answers the capture does not hold, and TLS behind them.
//!
//! Where both directions are there, the answer tells where TLS starts. Where the other direction was
//! not captured, or its answer was lost, the hello itself has to tell: it is looked for behind the
//! words.

use tlsleuth_capture::{Direction, Place};

use super::{Mode, Shared, Tracker};
use crate::connection::Side;
use crate::preamble::tds;
use crate::probe;

/// Bytes of a TDS packet's header ([MS-TDS] §2.2.3.1).
const TDS_HEADER_BYTES: usize = 8;

/// Segments that are told apart in what is held; what comes behind them counts to the last one.
const MAX_SEAMS: usize = 32;

/// Where segments begin in bytes that were put together, with their frames.
#[derive(Default, Debug)]
pub(super) struct Seams(Vec<(usize, Place)>);

impl Seams {
    pub(super) fn push(&mut self, begins: usize, at: Place) {
        if self.0.len() < MAX_SEAMS {
            self.0.push((begins, at));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Place)> {
        self.0.iter().copied()
    }

    /// Bytes held for them.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(usize, Place)>()
    }

    /// The same for the bytes from a place on.
    fn from(&self, start: usize) -> Self {
        let first = self.0.iter().rposition(|(begins, _)| *begins <= start).unwrap_or(0);
        let kept = self.0.iter().skip(first);
        Self(kept.map(|(begins, at)| (begins.saturating_sub(start), *at)).collect())
    }
}

/// What a direction said.
pub(super) struct Words<'a> {
    pub(super) bytes: &'a [u8],
    /// Of its segments; the first one begins at 0.
    pub(super) seams: &'a Seams,
}

impl<'a> Words<'a> {
    /// The frame that brought the byte at a place.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.seams.0.iter().rev().find(|(begins, _)| *begins <= offset);
        before.map_or_else(Place::default, |(_, at)| *at)
    }

    /// The frame that brought the last byte.
    pub(super) fn last(&self) -> Place {
        self.place(self.bytes.len().saturating_sub(1))
    }

    /// The segments from a place on, each with its frame.
    fn pieces(&self, from: usize) -> impl Iterator<Item = (&'a [u8], Place)> {
        let bytes = self.bytes;
        let ends = self.seams.iter().skip(1).map(|(begins, _)| begins).chain([bytes.len()]);
        self.seams.iter().zip(ends).filter_map(move |((begins, at), end)| {
            let piece = bytes.get(begins.max(from)..end.min(bytes.len()))?;
            (!piece.is_empty()).then_some((piece, at))
        })
    }
}

impl Tracker {
    /// What a direction that is not TLS so far said.
    pub(super) fn words(&mut self, shared: &Shared, direction: Direction, words: &Words<'_>) {
        let bytes = words.bytes;
        let other = self.stream(direction.opposite());
        if other.is_heard && !other.gap && other.mode != Mode::Tls {
            self.begin_plain(shared, direction, words);
            return;
        }
        let from_client = self.connection.side(direction) == Side::Client;
        match probe::find_hello(bytes, from_client) {
            Ok(found) => {
                if let Some(before) = bytes.get(..found).filter(|before| !before.is_empty()) {
                    self.begin_plain(shared, direction, &Words { bytes: before, ..*words });
                }
                let other_is_silent = self.stream(direction.opposite()).bytes == 0;
                self.preamble.take_if(|preamble| other_is_silent && preamble.is_ambiguous());
                self.leave_preamble(words.place(found));
                // What led to TLS is no plain text in the wrong place.
                *self.connection.plaintext.of_mut(self.connection.side(direction)) = None;
                self.stream(direction).clear_head();
                let packet = found.checked_sub(TDS_HEADER_BYTES).filter(|packet| {
                    bytes.get(*packet..).map(tds::unwrap) != Some(tds::Unwrapped::Bare)
                });
                if let Some(packet) = packet {
                    self.stream(direction).mode = Mode::Tds;
                    for (piece, at) in words.pieces(packet) {
                        self.tds(shared, direction, at, piece);
                    }
                } else {
                    self.begin_tls(direction, words.place(found));
                    self.go_on(shared, direction, words, found);
                }
            }
            // The last bytes may be the first ones of a hello: they wait for the next.
            Err(tail) if tail > 0 && tail < bytes.len() => {
                let (before, tail_bytes) = bytes.split_at_checked(tail).unwrap_or((bytes, &[]));
                self.begin_plain(shared, direction, &Words { bytes: before, ..*words });
                let stream = self.stream(direction);
                if stream.mode == Mode::Plain {
                    let held = stream.hold();
                    held.turn = tail_bytes.to_vec();
                    held.last = Some(words.last());
                    held.seams = words.seams.from(tail);
                }
            }
            Err(_) => self.begin_plain(shared, direction, words),
        }
    }

    /// Records, from a place on in what was held.
    pub(super) fn go_on(
        &mut self,
        shared: &Shared,
        direction: Direction,
        words: &Words<'_>,
        from: usize,
    ) {
        for (piece, at) in words.pieces(from) {
            self.tls(shared, direction, at, piece);
        }
    }

    /// The other direction turned to TLS, or its answer is missing: a hello may be among what waits
    /// for that answer.
    pub(super) fn look_again(&mut self, shared: &Shared, direction: Direction) {
        let stream = self.stream(direction);
        if stream.mode == Mode::Plain && !stream.head().is_empty() {
            let held = stream.hold();
            let waiting = std::mem::take(&mut held.head);
            let seams = held.head_seams.from(held.head_bytes.saturating_sub(waiting.len()));
            self.words(shared, direction, &Words { bytes: &waiting, seams: &seams });
        }
    }
}

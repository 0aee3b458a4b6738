//! The bytes of a direction that wait until it is known what they are.

use tlsleuth_capture::Place;

use super::Stream;
use super::unheard::Seams;

#[derive(Default, Debug)]
pub(super) struct Held {
    /// First bytes while they are too few to tell what they are.
    pub(super) head: Vec<u8>,
    /// Bytes behind the head that are held until the other direction speaks.
    pub(super) turn: Vec<u8>,
    /// The head is not TLS and more of it may come, or of the turn: the frame of its last byte.
    pub(super) last: Option<Place>,
    /// Where the segments begin that were put together to what is held: to the head at the start, to
    /// the turn later.
    pub(super) seams: Seams,
    /// The same for the head behind the start, counted in all bytes that it ever had.
    pub(super) head_seams: Seams,
    pub(super) head_bytes: usize,
}

impl Held {
    pub(super) fn buffered_bytes(&self) -> usize {
        size_of::<Self>()
            + self.head.capacity()
            + self.turn.capacity()
            + self.seams.bytes()
            + self.head_seams.bytes()
    }
}

impl Stream {
    /// What is held, to add to it.
    pub(super) fn hold(&mut self) -> &mut Held {
        self.held.get_or_insert_default()
    }

    /// The bytes at the front that are held.
    pub(super) fn head(&self) -> &[u8] {
        self.held.as_ref().map_or(&[], |held| &held.head)
    }

    pub(super) fn take_head(&mut self) -> Vec<u8> {
        self.held.as_mut().map(|held| std::mem::take(&mut held.head)).unwrap_or_default()
    }

    pub(super) fn take_turn(&mut self) -> Vec<u8> {
        self.held.as_mut().map(|held| std::mem::take(&mut held.turn)).unwrap_or_default()
    }

    pub(super) fn take_seams(&mut self) -> Seams {
        self.held.as_mut().map(|held| std::mem::take(&mut held.seams)).unwrap_or_default()
    }

    /// Nothing more is waited for: the frame of the last byte that was held for that.
    pub(super) fn take_last(&mut self) -> Option<Place> {
        self.held.as_mut()?.last.take()
    }

    pub(super) fn clear_head(&mut self) {
        if let Some(held) = &mut self.held {
            held.head.clear();
        }
    }

    /// All that is held, in order.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        let mut bytes = self.take_head();
        bytes.append(&mut self.take_turn());
        self.take_last();
        self.take_seams();
        bytes
    }

    /// Gives back the room if no byte is held.
    pub(super) fn give_back_held(&mut self) {
        self.held
            .take_if(|held| held.head.is_empty() && held.turn.is_empty() && held.last.is_none());
    }
}

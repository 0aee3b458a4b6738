//! A frame as captured, before anything in it is understood.

use crate::Place;

/// The kind of a frame's outermost header: a `LINKTYPE_` value of the tcpdump group's registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LinkType(pub u16);

/// One captured frame. Borrows its bytes from the reader, so that nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Which capture, the frame's number in it, and its time.
    pub place: Place,
    /// What the bytes begin with.
    pub link: LinkType,
    /// The interface of the capture that saw it, counted from 0 in its file.
    pub interface: u32,
    /// The captured bytes.
    pub data: &'a [u8],
    /// The frame's length on the wire in bytes; more than `data` holds when the snap length cut it.
    pub original_len: u32,
}

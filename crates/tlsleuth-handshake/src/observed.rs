//! What a peer may have sent out of our sight: unseen is not absent.

use tlsleuth_capture::packed::{Pack, Packer, Unpacker};

/// A fact that a capture can show, rule out, hide or lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Observed<T> {
    /// It was sent, and here it is.
    Present(T),
    /// It was not sent: the bytes where it would be are there.
    #[default]
    Absent,
    /// It may have been sent: the bytes where it would be are encrypted.
    Encrypted,
    /// It may have been sent: the bytes where it would be are not in the capture.
    Missed,
}

impl<T: Pack> Pack for Observed<T> {
    fn pack(self, to: &mut Packer) {
        match self {
            Self::Present(value) => {
                to.number(1);
                value.pack(to);
            }
            Self::Absent => to.number(0),
            Self::Encrypted => to.number(2),
            Self::Missed => to.number(3),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.number()? {
            0 => Self::Absent,
            1 => Self::Present(T::unpack(from)?),
            2 => Self::Encrypted,
            _ => Self::Missed,
        })
    }
}

impl<T> Observed<T> {
    /// The fact, if it is there to be seen.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Encrypted | Self::Missed => None,
        }
    }

    /// Whether it is there to be seen.
    pub fn is_present(&self) -> bool {
        matches!(self, Self::Present(_))
    }

    /// The same with the value by reference.
    pub fn as_ref(&self) -> Observed<&T> {
        match self {
            Self::Present(value) => Observed::Present(value),
            Self::Absent => Observed::Absent,
            Self::Encrypted => Observed::Encrypted,
            Self::Missed => Observed::Missed,
        }
    }

    /// The same with another view of the value.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Present(value) => Observed::Present(view(value)),
            Self::Absent => Observed::Absent,
            Self::Encrypted => Observed::Encrypted,
            Self::Missed => Observed::Missed,
        }
    }
}

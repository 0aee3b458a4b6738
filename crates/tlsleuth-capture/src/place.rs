//! Where and when a fact was seen: every fact of a report has a [`Place`].

use std::fmt;
use std::num::NonZeroU32;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, from a frame, never from a clock.
///
/// Covers the years 1678 to 2262; a capture's time outside of that is held at the nearest end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time that is `seconds` and `nanoseconds` after the epoch; saturates at the ends.
    #[must_use]
    pub fn from_parts(seconds: i64, nanoseconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
    }

    /// Nanoseconds from `earlier` to this time; negative when this time is the earlier one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.seconds(), self.0.rem_euclid(1_000_000_000))
    }
}

/// The frame that showed a fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Which capture of the incident, counted from 0 in the order of the report.
    pub capture: u32,
    /// The frame's number in its capture, counted from 1 as Wireshark shows it.
    pub frame: u64,
    /// When the frame was captured.
    pub time: Timestamp,
    /// Which frame of the whole analysis it is. A clock may be set while a capture runs: this goes on.
    pub sequence: Sequence,
}

/// The number of a frame in the order in which the frames of an analysis were taken, counted from 1;
/// 0, the default, where nobody counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(
    // One more than the number: a place that may not be there then takes no more room than one that is.
    NonZeroU32,
);

impl Sequence {
    /// A number; the last two that there are count as one.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get() - 1
    }
}

impl Default for Sequence {
    fn default() -> Self {
        Self::new(0)
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl Place {
    /// The order in which things happened: as the frames were taken, then by time and frame.
    #[must_use]
    pub fn order(&self) -> (Sequence, Timestamp, u32, u64) {
        (self.sequence, self.time, self.capture, self.frame)
    }

    /// The earlier of two places.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        if other.order() < self.order() { other } else { self }
    }

    /// The later of two places.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.order() > self.order() { other } else { self }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}@{:?}", self.capture, self.frame, self.time)
    }
}

/// A fact and the frame that completed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Located<T> {
    /// The fact.
    pub value: T,
    /// Where it was seen. For a message over several frames: the frame that completes it.
    pub at: Place,
}

impl<T> Located<T> {
    /// Puts a fact and its place together.
    pub fn new(value: T, at: Place) -> Self {
        Self { value, at }
    }

    /// The same place with another view of the fact.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: view(self.value), at: self.at }
    }

    /// The fact by reference, at the same place.
    pub fn as_ref(&self) -> Located<&T> {
        Located { value: &self.value, at: self.at }
    }
}

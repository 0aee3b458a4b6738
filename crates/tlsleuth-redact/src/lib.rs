//! Consistent, keyed replacements for addresses and names.
//!
//! The same key replaces the same original by the same token, in every output and on every day;
//! without the key nothing can be told back. What a diagnosis needs survives:
//!
//! - **Addresses** keep their prefixes ([ipcrypt's][pfx] prefix-preserving mode): two hosts of one
//!   network stay in one network.
//! - **Names** keep their number of labels, their wildcard, their common parents and their public
//!   ending, so that it can still be seen why `*.q7d0xk2.test` does not cover `w1.b9.q7d0xk2.test`.
//! - Both keep their length, so that they fit where the original stood in a packet (an address as
//!   text does not).
//!
//! What can be told: lengths, equality, and where two names or addresses share a beginning.
//!
//! [pfx]: https://datatracker.ietf.org/doc/draft-denis-ipcrypt/

#![forbid(unsafe_code)]

mod alphabet;
mod host;
pub mod key;
mod redactor;
mod suffix;

pub use key::Key;
pub use redactor::{Redactor, What};

//! Renders what an analysis found, and what changed between two: JSON, JSON Lines, a table for the
//! terminal, Markdown, HTML.
//!
//! A renderer does not judge: everything that it says is in the [`schema`] types, which mirror the
//! report of the contract one to one.

mod answer;
pub mod build;
pub mod comments;
pub mod diff;
pub mod escape;
pub mod explain;
pub mod html;
pub mod json;
mod layout;
pub mod markdown;
pub mod quantity;
pub mod redact;
pub mod schema;
mod story;
mod summary;
pub mod table;
pub mod tally;
mod unseen;
mod words;

pub use build::{CaptureInput, connection, report};
pub use redact::Redact;
pub use schema::Report;
pub use tally::Tally;

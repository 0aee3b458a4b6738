//! Renders what changed between two captures: a table for the terminal, JSON, Markdown, HTML.

mod build;
pub mod html;
pub mod markdown;
pub mod schema;
pub mod table;
mod words;

pub use build::{Input, diff};
pub use schema::Diff;

//! `tlsleuth explain`: what a finding, an alert or a line of a log means.

use std::io::{self, Write};

use tlsleuth::diagnosis::explain::{Explanation, explain};
use tlsleuth_report::explain as pages;
use tlsleuth_report::table::Style;

use crate::terminal;

/// Writes what is known of `words`; tells whether anything is.
pub(crate) fn write(words: &[String], out: &mut dyn Write) -> io::Result<bool> {
    let style = Style::new(terminal::width(false), terminal::color());
    let asked = words.join(" ");
    let asked = asked.trim();
    if asked.is_empty() {
        pages::write_all(style, out)?;
        return Ok(true);
    }
    let explanation = explain(asked);
    pages::write(asked, &explanation, style, out)?;
    Ok(!matches!(explanation, Explanation::Unknown(_)))
}

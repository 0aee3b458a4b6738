//! JSON and JSON Lines.
//!
//! Text off the wire is escaped by [`WireText`](tlsleuth::handshake::WireText) before it gets here;
//! what JSON itself must escape is left to the library, and C1 controls and bidirectional marks, which
//! JSON allows, cannot occur any more.

use std::io::{self, Write};

use crate::Report;

/// Writes the whole report as one object.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// Writes each connection on a line of its own.
///
/// # Errors
/// When `out` fails.
pub fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for connection in &report.connections {
        serde_json::to_writer(&mut *out, connection)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

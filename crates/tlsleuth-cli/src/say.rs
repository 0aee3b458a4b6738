//! Words on standard error.

use std::io::{self, Write as _};
use std::path::Path;

use tlsleuth::handshake::WireText;
use tlsleuth_report::escape;

/// One line on standard error, whatever is in it. Nothing can be done if even that fails.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "tlsleuth: {}", escape::terminal(text));
}

/// A path as it may be printed.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    WireText::new(path.as_os_str().as_encoded_bytes()).to_string()
}

/// An error with its causes.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

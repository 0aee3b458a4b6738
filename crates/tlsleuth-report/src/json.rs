//! JSON and JSON Lines.
//!
//! Text off the wire is escaped by [`WireText`](tlsleuth::handshake::WireText) before it gets here.
//! What JSON allows and a terminal does not (DEL, C1 controls, bidirectional marks and other
//! characters that nobody sees) is escaped once more, in JSON's own way: nothing is lost.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::Report;
use crate::escape;
use crate::schema::Connection;

/// Writes the whole report, or what changed between two, as one object.
///
/// # Errors
/// When `out` fails.
pub fn write<T: Serialize>(report: &T, out: &mut dyn Write) -> io::Result<()> {
    let formatter = Safe(PrettyFormatter::new());
    report.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// Writes each connection on a line of its own.
///
/// # Errors
/// When `out` fails.
pub fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.connections.iter().try_for_each(|connection| write_line(connection, out))
}

/// Writes one connection on a line of its own.
///
/// # Errors
/// When `out` fails.
pub fn write_line(connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
    let formatter = Safe(CompactFormatter);
    connection.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// One value without spaces, for the script of a page: nothing in it can end its element.
pub(crate) fn for_page<T: Serialize>(value: &T) -> io::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe(CompactFormatter)))?;
    let text = String::from_utf8(out).map_err(io::Error::other)?;
    // These stand only in strings, where JSON takes an escape for any character.
    Ok(text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

/// A formatter that escapes what a terminal must not get.
struct Safe<F>(F);

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $name<W: ?Sized + Write>(
            &mut self,
            writer: &mut W,
            $($argument: $kind),*
        ) -> io::Result<()> {
            self.0.$name(writer, $($argument),*)
        })+
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape::json(fragment, writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_no_markup() {
        let json = for_page(&"</script><!--&amp;").unwrap();
        assert!(!json.contains(['<', '>', '&']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "</script><!--&amp;");
    }

    #[test]
    fn nothing_raw_and_nothing_lost() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{e0041}\"\\\n例é";
        let mut out = Vec::new();
        text.serialize(&mut Serializer::with_formatter(&mut out, Safe(CompactFormatter))).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert_eq!(json, r#""a\u001b\u007f\u009b\u202e\udb40\udc41\"\\\n例é""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}

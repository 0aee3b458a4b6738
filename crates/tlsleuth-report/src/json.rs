//! JSON and JSON Lines.
//!
//! Text off the wire is escaped by [`WireText`](tlsleuth::handshake::WireText) before it gets here.
//! What JSON allows and a terminal does not (DEL, C1 controls, bidirectional marks and other
//! characters that nobody sees) is escaped once more, in JSON's own way: nothing is lost.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::Report;
use crate::build;
use crate::escape;
use crate::schema::{self, Connection};

/// Writes the whole report, or what changed between two, as one object.
///
/// # Errors
/// When `out` fails.
pub fn write<T: Serialize>(report: &T, out: &mut dyn Write) -> io::Result<()> {
    let formatter = Safe(PrettyFormatter::new());
    report.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// Writes a report of more connections than can be held: they come one by one behind the
/// `generator`, and the members that are known only in the end come behind them. It is the object
/// that [`write()`] writes, with its members in another order.
pub struct Stream<W> {
    out: W,
    is_first: bool,
}

impl<W: Write> Stream<W> {
    /// Begins the report.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"{")?;
        let mut stream = Self { out, is_first: true };
        stream.member("schema", &schema::SCHEMA)?;
        stream.member("generator", &build::generator())?;
        stream.out.write_all(b",\n  \"connections\": [")?;
        stream.is_first = true;
        Ok(stream)
    }

    /// The next connection.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn push(&mut self, connection: &Connection) -> io::Result<()> {
        self.separate("    ")?;
        self.value(connection, "    ")
    }

    /// The rest, taken from a report whose connections are those that were pushed.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self, rest: &Report) -> io::Result<W> {
        self.out.write_all(if self.is_first { b"]" } else { b"\n  ]" })?;
        self.is_first = false;
        self.member("captures", &rest.captures)?;
        self.member("fleet", &rest.fleet)?;
        self.member("counts", &rest.counts)?;
        self.member("redaction", &rest.redaction)?;
        self.out.write_all(b"\n}\n")?;
        Ok(self.out)
    }

    fn separate(&mut self, indent: &str) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        write!(self.out, "{comma}\n{indent}")
    }

    fn member(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.separate("  ")?;
        write!(self.out, "\"{name}\": ")?;
        self.value(value, "  ")
    }

    /// A value, its later lines indented. A line break is never within a text: there it is escaped.
    fn value(&mut self, value: &impl Serialize, indent: &str) -> io::Result<()> {
        let mut text = Vec::new();
        value
            .serialize(&mut Serializer::with_formatter(&mut text, Safe(PrettyFormatter::new())))?;
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if number > 0 {
                write!(self.out, "\n{indent}")?;
            }
            self.out.write_all(line)?;
        }
        Ok(())
    }
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

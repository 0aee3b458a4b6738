//! The report for a terminal: the answer first, the proof beside it, then the remedy.
//!
//! Pure: the width and the choice of color are arguments. With few failures each kind is told in
//! full; with many they are grouped. What was left out is always said.

use std::io::{self, Write};

mod connection;
mod failures;
mod head;
mod lists;

use crate::Report;
use crate::layout::{Line, Tone, wrap};
use crate::schema::{Connection, Evidence};
use crate::story;
use crate::summary::summary;

/// How to lay the report out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Style {
    /// Columns of the terminal; fewer than 72 are taken as 72.
    pub width: usize,
    /// Whether to color, with ANSI escape sequences.
    pub color: bool,
    /// What to list.
    pub listing: Listing,
}

impl Style {
    /// What fits on a page, laid out for so many columns.
    #[must_use]
    pub fn new(width: usize, color: bool) -> Self {
        Self { width, color, listing: Listing::Page }
    }

    /// The same with another listing.
    #[must_use]
    pub fn listing(self, listing: Listing) -> Self {
        Self { listing, ..self }
    }
}

/// What a table lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// Failures in full while they are few, grouped when they are many; the rest counted.
    Page,
    /// Every connection on a line of its own, then the failures as on the page.
    Every,
    /// Every connection in full, completed or not.
    Full,
}

/// Rows of the shorter lists.
const ROWS: usize = 10;
/// Other findings, and lines of `seen as`, shown with a verdict.
const OTHERS: usize = 6;
/// Where the text of the parts of a block begins.
const INDENT: usize = 12;

/// Writes the report.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        report,
        width: style.width.clamp(72, 400),
        several: report.captures.len() > 1,
        lines: Vec::new(),
    };
    let summary = summary(report);
    page.captures();
    page.blank();
    page.counts(&summary);
    page.fleet();
    match style.listing {
        Listing::Full => {
            for connection in &report.connections {
                page.blank();
                page.connection(connection);
            }
        }
        Listing::Every => {
            page.every(summary.days);
            page.failures(&summary);
        }
        Listing::Page => page.failures(&summary),
    }
    if style.listing != Listing::Full {
        page.incomplete(&summary);
        page.health_checks(&summary);
        page.warnings(&summary);
        page.healthy(&summary);
    }
    for line in &page.lines {
        line.write(style.color, out)?;
    }
    Ok(())
}

/// The timeline of one connection as plain lines, for other renderers.
pub(crate) fn timeline_lines(
    report: &Report,
    connection: &Connection,
    width: usize,
) -> Vec<String> {
    let mut page = Page { report, width, several: report.captures.len() > 1, lines: Vec::new() };
    page.timeline(connection);
    page.lines.iter().map(Line::plain).collect()
}

struct Page<'r> {
    report: &'r Report,
    width: usize,
    /// Whether frames need the number of their file.
    several: bool,
    lines: Vec<Line>,
}

impl<'r> Page<'r> {
    fn blank(&mut self) {
        // Two blank lines never follow each other.
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::new());
        }
    }

    /// A paragraph, with later lines indented.
    fn paragraph(&mut self, text: &str, tone: Tone, indent: usize) {
        for (index, part) in wrap(text, self.width.saturating_sub(indent)).iter().enumerate() {
            let mut line = Line::new();
            if index > 0 {
                line.to(indent);
            }
            line.push(part, tone);
            self.lines.push(line);
        }
    }

    /// A part of a block: its label, then its text, wrapped beside it. Commands stay whole, so that
    /// they can be copied.
    fn part(&mut self, label: &str, text: &str, tone: Tone) {
        let room = self.width.saturating_sub(INDENT);
        let mut label = Some(label);
        for paragraph in text.split('\n').filter(|paragraph| !paragraph.trim().is_empty()) {
            let parts = if story::is_command(paragraph) {
                vec![paragraph.to_owned()]
            } else {
                wrap(paragraph, room)
            };
            for part in parts {
                let mut line = Line::new();
                line.to(3).push(label.take().unwrap_or_default(), Tone::Label).to(INDENT);
                line.push(&part, tone);
                self.lines.push(line);
            }
        }
    }

    /// The rest of a line that has begun, wrapped.
    fn wrapped(&mut self, mut line: Line, indent: usize, text: &str, tone: Tone) {
        for part in wrap(text, self.width.saturating_sub(indent)) {
            line.to(indent).push(&part, tone);
            self.lines.push(std::mem::take(&mut line));
        }
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        self.paragraph(text, Tone::Strong, 0);
    }

    /// A frame's number, with its file's where there are several.
    fn frame(&self, capture: u32, frame: u64) -> String {
        frame_name(capture, frame, self.several)
    }
}

fn frame_name(capture: u32, frame: u64, several: bool) -> String {
    if several { format!("{}:{frame}", u64::from(capture) + 1) } else { frame.to_string() }
}

/// The frames of some evidence, each once, in brackets.
fn frames(evidence: &[Evidence], several: bool) -> String {
    let mut names: Vec<String> = Vec::new();
    for evidence in evidence {
        let name = frame_name(evidence.capture, evidence.frame, several);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(OTHERS);
    names.truncate(OTHERS);
    match (names.as_slice(), more) {
        ([], _) => String::new(),
        ([one], _) => format!(", frame {one}"),
        (several, 0) => format!(", frames {}", several.join(", ")),
        (several, more) => format!(", frames {} and {more} more", several.join(", ")),
    }
}

fn tone_of(severity: &str) -> Tone {
    match severity {
        "error" => Tone::Bad,
        "warning" => Tone::Warning,
        _ => Tone::Faint,
    }
}

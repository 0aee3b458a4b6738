//! What changed, for a terminal.

use std::io::{self, Write};

use super::schema::{Changed, Diff, Side, Single};
use super::words;
use crate::layout::{Line, Tone, wrap};
use crate::quantity;
use crate::table::Style;

/// Servers told.
const SERVERS: usize = 50;
/// Servers that appeared or are gone, files of a side.
const ROWS: usize = 20;
/// Where the values begin.
const INDENT: usize = 16;

/// Writes what changed.
///
/// # Errors
/// When `out` fails.
pub fn write(diff: &Diff, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { width: style.width.clamp(72, 400), lines: Vec::new() };
    page.side("before", &diff.before);
    page.side("after", &diff.after);
    page.line(Line::new());
    let tone = if diff.changed.is_empty() { Tone::Good } else { Tone::Strong };
    page.wrapped(Line::new(), 0, &format!("{}.", words::headline(diff)), tone);
    let mut changed: Vec<&Changed> = diff.changed.iter().collect();
    changed.sort_by_key(|changed| !words::fails_otherwise(changed));
    for one in changed.iter().take(SERVERS) {
        page.changed(diff, one);
    }
    if let Some(more) = changed.len().checked_sub(SERVERS).filter(|more| *more > 0) {
        page.line(Line::new());
        page.wrapped(Line::new(), 0, &format!("And {more} more (--format json)."), Tone::Faint);
    }
    page.singles("APPEARED", &diff.appeared);
    page.singles("GONE", &diff.gone);
    page.line(Line::new());
    page.wrapped(Line::new(), 0, &words::method(diff), Tone::Faint);
    page.lines.iter().try_for_each(|line| line.write(style.color, out))
}

struct Page {
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    fn line(&mut self, line: Line) {
        self.lines.push(line);
    }

    fn wrapped(&mut self, mut line: Line, indent: usize, text: &str, tone: Tone) {
        for part in wrap(text, self.width.saturating_sub(indent)) {
            line.to(indent).push(&part, tone);
            self.lines.push(std::mem::take(&mut line));
        }
    }

    fn side(&mut self, label: &str, side: &Side) {
        for (nth, capture) in side.captures.iter().enumerate().take(ROWS) {
            let mut line = Line::new();
            line.push(if nth == 0 { label } else { "" }, Tone::Label).to(8);
            let number = match side.captures.len() {
                1 => String::new(),
                _ => format!("{} ", nth + 1),
            };
            let mut text = format!("{number}{}", capture.path);
            if let (Some(first), Some(last)) = (&capture.first, &capture.last) {
                text.push_str(&format!("   {}", quantity::range(first, last)));
            }
            self.wrapped(line, 8, &text, Tone::Plain);
        }
        if let Some(more) = side.captures.len().checked_sub(ROWS).filter(|more| *more > 0) {
            self.wrapped(Line::new(), 8, &format!("and {more} more files"), Tone::Faint);
        }
        self.wrapped(Line::new(), 8, &words::tallied(side.counts), Tone::Plain);
        if side.interrupted {
            let text = "PARTIAL: the reading was broken off; what came later is missing.";
            self.wrapped(Line::new(), 8, text, Tone::Warning);
        }
        for left_out in &side.left_out {
            self.wrapped(Line::new(), 8, &crate::unseen::left_out(left_out), Tone::Warning);
        }
    }

    fn changed(&mut self, diff: &Diff, changed: &Changed) {
        self.line(Line::new());
        let mut line = Line::new();
        let tone = if words::fails_otherwise(changed) { Tone::Bad } else { Tone::Warning };
        line.push("CHANGED", tone).to(9);
        self.wrapped(line, 9, &words::called(changed), Tone::Strong);
        if let Some(from) = &changed.moved_from {
            let text = format!("moved here from {}", words::socket(&from.address, from.port));
            self.wrapped(Line::new(), 9, &text, Tone::Plain);
        }
        for change in words::told(changed) {
            let label = words::label(change.aspect);
            let sides = [
                ("was", words::values(&change.before, change.aspect, &diff.before)),
                ("now", words::values(&change.after, change.aspect, &diff.after)),
            ];
            for (nth, (word, values)) in sides.iter().enumerate() {
                for (index, value) in values.iter().enumerate() {
                    let mut line = Line::new();
                    let first = nth == 0 && index == 0;
                    line.to(3).push(if first { label } else { "" }, Tone::Label).to(INDENT);
                    line.push(if index == 0 { word } else { "" }, Tone::Faint).to(INDENT + 5);
                    self.wrapped(line, INDENT + 5, value, Tone::Plain);
                }
            }
            if let Some(says) = &change.says {
                self.wrapped(Line::new(), INDENT + 5, says, Tone::Plain);
            }
            self.wrapped(Line::new(), INDENT + 5, &words::sure(change), Tone::Faint);
        }
        if let Some(caution) = words::caution(changed) {
            self.wrapped(Line::new(), 3, caution, Tone::Warning);
        }
    }

    fn singles(&mut self, word: &str, singles: &[Single]) {
        if singles.is_empty() {
            return;
        }
        self.line(Line::new());
        let mut sorted: Vec<&Single> = singles.iter().collect();
        sorted.sort_by_key(|single| std::cmp::Reverse(single.counts.connections));
        for (nth, single) in sorted.iter().enumerate().take(ROWS) {
            let mut line = Line::new();
            line.push(if nth == 0 { word } else { "" }, Tone::Label).to(10);
            let seldom =
                if single.confidence == "possible" { "; too few to exclude chance" } else { "" };
            let text =
                format!("{}   {}{seldom}", words::single(single), words::tallied(single.counts));
            self.wrapped(line, 10, &text, Tone::Plain);
        }
        if let Some(more) = sorted.len().checked_sub(ROWS).filter(|more| *more > 0) {
            self.wrapped(Line::new(), 10, &format!("and {more} more (--format json)"), Tone::Faint);
        }
    }
}

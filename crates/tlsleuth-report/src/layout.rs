//! Lines for a terminal: measured, cut, wrapped, colored.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape;

/// What a piece of text means; which color that is, is decided here alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// What the eye should find first.
    Strong,
    /// What failed.
    Bad,
    /// What is risky.
    Warning,
    /// What went well.
    Good,
    /// What can be skipped.
    Faint,
    /// The name of a part.
    Label,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Faint => Style::new().dimmed(),
            Self::Label => AnsiColor::Cyan.on_default(),
        }
    }
}

/// One line, piece by piece. No piece can hold a control character: [`push`](Self::push) escapes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(String, Tone)>,
    width: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, text: &str, tone: Tone) -> &mut Self {
        let text = escape::terminal(text);
        self.width += width(&text);
        self.pieces.push((text.into_owned(), tone));
        self
    }

    /// Adds spaces up to a column.
    pub(crate) fn to(&mut self, column: usize) -> &mut Self {
        let missing = column.saturating_sub(self.width);
        if missing > 0 {
            self.pieces.push((" ".repeat(missing), Tone::Plain));
            self.width += missing;
        }
        self
    }

    /// Moves the whole line to the right.
    pub(crate) fn indent(&mut self, columns: usize) {
        self.pieces.insert(0, (" ".repeat(columns), Tone::Plain));
        self.width += columns;
    }

    /// Columns taken so far.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The line without color and without spaces at its end.
    pub(crate) fn plain(&self) -> String {
        let text: String = self.pieces.iter().map(|(text, _)| text.as_str()).collect();
        text.trim_end().to_owned()
    }

    /// Writes the line without spaces at its end.
    pub(crate) fn write(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let last = self.pieces.iter().rposition(|(text, _)| !text.trim_end().is_empty());
        let kept = last.map_or(0, |last| last + 1);
        for (index, (text, tone)) in self.pieces.iter().take(kept).enumerate() {
            let text = if index + 1 == kept { text.trim_end() } else { text };
            if color && *tone != Tone::Plain {
                let style = tone.style();
                write!(out, "{style}{text}{style:#}")?;
            } else {
                out.write_all(text.as_bytes())?;
            }
        }
        out.write_all(b"\n")
    }
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `room` columns; a longer one loses its middle to an ellipsis, because both
/// ends of a name tell more than its middle.
pub(crate) fn cut(text: &str, room: usize) -> String {
    let text = escape::terminal(text);
    if width(&text) <= room {
        return text.into_owned();
    }
    let Some(left) = room.checked_sub(1) else { return String::new() };
    let tail = take_width(text.chars().rev(), left / 2);
    let head = take_width(text.chars(), left - width_of(&tail));
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

fn width_of(chars: &[char]) -> usize {
    chars.iter().map(|c| c.width().unwrap_or(0)).sum()
}

fn take_width(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    let mut taken = 0;
    chars
        .take_while(|c| {
            taken += c.width().unwrap_or(0);
            taken <= room
        })
        .collect()
}

/// The text in lines of at most `room` columns, broken at spaces; a longer word is broken within.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let text = escape::terminal(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        let fits = line.is_empty() || width(&line) + 1 + width(word) <= room;
        if !fits {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        while width(&line) + width(word) > room {
            let head: String = take_width(word.chars(), room - width(&line)).into_iter().collect();
            // A character that is wider than the room would never fit: it goes in as it is.
            let head_len = if head.is_empty() { word.len() } else { head.len() };
            let (head, rest) = word.split_at_checked(head_len).unwrap_or((word, ""));
            line.push_str(head);
            lines.push(std::mem::take(&mut line));
            word = rest;
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Items with commas between them, in lines of at most `room` columns: a line ends with an item
/// where it can.
pub(crate) fn pack(items: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        let item = format!("{}{comma}", escape::terminal(item));
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&item) <= room => {
                line.push(' ');
                line.push_str(&item);
            }
            _ => lines.extend(wrap(&item, room)),
        }
    }
    lines
}

/// How the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table without lines: columns as wide as their cells, the flexible ones cut where the width
/// does not do.
#[derive(Debug)]
pub(crate) struct Grid {
    columns: Vec<(&'static str, Align, bool)>,
    rows: Vec<GridRow>,
}

#[derive(Debug)]
struct GridRow {
    cells: Vec<(String, Tone)>,
    below: Vec<(String, Tone)>,
}

/// The least that a flexible column is cut to.
const LEAST: usize = 10;
/// Columns between columns.
const BETWEEN: usize = 2;

impl Grid {
    pub(crate) fn new() -> Self {
        Self { columns: Vec::new(), rows: Vec::new() }
    }

    /// Adds a column that is never cut.
    pub(crate) fn fixed(mut self, title: &'static str, align: Align) -> Self {
        self.columns.push((title, align, false));
        self
    }

    /// Adds a column that is cut when the width does not do.
    pub(crate) fn flexible(mut self, title: &'static str) -> Self {
        self.columns.push((title, Align::Left, true));
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<(String, Tone)>) {
        self.rows.push(GridRow { cells, below: Vec::new() });
    }

    /// Adds a line below the last row, over the whole width, indented.
    pub(crate) fn below(&mut self, text: String, tone: Tone) {
        if let Some(row) = self.rows.last_mut() {
            row.below.push((text, tone));
        }
    }

    /// The lines, with the titles first.
    pub(crate) fn lines(&self, room: usize, indent: usize) -> Vec<Line> {
        let widths = self.widths(room);
        let mut lines = Vec::new();
        let mut titles = Line::new();
        for ((title, align, _), width) in self.columns.iter().zip(&widths) {
            put_cell(&mut titles, title, Tone::Label, *align, *width);
        }
        lines.push(titles);
        for row in &self.rows {
            let mut line = Line::new();
            for (((_, align, _), room), (text, tone)) in
                self.columns.iter().zip(&widths).zip(&row.cells)
            {
                put_cell(&mut line, &cut(text, *room), *tone, *align, *room);
            }
            lines.push(line);
            for (text, tone) in &row.below {
                for part in wrap(text, room.saturating_sub(indent)) {
                    let mut line = Line::new();
                    line.to(indent).push(&part, *tone);
                    lines.push(line);
                }
            }
        }
        lines
    }

    /// Columns that it takes when nothing is cut.
    pub(crate) fn natural_width(&self) -> usize {
        let between = BETWEEN * self.columns.len().saturating_sub(1);
        self.widths(usize::MAX).iter().sum::<usize>() + between
    }

    fn widths(&self, room: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, (title, ..))| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(index));
                // Escaping can only make a text longer, so it is measured escaped.
                let widest = cells.map(|(text, _)| width(&escape::terminal(text))).max();
                widest.unwrap_or(0).max(width(title))
            })
            .collect();
        let between = BETWEEN * self.columns.len().saturating_sub(1);
        // The widest flexible column gives first, so that short ones stay whole.
        while widths.iter().sum::<usize>() + between > room {
            let widest = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(width, (_, _, flexible))| *flexible && **width > LEAST)
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((width, _)) => *width -= 1,
                None => break,
            }
        }
        widths
    }
}

fn put_cell(line: &mut Line, text: &str, tone: Tone, align: Align, room: usize) {
    let start = line.width();
    let start = if start == 0 { 0 } else { start + BETWEEN };
    let lead = match align {
        Align::Left => 0,
        Align::Right => room.saturating_sub(width(text)),
    };
    line.to(start + lead).push(text, tone);
    // An empty last cell leaves no trace: `Line::write` drops the spaces.
    line.to(start + room);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(cut("api.example.test", 16), "api.example.test");
        assert_eq!(cut("api.example.test", 9), "api.…test");
        assert_eq!(cut("例え例え例え", 7), "例え…え");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn text_breaks_at_spaces_and_long_words_within() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("0123456789abc x", 8), ["01234567", "89abc x"]);
        assert_eq!(wrap("", 8), [""]);
        for room in 0..12 {
            let text = "a bb ccc 例え例え例え 0123456789 z";
            let joined: String = wrap(text, room).concat().replace(' ', "");
            assert_eq!(joined, text.replace(' ', ""), "{room}");
        }
    }

    #[test]
    fn a_line_holds_no_control_character() {
        let mut line = Line::new();
        line.push("a\u{1b}[2Jb\n", Tone::Bad);
        let mut out = Vec::new();
        line.write(false, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u{1b}[2Jb\\u{a}\n");
    }

    #[test]
    fn a_grid_fits() {
        let mut grid = Grid::new().fixed("n", Align::Right).flexible("server name");
        grid.row(vec![("12".into(), Tone::Plain), ("a".repeat(50), Tone::Plain)]);
        grid.below("why".into(), Tone::Plain);
        let mut out = Vec::new();
        for line in grid.lines(24, 4) {
            line.write(false, &mut out).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            " n  server name\n12  aaaaaaaaaa…aaaaaaaaa\n    why\n"
        );
    }
}

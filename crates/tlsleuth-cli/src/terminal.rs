//! What the terminal can show: its width, and whether to color.

use std::io::{self, IsTerminal as _};

use anstream::ColorChoice;

use crate::arguments::{Color, Main};

/// The width of a page that nobody watches: a file, a pipe.
const WIDTH: usize = 100;

/// Columns, and whether to color what goes to standard output or to a file.
pub(crate) fn style(arguments: &Main) -> (usize, bool) {
    let to_file = arguments.output.is_some();
    let color = match arguments.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if to_file => false,
        Color::Auto => color(),
    };
    (width(to_file), color)
}

/// Whether standard output takes color: heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM, and
/// whether it is a terminal.
pub(crate) fn color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// `COLUMNS`, else the terminal's width, else a width that reads well.
pub(crate) fn width(to_file: bool) -> usize {
    #[expect(clippy::disallowed_methods, reason = "the command reads the environment")]
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    if let Some(columns) = columns.filter(|columns| *columns > 0) {
        return columns;
    }
    if to_file || !io::stdout().is_terminal() {
        return WIDTH;
    }
    terminal_size::terminal_size()
        .map_or(WIDTH, |(terminal_size::Width(columns), _)| columns.into())
}

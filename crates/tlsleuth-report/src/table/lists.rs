//! What did not fail, in short lists; and every connection on a line.

use super::{Page, ROWS};
use crate::layout::{Align, Grid, Tone};
use crate::quantity::{self, count};
use crate::schema::Connection;
use crate::story;
use crate::summary::{HEALTH_CHECK, Summary};

impl<'r> Page<'r> {
    pub(super) fn incomplete(&mut self, summary: &Summary<'r>) {
        if summary.incomplete.is_empty() {
            return;
        }
        self.heading("Incomplete: the capture does not show their end or their beginning");
        let mut grid = Grid::new().fixed("open", Align::Right).flexible("server").flexible("name");
        for kind in summary.incomplete.iter().take(ROWS) {
            let known = kind
                .example()
                .and_then(|example| example.findings.first())
                .map_or_else(|| last_step(kind.example()), |finding| finding.title.clone());
            grid.row(vec![
                (count(kind.count()), Tone::Warning),
                (story::socket(kind.server), Tone::Plain),
                (kind.sni.unwrap_or("–").to_owned(), Tone::Plain),
            ]);
            if let Some(example) = kind.example() {
                let known = story::capitalized(&known);
                grid.below(format!("{known}; see --connection {}", example.id), Tone::Faint);
            }
        }
        self.lines.extend(grid.lines(self.width, 6));
        self.more(summary.incomplete.len() + summary.more.incomplete, "groups");
    }

    pub(super) fn health_checks(&mut self, summary: &Summary<'r>) {
        if summary.health_checks.is_empty() {
            return;
        }
        self.heading("Opened and closed without a byte: health checks or port scans, no failures");
        let mut grid = Grid::new().fixed("times", Align::Right).flexible("server").flexible("from");
        for kind in summary.health_checks.iter().take(ROWS) {
            let from = match (kind.clients(), kind.example()) {
                (1, Some(example)) => example.client.address.clone(),
                (several, _) => format!("{several} clients"),
            };
            grid.row(vec![
                (count(kind.count()), Tone::Plain),
                (story::socket(kind.server), Tone::Plain),
                (from, Tone::Plain),
            ]);
        }
        self.lines.extend(grid.lines(self.width, 4));
        self.more(summary.health_checks.len() + summary.more.health_checks, "groups");
    }

    pub(super) fn warnings(&mut self, summary: &Summary<'r>) {
        if summary.warnings.is_empty() {
            return;
        }
        self.heading("Warnings on connections that completed");
        let mut grid = Grid::new()
            .fixed("times", Align::Right)
            .flexible("server")
            .flexible("name")
            .flexible("code");
        for warned in summary.warnings.iter().take(ROWS) {
            let example = warned.example;
            grid.row(vec![
                (count(warned.count), Tone::Warning),
                (story::socket(&example.server), Tone::Plain),
                (example.sni.clone().unwrap_or_else(|| "–".to_owned()), Tone::Plain),
                (warned.finding.code.to_owned(), Tone::Plain),
            ]);
            let title = story::capitalized(&warned.finding.title);
            grid.below(format!("{title}; see --connection {}", example.id), Tone::Faint);
        }
        self.lines.extend(grid.lines(self.width, 7));
        self.more(summary.warnings.len() + summary.more.warnings, "warnings");
    }

    pub(super) fn healthy(&mut self, summary: &Summary<'r>) {
        if summary.healthy.is_empty() {
            return;
        }
        self.heading("Completed");
        let mut grid = Grid::new()
            .fixed("times", Align::Right)
            .flexible("server")
            .flexible("name")
            .flexible("version");
        for healthy in summary.healthy.iter().take(ROWS) {
            grid.row(vec![
                (count(healthy.count), Tone::Good),
                (story::socket(healthy.server), Tone::Plain),
                (healthy.sni.unwrap_or("–").to_owned(), Tone::Plain),
                (healthy.versions.join(", "), Tone::Plain),
            ]);
        }
        self.lines.extend(grid.lines(self.width, 4));
        self.more(summary.healthy.len() + summary.more.healthy, "servers and names");
    }

    /// Every connection on a line.
    pub(super) fn every(&mut self, days: bool) {
        self.blank();
        let wide = self.every_grid(days, true);
        // Addresses cut in the middle tell nothing: rather fewer columns.
        let grid =
            if wide.natural_width() <= self.width { wide } else { self.every_grid(days, false) };
        self.lines.extend(grid.lines(self.width, 4));
    }

    /// A connection a line; where it must be narrow, the verdict stands for the outcome.
    fn every_grid(&self, days: bool, wide: bool) -> Grid {
        let mut grid = Grid::new()
            .fixed("id", Align::Right)
            .fixed("start", Align::Left)
            .flexible("client")
            .flexible("server")
            .flexible("name");
        if wide {
            grid = grid
                .fixed("version", Align::Left)
                .fixed("outcome", Align::Left)
                .fixed("verdict", Align::Left)
                .fixed("who", Align::Left);
        } else {
            grid = grid.fixed("outcome", Align::Left);
        }
        for connection in &self.report.connections {
            let (outcome, tone) = match connection.outcome {
                _ if connection.verdict == Some(HEALTH_CHECK) => ("no hello", Tone::Faint),
                "failed" => ("failed", Tone::Bad),
                "completed" => ("completed", Tone::Good),
                other => (other, Tone::Warning),
            };
            let start = if days {
                quantity::moment(&connection.start, true)
            } else {
                quantity::fine_clock(&connection.start).to_owned()
            };
            let mut cells = vec![
                (connection.id.to_string(), Tone::Plain),
                (start, Tone::Faint),
                (story::socket(&connection.client), Tone::Plain),
                (story::socket(&connection.server), Tone::Plain),
                (connection.sni.clone().unwrap_or_else(|| "–".to_owned()), Tone::Plain),
            ];
            if wide {
                let party = story::verdict(connection).map_or("", |finding| finding.party);
                cells.extend([
                    (connection.version.name.clone().unwrap_or_default(), Tone::Plain),
                    (outcome.to_owned(), tone),
                    (connection.verdict.unwrap_or_default().to_owned(), Tone::Plain),
                    (party.to_owned(), Tone::Plain),
                ]);
            } else {
                let verdict = connection.verdict.filter(|_| outcome == "failed");
                cells.push((verdict.unwrap_or(outcome).to_owned(), tone));
            }
            grid.row(cells);
        }
        grid
    }

    /// Says how much of a list was left out.
    fn more(&mut self, all: usize, what: &str) {
        if let Some(more) = all.checked_sub(ROWS).filter(|more| *more > 0) {
            let text = format!("and {more} more {what} (--all lists every connection)");
            self.paragraph(&text, Tone::Faint, 0);
        }
    }
}

fn last_step(connection: Option<&Connection>) -> String {
    connection
        .and_then(|connection| connection.timeline.last())
        .map_or_else(String::new, |event| format!("the last step seen: {}", event.summary))
}

//! Failed connections: in full while they are few, by kind when they are many.

use super::{Page, ROWS};
use crate::layout::{Align, Grid, Tone};
use crate::quantity::{self, count, counted};
use crate::story;
use crate::summary::{Kind, Summary, Verdict, verdicts};
use crate::tally::FEW;

/// Kinds of failures listed when they are many.
const KINDS: usize = 30;

impl<'r> Page<'r> {
    pub(super) fn failures(&mut self, summary: &Summary<'r>) {
        let failures = summary.failures();
        if failures == 0 {
            return;
        }
        // Up to so many are told one by one: each kind in full, its like on a line.
        if failures <= u64::try_from(FEW).unwrap_or(u64::MAX) {
            for kind in &summary.kinds {
                self.kind_in_full(kind);
            }
            return;
        }
        self.blank();
        self.kinds(&summary.kinds, summary.days);
        if let [kind] = summary.kinds.as_slice()
            && let Some(example) = kind.example()
        {
            self.blank();
            self.paragraph("The first of them in full:", Tone::Faint, 0);
            self.blank();
            self.connection(example);
        }
    }

    /// One connection of a kind in full, and its like on a line each.
    fn kind_in_full(&mut self, kind: &Kind<'r>) {
        let Some(example) = kind.example() else { return };
        self.blank();
        self.connection(example);
        let others = kind.members.get(1..).unwrap_or_default();
        if others.is_empty() {
            return;
        }
        let mut grid = Grid::new()
            .fixed("again", Align::Right)
            .fixed("start", Align::Left)
            .flexible("client")
            .fixed("frame", Align::Right)
            .flexible("what ended it");
        // The level of an alert and how it was recognized are in its own story.
        let brief = |summary: &str| {
            let summary = summary.strip_prefix("Alert: fatal, ").unwrap_or(summary);
            match summary.split_once(" (") {
                Some((name, _)) if summary.starts_with("encrypted alert") => name.to_owned(),
                _ => summary.to_owned(),
            }
        };
        for other in others {
            let failing = story::failing_step(other).and_then(|index| other.timeline.get(index));
            let (frame, step) = failing.map_or_else(Default::default, |event| {
                (self.frame(event.capture, event.frame), brief(&event.summary))
            });
            grid.row(vec![
                (format!("connection {}", other.id), Tone::Plain),
                (quantity::fine_clock(&other.start).to_owned(), Tone::Plain),
                (story::socket(&other.client), Tone::Plain),
                (frame, Tone::Plain),
                (step, Tone::Plain),
            ]);
        }
        self.blank();
        for mut row in grid.lines(self.width.saturating_sub(3), 4) {
            row.indent(3);
            self.lines.push(row);
        }
    }

    fn kinds(&mut self, kinds: &[Kind<'r>], days: bool) {
        let listed = if kinds.len() > KINDS {
            // Too many to see the wood for the trees: the verdicts first, whatever the server.
            self.verdicts(kinds);
            kinds.get(..ROWS).unwrap_or(kinds)
        } else {
            kinds
        };
        // Names stand in columns of their own where there is room, else on the line below.
        let wide = kinds_grid(listed, true, days);
        let grid =
            if wide.natural_width() <= self.width { wide } else { kinds_grid(listed, false, days) };
        self.lines.extend(grid.lines(self.width, 9));
        self.blank();
        let shown = listed.len();
        let mut text = format!(
            "{shown} of {} shown.",
            counted(kinds.len().try_into().unwrap_or(u64::MAX), "kind")
        );
        if let Some(rest) = kinds.get(shown..).filter(|rest| !rest.is_empty()) {
            let failures: u64 = rest.iter().map(Kind::count).sum();
            text.push_str(&format!(
                " Left out: {} in rarer kinds; --code and --server narrow it down.",
                counted(failures, "failure")
            ));
        }
        if let Some(example) = kinds.first().and_then(Kind::example) {
            text.push_str(&format!(
                " One of them in full: --connection {}. All: --all. For a ticket: -f markdown.",
                example.id
            ));
        }
        self.paragraph(&text, Tone::Faint, 0);
    }

    /// Failures by verdict alone.
    fn verdicts(&mut self, kinds: &[Kind<'r>]) {
        let mut grid = Grid::new()
            .fixed("failed", Align::Right)
            .fixed("servers", Align::Right)
            .fixed("verdict", Align::Left)
            .fixed("who", Align::Left)
            .fixed("example", Align::Left);
        for Verdict { kind, failed, kinds, .. } in verdicts(kinds) {
            let example = kind
                .example()
                .map_or_else(String::new, |example| format!("--connection {}", example.id));
            grid.row(vec![
                (count(failed), Tone::Bad),
                (kinds.to_string(), Tone::Plain),
                (kind.verdict.unwrap_or("unexplained").to_owned(), Tone::Strong),
                (kind.party().to_owned(), Tone::Plain),
                (example, Tone::Faint),
            ]);
        }
        self.lines.extend(grid.lines(self.width, 9));
        self.blank();
    }
}

fn kinds_grid(kinds: &[Kind<'_>], wide: bool, days: bool) -> Grid {
    let mut grid = Grid::new()
        .fixed("failed", Align::Right)
        .fixed("of", Align::Right)
        .fixed("first", Align::Left)
        .fixed("last", Align::Left);
    if wide {
        grid = grid.flexible("server").flexible("name");
    }
    grid = grid.flexible("verdict").fixed("who", Align::Left);
    for kind in kinds {
        let server = story::socket(kind.server);
        let name = kind.sni.unwrap_or("–").to_owned();
        let mut cells = vec![
            (count(kind.count()), Tone::Bad),
            (count(kind.of), Tone::Plain),
            (quantity::moment(&kind.first_start(), days), Tone::Plain),
            (quantity::moment(&kind.last_start(), days), Tone::Plain),
        ];
        if wide {
            cells.extend([(server.clone(), Tone::Plain), (name.clone(), Tone::Plain)]);
        }
        cells.push((kind.verdict.unwrap_or("unexplained").to_owned(), Tone::Strong));
        cells.push((kind.party().to_owned(), Tone::Plain));
        grid.row(cells);
        if !wide {
            grid.below(format!("{server}  {name}"), Tone::Plain);
        }
        if let Some(example) = kind.example() {
            let clients = match kind.clients() {
                1 => format!("client {}", example.client.address),
                several => format!("{several} clients"),
            };
            let text =
                format!("{} {clients}; see --connection {}", story::headline(example), example.id);
            grid.below(text, Tone::Faint);
        }
    }
    grid
}

//! The report for a terminal: the answer first, the proof beside it, then the remedy.
//!
//! Pure: the width and the choice of color are arguments. With few failures each kind is told in
//! full; with many they are grouped. What was left out is always said.

use std::io::{self, Write};

use crate::Report;
use crate::layout::{Align, Grid, Line, Tone, cut, pack, width, wrap};
use crate::quantity::{self, count, counted};
use crate::redact;
use crate::schema::{Capture, Chain, Connection, Evidence, Finding};
use crate::story::{self, Row};
use crate::summary::{HEALTH_CHECK, Kind, Summary, Totals, Verdict, summary, verdicts};
use crate::tally::FEW;

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

/// Kinds of failures listed when they are many.
const KINDS: usize = 30;
/// Rows of the shorter lists.
const ROWS: usize = 10;
/// Lines that the details of one step of a timeline may take.
const DETAIL_LINES: usize = 3;
/// Other findings, and lines of `seen as`, shown with a verdict.
const OTHERS: usize = 6;
/// The least that the client's column of a timeline takes.
const CLIENT_ROOM: usize = 14;
/// Certificates of a chain shown.
const CERTIFICATES: usize = 6;
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

    // ---- the head ----

    fn captures(&mut self) {
        let captures = &self.report.captures;
        if let [capture] = captures.as_slice() {
            self.capture_line(None, capture);
        } else {
            self.all_captures();
            for (index, capture) in captures.iter().enumerate().take(ROWS) {
                self.capture_line(Some(index + 1), capture);
            }
            if captures.len() > ROWS {
                let more = captures.len() - ROWS;
                self.paragraph(&format!("    and {more} more files"), Tone::Faint, 4);
            }
            self.paragraph(
                "    Frames are written file:frame, with the numbers of the files above.",
                Tone::Faint,
                4,
            );
        }
        for (index, capture) in captures.iter().enumerate() {
            for finding in capture.findings.iter().take(ROWS) {
                let file = if self.several {
                    format!("file {} ({}): ", index + 1, file_name(&capture.path))
                } else {
                    String::new()
                };
                let title = story::capitalized(&finding.title);
                let frames = frames(&finding.evidence, false);
                let mut line = Line::new();
                line.push("warning", Tone::Warning).to(9);
                let text = format!("{file}{title} ({}{frames}).", finding.code);
                let text = format!("{text} {}", finding.explanation);
                self.wrapped(line, 9, &text, Tone::Plain);
            }
            if capture.findings.len() > ROWS {
                let more = capture.findings.len() - ROWS;
                self.paragraph(
                    &format!("         and {more} more (--format json)"),
                    Tone::Faint,
                    9,
                );
            }
        }
        if let Some(told) = redact::told::sentence(self.report.redaction) {
            self.paragraph(&format!("    {told}"), Tone::Faint, 4);
        }
        if self.report.counts.interrupted {
            self.paragraph(
                "PARTIAL: the reading was broken off; what came later is missing.",
                Tone::Warning,
                9,
            );
        }
    }

    /// The rest of a line that has begun, wrapped.
    fn wrapped(&mut self, mut line: Line, indent: usize, text: &str, tone: Tone) {
        for part in wrap(text, self.width.saturating_sub(indent)) {
            line.to(indent).push(&part, tone);
            self.lines.push(std::mem::take(&mut line));
        }
    }

    fn all_captures(&mut self) {
        let captures = &self.report.captures;
        let frames: u64 = captures.iter().map(|capture| capture.frames).sum();
        let size: u64 = captures.iter().map(|capture| capture.bytes).sum();
        let first = captures.iter().filter_map(|capture| capture.first.as_deref()).min();
        let last = captures.iter().filter_map(|capture| capture.last.as_deref()).max();
        let dropped: Option<u64> =
            captures.iter().filter_map(|c| c.dropped_packets).reduce(|a, b| a.saturating_add(b));
        let mut facts = vec![counted(frames, "frame"), quantity::bytes(size)];
        facts.extend(time_span(first, last));
        facts.extend(lost(dropped, frames));
        let mut line = Line::new();
        line.push(
            &counted(self.report.captures.len().try_into().unwrap_or(u64::MAX), "file"),
            Tone::Strong,
        );
        line.push("   ", Tone::Plain);
        self.wrapped(line, 0, &facts.join(", "), Tone::Plain);
    }

    fn capture_line(&mut self, number: Option<usize>, capture: &Capture) {
        let mut facts = Vec::new();
        match &capture.format {
            Some(format) => facts.push(match &capture.file_compression {
                Some(compression) => format!("{format} in {compression}"),
                None => format.clone(),
            }),
            None => facts.push("could not be read".to_owned()),
        }
        facts.extend(capture.link_types.iter().take(3).map(|link| link_type(link)));
        if capture.link_types.len() > 3 {
            facts.push(format!("{} more link types", capture.link_types.len() - 3));
        }
        facts.push(counted(capture.frames, "frame"));
        // Not known of a capture whose reading was broken off.
        if capture.bytes > 0 {
            facts.push(quantity::bytes(capture.bytes));
        }
        let mut line = Line::new();
        if let Some(number) = number {
            line.push(&format!("{number:>3} "), Tone::Label);
        } else {
            facts.extend(time_span(capture.first.as_deref(), capture.last.as_deref()));
            facts.extend(lost(capture.dropped_packets, capture.frames));
        }
        let name = if capture.path == "-" { "standard input" } else { &capture.path };
        let name = cut(name, self.width.saturating_sub(line.width()));
        line.push(&name, Tone::Strong);
        let in_one = facts.join(", ");
        if line.width() + 3 + width(&in_one) <= self.width {
            line.push("   ", Tone::Plain).push(&in_one, Tone::Plain);
            self.lines.push(line);
        } else {
            self.lines.push(line);
            for part in pack(&facts, self.width.saturating_sub(4)) {
                let mut line = Line::new();
                line.to(4).push(&part, Tone::Plain);
                self.lines.push(line);
            }
        }
    }

    fn counts(&mut self, summary: &Summary<'_>) {
        let Totals { connections, completed, failed, incomplete, health_checks } = summary.totals;
        if connections + health_checks == 0 {
            let flows = self.report.counts.flows;
            let text = match flows {
                0 => "No TLS connection, and no TCP connection at all.".to_owned(),
                _ => format!(
                    "No TLS connection among {}. If TLS is spoken on an unusual port and failed \
                     before its first byte, name it: --port PORT.",
                    counted(flows, "TCP connection")
                ),
            };
            self.paragraph(&text, Tone::Strong, 0);
            return;
        }
        let mut line = Line::new();
        line.push(&format!("{}: ", counted(connections, "TLS connection")), Tone::Strong);
        let mut first = true;
        for (number, word, tone) in [
            (completed, "completed", Tone::Good),
            (failed, "failed", Tone::Bad),
            (incomplete, "incomplete", Tone::Warning),
        ] {
            if number > 0 {
                line.push(if first { "" } else { ", " }, Tone::Plain);
                line.push(&format!("{} {word}", count(number)), tone);
                first = false;
            }
        }
        if first {
            line.push("none", Tone::Plain);
        }
        if health_checks > 0 {
            let text = format!("; {} set apart", counted(health_checks, "health check"));
            line.push(&text, Tone::Plain);
        }
        self.lines.push(line);
        let left_out = self.report.counts.connections_left_out;
        if left_out > 0 {
            let text = format!(
                "{} shown: {} left out by the filters.",
                count(summary.shown),
                count(left_out)
            );
            self.paragraph(&text, Tone::Plain, 0);
        }
        if summary.ungrouped > 0 {
            let text = format!(
                "{} in none of the lists below: too many servers and names.",
                counted(summary.ungrouped, "connection")
            );
            self.paragraph(&text, Tone::Warning, 0);
        }
        let counts = &self.report.counts;
        if counts.flows_evicted > 0 || counts.holes_given_up > 0 {
            let text = format!(
                "A limit was reached: {} given up while they were open, {} in streams not waited \
                 for any longer.",
                counted(counts.flows_evicted, "connection"),
                counted(counts.holes_given_up, "hole")
            );
            self.paragraph(&text, Tone::Warning, 0);
        }
    }

    fn fleet(&mut self) {
        for finding in &self.report.fleet.findings {
            self.blank();
            let mut line = Line::new();
            line.push("ACROSS", tone_of(finding.severity)).to(8);
            let title = format!("{}.", story::capitalized(&finding.title));
            self.wrapped(line, 8, &title, Tone::Strong);
            self.reasons(finding);
            self.part("who", finding.party, Tone::Plain);
            self.part("fix", &finding.remedy, Tone::Plain);
            self.part("code", &format!("{}, {}", finding.code, finding.confidence), Tone::Plain);
        }
        for left_out in &self.report.fleet.left_out {
            self.paragraph(&crate::words::left_out(left_out), Tone::Warning, 0);
        }
    }

    // ---- failures ----

    fn failures(&mut self, summary: &Summary<'r>) {
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
            let example = kind.example().map_or(0, |example| example.id);
            grid.row(vec![
                (count(failed), Tone::Bad),
                (kinds.to_string(), Tone::Plain),
                (kind.verdict.unwrap_or("unexplained").to_owned(), Tone::Strong),
                (kind.party().to_owned(), Tone::Plain),
                (format!("--connection {example}"), Tone::Faint),
            ]);
        }
        self.lines.extend(grid.lines(self.width, 9));
        self.blank();
    }

    /// One connection in full.
    fn connection(&mut self, connection: &'r Connection) {
        let failed = connection.outcome == "failed";
        let (word, tone) = match connection.outcome {
            "failed" => ("FAILED", Tone::Bad),
            "completed" => ("OK", Tone::Good),
            _ => ("OPEN", Tone::Warning),
        };
        let mut facts = vec![(
            format!(
                "{} → {}",
                story::socket(&connection.client),
                story::socket(&connection.server)
            ),
            Tone::Plain,
        )];
        if let Some(name) = &connection.sni {
            facts.push((name.clone(), Tone::Strong));
        }
        if let Some(application) = &connection.application {
            facts.push((application.clone(), Tone::Plain));
        }
        if let Some(version) = &connection.version.name {
            facts.push((version.clone(), Tone::Plain));
        }
        if let Some(after) = story::failed_after(connection) {
            facts.push((format!("after {}", quantity::span(after)), Tone::Plain));
        }
        facts.push((format!("connection {}", connection.id), Tone::Faint));
        let mut line = Line::new();
        line.push(word, tone).to(8);
        for (index, (text, tone)) in facts.iter().enumerate() {
            let text = cut(text, self.width.saturating_sub(8));
            if index > 0 && line.width() + 3 + width(&text) > self.width {
                self.lines.push(std::mem::take(&mut line));
                line.to(8);
            } else if index > 0 {
                line.push("   ", Tone::Plain);
            }
            line.push(&text, *tone);
        }
        self.lines.push(line);
        let headline = story::headline(connection);
        if !headline.is_empty() {
            let mut line = Line::new();
            line.to(8);
            let tone = if failed { Tone::Strong } else { Tone::Plain };
            self.wrapped(line, 8, &headline, tone);
        }
        self.lines.push(Line::new());
        self.timeline(connection);
        self.lines.push(Line::new());
        let verdict = story::verdict(connection);
        if let Some(finding) = verdict {
            self.reasons(finding);
        }
        if let Some(chain) = story::chain_of_interest(connection) {
            self.chain(chain);
        }
        if let Some(finding) = verdict {
            self.part("who", &story::who(finding.party, connection), Tone::Strong);
            self.part("fix", &finding.remedy, Tone::Plain);
            for (index, step) in finding.next_steps.iter().enumerate() {
                self.part(if index == 0 { "settle" } else { "or" }, step, Tone::Plain);
            }
            self.seen_as(finding);
        }
        self.others(connection);
        for (index, line) in connection.log_lines.iter().take(OTHERS).enumerate() {
            self.part(if index == 0 { "log" } else { "" }, line, Tone::Plain);
        }
        if self.several {
            self.files(connection);
        }
        // In one piece, to be copied into Wireshark.
        let mut line = Line::new();
        line.to(3).push("filter", Tone::Label).to(INDENT);
        line.push(&connection.wireshark_filter, Tone::Faint);
        self.lines.push(line);
        if let Some(finding) = verdict {
            let mut line = Line::new();
            line.to(3).push("code", Tone::Label).to(INDENT).push(finding.code, Tone::Strong);
            line.push(&format!(", {}", finding.confidence), Tone::Plain);
            let explain = format!("tlsleuth explain {}", finding.code);
            if line.width() + 4 + width(&explain) <= self.width {
                line.push("    ", Tone::Plain).push(&explain, Tone::Faint);
            }
            self.lines.push(line);
        }
    }

    /// The files in which a connection is, by the numbers that stand before its frames.
    fn files(&mut self, connection: &Connection) {
        let mut numbers: Vec<u32> = connection.timeline.iter().map(|e| e.capture).collect();
        numbers.extend([connection.capture, connection.last_capture]);
        numbers.sort_unstable();
        numbers.dedup();
        for (index, number) in numbers.iter().take(OTHERS).enumerate() {
            let capture = usize::try_from(*number).ok().and_then(|n| self.report.captures.get(n));
            if let Some(capture) = capture {
                let mut line = Line::new();
                line.to(3).push(if index == 0 { "files" } else { "" }, Tone::Label).to(INDENT);
                line.push(&format!("{} ", u64::from(*number) + 1), Tone::Faint);
                let room = self.width.saturating_sub(line.width());
                line.push(&cut(&capture.path, room), Tone::Faint);
                self.lines.push(line);
            }
        }
        if let Some(more) = numbers.len().checked_sub(OTHERS).filter(|more| *more > 0) {
            self.part("", &format!("and {more} more files"), Tone::Faint);
        }
    }

    fn timeline(&mut self, connection: &'r Connection) {
        let timeline = story::timeline(connection);
        // Times and frames are as wide as the widest of them.
        let times = timeline.rows().map(|row| width(&quantity::offset(row.offset_ms)));
        let time_end = 3 + times.max().unwrap_or(0).max(6);
        let frames = timeline.rows().map(|row| width(&self.place(row)));
        let frame_end = time_end + 2 + frames.max().unwrap_or(0).max(5);
        let client = frame_end + 3;
        let room = self.width.saturating_sub(client + 4);
        // The client's column is as wide as what stands in it, and takes less than half.
        let texts = timeline.rows().filter(|row| row.from == "client");
        let widest = texts.map(|row| width(&client_text(row, usize::MAX).0)).max().unwrap_or(0);
        let most = widest.clamp(CLIENT_ROOM, (room * 45 / 100).max(CLIENT_ROOM));
        // The server's long words, such as suites, must not break where the client can do with less.
        let others = timeline.rows().filter(|row| row.from != "client");
        let words = others.flat_map(|row| pack(&row.items, usize::MAX));
        let longest = words.flat_map(|line| line.split(' ').map(width).max()).max().unwrap_or(0);
        let client_room = most.min(room.saturating_sub(longest).max(CLIENT_ROOM));
        let places = Places { time_end, frame_end, client, client_room };
        let mut line = Line::new();
        line.to(time_end - 4)
            .push("time", Tone::Label)
            .to(frame_end - 5)
            .push("frame", Tone::Label);
        line.to(client).push("client", Tone::Label);
        line.to(client + client_room + 4).push("server", Tone::Label);
        self.lines.push(line);
        for row in &timeline.head {
            self.step(row, &places);
        }
        if timeline.left_out > 0 {
            let mut line = Line::new();
            line.to(client).push(
                &format!("… {} more steps (--format json has them all)", timeline.left_out),
                Tone::Faint,
            );
            self.lines.push(line);
        }
        for row in &timeline.tail {
            self.step(row, &places);
        }
    }

    /// The frame of a row, or that it is from a log.
    fn place(&self, row: &Row<'_>) -> String {
        if row.is_log { "log".to_owned() } else { self.frame(row.capture, row.frame) }
    }

    fn step(&mut self, row: &Row<'_>, places: &Places) {
        let Places { time_end, frame_end, client, client_room } = *places;
        let arrow_at = client + client_room + 1;
        let right = arrow_at + 3;
        let right_room = self.width.saturating_sub(right);
        let tone = if row.failing { Tone::Bad } else { Tone::Plain };
        let (left_lines, mut right_lines, arrow) = match row.from {
            "client" => {
                let (text, details) = client_text(row, client_room);
                let details =
                    if details.is_empty() { Vec::new() } else { wrap(&details, right_room) };
                let text = if row.items.len() > 1 {
                    pack(&row.items, client_room)
                } else {
                    wrap(&text, client_room)
                };
                (text, details, if row.is_log { " " } else { "→" })
            }
            "server" => {
                (Vec::new(), pack(&row.items, right_room), if row.is_log { " " } else { "←" })
            }
            // From whoever is between: drawn in the middle, said in words.
            _ => (Vec::new(), pack(&row.items, right_room), "×"),
        };
        if right_lines.len() > DETAIL_LINES && row.from == "client" {
            right_lines.truncate(DETAIL_LINES);
            if let Some(last) = right_lines.last_mut() {
                last.push_str(" …");
            }
        }
        let detail_tone = match (row.from, row.failing) {
            (_, true) => Tone::Bad,
            ("client", false) => Tone::Faint,
            _ => Tone::Plain,
        };
        for index in 0..left_lines.len().max(right_lines.len()) {
            let mut line = Line::new();
            if index == 0 {
                line.push(if row.failing { " ✗ " } else { "   " }, Tone::Bad);
                let time = quantity::offset(row.offset_ms);
                line.to(time_end.saturating_sub(width(&time))).push(&time, Tone::Faint);
                let frame = self.place(row);
                line.to(frame_end.saturating_sub(width(&frame))).push(&frame, Tone::Plain);
            }
            line.to(client);
            if let Some(text) = left_lines.get(index) {
                line.push(text, tone);
            }
            if index == 0 {
                line.to(arrow_at).push(arrow, tone);
            }
            if let Some(text) = right_lines.get(index) {
                line.to(right).push(text, detail_tone);
            }
            self.lines.push(line);
        }
    }

    /// The evidence, then what happened in sentences.
    fn reasons(&mut self, finding: &Finding) {
        let names: Vec<String> = finding
            .evidence
            .iter()
            .map(|evidence| format!("frame {}", self.frame(evidence.capture, evidence.frame)))
            .collect();
        let says = INDENT + names.iter().map(|name| width(name)).max().unwrap_or(0) + 3;
        let mut label = Some("why");
        for (evidence, name) in finding.evidence.iter().zip(&names) {
            let mut line = Line::new();
            line.to(3).push(label.take().unwrap_or_default(), Tone::Label).to(INDENT);
            line.push(name, Tone::Strong);
            self.wrapped(line, says, &evidence.says, Tone::Plain);
        }
        self.part(label.unwrap_or_default(), &finding.explanation, Tone::Plain);
    }

    fn chain(&mut self, chain: &Chain) {
        for (index, certificate) in chain.certificates.iter().take(CERTIFICATES).enumerate() {
            let day = |time: &Option<String>| {
                time.as_deref().map_or("?", |time| quantity::date(time)).to_owned()
            };
            let facts = format!(
                "   {} to {}   {}",
                day(&certificate.not_before),
                day(&certificate.not_after),
                certificate.key
            );
            let room = self.width.saturating_sub(INDENT + 2 + width(&facts));
            let name = if room < 24 { self.width.saturating_sub(INDENT + 2) } else { room };
            let mut line = Line::new();
            line.to(3).push(if index == 0 { "chain" } else { "" }, Tone::Label).to(INDENT);
            line.push(&format!("{} ", index + 1), Tone::Faint);
            line.push(&short_name(&certificate.subject, name), Tone::Plain);
            if room >= 24 {
                line.push(&facts, Tone::Faint);
            }
            self.lines.push(line);
            // The issuer of the last one is where the chain goes on, or breaks off.
            if index + 1 == chain.certificates.len() {
                let mut line = Line::new();
                line.to(INDENT + 2).push("issued by ", Tone::Faint);
                let room = self.width.saturating_sub(INDENT + 12);
                let own = certificate.issuer == certificate.subject;
                let issuer = if own { "itself" } else { &certificate.issuer };
                line.push(&cut(issuer, room), Tone::Faint);
                self.lines.push(line);
            }
        }
        if let Some(more) = chain.certificates.len().checked_sub(CERTIFICATES).filter(|n| *n > 0) {
            self.part("", &format!("and {more} more certificates"), Tone::Faint);
        }
    }

    fn seen_as(&mut self, finding: &Finding) {
        for (index, words) in finding.seen_as.iter().take(OTHERS).enumerate() {
            self.part(if index == 0 { "seen as" } else { "" }, words, Tone::Faint);
        }
        if let Some(more) = finding.seen_as.len().checked_sub(OTHERS).filter(|more| *more > 0) {
            self.part(
                "",
                &format!("and {more} more: tlsleuth explain {}", finding.code),
                Tone::Faint,
            );
        }
    }

    /// Findings beside the verdict.
    fn others(&mut self, connection: &Connection) {
        let others: Vec<&Finding> =
            connection.findings.iter().filter(|finding| !finding.root_cause).collect();
        for (index, finding) in others.iter().take(OTHERS).enumerate() {
            let frames = frames(&finding.evidence, self.several);
            let mut line = Line::new();
            line.to(3).push(if index == 0 { "also" } else { "" }, Tone::Label).to(INDENT);
            line.push(finding.code, tone_of(finding.severity)).push("  ", Tone::Plain);
            let indent = line.width();
            let text = format!("{}{frames}", finding.title);
            if indent < self.width / 2 {
                self.wrapped(line, indent, &text, Tone::Plain);
            } else {
                self.lines.push(line);
                let mut line = Line::new();
                line.to(INDENT + 2);
                self.wrapped(line, INDENT + 2, &text, Tone::Plain);
            }
        }
        if let Some(more) = others.len().checked_sub(OTHERS).filter(|more| *more > 0) {
            self.part("", &format!("and {more} more (--format json)"), Tone::Faint);
        }
    }

    // ---- what did not fail ----

    fn incomplete(&mut self, summary: &Summary<'r>) {
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
        self.more(summary.incomplete.len(), "groups");
    }

    fn health_checks(&mut self, summary: &Summary<'r>) {
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
        self.more(summary.health_checks.len(), "groups");
    }

    fn warnings(&mut self, summary: &Summary<'r>) {
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
        self.more(summary.warnings.len() + summary.more_warnings, "warnings");
    }

    fn healthy(&mut self, summary: &Summary<'r>) {
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
        self.more(summary.healthy.len(), "servers and names");
    }

    /// Every connection on a line.
    fn every(&mut self, days: bool) {
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

    fn heading(&mut self, text: &str) {
        self.blank();
        self.paragraph(text, Tone::Strong, 0);
    }

    /// Says how much of a list was left out.
    fn more(&mut self, all: usize, what: &str) {
        if let Some(more) = all.checked_sub(ROWS).filter(|more| *more > 0) {
            let text = format!("and {more} more {what} (--all lists every connection)");
            self.paragraph(&text, Tone::Faint, 0);
        }
    }

    /// A frame's number, with its file's where there are several.
    fn frame(&self, capture: u32, frame: u64) -> String {
        frame_name(capture, frame, self.several)
    }
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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

struct Places {
    time_end: usize,
    frame_end: usize,
    client: usize,
    client_room: usize,
}

/// What stands in the client's column, and what goes beside it because it would not fit.
fn client_text(row: &Row<'_>, room: usize) -> (String, String) {
    if let [only] = row.items.as_slice()
        && let Some((name, details)) = only.split_once(": ")
        && (name == "ClientHello" || width(only) > room)
    {
        return (name.to_owned(), details.to_owned());
    }
    (row.items.join(", "), String::new())
}

/// A distinguished name in at most `room` columns: its first part where not all of it fits.
fn short_name(name: &str, room: usize) -> String {
    match name.split_once(',') {
        Some((first, _)) if width(name) > room && width(first) + 2 <= room => format!("{first},…"),
        _ => cut(name, room),
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

fn last_step(connection: Option<&Connection>) -> String {
    connection
        .and_then(|connection| connection.timeline.last())
        .map_or_else(String::new, |event| format!("the last step seen: {}", event.summary))
}

fn tone_of(severity: &str) -> Tone {
    match severity {
        "error" => Tone::Bad,
        "warning" => Tone::Warning,
        _ => Tone::Faint,
    }
}

fn time_span(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let (first, last) = (first?, last?);
    let range = quantity::range(first, last);
    let span = quantity::milliseconds_between(first, last).filter(|span| *span >= 1_000.0);
    Some(match span {
        Some(span) => format!("{range} ({})", quantity::span(span)),
        None => range,
    })
}

/// What the capturing system lost.
fn lost(dropped: Option<u64>, frames: u64) -> Option<String> {
    let dropped = dropped.filter(|dropped| *dropped > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let share = dropped as f64 * 100.0 / (dropped.saturating_add(frames)) as f64;
    let digits = if share < 0.1 { 3 } else { 1 };
    Some(format!("{} packets ({share:.digits$} %) lost by the capture", count(dropped)))
}

/// The link type as people call it.
fn link_type(name: &str) -> String {
    match name {
        "ETHERNET" => "Ethernet",
        "LINUX_SLL" | "LINUX_SLL2" => "Linux cooked",
        "RAW" | "IPV4" | "IPV6" => "raw IP",
        "NULL" | "LOOP" => "loopback",
        "IEEE802_11" => "Wi-Fi",
        "IEEE802_11_RADIOTAP" => "Wi-Fi with radiotap",
        other => other,
    }
    .to_owned()
}

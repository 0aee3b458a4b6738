//! The head of the table: the captures, how many connections, what they show together.

use super::{Page, ROWS, frames, tone_of};
use crate::layout::{Line, Tone, cut, pack, width};
use crate::quantity::{self, count, counted};
use crate::redact;
use crate::schema::Capture;
use crate::story;
use crate::summary::{Summary, Totals, few_of_each};
use crate::unseen;

impl<'r> Page<'r> {
    pub(super) fn captures(&mut self) {
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

    pub(super) fn counts(&mut self, summary: &Summary<'_>) {
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
            self.unseen();
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
        self.unseen();
    }

    /// What the captures hold and this page does not.
    fn unseen(&mut self) {
        for text in unseen::limits(self.report) {
            self.paragraph(&text, Tone::Warning, 0);
        }
        if let Some(text) = unseen::protocols(self.report) {
            self.paragraph(&text, Tone::Plain, 0);
        }
    }

    pub(super) fn fleet(&mut self) {
        let (shown, more) = few_of_each(&self.report.fleet.findings, OF_ONE_CODE);
        for finding in shown {
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
        for (code, times) in more {
            self.blank();
            let text = format!("and {} more of {code} (--format json has them all)", count(times));
            self.paragraph(&text, Tone::Faint, 0);
        }
    }
}

/// What many connections show together is told of so many servers for each code.
const OF_ONE_CODE: u64 = 5;

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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

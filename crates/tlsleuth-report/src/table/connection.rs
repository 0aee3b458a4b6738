//! One connection in full: its ladder, why it failed, who has to act and how.

use super::{INDENT, OTHERS, Page, frames, tone_of};
use crate::layout::{Line, Tone, cut, pack, width, wrap};
use crate::quantity;
use crate::schema::{Chain, Connection, Finding};
use crate::story::{self, Row};
use crate::words;

/// Lines that the details of one step of a timeline may take.
const DETAIL_LINES: usize = 3;
/// The least that the client's column of a timeline takes.
const CLIENT_ROOM: usize = 14;
/// Certificates of a chain shown.
const CERTIFICATES: usize = 6;

impl<'r> Page<'r> {
    /// One connection in full.
    pub(super) fn connection(&mut self, connection: &'r Connection) {
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
        self.names(connection);
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

    /// What the captures call the two ends.
    fn names(&mut self, connection: &Connection) {
        let captures = &self.report.captures;
        let mut names: Vec<String> = Vec::new();
        for end in [&connection.client, &connection.server] {
            let named = captures.iter().flat_map(|capture| &capture.names);
            for named in named.filter(|named| named.address == end.address).take(OTHERS) {
                let text = format!("{} is {}", named.address, named.name);
                if !names.contains(&text) {
                    names.push(text);
                }
            }
        }
        if !names.is_empty() {
            let text = format!("{} (says the capture)", names.join(", "));
            self.part("names", &text, Tone::Faint);
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

    pub(super) fn timeline(&mut self, connection: &'r Connection) {
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
    pub(super) fn reasons(&mut self, finding: &Finding) {
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
        for (index, sct) in words::sct_lines(chain).iter().enumerate() {
            self.part(if index == 0 { "SCTs" } else { "" }, sct, Tone::Faint);
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

//! The report as one page of HTML that works from a mail attachment: no network, no script or style
//! but its own (a content security policy names both by their hashes), light and dark, printable.
//!
//! No element, attribute name or address comes from input: text goes through maud, which escapes,
//! after [`escape::terminal`] made what nobody sees visible.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use sha2::{Digest as _, Sha256};

use crate::Report;
use crate::escape;
use crate::layout::pack;
use crate::quantity::{self, counted};
use crate::schema::{Chain, Connection, Finding};
use crate::story::{self, Row};
use crate::summary::{HEALTH_CHECK, Kind, Summary, summary};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Connections told in full: failures first.
const FULL: usize = 400;
/// Bars of the strip of time.
const BARS: usize = 120;
/// Marks of failures in the strip of time.
const MARKS: usize = 2_000;
/// Lines of one step in a ladder.
const LINES: usize = 8;
/// Frames of evidence, files, findings of a list.
const ITEMS: usize = 50;

/// Writes the page.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report).into_string().as_bytes())
}

/// Text that may come from input: maud escapes what is markup, this what nobody sees.
struct Text<'t>(&'t str);

impl Render for Text<'_> {
    fn render_to(&self, buffer: &mut String) {
        escape::terminal(self.0).as_ref().render_to(buffer);
    }
}

fn page(report: &Report) -> Markup {
    let summary = summary(report);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let title = title(&summary);
    let mut full: Vec<&Connection> =
        report.connections.iter().filter(|connection| is_failure(connection)).collect();
    full.extend(report.connections.iter().filter(|connection| !is_failure(connection)));
    full.truncate(FULL);
    full.sort_by_key(|connection| (!is_failure(connection), connection.id));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (Text(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (Text(&title)) }
                    (sentences(report, &summary))
                    (strip(report))
                    (kinds(&summary))
                    (connections(report, &full))
                    h2 { "In full" }
                    @if full.len() < report.connections.len() {
                        p { (full.len()) " of " (counted(number(report.connections.len()), "connection"))
                            " are told in full, failures first." }
                    }
                    @for connection in &full { (detail(report, connection)) }
                    (captures(report))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn is_failure(connection: &Connection) -> bool {
    connection.outcome == "failed" && connection.verdict != Some(HEALTH_CHECK)
}

fn title(summary: &Summary<'_>) -> String {
    match summary.kinds.as_slice() {
        [] => format!(
            "TLS: nothing failed among {}",
            counted(summary.totals.connections, "connection")
        ),
        [kind] => format!(
            "TLS: {} of {} to {} failed: {}",
            quantity::count(kind.count()),
            counted(kind.of, "connection"),
            kind.sni.map_or_else(|| story::socket(kind.server), str::to_owned),
            kind.verdict.unwrap_or("unexplained")
        ),
        kinds => format!(
            "TLS: {} of {} failed in {} ways",
            quantity::count(summary.failures()),
            counted(summary.totals.connections, "connection"),
            kinds.len()
        ),
    }
}

fn sentences(report: &Report, summary: &Summary<'_>) -> Markup {
    let totals = summary.totals;
    let first = summary.kinds.iter().filter_map(Kind::example).map(|c| c.start.as_str()).min();
    let last = summary.kinds.iter().filter_map(Kind::last).map(|c| c.start.as_str()).max();
    html! {
        @if report.counts.interrupted {
            p.warning { "Partial: the reading was broken off; what came later is missing." }
        }
        dl.facts {
            dt { "What" }
            dd {
                @match summary.kinds.first().and_then(Kind::example) {
                    Some(example) => (Text(&story::headline(example))),
                    None => "Nothing failed.",
                }
            }
            @if let (Some(first), Some(last)) = (first, last) {
                dt { "Since" }
                dd { (Text(&quantity::range(first, last))) }
            }
            @if let Some((kind, example)) = summary.kinds.first().and_then(|k| Some((k, k.example()?))) {
                dt { "Who has to act" }
                dd { (Text(&story::who(kind.party(), example))) }
            }
            dt { "Connections" }
            dd {
                (quantity::count(totals.connections)) ": "
                span.completed { (quantity::count(totals.completed)) " completed" } ", "
                span.failed { (quantity::count(totals.failed)) " failed" } ", "
                span.incomplete { (quantity::count(totals.incomplete)) " incomplete" }
                @if totals.health_checks > 0 {
                    "; " (counted(totals.health_checks, "health check")) " set apart"
                }
                @if report.counts.connections_left_out > 0 {
                    "; " (quantity::count(report.counts.connections_left_out)) " left out by filters"
                }
            }
        }
        @for finding in &report.fleet.findings {
            h2 { (Text(&story::capitalized(&finding.title))) }
            (reasons(report, finding))
        }
    }
}

/// All connections over time as an area, failures as marks.
fn strip(report: &Report) -> Markup {
    let first = report.connections.iter().map(|c| c.start.as_str()).min();
    let last = report.connections.iter().map(|c| c.start.as_str()).max();
    let (Some(first), Some(last)) = (first, last) else { return html! {} };
    let span = quantity::milliseconds_between(first, last).unwrap_or(0.0).max(1.0);
    let at = |connection: &Connection| {
        let since = quantity::milliseconds_between(first, &connection.start).unwrap_or(0.0);
        (since / span).clamp(0.0, 1.0)
    };
    let mut bars = [0_u32; BARS];
    for connection in &report.connections {
        #[expect(clippy::cast_precision_loss, reason = "a bar's number is small")]
        let place = at(connection) * (BARS - 1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of bars"
        )]
        if let Some(bar) = bars.get_mut(place as usize) {
            *bar = bar.saturating_add(1);
        }
    }
    let highest = f64::from(bars.iter().copied().max().unwrap_or(1).max(1));
    let failures: Vec<&Connection> =
        report.connections.iter().filter(|connection| is_failure(connection)).collect();
    let label = format!(
        "{} over time, {} of them failed",
        counted(number(report.connections.len()), "connection"),
        failures.len()
    );
    html! {
        h2 { "Over time" }
        svg viewBox="0 0 1200 110" role="img" aria-label=(label) {
            @for (index, bar) in (0_u32..).zip(bars) {
                @if bar > 0 {
                    @let height = f64::from(bar) / highest * 60.0;
                    rect.area x=(format!("{}", index * 10)) y=(format!("{:.1}", 70.0 - height))
                        width="9" height=(format!("{height:.1}")) {}
                }
            }
            line.axis x1="0" y1="70" x2="1200" y2="70" {}
            @for failure in failures.iter().take(MARKS) {
                @let x = at(failure) * 1190.0 + 5.0;
                path.mark d=(format!("M{x:.1} 74 l4 10 h-8 z")) {}
            }
            text.faint x="0" y="104" { (Text(&format!("{} {}", quantity::date(first), quantity::clock(first)))) }
            text.faint x="1200" y="104" text-anchor="end" { (Text(&format!("{} {} UTC", quantity::date(last), quantity::clock(last)))) }
        }
        @if failures.len() > MARKS {
            p.faint { "The first " (MARKS) " of " (failures.len()) " failures are marked." }
        }
    }
}

fn kinds(summary: &Summary<'_>) -> Markup {
    if summary.kinds.is_empty() {
        return html! {};
    }
    html! {
        h2 { "Failures by kind" }
        div.scroll tabindex="0" role="region" aria-label="Failures by kind" {
            table {
                thead { tr {
                    @for title in ["failed", "of", "first", "last", "server", "name", "verdict", "who", "what"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody {
                    @for kind in &summary.kinds {
                        @let start = |c: Option<&Connection>| c.map_or_else(String::new, |c| quantity::moment(&c.start, summary.days));
                        tr {
                            td.failed { (quantity::count(kind.count())) }
                            td { (quantity::count(kind.of)) }
                            td { (Text(&start(kind.example()))) }
                            td { (Text(&start(kind.last()))) }
                            td.mono { (Text(&story::socket(kind.server))) }
                            td.name { (Text(kind.sni.unwrap_or("–"))) }
                            td { code { (Text(kind.verdict.unwrap_or("unexplained"))) } }
                            td { (Text(kind.party())) }
                            td.long {
                                @if let Some(example) = kind.example() {
                                    a href=(format!("#c{}", example.id)) { (Text(&story::headline(example))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn connections(report: &Report, full: &[&Connection]) -> Markup {
    let told: std::collections::HashSet<u64> = full.iter().map(|c| c.id).collect();
    html! {
        h2 { "Connections" }
        div.tools {
            label { "Search" input #search type="search" autocomplete="off"; }
            label { "Outcome"
                select #outcome {
                    option value="" { "all" }
                    option value="failed" { "failed" }
                    option value="completed" { "completed" }
                    option value="incomplete" { "incomplete" }
                }
            }
            span #status role="status" { (report.connections.len()) " connections" }
        }
        div.scroll tabindex="0" role="region" aria-label="Connections" {
            table #connections {
                thead { tr {
                    @for title in ["id", "start", "client", "server", "name", "version", "outcome", "verdict", "who"] {
                        th scope="col" { button type="button" { (title) } }
                    }
                } }
                tbody {
                    @for c in &report.connections {
                        tr data-outcome=(c.outcome) {
                            td { @if told.contains(&c.id) { a href=(format!("#c{}", c.id)) { (c.id) } } @else { (c.id) } }
                            td.mono { (Text(&format!("{} {}", quantity::date(&c.start), quantity::fine_clock(&c.start)))) }
                            td.mono { (Text(&story::socket(&c.client))) }
                            td.mono { (Text(&story::socket(&c.server))) }
                            td.name { (Text(c.sni.as_deref().unwrap_or("–"))) }
                            td { (Text(c.version.name.as_deref().unwrap_or(""))) }
                            td class=(c.outcome) { (c.outcome) }
                            td { code { (Text(c.verdict.unwrap_or(""))) } }
                            td { (Text(story::verdict(c).map_or("", |finding| finding.party))) }
                        }
                    }
                }
            }
        }
    }
}

fn detail(report: &Report, connection: &Connection) -> Markup {
    let verdict = story::verdict(connection);
    let filter = format!("f{}", connection.id);
    html! {
        details id=(format!("c{}", connection.id)) {
            summary {
                span class=(connection.outcome) { (connection.outcome) } " "
                (connection.id) ": " (Text(&story::socket(&connection.client))) " → "
                (Text(&story::socket(&connection.server)))
                @if let Some(name) = &connection.sni { " " (Text(name)) }
                @if let Some(version) = &connection.version.name { " " (Text(version)) }
                @if let Some(verdict) = connection.verdict { " " code { (Text(verdict)) } }
            }
            p.headline { (Text(&story::headline(connection))) }
            (ladder(report, connection))
            @if let Some(chain) = story::chain_of_interest(connection)
                .or(connection.server_chain.as_ref()) { (certificates(chain)) }
            @if let Some(finding) = verdict {
                (reasons(report, finding))
                h3 { "Who has to act" }
                p { (Text(&story::who(finding.party, connection))) }
                (lines("What to change", finding.remedy.lines()))
                (lines("What would settle it", finding.next_steps.iter().map(String::as_str)))
                (lines("Seen as", finding.seen_as.iter().copied()))
            }
            @let others: Vec<&Finding> = connection.findings.iter().filter(|f| !f.root_cause).collect();
            @if !others.is_empty() {
                h3 { "Also" }
                ul { @for finding in others.iter().take(ITEMS) {
                    li { code { (finding.code) } " " span class=(finding.severity) { "(" (finding.severity) ")" } " " (Text(&finding.title)) }
                } }
            }
            (lines("In the logs", connection.log_lines.iter().map(String::as_str)))
            h3 { "In Wireshark" }
            p {
                code id=(filter) { (Text(&connection.wireshark_filter)) }
                button.copy type="button" data-from=(filter) aria-label=(format!("Copy the filter of connection {}", connection.id)) { "copy" }
            }
            @if let Some(finding) = verdict {
                p.faint { code { (finding.code) } ", " (finding.confidence) " " (finding.references.join(", ")) }
            }
        }
    }
}

fn lines<'l>(title: &str, lines: impl Iterator<Item = &'l str>) -> Markup {
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return html! {};
    }
    html! {
        h3 { (title) }
        ul {
            @for line in lines.iter().take(ITEMS) {
                li { @if story::is_command(line) { code { (Text(line)) } } @else { (Text(line)) } }
            }
            @if lines.len() > ITEMS { li { "and " (lines.len() - ITEMS) " more" } }
        }
    }
}

fn reasons(report: &Report, finding: &Finding) -> Markup {
    html! {
        h3 { "Why" }
        ul {
            @for evidence in finding.evidence.iter().take(ITEMS) {
                li {
                    strong { (Text(&frame(report, evidence.capture, evidence.frame))) } ": "
                    (Text(&evidence.says))
                }
            }
            @if finding.evidence.len() > ITEMS { li { "and " (finding.evidence.len() - ITEMS) " more frames" } }
        }
        @if !finding.explanation.is_empty() { p { (Text(&finding.explanation)) } }
    }
}

fn frame(report: &Report, capture: u32, frame: u64) -> String {
    if report.captures.len() < 2 {
        return format!("frame {frame}");
    }
    let path = usize::try_from(capture).ok().and_then(|n| report.captures.get(n));
    format!("frame {frame} of {}", path.map_or("?", |capture| capture.path.as_str()))
}

/// The ladder: both ends as lines, each step an arrow.
fn ladder(report: &Report, connection: &Connection) -> Markup {
    const STEP: u32 = 22;
    const LINE: u32 = 15;
    const ROOM: usize = 86;
    let timeline = story::timeline(connection);
    // Each row with its place and its lines; a row with much to say is higher.
    let mut rows: Vec<(&Row<'_>, u32, Vec<String>)> = Vec::new();
    let mut y = 36;
    for row in timeline.rows() {
        let mut lines = pack(&row.items, ROOM);
        lines.truncate(LINES);
        let height = STEP + LINE * u32::try_from(lines.len().saturating_sub(1)).unwrap_or(0);
        rows.push((row, y, lines));
        y += height;
    }
    let height = y;
    let label = format!("The steps of connection {}, from top to bottom", connection.id);
    html! {
        svg viewBox=(format!("0 0 1100 {height}")) role="img" aria-label=(label) {
            text x="230" y="14" text-anchor="middle" { "client" }
            text x="450" y="14" text-anchor="middle" { "server" }
            line.axis x1="230" y1="20" x2="230" y2=(height) {}
            line.axis x1="450" y1="20" x2="450" y2=(height) {}
            @for (row, y, lines) in &rows {
                @let y = *y;
                @let bad = if row.failing { "bad" } else { "" };
                @let name = if row.is_log { "log".to_owned() } else if report.captures.len() > 1 { format!("{}:{}", u64::from(row.capture) + 1, row.frame) } else { row.frame.to_string() };
                text.faint x="90" y=(y + 4) text-anchor="end" { (quantity::offset(row.offset_ms)) }
                text.faint x="170" y=(y + 4) text-anchor="end" { (name) }
                @if row.failing { text.bad x="200" y=(y + 4) text-anchor="middle" { "✗" } }
                @match row.from {
                    _ if row.is_log => {}
                    "client" => {
                        line class=(format!("arrow {bad}")) x1="232" y1=(y) x2="440" y2=(y) {}
                        path class=(format!("head {bad}")) d=(format!("M448 {y} l-10 -5 v10 z")) {}
                    }
                    "server" => {
                        line class=(format!("arrow {bad}")) x1="240" y1=(y) x2="448" y2=(y) {}
                        path class=(format!("head {bad}")) d=(format!("M232 {y} l10 -5 v10 z")) {}
                    }
                    _ => { text.bad x="340" y=(y + 4) text-anchor="middle" { "×" } }
                }
                @for (index, line) in (0..).zip(lines) {
                    text class=(bad) x="466" y=(y + 4 + LINE * index) { (Text(line)) }
                }
            }
        }
        @if timeline.left_out > 0 {
            p.faint { (timeline.left_out) " steps in the middle are left out; JSON has them all." }
        }
    }
}

fn certificates(chain: &Chain) -> Markup {
    let last = chain.certificates.last();
    let complete = chain.trusted == Some(true);
    html! {
        h3 { "Certificates" }
        ol.chain {
            @for (index, certificate) in chain.certificates.iter().take(ITEMS).enumerate() {
                li {
                    strong { (index + 1) " " (Text(&certificate.subject)) } br;
                    "issued by " (Text(&certificate.issuer)) br;
                    (Text(certificate.not_before.as_deref().map_or("?", quantity::date))) " to "
                    (Text(certificate.not_after.as_deref().map_or("?", quantity::date))) ", " (Text(&certificate.key)) br;
                    @if !certificate.dns_names.is_empty() {
                        "names: " (Text(&certificate.dns_names.join(", ")))
                        @if certificate.names_total > certificate.dns_names.len() { " (" (certificate.names_total) " in all)" }
                        br;
                    }
                    span.faint { "frame " (certificate.frame) ", SHA-256 " code { (certificate.sha256.get(..16).unwrap_or("")) "…" } }
                }
            }
            @if let Some(last) = last && !complete {
                li.broken {
                    strong { "✗ no path to a trusted root" } br;
                    "from here on: " (Text(&last.issuer)) br;
                    span.faint { "judged with the roots: " (chain.roots) }
                }
            }
        }
    }
}

fn captures(report: &Report) -> Markup {
    html! {
        h2 { "Captures" }
        ul {
            @for capture in report.captures.iter().take(ITEMS) {
                li {
                    code { (Text(&capture.path)) } ": " (counted(capture.frames, "frame")) ", "
                    (quantity::bytes(capture.bytes))
                    @if let (Some(first), Some(last)) = (&capture.first, &capture.last) {
                        ", " (Text(&quantity::range(first, last)))
                    }
                    @if !capture.findings.is_empty() {
                        ul { @for finding in capture.findings.iter().take(ITEMS) {
                            li.warning { code { (finding.code) } " " (Text(&finding.title)) }
                        } }
                    }
                }
            }
            @if report.captures.len() > ITEMS { li { "and " (report.captures.len() - ITEMS) " more" } }
        }
        p.faint { "Made by " (report.generator.name) " " (report.generator.version) "." }
    }
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// SHA-256 in Base64, as a content security policy names a script or a style.
fn hash(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digest = Sha256::digest(text.as_bytes());
    let mut out = String::with_capacity(44);
    for chunk in digest.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let six = usize::try_from(group >> (18 - 6 * index) & 63).unwrap_or(0);
            let letter =
                if index > chunk.len() { &b'=' } else { ALPHABET.get(six).unwrap_or(&b'=') };
            out.push(char::from(*letter));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_as_openssl_makes_it() {
        // printf abc | openssl dgst -sha256 -binary | base64
        assert_eq!(super::hash("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }
}

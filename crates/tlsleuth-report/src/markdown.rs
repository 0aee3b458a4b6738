//! The report for a ticket on GitHub, GitLab or the like: title, three sentences, the kinds of
//! failures, and one folded block a kind. It reads as plain text too.

use std::io::{self, Write};

use crate::Report;
use crate::answer;
use crate::escape::{html, markdown as md, markdown_code as code, markdown_fenced as fenced};
use crate::quantity::{self, count, counted};
use crate::redact;
use crate::schema::{Chain, Connection, Finding};
use crate::story;
use crate::summary::{Kind, Summary, summary, verdicts};
use crate::table;
use crate::unseen;
use crate::words;

/// The text stays below so many bytes, and so below as many characters. GitHub takes 65,536.
pub const MAX_BYTES: usize = 60_000;

/// Room kept for what comes behind the blocks.
const TAIL: usize = 3_000;
/// Frames of evidence, other findings, other connections of a kind, captures.
const ITEMS: usize = 12;
/// Certificates of a chain.
const CERTIFICATES: usize = 8;
/// Columns of a timeline.
const WIDTH: usize = 110;

/// Writes the report.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(report).as_bytes())
}

/// The report as Markdown.
#[must_use]
pub fn text(report: &Report) -> String {
    let summary = summary(report);
    let mut text = format!("# {}\n\n", md(&answer::title(&summary)));
    sentences(report, &summary, &mut text);
    kinds(&summary, &mut text);
    across(report, &mut text);
    let blocks: Vec<(&Kind<'_>, u64, usize)> = if answer::by_verdict(&summary) {
        let verdicts = verdicts(&summary.kinds).into_iter();
        verdicts.map(|verdict| (verdict.kind, verdict.failed, verdict.kinds)).collect()
    } else {
        summary.kinds.iter().map(|kind| (kind, kind.count(), 1)).collect()
    };
    let mut left_out = 0;
    for (index, (kind, failed, servers)) in blocks.iter().enumerate() {
        let block = block(report, kind, *failed, *servers, index + 1);
        if text.len() + block.len() + TAIL <= MAX_BYTES {
            text.push_str(&block);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text.push_str(&format!(
            "**{left_out} of {} left out**, because a ticket holds only so much; `tlsleuth --code \
             CODE -f markdown` makes one for each.\n\n",
            counted(number(blocks.len()), "kind")
        ));
    }
    rest(report, &summary, &mut text);
    text
}

/// What, since when, who has to act.
fn sentences(report: &Report, summary: &Summary<'_>, text: &mut String) {
    let totals = summary.totals;
    if report.counts.interrupted {
        text.push_str("**Partial:** the reading was broken off; what came later is missing.\n\n");
    }
    let Some(example) = answer::example(summary) else {
        text.push_str(&format!(
            "{}: {} completed, {} incomplete.\n\n",
            counted(totals.connections, "TLS connection"),
            count(totals.completed),
            count(totals.incomplete)
        ));
        return;
    };
    let most = if summary.kinds.len() > 1 { " The most frequent:" } else { "" };
    text.push_str(&format!(
        "**What:** {} of {} failed ({} completed, {} incomplete).{most} {}\n\n",
        count(summary.failures()),
        counted(totals.connections, "TLS connection"),
        count(totals.completed),
        count(totals.incomplete),
        md(&story::headline(example)),
    ));
    if let Some(since) = answer::since(report, summary) {
        text.push_str(&format!("**Since:** {}.\n\n", md(&since)));
    }
    if let Some(who) = answer::who(summary) {
        text.push_str(&format!("**Who has to act:** {}.\n\n", md(&who)));
    }
}

fn kinds(summary: &Summary<'_>, text: &mut String) {
    if summary.kinds.is_empty() {
        return;
    }
    if answer::by_verdict(summary) {
        text.push_str("| | failed | servers | first | last | verdict | who |\n");
        text.push_str("|--:|--:|--:|---|---|---|---|\n");
        for (index, verdict) in verdicts(&summary.kinds).iter().enumerate() {
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                index + 1,
                count(verdict.failed),
                count(number(verdict.kinds)),
                md(&quantity::moment(&verdict.first_start, summary.days)),
                md(&quantity::moment(&verdict.last_start, summary.days)),
                md(verdict.kind.verdict.unwrap_or("unexplained")),
                md(verdict.kind.party())
            ));
        }
        text.push('\n');
        return;
    }
    text.push_str("| | failed | of | first | last | server | name | verdict | who |\n");
    text.push_str("|--:|--:|--:|---|---|---|---|---|---|\n");
    for (index, kind) in summary.kinds.iter().enumerate() {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            index + 1,
            count(kind.count()),
            count(kind.of),
            md(&quantity::moment(&kind.first_start(), summary.days)),
            md(&quantity::moment(&kind.last_start(), summary.days)),
            md(&story::socket(kind.server)),
            md(kind.sni.unwrap_or("–")),
            md(kind.verdict.unwrap_or("unexplained")),
            md(kind.party())
        ));
    }
    text.push('\n');
}

/// What only many connections together show.
fn across(report: &Report, text: &mut String) {
    let findings = &report.fleet.findings;
    for finding in findings.iter().take(ITEMS) {
        text.push_str(&format!("**Across connections:** {}.", md(&finding.title)));
        if !finding.explanation.is_empty() {
            text.push_str(&format!(" {}", md(&finding.explanation)));
        }
        text.push_str(&format!(
            " Who has to act: {}. ({}, {})\n\n",
            md(finding.party),
            code(finding.code),
            md(finding.confidence)
        ));
        list("Fix", finding.remedy.lines(), text);
    }
    if let Some(more) = findings.len().checked_sub(ITEMS).filter(|more| *more > 0) {
        text.push_str(&format!("And {more} more of that sort.\n\n"));
    }
}

/// One kind, folded; where it stands for its verdict at many servers, with the numbers of all.
fn block(report: &Report, kind: &Kind<'_>, failed: u64, servers: usize, number: usize) -> String {
    let Some(example) = kind.example() else { return String::new() };
    let elsewhere = match servers {
        1 => String::new(),
        _ => format!(" and {} more servers and names", count(self::number(servers - 1))),
    };
    let mut text = format!(
        "<details><summary>{number}. {}: {} at <code>{}</code>{elsewhere}</summary>\n\n",
        html(kind.verdict.unwrap_or("unexplained")),
        html(&counted(failed, "failure")),
        html(&answer::end(kind))
    );
    text.push_str(&format!("**{}**\n\n", md(&story::headline(example))));
    let finding = kind.finding();
    if let Some(finding) = finding
        && !finding.explanation.is_empty()
    {
        text.push_str(&format!("{}\n\n", md(&finding.explanation)));
    }
    text.push_str(&format!(
        "Connection {} from {} to {}, {} {} UTC{}:\n\n```text\n",
        example.id,
        md(&story::socket(&example.client)),
        md(&story::socket(&example.server)),
        md(quantity::date(&example.start)),
        md(quantity::fine_clock(&example.start)),
        example.version.name.as_deref().map_or_else(String::new, |name| format!(", {}", md(name)))
    ));
    for line in table::timeline_lines(report, example, WIDTH) {
        text.push_str(&fenced(&line));
        text.push('\n');
    }
    text.push_str("```\n\n");
    if let Some(chain) = story::chain_of_interest(example) {
        certificates(chain, &mut text);
    }
    if let Some(finding) = finding {
        reasons(report, finding, example, &mut text);
    }
    others(report, kind, example, &mut text);
    text.push_str(&format!("**Wireshark:** {}\n\n", code(&example.wireshark_filter)));
    if let Some(finding) = finding {
        text.push_str(&format!(
            "**Code:** {}, {}{}\n\n",
            code(finding.code),
            md(finding.confidence),
            match finding.references.as_slice() {
                [] => String::new(),
                references => format!(" ({})", md(&references.join(", "))),
            }
        ));
    }
    text.push_str("</details>\n\n");
    text
}

fn certificates(chain: &Chain, text: &mut String) {
    text.push_str("| | subject | issuer | valid | names | key | SHA-256 |\n");
    text.push_str("|--:|---|---|---|---|---|---|\n");
    for (index, certificate) in chain.certificates.iter().take(CERTIFICATES).enumerate() {
        let day = |time: &Option<String>| {
            time.as_deref().map_or("?", |time| quantity::date(time)).to_owned()
        };
        let mut names: Vec<&str> = certificate
            .dns_names
            .iter()
            .chain(&certificate.ip_addresses)
            .map(String::as_str)
            .collect();
        names.truncate(4);
        let more = certificate.names_total.saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let own = certificate.issuer == certificate.subject;
        text.push_str(&format!(
            "| {} | {} | {} | {} to {} | {}{more} | {} | {}… |\n",
            index + 1,
            md(&certificate.subject),
            if own { "itself".to_owned() } else { md(&certificate.issuer) },
            md(&day(&certificate.not_before)),
            md(&day(&certificate.not_after)),
            md(&names.join(", ")),
            md(&certificate.key),
            md(certificate.sha256.get(..16).unwrap_or(&certificate.sha256))
        ));
    }
    text.push('\n');
    if let Some(more) = chain.certificates.len().checked_sub(CERTIFICATES).filter(|more| *more > 0)
    {
        text.push_str(&format!("And {more} more certificates.\n\n"));
    }
    let scts = words::sct_lines(chain);
    if !scts.is_empty() {
        text.push_str(&format!("SCTs of the first: {}.\n\n", md(&scts.join("; "))));
    }
}

fn reasons(report: &Report, finding: &Finding, example: &Connection, text: &mut String) {
    let several = report.captures.len() > 1;
    text.push_str("**Why:**\n\n");
    for evidence in finding.evidence.iter().take(ITEMS) {
        let file = report
            .captures
            .get(usize::try_from(evidence.capture).unwrap_or(usize::MAX))
            .filter(|_| several)
            .map_or_else(String::new, |capture| format!(" of {}", md(&capture.path)));
        text.push_str(&format!("- frame {}{file}: {}\n", evidence.frame, md(&evidence.says)));
    }
    more(finding.evidence.len(), "frames", text);
    text.push_str(&format!("**Who:** {}\n\n", md(&story::who(finding.party, example))));
    list("Fix", finding.remedy.lines(), text);
    list("To settle it", finding.next_steps.iter().map(String::as_str), text);
    list("Seen as", finding.seen_as.iter().copied(), text);
    list("In the logs", example.log_lines.iter().map(String::as_str), text);
}

/// A list; commands as code.
fn list<'l>(label: &str, lines: impl Iterator<Item = &'l str>, text: &mut String) {
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("**{label}:**\n\n"));
    for line in lines.iter().take(ITEMS) {
        let line = if story::is_command(line) { code(line) } else { md(line) };
        text.push_str(&format!("- {line}\n"));
    }
    more(lines.len(), "lines", text);
}

fn more(all: usize, what: &str, text: &mut String) {
    if let Some(more) = all.checked_sub(ITEMS).filter(|more| *more > 0) {
        text.push_str(&format!("- and {more} more {what}\n"));
    }
    text.push('\n');
}

/// Other findings of the example, and other connections of the kind.
fn others(report: &Report, kind: &Kind<'_>, example: &Connection, text: &mut String) {
    let several = report.captures.len() > 1;
    let findings: Vec<&Finding> = example.findings.iter().filter(|f| !f.root_cause).collect();
    if !findings.is_empty() {
        text.push_str("**Also:**\n\n");
        for finding in findings.iter().take(ITEMS) {
            text.push_str(&format!(
                "- {} ({}): {}\n",
                code(finding.code),
                md(finding.severity),
                md(&finding.title)
            ));
        }
        more(findings.len(), "findings", text);
    }
    let others = kind.members.get(1..).unwrap_or_default();
    if !others.is_empty() {
        text.push_str("**Again:**\n\n");
        for other in others.iter().take(ITEMS) {
            let failing = story::failing_step(other).and_then(|index| other.timeline.get(index));
            let step = failing.map_or_else(String::new, |event| {
                let file =
                    if several { format!("file {}, ", event.capture + 1) } else { String::new() };
                format!(", {file}frame {}: {}", event.frame, md(&event.summary))
            });
            text.push_str(&format!(
                "- {} from {} (connection {}){step}\n",
                md(quantity::fine_clock(&other.start)),
                md(&story::socket(&other.client)),
                other.id
            ));
        }
        more(others.len(), "connections", text);
    }
}

/// What is not a failure, and what the report rests on.
fn rest(report: &Report, summary: &Summary<'_>, text: &mut String) {
    let checks = summary.totals.health_checks;
    if checks > 0 {
        text.push_str(&format!(
            "{} set apart: opened and closed without a byte.\n\n",
            counted(checks, "health check")
        ));
    }
    if report.counts.connections_left_out > 0 {
        text.push_str(&format!(
            "{} left out by filters.\n\n",
            counted(report.counts.connections_left_out, "connection")
        ));
    }
    for unseen in unseen::limits(report).into_iter().chain(unseen::protocols(report)) {
        text.push_str(&format!("{}\n\n", md(&unseen)));
    }
    for warned in summary.warnings.iter().take(5) {
        text.push_str(&format!(
            "- Warning on {} that completed: {} ({})\n",
            counted(warned.count, "connection"),
            md(&warned.finding.title),
            code(warned.finding.code)
        ));
    }
    if !summary.warnings.is_empty() {
        if let Some(more) = summary.warnings.len().checked_sub(5).filter(|more| *more > 0) {
            text.push_str(&format!("- and {more} more warnings\n"));
        }
        text.push('\n');
    }
    let mut captures = String::new();
    for capture in report.captures.iter().take(ITEMS) {
        let range = match (&capture.first, &capture.last) {
            (Some(first), Some(last)) => format!(", {}", quantity::range(first, last)),
            _ => String::new(),
        };
        captures.push_str(&format!(
            "- {}: {}, {}{}\n",
            md(&capture.path),
            counted(capture.frames, "frame"),
            quantity::bytes(capture.bytes),
            md(&range)
        ));
        for finding in capture.findings.iter().take(3) {
            captures.push_str(&format!("  - {}: {}\n", code(finding.code), md(&finding.title)));
        }
    }
    // Paths are the user's and may be long; the promise about the size comes first.
    if text.len() + captures.len() + 600 <= MAX_BYTES {
        text.push_str(&captures);
        if let Some(more) = report.captures.len().checked_sub(ITEMS).filter(|more| *more > 0) {
            text.push_str(&format!("- and {more} more captures\n"));
        }
    } else {
        text.push_str(&format!("- {}\n", counted(number(report.captures.len()), "capture")));
    }
    if let Some(told) = redact::told::sentence(report.redaction) {
        text.push_str(&format!("\n{}\n", md(&told)));
    }
    text.push_str(&format!(
        "\nMade by {} {}.\n",
        md(report.generator.name),
        md(report.generator.version)
    ));
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

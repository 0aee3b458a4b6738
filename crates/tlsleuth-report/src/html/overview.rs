//! What the page says before anything is clicked: the answer, the kinds of failures, what many
//! connections show together, the captures.

use maud::{Markup, html};

use super::Text;
use crate::Report;
use crate::answer;
use crate::quantity::{self, counted};
use crate::redact;
use crate::schema::{Capture, Connection, Finding};
use crate::story;
use crate::summary::{Kind, Summary, few_of_each, verdicts};
use crate::unseen;

/// Frames of evidence, files, findings of a list.
const ITEMS: usize = 50;

/// What, since when, who has to act.
pub(super) fn sentences(report: &Report, summary: &Summary<'_>) -> Markup {
    let totals = summary.totals;
    html! {
        @if report.counts.interrupted {
            p.warning { "Partial: the reading was broken off; what came later is missing." }
        }
        dl.answer {
            dt { "What" }
            dd {
                @match answer::example(summary) {
                    Some(example) => {
                        @if summary.kinds.len() > 1 { "Mostly: " }
                        (Text(&story::headline(example)))
                    },
                    None => "Nothing failed.",
                }
            }
            @if let Some(since) = answer::since(report, summary) {
                dt { "Since" }
                dd { (Text(&since)) }
            }
            @if let Some(who) = answer::who(summary) {
                dt { "Who has to act" }
                dd { (Text(&who)) }
            }
        }
        ul.counts aria-label="How many" {
            li { strong { (quantity::count(totals.connections)) } " TLS connection" (plural(totals.connections)) }
            li.completed { strong { (quantity::count(totals.completed)) } " completed" }
            li.failed { strong { (quantity::count(totals.failed)) } " failed" }
            li.incomplete { strong { (quantity::count(totals.incomplete)) } " incomplete" }
            @if totals.health_checks > 0 {
                li { strong { (quantity::count(totals.health_checks)) } " health check" (plural(totals.health_checks)) ", set apart" }
            }
            @if report.counts.connections_left_out > 0 {
                li { strong { (quantity::count(report.counts.connections_left_out)) } " left out by filters" }
            }
        }
        @for limit in unseen::limits(report) {
            p.warning { (Text(&limit)) }
        }
        @if let Some(protocols) = unseen::protocols(report) {
            p { (Text(&protocols)) }
        }
    }
}

fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// The failures by kind, or by verdict where there are too many kinds. With one failure there is
/// nothing to compare.
pub(super) fn kinds(summary: &Summary<'_>) -> Markup {
    match summary.kinds.as_slice() {
        [] => html! {},
        [kind] if kind.members.len() == 1 => html! {},
        _ if answer::by_verdict(summary) => by_verdict(summary),
        kinds => by_kind(kinds, summary.days),
    }
}

fn by_kind(kinds: &[Kind<'_>], days: bool) -> Markup {
    html! {
        h2 { "Failures by kind" }
        div.scroll tabindex="0" role="region" aria-label="Failures by kind" {
            table.kinds {
                thead { tr {
                    @for title in ["failed", "of", "first", "last", "server", "name", "verdict", "who", "example"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody {
                    @for kind in kinds {
                        tr {
                            td.failed { (quantity::count(kind.count())) }
                            td { (quantity::count(kind.of)) }
                            td { (Text(&quantity::moment(&kind.first_start(), days))) }
                            td { (Text(&quantity::moment(&kind.last_start(), days))) }
                            td.mono { (Text(&story::socket(kind.server))) }
                            td.name { (Text(kind.sni.unwrap_or("–"))) }
                            td { code { (Text(kind.verdict.unwrap_or("unexplained"))) } }
                            td { (Text(kind.party())) }
                            td.long { (example(kind.example())) }
                        }
                    }
                }
            }
        }
    }
}

fn by_verdict(summary: &Summary<'_>) -> Markup {
    html! {
        h2 { "Failures by verdict" }
        div.scroll tabindex="0" role="region" aria-label="Failures by verdict" {
            table.kinds {
                thead { tr {
                    @for title in ["failed", "servers and names", "first", "last", "verdict", "who", "example"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody {
                    @for verdict in verdicts(&summary.kinds) {
                        tr {
                            td.failed { (quantity::count(verdict.failed)) }
                            td { (quantity::count(number(verdict.kinds))) }
                            td { (Text(&quantity::moment(&verdict.first_start, summary.days))) }
                            td { (Text(&quantity::moment(&verdict.last_start, summary.days))) }
                            td { code { (Text(verdict.kind.verdict.unwrap_or("unexplained"))) } }
                            td { (Text(verdict.kind.party())) }
                            td.long { (example(verdict.kind.example())) }
                        }
                    }
                }
            }
        }
    }
}

fn example(connection: Option<&Connection>) -> Markup {
    html! {
        @if let Some(connection) = connection {
            a href=(format!("#c{}", connection.id)) { (Text(&story::headline(connection))) }
        }
    }
}

/// What many connections show together is told of so many servers for each code.
const OF_ONE_CODE: u64 = 20;

/// What only many connections together show.
pub(super) fn fleet(report: &Report) -> Markup {
    html! {
        @if !report.fleet.findings.is_empty() {
            h2 { "Across connections" }
            @let (shown, more) = few_of_each(&report.fleet.findings, OF_ONE_CODE);
            @for finding in shown {
                section.card class=(finding.severity) {
                    h3 { (Text(&story::capitalized(&finding.title))) }
                    (reasons(report, finding))
                    @if !finding.remedy.is_empty() {
                        h4 { "What to change (" (finding.party) ")" }
                        @for line in finding.remedy.lines() { p { (Text(line)) } }
                    }
                    p.faint { code { (finding.code) } ", " (finding.confidence) }
                }
            }
            @for (code, times) in more {
                p.faint { "And " (quantity::count(times)) " more of " code { (code) } "; JSON has them all." }
            }
        }
    }
}

fn reasons(report: &Report, finding: &Finding) -> Markup {
    html! {
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

pub(super) fn captures(report: &Report) -> Markup {
    html! {
        h2 { "Captures" }
        // Numbered, because frames are named by the number of their file.
        ol {
            @for capture in report.captures.iter().take(ITEMS) { (capture_item(capture)) }
            @if report.captures.len() > ITEMS { li { "and " (report.captures.len() - ITEMS) " more" } }
        }
        @if let Some(told) = redact::told::sentence(report.redaction) { p { (Text(&told)) } }
        p.faint { "Made by " (report.generator.name) " " (report.generator.version) "." }
    }
}

fn capture_item(capture: &Capture) -> Markup {
    html! {
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
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

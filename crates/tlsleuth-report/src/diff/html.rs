//! What changed, as one page that works offline.

use std::io::{self, Write};

use maud::{Markup, html};

use super::schema::{Changed, Diff, Side, Single};
use super::words;
use crate::html::{Text, document};
use crate::quantity;

/// Servers told of each sort.
const SERVERS: usize = 1_000;
/// Files of a side.
const FILES: usize = 50;

/// Writes the page.
///
/// # Errors
/// When `out` fails.
pub fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(diff).into_string().as_bytes())
}

fn page(diff: &Diff) -> Markup {
    let title = format!("TLS: {}", words::headline(diff));
    let mut changed: Vec<&Changed> = diff.changed.iter().collect();
    changed.sort_by_key(|changed| !words::fails_otherwise(changed));
    document(
        &title,
        html! {
            h1 { (Text(&title)) }
            dl.answer {
                (side("Before", &diff.before))
                (side("After", &diff.after))
            }
            @for one in changed.iter().take(SERVERS) { (block(diff, one)) }
            @if changed.len() > SERVERS { p { "And " (changed.len() - SERVERS) " more." } }
            (singles("Appeared", &diff.appeared))
            (singles("Gone", &diff.gone))
            p.faint { (Text(&words::method(diff))) }
            p.faint { "Made by " (diff.generator.name) " " (diff.generator.version) "." }
        },
        html! {},
    )
}

fn side(label: &str, side: &Side) -> Markup {
    html! {
        dt { (label) }
        dd {
            @for capture in side.captures.iter().take(FILES) {
                code { (Text(&capture.path)) }
                @if let (Some(first), Some(last)) = (&capture.first, &capture.last) {
                    " " (Text(&quantity::range(first, last)))
                }
                br;
            }
            @if side.captures.len() > FILES { "and " (side.captures.len() - FILES) " more files" br; }
            (Text(&words::tallied(side.counts)))
            @if side.interrupted { br; span.warning { "Partial: the reading was broken off." } }
            @for left_out in &side.left_out {
                br; span.warning { (Text(&crate::unseen::left_out(left_out))) }
            }
        }
    }
}

fn block(diff: &Diff, changed: &Changed) -> Markup {
    html! {
        h2 { (Text(&words::called(changed))) }
        @if let Some(from) = &changed.moved_from {
            p { "Moved here from " (Text(&words::socket(&from.address, from.port))) "." }
        }
        div.scroll tabindex="0" role="region" aria-label="What changed" {
            table {
                thead { tr {
                    @for title in ["what", "before", "after", "how sure"] { th scope="col" { (title) } }
                } }
                tbody {
                    @for change in words::told(changed) {
                        tr {
                            th scope="row" { (words::label(change.aspect)) }
                            td.long { (lines(words::values(&change.before, change.aspect, &diff.before))) }
                            td.long { (lines(words::values(&change.after, change.aspect, &diff.after))) }
                            td.long {
                                @if let Some(says) = &change.says { (Text(says)) br; }
                                span.faint { (Text(&words::sure(change))) }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(caution) = words::caution(changed) { p.warning { (caution) } }
    }
}

fn lines(values: Vec<String>) -> Markup {
    html! {
        @for (nth, value) in values.iter().enumerate() {
            @if nth > 0 { br; }
            (Text(value))
        }
    }
}

fn singles(label: &str, singles: &[Single]) -> Markup {
    if singles.is_empty() {
        return html! {};
    }
    let mut sorted: Vec<&Single> = singles.iter().collect();
    sorted.sort_by_key(|single| std::cmp::Reverse(single.counts.connections));
    html! {
        h2 { (label) }
        ul {
            @for single in sorted.iter().take(SERVERS) {
                li {
                    (Text(&words::single(single))) ": " (Text(&words::tallied(single.counts)))
                    @if single.confidence == "possible" { span.faint { " (too few to exclude chance)" } }
                }
            }
            @if sorted.len() > SERVERS { li { "and " (sorted.len() - SERVERS) " more" } }
        }
    }
}

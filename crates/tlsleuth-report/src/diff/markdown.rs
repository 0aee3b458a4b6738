//! What changed, for a ticket.

use std::io::{self, Write};

use super::schema::{Changed, Diff, Side, Single};
use super::words;
use crate::escape::{html, markdown as md};
use crate::markdown::MAX_BYTES;
use crate::quantity;

/// Servers that appeared or are gone, files of a side.
const ROWS: usize = 20;
/// Room kept for what comes behind the servers that changed.
const TAIL: usize = 8_000;

/// Writes what changed.
///
/// # Errors
/// When `out` fails.
pub fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(diff).as_bytes())
}

/// What changed, as Markdown of less than [`MAX_BYTES`] bytes.
#[must_use]
pub fn text(diff: &Diff) -> String {
    let mut text = format!("# TLS: {}\n\n", md(&words::headline(diff)));
    side("Before", &diff.before, &mut text);
    side("After", &diff.after, &mut text);
    let mut changed: Vec<&Changed> = diff.changed.iter().collect();
    changed.sort_by_key(|changed| !words::fails_otherwise(changed));
    let mut left_out = 0;
    for one in changed {
        let block = block(diff, one);
        if text.len() + block.len() + TAIL <= MAX_BYTES {
            text.push_str(&block);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text.push_str(&format!(
            "**{left_out} more changed servers and names left out**, because a ticket holds only so much.\n\n"
        ));
    }
    singles("Appeared", &diff.appeared, &mut text);
    singles("Gone", &diff.gone, &mut text);
    text.push_str(&format!("{}\n", md(&words::method(diff))));
    text
}

fn side(label: &str, side: &Side, text: &mut String) {
    let captures: Vec<String> = side
        .captures
        .iter()
        .take(ROWS)
        .map(|capture| match (&capture.first, &capture.last) {
            (Some(first), Some(last)) => {
                format!("{} ({})", md(&capture.path), md(&quantity::range(first, last)))
            }
            _ => md(&capture.path),
        })
        .collect();
    let more = side.captures.len().saturating_sub(ROWS);
    let more = if more > 0 { format!(" and {more} more files") } else { String::new() };
    text.push_str(&format!(
        "**{label}:** {}{more}; {}.\n\n",
        captures.join(", "),
        md(&words::tallied(side.counts))
    ));
    if side.interrupted {
        text.push_str("**Partial:** the reading was broken off; what came later is missing.\n\n");
    }
    for left_out in &side.left_out {
        text.push_str(&format!("{}\n\n", md(&crate::unseen::left_out(left_out))));
    }
}

fn block(diff: &Diff, changed: &Changed) -> String {
    let mut text = format!("## {}\n\n", md(&words::called(changed)));
    if let Some(from) = &changed.moved_from {
        let from = words::socket(&from.address, from.port);
        text.push_str(&format!("Moved here from {}.\n\n", md(&from)));
    }
    text.push_str("| | before | after | |\n|---|---|---|---|\n");
    for change in words::told(changed) {
        let cell = |values: Vec<String>| {
            values.iter().map(|value| md(value)).collect::<Vec<_>>().join("<br>")
        };
        let says =
            change.says.as_deref().map_or_else(String::new, |says| format!("{}; ", md(says)));
        text.push_str(&format!(
            "| {} | {} | {} | {says}{} |\n",
            words::label(change.aspect),
            cell(words::values(&change.before, change.aspect, &diff.before)),
            cell(words::values(&change.after, change.aspect, &diff.after)),
            md(&words::sure(change))
        ));
    }
    text.push('\n');
    if let Some(caution) = words::caution(changed) {
        text.push_str(&format!("{}\n\n", html(caution)));
    }
    text
}

fn singles(label: &str, singles: &[Single], text: &mut String) {
    if singles.is_empty() {
        return;
    }
    let mut sorted: Vec<&Single> = singles.iter().collect();
    sorted.sort_by_key(|single| std::cmp::Reverse(single.counts.connections));
    text.push_str(&format!("**{label}:**\n\n"));
    for single in sorted.iter().take(ROWS) {
        let seldom =
            if single.confidence == "possible" { "; too few to exclude chance" } else { "" };
        text.push_str(&format!(
            "- {}: {}{seldom}\n",
            md(&words::single(single)),
            md(&words::tallied(single.counts))
        ));
    }
    if let Some(more) = sorted.len().checked_sub(ROWS).filter(|more| *more > 0) {
        text.push_str(&format!("- and {more} more\n"));
    }
    text.push('\n');
}

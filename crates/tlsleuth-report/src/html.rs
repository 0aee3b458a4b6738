//! The report as one page of HTML that works from a mail attachment: no network, no script or style
//! but its own (a content security policy names both by their hashes), light and dark, printable.
//!
//! What answers the first questions is markup, made by maud, which escapes. The connections are data
//! that the page's script draws when they are looked at, as text only: no element, attribute name or
//! address comes from input, and [`escape::terminal`] makes visible what nobody sees.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use sha2::{Digest as _, Sha256};

use crate::Report;
use crate::escape;
use crate::quantity;
use crate::summary::summary;

mod data;
mod listed;
mod overview;

pub use listed::Listed;

const STYLE: &str = include_str!("html/style.css");
/// One module: what these files declare is seen by the later ones and by nothing else.
const SCRIPT: &str = concat!(
    include_str!("html/script/data.js"),
    include_str!("html/script/draw.js"),
    include_str!("html/script/copy.js"),
    include_str!("html/script/ladder.js"),
    include_str!("html/script/chain.js"),
    include_str!("html/script/detail.js"),
    include_str!("html/script/strip.js"),
    include_str!("html/script/table.js"),
    include_str!("html/script/page.js"),
);

/// Writes the page.
///
/// # Errors
/// When `out` fails.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report, None)?.into_string().as_bytes())
}

/// Writes the page of a report that has but examples ([`Tally::finish`](crate::Tally::finish)), with
/// the connections that were listed meanwhile.
///
/// # Errors
/// When `out` fails.
pub fn write_listed(report: &Report, listed: &Listed, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report, Some(listed))?.into_string().as_bytes())
}

/// Text that may come from input: maud escapes what is markup, this what nobody sees.
pub(crate) struct Text<'t>(pub(crate) &'t str);

impl Render for Text<'_> {
    fn render_to(&self, buffer: &mut String) {
        escape::terminal(self.0).as_ref().render_to(buffer);
    }
}

fn page(report: &Report, listed: Option<&Listed>) -> io::Result<Markup> {
    let summary = summary(report);
    let title = crate::answer::title(&summary);
    let (data, not_listed, not_told) = data::json(report, listed)?;
    let body = html! {
        h1 { (Text(&title)) }
        (overview::sentences(report, &summary))
        (overview::kinds(&summary))
        (overview::fleet(report))
        (connections(not_listed, not_told))
        (overview::captures(report))
    };
    let script = html! {
        // A block of data is not run. `<` stands in it only escaped.
        script #data type="application/json" { (PreEscaped(data)) }
        script type="module" { (PreEscaped(SCRIPT)) }
    };
    Ok(document(&title, body, script))
}

/// A page around what is in it: the policy, the style, the script if it needs one.
pub(crate) fn document(title: &str, body: Markup, script: Markup) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (Text(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                (script)
            }
        }
    }
}

fn count(connections: usize) -> String {
    quantity::count(u64::try_from(connections).unwrap_or(u64::MAX))
}

/// What the script fills.
fn connections(not_listed: usize, not_told: usize) -> Markup {
    html! {
        noscript {
            p.warning {
                "The connections are drawn by this page's own script, which does not run here: \
                 save the file and open it in a browser."
            }
        }
        section #over-time aria-labelledby="over-time-title" hidden {
            h2 #over-time-title { "Over time" }
            div #strip {}
            p.faint #strip-help {
                "Drag to narrow the time, or move the two handles with the arrow keys; Escape shows all again."
            }
        }
        section #all aria-labelledby="all-title" hidden {
            h2 #all-title { "Connections" }
            div.tools {
                label { "Search" input #search type="search" autocomplete="off" spellcheck="false"; }
                label { "Outcome" select #outcome { option value="" { "all" } } }
                label { "Verdict" select #verdict { option value="" { "all" } } }
                button #everything type="button" hidden { "show all again" }
                span #status role="status" {}
            }
            div #bench {
                div #list {
                    table #connections {
                        thead { tr {
                            @for title in ["id", "start", "client", "server", "name", "version", "outcome", "verdict", "who"] {
                                th scope="col" data-column=(title) { button type="button" { (title) } }
                            }
                        } }
                        tbody {}
                    }
                }
                article #detail aria-label="The connection that is open" tabindex="-1" hidden {}
            }
            @if not_listed > 0 {
                p.warning { "This page lists 50,000 connections, failures first; " (count(not_listed)) " more are left out. Filters of the command make room, and JSON has them all." }
            }
            @if not_told > 0 {
                p.faint { "10,000 connections can be opened, failures first; " (count(not_told)) " more are only listed." }
            }
        }
        section #printed hidden {}
    }
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

//! Text that wants to be more than text, in every field that input reaches.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use common::hostile::{HOSTILE, hostile};
use tlsleuth::cert::is_hidden;
use tlsleuth_report::table::{Listing, Style};
use tlsleuth_report::{Report, html, json, markdown, table};

fn nothing_raw(text: &str) {
    for line in text.lines() {
        let bad = line.chars().find(|c| c.is_control() || is_hidden(*c));
        assert!(bad.is_none(), "{bad:?} in {line}");
    }
}

#[test]
fn a_terminal_is_safe() {
    let report = hostile();
    for listing in [Listing::Page, Listing::Every, Listing::Full] {
        for width in [72, 80, 160] {
            let mut out = Vec::new();
            table::write(&report, Style::new(width, false).listing(listing), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            nothing_raw(&text);
            assert!(!text.contains('\r'));
        }
    }
}

#[test]
fn json_is_safe_and_lossless() {
    let report = hostile();
    let mut out = Vec::new();
    json::write(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    nothing_raw(&text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["connections"][0]["sni"], HOSTILE);
}

#[test]
fn a_ticket_keeps_its_form() {
    let text = markdown::text(&hostile());
    nothing_raw(&text);
    assert!(text.len() <= markdown::MAX_BYTES);
    let mut fenced = false;
    for line in text.lines() {
        if line == "```text" || line == "```" {
            fenced = line == "```text";
            continue;
        }
        assert!(!line.contains("```text"), "{line}");
        if fenced {
            assert!(!line.starts_with("```"), "{line}");
            continue;
        }
        // Outside of fences and code only our own HTML, no links, no headings but the title.
        let outside = without_code(line);
        for bad in ["<img", "</script", "](", "http://", "@all", " #1"] {
            assert!(!outside.contains(bad), "{bad} in {line}");
        }
        if let Some(heading) = line.strip_prefix('#') {
            assert!(heading.starts_with(" TLS: "), "{line}");
        }
        if line.starts_with("| ") {
            let bars = outside.matches('|').count();
            assert!([8, 10].contains(&bars), "{bars} bars in {line}");
        }
    }
    assert!(!fenced);
}

#[test]
fn a_page_is_only_ours() {
    let page = |report: &Report| {
        let mut out = Vec::new();
        html::write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = page(&hostile());
    // Our own script and style may break lines; what comes from input stays on one.
    nothing_raw(&text);
    let tags = |text: &str| {
        let mut tags: Vec<String> = text
            .split('<')
            .skip(1)
            .map(|tag| tag.chars().take_while(char::is_ascii_alphanumeric).collect())
            .collect();
        tags.sort();
        tags.dedup();
        tags
    };
    // No element that a harmless report does not have too.
    let known = tags(&markup(&page(&common::story("fleet-split-by-version"))));
    let ours = markup(&text);
    for tag in tags(&ours) {
        assert!(known.contains(&tag), "{tag}");
    }
    assert_eq!(text.matches("<script").count(), 2, "the data and the script");
    assert_eq!(text.matches("</script").count(), 2);
    assert_eq!(text.matches("<style").count(), 1);
    assert!(!ours.contains("<img") && !ours.contains("=\"http"));
    assert!(text.contains("Content-Security-Policy"));
    for tag in ours.split('<').skip(1).map(|tag| tag.split_once('>').unwrap().0) {
        for attribute in [" on", " style=", " src="] {
            assert!(!tag.contains(attribute), "{attribute} in {tag}");
        }
    }
    assert!(ours.contains("&lt;/script&gt;"), "the text is there, as text");
    // The data hold no character that could end their element, and every text in full.
    let (_, data) = text.split_once("type=\"application/json\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    assert!(!data.contains(['<', '>', '&']));
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let texts = data["texts"].as_array().unwrap();
    let safe = tlsleuth_report::escape::terminal(HOSTILE);
    assert!(texts.iter().any(|text| text == safe.as_ref()), "{texts:?}");
}

/// A page without what stands in its script and style.
fn markup(page: &str) -> String {
    let mut out = page.to_owned();
    for (begin, end) in
        [("<style>", "</style>"), ("<script", "</script>"), ("<script", "</script>")]
    {
        let (before, rest) = out.split_once(begin).unwrap();
        let (_, behind) = rest.split_once(end).unwrap();
        out = format!("{before}{behind}");
    }
    out
}

/// A line without its code spans.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    if let Some((before, code)) = line.split_once("<code>") {
        let (code, behind) = code.split_once("</code>").unwrap();
        assert!(!code.contains(['<', '>', '`', '[', '"']), "{code}");
        return format!("{before}{behind}");
    }
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        if before.ends_with('\\') {
            rest = &behind[1..];
            continue;
        }
        let run = behind.len() - behind.trim_start_matches('`').len();
        let fence = "`".repeat(run);
        let mut end = run;
        // The end is a run of just as many.
        loop {
            let found = behind[end..].find(&fence).expect("code is closed") + end;
            let more = behind[found..].len() - behind[found..].trim_start_matches('`').len();
            end = found + more;
            if more == run {
                break;
            }
        }
        rest = &behind[end..];
    }
    out.push_str(rest);
    out
}

//! What users see of what changed between two captures. `UPDATE_EXPECT=1` renews it; read the
//! difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use expect_test::expect_file;
use serde_json::Value;
use tlsleuth::cert::is_hidden;
use tlsleuth_report::diff::schema::{JSON_SCHEMA, Single};
use tlsleuth_report::diff::{Diff, html, markdown, table};
use tlsleuth_report::json;
use tlsleuth_report::table::Style;
use unicode_width::UnicodeWidthStr as _;

fn shown(diff: &Diff, width: usize) -> String {
    let mut out = Vec::new();
    table::write(diff, Style::new(width, false), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn page(diff: &Diff) -> String {
    let mut out = Vec::new();
    html::write(diff, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_json(diff: &Diff) -> Value {
    let mut out = Vec::new();
    json::write(diff, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_certificate_that_expired_in_between() {
    let diff = common::diff("fleet-healthy", "fleet-mostly-failing");
    expect_file!["snapshots/diff-100.txt"].assert_eq(&shown(&diff, 100));
    expect_file!["snapshots/diff.md"].assert_eq(&markdown::text(&diff));
    let text = page(&diff);
    for word in ["chain.expired", "Content-Security-Policy", "10.0.0.2:443", "20 of 24"] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn nothing_changed_is_said_too() {
    let diff = common::diff("fleet-healthy", "fleet-healthy");
    assert!(diff.changed.is_empty() && diff.appeared.is_empty() && diff.gone.is_empty());
    assert!(shown(&diff, 100).contains("Nothing changed, 1 as before."), "{}", shown(&diff, 100));
}

/// Every field is there, and none that the schema does not know; what it may hold is checked for
/// types in `schema.rs` with the report, which is made in the same way.
#[test]
fn the_schema_names_every_field() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let value = as_json(&common::diff("fleet-healthy", "fleet-mostly-failing"));
    assert_eq!(value["schema"], "tlsleuth.diff/1");
    let check = |name: Option<&str>, value: &Value| {
        let known = match name {
            Some(name) => &schema["$defs"][name]["properties"],
            None => &schema["properties"],
        };
        let known: Vec<&String> = known.as_object().unwrap().keys().collect();
        let mut here: Vec<&String> = value.as_object().unwrap().keys().collect();
        here.sort();
        let mut sorted = known.clone();
        sorted.sort();
        assert_eq!(here, sorted, "{name:?}");
    };
    check(None, &value);
    check(Some("Side"), &value["before"]);
    check(Some("Changed"), &value["changed"][0]);
    check(Some("Change"), &value["changed"][0]["changes"][0]);
    check(Some("Value"), &value["changed"][0]["changes"][0]["before"][0]);
}

const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\r\n# h\n|a|b|\n`c`` ```\n</script><img src=x onerror=e>\
    [l](http://e.example) @all #1 \u{9b}31m\u{202e}\u{2066}\u{e0041}\u{200b}\u{2028}=cmd() x";

/// Text that wants to be more than text, in every field that input reaches.
#[test]
fn hostile_text_stays_text() {
    let mut diff = common::diff("fleet-healthy", "fleet-mostly-failing");
    let text = || HOSTILE.to_owned();
    diff.before.captures[0].path = text();
    diff.after.captures[0].first = Some(text());
    let counts = diff.before.counts;
    let single =
        Single { address: text(), port: 1, sni: Some(text()), counts, confidence: "likely" };
    diff.appeared = vec![single.clone()];
    diff.gone = vec![single];
    for changed in &mut diff.changed {
        changed.address = text();
        changed.sni = Some(text());
        for change in &mut changed.changes {
            change.says = Some(text());
            change.before.iter_mut().chain(&mut change.after).for_each(|value| value.text = text());
        }
    }
    let ticket = markdown::text(&diff);
    for out in [shown(&diff, 80), ticket.clone(), page(&diff)] {
        for line in out.lines() {
            let bad = line.chars().find(|c| c.is_control() || is_hidden(*c));
            assert!(bad.is_none(), "{bad:?} in {line}");
        }
    }
    for line in ticket.lines() {
        assert!(!line.starts_with("# h"), "{line}");
        if line.starts_with("| ") {
            // What is in code spans writes its bars as a look-alike.
            assert_eq!(line.matches('|').count(), 5, "{line}");
        }
    }
    let page = page(&diff);
    // This page needs no script.
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (0, 0));
    assert!(!page.contains("<img"));
    assert_eq!(as_json(&diff)["changed"][0]["sni"], HOSTILE);
}

#[test]
fn every_pair_of_fleets_fits_every_width() {
    let fleets: Vec<String> = std::fs::read_dir(common::testdata().join("captures"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("fleet-"))
        .collect();
    for after in &fleets {
        let diff = common::diff("fleet-healthy", after);
        for width in [72, 100, 160] {
            for line in shown(&diff, width).lines() {
                assert!(line.width() <= width, "{after} at {width}: {line}");
            }
        }
        assert!(markdown::text(&diff).len() <= tlsleuth_report::markdown::MAX_BYTES);
    }
}

//! A report that is written as it is made is the same object as one that is written whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use tlsleuth_report::json::{self, Stream};

fn whole(report: &tlsleuth_report::Report) -> String {
    let mut out = Vec::new();
    json::write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn streamed(report: &tlsleuth_report::Report) -> String {
    let mut stream = Stream::new(Vec::new()).unwrap();
    for connection in &report.connections {
        stream.push(connection).unwrap();
    }
    String::from_utf8(stream.finish(report).unwrap()).unwrap()
}

#[test]
fn the_members_are_the_same_and_look_the_same() {
    for name in ["chain-missing-intermediate", "tcp-no-answer", "empty"] {
        let mut report = common::story(if name == "empty" { "tcp-no-answer" } else { name });
        if name == "empty" {
            report.connections.clear();
        }
        let (whole, streamed) = (whole(&report), streamed(&report));
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&streamed), parse(&whole), "{name}");
        let lines = |text: &str| {
            let mut lines: Vec<String> =
                text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&streamed), lines(&whole), "{name}");
    }
}

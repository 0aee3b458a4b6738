//! A ticket with much to say stays below what sites take, and says what it left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use tlsleuth_report::{Report, markdown};

/// One failure at each of so many servers, each with `evidence` lines to quote.
fn at_many_servers(servers: u8, evidence: usize) -> Report {
    let mut report = common::story("chain-missing-intermediate");
    let one = report.connections[0].clone();
    report.connections = (0..servers)
        .map(|server| {
            let mut connection = one.clone();
            connection.id = u64::from(server) + 1;
            connection.server.address = format!("10.0.1.{server}");
            let finding = &mut connection.findings[0];
            finding.evidence[0].says = "long words ".repeat(100);
            finding.evidence = vec![finding.evidence[0].clone(); evidence];
            connection
        })
        .collect();
    report
}

fn folded(text: &str) -> usize {
    let (open, closed) = (text.matches("<details>").count(), text.matches("</details>").count());
    assert_eq!(open, closed, "no block is cut within");
    assert_eq!(text.lines().filter(|line| *line == "```text").count(), open);
    assert_eq!(text.lines().filter(|line| *line == "```").count(), open);
    open
}

#[test]
fn too_much_is_cut_between_blocks_and_said() {
    let text = markdown::text(&at_many_servers(25, 12));
    assert!(text.len() <= markdown::MAX_BYTES, "{}", text.len());
    let told = folded(&text);
    assert!((1..25).contains(&told), "{told}");
    let cut = format!("**{} of 25 kinds left out**", 25 - told);
    assert!(text.contains(&cut), "{cut}");
    assert!(text.trim_end().ends_with('.'), "the end is there");
    assert_eq!(text.lines().filter(|line| line.contains("| 10.0.1.")).count(), 25);
}

#[test]
fn the_same_at_many_servers_is_told_once() {
    let text = markdown::text(&at_many_servers(100, 1));
    assert_eq!(folded(&text), 1);
    assert!(text.contains("and 99 more servers and names</summary>"), "{text}");
    assert!(text.contains("| 1 | 100 | 100 | "), "{text}");
    assert!(text.contains("**Who has to act:** servers: 100 failures."), "{text}");
}

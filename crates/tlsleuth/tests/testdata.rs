//! Holds the analysis against what an expert says of every recorded capture (`testdata/`).
//!
//! `TLSLEUTH_ONLY=name` runs the stories whose path holds that name, and prints every finding.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tlsleuth::capture::{CaptureInput, MergedReader, order_captures};
use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::diagnosis::{Finding, Severity, capture_findings};
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

/// Stories that are known not to be told right, each with the reason. One that is told right must
/// leave the list.
const KNOWN: &[(&str, &str)] = &[];

/// What only many connections show, where it cannot be found yet, each with the reason.
const NOT_YET: &[(&str, &str, &str)] =
    &[("captures/quic-blocked-then-tcp", "fleet.retry-ladder", "QUIC is not read")];

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The folders with an `expect.json`, in the order of their names.
fn stories() -> Vec<PathBuf> {
    let mut stories = Vec::new();
    let mut folders = vec![testdata().join("captures"), testdata().join("stories")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.join("expect.json").is_file() {
                stories.push(path);
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    stories.sort();
    stories
}

fn list<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    match &value[key] {
        Value::Array(entries) => entries.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => vec![text],
        _ => Vec::new(),
    }
}

/// The secrets of a story: its key log, its server's key, and the blocks of its captures.
#[cfg(feature = "keylog")]
fn secrets(story: &Path, expect: &Value) -> tlsleuth::keylog::KeyLog {
    let log = tlsleuth::keylog::KeyLog::new();
    for path in list(expect, "keylog") {
        log.read(fs::File::open(story.join(path)).unwrap()).unwrap();
    }
    for path in list(expect, "server_key") {
        log.read_rsa_keys(fs::File::open(story.join(path)).unwrap()).unwrap();
    }
    for file in list(expect, "file") {
        let blocks = tlsleuth::capture::prescan_secrets(&story.join(file), &OpenOptions::default());
        blocks.unwrap_or_default().iter().for_each(|block| log.add(block.data()));
    }
    log
}

/// Whether only secrets tell what an expert says of a story, and nothing here can use them.
fn lacks_secrets(name: &str, expect: &Value) -> bool {
    let has_secrets = expect["keylog"].is_string() || name.contains("keys-in-pcapng");
    cfg!(not(feature = "keylog")) && has_secrets
}

/// What one story gives: the connections, and the codes of the findings about its files.
fn analyze(story: &Path, expect: &Value) -> (Vec<Analyzed>, Vec<&'static str>, Vec<Finding>) {
    let mut options = Options::default();
    if let Some(path) = expect["ca_file"].as_str() {
        let mut anchors = Anchors::new(Roots::None).unwrap();
        anchors.add_pem(&fs::read(story.join(path)).unwrap()).unwrap();
        options.policy.judge = Arc::new(Judge::new(anchors));
        options.policy.own_anchors = true;
    }
    #[cfg(feature = "keylog")]
    {
        options.secrets = Some(Arc::new(secrets(story, expect)));
    }
    let files: Vec<PathBuf> =
        list(expect, "file").into_iter().map(|file| story.join(file)).collect();
    let mut analyzer = Analyzer::new(options);
    let inputs = files.into_iter().map(CaptureInput::Path).collect();
    let ordered = order_captures(inputs, &OpenOptions::default());
    let captures = ordered.names.len();
    let mut frames = MergedReader::new(ordered, OpenOptions::default());
    loop {
        match frames.next_frame() {
            Ok(Some(frame)) => analyzer.push_frame(&frame),
            Ok(None) => break,
            // A capture that is damaged is analyzed as far as it goes.
            Err(_) => {}
        }
    }
    let of_files = (0..captures)
        .filter_map(|number| u32::try_from(number).ok())
        .filter_map(|number| Some((number, frames.capture(number)?.facts?)))
        .flat_map(|(number, facts)| capture_findings(facts, number))
        .map(|found| found.code)
        .collect();
    analyzer.finish();
    let mut connections = Vec::new();
    let mut together = Vec::new();
    while let Some(event) = analyzer.poll() {
        match event {
            Event::Connection(connection) => connections.push(*connection),
            Event::Fleet(fleet) => together = fleet.findings,
        }
    }
    (connections, of_files, together)
}

/// What differs from what an expert says of one connection.
fn differences(expect: &Value, found: &Analyzed, of_files: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    let codes: Vec<&str> = found.diagnosis.findings.iter().map(|found| found.code).collect();
    let verdict = found.diagnosis.verdict().map(|found| found.code);
    let outcome = found.diagnosis.outcome.name();
    let mut outcomes = list(expect, "outcome_any_of");
    outcomes.extend(list(expect, "outcome"));
    if !outcomes.contains(&outcome) {
        differences.push(format!("outcome {outcome}, not {}", outcomes.join(" or ")));
    }
    let any_of = match &expect["verdict_any_of"] {
        Value::Array(entries) => entries.iter().map(Value::as_str).collect(),
        _ => vec![expect["verdict"].as_str()],
    };
    if !any_of.contains(&verdict) && verdict != expect["verdict"].as_str() {
        differences.push(format!(
            "verdict {}, not {}",
            verdict.unwrap_or("none"),
            any_of.iter().map(|code| code.unwrap_or("none")).collect::<Vec<_>>().join(" or ")
        ));
    }
    for code in list(expect, "must_find") {
        let told =
            codes.contains(&code) || (code.starts_with("capture.") && of_files.contains(&code));
        if !told && !code.starts_with("fleet.") {
            differences.push(format!("{code} not found"));
        }
    }
    for code in list(expect, "must_not_find") {
        if codes.contains(&code) {
            differences.push(format!("{code} found"));
        }
    }
    if outcome == "completed" {
        for found in &found.diagnosis.findings {
            if found.severity == Severity::Error {
                differences.push(format!("error {} in a connection that completed", found.code));
            }
        }
    }
    differences
}

/// What differs from what an expert says of all connections together: what must be found is there,
/// and nothing else is.
fn differences_together(name: &str, expect: &Value, found: &[Finding]) -> Vec<String> {
    let expected = list(expect, "fleet_must_find");
    let mut differences = Vec::new();
    for code in &expected {
        let not_yet = NOT_YET.iter().any(|(story, known, _)| *story == name && known == code);
        if found.iter().any(|finding| finding.code == *code) == not_yet {
            differences.push(format!("{code} {}", if not_yet { "found" } else { "not found" }));
        }
    }
    for finding in found {
        if !expected.contains(&finding.code) {
            differences.push(format!("{} found: {}", finding.code, finding.title));
        }
        if finding.evidence.is_empty() {
            differences.push(format!("{} has no evidence", finding.code));
        }
    }
    differences
}

fn print(found: &Analyzed) {
    let connection = &found.connection;
    println!(
        "  {} -> {}: {}, ending {:?} by {:?}",
        connection.client,
        connection.server,
        found.diagnosis.outcome.name(),
        connection.end_reason,
        connection.first_close(),
    );
    found.diagnosis.findings.iter().for_each(print_finding);
}

fn print_finding(finding: &Finding) {
    println!(
        "    {}{} {} ({}, {}): {}",
        if finding.root_cause { "* " } else { "  " },
        finding.severity.name(),
        finding.code,
        finding.confidence.name(),
        finding.party.name(),
        finding.title
    );
    for evidence in &finding.evidence {
        println!("          frame {}: {}", evidence.at.frame, evidence.says);
    }
    println!("          {}", finding.explanation);
}

#[test]
fn every_story_is_told_as_an_expert_tells_it() {
    let only = std::env::var("TLSLEUTH_ONLY").ok();
    let mut wrong = Vec::new();
    let mut told = 0;
    for story in stories() {
        let name = story.strip_prefix(testdata()).unwrap().display().to_string();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let text = fs::read_to_string(story.join("expect.json")).unwrap();
        let expect: Value = serde_json::from_str(&text).unwrap();
        if lacks_secrets(&name, &expect) {
            let _ = analyze(&story, &expect);
            continue;
        }
        let (connections, of_files, together) = analyze(&story, &expect);
        if only.is_some() {
            println!("{name}: {of_files:?}");
            connections.iter().for_each(print);
            together.iter().for_each(print_finding);
        }
        let mut here = differences_together(&name, &expect, &together);
        for code in list(&expect, "capture_must_find") {
            let told = of_files.contains(&code)
                || connections
                    .iter()
                    .any(|found| found.diagnosis.findings.iter().any(|found| found.code == code));
            if !told {
                here.push(format!("{code} not found"));
            }
        }
        for expected in expect["connections"].as_array().into_iter().flatten() {
            if expected["transport"].as_str().is_some_and(|transport| transport != "tcp") {
                continue;
            }
            let (client, server) =
                (expected["client"].as_str().unwrap(), expected["server"].as_str().unwrap());
            let mut fitting = connections.iter().filter(|found| {
                found.connection.client.to_string() == client
                    && found.connection.server.to_string() == server
            });
            let Some(first) = fitting.next() else {
                if expected["optional"] != Value::Bool(true) {
                    here.push(format!("{client}: no such connection"));
                }
                continue;
            };
            // Ports may be used twice in one capture; one of the connections must fit.
            let mut least = differences(expected, first, &of_files);
            for other in fitting {
                let differences = differences(expected, other, &of_files);
                if differences.len() < least.len() {
                    least = differences;
                }
            }
            here.extend(least.into_iter().map(|difference| format!("{client}: {difference}")));
        }
        let known = KNOWN.iter().any(|(known, _)| *known == name);
        match (here.is_empty(), known) {
            (true, false) => told += 1,
            (true, true) => wrong.push(format!("{name}: told right, though it is in KNOWN")),
            (false, true) => {}
            (false, false) => {
                wrong.extend(here.into_iter().map(|difference| format!("{name}: {difference}")));
            }
        }
    }
    println!("{told} stories are told right");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

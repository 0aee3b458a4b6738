//! Analyzes captures of `testdata`, as the command does.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod hostile;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::diagnosis::Fleet;
use tlsleuth::diagnosis::capture_findings;
use tlsleuth::{Analyzed, Analyzer, Counts, Event, FrameReader, Options};
use tlsleuth_report::{CaptureInput, Report, report};

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The captures of a story, by name.
pub(crate) fn captures(story: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(story)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().contains(".pcap"))
        .collect();
    files.sort();
    files
}

/// The report on the first capture of a story, judged with the root of `testdata`.
pub(crate) fn story(name: &str) -> Report {
    let folder = testdata().join("captures").join(name);
    analyze(&captures(&folder)[0], &format!("{name}.pcap"))
}

pub(crate) fn analyze(path: &Path, shown: &str) -> Report {
    let (input, connections, fleet, counts) = side(path, shown);
    report(&[input], connections, &fleet, &counts, "mozilla")
}

/// The same; `see` is given every connection before the report is made.
pub(crate) fn analyze_with(path: &Path, shown: &str, see: &mut dyn FnMut(&Analyzed)) -> Report {
    let (input, connections, fleet, counts) = side(path, shown);
    connections.iter().for_each(|analyzed| see(analyzed));
    report(&[input], connections, &fleet, &counts, "mozilla")
}

/// What changed from the first capture of one story to that of another.
pub(crate) fn diff(before: &str, after: &str) -> tlsleuth_report::diff::Diff {
    let side = |name: &str| {
        let folder = testdata().join("captures").join(name);
        side(&captures(&folder)[0], &format!("{name}.pcap"))
    };
    let ((before, _, old, _), (after, _, new, _)) = (side(before), side(after));
    let input =
        |captures, fleet| tlsleuth_report::diff::Input { captures, fleet, interrupted: false };
    tlsleuth_report::diff::diff(&input(&[before], &old), &input(&[after], &new))
}

pub(crate) fn side(path: &Path, shown: &str) -> (CaptureInput, Vec<Box<Analyzed>>, Fleet, Counts) {
    let mut anchors = Anchors::new(Roots::Mozilla).unwrap();
    anchors.add_pem(&std::fs::read(testdata().join("pki/root.pem")).unwrap()).unwrap();
    let mut options = Options::default();
    options.policy.judge = Arc::new(Judge::new(anchors));
    options.policy.own_anchors = true;
    options.policy.roots = "mozilla";
    let mut analyzer = Analyzer::new(options);
    let mut reader = FrameReader::open(path).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        analyzer.push_frame(&frame);
    }
    analyzer.finish();
    let mut connections = Vec::new();
    let mut fleet = Fleet::default();
    while let Some(event) = analyzer.poll() {
        match event {
            Event::Connection(analyzed) => connections.push(analyzed),
            Event::Fleet(told) => fleet = *told,
        }
    }
    let input = CaptureInput {
        path: shown.to_owned(),
        facts: Some(reader.facts().clone()),
        decoded: analyzer.decode_stats(0),
        findings: capture_findings(reader.facts(), 0),
    };
    (input, connections, fleet, analyzer.counts())
}

//! `tlsleuth slim` and `--redact` as users meet them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn story(name: &str) -> PathBuf {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures");
    testdata.join(name).join("capture.pcap")
}

/// A folder of its own for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn tlsleuth(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("tlsleuth").unwrap().args(arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Outcome, verdict and ends of every connection.
fn told(capture: &Path, more: &[&str]) -> Vec<String> {
    let (status, out, err) = tlsleuth(&[&[text(capture), "-f", "json"], more].concat());
    assert_eq!(status, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let connections = report["connections"].as_array().unwrap();
    connections
        .iter()
        .map(|found| {
            format!(
                "{} {} {} {}",
                found["client"], found["server"], found["outcome"], found["verdict"]
            )
        })
        .collect()
}

#[test]
fn the_slim_file_tells_the_same_and_says_how_small_it_is() {
    let out = folder("slim-same").join("slim.pcapng");
    let capture = story("chain-missing-intermediate");
    let (status, printed, err) = tlsleuth(&["slim", text(&capture), "-o", text(&out)]);
    assert_eq!((status, printed.as_str()), (0, ""), "{err}");
    assert!(err.contains("frames (") && err.contains(" as a file"), "{err}");
    assert_eq!(told(&capture, &[]), told(&out, &[]));
    let file = fs::read(&out).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("[chain.missing-intermediate, likely, who: server]"));
    assert!(holds("frame 6"));
}

#[test]
fn filters_choose_connections() {
    let out = folder("slim-filter").join("slim.pcapng");
    let capture = story("chain-missing-intermediate");
    let (status, _, err) =
        tlsleuth(&["slim", text(&capture), "--connection", "2", "-o", text(&out)]);
    assert_eq!(status, 0, "{err}");
    let all = told(&capture, &[]);
    assert!(all.len() > 1);
    assert_eq!(told(&out, &[]), [all[1].clone()]);
}

#[test]
fn a_redacted_slim_file_and_report_agree() {
    let folder = folder("slim-redacted");
    let (out, key) = (folder.join("slim.pcapng"), folder.join("key"));
    fs::write(&key, "00112233445566778899aabbccddeeff\n").unwrap();
    let capture = story("chain-missing-intermediate");
    let redact = ["--redact", "addresses,names", "--redact-key", text(&key)];
    let slim = ["slim", text(&capture), "-o", text(&out)];
    let (status, _, err) = tlsleuth(&[&slim[..], &redact].concat());
    assert_eq!(status, 0, "{err}");
    // The same key gives the same addresses, in the frames as in a report.
    let ends = |lines: Vec<String>| {
        let mut ends: Vec<String> =
            lines.iter().map(|line| line.split(" \"").next().unwrap().to_owned()).collect();
        ends.sort();
        ends
    };
    assert_eq!(ends(told(&capture, &redact)), ends(told(&out, &[])));
    let (_, table, _) = tlsleuth(&[&[text(&capture)], &redact[..]].concat());
    assert!(table.contains("Redacted: addresses"), "{table}");
    assert!(!table.contains("10.0.0.7") && !table.contains("example"), "{table}");
    let file = fs::read(&out).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("example") && !holds("10.0.0.7"));
}

#[test]
fn a_log_line_in_the_timeline_is_redacted_and_whole() {
    let key = folder("log-redacted").join("key");
    fs::write(&key, "00112233445566778899aabbccddeeff\n").unwrap();
    let capture = story("sni-unrecognized-go");
    let log = capture.with_file_name("server.log");
    let written = fs::read_to_string(&log).unwrap();
    assert!(written.contains("10.0.0.7:") && written.contains("api.example.test"), "{written}");
    let redact = ["--log", text(&log), "--redact", "addresses,names", "--redact-key", text(&key)];
    for format in ["table", "json", "markdown", "html"] {
        let (status, out, err) =
            tlsleuth(&[&[text(&capture), "--format", format], &redact[..]].concat());
        assert_eq!(status, 0, "{err}");
        for original in ["10.0.0.7", "api.example", "server.log"] {
            assert!(!out.contains(original), "{format} has {original}");
        }
    }
    let (_, out, _) = tlsleuth(&[&[text(&capture), "-f", "json"], &redact[..]].concat());
    let report: Value = serde_json::from_str(&out).unwrap();
    let failed = &report["connections"][0];
    let lines: Vec<&str> = failed["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "log")
        .map(|event| event["summary"].as_str().unwrap())
        .collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    let address = failed["client"]["address"].as_str().unwrap();
    let name = failed["sni"].as_str().unwrap();
    assert!(line.contains(&format!("http: TLS handshake error from {address}:")), "{line}");
    assert!(line.contains(&format!("host \"{name}\" not configured")), "{line}");
}

#[test]
fn what_cannot_be_read_twice_is_refused() {
    let folder = folder("slim-stdin");
    let out = folder.join("slim.pcapng");
    let (status, _, err) = tlsleuth(&["slim", "-", "-o", text(&out)]);
    assert_eq!(status, 2);
    assert!(err.contains("standard input: slim reads a capture more than once"), "{err}");
    assert!(!out.exists());
}

#[test]
fn a_capture_is_never_replaced() {
    let folder = folder("slim-replace");
    let capture = folder.join("capture.pcap");
    fs::copy(story("chain-missing-intermediate"), &capture).unwrap();
    let before = fs::read(&capture).unwrap();
    let direct = tlsleuth(&["slim", text(&capture), "-o", text(&capture)]);
    let within = tlsleuth(&["slim", text(&folder), "-o", text(&capture)]);
    for (status, _, err) in [direct, within] {
        assert_eq!(status, 2);
        assert!(err.contains("the output would replace the capture"), "{err}");
    }
    assert_eq!(fs::read(&capture).unwrap(), before);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = folder("slim-options");
    let (out, key) = (folder.join("slim.pcapng"), folder.join("key"));
    fs::write(&key, "password").unwrap();
    let capture = story("chain-missing-intermediate");
    let refused = |arguments: &[&str], words: &str| {
        let (status, _, err) = tlsleuth(arguments);
        assert_eq!(status, 2, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
        assert!(!err.contains("password"), "{err}");
        assert!(!out.exists(), "{arguments:?}");
    };
    let (capture, out_path, key) = (text(&capture), text(&out), text(&key));
    refused(&["slim", capture], "--output");
    refused(&["slim", capture, "-o", out_path, "-f", "json"], "slim writes a capture");
    refused(&["slim", capture, "-o", out_path, "--redact", "names"], "--redact addresses,names");
    refused(
        &["slim", capture, "-o", out_path, "--keep-secrets", "--redact", "names"],
        "cannot be used",
    );
    refused(&[capture, "--redact-key", key], "--redact");
    refused(&[capture, "--redact", "names", "--redact-key", key], "holds 8 bytes; a key needs");
    refused(&[capture, "--redact", "names", "--redact-key", "missing"], "--redact-key missing");
    refused(&[capture, "--redact", "ports"], "ports");
}

//! The command with logged secrets: where they come from, and that they go nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn story(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures").join(name)
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tlsleuth"));
    command.args(["--roots", "none"]).env_remove("SSLKEYLOGFILE");
    command
}

fn json(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

const OPENED: &str = "\"decryption\":\"opened";

fn is_opened(output: &Output) -> bool {
    let report: String = json(output).split_whitespace().collect();
    report.contains(OPENED)
}

/// The values that `--format` takes, as the command itself tells them.
fn formats() -> Vec<String> {
    let told = command().args(["--format", "?", "x"]).output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    let (_, values) = told.split_once("possible values: ").unwrap();
    let (values, _) = values.split_once(']').unwrap();
    values.split(", ").map(|value| value.trim().to_owned()).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|three| {
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
        })
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_output_holds_a_secret() {
    let mut searched = 0;
    for name in ["client-auth-expired-tls13-keys", "keys-tls12-cbc-sha", "early-data-accepted"] {
        let log = story(name).join("keys.log");
        // A broken line, too: what is wrong with a log is told without quoting it.
        let text = fs::read_to_string(&log).unwrap();
        let last = text.lines().last().unwrap();
        let broken = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.broken"));
        let cut = last.split_at(last.len() - 3).0;
        fs::write(&broken, format!("{text}{last} {last}\n{last}x\n{cut}")).unwrap();
        for format in formats() {
            let output = command()
                .args(["--format", &format, "--all", "--color", "always", "--keylog"])
                .arg(&log)
                .arg("--keylog")
                .arg(&broken)
                .arg(story(name).join("capture.pcap"))
                .output()
                .unwrap();
            assert!(output.status.success());
            let told = [output.stdout, output.stderr].concat();
            let lower = told.to_ascii_lowercase();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let secret = line.split(' ').nth(2).unwrap().trim().to_ascii_lowercase();
                let bytes = unhex(&secret);
                for at in (0..secret.len() - 16).step_by(16) {
                    let part = &secret.as_bytes()[at..at + 16];
                    assert!(!holds(&lower, part), "{name} as {format}: hex");
                }
                assert!(!holds(&told, &bytes[..12]), "{name} as {format}: raw");
                for shift in 0..3 {
                    let part = base64(&bytes[shift..]);
                    assert!(!holds(&told, part.as_bytes()), "{name} as {format}: base64");
                }
                searched += 1;
            }
        }
    }
    assert!(searched > 20, "{searched} searched");
}

#[test]
fn several_logs_and_the_environment() {
    let (capture, other) = (story("keys-tls13-aes-128-gcm"), story("keys-tls12-gcm128"));
    let file = capture.join("capture.pcap");
    let run = |logs: &[&Path], environment: Option<&Path>| {
        let mut command = command();
        command.args(["--format", "json"]);
        for log in logs {
            command.arg("--keylog").arg(log);
        }
        if let Some(path) = environment {
            command.env("SSLKEYLOGFILE", path);
        }
        command.arg(&file).output().unwrap()
    };
    let (log, others) = (capture.join("keys.log"), other.join("keys.log"));
    assert!(is_opened(&run(&[&others, &log], None)));
    assert!(!is_opened(&run(&[&others], None)));
    assert!(!is_opened(&run(&[], Some(&log))), "nobody asked for the environment");
    assert!(is_opened(&run(&[Path::new("env")], Some(&log))));
    let unset = run(&[Path::new("env")], None);
    assert_eq!(unset.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unset.stderr).contains("SSLKEYLOGFILE"));
    assert_eq!(run(&[Path::new("no/such/file")], None).status.code(), Some(2));
}

/// The blocks of a pcapng file in the order of `order`: those of the secrets behind all others.
fn with_secrets_at_the_end(file: &[u8]) -> Vec<u8> {
    let (mut blocks, mut secrets) = (Vec::new(), Vec::new());
    let mut rest = file;
    while rest.len() >= 12 {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (block, behind) = rest.split_at(word(4) as usize);
        if word(0) == 0x0a { &mut secrets } else { &mut blocks }.extend_from_slice(block);
        rest = behind;
    }
    assert!(!secrets.is_empty());
    blocks.extend_from_slice(&secrets);
    blocks
}

#[test]
fn secrets_inside_of_the_capture_are_used_wherever_they_are() {
    let file = fs::read(story("keys-in-pcapng-expired").join("capture.pcapng")).unwrap();
    let late = with_secrets_at_the_end(&file);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("late.pcapng");
    fs::write(&path, &late).unwrap();
    for path in [story("keys-in-pcapng-expired").join("capture.pcapng"), path] {
        let output = command().args(["--format", "json"]).arg(&path).output().unwrap();
        assert!(is_opened(&output), "{}", path.display());
        assert!(json(&output).contains("chain.expired"));
    }
    let piped = |bytes: &[u8]| {
        let mut child = command()
            .args(["--format", "json", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    assert!(is_opened(&piped(&file)), "on a pipe they are used as they come");
    let too_late: String = json(&piped(&late)).split_whitespace().collect();
    assert!(too_late.contains("\"decryption\":null"), "too late, and nobody asked");
}

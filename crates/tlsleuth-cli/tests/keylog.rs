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

/// No part of a secret is in an output: not raw, not as hex, not as base64.
fn assert_lacks(told: &[u8], secret: &[u8], which: &str) {
    let lower = told.to_ascii_lowercase();
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    for at in (0..hex.len() - 16).step_by(16) {
        assert!(!holds(&lower, &hex.as_bytes()[at..at + 16]), "{which}: hex");
    }
    for part in secret.chunks_exact(12) {
        assert!(!holds(told, part), "{which}: raw");
    }
    for shift in 0..3 {
        for part in base64(&secret[shift..]).as_bytes().chunks_exact(24) {
            assert!(!holds(told, part), "{which}: base64");
        }
    }
}

/// The bytes of a PEM file with one block.
fn unpem(text: &str) -> Vec<u8> {
    let digits: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let values = digits.bytes().filter_map(|digit| match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    });
    let bits: Vec<u8> =
        values.flat_map(|value| (0..6).rev().map(move |at| value >> at & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}

#[test]
fn no_output_holds_an_rsa_key_or_what_it_gives() {
    let key = story("../pki/server.test-only.key");
    let der = unpem(&fs::read_to_string(&key).unwrap());
    // Behind the version, the algorithm, the modulus (which is public) and the exponent.
    let private = &der[330..];
    assert_eq!(base64(&der[..24]).as_bytes()[..3], *b"MII", "the block was read");
    let capture = story("keys-tls12-static-rsa-3des");
    // The client of this story logged the master secret that the key gives.
    let log = fs::read_to_string(capture.join("keys.log")).unwrap();
    let master = unhex(log.trim().rsplit(' ').next().unwrap());
    assert_eq!(master.len(), 48);
    for format in formats() {
        let output = command()
            .args(["--format", &format, "--all", "--color", "always", "--rsa-key"])
            .arg(&key)
            .arg(capture.join("capture.pcap"))
            .output()
            .unwrap();
        assert!(output.status.success());
        let told = [output.stdout, output.stderr].concat();
        assert_lacks(&told, private, &format);
        assert_lacks(&told, &master, &format);
    }
}

#[test]
fn the_servers_key_opens_static_rsa() {
    let capture = story("keys-tls12-static-rsa-gcm").join("capture.pcap");
    let (right, other) =
        (story("../pki/server.test-only.key"), story("../pki/client.test-only.key"));
    let run = |keys: &[&Path]| {
        let mut command = command();
        command.args(["--format", "json"]);
        for key in keys {
            command.arg("--rsa-key").arg(key);
        }
        command.arg(&capture).output().unwrap()
    };
    assert!(is_opened(&run(&[&right])));
    assert!(is_opened(&run(&[&other, &right])), "the option may be given several times");
    assert!(json(&run(&[&other])).contains("no RSA key given belongs to the server's certificate"));
    let ephemeral = story("keys-tls12-gcm128").join("capture.pcap");
    let output = command()
        .args(["--format", "json", "--rsa-key"])
        .args([&right, &ephemeral])
        .output()
        .unwrap();
    assert!(json(&output).contains("this one needs a key log"));
}

#[test]
fn what_is_no_rsa_key_is_said_before_anything_is_read() {
    let capture = story("keys-tls12-static-rsa-gcm").join("capture.pcap");
    let key = fs::read_to_string(story("../pki/server.test-only.key")).unwrap();
    let write = |name: &str, text: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (path, word) in [
        (write("encrypted.key", &encrypted), "encrypted"),
        (write("damaged.key", &key.replacen("MII", "MIA", 1)), "cannot be read"),
        (story("../pki/good.pem"), "no private key"),
        (story("../pki/server-ec.test-only.key"), "no RSA key"),
        (PathBuf::from("no/such.key"), "no/such.key"),
    ] {
        let output = command().arg("--rsa-key").arg(&path).arg(&capture).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        assert!(output.stdout.is_empty());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(word), "{told}");
        let lines = key.lines().filter(|line| line.len() > 40);
        assert!(lines.filter(|line| told.contains(line)).count() == 0, "{told}");
    }
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
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let secret = line.split(' ').nth(2).unwrap().trim().to_ascii_lowercase();
                assert_lacks(&told, &unhex(&secret), &format!("{name} as {format}"));
                searched += 1;
            }
        }
    }
    assert!(searched > 20, "{searched} searched");
}

#[test]
fn a_log_in_part_says_which_line_it_lacks() {
    let partial = story("keys-partial");
    let mut command = command();
    command.args(["--format", "json", "--keylog"]).arg(partial.join("keys.log"));
    let told = json(&command.arg(partial.join("capture.pcap")).output().unwrap());
    let reason = "opened in part: the key log has no SERVER_HANDSHAKE_TRAFFIC_SECRET for this";
    assert!(told.contains(reason), "{told}");
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

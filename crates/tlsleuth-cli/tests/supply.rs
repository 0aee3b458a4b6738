//! What comes into the build: licences, sources, versions, and no unsafe code of our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What cargo says of this build, for the platform that it runs on: of others the packages may not
/// have been fetched.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let version = Command::new("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", host])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    })
}

fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

/// The packages that end up in the command, names and versions: neither those for tests or builds
/// alone, nor procedural macros, which run in the compiler.
fn shipped() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "tlsleuth-cli", "--edges", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut shipped: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut words = line.split(' ').map(str::to_owned);
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            shipped.entry(name).or_default().insert(version);
        }
    }
    assert!(shipped.contains_key("tlsleuth-capture"));
    shipped
}

/// The words in quotation marks of a list in `deny.toml`.
fn allowed_licences() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, list) = text.split_once("allow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met: of an OR one side, of an AND both.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim();
    if let Some(inner) = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
        && !inner.contains('(')
    {
        return is_met(inner, allowed);
    }
    // Outside of parentheses OR binds less than AND.
    for (word, all) in [(" OR ", false), (" AND ", true)] {
        let parts = split_outside(expression, word);
        if parts.len() > 1 {
            let mut met = parts.iter().map(|part| is_met(part, allowed));
            return if all { met.all(|met| met) } else { met.any(|met| met) };
        }
    }
    // Before SPDX expressions a slash stood for OR.
    expression.split('/').any(|one| {
        let licence = one.trim().split(" WITH ").next().unwrap();
        allowed.contains(licence)
    })
}

fn split_outside<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= start && text[at..].starts_with(word) => {
                parts.push(&text[start..at]);
                start = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[test]
fn licences_are_allowed() {
    let allowed = allowed_licences();
    assert!(allowed.contains("MIT") && allowed.len() > 5);
    assert!(is_met("(MIT OR GPL-3.0) AND ISC", &allowed) && !is_met("GPL-3.0", &allowed));
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_met(licence, &allowed) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sources_are_the_registry() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().unwrap() {
        if let Some(source) = package["source"].as_str() {
            let registry = "registry+https://github.com/rust-lang/crates.io-index";
            assert_eq!(source, registry, "{}", package["name"]);
        }
    }
}

/// Crates that come in two versions, which costs time and room, each with the reason.
const TWICE: [(&str, usize, &str); 2] = [
    ("nom", 2, "x509-parser and tls-parser are built on nom 7, pcap-parser on nom 8"),
    ("rusticata-macros", 2, "the same"),
];

#[test]
fn crates_come_in_one_version() {
    let shipped = shipped();
    let found: Vec<(&str, usize)> = shipped
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| (name.as_str(), versions.len()))
        .collect();
    let expected: Vec<(&str, usize)> =
        TWICE.iter().map(|(name, count, _)| (*name, *count)).collect();
    assert_eq!(found, expected);
}

/// The lowest versions in which a known advisory is mended, and the advisory.
const LEAST: [(&str, [u64; 3], &str); 9] = [
    ("lz4_flex", [0, 12, 1], "RUSTSEC-2026-0041"),
    ("memmap2", [0, 9, 11], "RUSTSEC-2026-0186"),
    ("rustls-webpki", [0, 103, 13], "RUSTSEC-2026-0049, 0098, 0099, 0104"),
    ("time", [0, 3, 47], "RUSTSEC-2026-0009"),
    ("ruzstd", [0, 8, 0], "RUSTSEC-2024-0400"),
    ("zlib-rs", [0, 4, 1], "RUSTSEC-2024-0401"),
    ("ring", [0, 17, 12], "RUSTSEC-2025-0009"),
    ("crossbeam-channel", [0, 5, 15], "RUSTSEC-2025-0024"),
    ("pyo3", [0, 29, 0], "RUSTSEC-2026-0176, 0177"),
];

#[test]
fn no_version_has_a_known_advisory() {
    let metadata = metadata();
    let mut checked = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some((_, least, advisory)) = LEAST.iter().find(|(known, ..)| *known == name) else {
            continue;
        };
        let version = package["version"].as_str().unwrap();
        let numbers: Vec<u64> =
            version.split(['.', '-', '+']).take(3).map(|part| part.parse().unwrap()).collect();
        assert!(numbers.as_slice() >= least.as_slice(), "{name} {version}: {advisory}");
        checked += 1;
    }
    // Of the list only what is in the build can be looked at.
    assert!(checked >= 5, "{checked}");
}

#[test]
fn no_crate_of_ours_has_unsafe_code() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nunsafe_code = \"forbid\"\n"), "the lint of the workspace");
    let metadata = metadata();
    let mut ours = 0;
    for package in metadata["packages"].as_array().unwrap().iter().filter(|one| is_ours(one)) {
        let path = package["manifest_path"].as_str().unwrap();
        let manifest = fs::read_to_string(path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{path}: the workspace's lints");
        ours += 1;
    }
    assert!(ours >= 9, "{ours}");
}

#[test]
fn nothing_opens_a_connection_or_starts_a_program() {
    // The command reads files and writes what it is told to: no crate for sockets, none for HTTP.
    let shipped = shipped();
    for name in ["tokio", "reqwest", "hyper", "ureq", "socket2", "mio", "openssl", "aws-lc-sys"] {
        assert!(!shipped.contains_key(name), "{name}");
    }
}

//! What is found in all of `testdata`, counted: agreement with an established verifier on every
//! chain that a server or client sent, and the findings by code, so that a change shows in a diff.
//!
//! `UPDATE_EXPECT=1 cargo test -p tlsleuth --test agreement` writes `testdata/findings.txt` anew.
//! `TLSLEUTH_CORPUS=folder` compares the chains of all captures below that folder as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use tlsleuth::capture::{CaptureInput, MergedReader, order_captures};
use tlsleuth::cert::{Anchors, Chain, Judge, NoIntermediates, Purpose, Roots, Trust};
use tlsleuth::diagnosis::capture_findings;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

fn is_capture(path: &Path) -> bool {
    path.is_file() && OpenOptions::default().open(path).is_ok()
}

/// Folders with captures; the captures of one folder are one incident.
fn incidents(root: &Path) -> Vec<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut captures = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_capture(&path) {
                captures.push(path);
            }
        }
        captures.sort();
        if !captures.is_empty() {
            found.push(captures);
        }
    }
    found.sort();
    found
}

/// The root that the clients of `testdata` trust, and that of each story which has its own.
fn anchors(folder: &Path) -> Anchors {
    let mut anchors = Anchors::new(Roots::None).unwrap();
    let expect = fs::read(folder.join("expect.json")).unwrap_or_default();
    let expect: serde_json::Value = serde_json::from_slice(&expect).unwrap_or_default();
    let own = expect["ca_file"].as_str().map(|path| folder.join(path));
    let root = testdata().join("pki/root.pem");
    for path in BTreeSet::from([own.unwrap_or_else(|| root.clone())]) {
        anchors.add_pem(&fs::read(path).unwrap()).unwrap();
    }
    anchors
}

/// The connections, and the codes of what is wrong with the files.
fn analyze(captures: &[PathBuf], judge: &Arc<Judge>) -> (Vec<Box<Analyzed>>, Vec<&'static str>) {
    let mut options = Options::default();
    options.policy.judge = Arc::clone(judge);
    options.policy.own_anchors = true;
    let mut analyzer = Analyzer::new(options);
    let open = OpenOptions::default();
    let inputs = captures.iter().cloned().map(CaptureInput::Path).collect();
    let mut frames = MergedReader::new(order_captures(inputs, &open), open);
    loop {
        match frames.next_frame() {
            Ok(Some(frame)) => analyzer.push_frame(&frame),
            Ok(None) => break,
            // One capture is over; the others go on.
            Err(_) => {}
        }
    }
    let mut of_files = Vec::new();
    for number in 0..u32::try_from(captures.len()).unwrap() {
        if let Some(facts) = frames.capture(number).and_then(|state| state.facts) {
            of_files.extend(capture_findings(facts, number).iter().map(|found| found.code));
        }
    }
    analyzer.finish();
    let mut connections = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(connection) = event {
            connections.push(connection);
        }
    }
    (connections, of_files)
}

#[test]
fn the_findings_are_those_counted() {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut files, mut connections) = (0, 0);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let found = ["captures", "stories"].map(|folder| testdata().join(folder));
    for captures in found.iter().filter(|path| path.is_dir()).flat_map(|path| incidents(path)) {
        files += captures.len();
        let judge = Arc::new(Judge::new(anchors(captures[0].parent().unwrap())));
        let (told, of_files) = analyze(&captures, &judge);
        for code in of_files {
            counts.entry(code).or_default()[0] += 1;
        }
        for analyzed in told {
            connections += 1;
            *outcomes.entry(analyzed.diagnosis.outcome.name()).or_default() += 1;
            let codes: BTreeSet<_> =
                analyzed.diagnosis.findings.iter().map(|found| found.code).collect();
            for code in codes {
                counts.entry(code).or_default()[1] += 1;
            }
            if let Some(verdict) = analyzed.diagnosis.verdict() {
                counts.entry(verdict.code).or_default()[2] += 1;
            }
        }
    }
    let mut out = String::from(
        "# Findings by code over all captures of testdata, without secrets and with the roots of\n\
         # each story. Written by `UPDATE_EXPECT=1 cargo test -p tlsleuth --test agreement`.\n#\n",
    );
    writeln!(out, "# {files} captures, {connections} connections: {outcomes:?}\n#").unwrap();
    writeln!(out, "# {:<36} files connections verdicts", "code").unwrap();
    for (code, [of_files, of_connections, verdicts]) in &counts {
        writeln!(out, "{code:<38} {of_files:>5} {of_connections:>11} {verdicts:>8}").unwrap();
    }
    let path = testdata().join("findings.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, out).unwrap();
        return;
    }
    let before = fs::read_to_string(path).unwrap_or_default();
    let changed: Vec<_> = before
        .lines()
        .filter(|line| !out.lines().any(|other| other == *line))
        .map(|line| format!("- {line}"))
        .chain(
            out.lines()
                .filter(|line| !before.lines().any(|other| other == *line))
                .map(|line| format!("+ {line}")),
        )
        .collect();
    assert!(changed.is_empty(), "findings.txt is not what is found:\n{}", changed.join("\n"));
}

/// What webpki says of a chain, given all of it but the leaf as intermediates.
fn webpki(
    chain: &Chain,
    anchors: &[CertificateDer<'static>],
    purpose: Purpose,
    at: i64,
) -> Result<(), String> {
    let der = |bytes: &[u8]| CertificateDer::from(bytes.to_vec());
    let anchors: Vec<_> =
        anchors.iter().filter_map(|anchor| webpki::anchor_from_trusted_cert(anchor).ok()).collect();
    let sent: Vec<_> = chain.certificates().iter().skip(1).map(|one| der(&one.der)).collect();
    let usage = match purpose {
        Purpose::ServerAuth => webpki::KeyUsage::server_auth(),
        Purpose::ClientAuth => webpki::KeyUsage::client_auth(),
    };
    let leaf = chain.leaf().ok_or("no certificate")?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or(0)));
    let leaf = der(&leaf.der);
    webpki::EndEntityCert::try_from(&leaf)
        .and_then(|leaf| {
            leaf.verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &sent,
                at,
                usage,
                None,
                None,
            )
            .map(|_| ())
        })
        .map_err(|error| format!("{error:?}"))
}

/// Why we refuse what webpki takes.
const STRICTER: [&str; 8] = [
    "weak key",
    "oversized key",
    "wrong key usage",
    "issuer without keyCertSign",
    "expired at",
    "breaks RFC 5280",
    "malformed",
    "path too long",
];

#[derive(Default)]
struct Agreement {
    both_trust: usize,
    both_refuse: usize,
    /// Refused by us alone, by the defect.
    stricter: BTreeMap<String, usize>,
    undetermined: usize,
    wrong: Vec<String>,
}

fn compare(root: &Path, agreement: &mut Agreement) {
    let mut seen = BTreeSet::new();
    let is_ours = root.starts_with(testdata());
    let mut all = incidents(root);
    if !is_ours {
        // Captures of others that lie in one folder have nothing to do with each other.
        all = all.into_iter().flatten().map(|capture| vec![capture]).collect();
    }
    for captures in all {
        let folder = captures[0].parent().unwrap();
        let own = if is_ours { anchors(folder) } else { Anchors::new(Roots::Mozilla).unwrap() };
        let ders: Vec<CertificateDer<'static>> = if own.roots() == Roots::Mozilla {
            webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()
        } else {
            let expect = fs::read(folder.join("expect.json")).unwrap_or_default();
            let expect: serde_json::Value = serde_json::from_slice(&expect).unwrap_or_default();
            let path = expect["ca_file"]
                .as_str()
                .map_or(testdata().join("pki/root.pem"), |path| folder.join(path));
            use rustls_pki_types::pem::PemObject as _;
            let pem = fs::read(path).unwrap();
            CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect()
        };
        let judge = Arc::new(Judge::new(own));
        let (connections, _) = analyze(&captures, &judge);
        for found in connections {
            let chains = [
                (&found.connection.server_chain, Purpose::ServerAuth),
                (&found.connection.client_chain, Purpose::ClientAuth),
            ];
            for (chain, purpose) in chains {
                let Some(sent) = chain.present() else { continue };
                let chain = &sent.value.chain;
                if chain.is_empty() || sent.value.raw_public_key {
                    continue;
                }
                let at = sent.at.time.0.div_euclid(1_000_000_000);
                let key: Vec<_> = chain.certificates().iter().map(|one| one.sha256.0).collect();
                if !seen.insert((folder.to_owned(), key, purpose == Purpose::ServerAuth)) {
                    continue;
                }
                let judgement = judge.judge(chain, purpose, &NoIntermediates, at);
                let theirs = webpki(chain, &ders, purpose, at);
                let name = || format!("{} ({})", folder.display(), found.connection.server);
                match (judgement.trust, &theirs) {
                    (Trust::Trusted, Ok(())) => agreement.both_trust += 1,
                    (Trust::Refused, Err(_)) => agreement.both_refuse += 1,
                    (Trust::Undetermined, _) => agreement.undetermined += 1,
                    (Trust::Refused, Ok(())) => {
                        let why: Vec<_> =
                            judgement.fatal().map(|defect| defect.kind.to_string()).collect();
                        let known = why
                            .iter()
                            .find_map(|why| STRICTER.iter().find(|known| why.starts_with(**known)));
                        match known {
                            Some(known) => {
                                *agreement.stricter.entry((*known).to_owned()).or_default() += 1;
                            }
                            None => {
                                agreement.wrong.push(format!("{}: refused for {why:?}", name()))
                            }
                        }
                    }
                    (Trust::Trusted, Err(error)) => {
                        // What it does not know at all: a leaf that is an anchor, keys that ring lacks.
                        let leaf_is_anchor =
                            judgement.path.first().is_some_and(|step| step.is_anchor);
                        if leaf_is_anchor || error.contains("Unsupported") {
                            agreement.undetermined += 1;
                        } else {
                            agreement.wrong.push(format!("{}: trusted, but {error}", name()));
                        }
                    }
                }
                if judgement.trust == Trust::Trusted && judgement.verifier_objection.is_some() {
                    agreement.wrong.push(format!("{}: trusted against an objection", name()));
                }
            }
        }
    }
}

#[test]
fn chains_are_judged_as_webpki_judges_them() {
    let mut agreement = Agreement::default();
    for folder in ["captures", "stories"].map(|folder| testdata().join(folder)) {
        if folder.is_dir() {
            compare(&folder, &mut agreement);
        }
    }
    if let Some(corpus) = std::env::var_os("TLSLEUTH_CORPUS") {
        compare(Path::new(&corpus), &mut agreement);
    }
    println!(
        "both trust {}, both refuse {}, only we refuse {:?}, not to be compared {}",
        agreement.both_trust, agreement.both_refuse, agreement.stricter, agreement.undetermined
    );
    assert!(agreement.wrong.is_empty(), "{}", agreement.wrong.join("\n"));
    assert!(agreement.both_trust > 20 && agreement.both_refuse > 20);
}

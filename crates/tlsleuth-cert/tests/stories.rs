//! Judges every chain of `testdata/certs` and compares with its `expect.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test -p tlsleuth-cert --test stories` writes these anew; read the diff.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tlsleuth_cert::{
    Anchors, Certificate, CertificateStore, Chain, ChainJudgement, DefectAt, Judge, Origin,
    Purpose, ReferenceName, Roots, SeenIntermediates, Trust,
};

struct Story {
    folder: PathBuf,
    chain: Chain,
    anchors: Vec<Arc<Certificate>>,
    known: SeenIntermediates,
    purpose: Purpose,
    at: i64,
    name: Option<ReferenceName>,
}

fn certificates(path: &Path) -> Vec<Arc<Certificate>> {
    let store = CertificateStore::default();
    let Ok(pem) = fs::read(path) else { return Vec::new() };
    CertificateDer::pem_slice_iter(&pem).map(|der| store.intern(&der.unwrap())).collect()
}

fn stories() -> Vec<Story> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/certs");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(story).collect()
}

fn story(folder: PathBuf) -> Story {
    let known = SeenIntermediates::default();
    known.add(&Chain::new(certificates(&folder.join("known.pem"))));
    let mut story = Story {
        chain: Chain::new(certificates(&folder.join("chain.pem"))),
        anchors: certificates(&folder.join("anchors.pem")),
        known,
        purpose: Purpose::ServerAuth,
        at: 0,
        name: None,
        folder,
    };
    for line in fs::read_to_string(story.folder.join("story.txt")).unwrap().lines() {
        match line.split_once('=').unwrap() {
            ("purpose", "client") => story.purpose = Purpose::ClientAuth,
            ("purpose", _) => story.purpose = Purpose::ServerAuth,
            ("at", at) => story.at = at.parse().unwrap(),
            ("name", name) => story.name = Some(ReferenceName::new(name.as_bytes())),
            (key, _) => panic!("{key}"),
        }
    }
    story
}

impl Story {
    fn judge(&self) -> Arc<ChainJudgement> {
        let mut anchors = Anchors::new(Roots::None).unwrap();
        self.anchors.iter().for_each(|anchor| anchors.add(Arc::clone(anchor)));
        Judge::new(anchors).judge(&self.chain, self.purpose, &self.known, self.at)
    }

    fn webpki(&self) -> Result<(), String> {
        use std::time::Duration;
        let Some(leaf) = self.chain.leaf() else { return Err("no certificate".to_owned()) };
        let der = |certificate: &Arc<Certificate>| CertificateDer::from(certificate.der.to_vec());
        let anchors: Vec<_> = self.anchors.iter().map(der).collect();
        let anchors: Vec<_> = anchors
            .iter()
            .filter_map(|anchor| webpki::anchor_from_trusted_cert(anchor).ok())
            .collect();
        let sent: Vec<_> = self.chain.certificates().iter().skip(1).map(der).collect();
        let usage = match self.purpose {
            Purpose::ServerAuth => webpki::KeyUsage::server_auth(),
            Purpose::ClientAuth => webpki::KeyUsage::client_auth(),
        };
        let at = Duration::from_secs(u64::try_from(self.at).unwrap());
        webpki::EndEntityCert::try_from(&der(leaf))
            .and_then(|leaf| {
                leaf.verify_for_usage(
                    webpki::ALL_VERIFICATION_ALGS,
                    &anchors,
                    &sent,
                    rustls_pki_types::UnixTime::since_unix_epoch(at),
                    usage,
                    None,
                    None,
                )
                .map(|_| ())
            })
            .map_err(|error| format!("{error:?}"))
    }
}

fn describe(story: &Story, judgement: &ChainJudgement) -> String {
    let mut out = String::new();
    let but = if judgement.trusted_but_for_time { ", but for the time trusted" } else { "" };
    writeln!(out, "{:?}{but}", judgement.trust).unwrap();
    for step in &judgement.path {
        let origin = match step.origin {
            Origin::Sent(place) => place.to_string(),
            Origin::Anchor | Origin::SeenElsewhere => "-".to_owned(),
        };
        let anchor = if step.is_anchor { " (anchor)" } else { "" };
        let signature = step.signature.map(|check| format!(" {check:?}")).unwrap_or_default();
        writeln!(out, "  {origin} {}{anchor}{signature}", step.certificate.subject).unwrap();
    }
    for defect in &judgement.defects {
        let at = match defect.at {
            DefectAt::Chain => "chain".to_owned(),
            DefectAt::Sent(place) => place.to_string(),
            DefectAt::Path(place) => format!("path {place}"),
        };
        match defect.refused_by {
            Some(by) => writeln!(out, "fatal {at}: {} [{by}]", defect.kind).unwrap(),
            None => writeln!(out, "note {at}: {}", defect.kind).unwrap(),
        }
    }
    if let (Some(leaf), Some(name)) = (story.chain.leaf(), &story.name) {
        match leaf.nearest_miss(name) {
            None => writeln!(out, "name: covered").unwrap(),
            Some(miss) => writeln!(out, "name: {miss}").unwrap(),
        }
    }
    out
}

#[test]
fn as_expected() {
    let stories = stories();
    assert!(stories.len() >= 60, "{} stories", stories.len());
    let mut wrong = Vec::new();
    for story in &stories {
        let found = describe(story, &story.judge());
        let path = story.folder.join("expect.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(path, found).unwrap();
        } else if fs::read_to_string(path).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", story.folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A refused chain has a fatal defect, a trusted one has none.
#[test]
fn a_verdict_is_explained() {
    for story in stories() {
        let judgement = story.judge();
        let fatal = judgement.fatal().count();
        let is_explained = match judgement.trust {
            Trust::Trusted => fatal == 0 && judgement.verifier_objection.is_none(),
            Trust::Refused => fatal > 0,
            _ => fatal == 0,
        };
        assert!(is_explained, "{}", story.folder.display());
        let text = describe(&story, &judgement);
        assert!(!text.contains("refused by webpki"), "{}: {text}", story.folder.display());
    }
}

/// What webpki refuses, given the whole chain, we never trust; what it accepts and we refuse is
/// listed here, each with the reason.
#[test]
fn agrees_with_webpki() {
    let stricter = [
        ("expired-anchor", "OpenSSL and Go refuse an expired root"),
        ("expired-cross-sign-only", "the same"),
        ("garbage-behind", "Go refuses a chain that it cannot parse as a whole"),
        ("internationalized-raw", "Go refuses names that are not ASCII"),
        ("key-identifier-of-another", "OpenSSL looks for the issuer by its key identifier"),
        ("malformed-address", "Go and OpenSSL parse every name"),
        ("malformed-key-usage", "webpki does not look at keyUsage"),
        ("no-key-cert-sign", "webpki does not look at keyUsage"),
        ("key-encipherment-client", "webpki does not look at keyUsage"),
        ("wrong-key-usage", "webpki does not look at keyUsage"),
        ("path-too-long-for-root", "webpki does not look at the root's path length"),
        ("root-not-a-ca", "webpki takes an anchor for a name and a key"),
        ("weak-key-leaf", "webpki does not look at the leaf's key"),
        ("weak-key-curve", "webpki does not look at the leaf's key"),
    ];
    let laxer = [
        ("self-signed-trusted", "webpki knows no leaf that is an anchor"),
        ("self-signed-ca-trusted", "the same"),
        ("leaf-pinned", "the same"),
        ("p521", "ring has no P-521"),
    ];
    let (mut agree, mut differ) = (0, Vec::new());
    for story in stories() {
        let ours = story.judge().is_trusted();
        let theirs = story.webpki();
        let name = story.folder.file_name().unwrap().to_string_lossy().into_owned();
        let expected = if ours { &laxer[..] } else { &stricter[..] };
        if ours == theirs.is_ok() {
            agree += 1;
        } else if !expected.iter().any(|(known, _)| *known == name) {
            differ.push(format!("{name}: ours {ours}, webpki {theirs:?}"));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    println!("{agree} agree");
}

/// Whether the leaf covers the name that was asked for is what webpki says.
#[test]
fn names_as_webpki_compares_them() {
    let mut compared = 0;
    for story in stories() {
        let (Some(leaf), Some(name)) = (story.chain.leaf(), &story.name) else { continue };
        let der = CertificateDer::from(leaf.der.to_vec());
        let Ok(theirs) = webpki::EndEntityCert::try_from(&der) else { continue };
        let asked = rustls_pki_types::ServerName::try_from(name.to_string()).unwrap();
        let theirs = theirs.verify_is_valid_for_subject_name(&asked);
        assert_eq!(leaf.covers(name), theirs.is_ok(), "{} {theirs:?}", story.folder.display());
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

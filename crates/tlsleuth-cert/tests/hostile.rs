//! What must hold on any input: no panic, bounded time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation
)]

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tlsleuth_cert::{
    Anchors, Certificate, CertificateStore, Chain, ChainJudgement, Judge, NoIntermediates, Purpose,
    ReferenceName, Roots, SeenIntermediates, Trust, fuzz_certificate, fuzz_ocsp,
};

const AT: i64 = 1_795_168_800;

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        len @ 0..=0x7f => out.push(len as u8),
        len @ 0x80..=0xff => out.extend([0x81, len as u8]),
        len @ 0x100..=0xffff => out.extend([0x82, (len >> 8) as u8, len as u8]),
        len => out.extend([0x83, (len >> 16) as u8, (len >> 8) as u8, len as u8]),
    }
    out.extend_from_slice(content);
    out
}

fn name(text: &str) -> Vec<u8> {
    let pair = [wrap(6, &[0x55, 4, 3]), wrap(12, text.as_bytes())].concat();
    wrap(0x30, &wrap(0x31, &wrap(0x30, &pair)))
}

fn extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
    wrap(0x30, &[wrap(6, oid), wrap(4, value)].concat())
}

const CA: [u8; 5] = [0x30, 3, 1, 1, 0xff];

/// A certificate with an RSA key that depends on `key`, and a signature that nobody made.
fn certificate(subject: &str, issuer: &str, key: u32, extensions: &[Vec<u8>]) -> Vec<u8> {
    let rsa = wrap(0x30, &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
    let signed_by = wrap(0x30, &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0]);
    let mut modulus = vec![0, 0xc1];
    modulus.extend(std::iter::repeat_n(0x5a, 1018));
    modulus.extend(key.to_be_bytes());
    modulus.push(1);
    let modulus = &modulus[..];
    let public = wrap(0x30, &[wrap(2, modulus), wrap(2, &[1, 0, 1])].concat());
    let spki = wrap(0x30, &[rsa, wrap(3, &[&[0][..], &public].concat())].concat());
    let validity = [wrap(0x17, b"200101000000Z"), wrap(0x17, b"400101000000Z")].concat();
    let part = [
        wrap(0xa0, &wrap(2, &[2])),
        wrap(2, &[1]),
        signed_by.clone(),
        name(issuer),
        wrap(0x30, &validity),
        name(subject),
        spki,
        wrap(0xa3, &wrap(0x30, &extensions.concat())),
    ];
    let part = wrap(0x30, &part.concat());
    let signature = wrap(3, &[&[0][..], &[0x11; 1024]].concat());
    wrap(0x30, &[part, signed_by, signature].concat())
}

fn within<T>(limit: Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    // Debug builds and shared machines are slow; an explosion takes minutes.
    let limit = limit * if cfg!(debug_assertions) { 10 } else { 1 };
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    result
}

fn judge(certificates: Vec<Vec<u8>>, anchor: &[u8]) -> Arc<ChainJudgement> {
    let store = CertificateStore::default();
    let chain = Chain::new(certificates.iter().map(|der| store.intern(der)));
    let mut anchors = Anchors::new(Roots::None).unwrap();
    anchors.add(store.intern(anchor));
    let known = SeenIntermediates::default();
    known.add(&chain);
    let judge = Judge::new(anchors);
    within(Duration::from_secs(1), || judge.judge(&chain, Purpose::ServerAuth, &known, AT))
}

#[test]
fn many_issuers_of_one_name() {
    let ca = || extension(&[0x55, 0x1d, 19], &CA);
    let mut chain = vec![certificate("leaf", "A", 0, &[])];
    chain.extend((1..190).map(|key| certificate("A", "A", key, &[ca()])));
    let judgement = judge(chain, &certificate("A", "A", 999, &[ca()]));
    assert_eq!(judgement.trust, Trust::Undetermined);
    assert!(judgement.is_exhausted);
}

#[test]
fn a_ladder_of_cross_signs() {
    // Two names that issue each other, a hundred keys each.
    let ca = || extension(&[0x55, 0x1d, 19], &CA);
    let mut chain = vec![certificate("leaf", "A", 0, &[])];
    for key in 1..100 {
        chain.push(certificate("A", "B", key, &[ca()]));
        chain.push(certificate("B", "A", 1000 + key, &[ca()]));
    }
    judge(chain, &certificate("C", "C", 1, &[ca()]));
}

#[test]
fn names_against_constraints() {
    let subtrees: Vec<u8> = (0..2000)
        .flat_map(|i| wrap(0x30, &wrap(0x82, format!("n{i}.example").as_bytes())))
        .collect();
    let constraints = wrap(0x30, &wrap(0xa1, &subtrees));
    let names: Vec<u8> =
        (0..5000).flat_map(|i| wrap(0x82, format!("a{i}.test").as_bytes())).collect();
    let leaf = certificate("leaf", "A", 0, &[extension(&[0x55, 0x1d, 17], &wrap(0x30, &names))]);
    let issuer = certificate(
        "A",
        "A",
        1,
        &[extension(&[0x55, 0x1d, 19], &CA), extension(&[0x55, 0x1d, 30], &constraints)],
    );
    let parsed = Certificate::parse(&leaf);
    assert_eq!((parsed.names_total, parsed.dns_names.len()), (5000, 4096));
    assert!(parsed.names_for_display().ends_with("and 4090 more"));
    within(Duration::from_millis(200), || {
        assert!(parsed.nearest_miss(&ReferenceName::new(b"a.b.test")).is_some());
    });
    judge(vec![leaf, issuer.clone()], &issuer);
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        nested = wrap(0x30, &nested);
        if nested.len() > 60_000 {
            break;
        }
    }
    fuzz_certificate(&nested);
    fuzz_ocsp(&nested);
    let oids: [&[u8]; 14] = [
        &[0x55, 0x1d, 14],
        &[0x55, 0x1d, 15],
        &[0x55, 0x1d, 17],
        &[0x55, 0x1d, 18],
        &[0x55, 0x1d, 19],
        &[0x55, 0x1d, 30],
        &[0x55, 0x1d, 31],
        &[0x55, 0x1d, 32],
        &[0x55, 0x1d, 33],
        &[0x55, 0x1d, 35],
        &[0x55, 0x1d, 36],
        &[0x55, 0x1d, 37],
        &[0x2b, 6, 1, 5, 5, 7, 1, 1],
        &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2],
    ];
    for oid in oids {
        for outer in [0x30, 0xa0, 0xa4, 4] {
            let value = wrap(0x30, &wrap(outer, &nested));
            fuzz_certificate(&certificate("leaf", "A", 0, &[extension(oid, &value)]));
            fuzz_certificate(&certificate("leaf", "A", 0, &[extension(oid, &nested)]));
        }
    }
}

fn committed() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/certs");
    let mut all = Vec::new();
    for story in fs::read_dir(root).unwrap() {
        let path = story.unwrap().path().join("chain.pem");
        let Ok(pem) = fs::read(path) else { continue };
        all.extend(CertificateDer::pem_slice_iter(&pem).map(|der| der.unwrap().to_vec()));
    }
    all.sort();
    all.dedup();
    all
}

/// Every certificate cut at every place, and changed at random places.
#[test]
fn cut_and_changed_certificates() {
    let all = committed();
    assert!(all.len() > 100);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    for der in &all {
        for len in (0..der.len()).step_by(7) {
            fuzz_certificate(&der[..len]);
        }
        for _ in 0..40 {
            let mut changed = der.clone();
            for _ in 0..=next() % 3 {
                let at = next() % changed.len();
                changed[at] = next() as u8;
            }
            fuzz_certificate(&changed);
            fuzz_ocsp(&changed);
        }
    }
    // Chains of changed certificates must be judged too.
    let anchor = &all[0];
    for _ in 0..200 {
        let chain = (0..next() % 6).map(|_| {
            let mut der = all[next() % all.len()].clone();
            let at = next() % der.len();
            der[at] ^= 1 << (next() % 8);
            der
        });
        let judgement = judge(chain.collect(), anchor);
        if judgement.trust == Trust::Refused {
            assert!(judgement.fatal().next().is_some());
        }
    }
}

/// What is well-formed for x509-parser is well-formed for us, with the same facts.
#[test]
fn agrees_with_x509_parser() {
    use x509_parser::prelude::FromDer as _;
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| der.to_vec());
    let mut both = 0;
    for der in committed().into_iter().chain(roots) {
        let ours = Certificate::parse(&der);
        let Ok((rest, theirs)) = x509_parser::certificate::X509Certificate::from_der(&der) else {
            assert!(ours.malformed.is_some(), "{ours:?}");
            continue;
        };
        assert_eq!(rest.is_empty(), !is_trailing(&ours));
        assert_eq!(ours.issuer.der(), theirs.issuer().as_raw());
        assert_eq!(ours.subject.der(), theirs.subject().as_raw());
        assert_eq!(ours.not_before, Some(theirs.validity().not_before.timestamp()));
        assert_eq!(ours.not_after, Some(theirs.validity().not_after.timestamp()));
        assert_eq!(ours.key.der(), theirs.public_key().raw);
        assert_eq!(ours.is_ca(), theirs.is_ca());
        assert_eq!(ours.serial.content(), theirs.raw_serial());
        assert_eq!(ours.extensions.len(), theirs.extensions().len());
        both += 1;
    }
    assert!(both > 200);
}

fn is_trailing(certificate: &Certificate) -> bool {
    certificate.malformed.is_some_and(|malformed| malformed.expected.starts_with("nothing"))
}

/// Mozilla's roots: all are read, and each anchors itself.
#[test]
fn embedded_roots() {
    let anchors = Anchors::new(Roots::Mozilla).unwrap();
    assert!(anchors.len() > 100);
    for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let root = Certificate::parse(der);
        assert_eq!(root.malformed, None, "{root:?}");
        assert!(anchors.contains(&root), "{root:?}");
    }
}

/// A chain that comes again costs a look-up.
#[test]
fn judged_once() {
    let all = committed();
    let store = CertificateStore::default();
    let judge = Judge::new(Anchors::new(Roots::Mozilla).unwrap());
    for round in 0..1000 {
        for chain in all.chunks(2).take(50) {
            let chain = Chain::new(chain.iter().map(|der| store.intern(der)));
            judge.judge(&chain, Purpose::ServerAuth, &NoIntermediates, AT + round);
        }
    }
    assert_eq!(judge.made(), 50);
    assert_eq!(store.parsed(), 100);
}

#[test]
fn shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Certificate>();
    check::<Chain>();
    check::<Judge>();
    check::<ChainJudgement>();
    check::<CertificateStore>();
    check::<tlsleuth_cert::OcspResponse>();
}

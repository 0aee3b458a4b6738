//! What certificates cost when few chains come often: 100,000 handshakes that share 50 chains.
//!
//! `cargo run --release -p tlsleuth-cert --example repeat`
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

use std::{fs, path::Path, time::Instant};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tlsleuth_cert::{
    Anchors, CertificateStore, Chain, Judge, NoIntermediates, Purpose, ReferenceName, Roots,
};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/certs");
    let mut chains: Vec<Vec<Vec<u8>>> = Vec::new();
    for story in fs::read_dir(root).unwrap() {
        let Ok(pem) = fs::read(story.unwrap().path().join("chain.pem")) else { continue };
        let chain = CertificateDer::pem_slice_iter(&pem).map(|der| der.unwrap().to_vec());
        let chain: Vec<Vec<u8>> = chain.collect();
        if chain.len() >= 2 && !chains.contains(&chain) {
            chains.push(chain);
        }
    }
    chains.truncate(50);
    assert_eq!(chains.len(), 50);
    let start = Instant::now();
    let mut anchors = Anchors::new(Roots::Mozilla).unwrap();
    let pem = fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/certs/good/anchors.pem"),
    );
    anchors.add_pem(&pem.unwrap()).unwrap();
    println!("anchors ready after {:?}", start.elapsed());
    let (store, judge) = (CertificateStore::default(), Judge::new(anchors));
    let name = ReferenceName::new(b"api.example.test");
    let (mut trusted, mut covered) = (0_u32, 0_u32);
    for (label, handshakes) in [("first 50", 50_i64), ("next 100,000", 100_000)] {
        let start = Instant::now();
        for (handshake, sent) in (0..handshakes).zip(chains.iter().cycle()) {
            let chain = Chain::new(sent.iter().map(|der| store.intern(der)));
            let at = 1_795_168_800 + handshake / 1000;
            let judgement = judge.judge(&chain, Purpose::ServerAuth, &NoIntermediates, at);
            trusted += u32::from(judgement.is_trusted());
            covered += u32::from(chain.leaf().is_some_and(|leaf| leaf.covers(&name)));
        }
        println!("{label} handshakes: {:?}", start.elapsed());
    }
    println!(
        "{} judged, {} parsed, {trusted} trusted, {covered} covered",
        judge.made(),
        store.parsed()
    );
}

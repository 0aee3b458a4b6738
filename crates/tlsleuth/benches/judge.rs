//! What judging chains costs: handshakes of TLS 1.2 that share 50 chains, with and without it.
//!
//! `cargo bench -p tlsleuth --bench judge` takes 100,000 handshakes, in turn judged and not, seven
//! times each, and prints the least of each and their ratio; then the same where every server
//! staples a response. With `-- judged 10000`, `unjudged`, `stapled-judged` or `stapled-unjudged` it
//! does one of these once, for callgrind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::sync::Arc;
use std::time::Instant;

use tlsleuth::cert::{Anchors, Certificate, Judge};
use tlsleuth::{Analyzer, Event, Frame, LinkType, Options, Place, Timestamp};
use tlsleuth_testkit::script;

const CHAINS: u32 = 50;
const HANDSHAKES: u32 = 100_000;
const ROUNDS: u32 = 7;

/// One handshake for each of the chains.
struct Handshakes {
    frames: Vec<Vec<(Timestamp, Vec<u8>)>>,
    anchors: Vec<Vec<u8>>,
}

impl Handshakes {
    /// With 50 chains; or with one chain, and a stapled response.
    fn new(stapled: bool) -> Self {
        let mut anchors = vec![tlsleuth_testkit::certificate::pki().root().to_vec()];
        let mut frames = Vec::new();
        for chain in 0..CHAINS {
            let name =
                if stapled { "api.example.test".into() } else { format!("host{chain}.test") };
            let sent = match stapled {
                true => "ocsp + CertificateStatus good".to_owned(),
                false => format!("leaf={name}"),
            };
            let story = script(&format!(
                "clock 1795240000
                 client ClientHello sni={name} alpn=h2,http/1.1 versions=1.2 status-request
                 server ServerHello + Certificate {sent} + ServerKeyExchange + ServerHelloDone
                 client ClientKeyExchange + ChangeCipherSpec + Finished
                 server ChangeCipherSpec + Finished
                 client ApplicationData 300
                 server ApplicationData 900"
            ));
            anchors.extend(story.anchors().iter().cloned());
            frames.push(story.frames().iter().map(|f| (f.place.time, f.data.clone())).collect());
        }
        Self { frames, anchors }
    }

    /// Analyzes `count` of them; seconds, and how many certificates' judgements were made.
    fn analyze(&self, count: u32, judged: bool) -> (f64, u64) {
        let mut anchors = Anchors::none();
        for der in &self.anchors {
            anchors.add(Arc::new(Certificate::parse(der)));
        }
        let judge = Arc::new(Judge::new(anchors));
        let mut options = Options::default();
        options.policy.judge = Arc::clone(&judge);
        options.policy.judge_chains = judged;
        let started = Instant::now();
        let mut analyzer = Analyzer::new(options);
        let (mut number, mut told) = (0, 0);
        let mut data = Vec::new();
        for copy in 0..count {
            let frames = &self.frames[copy as usize % self.frames.len()];
            for (time, bytes) in frames {
                number += 1;
                data.clone_from(bytes);
                readdress(&mut data, copy);
                analyzer.push_frame(&Frame {
                    place: Place {
                        frame: number,
                        time: Timestamp(time.0 + i64::from(copy) * 1_000_000),
                        ..Place::default()
                    },
                    link: LinkType::ETHERNET,
                    interface: 0,
                    data: &data,
                    original_len: u32::try_from(data.len()).unwrap(),
                });
            }
            told += drain(&mut analyzer);
        }
        analyzer.finish();
        told += drain(&mut analyzer);
        assert_eq!(told, count, "every handshake is told");
        (started.elapsed().as_secs_f64(), judge.made())
    }
}

fn drain(analyzer: &mut Analyzer) -> u32 {
    let mut told = 0;
    while let Some(event) = analyzer.poll() {
        told += u32::from(matches!(event, Event::Connection(_)));
    }
    told
}

/// Gives the frames of one copy another client, and one of 50 servers.
fn readdress(data: &mut [u8], copy: u32) {
    const ETHERNET: usize = 14;
    let [_, high, middle, low] = copy.to_be_bytes();
    for at in [ETHERNET + 12, ETHERNET + 16] {
        match data[at + 3] {
            // The scripts have clients at 10.0.0.7 and servers at 10.0.0.2.
            7 => data[at..at + 4].copy_from_slice(&[100 + high, middle, low, 7]),
            _ => data[at + 2] = (copy % CHAINS) as u8,
        }
    }
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if let [which, count] = arguments.as_slice() {
        let stapled = which.starts_with("stapled-");
        let judged = !which.ends_with("unjudged");
        let handshakes = Handshakes::new(stapled);
        let (seconds, made) = handshakes.analyze(count.parse().unwrap(), judged);
        println!("{which}: {count} handshakes, {made} judgements made, {seconds:.3} s");
        return;
    }
    for stapled in [false, true] {
        let handshakes = Handshakes::new(stapled);
        let (mut with, mut without, mut made) = (f64::MAX, f64::MAX, 0);
        for _ in 0..ROUNDS {
            let judged = handshakes.analyze(HANDSHAKES, true);
            with = with.min(judged.0);
            made = judged.1;
            without = without.min(handshakes.analyze(HANDSHAKES, false).0);
        }
        let kind = if stapled { "with a stapled response" } else { "that share 50 chains" };
        println!(
            "{HANDSHAKES} handshakes {kind}: judged {with:.3} s ({made} judgements made), not judged \
             {without:.3} s, {:.3} times",
            with / without
        );
    }
}

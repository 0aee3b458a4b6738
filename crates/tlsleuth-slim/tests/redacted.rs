//! Nothing that was to be replaced is in a redacted slim file, for every story of `testdata`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeSet;
use std::io::Cursor;
use std::net::IpAddr;

use common::{analyze, open, options, stories};
use tlsleuth::capture::order_captures;
use tlsleuth::capture::{CaptureInput, Checksum, Decoded, Decoder, Limits, MergedReader};
use tlsleuth::{Analyzed, OpenOptions};
use tlsleuth_redact::{Key, Redactor, What};
use tlsleuth_slim::{Annotations, Attempt, Need, Redaction, Slim};

/// What is looked for, as bytes. Four bytes of an address come up by chance in any file, so
/// addresses are looked for in the decoded frames.
fn originals(found: &[Box<Analyzed>]) -> BTreeSet<Vec<u8>> {
    let mut originals = BTreeSet::new();
    for found in found {
        let connection = &found.connection;
        for hello in &connection.client_hellos {
            originals.insert(hello.value.random.to_vec());
            if let Some(name) = hello.value.extensions.server_name() {
                originals.insert(name.host_name.raw().to_vec());
            }
        }
        for chain in [&connection.server_chain, &connection.client_chain] {
            for certificate in chain.present().iter().flat_map(|c| c.value.chain.certificates()) {
                originals.insert(certificate.serial.content().to_vec());
                originals.extend(certificate.dns_names.iter().map(|name| name.raw().to_vec()));
                originals.extend(certificate.ocsp_urls.iter().map(|name| name.raw().to_vec()));
                originals.extend(certificate.issuer_urls.iter().map(|name| name.raw().to_vec()));
                for name in [&certificate.subject, &certificate.issuer] {
                    let parts = [name.common_name(), name.organization()];
                    originals.extend(parts.into_iter().flatten().map(|part| part.raw().to_vec()));
                }
            }
        }
    }
    originals.retain(|original| original.len() > 3);
    originals
}

#[test]
fn no_original_is_in_a_redacted_file() {
    let key = Key::parse(b"a key for tests, no secret").unwrap();
    let redactor = Redactor::new(What { addresses: true, names: true }, &key);
    let (mut leaks, mut checked, mut frames) = (Vec::new(), 0, 0);
    for files in stories() {
        let options = options(&files);
        let found = analyze(&options, open(&files));
        let again = || open(&files);
        let needs = found.iter().map(|found| Need::of(found)).collect();
        let mut slim = Slim::new(&again, options, Annotations::default(), needs)
            .redacted(Redaction { redactor: &redactor, usual_word: &|_| false });
        let mut file = Vec::new();
        assert!(matches!(slim.attempt(&mut file).unwrap(), Attempt::Done(_)), "{files:?}");
        for original in originals(&found) {
            checked += 1;
            // Secrets of TLS 1.3 are not logged for redaction: what they hide is blanked.
            if file.windows(original.len()).any(|window| window == original) {
                leaks.push(format!("{files:?}: {}", String::from_utf8_lossy(&original)));
            }
        }
        let real: BTreeSet<IpAddr> = found
            .iter()
            .flat_map(|found| [found.connection.client, found.connection.server])
            .map(|end| end.address.ip())
            .filter(|address| redactor.address(*address) != *address)
            .collect();
        let reader = OpenOptions::default().read(Cursor::new(file)).unwrap();
        let inputs = vec![CaptureInput::Reader("slim".into(), Box::new(reader))];
        let mut reader = MergedReader::new(
            order_captures(inputs, &OpenOptions::default()),
            OpenOptions::default(),
        );
        let mut decoder = Decoder::new(Limits::default());
        while let Some(frame) = reader.next_frame().unwrap() {
            frames += 1;
            assert_eq!(frame.data[..12], [0; 12], "hardware addresses");
            let Decoded::Segment(segment) = decoder.decode(&frame) else { continue };
            for end in [segment.source, segment.destination] {
                if real.contains(&end.address.ip()) {
                    leaks.push(format!("{files:?}: {end}"));
                }
            }
            let checksum = segment.checksum();
            assert!(
                matches!(checksum, Checksum::Good | Checksum::Unknown),
                "{files:?}: {checksum:?}"
            );
        }
    }
    assert!(checked > 3_000 && frames > 10_000, "{checked} originals, {frames} frames");
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

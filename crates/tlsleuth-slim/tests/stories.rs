//! The verdicts on the slim file are those on the captures, for all of `testdata`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod common;

use std::io::Cursor;
use std::path::PathBuf;

use common::{analyze, open, options, stories, testdata};
use tlsleuth::capture::{CaptureInput, MergedReader, order_captures};
use tlsleuth::{Analyzed, OpenOptions, Options};
use tlsleuth_slim::{Annotations, Attempt, Need, Sizes, Slim};

fn slim(files: &[PathBuf], options: &Options, found: &[Box<Analyzed>]) -> (Vec<u8>, Sizes, u32) {
    let open = || open(files);
    let needs = found.iter().map(|found| Need::of(found)).collect();
    let mut slim = Slim::new(&open, options.clone(), Annotations::default(), needs);
    for attempt in 1.. {
        let mut file = Vec::new();
        if let Attempt::Done(sizes) = slim.attempt(&mut file).unwrap() {
            return (file, sizes, attempt);
        }
    }
    unreachable!("there are no more than three attempts")
}

/// What is compared: ends, outcome, verdict.
fn told(found: &[Box<Analyzed>]) -> Vec<String> {
    let line = |found: &Analyzed| {
        format!(
            "{} {} {} {}",
            found.connection.client,
            found.connection.server,
            found.diagnosis.outcome.name(),
            found.diagnosis.verdict().map_or("none", |finding| finding.code)
        )
    };
    found.iter().map(|found| line(found)).collect()
}

#[test]
fn verdicts_stay() {
    let mut wrong = Vec::new();
    let mut all = Sizes::default();
    let (mut connections, mut tried_again) = (0, 0);
    let stories = stories();
    for files in &stories {
        let options = options(files);
        let found = analyze(&options, open(files));
        let (file, sizes, attempts) = slim(files, &options, &found);
        connections += found.len();
        tried_again += usize::from(attempts > 1);
        all.frames += sizes.frames;
        all.bytes += sizes.bytes;
        all.kept_frames += sizes.kept_frames;
        all.kept_bytes += sizes.kept_bytes;
        all.told_otherwise += sizes.told_otherwise;
        let reader = OpenOptions::default().read(Cursor::new(file)).unwrap();
        let inputs = vec![CaptureInput::Reader("slim".into(), Box::new(reader))];
        let order = order_captures(inputs, &OpenOptions::default());
        let again = analyze(&options, MergedReader::new(order, OpenOptions::default()));
        let (before, after) = (told(&found), told(&again));
        if before != after {
            let name = files[0].strip_prefix(testdata()).unwrap().display();
            for line in before.iter().filter(|line| !after.contains(line)) {
                wrong.push(format!("{name}: was {line}"));
            }
            for line in after.iter().filter(|line| !before.contains(line)) {
                wrong.push(format!("{name}: is  {line}"));
            }
            if before.len() != after.len() {
                wrong.push(format!("{name}: {} connections, not {}", after.len(), before.len()));
            }
        }
    }
    println!(
        "{} stories, {connections} connections, {tried_again} tried again, {} told otherwise: {} of \
         {} frames, {} of {} bytes",
        stories.len(),
        all.told_otherwise,
        all.kept_frames,
        all.frames,
        all.kept_bytes,
        all.bytes
    );
    assert!(connections > 500, "{connections}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

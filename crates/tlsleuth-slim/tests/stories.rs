//! The verdicts on the slim file are those on the captures, for all of `testdata`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::capture::{CaptureInput, MergedReader, order_captures, prescan_secrets};
use tlsleuth::keylog::KeyLog;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};
use tlsleuth_slim::{Annotations, Attempt, Need, Sizes, Slim};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The captures of every folder of stories, those of one folder together.
fn stories() -> Vec<Vec<PathBuf>> {
    let mut stories = Vec::new();
    let mut folders = vec![testdata().join("captures"), testdata().join("stories")];
    while let Some(folder) = folders.pop() {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap().to_string_lossy().contains(".pcap") {
                files.push(path);
            }
        }
        files.sort();
        if !files.is_empty() {
            stories.push(files);
        }
    }
    stories.sort();
    stories
}

fn open(files: &[PathBuf]) -> MergedReader {
    let options = OpenOptions::default();
    let inputs = files.iter().cloned().map(CaptureInput::Path).collect();
    MergedReader::new(order_captures(inputs, &options), options)
}

fn analyze(options: &Options, mut reader: MergedReader) -> Vec<Box<Analyzed>> {
    let mut analyzer = Analyzer::new(options.clone());
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => analyzer.push_frame(&frame),
            Ok(None) => break,
            Err(_) => {}
        }
    }
    analyzer.finish();
    let mut connections = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(found) = event {
            connections.push(found);
        }
    }
    connections
}

fn options(files: &[PathBuf]) -> Options {
    let log = KeyLog::new();
    for file in files {
        let blocks = prescan_secrets(file, &OpenOptions::default()).unwrap_or_default();
        blocks.iter().for_each(|block| log.add(block.data()));
        for keys in ["keys.log", "keys.txt", "keylog.txt"] {
            if let Ok(file) = std::fs::File::open(file.with_file_name(keys)) {
                log.read(file).unwrap();
            }
        }
    }
    Options { secrets: Some(Arc::new(log)), ..Options::default() }
}

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
    unreachable!("there are no more than two attempts")
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

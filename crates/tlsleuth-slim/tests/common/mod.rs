//! The stories of `testdata`, read as the command reads them.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::capture::{CaptureInput, MergedReader, order_captures, prescan_secrets};
use tlsleuth::keylog::KeyLog;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The captures of every folder of stories, those of one folder together.
pub(crate) fn stories() -> Vec<Vec<PathBuf>> {
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

pub(crate) fn open(files: &[PathBuf]) -> MergedReader {
    let options = OpenOptions::default();
    let inputs = files.iter().cloned().map(CaptureInput::Path).collect();
    MergedReader::new(order_captures(inputs, &options), options)
}

pub(crate) fn analyze(options: &Options, mut reader: MergedReader) -> Vec<Box<Analyzed>> {
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

pub(crate) fn options(files: &[PathBuf]) -> Options {
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

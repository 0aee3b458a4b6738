//! Reads the captures into the analyzer: several are one incident, in order of time.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tlsleuth::capture::{CaptureInput, Error, Helper, MergedReader, OpenOptions, order_captures};
use tlsleuth::diagnosis::capture_findings;
use tlsleuth::{Ended, Follower};

use crate::arguments::Main;
use crate::progress::{Meter, Progressed};
use crate::say::{say, shown, with_causes};
use crate::secrets::Secrets;

/// Frames between two looks at the clock.
const CHECK_EVERY: u64 = 4_096;

/// What came of the reading.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The captures in the order of their numbers, then those that cannot be read.
    pub(crate) captures: Vec<tlsleuth_report::CaptureInput>,
    /// How many can be read.
    pub(crate) readable: usize,
    /// Whether one that was named cannot be read.
    pub(crate) unreadable: bool,
    /// Whether the user broke it off.
    pub(crate) interrupted: bool,
}

/// What is to be read.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// Files, and `-` for standard input.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether something that was named is not there.
    missing: bool,
}

/// The captures that the user names, directories opened.
pub(crate) fn inputs(arguments: &Main) -> Inputs {
    let mut inputs = Inputs::default();
    for path in &arguments.captures {
        if path.is_dir() {
            inputs.directory(arguments, path);
        } else {
            inputs.paths.push(path.clone());
        }
    }
    inputs
}

/// What reading needs.
pub(crate) struct Feed<'a> {
    pub(crate) arguments: &'a Main,
    pub(crate) follower: Follower,
    pub(crate) secrets: &'a mut Secrets,
    /// How many failed so far.
    pub(crate) failed: &'a AtomicU64,
    /// Flows that are handed on at once.
    pub(crate) batch: usize,
}

/// Takes flows that ended.
type HandOn<'h> = &'h mut dyn FnMut(Vec<Ended>) -> io::Result<()>;

impl Feed<'_> {
    /// Reads all captures to their end, with a helper who reads ahead; the flows that end are handed on.
    ///
    /// # Errors
    /// When they cannot be handed on.
    pub(crate) fn read(
        &mut self,
        inputs: Inputs,
        helper: Option<Helper>,
        hand_on: HandOn<'_>,
    ) -> io::Result<Read> {
        let arguments = self.arguments;
        let stop = stop_on_interrupt();
        let options = OpenOptions { helper, ..OpenOptions::default() };
        let mut result = Read { unreadable: inputs.missing, ..Read::default() };
        let mut captures = Vec::new();
        for path in inputs.paths {
            if path.as_os_str() != "-" {
                captures.push(CaptureInput::Path(path));
                continue;
            }
            match options.read(io::stdin()) {
                Ok(reader) => captures.push(CaptureInput::Reader(path, Box::new(reader))),
                Err(error) => result.refuse(&path, &error),
            }
        }
        let mut ordered = order_captures(captures, &options);
        let names = ordered.names.clone();
        for (path, error) in std::mem::take(&mut ordered.unreadable) {
            result.refuse(&path, &error);
        }
        result.readable = names.len();
        let mut reader = MergedReader::new(ordered, options);
        let mut meter = Meter::new(arguments);
        let broken_off = self.frames(&mut reader, hand_on, &mut meter, &names, &stop);
        meter.end();
        result.interrupted = broken_off?;
        while self.follower.finish_some() {
            hand_on(self.follower.take_ended())?;
        }
        hand_on(self.follower.take_ended())?;
        let unreadable = std::mem::take(&mut result.captures);
        for (path, number) in names.iter().zip(0..) {
            let mut capture = input(path);
            capture.decoded = self.follower.decode_stats(number);
            if let Some(state) = reader.capture(number) {
                capture.decoded.duplicates = state.duplicates;
                capture.facts = state.facts.cloned();
                if let Some(facts) = state.facts {
                    capture.findings = capture_findings(facts, number);
                }
            }
            for finding in &capture.findings {
                if !arguments.quiet {
                    say(&format!("{}: {}: {}", shown(path), finding.code, finding.title));
                }
            }
            if arguments.verbose {
                let facts = capture.facts.clone().unwrap_or_default();
                let decoded = &capture.decoded;
                say(&format!(
                    "{}: {} frames: {} TCP, {} UDP, {} ICMP errors, {} other transports, {} fragments, \
                     {} without IP, {} undecodable, {} seen twice",
                    shown(path),
                    facts.frames,
                    decoded.segments,
                    decoded.datagrams,
                    decoded.icmp_errors,
                    decoded.other_transport,
                    decoded.fragments_held,
                    decoded.not_ip,
                    decoded.undecodable,
                    decoded.duplicates
                ));
            }
            result.captures.push(capture);
        }
        result.captures.extend(unreadable);
        Ok(result)
    }

    /// Pushes every frame; tells whether the user broke it off.
    fn frames(
        &mut self,
        reader: &mut MergedReader,
        hand_on: HandOn<'_>,
        meter: &mut Meter,
        names: &[PathBuf],
        stop: &AtomicBool,
    ) -> io::Result<bool> {
        let size = size(names);
        let mut frames = 0_u64;
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => {
                    self.follower.push_frame(&frame);
                    self.secrets.take(reader);
                    if self.follower.ended() >= self.batch {
                        hand_on(self.follower.take_ended())?;
                    }
                }
                Ok(None) => return Ok(false),
                Err(error) => {
                    let name = usize::try_from(error.capture).ok().and_then(|n| names.get(n));
                    let name = name.map_or_else(String::new, |name| shown(name));
                    meter.aside(|| say(&format!("{name}: {}", with_causes(&error.source))));
                }
            }
            frames += 1;
            // A slow pipe may bring few frames, so the user's wish is asked for after each.
            if stop.load(Ordering::Relaxed) {
                meter.end();
                say("broken off: what follows is what is known so far");
                return Ok(true);
            }
            if frames.is_multiple_of(CHECK_EVERY) {
                meter.show(|| self.progressed(reader, size));
            }
        }
    }

    fn progressed(&self, reader: &MergedReader, size: Option<u64>) -> Progressed {
        let captures = (0..).map_while(|number| reader.capture(number));
        // Of a compressed file nobody knows how much is in it.
        let compressed =
            captures.filter_map(|state| state.facts).any(|facts| facts.compression.is_some());
        Progressed {
            bytes: reader.offset(),
            total: size.filter(|_| !compressed),
            connections: self.follower.flow_stats().flows,
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

/// Bytes of the files, where that can be known.
fn size(names: &[PathBuf]) -> Option<u64> {
    let sizes = names.iter().map(|name| std::fs::metadata(name).ok().filter(|m| m.is_file()));
    sizes.map(|metadata| metadata.map(|metadata| metadata.len())).sum()
}

impl Inputs {
    /// The captures in a directory and below, by name; what is no capture is passed over, and
    /// counted.
    fn directory(&mut self, arguments: &Main, path: &Path) {
        let mut files = Vec::new();
        if let Err(error) = files_below(path, MAX_DEPTH, &mut files) {
            say(&format!("{}: cannot be opened: {error}", shown(path)));
            self.missing = true;
            return;
        }
        files.sort();
        let all = files.len();
        let options = OpenOptions::default();
        files.retain(|path| options.open(path).is_ok());
        if files.is_empty() {
            say(&format!("{}: no capture in this directory", shown(path)));
            self.missing = true;
        } else if files.len() < all && !arguments.quiet {
            let other = all - files.len();
            let word =
                if other == 1 { "file that is no capture" } else { "files that are no captures" };
            say(&format!("{}: {other} {word} passed over", shown(path)));
        }
        self.paths.append(&mut files);
    }
}

/// Directories in directories that are looked into.
const MAX_DEPTH: usize = 16;

/// Adds the files in a directory and below. Links to directories are not followed: they may go in
/// a circle. A directory below that cannot be opened is said, and passed over.
fn files_below(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(path)?.flatten() {
        let below = entry.path();
        if below.is_file() {
            files.push(below);
        } else if depth > 0
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Err(error) = files_below(&below, depth - 1, files)
        {
            say(&format!("{}: cannot be opened: {error}", shown(&below)));
        }
    }
    Ok(())
}

impl Read {
    /// Notes a capture that cannot be read at all.
    fn refuse(&mut self, path: &Path, error: &Error) {
        say(&format!("{}: {}", shown(path), with_causes(error)));
        self.unreadable = true;
        self.captures.push(input(path));
    }
}

fn input(path: &Path) -> tlsleuth_report::CaptureInput {
    tlsleuth_report::CaptureInput {
        path: path.to_string_lossy().into_owned(),
        facts: None,
        decoded: Default::default(),
        findings: Vec::new(),
    }
}

/// Set by the first Ctrl-C; the second ends the program at once.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    // Without a handler Ctrl-C ends the program, which is what it did before.
    let _ = signal_hook::flag::register_conditional_shutdown(
        signal_hook::consts::SIGINT,
        130,
        Arc::clone(&stop),
    );
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&stop));
    stop
}

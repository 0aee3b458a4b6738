//! Cuts captures down to the frames that handshakes need, and writes what was found beside them.
//!
//! ```text
//! analysis -Need-> Selector -ordinals-> write -> pcapng
//!                     ^                   |
//!                     +- of connections that would be told otherwise more is kept
//! ```
//!
//! The captures are read once for the analysis, once to choose and once to write. While writing, the
//! kept frames are analyzed again: of a connection that is told otherwise by them alone more is kept in
//! the next attempt, at last all. So the verdicts on the slim file are those on the captures, by construction.
//!
//! A slim file keeps interfaces, link types, times and lengths; each frame says in a comment which
//! frame it was.

#![forbid(unsafe_code)]

mod mask;
mod need;
mod packet;
pub mod pcapng;
mod redaction;
mod select;
mod streams;

use std::collections::HashMap;
use std::io::{self, Write};

use tlsleuth::capture::{CaptureError, MergedReader, SecretsBlock};
use tlsleuth::{Analyzer, Event, Frame, LinkType, Options};

use need::Story;
pub use need::{FrameId, Need};
use pcapng::Writer;
pub use redaction::Redaction;
use select::{Selection, Selector};

/// How much smaller a capture became.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Frames read.
    pub frames: u64,
    /// Bytes of the frames read.
    pub bytes: u64,
    /// Frames written.
    pub kept_frames: u64,
    /// Bytes of the frames written.
    pub kept_bytes: u64,
    /// Bytes of the file written, comments and all.
    pub file_bytes: u64,
    /// Connections that are told otherwise by the file alone, redaction aside.
    pub told_otherwise: u64,
    /// Bytes of payload that were blanked because redaction holds only so many.
    pub blanked: u64,
}

/// What goes into a slim file beside frames.
#[derive(Debug, Default)]
pub struct Annotations {
    /// About the whole file.
    pub file: Vec<String>,
    /// What the captures are called, by number.
    pub captures: Vec<String>,
    /// About frames.
    pub frames: HashMap<FrameId, Vec<String>>,
    /// Secrets that are to be in it.
    pub secrets: Vec<SecretsBlock>,
}

/// Writes a slim file in as many attempts as it takes.
pub struct Slim<'s> {
    /// Starts reading the captures from the beginning.
    open: &'s dyn Fn() -> MergedReader,
    options: Options,
    annotations: Annotations,
    needs: Vec<Need>,
    redaction: Option<Redaction<'s>>,
    attempts: u32,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The file is as it should be.
    Done(Sizes),
    /// Connections would be told otherwise: more of them is kept if it is tried again.
    Again,
}

impl<'s> Slim<'s> {
    /// For captures that `open` starts reading; `options` are those of the analysis that told what
    /// is needed.
    #[must_use]
    pub fn new(
        open: &'s dyn Fn() -> MergedReader,
        options: Options,
        annotations: Annotations,
        needs: Vec<Need>,
    ) -> Self {
        Self { open, options, annotations, needs, redaction: None, attempts: 0 }
    }

    /// The same with addresses and names replaced in the frames. The annotations are written as
    /// they are: they come from a redacted report.
    #[must_use]
    pub fn redacted(mut self, redaction: Redaction<'s>) -> Self {
        self.redaction = Some(redaction);
        self
    }

    /// Writes the file. After [`Attempt::Again`] what was written is to be thrown away.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn attempt(&mut self, out: &mut dyn Write) -> io::Result<Attempt> {
        self.attempts += 1;
        let selection = self.select();
        let mut analyzer = Analyzer::new(self.options.clone());
        let mut writer = FrameWriter::new(out, &self.annotations)?;
        let mut redacting =
            self.redaction.as_ref().map(|redaction| self.redacting(redaction, &selection));
        let mut kept = selection.kept.iter().copied().peekable();
        let mut ordinal = 0;
        let mut sizes =
            Sizes { frames: selection.frames, bytes: selection.bytes, ..Sizes::default() };
        let mut failed = None;
        let mut told: HashMap<FrameId, Story> = HashMap::new();
        self.frames(&mut |frame| {
            ordinal += 1;
            let keep = failed.is_none() && kept.next_if_eq(&ordinal).is_some();
            // Fragments and tunnels are understood only by who sees every frame.
            let redacted = redacting.as_mut().and_then(|redacting| redacting.frame(frame, keep));
            let is_clock = failed.is_none() && selection.clocks.contains(&ordinal);
            let made = if is_clock { Some(packet::clock()) } else { redacted };
            let made = made.as_ref().map(|packet| Frame {
                link: LinkType::ETHERNET,
                data: &packet.data,
                original_len: packet.original_len,
                ..*frame
            });
            if keep {
                // What it is compared with is judged on the originals.
                analyzer.push_frame(frame);
            } else if let Some(clock) = &made {
                analyzer.push_frame(clock);
            }
            collect(&mut analyzer, &mut told);
            let written = if self.redaction.is_none() && keep { Some(*frame) } else { made };
            if let Some(frame) = written {
                sizes.kept_frames += 1;
                sizes.kept_bytes += u64::try_from(frame.data.len()).unwrap_or(0);
                failed = writer.frame(&frame, is_clock).err();
            }
        });
        sizes.blanked = redacting.as_ref().map_or(0, |redacting| redacting.blanked());
        if let Some(error) = failed {
            return Err(error);
        }
        sizes.file_bytes = writer.writer.written();
        analyzer.finish();
        collect(&mut analyzer, &mut told);
        sizes.told_otherwise = self.compare(&told);
        Ok(if sizes.told_otherwise > 0 && self.attempts < need::ATTEMPTS {
            Attempt::Again
        } else {
            Attempt::Done(sizes)
        })
    }

    /// Calls `each` with every frame.
    fn frames(&self, each: &mut dyn FnMut(&Frame<'_>)) {
        let mut reader = (self.open)();
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => each(&frame),
                Ok(None) => return,
                // The analysis said so already, and read the others to their end.
                Err(CaptureError { .. }) => {}
            }
        }
    }

    /// Collects the bytes of the kept frames and masks them.
    fn redacting<'r>(
        &self,
        redaction: &'r Redaction<'s>,
        selection: &Selection,
    ) -> redaction::Redacting<'r> {
        let mut collecting = redaction::Collecting::new(&self.needs);
        let mut kept = selection.kept.iter().copied().peekable();
        let mut ordinal = 0;
        self.frames(&mut |frame| {
            ordinal += 1;
            collecting.frame(frame, kept.next_if_eq(&ordinal).is_some());
        });
        collecting.finish(redaction, &self.needs)
    }

    fn select(&self) -> Selection {
        let mut selector = Selector::new(&self.needs);
        self.frames(&mut |frame| selector.push(frame));
        selector.finish()
    }

    /// Widens what is kept of the connections that the kept frames tell otherwise; tells how many they are.
    fn compare(&mut self, told: &HashMap<FrameId, Story>) -> u64 {
        let mut otherwise = 0;
        for need in &mut self.needs {
            if told.get(&need.first) != Some(&need.story) {
                need.widen();
                otherwise += 1;
            }
        }
        otherwise
    }
}

/// Takes what is told of connections by now.
fn collect(analyzer: &mut Analyzer, told: &mut HashMap<FrameId, Story>) {
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(analyzed) = event {
            told.insert(need::first_of(&analyzed), Story::of(&analyzed));
        }
    }
}

/// Writes frames with their interfaces and comments.
struct FrameWriter<'w> {
    writer: Writer<&'w mut dyn Write>,
    annotations: &'w Annotations,
    /// By capture, interface and link type.
    interfaces: HashMap<(u32, u32, LinkType), u32>,
}

impl<'w> FrameWriter<'w> {
    fn new(out: &'w mut dyn Write, annotations: &'w Annotations) -> io::Result<Self> {
        let application = concat!("tlsleuth ", env!("CARGO_PKG_VERSION"));
        let mut writer = Writer::new(out, application, &annotations.file)?;
        for secrets in &annotations.secrets {
            writer.secrets(secrets.kind(), secrets.data())?;
        }
        Ok(Self { writer, annotations, interfaces: HashMap::new() })
    }

    fn frame(&mut self, frame: &Frame<'_>, is_clock: bool) -> io::Result<()> {
        let id = (frame.place.capture, frame.place.frame);
        let several = self.annotations.captures.len() > 1;
        let name = usize::try_from(frame.place.capture)
            .ok()
            .and_then(|number| self.annotations.captures.get(number));
        let name = name.map_or("capture", String::as_str);
        let key = (frame.place.capture, frame.interface, frame.link);
        let interface = match self.interfaces.get(&key) {
            Some(interface) => *interface,
            None => {
                let named = format!("{name}, interface {}", frame.interface);
                let interface = self.writer.interface(frame.link, &named)?;
                self.interfaces.insert(key, interface);
                interface
            }
        };
        let mut comments = vec![if several {
            format!("frame {} of {name}", frame.place.frame)
        } else {
            format!("frame {}", frame.place.frame)
        }];
        if is_clock {
            comments.push("left out: stands here to say how long the capture went on".to_owned());
            return self.packet(interface, frame, &comments);
        }
        comments.extend(self.annotations.frames.get(&id).into_iter().flatten().cloned());
        self.packet(interface, frame, &comments)
    }

    fn packet(&mut self, interface: u32, frame: &Frame<'_>, comments: &[String]) -> io::Result<()> {
        let time = frame.place.time;
        self.writer.packet(interface, time, frame.original_len, frame.data, comments)
    }
}

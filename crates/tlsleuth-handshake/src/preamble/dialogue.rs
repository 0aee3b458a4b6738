//! Protocols of lines, in which the client gives a command and the server answers.

use super::{
    Progress, Protocol, Refusal, first_line, ftp, imap, irc, nntp, pop3, quote, sieve, smtp,
};

/// What a line of the server means once TLS was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes: TLS starts behind the line.
    Accepts,
    /// No.
    Refuses,
    /// The answer goes on, or the line is about something else.
    Other,
}

/// What a line of the client means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// It asks for TLS.
    AsksForTls,
    /// It goes on without TLS: it logs in or sends something that matters.
    GoesOnWithout,
    /// It leaves.
    Leaves,
    /// Anything else.
    Other,
}

/// What is special in one protocol. Lines come without their line break.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) protocol: Protocol,
    /// Whether this is how the protocol's server greets; an empty greeting was not seen.
    pub(super) greets: fn(greeting: &[u8]) -> bool,
    /// Whether this is how a client of the protocol begins.
    pub(super) begins: fn(line: &[u8]) -> bool,
    pub(super) command: fn(line: &[u8]) -> Command,
    /// The tag of the command is that of IMAP; empty elsewhere.
    pub(super) answer: fn(line: &[u8], tag: &[u8]) -> Answer,
    /// Whether a line of the server offers TLS: `Some(false)` on the last line of a list.
    pub(super) offers: fn(line: &[u8]) -> Option<bool>,
}

const ALL: [&Rules; 8] = [
    &smtp::SMTP,
    &smtp::LMTP,
    &imap::IMAP,
    &pop3::POP3,
    &ftp::FTP,
    &nntp::NNTP,
    &sieve::SIEVE,
    &irc::IRC,
];

/// The longest tag of IMAP that is remembered.
const MAX_TAG_BYTES: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Dialogue {
    rules: &'static Rules,
    /// No greeting was seen, and what the client said fits another protocol as well.
    is_ambiguous: bool,
    tag: Option<Box<[u8]>>,
    offered: Option<bool>,
}

impl PartialEq for Dialogue {
    fn eq(&self, other: &Self) -> bool {
        self.rules.protocol == other.rules.protocol
            && self.tag == other.tag
            && self.offered == other.offered
    }
}

impl Eq for Dialogue {}

/// Whether a server may greet like this: text, and a start that one of the protocols has.
pub(super) fn may_be_greeting(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e | 0x80..);
    let line = first_line(bytes).map_or(bytes, |(_, line)| line);
    line.iter().all(is_text)
        && [
            &b"220"[..],
            b"421",
            b"554",
            b"* ",
            b"+OK",
            b"-ERR",
            b"200",
            b"201",
            b"400",
            b"502",
            b"\"",
            b":",
            b"NOTICE",
            b"OK",
            b"NO",
            b"BYE",
            b"ERROR",
            b"120",
        ]
        .iter()
        .any(|start| {
            let len = start.len().min(line.len());
            line.get(..len) == start.get(..len)
        })
}

/// The dialogue that fits a greeting and the client's first line: `None` if there is none,
/// `Some(None)` if the line is not whole.
pub(super) fn choose(greeting: &[u8], bytes: &[u8]) -> Option<Option<Dialogue>> {
    let Some((_, line)) = first_line(bytes) else {
        return is_text(bytes).then_some(None);
    };
    let greeting = greeting.strip_suffix(b"\r").unwrap_or(greeting);
    let rules = ALL.iter().find(|rules| (rules.greets)(greeting) && (rules.begins)(line))?;
    let fitting = ALL.iter().filter(|rules| (rules.begins)(line)).count();
    let is_ambiguous = greeting.is_empty() && fitting > 1;
    let offered = (rules.offers)(greeting).filter(|offers| *offers);
    Some(Some(Dialogue { rules, is_ambiguous, tag: None, offered }))
}

/// Whether there are only printable bytes, tabs and carriage returns.
fn is_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\r' | 0x20..=0x7e);
    // Many at once, without a way out between them: a peer may send long lines byte by byte, and all of
    // the line is looked at each time.
    bytes.chunks(64).all(|piece| piece.iter().fold(true, |text, byte| text & is_text(byte)))
}

impl Dialogue {
    pub(super) fn protocol(&self) -> Protocol {
        self.rules.protocol
    }

    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    pub(super) fn is_offered(&self) -> Option<bool> {
        self.offered
    }

    pub(super) fn is_asked(&self) -> bool {
        self.tag.is_some()
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        let mut consumed = 0;
        while let Some((len, line)) = first_line(bytes.get(consumed..).unwrap_or(&[])) {
            if from_client && self.tag.is_some() {
                // Behind the command there is nothing but TLS: wait for the answer.
                break;
            }
            consumed += len;
            if from_client {
                match (self.rules.command)(line) {
                    Command::AsksForTls => {
                        let tag = line.split(|byte| *byte == b' ').next().unwrap_or(&[]);
                        self.tag = Some(tag.get(..MAX_TAG_BYTES).unwrap_or(tag).into());
                    }
                    Command::GoesOnWithout => return Progress::NoTls,
                    Command::Leaves if self.offered == Some(false) => {
                        return Progress::Refused { reason: Refusal::NotOffered, consumed };
                    }
                    Command::Leaves | Command::Other => {}
                }
                continue;
            }
            match &self.tag {
                None => match (self.rules.offers)(line) {
                    Some(true) => self.offered = Some(true),
                    Some(false) if self.offered.is_none() => self.offered = Some(false),
                    _ => {}
                },
                Some(tag) => match (self.rules.answer)(line, tag) {
                    Answer::Accepts => return Progress::TlsStarts { offset: consumed },
                    Answer::Refuses => {
                        self.tag = None;
                        let reason = Refusal::Line(quote(line));
                        return Progress::Refused { reason, consumed };
                    }
                    Answer::Other => {}
                },
            }
        }
        Progress::Continue { consumed }
    }
}

/// The code of an answer such as `220 go` and whether the line is the last one of it.
pub(super) fn reply_code(line: &[u8]) -> Option<(u16, bool)> {
    let code = str::from_utf8(line.get(..3)?).ok()?.parse().ok()?;
    Some((code, line.get(3) != Some(&b'-')))
}

//! Logs of servers and clients beside the capture: the log says which error, the capture which cause.
//!
//! [`Logs`] takes bytes, keeps the lines that name an end of a connection or an error of TLS, and
//! gives each to the connection that it speaks of: by the client's address and port, else by the
//! client's address and the time, else by the name that was asked for and the time. Clocks and zones of log and capture may differ: by how much is
//! estimated, from the lines that name a port.

mod line;
mod time;

use std::collections::HashMap;

use tlsleuth_capture::Timestamp;
use tlsleuth_diagnosis::Confidence;
use tlsleuth_diagnosis::explain::{self, Writer};
use tlsleuth_handshake::WireText;
use tlsleuth_handshake::connection::Outcome;

use crate::Analyzed;
use line::End;
use time::Written;

/// Longest part of a line that is kept, in bytes.
const LONGEST_LINE: usize = 2_048;
/// Most lines that are kept of all logs: some 100 MB when all are long.
const MOST_LINES: usize = 100_000;
/// Most lines that one connection shows.
const MOST_SHOWN: usize = 10;
/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;
/// How far a line may be from its connection, once the offset is known. Servers write a line when
/// they give up, which may be after the last frame.
const WINDOW: i64 = 5 * SECOND;
/// The same for lines that name no port.
const NARROW_WINDOW: i64 = 2 * SECOND;
/// Zones are whole quarters of an hour.
const QUARTER: i64 = 900 * SECOND;
/// The largest fault of a clock that one line alone proves.
const SMALL_FAULT: i64 = 120 * SECOND;
/// Lines that must agree on any other offset.
const ENOUGH: usize = 3;

/// One line of a log that belongs to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The log, as it was named.
    pub log: String,
    /// The number of the line, from 1.
    pub number: u64,
    /// The line.
    pub text: WireText,
    /// What is to be said of its clock; empty when it agrees with the capture's.
    pub clock: String,
    /// How its connection was found.
    pub matched: Matched,
    /// When it was written, by the capture's clock; None when it bears no time.
    pub at: Option<Timestamp>,
    /// What it says about TLS.
    pub meaning: Option<explain::Line>,
}

/// How the connection of a line was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// It names the client's port.
    Port,
    /// By the client's address and the time.
    Address,
    /// By the name that the client asked for, and the time where it bears one: logs of clients name
    /// no address.
    Name,
}

impl std::fmt::Display for LogLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}: {}",
            WireText::new(self.log.as_bytes()),
            self.number,
            self.text.escaped()
        )?;
        let how = match (self.matched, self.at.is_some()) {
            (Matched::Port, _) => "",
            (Matched::Address, _) => "matched by address and time",
            (Matched::Name, true) => "matched by name and time",
            (Matched::Name, false) => "matched by name",
        };
        match (how.is_empty(), self.clock.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => write!(f, " ({})", self.clock),
            (false, true) => write!(f, " ({how})"),
            (false, false) => write!(f, " ({how}; {})", self.clock),
        }
    }
}

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Lines read.
    pub lines: u64,
    /// Lines that name an end or an error of TLS.
    pub of_interest: u64,
    /// Such lines that were not kept because there were too many.
    pub dropped: u64,
    /// Lines that were given to a connection.
    pub matched: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    log: usize,
    number: u64,
    text: WireText,
    ends: Vec<End>,
    time: Option<Written>,
    meaning: Option<explain::Line>,
}

/// Lines of logs. Takes bytes, reads no file.
///
/// ```
/// use tlsleuth::log::Logs;
///
/// let mut logs = Logs::default();
/// logs.begin("server.log");
/// logs.push(b"2026/11/21 04:23:36 http: TLS handshake error from 10.0.0.7:582");
/// logs.push(b"73: remote error: tls: bad certificate\n");
/// logs.end();
/// assert_eq!(logs.counts().of_interest, 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Logs {
    names: Vec<String>,
    entries: Vec<Entry>,
    partial: Vec<u8>,
    /// Entries that only name an address.
    plain: usize,
    number: u64,
    counts: LogCounts,
    /// The last entry of each thread of a log whose errors stand on lines of their own.
    threads: HashMap<String, usize>,
}

impl Logs {
    /// Begins a log; what follows is its bytes.
    pub fn begin(&mut self, name: &str) {
        self.end();
        self.names.push(name.to_owned());
    }

    /// Takes the next bytes of the log.
    pub fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, complete) = match piece.strip_suffix(b"\n") {
                Some(piece) => (piece, true),
                None => (piece, false),
            };
            let room = LONGEST_LINE.saturating_sub(self.partial.len());
            self.partial.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if complete {
                self.take_line();
            }
        }
    }

    /// The log is over.
    pub fn end(&mut self) {
        if !self.partial.is_empty() {
            self.take_line();
        }
        self.number = 0;
        self.threads.clear();
    }

    /// What became of the lines so far.
    #[must_use]
    pub fn counts(&self) -> LogCounts {
        self.counts
    }

    fn take_line(&mut self) {
        let mut raw = std::mem::take(&mut self.partial);
        if raw.last() == Some(&b'\r') {
            raw.pop();
        }
        self.number += 1;
        self.counts.lines += 1;
        let text = String::from_utf8_lossy(&raw);
        let mut ends = line::ends(&text);
        let full = self.entries.len() >= MOST_LINES;
        let meaning = if full || !line::may_tell(&text) { None } else { explain::line(&text) };
        let thread = line::thread(&text);
        if ends.is_empty() {
            // Apache writes the error of OpenSSL on a line of its own, without the client.
            let of = thread.and_then(|thread| self.threads.get(thread));
            if meaning.is_some()
                && let Some(entry) = of.and_then(|index| self.entries.get(*index))
            {
                ends.clone_from(&entry.ends);
            }
        }
        if ends.is_empty() && meaning.is_none() {
            return;
        }
        self.counts.of_interest += 1;
        // Lines that only name an address must not crowd out those that tell an error.
        if full || (meaning.is_none() && self.plain >= MOST_LINES / 2) {
            self.counts.dropped += 1;
            return;
        }
        if meaning.is_none() {
            self.plain += 1;
        }
        if let Some(thread) = thread {
            self.threads.insert(thread.to_owned(), self.entries.len());
        }
        self.entries.push(Entry {
            log: self.names.len().saturating_sub(1),
            number: self.number,
            time: time::find(&text),
            text: WireText::new(&raw),
            ends,
            meaning,
        });
    }

    /// Gives each line to its connection, and lets the verdicts use what they say.
    pub fn attach(&mut self, connections: &mut [Box<Analyzed>]) {
        self.end();
        let near = connections.first().map_or(0, |analyzed| analyzed.connection.first.time.0);
        for entry in &mut self.entries {
            entry.time = entry.time.map(|written| time::with_year(written, near));
        }
        let mut by_end: HashMap<(tlsleuth_capture::Address, u16), Vec<usize>> = HashMap::new();
        let mut by_address: HashMap<tlsleuth_capture::Address, Vec<usize>> = HashMap::new();
        for (index, analyzed) in connections.iter().enumerate() {
            let client = analyzed.connection.client;
            by_end.entry((client.address, client.port)).or_default().push(index);
            by_address.entry(client.address).or_default().push(index);
        }
        let mut by_name: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (index, analyzed) in connections.iter().enumerate() {
            let hello = analyzed.connection.client_hello();
            if let Some(name) = hello.and_then(|hello| hello.value.extensions.server_name()) {
                by_name.entry(name.host_name.raw().to_ascii_lowercase()).or_default().push(index);
            }
        }
        let known = Index { by_end, by_address, by_name };
        for log in 0..self.names.len() {
            self.attach_log(log, connections, &known);
        }
        for analyzed in connections {
            inform(analyzed);
        }
    }

    fn attach_log(&mut self, log: usize, connections: &mut [Box<Analyzed>], known: &Index) {
        let Index { by_end, by_address, by_name } = known;
        let name = self.names.get(log).cloned().unwrap_or_default();
        let entries: Vec<&Entry> = self.entries.iter().filter(|entry| entry.log == log).collect();
        let with_port = |entry: &Entry| -> Vec<usize> {
            entry
                .ends
                .iter()
                .filter_map(|end| by_end.get(&(end.address, end.port?)))
                .flatten()
                .copied()
                .collect()
        };
        // Differences between the capture's clock and the log's: from lines that name a port; when
        // there are none, from those that name an address.
        let mut zoned = false;
        let mut distances = |candidates: &dyn Fn(&Entry) -> Vec<usize>| -> Vec<i64> {
            let mut distances = Vec::new();
            for entry in &entries {
                let Some(written) = entry.time else { continue };
                let found = candidates(entry);
                zoned |= written.zoned && !found.is_empty();
                // Many connections of one client make no estimate better, only slower.
                for index in found.into_iter().take(64) {
                    if let Some(analyzed) = connections.get(index) {
                        distances.push(distance(analyzed, written));
                    }
                }
            }
            distances
        };
        let with_address = |entry: &Entry| -> Vec<usize> {
            entry
                .ends
                .iter()
                .filter_map(|end| by_address.get(&end.address))
                .flatten()
                .copied()
                .collect()
        };
        // Of the names that were asked for, for lines that name no end of any connection.
        let with_name = |entry: &Entry| -> Vec<usize> {
            if entry.meaning.is_none() || !with_address(entry).is_empty() {
                return Vec::new();
            }
            let text = entry.text.raw().to_ascii_lowercase();
            let mut named: Vec<usize> = line::names(&text)
                .filter_map(|name| by_name.get(name))
                .flatten()
                .copied()
                .collect();
            named.dedup();
            named
        };
        let mut found = distances(&with_port);
        if found.is_empty() {
            found = distances(&with_address);
        }
        if found.is_empty() {
            found = distances(&with_name);
        }
        let offset = offset(&mut found, zoned);
        let clock = offset.map_or_else(String::new, |offset| clock_words(offset, zoned));
        let mut taken = vec![0_usize; connections.len()];
        let mut chosen: Vec<(usize, LogLine)> = Vec::new();
        for entry in &entries {
            let mut candidates = with_port(entry);
            let by_port = !candidates.is_empty();
            let mut matched = Matched::Port;
            if !by_port && entry.meaning.is_some() {
                candidates = with_address(entry);
                matched = Matched::Address;
                if candidates.is_empty() {
                    candidates = with_name(entry);
                    matched = Matched::Name;
                    // Without a time only a name under which one connection failed tells which.
                    if entry.time.is_none() {
                        candidates.retain(|index| {
                            connections.get(*index).is_some_and(|analyzed| {
                                analyzed.diagnosis.outcome == Outcome::Failed
                            })
                        });
                        if candidates.len() > 1 {
                            continue;
                        }
                    }
                }
            }
            let window = if by_port { WINDOW } else { NARROW_WINDOW };
            let best = candidates
                .into_iter()
                .filter_map(|index| {
                    let analyzed = connections.get(index)?;
                    let away = match (entry.time, offset) {
                        (Some(written), Some(offset)) => {
                            let away = distance(analyzed, written).saturating_sub(offset).abs();
                            (away <= window).then_some(away)?
                        }
                        // Without a time the port alone has to do.
                        (None, _) if by_port || matched == Matched::Name => 0,
                        _ => return None,
                    };
                    let server = analyzed.connection.server;
                    let other_server = entry.ends.iter().any(|end| {
                        end.port.is_some_and(|port| port == server.port)
                            && end.address != server.address
                            && !end.address.to_string().starts_with("0.")
                            && by_address.get(&end.address).is_none()
                    });
                    let fits = alert_fits(entry, analyzed);
                    let failed = analyzed.diagnosis.outcome != Outcome::Completed;
                    let used = taken.get(index).copied().unwrap_or_default();
                    Some(((other_server, !fits, !failed, used, away / SECOND, index), index))
                })
                .min();
            let Some(((_, misfits, completed, ..), index)) = best else { continue };
            // By address and time alone, an error belongs to no connection that went well.
            if !by_port && completed && misfits {
                continue;
            }
            if let Some(count) = taken.get_mut(index) {
                *count += 1;
            }
            chosen.push((
                index,
                LogLine {
                    log: name.clone(),
                    number: entry.number,
                    text: entry.text.clone(),
                    clock: clock.clone(),
                    matched,
                    at: entry.time.zip(offset).and_then(|(written, offset)| {
                        Some(moment(connections.get(index)?, written, offset))
                    }),
                    meaning: entry.meaning.clone(),
                },
            ));
        }
        for (index, line) in chosen {
            if let Some(analyzed) = connections.get_mut(index) {
                self.counts.matched += 1;
                if analyzed.log_lines.len() < MOST_SHOWN {
                    analyzed.log_lines.push(line);
                }
            }
        }
    }
}

/// Connections by what a line may name of them.
struct Index {
    by_end: HashMap<(tlsleuth_capture::Address, u16), Vec<usize>>,
    by_address: HashMap<tlsleuth_capture::Address, Vec<usize>>,
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

/// When a line was written, by the capture's clock. A time without a fraction stands for a whole
/// second: of that the moment at which the connection ended is taken, if it lies in it.
fn moment(analyzed: &Analyzed, written: Written, offset: i64) -> Timestamp {
    let from = written.ns.saturating_add(offset);
    if written.fine {
        return Timestamp(from);
    }
    // An offset that was estimated is right to two seconds.
    let slack = if offset == 0 { SECOND } else { 2 * SECOND };
    let last = analyzed.connection.last.time.0;
    Timestamp(last.clamp(from, from.saturating_add(slack)))
}

/// Whether the connection has the alert that the line names.
fn alert_fits(entry: &Entry, analyzed: &Analyzed) -> bool {
    let named = entry.meaning.as_ref().and_then(|meaning| meaning.alert);
    named.is_some_and(|named| {
        analyzed.connection.alerts.iter().any(|alert| alert.description == Some(named))
    })
}

/// How much later than the line the connection was: zero within it.
fn distance(analyzed: &Analyzed, written: Written) -> i64 {
    let first = analyzed.connection.first.time.0;
    let last = analyzed.connection.last.time.0;
    // A time without a fraction stands for the whole second.
    let until = if written.fine { written.ns } else { written.ns.saturating_add(SECOND - 1) };
    if until < first {
        first.saturating_sub(until)
    } else if written.ns > last {
        last.saturating_sub(written.ns)
    } else {
        0
    }
}

/// The offset that most pairs of a line and a connection agree on, when it can be believed.
fn offset(distances: &mut [i64], zoned: bool) -> Option<i64> {
    // A hostile time must not overflow what follows.
    for distance in distances.iter_mut() {
        *distance = (*distance).clamp(-i64::MAX / 4, i64::MAX / 4);
    }
    distances.sort_unstable();
    let mut best: Option<(usize, i64)> = None;
    let mut begin = 0;
    for (end, late) in distances.iter().enumerate() {
        while distances.get(begin).is_some_and(|early| late.saturating_sub(*early) > 2 * SECOND) {
            begin += 1;
        }
        let count = end + 1 - begin;
        let middle = distances.get(begin + (end - begin) / 2).copied().unwrap_or(*late);
        let better = best.is_none_or(|(most, offset)| {
            count > most || (count == most && middle.abs() < offset.abs())
        });
        if better {
            best = Some((count, middle));
        }
    }
    let (count, offset) = best?;
    let fault = if zoned { offset } else { offset - zone(offset) };
    (fault.abs() <= SMALL_FAULT || count >= ENOUGH).then_some(offset)
}

/// The part of an offset that a zone explains.
fn zone(offset: i64) -> i64 {
    let quarters = (offset + if offset < 0 { -QUARTER / 2 } else { QUARTER / 2 }) / QUARTER;
    // Zones reach from twelve hours behind to fourteen ahead.
    if (-56..=48).contains(&quarters) { quarters * QUARTER } else { 0 }
}

/// What is to be said of the log's clock.
fn clock_words(offset: i64, zoned: bool) -> String {
    let zone = if zoned { 0 } else { zone(offset) };
    let fault = offset - zone;
    let mut words = Vec::new();
    if zone != 0 {
        // What is later in the capture is behind UTC in the log.
        let minutes = -zone / (60 * SECOND);
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        words.push(format!("the log's time is UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    }
    if fault.abs() >= SECOND {
        let side = if fault > 0 { "behind" } else { "ahead of" };
        let millis = fault.abs() / 1_000_000;
        words.push(format!(
            "the log's clock is {}.{} s {side} the capture's, estimated",
            millis / 1_000,
            millis % 1_000 / 100
        ));
    }
    words.join("; ")
}

/// Lets the verdict say what the log says, where the capture shows only a symptom.
fn inform(analyzed: &mut Analyzed) {
    let Some(verdict) = analyzed.diagnosis.findings.iter_mut().find(|finding| finding.root_cause)
    else {
        return;
    };
    if !verdict.code.starts_with("peer.") && verdict.confidence == Confidence::Certain {
        return;
    }
    let telling =
        |line: &&LogLine| line.meaning.as_ref().is_some_and(|meaning| !meaning.topic.vague);
    let Some(line) = analyzed.log_lines.iter().find(telling) else { return };
    let Some(meaning) = &line.meaning else { return };
    let whose = match meaning.writer {
        Writer::Server => "The server's log",
        Writer::Client => "The client's log",
        Writer::Either => "The log",
    };
    let text = line.text.to_string();
    // The name of the file is enough here: the line itself is shown with its path.
    let name = line.log.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut sentence = format!(
        "{whose} ({}, line {}) says \"{text}\".",
        WireText::new(name.as_bytes()),
        line.number
    );
    let hidden = analyzed.connection.alerts.iter().any(|alert| alert.description.is_none());
    if let Some(alert) = meaning.alert.filter(|_| hidden) {
        sentence
            .push_str(&format!(" So the alert that is encrypted here is {alert} ({}).", alert.0));
    }
    // A symptom in the log tells no more than the one in the capture.
    let codes = meaning.codes();
    let cause = codes.iter().find(|code| !code.starts_with("peer."));
    if let Some(cause) = cause
        && *cause != verdict.code
        && meaning.alert.is_none()
    {
        sentence.push_str(&format!(" That is most likely {cause}."));
    }
    let taken = std::mem::replace(verdict, tlsleuth_diagnosis::Finding::new(verdict.party, ""));
    *verdict = taken.explain(sentence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_most_lines() {
        assert_eq!(offset(&mut [], false), None);
        assert_eq!(offset(&mut [0, 0, 3_600 * SECOND], true), Some(0));
        assert_eq!(offset(&mut [3_600 * SECOND], false), Some(3_600 * SECOND));
        assert_eq!(offset(&mut [3_600 * SECOND], true), None, "one line proves no wrong clock");
        assert_eq!(offset(&mut [400 * SECOND], false), None);
        assert_eq!(
            offset(&mut [400 * SECOND, 401 * SECOND, 400 * SECOND], false),
            Some(400 * SECOND)
        );
        assert_eq!(offset(&mut [i64::MIN, i64::MAX], false), None);
    }

    #[test]
    fn the_clock_is_told() {
        assert_eq!(clock_words(0, false), "");
        assert_eq!(clock_words(-3_600 * SECOND, false), "the log's time is UTC+01:00");
        assert_eq!(
            clock_words(5 * 3_600 * SECOND + 2_500_000_000, false),
            "the log's time is UTC-05:00; the log's clock is 2.5 s behind the capture's, estimated"
        );
        assert_eq!(
            clock_words(-3 * SECOND, true),
            "the log's clock is 3.0 s ahead of the capture's, estimated"
        );
    }

    #[test]
    fn only_lines_of_interest_are_kept_and_hostile_ones_do_no_harm() {
        let mut logs = Logs::default();
        logs.push(b"before any log\n");
        logs.begin("a");
        logs.push(b"hello\nGET /\n10.0.0.7:51234 x\r\nalert unknown ca\n\xff\xfe\x00\x1b[2J 10.0.0.8:1 tls\n");
        logs.push(&vec![b'a'; 5_000_000]);
        logs.push(b"\n\n\nalert unknown ca");
        logs.end();
        assert_eq!(logs.counts().of_interest, 4);
        let shown: Vec<String> = logs.entries.iter().map(|entry| entry.text.to_string()).collect();
        assert!(!shown.concat().contains('\u{1b}'));
        logs.attach(&mut []);
        for line in 0..MOST_LINES + 10 {
            logs.push(format!("10.0.0.7:{line}\n").as_bytes());
        }
        assert_eq!(logs.plain, MOST_LINES / 2);
        assert!(logs.counts().dropped > 0);
    }

    #[test]
    fn an_apache_error_belongs_to_the_line_before() {
        let mut logs = Logs::default();
        logs.begin("error_log");
        logs.push(b"[Sat Nov 21 04:45:56.767653 2026] [ssl:info] [pid 1:tid 2] [client 10.0.0.7:58432] AH02008: SSL library error 1 in handshake\n");
        logs.push(b"[Sat Nov 21 04:45:56.767653 2026] [ssl:info] [pid 1:tid 2] SSL Library Error: error:0A000418:SSL routines::tlsv1 alert unknown ca (SSL alert number 48)\n");
        assert_eq!(logs.entries[1].ends, logs.entries[0].ends);
        assert_eq!(logs.entries[1].meaning.as_ref().unwrap().topic.name, "alert.unknown_ca");
    }
}

//! The story of one connection, ready to be laid out: the timeline without TCP's noise, the step at
//! which it failed, the words for who has to act. Shared by the renderers for people.

use crate::schema::{Connection, Event, Finding};
use crate::words::LOG_LINE;

/// Rows of a timeline shown at its beginning and at its end; what is between is counted.
const HEAD: usize = 24;
const TAIL: usize = 12;

/// One row of a timeline: what one side did in one frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row<'r> {
    pub(crate) offset_ms: f64,
    pub(crate) capture: u32,
    pub(crate) frame: u64,
    pub(crate) from: &'r str,
    /// The name of the first event.
    pub(crate) event: &'r str,
    /// What happened, in order; never empty.
    pub(crate) items: Vec<String>,
    /// Whether it failed here.
    pub(crate) failing: bool,
    /// Whether it is a line of a log, and `frame` the one before it.
    pub(crate) is_log: bool,
}

/// The timeline for people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline<'r> {
    pub(crate) head: Vec<Row<'r>>,
    /// How many rows were left out between.
    pub(crate) left_out: usize,
    pub(crate) tail: Vec<Row<'r>>,
}

impl<'r> Timeline<'r> {
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row<'r>> {
        self.head.iter().chain(&self.tail)
    }
}

/// Makes the timeline: acknowledgements are dropped, repeated retransmissions counted, and what one
/// frame brings is one row.
pub(crate) fn timeline(connection: &Connection) -> Timeline<'_> {
    let failing = failing_step(connection);
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut repeated: Option<(&Event, Vec<u64>)> = None;
    for (index, event) in connection.timeline.iter().enumerate() {
        if event.event == "tcp_established" {
            continue;
        }
        let fails = failing == Some(index);
        let again = event.event == "tcp_retransmission";
        if again
            && let Some((first, frames)) = &mut repeated
            && first.from == event.from
            && first.summary == event.summary
            && let Some(row) = rows.last_mut()
        {
            frames.push(event.frame);
            row.items = vec![repetition(&event.summary, event.capture != first.capture, frames)];
            row.failing |= fails;
            continue;
        }
        repeated = again.then(|| (event, vec![event.frame]));
        match rows.last_mut() {
            Some(row)
                if !row.is_log
                    && event.event != LOG_LINE
                    && row.frame == event.frame
                    && row.capture == event.capture
                    && row.from == event.from
                    && !again =>
            {
                row.items.push(event.summary.clone());
                row.failing |= fails;
            }
            _ => rows.push(Row {
                offset_ms: event.offset_ms,
                capture: event.capture,
                frame: event.frame,
                from: event.from,
                event: event.event,
                items: vec![event.summary.clone()],
                failing: fails,
                is_log: event.event == LOG_LINE,
            }),
        }
    }
    if rows.len() <= HEAD + TAIL + 1 {
        return Timeline { head: rows, left_out: 0, tail: Vec::new() };
    }
    let tail = rows.split_off(rows.len() - TAIL);
    let left_out = rows.len() - HEAD;
    rows.truncate(HEAD);
    Timeline { head: rows, left_out, tail }
}

/// A retransmission that happened several times. Frames of other files are not named.
fn repetition(summary: &str, other_files: bool, frames: &[u64]) -> String {
    let times = frames.len();
    match frames {
        [first, .., last] if !other_files && times > 4 => {
            format!("{summary}, {times} times (frames {first} to {last})")
        }
        _ if other_files => format!("{summary}, {times} times"),
        _ => {
            let frames: Vec<String> = frames.iter().map(u64::to_string).collect();
            format!("{summary}, {times} times (frames {})", frames.join(", "))
        }
    }
}

/// The entry of the timeline at which the connection failed: the first act that ends it. Without
/// one, the last thing that happened.
pub(crate) fn failing_step(connection: &Connection) -> Option<usize> {
    if connection.outcome != "failed" {
        return None;
    }
    let plain = connection.verdict.is_some_and(|verdict| verdict.starts_with("protocol."));
    connection
        .timeline
        .iter()
        .position(|event| match event.event {
            "alert" | "encrypted_alert" => is_fatal(connection, event),
            "tcp_reset" | "tcp_fin" | "icmp" => true,
            "plaintext" | "garbage" => plain,
            _ => false,
        })
        .or_else(|| connection.timeline.iter().rposition(|event| event.event != LOG_LINE))
}

/// Whether an alert ends the handshake: `close_notify` and warnings do not.
fn is_fatal(connection: &Connection, event: &Event) -> bool {
    connection
        .alerts
        .iter()
        .filter(|alert| {
            alert.frame == event.frame && alert.capture == event.capture && alert.from == event.from
        })
        .any(|alert| {
            let closes = matches!(alert.name.as_deref(), Some("close_notify" | "user_canceled"));
            alert.level.as_deref() != Some("warning") && !closes
        })
}

/// The verdict of a connection.
pub(crate) fn verdict(connection: &Connection) -> Option<&Finding> {
    connection.findings.iter().find(|finding| finding.root_cause)
}

/// How long after the first frame it failed.
pub(crate) fn failed_after(connection: &Connection) -> Option<f64> {
    failing_step(connection)
        .and_then(|index| connection.timeline.get(index))
        .map(|event| event.offset_ms)
}

/// The verdict as a sentence. What is not certain says so.
pub(crate) fn headline(connection: &Connection) -> String {
    match verdict(connection) {
        Some(finding) => {
            let doubt = match finding.confidence {
                "likely" => " (likely; see why)",
                "possible" => " (one of several explanations)",
                _ => "",
            };
            format!("{}{doubt}.", capitalized(finding.title.trim_end_matches('.')))
        }
        None if connection.outcome == "failed" => {
            "It failed, and what the capture shows does not say why.".to_owned()
        }
        None => match connection.findings.first() {
            Some(finding) => format!("{}.", capitalized(finding.title.trim_end_matches('.'))),
            None => String::new(),
        },
    }
}

/// Who has to act, with the address.
pub(crate) fn who(party: &str, connection: &Connection) -> String {
    match party {
        "client" => format!("client, {}", connection.client.address),
        "server" => format!("server, {}", socket(&connection.server)),
        "network" => format!(
            "network: whoever runs what is between {} and {}",
            connection.client.address, connection.server.address
        ),
        "capture" => "whoever captures".to_owned(),
        _ => "cannot be told from this capture alone".to_owned(),
    }
}

/// An address and a port as they are written together.
pub(crate) fn socket(end: &crate::schema::Endpoint) -> String {
    if end.address.contains(':') {
        format!("[{}]:{}", end.address, end.port)
    } else {
        format!("{}:{}", end.address, end.port)
    }
}

/// The text with a capital at its beginning.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    // A quoted or dotted first word is a name, which keeps its spelling.
    let first_word = text.split(' ').next().unwrap_or_default();
    match chars.next() {
        Some(first)
            if first.is_ascii_lowercase()
                && first_word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'') =>
        {
            first.to_ascii_uppercase().to_string() + chars.as_str()
        }
        _ => text.to_owned(),
    }
}

/// Whether a line of a remedy or a next step is a command, which must not be broken.
pub(crate) fn is_command(line: &str) -> bool {
    const COMMANDS: &[&str] =
        &["openssl ", "tlsleuth ", "tcpdump ", "curl ", "ping ", "editcap ", "nmap ", "ip "];
    COMMANDS.iter().any(|command| line.starts_with(command))
}

/// Whether a reader of this verdict wants to see the certificates, and whose.
pub(crate) fn chain_of_interest(connection: &Connection) -> Option<&crate::schema::Chain> {
    let finding = verdict(connection)?;
    let area = finding.code.split('.').next().unwrap_or_default();
    match (finding.chain, area) {
        (Some("client"), _) | (_, "client-auth") => connection.client_chain.as_ref(),
        (Some(_), _) | (_, "sni" | "chain" | "alpn") => connection.server_chain.as_ref(),
        (_, "peer") if finding.code.contains("certificate") => connection.server_chain.as_ref(),
        _ => None,
    }
}

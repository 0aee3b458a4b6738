//! The words of the timeline: what each event is called, and what matters in it.

use tlsleuth::Located;
use tlsleuth::capture::transport::{ResetFacts, SynFacts};
use tlsleuth::capture::{GapCause, IcmpKind, Place};
use tlsleuth::cert::Sct;
use tlsleuth::handshake::codepoint::{AlertLevel, ProtocolVersion};
use tlsleuth::handshake::connection::{
    Alert, Connection, Event, EventKind, SctSource, SentChain, Side,
};
use tlsleuth::handshake::message::{ClientHello, OfferedVersions, ServerHello};
use tlsleuth::handshake::observed::Observed;

use crate::quantity;
use crate::schema::Chain;

/// How many entries of a list a summary quotes.
const QUOTED: usize = 6;

/// The name of an event in the report and a summary of what matters in it.
pub(crate) fn event(event: &Event, connection: &Connection) -> (&'static str, String) {
    match &event.kind {
        EventKind::ClientHello(nth) => (
            "client_hello",
            connection.client_hellos.get(*nth).map_or_else(
                || "ClientHello: renegotiation".to_owned(),
                |hello| client_hello(&hello.value),
            ),
        ),
        EventKind::Ssl2(name) => ("ssl2_message", format!("SSL 2 {}", name.name())),
        EventKind::ServerHello => (
            "server_hello",
            connection.server_hello.present().map_or_else(
                || "ServerHello".to_owned(),
                |hello| server_hello("ServerHello", &hello.value),
            ),
        ),
        EventKind::HelloRetryRequest => (
            "hello_retry_request",
            connection.hello_retry.as_ref().map_or_else(
                || "HelloRetryRequest".to_owned(),
                |hello| server_hello("HelloRetryRequest", &hello.value),
            ),
        ),
        EventKind::EncryptedExtensions => ("encrypted_extensions", "EncryptedExtensions".into()),
        EventKind::Certificate { certificates } => (
            "certificate",
            match certificates {
                0 => "Certificate: none".to_owned(),
                more => format!(
                    "Certificate: {}{more} certificate{}{}",
                    leaf(event.from, connection),
                    if *more == 1 { "" } else { "s" },
                    timestamps(event.from, connection)
                ),
            },
        ),
        EventKind::CertificateStatus => {
            ("certificate_status", "CertificateStatus: stapled OCSP".into())
        }
        EventKind::ServerKeyExchange => (
            "server_key_exchange",
            match connection
                .server_key_exchange
                .present()
                .and_then(|exchange| exchange.value.group())
            {
                Some(group) => format!("ServerKeyExchange {group}"),
                None => "ServerKeyExchange".to_owned(),
            },
        ),
        EventKind::CertificateRequest => ("certificate_request", "CertificateRequest".into()),
        EventKind::ServerHelloDone => ("server_hello_done", "ServerHelloDone".into()),
        EventKind::ClientKeyExchange => ("client_key_exchange", "ClientKeyExchange".into()),
        EventKind::CertificateVerify => ("certificate_verify", "CertificateVerify".into()),
        EventKind::HelloRequest => {
            ("hello_request", "HelloRequest: renegotiation asked for".into())
        }
        EventKind::NewSessionTicket => ("new_session_ticket", "NewSessionTicket".into()),
        EventKind::EndOfEarlyData => ("end_of_early_data", "EndOfEarlyData".into()),
        EventKind::KeyUpdate => ("key_update", "KeyUpdate".into()),
        EventKind::Finished { inferred: true } => ("finished", "Finished (encrypted)".into()),
        EventKind::Finished { inferred: false } => ("finished", "Finished".into()),
        EventKind::OtherHandshake(kind) => ("handshake", format!("handshake message {kind}")),
        EventKind::ChangeCipherSpec => ("change_cipher_spec", "ChangeCipherSpec".into()),
        EventKind::EncryptedHandshake { bytes, records } => (
            "encrypted_handshake",
            format!("encrypted handshake messages ({})", amount(*bytes, *records)),
        ),
        EventKind::Alert(index) => match connection.alerts.get(*index) {
            Some(alert) => self::alert(alert),
            None => ("alert", "alert".to_owned()),
        },
        EventKind::ApplicationData { bytes, records, early } => (
            "application_data",
            format!(
                "{} ({})",
                if *early { "early data" } else { "application data" },
                amount(*bytes, *records)
            ),
        ),
        EventKind::Starttls(words) => ("starttls", words.to_string()),
        EventKind::ProxyConnect(words) => ("proxy_connect", words.to_string()),
        EventKind::Plaintext(words) => ("plaintext", format!("not TLS: {words}")),
        EventKind::CaptureGap(gap) => (
            "capture_gap",
            match gap.cause {
                GapCause::NotCaptured => {
                    format!(
                        "{} bytes are missing from the capture; the receiver had them",
                        gap.len_bytes
                    )
                }
                GapCause::NotAcknowledged => {
                    format!("{} bytes are missing and were never acknowledged", gap.len_bytes)
                }
                GapCause::Snaplen => format!("{} bytes were cut by the snap length", gap.len_bytes),
                GapCause::LimitReached => {
                    format!("{} bytes were given up: a limit was reached", gap.len_bytes)
                }
            },
        ),
        EventKind::Garbage(found) => ("garbage", format!("bytes that are no TLS record: {found}")),
    }
}

fn chain_of(side: Side, connection: &Connection) -> Option<&Located<SentChain>> {
    let chain = match side {
        Side::Client => &connection.client_chain,
        Side::Server => &connection.server_chain,
    };
    chain.present().map(|chain| &**chain)
}

/// How far a timestamp may be ahead of the frame that it came in, in seconds, before it is told:
/// clocks differ.
const CLOCK_SKEW: i64 = 300;

/// Whether a timestamp was made after the frame that it came in, by the clocks of the two.
pub(crate) fn is_after(sct: &Sct, at: Place) -> bool {
    sct.seconds() > at.time.seconds().saturating_add(CLOCK_SKEW)
}

/// Which logs promised to publish a leaf, with a comma before it; nothing where none did.
fn timestamps(side: Side, connection: &Connection) -> String {
    let Some(sent) = chain_of(side, connection) else { return String::new() };
    let (scts, total) = sent.value.all_scts();
    let mut logs = Vec::new();
    for (source, sct) in scts.iter().take(QUOTED) {
        let mut log = log_name(sct.log().map(|log| log.name), &sct.log_id.to_string());
        if *source == SctSource::Staple {
            log.push_str(" (stapled)");
        }
        if is_after(sct, sent.at) {
            log.push_str(" (dated after this frame)");
        }
        logs.push(log);
    }
    match (total, total.saturating_sub(logs.len())) {
        (0, _) => String::new(),
        (1, 0) => format!(", SCT of {}", logs.join(", ")),
        (_, 0) => format!(", SCTs of {}", logs.join(", ")),
        (_, more) => format!(", SCTs of {} and {more} more", logs.join(", ")),
    }
}

/// Which logs promised to publish the leaf of a chain and when, one line each.
pub(crate) fn sct_lines(chain: &Chain) -> Vec<String> {
    let mut lines: Vec<String> = chain
        .scts
        .iter()
        .take(QUOTED)
        .map(|sct| {
            let time = sct.time.as_deref().map(|time| format!(", {}", quantity::date(time)));
            format!(
                "{}{}{}{}",
                log_name(sct.log, &sct.log_id),
                time.unwrap_or_default(),
                match sct.from {
                    "tls_extension" => ", in a TLS extension",
                    "staple" => ", in the stapled OCSP response",
                    _ => "",
                },
                if sct.after_capture { ", after it was captured" } else { "" }
            )
        })
        .collect();
    let more = chain.scts_total.saturating_sub(lines.len());
    if more > 0 && !lines.is_empty() {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// What a log is called; one that is not known, by the start of its number.
fn log_name(name: Option<&str>, id: &str) -> String {
    match name {
        Some(name) => name.to_owned(),
        None => format!("unknown log {}…", id.get(..16).unwrap_or(id)),
    }
}

/// Whom the first certificate of a chain is about, with a comma behind it.
fn leaf(side: Side, connection: &Connection) -> String {
    let name =
        chain_of(side, connection).and_then(|sent| sent.value.chain.leaf()).and_then(|leaf| {
            let common = leaf.subject.common_name().map(ToString::to_string);
            common.or_else(|| leaf.dns_names.first().map(ToString::to_string))
        });
    name.map_or_else(String::new, |name| format!("{name}, "))
}

/// Versions of TLS without saying TLS each time.
fn versions(list: &[ProtocolVersion]) -> String {
    let mut text = String::new();
    for (index, version) in list.iter().take(QUOTED).enumerate() {
        let name = version.to_string();
        match name.strip_prefix("TLS ") {
            Some(number) if index > 0 => text.push_str(&format!(", {number}")),
            _ if index > 0 => text.push_str(&format!(", {name}")),
            _ => text.push_str(&name),
        }
    }
    text
}

/// The event that a line of a log is.
pub(crate) const LOG_LINE: &str = "log_line";

/// What sort of event one is, by its name.
pub(crate) fn kind(event: &str) -> &'static str {
    match event {
        LOG_LINE => "log",
        "tcp_retransmission" => "retransmission",
        "alert" | "encrypted_alert" => "alert",
        "application_data" => "data",
        "starttls" | "proxy_connect" | "plaintext" => "before_tls",
        "capture_gap" | "tcp_conflict" | "garbage" => "capture",
        "icmp" => "transport",
        event if event.starts_with("tcp_") => "transport",
        _ => "handshake",
    }
}

fn amount(bytes: u32, records: u32) -> String {
    if records == 1 {
        format!("{bytes} bytes")
    } else {
        format!("{bytes} bytes, {records} records")
    }
}

fn alert(alert: &Alert) -> (&'static str, String) {
    let name = match (alert.level, alert.description) {
        (Some(level), Some(description)) => {
            let level = match level {
                AlertLevel::FATAL => "fatal",
                AlertLevel::WARNING => "warning",
                _ => "unknown level",
            };
            format!("Alert: {level}, {description} ({})", description.0)
        }
        _ => {
            let inferred = if alert.inferred { ", by its size and place" } else { "" };
            return (
                "encrypted_alert",
                format!("encrypted alert ({} bytes{inferred})", alert.record_len),
            );
        }
    };
    ("alert", name)
}

fn client_hello(hello: &ClientHello) -> String {
    let mut parts = Vec::new();
    if let Some(name) = hello.extensions.server_name() {
        parts.push(format!("sni {}", name.host_name));
    } else {
        parts.push("no sni".to_owned());
    }
    if let Some(alpn) = hello.extensions.alpn() {
        let names: Vec<String> = alpn.iter().take(QUOTED).map(ToString::to_string).collect();
        parts.push(format!("alpn {}", names.join(" ")));
    }
    let versions = versions(&hello.offered_versions().known());
    let up_to = matches!(hello.offered_versions(), OfferedVersions::UpTo(_));
    parts.push(format!("{}{}", if up_to { "up to " } else { "" }, versions));
    let suites = hello.real_suites().count();
    parts.push(format!("{suites} suite{}", if suites == 1 { "" } else { "s" }));
    format!("ClientHello: {}", parts.join(", "))
}

fn server_hello(name: &str, hello: &ServerHello) -> String {
    let suite = hello.cipher_suite;
    let mut text = format!("{name}: {}, {suite}", hello.negotiated_version());
    if let Some(group) = hello.selected_group() {
        text.push_str(&format!(", {group}"));
    }
    if let Some(alpn) = hello.alpn() {
        text.push_str(&format!(", alpn {alpn}"));
    }
    text
}

pub(crate) fn syn(facts: &SynFacts) -> String {
    let mss = facts.mss.map_or_else(String::new, |mss| format!(", MSS {mss}"));
    format!("{}{mss}", if facts.ack.is_some() { "SYN, ACK" } else { "SYN" })
}

pub(crate) fn reset(facts: &ResetFacts) -> String {
    let guess = if facts.in_window { "" } else { ", outside of the window: a guess" };
    format!("RST (TTL {}{guess})", facts.ttl)
}

pub(crate) fn icmp(kind: IcmpKind, from: &str) -> String {
    match kind {
        IcmpKind::Unreachable(code) => format!("ICMP unreachable (code {code}) from {from}"),
        IcmpKind::PacketTooBig(mtu) => format!("ICMP packet too big (MTU {mtu}) from {from}"),
        IcmpKind::TimeExceeded(_) => format!("ICMP time exceeded from {from}"),
        _ => format!("ICMP error from {from}"),
    }
}

/// `encrypted`, `missed`, or nothing for a fact that is present or absent.
pub(crate) fn unseen<T>(fact: &Observed<T>) -> Option<&'static str> {
    match fact {
        Observed::Present(_) | Observed::Absent => None,
        Observed::Encrypted => Some("encrypted"),
        Observed::Missed => Some("missed"),
    }
}

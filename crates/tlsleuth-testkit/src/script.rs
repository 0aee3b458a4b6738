//! Reads scripts. The language is in the crate's documentation.

use std::collections::HashMap;

use tlsleuth_capture::Timestamp;

use crate::certificate::{RecordedChain, Wanted};
use crate::conversation::{Conversation, Segment, Story, Who};
use crate::message::{self, ClientHello, Renegotiation, ServerHello};
use crate::names;

/// Makes the frames of a script.
///
/// # Panics
/// On a line that makes no sense, with the line.
#[must_use]
pub fn script(text: &str) -> Story {
    let mut reader = Reader::default();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            reader.line(line);
        }
    }
    reader.begin("");
    reader.story
}

struct Reader {
    story: Story,
    conversation: Option<Conversation>,
    connections: u16,
    port: u16,
    mss: u16,
    ipv6: bool,
    no_syn: bool,
    /// What the last ServerHello chose.
    negotiated: u16,
    suite: u16,
    session_id: usize,
    hellos: u64,
    protected: [bool; 2],
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            story: Story::default(),
            conversation: None,
            connections: 0,
            port: 443,
            mss: 1460,
            ipv6: false,
            no_syn: false,
            negotiated: 0,
            suite: 0,
            session_id: 0,
            hellos: 0,
            protected: [false; 2],
        }
    }
}

/// The words of a message: those with `=`, and the others.
struct Words {
    line: String,
    named: HashMap<String, String>,
    plain: Vec<String>,
}

impl Words {
    fn new(text: &str) -> Self {
        let mut named = HashMap::new();
        let mut plain = Vec::new();
        for word in text.split_ascii_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => {
                    named.insert(name.to_owned(), value.to_owned());
                }
                None => plain.push(word.to_owned()),
            }
        }
        Self { line: text.to_owned(), named, plain }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.named.remove(name)
    }

    fn flag(&mut self, name: &str) -> bool {
        let found = self.plain.iter().position(|word| word == name);
        found.map(|at| self.plain.remove(at)).is_some()
    }

    fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        if value == "none" {
            return Some(Vec::new());
        }
        Some(value.split(',').map(str::to_owned).collect())
    }

    fn numbers(&mut self, name: &str, number: fn(&str) -> u16) -> Option<Vec<u16>> {
        Some(self.list(name)?.iter().map(|text| number(text)).collect())
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name)?;
        match value.parse() {
            Ok(number) => Some(number),
            Err(_) => panic!("no number {value:?} in {:?}", self.line),
        }
    }

    /// Whatever was not understood is a mistake.
    fn done(&self) {
        assert!(
            self.named.is_empty() && self.plain.is_empty(),
            "{:?} {:?} make no sense in {:?}",
            self.named,
            self.plain,
            self.line
        );
    }
}

impl Reader {
    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "client" => self.segment(Who::Client, rest),
            "server" => self.segment(Who::Server, rest),
            "ICMP" => {
                self.begin("SYN");
                let mut words = Words::new(rest);
                let mtu = words.number("mtu").unwrap_or(0);
                let kind = words.plain.first().expect("a kind of ICMP message").clone();
                let story = &mut self.story;
                self.conversation.as_mut().expect("begun").icmp(story, &kind, mtu);
            }
            "wait" => self.story.wait(span(rest)),
            "watch" => {
                self.begin("");
                self.story.wait(span(rest));
                // A segment between others moves the flow table's clock.
                let mut packet = vec![0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0];
                packet.extend([10, 0, 9, 1, 10, 0, 9, 2]);
                packet.extend([
                    0, 9, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0,
                ]);
                self.story.push_packet(&packet, Segment::default());
            }
            "connection" => {
                self.begin("");
                self.conversation = None;
                self.negotiated = 0;
                self.hellos = 0;
                self.protected = [false; 2];
            }
            "no-syn" => self.no_syn = true,
            "ipv6" => self.ipv6 = true,
            "port" => self.port = rest.parse().expect("a port"),
            "mss" => self.mss = rest.parse().expect("a size"),
            "snaplen" => self.story.set_snaplen(rest.parse().expect("a size")),
            "clock" => self.story.set_clock(clock(rest)),
            other => panic!("no line begins with {other:?}: {line:?}"),
        }
    }

    /// Opens the connection if that is not done; `first` is the line's first word.
    fn begin(&mut self, first: &str) {
        if self.conversation.is_some() || first.is_empty() {
            return;
        }
        self.connections += 1;
        let mut conversation = Conversation::new(self.connections, self.port, self.ipv6);
        conversation.mss = self.mss;
        if self.no_syn {
            conversation.open_unseen();
        } else if first != "SYN" {
            conversation.open(&mut self.story);
        }
        self.conversation = Some(conversation);
    }

    fn segment(&mut self, who: Who, rest: &str) {
        let mut fate = Segment::default();
        let mut rest = rest;
        loop {
            let (before, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
            match last.split_once('=') {
                None if last == "lose" => fate.lose = true,
                None if last == "vanish" => fate.vanish = true,
                None if last == "late" => fate.late = true,
                Some(("ttl", value)) => fate.ttl = value.parse().ok(),
                Some(("id", value)) => fate.ip_id = value.parse().ok(),
                Some(("window", value)) => fate.window = value.parse().ok(),
                Some(("seq", value)) => {
                    let offset: i32 = value.parse().expect("an offset");
                    fate.seq_offset = offset as u32;
                }
                _ => break,
            }
            rest = before.trim_end();
        }
        let first = rest.split(' ').next().unwrap_or_default();
        self.begin(first);
        let mut conversation = self.conversation.take().expect("begun");
        match first {
            "SYN" | "SYN-ACK" | "ACK" | "FIN" | "RST" => {
                conversation.control(&mut self.story, who, first, fate);
            }
            "again" => conversation.again(&mut self.story, who, false, fate),
            "conflict" => conversation.again(&mut self.story, who, true, fate),
            _ => {
                let mut bytes = Vec::new();
                for message in rest.split(" + ") {
                    bytes.extend(self.message(who, message.trim()));
                }
                conversation.send(&mut self.story, who, &bytes, fate);
            }
        }
        self.conversation = Some(conversation);
    }

    fn message(&mut self, who: Who, text: &str) -> Vec<u8> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            // Texts hold blanks and signs, so they are read as they are.
            "Plain" => return unescape(rest),
            "Bytes" => return hex(rest),
            _ => {}
        }
        let mut words = Words::new(rest);
        let bytes = self.tls(who, kind, &mut words);
        words.done();
        bytes
    }

    fn tls(&mut self, who: Who, kind: &str, words: &mut Words) -> Vec<u8> {
        let clear =
            |kind: u8, body: &[u8]| message::record(22, 0x0303, &message::handshake(kind, body));
        match kind {
            "ClientHello" => {
                let hello = self.client_hello(words);
                message::record(22, 0x0301, &message::handshake(1, &hello.body()))
            }
            "ServerHello" | "HelloRetryRequest" => {
                let hello = self.server_hello(kind == "HelloRetryRequest", words);
                clear(2, &hello.body())
            }
            "Certificate" => {
                let chain = self.chain(who, words);
                clear(11, &message::certificate(&chain))
            }
            "CertificateStatus" => {
                let response = crate::certificate::ocsp::response(&words.plain.remove(0));
                clear(22, &message::certificate_status(&response))
            }
            "ServerKeyExchange" => {
                let group = words.take("group").map_or(0x001d, |text| names::group(&text));
                clear(12, &message::server_key_exchange(group))
            }
            "CertificateRequest" => {
                let authorities: Vec<Vec<u8>> = words
                    .list("authorities")
                    .unwrap_or_default()
                    .iter()
                    .map(|name| message::authority_name(&name.replace('_', " ")))
                    .collect();
                clear(13, &message::certificate_request(&authorities))
            }
            "ServerHelloDone" => clear(14, &[]),
            "HelloRequest" => clear(0, &[]),
            "ClientKeyExchange" => {
                let mut body = vec![32];
                body.extend(message::encrypted(32));
                clear(16, &body)
            }
            "CertificateVerify" => {
                let mut body = vec![4, 3, 0, 71];
                body.extend(message::encrypted(71));
                clear(15, &body)
            }
            "NewSessionTicket" if self.negotiated != 0x0304 => {
                let mut body = vec![0, 0, 0x1c, 0x20, 0, 160];
                body.extend(message::encrypted(160));
                clear(4, &body)
            }
            "NewSessionTicket" => self.protected(22, 250),
            "ChangeCipherSpec" => {
                self.protected[usize::from(who == Who::Server)] = true;
                message::record(20, 0x0303, &[1])
            }
            "Finished" => {
                let tls13 = if self.suite == 0x1302 { 69 } else { 53 };
                self.protected(22, if self.negotiated == 0x0304 { tls13 } else { 40 })
            }
            "Encrypted" => {
                let len = words.plain.remove(0).parse().expect("a length");
                let kind = words.number("type").unwrap_or(23);
                message::record(kind, 0x0303, &message::encrypted(len))
            }
            "ApplicationData" => {
                let len = words.plain.remove(0).parse().expect("a length");
                message::record(23, 0x0303, &message::encrypted(len))
            }
            "Alert" if words.flag("encrypted") => {
                self.protected(21, if self.negotiated == 0x0304 { 19 } else { 26 })
            }
            "Alert" => {
                let level = if words.plain.remove(0) == "fatal" { 2 } else { 1 };
                let said = names::alert(&words.plain.remove(0));
                message::record(21, 0x0303, &[level, said])
            }
            "Handshake" => {
                let kind = words.plain.remove(0).parse().expect("a type");
                let body = hex(&words.plain.join(""));
                words.plain.clear();
                clear(kind, &body)
            }
            other => panic!("no message {other:?}"),
        }
    }

    /// A protected record: in TLS 1.3 all look like application data.
    fn protected(&self, content_type: u8, len: usize) -> Vec<u8> {
        let kind = if self.negotiated == 0x0304 { 23 } else { content_type };
        message::record(kind, 0x0303, &message::encrypted(len))
    }

    fn client_hello(&mut self, words: &mut Words) -> ClientHello {
        self.hellos += 1;
        let mut hello = ClientHello {
            seed: u64::from(self.connections) * 16 + self.hellos,
            ..ClientHello::default()
        };
        hello.sni = words.take("sni");
        hello.alpn = words.list("alpn").unwrap_or_default();
        if let Some(versions) = words.numbers("versions", names::version) {
            hello.versions = versions;
        }
        if let Some(suites) = words.numbers("suites", names::suite) {
            hello.suites = suites;
        }
        if let Some(groups) = words.numbers("groups", names::group) {
            hello.groups = groups;
        }
        hello.shares = words.numbers("shares", names::group);
        if let Some(schemes) = words.numbers("sigalgs", names::scheme) {
            hello.schemes = schemes;
        }
        hello.session_id = words.number("session-id");
        hello.ticket = words.number("ticket");
        hello.padding = words.number("padding").unwrap_or(0);
        hello.psk = words.flag("psk");
        hello.early_data = words.flag("early-data");
        hello.status_request = words.flag("status-request");
        hello.renegotiation = match words.take("renegotiation").as_deref() {
            None | Some("extension") => Renegotiation::Extension,
            Some("scsv") => Renegotiation::Scsv,
            Some("none") => Renegotiation::None,
            Some(other) => panic!("no way to say it: {other:?}"),
        };
        let tls13 = hello.versions.contains(&0x0304);
        self.session_id = hello.session_id.unwrap_or(if tls13 { 32 } else { 0 });
        hello
    }

    fn server_hello(&mut self, retry: bool, words: &mut Words) -> ServerHello {
        let negotiated = words
            .take("negotiated")
            .map_or(if retry { 0x0304 } else { 0x0303 }, |text| names::version(&text));
        let tls13 = negotiated == 0x0304;
        let suite = words
            .take("suite")
            .map_or(if tls13 { 0x1301 } else { 0xc02b }, |text| names::suite(&text));
        let echo = message::offered_session_id(self.session_id);
        let session_id = match words.take("session-id").as_deref() {
            Some("echo") => echo,
            Some("new") => message::encrypted(32),
            Some("none") => Vec::new(),
            None if tls13 => echo,
            None => Vec::new(),
            Some(other) => panic!("no session ID {other:?}"),
        };
        if !retry {
            self.negotiated = negotiated;
            self.suite = suite;
        }
        ServerHello {
            negotiated,
            suite,
            group: words.take("group").map_or(0x001d, |text| names::group(&text)),
            alpn: words.take("alpn"),
            session_id,
            psk: words.flag("psk"),
            retry,
            sentinel: words.take("sentinel").map(|text| u8::from(text == "1.2")),
            renegotiation: words.take("renegotiation").as_deref() != Some("none"),
            timestamp: words.flag("sct"),
        }
    }

    fn chain(&mut self, who: Who, words: &mut Words) -> Vec<Vec<u8>> {
        if words.flag("none") {
            return Vec::new();
        }
        if words.flag("ocsp") {
            let mut chain = crate::certificate::ocsp::chain();
            if words.flag("alone") {
                // Neither sent nor trusted: nobody can check who signed the response.
                chain.truncate(1);
                return chain;
            }
            self.story.trust(chain.last().cloned().into_iter().collect());
            return chain;
        }
        if let Some(story) = words.take("story") {
            let recorded = RecordedChain::read(&story);
            self.story.trust(recorded.anchors);
            return recorded.chain;
        }
        const DAY: i64 = 86_400;
        let now = self.story.clock().seconds();
        let mut wanted = Wanted::new(words.list("leaf").unwrap_or_default(), now);
        wanted.common_name = words.take("cn").map(|name| name.replace('_', " "));
        wanted.client = who == Who::Client;
        if words.flag("expired") {
            wanted.not_before = now - 90 * DAY;
            wanted.not_after = now - 5 * DAY;
        }
        if words.flag("not-yet-valid") {
            wanted.not_before = now + 2 * DAY;
        }
        if words.flag("expires-soon") {
            wanted.not_after = now + 7 * DAY;
        }
        wanted.self_signed = words.flag("self-signed");
        wanted.wrong_usage = words.flag("wrong-usage");
        if let Some(chain) = words.take("chain") {
            wanted.chain = chain;
        }
        wanted.make()
    }
}

/// `3s`, `20ms`, `5m`.
fn span(text: &str) -> i64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: i64 = digits.parse().unwrap_or_else(|_| panic!("no span {text:?}"));
    let unit = match &text[digits.len()..] {
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        other => panic!("no unit {other:?}"),
    };
    number * unit
}

fn clock(text: &str) -> Timestamp {
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_parts(seconds, 0);
    }
    let parts: Vec<i64> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = parts[..] else { panic!("no date {text:?}") };
    // Days since 1970-01-01, counted in years that begin in March.
    let shifted = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719_468;
    Timestamp::from_parts(days * 86_400, 0)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks_exact(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        })
        .collect()
}

/// A text in quotation marks with `\r`, `\n`, `\0`, `\xff`.
fn unescape(text: &str) -> Vec<u8> {
    let text = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = text.expect("a text in quotation marks");
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.to_string().as_bytes());
            continue;
        }
        match rest.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('0') => bytes.push(0),
            Some('x') => bytes.extend(hex(&rest.by_ref().take(2).collect::<String>())),
            Some(other) => bytes.extend(other.to_string().as_bytes()),
            None => {}
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_dates_and_texts() {
        assert_eq!(span("20ms"), 20_000_000);
        assert_eq!(clock("2026-11-20").seconds(), 1_795_168_800 - 36_000);
        assert_eq!(clock("1970-01-01").seconds(), 0);
        assert_eq!(unescape(r#""a\r\n\x00""#), b"a\r\n\0");
    }

    #[test]
    fn a_line_is_a_frame() {
        let story = script(
            "client ClientHello sni=a.example
             server ServerHello negotiated=1.3 lose
             server Encrypted 1200
             client FIN",
        );
        assert_eq!(story.frames().len(), 6);
        let times: Vec<i64> =
            story.frames().iter().map(|frame| frame.place.time.0 / 1_000_000 % 1000).collect();
        assert_eq!(times, [0, 1, 2, 3, 5, 6]);
    }

    #[test]
    #[should_panic(expected = "make no sense")]
    fn what_is_not_understood_is_a_mistake() {
        let _ = script("client ClientHello name=a.example");
    }
}

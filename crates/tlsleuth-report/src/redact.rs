//! Takes addresses and names out of a finished report, so that every format that is rendered of it
//! is without them.
//!
//! ```text
//! facts -learn-> originals ┐
//! report ------------------┴-redact-> report without them
//! ```
//!
//! Findings are judged on the originals, so a redacted report says the same as the other. A field
//! that is one name is replaced as such; in sentences every original that the facts hold is looked
//! for, and on top of it whatever looks like an address or a host. Text that a peer or a log wrote
//! keeps only words that TLS's own vocabulary has.

mod originals;
mod prose;
pub(crate) mod told;
mod vocabulary;

use tlsleuth::Analyzed;
use tlsleuth_redact::{Key, Redactor, What};

use crate::schema::{
    Capture, Certificate, Chain, Connection, Endpoint, Finding, Fleet, Redaction, Report, Server,
};
use originals::Originals;

/// Redacts reports: learns what is to be replaced, then replaces it.
#[derive(Debug)]
pub struct Redact {
    redactor: Redactor,
    originals: Originals,
    repeatable: bool,
}

impl Redact {
    /// Replaces this with this key; `repeatable` when the user has the key.
    #[must_use]
    pub fn new(what: What, key: &Key, repeatable: bool) -> Self {
        Self { redactor: Redactor::new(what, key), originals: Originals::default(), repeatable }
    }

    /// Whatever replaces the single address or name.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Takes the originals of a connection. Sentences about one connection may name what another
    /// one showed, so all are learned before the first is replaced.
    pub fn learn(&mut self, analyzed: &Analyzed) {
        if self.redactor.what().names {
            self.originals.connection(&analyzed.connection);
        }
    }

    /// Replaces everything in a report, and says so in it.
    pub fn report(&self, report: &mut Report) {
        for (capture, number) in report.captures.iter_mut().zip(1..) {
            self.capture(capture, number);
        }
        report.connections.iter_mut().for_each(|connection| self.connection(connection));
        self.fleet(&mut report.fleet);
        if let Some(grouped) = &mut report.grouped {
            let lists = [&mut grouped.kinds, &mut grouped.incomplete, &mut grouped.health_checks];
            for kind in lists.into_iter().flatten() {
                self.address(&mut kind.server.address);
                kind.sni.iter_mut().for_each(|name| self.name(name));
            }
            for healthy in &mut grouped.healthy {
                self.address(&mut healthy.server.address);
                healthy.sni.iter_mut().for_each(|name| self.name(name));
            }
        }
        report.redaction = Some(self.told());
    }

    /// What the report says of it.
    #[must_use]
    pub fn told(&self) -> Redaction {
        let What { addresses, names } = self.redactor.what();
        Redaction { addresses, names, repeatable: self.repeatable }
    }

    /// Replaces everything in what is told of a capture file, which is the `number`th from 1.
    pub fn capture(&self, capture: &mut Capture, number: usize) {
        if self.redactor.what().names {
            capture.path = anonymous_path(&capture.path, number);
        }
        // A name of a host often tells its address, and the other way round.
        capture.names.clear();
        capture.findings.iter_mut().for_each(|finding| self.finding(finding));
    }

    /// Replaces everything in a connection.
    pub fn connection(&self, connection: &mut Connection) {
        self.ends(&mut connection.client, &mut connection.server, &mut connection.sni);
        connection.tunnel.iter_mut().for_each(|hop| self.prose(hop));
        self.prose(&mut connection.wireshark_filter);
        let chains = [&mut connection.server_chain, &mut connection.client_chain];
        chains.into_iter().flatten().for_each(|chain| self.chain(chain));
        connection.timeline.iter_mut().for_each(|event| self.event(event));
        for finding in &mut connection.findings {
            for line in &connection.log_lines {
                self.quoted_line(line, &mut finding.explanation);
            }
            self.finding(finding);
        }
        connection.log_lines.iter_mut().for_each(|line| self.log_line(line));
    }

    /// Replaces the ends of a connection, and the name that was asked for.
    pub(crate) fn ends(
        &self,
        client: &mut Endpoint,
        server: &mut Endpoint,
        name: &mut Option<String>,
    ) {
        self.address(&mut client.address);
        self.address(&mut server.address);
        name.iter_mut().for_each(|name| self.name(name));
    }

    /// Replaces everything in what many connections show.
    pub fn fleet(&self, fleet: &mut Fleet) {
        fleet.findings.iter_mut().for_each(|finding| self.finding(finding));
        fleet.servers.iter_mut().for_each(|server| self.server(server));
    }

    fn server(&self, server: &mut Server) {
        self.address(&mut server.address);
        server.sni.iter_mut().for_each(|name| self.name(name));
        server.leaf_sha256.iter_mut().for_each(|hash| self.hex(hash));
        for leaf in &mut server.leafs {
            self.hex(&mut leaf.sha256);
            self.hex(&mut leaf.serial);
        }
    }

    fn chain(&self, chain: &mut Chain) {
        // The log and its millisecond find the certificate in the log.
        if self.redactor.what().names {
            chain.scts.iter_mut().for_each(|sct| sct.time = None);
        }
        for certificate in &mut chain.certificates {
            let Certificate { sha256, subject, issuer, serial, dns_names, ip_addresses, .. } =
                certificate;
            self.hex(sha256);
            self.hex(serial);
            *subject = self.distinguished_name(subject);
            *issuer = self.distinguished_name(issuer);
            dns_names.iter_mut().for_each(|name| self.name(name));
            ip_addresses.iter_mut().for_each(|address| self.address(address));
        }
    }

    /// Replaces everything in a finding.
    pub fn finding(&self, finding: &mut Finding) {
        self.prose(&mut finding.title);
        self.prose(&mut finding.explanation);
        self.prose(&mut finding.remedy);
        finding.evidence.iter_mut().for_each(|evidence| self.prose(&mut evidence.says));
        finding.next_steps.iter_mut().for_each(|step| self.prose(step));
    }

    fn address(&self, text: &mut String) {
        *text = match text.parse() {
            Ok(address) => self.redactor.address(address).to_string(),
            Err(_) => self.redactor.name(text),
        };
    }

    fn name(&self, text: &mut String) {
        *text = self.redactor.name(text);
    }

    fn hex(&self, text: &mut String) {
        *text = self.redactor.hex(text);
    }

    /// `CN=…,O=…`: the kinds of the attributes stay, their values are replaced.
    fn distinguished_name(&self, text: &str) -> String {
        originals::attributes(text)
            .map(|(before, value)| format!("{before}{}", self.redactor.name(value)))
            .collect()
    }

    /// Sentences of ours.
    fn prose(&self, text: &mut String) {
        *text = prose::redact(&self.redactor, &self.originals, text);
    }

    fn event(&self, event: &mut crate::schema::Event) {
        let quotes = event.kind == "before_tls"
            || event.event == "garbage"
            || event.event == crate::words::LOG_LINE;
        if quotes { self.quoted(&mut event.summary) } else { self.prose(&mut event.summary) }
    }

    /// Text of a peer or of a log.
    fn quoted(&self, text: &mut String) {
        *text = prose::mask(&self.redactor, text);
    }

    /// Where an explanation quotes a line of a log: the log's name and the line, which is somebody
    /// else's text.
    fn quoted_line(&self, line: &str, explanation: &mut String) {
        let Some((log, number, text)) = log_line(line) else { return };
        let name = log.rsplit(['/', '\\']).next().unwrap_or_default();
        let shown = if self.redactor.what().names { "log" } else { name };
        *explanation = explanation.replace(
            &format!("({name}, line {number}) says \"{text}\""),
            &format!("({shown}, line {number}) says \"{}\"", prose::mask(&self.redactor, text)),
        );
    }

    /// `name of the log:number: text of somebody else`.
    fn log_line(&self, line: &mut String) {
        *line = match log_line(line) {
            Some((_, number, text)) if self.redactor.what().names => {
                format!("log:{number}: {}", prose::mask(&self.redactor, text))
            }
            _ => prose::mask(&self.redactor, line),
        };
    }
}

/// The parts of `name of the log:number: text`.
fn log_line(line: &str) -> Option<(&str, &str, &str)> {
    line.match_indices(':').find_map(|(at, _)| {
        let (log, rest) = line.split_at_checked(at)?;
        let (number, text) = rest.strip_prefix(':')?.split_once(": ")?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some((log, number, text))
    })
}

/// Whether a word is one of TLS's own vocabulary, or of a plaintext protocol's, and so identifies
/// nobody.
#[must_use]
pub fn is_usual_word(word: &str) -> bool {
    vocabulary::knows(word)
}

/// A name of a file that says nothing but its kind.
fn anonymous_path(path: &str, number: usize) -> String {
    const KINDS: &[&str] =
        &["pcap", "pcapng", "cap", "snoop", "gz", "zst", "lz4", "xz", "bz2", "dmp", "ntar", "trc"];
    if path == "-" {
        return path.to_owned();
    }
    let mut kinds: Vec<&str> =
        path.rsplit('.').take_while(|kind| KINDS.contains(kind)).take(2).collect();
    kinds.push("capture");
    kinds.reverse();
    let (first, rest) = kinds.split_first().unwrap_or((&"capture", &[]));
    let kinds: String = rest.iter().map(|kind| format!(".{kind}")).collect();
    format!("{first}-{number}{kinds}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_only_their_kind() {
        assert_eq!(anonymous_path("/home/jo/acme/a.pcapng.gz", 2), "capture-2.pcapng.gz");
        assert_eq!(anonymous_path("acme.customer", 1), "capture-1");
        assert_eq!(anonymous_path("-", 1), "-");
    }

    #[test]
    fn names_of_certificates_keep_their_attributes() {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        let redact = Redact::new(What { addresses: true, names: true }, &key, true);
        let name = redact.distinguished_name(r"CN=api.example.test,O=Acme\, Inc.+OU=Ops,C=XX");
        let host = redact.redactor.name("api.example.test");
        assert!(name.starts_with(&format!("CN={host},O=")), "{name}");
        assert!(name.contains("+OU=") && name.contains(",C="), "{name}");
        assert!(!name.contains("Acme") && !name.contains("Ops") && !name.contains("XX"), "{name}");
    }

    #[test]
    fn a_log_line_in_the_timeline_is_masked_like_the_others() {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        let redact = Redact::new(What { addresses: true, names: true }, &key, true);
        let mut event = crate::schema::Event {
            time: String::new(),
            offset_ms: 0.0,
            capture: 0,
            frame: 1,
            from: "server",
            kind: crate::words::kind(crate::words::LOG_LINE),
            event: crate::words::LOG_LINE,
            summary: "http: TLS handshake error from 10.0.0.7:44145: web01 user=alice certificate expired".to_owned(),
        };
        redact.event(&mut event);
        for original in ["10.0.0.7", "web01", "alice"] {
            assert!(!event.summary.contains(original), "{}", event.summary);
        }
        // The line is there whole: nothing of it is taken for the name of a file.
        assert!(event.summary.starts_with("http: TLS handshake error from "), "{}", event.summary);
        assert!(event.summary.contains(":44145: "), "{}", event.summary);
        assert!(event.summary.ends_with("certificate expired"), "{}", event.summary);
    }

    #[test]
    fn log_lines_keep_the_words_of_tls() {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        let redact = Redact::new(What { addresses: true, names: true }, &key, true);
        let mut line = "logs/acme.log:12: web01 nginx: SSL_do_handshake() failed (certificate \
                        expired) client: 10.0.0.7, server: shop.example.test"
            .to_owned();
        redact.log_line(&mut line);
        assert!(line.starts_with("log:12: "), "{line}");
        assert!(line.contains("handshake") && line.contains("certificate expired"), "{line}");
        for original in ["acme", "web01", "10.0.0.7", "shop.example"] {
            assert!(!line.contains(original), "{line}");
        }
        assert!(line.contains(&redact.redactor.name("shop.example.test")), "{line}");
    }
}

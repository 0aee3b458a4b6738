//! What the page's script draws from: the connections as columns, and the details of each, with
//! every text once. A script reads this as JSON; it never becomes markup.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::listed::{DETAILS, Listed, ROWS};
use crate::schema::{Chain, Connection, Endpoint, Finding};
use crate::story;
use crate::summary::HEALTH_CHECK;
use crate::{Redact, Report};
use crate::{escape, json, quantity, words};

/// Frames of evidence, other findings, lines of a list.
const ITEMS: usize = 50;
/// Certificates of a chain.
const CERTIFICATES: usize = 20;

/// The place of a text among the texts.
type Text = u32;

/// Everything that the script gets.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    texts: Vec<String>,
    /// The names of the files.
    files: Vec<Text>,
    connections: Columns,
    details: Vec<Detail>,
    chains: Vec<Boxes>,
}

/// One entry a connection in each, in the order of the report.
#[derive(Debug, Default, Serialize)]
struct Columns {
    id: Vec<u64>,
    /// Milliseconds since 1970.
    start: Vec<f64>,
    client: Vec<Text>,
    server: Vec<Text>,
    name: Vec<Option<Text>>,
    version: Vec<Option<Text>>,
    outcome: Vec<Text>,
    verdict: Vec<Option<Text>>,
    who: Vec<Option<Text>>,
    /// Which of the details.
    detail: Vec<Option<usize>>,
}

#[derive(Debug, Serialize)]
struct Detail {
    headline: Text,
    filter: Text,
    facts: Vec<(Text, Text)>,
    steps: Vec<Step>,
    /// How many steps were left out, and before which.
    left_out: (usize, usize),
    chain: Option<usize>,
    /// The findings about that chain: which certificate, which finding.
    marks: Vec<(usize, usize)>,
    /// The finding that the chain breaks off behind its last certificate.
    broken: Option<usize>,
    findings: Vec<Told>,
    who: Option<Text>,
    logs: Vec<Text>,
}

/// Milliseconds, file, frame, from, event, whether it failed here, what happened.
type Step = (f64, u32, u64, Text, Text, u8, Vec<Text>);

/// A finding.
#[derive(Debug, Serialize)]
struct Told {
    code: Text,
    severity: Text,
    title: Text,
    verdict: bool,
    confidence: Text,
    explanation: Vec<Text>,
    /// File, frame, what it says.
    evidence: Vec<(u32, u64, Text)>,
    remedy: Vec<Text>,
    settle: Vec<Text>,
    seen_as: Vec<Text>,
    references: Vec<Text>,
}

/// A chain as boxes.
#[derive(Debug, Serialize, PartialEq, Eq, Hash, Clone)]
struct Boxes {
    of: Text,
    certificates: Vec<Certificate>,
    left_out: usize,
    trusted: Option<bool>,
    roots: Text,
    /// Timestamps of the leaf, in words.
    scts: Text,
}

#[derive(Debug, Serialize, PartialEq, Eq, Hash, Clone)]
struct Certificate {
    subject: Text,
    issuer: Text,
    valid: Text,
    names: Text,
    key: Text,
    serial: Text,
    sha256: Text,
    /// Whether the next certificate is its issuer, by name.
    linked: bool,
    /// Whether it is its own issuer.
    own: bool,
}

/// What the table of connections says of one.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: u64,
    /// Milliseconds since 1970.
    start: f64,
    client: Endpoint,
    server: Endpoint,
    name: Option<String>,
    version: Option<String>,
    outcome: &'static str,
    verdict: Option<&'static str>,
    who: Option<&'static str>,
}

impl Row {
    pub(super) fn of(connection: &Connection) -> Self {
        let health_check = connection.verdict == Some(HEALTH_CHECK);
        let unexplained = is_failure(connection).then_some("unexplained");
        Self {
            id: connection.id,
            start: quantity::epoch_milliseconds(&connection.start),
            client: connection.client.clone(),
            server: connection.server.clone(),
            name: connection.sni.clone(),
            version: connection.version.name.clone(),
            outcome: if health_check { "health check" } else { connection.outcome },
            verdict: connection.verdict.or(unexplained),
            who: story::verdict(connection).map(|finding| finding.party),
        }
    }

    /// Replaces what the report must not tell.
    pub(super) fn redact(&mut self, redact: &Redact) {
        redact.ends(&mut self.client, &mut self.server, &mut self.name);
    }
}

/// The data as JSON that can stand in an element of the page, and how many connections there is no
/// room for in the table and in the details. `listed` has the connections where the report has but
/// examples of them.
pub(super) fn json(report: &Report, listed: Option<&Listed>) -> io::Result<(String, usize, usize)> {
    let mut maker = Maker::default();
    let all = &report.connections;
    let (rows, taken) = match listed {
        Some(listed) => (listed.rows(all), listed.taken()),
        None => (rows(all), all.len()),
    };
    let files = report.captures.iter().map(|capture| maker.text(&capture.path)).collect();
    let mut columns = Columns::default();
    for (row, open) in &rows {
        let detail = open.map(|connection| maker.detail(connection));
        maker.row(row, detail, &mut columns);
    }
    let data = Data {
        texts: maker.texts,
        files,
        connections: columns,
        details: maker.details,
        chains: maker.chains,
    };
    let shown = rows.len();
    let told = rows.iter().filter(|(_, open)| open.is_some()).count();
    Ok((json::for_page(&data)?, taken.saturating_sub(shown), shown - told))
}

/// The rows in the order of the report, each with the connection if it can be opened.
fn rows(all: &[Connection]) -> Vec<(Row, Option<&Connection>)> {
    let (failures, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|connection| is_failure(connection));
    let first = failures.into_iter().chain(others).take(ROWS).enumerate();
    let mut rows: Vec<(Row, Option<&Connection>)> = first
        .map(|(place, connection)| (Row::of(connection), (place < DETAILS).then_some(connection)))
        .collect();
    rows.sort_by_key(|(row, _)| row.id);
    rows
}

/// Whether a connection failed, health checks aside.
pub(super) fn is_failure(connection: &Connection) -> bool {
    connection.outcome == "failed" && connection.verdict != Some(HEALTH_CHECK)
}

/// Which certificate of the chain of that side a finding is about.
fn place(finding: &Finding, side: &str) -> Option<usize> {
    finding.certificate.filter(|_| finding.chain.unwrap_or("server") == side)
}

/// Whether a finding says that the chain of that side leads nowhere: the issuer of its last
/// certificate is missing, or is not trusted.
fn breaks_off(finding: &Finding, side: &str) -> bool {
    matches!(finding.code, "chain.missing-intermediate" | "chain.untrusted-root")
        && finding.chain == Some(side)
}

#[derive(Default)]
struct Maker {
    texts: Vec<String>,
    places: HashMap<String, Text>,
    details: Vec<Detail>,
    chains: Vec<Boxes>,
    chain_places: HashMap<Boxes, usize>,
}

impl Maker {
    /// A text with what nobody sees made visible, each once.
    fn text(&mut self, text: &str) -> Text {
        let text = escape::terminal(text);
        if let Some(place) = self.places.get(text.as_ref()) {
            return *place;
        }
        let place = Text::try_from(self.texts.len()).unwrap_or(Text::MAX);
        self.texts.push(text.clone().into_owned());
        self.places.insert(text.into_owned(), place);
        place
    }

    fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Vec<Text> {
        texts
            .filter(|text| !text.trim().is_empty())
            .take(ITEMS)
            .map(|text| self.text(text))
            .collect()
    }

    fn row(&mut self, row: &Row, detail: Option<usize>, columns: &mut Columns) {
        columns.id.push(row.id);
        columns.start.push(row.start);
        columns.client.push(self.text(&story::socket(&row.client)));
        columns.server.push(self.text(&story::socket(&row.server)));
        columns.name.push(row.name.as_deref().map(|name| self.text(name)));
        columns.version.push(row.version.as_deref().map(|name| self.text(name)));
        columns.outcome.push(self.text(row.outcome));
        columns.verdict.push(row.verdict.map(|verdict| self.text(verdict)));
        columns.who.push(row.who.map(|party| self.text(party)));
        columns.detail.push(detail);
    }

    fn detail(&mut self, connection: &Connection) -> usize {
        let verdict = story::verdict(connection);
        let chain = story::chain_of_interest(connection)
            .or(connection.server_chain.as_ref())
            .or(connection.client_chain.as_ref());
        let of_client = chain
            .zip(connection.client_chain.as_ref())
            .is_some_and(|(chain, client)| std::ptr::eq(chain, client));
        let side = if of_client { "client" } else { "server" };
        let timeline = story::timeline(connection);
        let mut findings: Vec<&Finding> = connection.findings.iter().take(ITEMS).collect();
        findings.sort_by_key(|finding| !finding.root_cause);
        let mut marks = Vec::new();
        for (number, finding) in findings.iter().enumerate() {
            // What is not fatal and no defect of the certificate itself is told below.
            if let Some(place) = place(finding, side)
                && (finding.root_cause || finding.severity != "info")
            {
                marks.push((place, number));
            }
        }
        let detail = Detail {
            headline: self.text(&story::headline(connection)),
            filter: self.text(&connection.wireshark_filter),
            facts: self.facts(connection),
            steps: timeline.rows().map(|row| self.step(row)).collect(),
            left_out: (timeline.left_out, timeline.head.len()),
            chain: chain.map(|chain| self.boxes(chain, side)),
            marks,
            broken: findings.iter().position(|finding| breaks_off(finding, side)),
            findings: findings.iter().map(|finding| self.told(finding)).collect(),
            who: verdict.map(|finding| self.text(&story::who(finding.party, connection))),
            logs: self.texts(connection.log_lines.iter().map(String::as_str)),
        };
        self.details.push(detail);
        self.details.len() - 1
    }

    fn step(&mut self, row: &story::Row<'_>) -> Step {
        (
            (row.offset_ms * 1_000.0).round() / 1_000.0,
            row.capture,
            row.frame,
            self.text(row.from),
            self.text(row.event),
            u8::from(row.failing),
            row.items.iter().take(ITEMS).map(|item| self.text(item)).collect(),
        )
    }

    /// What was agreed on, and what else a reader asks first.
    fn facts(&mut self, connection: &Connection) -> Vec<(Text, Text)> {
        let mut facts: Vec<(&str, String)> = Vec::new();
        let named = |point: &crate::schema::CodePoint| {
            point.name.clone().unwrap_or_else(|| point.id.clone())
        };
        if let Some(application) = &connection.application {
            facts.push(("inside", application.clone()));
        }
        if let Some(version) = &connection.version.name {
            facts.push(("version", version.clone()));
        }
        if let Some(suite) = &connection.cipher_suite {
            facts.push(("suite", named(suite)));
        }
        if let Some(group) = &connection.group {
            facts.push(("group", named(group)));
        }
        match (&connection.alpn.selected, connection.alpn.offered.as_slice()) {
            (Some(selected), _) => facts.push(("alpn", selected.clone())),
            (None, []) => {}
            (None, offered) => facts.push(("alpn offered", offered.join(" "))),
        }
        match connection.resumed {
            Some(true) => facts.push(("session", "resumed".to_owned())),
            Some(false) => facts.push(("session", "new".to_owned())),
            None => {}
        }
        if let Some(decryption) = &connection.decryption {
            facts.push(("secrets", decryption.clone()));
        }
        if let Some(milliseconds) = connection.timing.handshake_ms {
            facts.push(("handshake", quantity::span(milliseconds)));
        }
        if !connection.unseen.is_empty() {
            let unseen = connection
                .unseen
                .iter()
                .map(|(what, why)| format!("{} ({why})", what.replace('_', " ")));
            facts.push(("not to be seen", unseen.collect::<Vec<_>>().join(", ")));
        }
        facts.push(("frames", quantity::count(connection.frames)));
        if !connection.tunnel.is_empty() {
            facts.push(("tunnel", connection.tunnel.join(" in ")));
        }
        if let Some(ja4) = &connection.fingerprints.ja4 {
            facts.push(("ja4", ja4.clone()));
        }
        facts.iter().map(|(label, value)| (self.text(label), self.text(value))).collect()
    }

    fn told(&mut self, finding: &Finding) -> Told {
        Told {
            code: self.text(finding.code),
            severity: self.text(finding.severity),
            title: self.text(&story::capitalized(&finding.title)),
            verdict: finding.root_cause,
            confidence: self.text(finding.confidence),
            explanation: self.texts(finding.explanation.lines()),
            evidence: finding
                .evidence
                .iter()
                .take(ITEMS)
                .map(|evidence| (evidence.capture, evidence.frame, self.text(&evidence.says)))
                .collect(),
            remedy: self.texts(finding.remedy.lines()),
            settle: self.texts(finding.next_steps.iter().map(String::as_str)),
            seen_as: self.texts(finding.seen_as.iter().copied()),
            references: self.texts(finding.references.iter().copied()),
        }
    }

    fn boxes(&mut self, chain: &Chain, side: &str) -> usize {
        let all = &chain.certificates;
        let mut certificates = Vec::new();
        for (index, certificate) in all.iter().take(CERTIFICATES).enumerate() {
            let day = |time: &Option<String>| {
                time.as_deref().map_or("?", |time| quantity::date(time)).to_owned()
            };
            let mut names = certificate.dns_names.clone();
            names.extend(certificate.ip_addresses.iter().cloned());
            let more = certificate.names_total.saturating_sub(names.len());
            let mut names = names.join(", ");
            if more > 0 {
                names.push_str(&format!(" and {more} more"));
            }
            let next = all.get(index + 1);
            certificates.push(Certificate {
                subject: self.text(&certificate.subject),
                issuer: self.text(&certificate.issuer),
                valid: self.text(&format!(
                    "{} to {}",
                    day(&certificate.not_before),
                    day(&certificate.not_after)
                )),
                names: self.text(&names),
                key: self.text(&format!("{}, {}", certificate.key, certificate.signature)),
                serial: self.text(&certificate.serial),
                sha256: self.text(&certificate.sha256),
                linked: next.is_some_and(|next| next.subject == certificate.issuer),
                own: certificate.issuer == certificate.subject,
            });
        }
        let boxes = Boxes {
            of: self.text(side),
            left_out: all.len() - certificates.len(),
            certificates,
            trusted: chain.trusted,
            roots: self.text(chain.roots),
            scts: self.text(&words::sct_lines(chain).join("; ")),
        };
        if let Some(place) = self.chain_places.get(&boxes) {
            return *place;
        }
        self.chains.push(boxes.clone());
        self.chain_places.insert(boxes, self.chains.len() - 1);
        self.chains.len() - 1
    }
}

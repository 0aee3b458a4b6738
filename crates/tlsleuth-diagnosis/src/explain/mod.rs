//! Explains a code of the catalogue, an alert, or a line of a log.
//!
//! The words that TLS software prints, and what they mean, are data: `patterns.txt` and
//! `topics.txt` beside this file. Matching is by plain words: the most specific pattern wins.

mod table;
mod words;

use tlsleuth_handshake::codepoint::AlertDescription;

pub use table::{PATTERN_TABLE, Pattern, TOPIC_TABLE, Topic, Voice, Writer, topic};

use crate::{RULES, Rule, rule};

/// How many suggestions are made.
const SUGGESTIONS: usize = 3;

/// What is known of a text.
#[derive(Clone, Debug)]
pub enum Explanation {
    /// It is the code of a finding.
    Code(&'static Rule),
    /// It is an area of the catalogue: its rules.
    Area(Vec<&'static Rule>),
    /// It is an alert by name or number.
    Alert(AlertDescription, &'static Topic),
    /// It is a line of a log.
    Line(Line),
    /// Only the pages of these rules hold its words.
    Mentioned(Vec<&'static Rule>),
    /// Nothing is known; what may have been meant.
    Unknown(Vec<&'static str>),
}

/// What a line of a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The software, as far as the line tells.
    pub stack: &'static str,
    /// Who wrote the line.
    pub writer: Writer,
    /// Whose judgement it reports.
    pub voice: Voice,
    /// What it means.
    pub topic: &'static Topic,
    /// The alert that it names.
    pub alert: Option<AlertDescription>,
    /// Where its words are known from.
    pub source: &'static str,
}

impl Line {
    /// Codes of the catalogue that it can be, the likeliest first: what the client said is not about
    /// its own certificate, and what the server said is about nothing else.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        let of_client = |code: &&str| code.starts_with("client-auth.");
        let codes = self.topic.codes.iter().copied();
        match (self.voice, self.writer) {
            (Voice::Peer, Writer::Server) => codes.filter(|code| !of_client(code)).collect(),
            (Voice::Peer, Writer::Client) => {
                let (mut first, rest): (Vec<_>, Vec<_>) = codes.partition(of_client);
                let about_server = |code: &&str| {
                    *code != "peer.client-rejected-certificate" && !code.starts_with("sni.cert")
                };
                first.extend(rest.into_iter().filter(about_server));
                first
            }
            _ => codes.collect(),
        }
    }

    /// Who said it to whom, in a sentence.
    #[must_use]
    pub fn who(&self) -> &'static str {
        match (self.voice, self.writer) {
            (Voice::Peer, Writer::Server) => {
                "The client said it to the server, with an alert; the server only wrote it down."
            }
            (Voice::Peer, Writer::Client) => {
                "The server said it to the client, with an alert; the client only wrote it down."
            }
            (Voice::Peer, Writer::Either) => {
                "The other side said it with an alert (\"remote\" or \"received\" is what the other side \
                 sent): in a server's log the client complains, in a client's log the server does."
            }
            (Voice::Own, Writer::Server) => {
                "The server found it itself, in what the client sent or in its own set-up."
            }
            (Voice::Own, Writer::Client) => "The client found it itself, in what the server sent.",
            (Voice::Own, Writer::Either) => {
                "Whoever wrote the line found it itself, in what the other side sent or in its own set-up."
            }
            (Voice::Nobody, Writer::Server) => {
                "Nobody said anything: the server saw the connection end, or waited in vain for the client."
            }
            (Voice::Nobody, Writer::Client) => {
                "Nobody said anything: the client saw the connection end, or waited in vain for the server."
            }
            (Voice::Nobody, Writer::Either) => {
                "Nobody said anything: the writer saw the connection end, or waited in vain."
            }
        }
    }
}

/// Explains a code, an area, the name or number of an alert, or a line of a log.
///
/// ```
/// use tlsleuth_diagnosis::explain::{Explanation, explain};
///
/// let line = "http: TLS handshake error from 10.0.0.7:51234: remote error: tls: bad certificate";
/// match explain(line) {
///     Explanation::Line(line) => assert_eq!(line.topic.name, "alert.bad_certificate"),
///     other => panic!("{other:?}"),
/// }
/// assert!(matches!(explain("48"), Explanation::Alert(..)));
/// assert!(matches!(explain("chain.expird"), Explanation::Unknown(meant) if meant == ["chain.expired"]));
/// ```
#[must_use]
pub fn explain(text: &str) -> Explanation {
    let asked = text.trim();
    let lower = asked.to_ascii_lowercase();
    if let Some(rule) = rule(&lower) {
        return Explanation::Code(rule);
    }
    if RULES.iter().any(|rule| rule.area() == lower) {
        return Explanation::Area(
            RULES.iter().copied().filter(|rule| rule.area() == lower).collect(),
        );
    }
    let normal = words::normalized(asked);
    if let Some(alert) = named_alert(&normal)
        && let Some(topic) = alert_topic(alert)
    {
        return Explanation::Alert(alert, topic);
    }
    if let Some(line) = line(asked) {
        return Explanation::Line(line);
    }
    let suggestions = suggestions(&normal);
    if suggestions.is_empty() {
        let mentioned = mentioned(&normal);
        if !mentioned.is_empty() {
            return Explanation::Mentioned(mentioned);
        }
    }
    Explanation::Unknown(suggestions)
}

/// What a line of a log says about TLS; `None` when nothing in it is known.
#[must_use]
pub fn line(text: &str) -> Option<Line> {
    let normal = words::normalized(text);
    let mut best: Option<(&'static Pattern, &'static Topic)> = None;
    for pattern in PATTERN_TABLE.iter() {
        if let Some((won, of)) = best
            && !of.vague
            && won.weight >= pattern.weight
        {
            continue;
        }
        if !words::holds(&normal, &pattern.words) {
            continue;
        }
        let Some(topic) = topic(pattern.topic) else { continue };
        let wins =
            best.is_none_or(|(won, of)| (!topic.vague, pattern.weight) > (!of.vague, won.weight));
        if wins {
            best = Some((pattern, topic));
        }
    }
    let context = context(&normal);
    let numbered = numbered_alert(&normal);
    match best {
        // A number is as good as a name, and better than words that say little.
        Some((pattern, topic)) if !(topic.vague && numbered.is_some()) => {
            let (stack, writer) = match context {
                Some((stack, writer)) => (
                    if pattern.stack == "OpenSSL" || pattern.stack == "system" {
                        stack
                    } else {
                        pattern.stack
                    },
                    if pattern.writer == Writer::Either { writer } else { pattern.writer },
                ),
                None => (pattern.stack, pattern.writer),
            };
            Some(Line {
                stack,
                writer,
                voice: pattern.voice,
                topic,
                alert: alert_of(topic),
                source: pattern.source,
            })
        }
        _ => {
            let (alert, voice) = numbered?;
            let (stack, writer) = context.unwrap_or(("", Writer::Either));
            let topic = alert_topic(alert)?;
            let source = "IANA TLS Alerts";
            Some(Line { stack, writer, voice, topic, alert: Some(alert), source })
        }
    }
}

/// The page of an alert.
#[must_use]
pub fn alert_topic(alert: AlertDescription) -> Option<&'static Topic> {
    let name = alert.name()?;
    TOPIC_TABLE.iter().find(|topic| topic.name.strip_prefix("alert.") == Some(name))
}

fn alert_of(topic: &Topic) -> Option<AlertDescription> {
    let name = topic.name.strip_prefix("alert.")?;
    AlertDescription::ALL.iter().copied().find(|alert| alert.name() == Some(name))
}

/// The examples of patterns that lead to a code first of all: what is seen where it happens.
#[must_use]
pub fn seen_as(code: &str) -> Vec<&'static Pattern> {
    PATTERN_TABLE
        .iter()
        .filter(|pattern| {
            topic(pattern.topic)
                .is_some_and(|topic| !topic.vague && topic.codes.first() == Some(&code))
        })
        .collect()
}

/// An alert by its name alone or its number alone, however they are written.
fn named_alert(normal: &str) -> Option<AlertDescription> {
    let bare =
        normal.strip_prefix("tls ").or_else(|| normal.strip_prefix("ssl ")).unwrap_or(normal);
    let bare = bare.strip_prefix("alert ").unwrap_or(bare);
    let bare = bare.strip_prefix("number ").or_else(|| bare.strip_prefix("code ")).unwrap_or(bare);
    let bare = bare.strip_suffix(" alert").unwrap_or(bare);
    if let Ok(number) = bare.parse() {
        let alert = AlertDescription(number);
        return alert.name().map(|_| alert);
    }
    let squeezed = |text: &str| text.replace([' ', '-', '_'], "");
    let bare = squeezed(bare);
    AlertDescription::ALL
        .iter()
        .copied()
        .find(|alert| alert.name().is_some_and(|name| squeezed(name) == bare))
}

/// An alert that a line names by its number, and whose it is.
fn numbered_alert(normal: &str) -> Option<(AlertDescription, Voice)> {
    // What stands before the number: OpenSSL, GnuTLS, Windows events 36887 and 36888.
    const FORMS: &[(&str, Voice)] = &[
        ("alert number ", Voice::Peer),
        ("received alert [", Voice::Peer),
        ("fatal alert code is ", Voice::Peer),
        ("fatal error code is ", Voice::Own),
        ("alert code ", Voice::Peer),
        ("alert(", Voice::Peer),
        ("alert ", Voice::Peer),
    ];
    for (form, voice) in FORMS {
        for (at, found) in normal.match_indices(form) {
            let digits: String = normal
                .get(at + found.len()..)
                .unwrap_or_default()
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            if let Ok(number) = digits.parse::<u8>() {
                let alert = AlertDescription(number);
                if alert.name().is_some() {
                    // Event 36887 says "received from the remote endpoint" of either wording.
                    let voice = if normal.contains("received from the remote") {
                        Voice::Peer
                    } else {
                        *voice
                    };
                    return Some((alert, voice));
                }
            }
        }
    }
    None
}

/// Which software wrote a line, and whether as a server, by what stands around the error.
fn context(normal: &str) -> Option<(&'static str, Writer)> {
    const SIGNS: &[(&str, &str, Writer)] = &[
        ("while ssl handshaking to upstream", "nginx", Writer::Client),
        ("while ssl handshaking", "nginx", Writer::Server),
        ("while reading client request", "nginx", Writer::Server),
        ("http: tls handshake error from", "Go", Writer::Server),
        ("[ssl:info]", "Apache", Writer::Server),
        ("[ssl:error]", "Apache", Writer::Server),
        ("[ssl:warn]", "Apache", Writer::Server),
        ("ssl library error", "Apache", Writer::Server),
        ("ssl accept", "OpenSSL", Writer::Server),
        ("ssl3 read client", "OpenSSL", Writer::Server),
        ("tls post process client hello", "OpenSSL", Writer::Server),
        ("tls process client", "OpenSSL", Writer::Server),
        ("tls early post process client hello", "OpenSSL", Writer::Server),
        ("tls post process server certificate", "OpenSSL", Writer::Client),
        ("tls process server", "OpenSSL", Writer::Client),
        ("ssl connect", "OpenSSL", Writer::Client),
        ("curl: (", "curl", Writer::Client),
        ("urllib3", "Python", Writer::Client),
        ("requests.exceptions", "Python", Writer::Client),
        ("sslcertverificationerror", "Python", Writer::Client),
        ("( ssl.c:", "Python", Writer::Either),
        ("write eproto", "Node", Writer::Client),
        ("err ssl ", "Node", Writer::Either),
        ("dial tcp", "Go", Writer::Client),
        ("a fatal alert was received from the remote endpoint", "SChannel", Writer::Either),
        ("a fatal alert was generated and sent", "SChannel", Writer::Either),
        ("schannel", "SChannel", Writer::Either),
        ("tls client: in state", "Erlang", Writer::Client),
        ("tls server: in state", "Erlang", Writer::Server),
        ("postfix/smtpd", "Postfix", Writer::Server),
        ("postfix/smtp", "Postfix", Writer::Client),
    ];
    SIGNS
        .iter()
        .find(|(sign, _, _)| normal.contains(sign))
        .map(|(_, stack, writer)| (*stack, *writer))
}

/// Rules whose page holds every word of at least three letters.
fn mentioned(normal: &str) -> Vec<&'static Rule> {
    let terms: Vec<&str> = normal.split(' ').filter(|term| term.len() >= 3).take(16).collect();
    let holds = |rule: &Rule| {
        let text = rule.docs.to_ascii_lowercase();
        !terms.is_empty()
            && terms.iter().all(|term| text.contains(term) || rule.code.contains(term))
    };
    RULES.iter().copied().filter(|rule| holds(rule)).collect()
}

/// Codes and names of alerts that are nearly what was typed.
fn suggestions(normal: &str) -> Vec<&'static str> {
    if normal.len() < 3 || normal.len() > 60 {
        return Vec::new();
    }
    // One error in four letters still lets a word be recognized.
    let most = (normal.len() / 4).clamp(1, 3);
    let spelled = |name: &str| name.replace('_', " ");
    let codes = RULES.iter().map(|rule| rule.code);
    let alerts = AlertDescription::ALL.iter().filter_map(|alert| alert.name());
    let mut near: Vec<(usize, &'static str)> = Vec::new();
    for name in codes.chain(alerts) {
        let whole = words::distance(normal, &spelled(name), most);
        // The part behind the dot alone: `expired` for `chain.expired`.
        let part = name
            .split_once('.')
            .and_then(|(_, problem)| words::distance(normal, problem, most))
            .map(|distance| distance + 1);
        if let Some(distance) = whole.into_iter().chain(part).min() {
            near.push((distance, name));
        }
    }
    near.sort();
    // Only the nearest, and what is nearly as near.
    let nearest = near.first().map(|(distance, _)| *distance).unwrap_or_default();
    near.retain(|(distance, _)| *distance <= nearest + 1);
    near.into_iter().map(|(_, name)| name).take(SUGGESTIONS).collect()
}

#[cfg(test)]
mod tests;

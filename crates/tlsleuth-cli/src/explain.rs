//! `tlsleuth explain`: what a finding or an alert means.

use std::io::{self, Write};

use tlsleuth::diagnosis::{RULES, Rule, rule};
use tlsleuth::handshake::codepoint::AlertDescription;
use tlsleuth_report::escape;

/// Writes what is known of `words`; tells whether anything is.
pub(crate) fn write(words: &[String], out: &mut dyn Write) -> io::Result<bool> {
    let asked = words.join(" ");
    let asked = asked.trim();
    if asked.is_empty() {
        writeln!(out, "What tlsleuth can find; tlsleuth explain CODE tells more.\n")?;
        list(&mut RULES.iter().copied(), out)?;
        return Ok(true);
    }
    let lower = asked.to_lowercase();
    if let Some(rule) = rule(&lower) {
        page(rule, out)?;
        return Ok(true);
    }
    if RULES.iter().any(|rule| rule.area() == lower) {
        list(&mut RULES.iter().copied().filter(|rule| rule.area() == lower), out)?;
        return Ok(true);
    }
    if let Some(alert) = alert(&lower) {
        alert_page(alert, out)?;
        return Ok(true);
    }
    // Any word of at least three letters that a page holds.
    let terms: Vec<&str> = lower.split_whitespace().filter(|term| term.len() >= 3).collect();
    let holds = |rule: &Rule| {
        let text = rule.docs.to_lowercase();
        !terms.is_empty()
            && terms.iter().all(|term| text.contains(term) || rule.code.contains(term))
    };
    if RULES.iter().any(|rule| holds(rule)) {
        writeln!(out, "Findings whose pages speak of \"{}\":\n", escape::terminal(asked))?;
        list(&mut RULES.iter().copied().filter(|rule| holds(rule)), out)?;
        return Ok(true);
    }
    writeln!(
        out,
        "Nothing is known of \"{}\". tlsleuth explain lists all codes; alerts go by name or number.",
        escape::terminal(asked)
    )?;
    Ok(false)
}

fn list(rules: &mut dyn Iterator<Item = &'static Rule>, out: &mut dyn Write) -> io::Result<()> {
    for rule in rules {
        writeln!(out, "  {:<34} {}", rule.code, rule.summary())?;
    }
    Ok(())
}

/// The page of a rule: its documentation, with the headings of Markdown as plain ones.
fn page(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}   {}, since {}\n", rule.code, rule.severity.name(), rule.since)?;
    for line in rule.docs.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("## ") {
            Some(heading) => writeln!(out, "{}", heading.to_uppercase())?,
            None if line.is_empty() => writeln!(out)?,
            None => writeln!(out, "  {line}")?,
        }
    }
    if !rule.leads_to.is_empty() {
        writeln!(out, "\nLEADS TO\n  {}", rule.leads_to.join(", "))?;
    }
    let causes: Vec<&str> = RULES
        .iter()
        .filter(|other| other.leads_to.contains(&rule.code))
        .map(|other| other.code)
        .collect();
    if !causes.is_empty() {
        writeln!(out, "\nCOMES FROM\n  {}", causes.join(", "))?;
    }
    if !rule.references.is_empty() {
        writeln!(out, "\nREFERENCES\n  {}", rule.references.join(", "))?;
    }
    Ok(())
}

/// An alert by its name, however it is spelled, or by its number.
fn alert(text: &str) -> Option<AlertDescription> {
    if let Ok(number) = text.parse() {
        let alert = AlertDescription(number);
        return alert.name().map(|_| alert);
    }
    // As OpenSSL and Go print it: `tlsv1 alert unknown ca`, `tls: bad certificate`.
    let words = text.rsplit([':']).next().unwrap_or(text).trim();
    let words = words.rsplit_once("alert ").map_or(words, |(_, name)| name);
    let spelled = words.trim().replace([' ', '-'], "_");
    (0..=u8::MAX)
        .map(AlertDescription)
        .find(|alert| alert.name().is_some_and(|name| name == spelled))
}

fn alert_page(alert: AlertDescription, out: &mut dyn Write) -> io::Result<()> {
    let name = alert.name().unwrap_or_default();
    writeln!(out, "{name} ({})   alert\n", alert.0)?;
    if let Some((_, meaning)) = ALERTS.iter().find(|(number, _)| *number == alert.0) {
        writeln!(out, "  {meaning}\n")?;
    }
    writeln!(
        out,
        "  An alert is sent by the side that gives up: \"remote error\" in a log means that the\n  \
         other side sent it."
    )?;
    let spaced = name.replace('_', " ");
    let speaks = |rule: &&Rule| rule.docs.contains(name) || rule.docs.contains(&spaced);
    if RULES.iter().copied().any(|rule| speaks(&rule)) {
        writeln!(out, "\nFINDINGS THAT SPEAK OF IT")?;
        list(&mut RULES.iter().copied().filter(speaks), out)?;
    }
    Ok(())
}

/// What alerts mean, and what makes the usual stacks send them.
const ALERTS: &[(u8, &str)] = &[
    (0, "The sender is done. No error, unless it comes before the handshake is over."),
    (
        10,
        "A message came that does not belong there: a broken peer, or one that is not speaking TLS.",
    ),
    (20, "A record did not authenticate: bytes were changed on the way, or the keys differ."),
    (22, "A record is longer than allowed; most often the bytes are not TLS at all."),
    (
        40,
        "No common ground: no suite, group or signature algorithm in common, or a client certificate is missing.",
    ),
    (42, "The certificate is refused. Go and GnuTLS say this for every fault of a certificate."),
    (43, "The certificate is of a kind that is not taken: its usage or its key."),
    (44, "The certificate was revoked."),
    (45, "The certificate expired, or is not yet valid, by the sender's clock."),
    (
        46,
        "The certificate is refused for a reason not told. Java and Chrome say this for most faults.",
    ),
    (47, "A field of a message is wrong or contradicts another one."),
    (
        48,
        "No path leads to a root that the sender trusts: an intermediate is missing, or the root is private.",
    ),
    (49, "The certificate is fine, but its owner may not come in."),
    (50, "A message does not parse; some servers say so when a client certificate is missing."),
    (51, "A signature or a Finished does not verify: wrong key, or changed bytes."),
    (70, "The version that the peer offers is not taken."),
    (71, "The peer offers only ciphers that are too weak for the sender's policy."),
    (
        80,
        "The sender has a fault of its own; Go servers say so when they have no certificate for a name.",
    ),
    (86, "The client fell back to an older version, and the server could do better."),
    (90, "The user or the program gave up."),
    (100, "The sender does not renegotiate. A warning."),
    (109, "An extension that is required was not sent."),
    (110, "An extension came that was not asked for."),
    (112, "The server does not know the name that the client asked for."),
    (113, "The stapled OCSP response is bad or missing."),
    (115, "The server does not know the pre-shared key's name."),
    (116, "The server wants a client certificate, and none came."),
    (120, "No application protocol (ALPN) in common."),
    (121, "The server wants Encrypted ClientHello with other keys."),
];

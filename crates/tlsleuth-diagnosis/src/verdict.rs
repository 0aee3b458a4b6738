//! Of many findings, the one that best explains why a connection failed.
//!
//! A concrete cause beats the symptom that it leads to (each rule names its symptoms). A defect that
//! led to nothing is a warning. Among causes that all explain the symptom, the alert decides where
//! its sender's choice tells, then a fixed order.

use tlsleuth_capture::{Gap, GapCause, Place};
use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::connection::{Connection, Outcome};

use crate::case::Case;
use crate::ending::{How, Phase};
use crate::finding::{Confidence, Finding, Severity, add};
use crate::path;
use crate::rule::{Check, Rule};
use crate::rules::peer::alert::PEER_ALERT;

/// Causes in the order in which they win when nothing else tells. What is listed first is the more
/// concrete or the more certain to be refused by every client.
const ORDER: &[&str] = &[
    "protocol.proxy-refused",
    "protocol.starttls-refused",
    "protocol.http-to-tls-port",
    "protocol.plaintext-reply",
    "protocol.not-tls",
    "alpn.acme-challenge",
    "version.fallback",
    "version.intolerant",
    "version.no-overlap",
    "cipher.not-offered",
    "alpn.not-offered",
    "sni.unrecognized",
    "sni.missing",
    "alpn.no-overlap",
    "group.no-overlap",
    "signature.no-overlap",
    "cipher.no-overlap",
    "client-auth.missing",
    "chain.empty",
    "chain.malformed",
    "chain.revoked",
    "chain.bad-signature",
    "chain.expired",
    "chain.not-yet-valid",
    "sni.default-certificate",
    "client-auth.untrusted-issuer",
    "chain.self-signed",
    "chain.missing-intermediate",
    "sni.certificate-mismatch",
    "chain.wrong-usage",
    "chain.not-a-ca",
    "chain.path-too-long",
    "chain.name-constraints",
    "chain.untrusted-root",
    "chain.weak-key",
    "chain.weak-signature",
    "chain.staple-missing",
    "chain.staple-expired",
    "client-auth.rejected",
    "version.downgraded",
    "tcp.client-hello-lost",
    "tcp.server-flight-lost",
    "peer.key-mismatch",
];

/// Causes that an alert points to, best first. Stacks that send one alert for every fault are told
/// apart in the rules; here only what the alert says is used.
fn pointed_to(alert: AlertDescription) -> &'static [&'static str] {
    match alert {
        AlertDescription::CERTIFICATE_EXPIRED => &["chain.expired", "chain.not-yet-valid"],
        AlertDescription::CERTIFICATE_REVOKED => &["chain.revoked"],
        AlertDescription::UNSUPPORTED_CERTIFICATE => &["chain.wrong-usage"],
        AlertDescription::UNKNOWN_CA => &[
            "sni.default-certificate",
            "client-auth.untrusted-issuer",
            "chain.self-signed",
            "chain.missing-intermediate",
            "chain.untrusted-root",
            "chain.not-a-ca",
            "chain.path-too-long",
        ],
        AlertDescription::DECRYPT_ERROR => &["chain.bad-signature", "peer.key-mismatch"],
        AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE => {
            &["chain.staple-missing", "chain.staple-expired", "chain.revoked"]
        }
        _ => &[],
    }
}

/// Names the verdict, demotes what did not matter, and settles the outcome.
pub(crate) fn settle(case: &Case<'_>, findings: &mut Vec<Finding>) -> Outcome {
    let outcome = case.connection.outcome;
    match outcome {
        Outcome::Completed => {
            if let Some(best) =
                failed_validation(findings).or_else(|| silent_refusal(case, findings))
            {
                name(findings, best);
                say_how_sure(case, findings, best);
                return Outcome::Failed;
            }
            content(findings);
            Outcome::Completed
        }
        Outcome::Failed => {
            demote_without_symptom(findings);
            demote_what_did_not_matter(case, findings);
            let explained = best(case, findings);
            if let Some(best) = explained.or_else(|| last_resort(case, findings)) {
                name(findings, best);
                say_how_sure(case, findings, best);
                set_beside(case, findings, best);
                fold_symptoms(findings, best);
            } else if let Some(check) =
                findings.iter_mut().find(|finding| finding.code == "tcp.no-client-hello")
            {
                // A health check is set apart from failures: it has a name and stays no error.
                check.root_cause = true;
            }
            Outcome::Failed
        }
        Outcome::Incomplete => {
            content(findings);
            Outcome::Incomplete
        }
    }
}

fn name(findings: &mut [Finding], best: usize) {
    if let Some(finding) = findings.get_mut(best) {
        finding.root_cause = true;
        finding.severity = Severity::Error;
    }
}

/// A refusal that the verdict explains is no finding of its own: its frames become evidence.
fn fold_symptoms(findings: &mut Vec<Finding>, best: usize) {
    let Some(verdict) = findings.get(best) else { return };
    if verdict.confidence == Confidence::Possible {
        return;
    }
    let leads_to = verdict.leads_to;
    let symptoms =
        ["peer.", "tcp.closed-", "tcp.reset-", "client-auth.rejected", "protocol.malformed"];
    let explained = |finding: &Finding| {
        !finding.root_cause
            && (finding.confidence == Confidence::Possible
                || symptoms.iter().any(|symptom| finding.code.starts_with(symptom)))
            && leads_to.contains(&finding.code)
    };
    let evidence: Vec<_> = findings
        .iter()
        .filter(|finding| explained(finding))
        .flat_map(|finding| finding.evidence.iter().cloned())
        .collect();
    if let Some(verdict) = findings.get_mut(best) {
        for more in evidence {
            if !verdict.evidence.iter().any(|held| held.at == more.at) {
                verdict.evidence.push(more);
            }
        }
    }
    findings.retain(|finding| !explained(finding));
}

/// The peers were content: nothing is an error, and a private authority is no fault.
fn content(findings: &mut Vec<Finding>) {
    // The server took the client's chain: what it trusts is its own business.
    findings.retain(|finding| {
        let about_trust = matches!(
            finding.code,
            "chain.self-signed" | "chain.missing-intermediate" | "chain.untrusted-root"
        );
        !(about_trust && finding.chain == Some(Side::Client))
    });
    for finding in findings {
        if finding.severity == Severity::Error {
            let private = matches!(finding.code, "chain.untrusted-root")
                || (finding.code == "chain.self-signed" && finding.chain == Some(Side::Client));
            finding.severity = if private { Severity::Info } else { Severity::Warning };
        }
    }
}

/// A defect of a chain is the cause only where somebody refused: without a symptom it is a warning.
fn demote_without_symptom(findings: &mut [Finding]) {
    let codes: Vec<&'static str> = findings.iter().map(|finding| finding.code).collect();
    for finding in findings {
        let led = || finding.leads_to.iter().any(|symptom| codes.contains(symptom));
        if finding.needs_symptom && finding.severity == Severity::Error && !led() {
            finding.severity = Severity::Warning;
        }
    }
}

/// A server's certificate is not why a client left that left before it came, or that closes without a
/// word and takes the same certificate in other connections; nor is it why a server broke off to which
/// the client had answered.
fn demote_what_did_not_matter(case: &Case<'_>, findings: &mut [Finding]) {
    let silently = case.ending.by == Side::Client
        && matches!(case.ending.how, How::Closed | How::Reset(_))
        && case.context.servers.content_before(case.connection).is_some();
    let answered = case.ending.by == Side::Server
        && case.ending.phase >= Phase::ClientFlight
        && case.ending.alert().is_some();
    if !silently && !answered && !case.left_before_the_chain() {
        return;
    }
    for finding in findings {
        if is_about_the_certificate(finding) && finding.severity == Severity::Error {
            finding.severity = Severity::Warning;
        }
    }
}

/// Whether a finding is a defect of what the server shows, for which a client may refuse it.
fn is_about_the_certificate(finding: &Finding) -> bool {
    finding.needs_symptom
        && finding.chain != Some(Side::Client)
        && !finding.code.starts_with("client-auth.")
}

/// What one side sent and the capture lost.
fn lost(connection: &Connection, side: Side) -> impl Iterator<Item = &Gap> {
    connection.gaps.of(side).iter().filter(|gap| gap.cause != GapCause::NotAcknowledged)
}

/// That a defect is there may be certain; that it is why the peer left is inferred where the peer
/// did not say so.
fn say_how_sure(case: &Case<'_>, findings: &mut [Finding], best: usize) {
    let Some(verdict) = findings.get_mut(best).filter(|verdict| verdict.needs_symptom) else {
        return;
    };
    let word = match case.ending.how {
        How::Closed => "closed without a word",
        How::Reset(_) => "reset the connection without a word",
        How::Completed => "finished the handshake and left with nothing sent",
        _ => return,
    };
    let who = match case.ending.how {
        How::Completed => verdict.chain.map_or(Side::Client, Side::peer).name(),
        _ => case.ending.by.name(),
    };
    if verdict.confidence == Confidence::Certain {
        verdict.confidence = Confidence::Likely;
        let (like, log) = match verdict.chain {
            Some(Side::Client) => ("gRPC's servers", "server"),
            _ => ("Node, wget, NSS and curl's check of the name", "client"),
        };
        let missing: u64 = lost(case.connection, case.ending.by).map(|gap| gap.len_bytes).sum();
        let sentence = if missing > 0 {
            format!(
                "Inferred: the {who} left, and {} that it had sent before are not in the capture (an \
                 alert in clear is 7 bytes); that it was for this defect is likely, and stands in the \
                 {log}'s log.",
                path::count(missing, "byte")
            )
        } else {
            format!(
                "Inferred: the {who} {word}, as {like} do to refuse a certificate; that it was for \
                 this defect is likely, and stands in the {log}'s log."
            )
        };
        add(&mut verdict.explanation, ' ', sentence.into());
    }
}

/// What the peer said is set beside the defect that is seen: whether it fits, and what else it may
/// mean.
fn set_beside(case: &Case<'_>, findings: &mut [Finding], best: usize) {
    use AlertDescription as A;
    let Some(said) = case.ending.description() else { return };
    let others = findings
        .iter()
        .enumerate()
        .filter(|(index, finding)| {
            *index != best && finding.needs_symptom && finding.severity == Severity::Error
        })
        .map(|(_, finding)| finding.title.clone())
        .collect::<Vec<_>>();
    let Some(verdict) = findings.get_mut(best).filter(|verdict| verdict.needs_symptom) else {
        return;
    };
    let who = case.ending.by.name();
    let about_time = matches!(verdict.code, "chain.expired" | "chain.not-yet-valid");
    let sentence = match (said, verdict.code) {
        (A::UNKNOWN_CA, "chain.untrusted-root") => {
            format!("unknown_ca fits: this {who} was not given that root.")
        }
        (A::CERTIFICATE_EXPIRED, "chain.not-yet-valid") => {
            "NSS, rustls and BoringSSL say certificate_expired of one that is not yet valid, too."
                .to_owned()
        }
        (A::CERTIFICATE_EXPIRED, _) if !about_time => format!(
            "certificate_expired does not fit that: by the capture's clock the dates are fine, so \
             look at the {who}'s clock as well."
        ),
        (A::BAD_CERTIFICATE, _) if !others.is_empty() => format!(
            "bad_certificate does not say which fault it was (Go and GnuTLS send it for all). This \
             fits as well: {}.",
            others.join("; ")
        ),
        _ => return,
    };
    add(&mut verdict.explanation, ' ', sentence.into());
}

fn best(case: &Case<'_>, findings: &[Finding]) -> Option<usize> {
    let errors: Vec<usize> = (0..findings.len())
        .filter(|&index| {
            findings.get(index).is_some_and(|finding| {
                finding.severity == Severity::Error && !finding.code.starts_with("capture.")
            })
        })
        .collect();
    let beaten = |index: usize| {
        let Some(symptom) = findings.get(index) else { return false };
        errors.iter().any(|&other| {
            let Some(cause) = findings.get(other) else { return false };
            // What is merely possible does not beat what is certain.
            let believed = cause.confidence > Confidence::Possible
                || symptom.confidence == Confidence::Possible;
            other != index && believed && cause.leads_to.contains(&symptom.code)
        })
    };
    let pointed = case.ending.description().map(pointed_to).unwrap_or_default();
    errors
        .iter()
        .copied()
        .filter(|&index| !beaten(index))
        .min_by_key(|&index| findings.get(index).map(|finding| rank(finding, pointed)))
}

/// Says only which alert it was: whatever else explains the failure is better, so that it is not run
/// with the others.
pub(crate) static LAST_RESORT: &Rule = &PEER_ALERT;

/// Runs the last resort where nothing else explains the failure; its place among the findings.
fn last_resort(case: &Case<'_>, findings: &mut Vec<Finding>) -> Option<usize> {
    let Check::Connection(check) = LAST_RESORT.check else { return None };
    if !LAST_RESORT.needs.are_in(case.signs) {
        return None;
    }
    findings.push(check(case).ok()??.of(LAST_RESORT));
    best(case, findings)
}

/// Lower is better: what the alert points to, then certainty, then the fixed order.
fn rank(finding: &Finding, pointed: &[&str]) -> (bool, usize, u8, usize) {
    let at = |list: &[&str]| list.iter().position(|code| *code == finding.code);
    let doubt = match finding.confidence {
        Confidence::Certain => 0,
        Confidence::Likely => 1,
        Confidence::Possible => 2,
    };
    let possible = finding.confidence == Confidence::Possible;
    (possible, at(pointed).unwrap_or(usize::MAX), doubt, at(ORDER).unwrap_or(usize::MAX))
}

/// A validation by an authority that the handshake completed and the certificate failed: the
/// validator asks for nothing but the handshake, so that its content decides.
fn failed_validation(findings: &[Finding]) -> Option<usize> {
    findings.iter().position(|finding| {
        finding.code == "alpn.acme-challenge" && finding.severity == Severity::Error
    })
}

/// How long a peer may take to leave that checks a certificate behind the handshake. Whoever leaves
/// later had other reasons: a person, a probe that saw what it wanted.
const PROMPT_NS: i64 = 500_000_000;

/// Whether the connection ended right behind the handshake, with nothing sent but a last alert.
fn left_promptly(connection: &Connection, closed: Option<Place>) -> bool {
    let finished = [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| connection.finished.of(side).present())
        .max_by_key(|at| at.order());
    let (Some(finished), Some(closed)) = (finished, closed) else {
        // Without a close the first alert is the end.
        return !connection.alerts.is_empty();
    };
    let spoke = connection.finished.client.present().is_some_and(|own| {
        let last = connection.stream(Side::Client).last_data;
        let said = |at: Place| at == *own || connection.alerts.iter().any(|alert| alert.at == at);
        last.is_some_and(|last| last.order() > own.order() && !said(last))
    });
    let end = connection.alerts.first().map_or(closed, |alert| alert.at.earlier(closed));
    !spoke && end.time.since(finished.time) < PROMPT_NS
}

/// Both sides finished, and one left at once with nothing sent: stacks that check a certificate
/// only after the handshake refuse like this. It counts as a failure where a defect is there to be
/// seen that explains it.
fn silent_refusal(case: &Case<'_>, findings: &[Finding]) -> Option<usize> {
    let connection = case.connection;
    let data = &connection.application_data;
    let quiet = data.client.records == 0 && data.server.records == 0;
    let finished =
        connection.finished.client.is_present() && connection.finished.server.is_present();
    let explains = |finding: &Finding| {
        finding.needs_symptom
            && finding.severity == Severity::Error
            && (finding.code != "chain.untrusted-root" || case.policy.own_anchors)
    };
    if !quiet || !finished || !findings.iter().any(explains) {
        return None;
    }
    let said_so = connection.alerts.iter().map(|alert| (alert.from, alert.at)).next();
    let closed = connection.first_close();
    let (left, _) = said_so.into_iter().chain(closed).min_by_key(|(_, at)| at.order())?;
    // What the capture lost may be what they had to say to each other.
    let is_whole = [Side::Client, Side::Server]
        .into_iter()
        .all(|side| lost(connection, side).next().is_none());
    if !is_whole || !left_promptly(connection, closed.map(|(_, at)| at)) {
        return None;
    }
    if left == Side::Client && case.context.servers.content_before(connection).is_some() {
        return None;
    }
    let suspects: Vec<usize> = (0..findings.len())
        .filter(|&index| {
            findings.get(index).is_some_and(|finding| {
                explains(finding) && finding.chain.is_none_or(|side| side == left.peer())
            })
        })
        .collect();
    if left != Side::Client
        && !suspects.iter().any(|&index| {
            findings.get(index).is_some_and(|finding| finding.chain == Some(Side::Client))
        })
    {
        return None;
    }
    debug_assert!(
        matches!(case.ending.how, How::Completed) || case.ending.phase >= Phase::ServerFlight
    );
    suspects.into_iter().min_by_key(|&index| findings.get(index).map(|finding| rank(finding, &[])))
}

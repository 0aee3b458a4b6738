//! What a report says of single frames, as comments for a capture: Wireshark shows them beside the
//! frame, and `frame.comment contains "chain."` filters by them.

use std::collections::HashMap;

use crate::schema::{Connection, Finding, Report};
use crate::story;

/// Most comments that one frame gets.
const MOST: usize = 20;

/// The comments by capture and frame.
#[must_use]
pub fn comments(report: &Report) -> HashMap<(u32, u64), Vec<String>> {
    let mut comments: HashMap<(u32, u64), Vec<String>> = HashMap::new();
    let mut add = |capture: u32, frame: u64, text: String| {
        let list = comments.entry((capture, frame)).or_default();
        if list.len() < MOST && !list.contains(&text) {
            list.push(text);
        }
    };
    for connection in &report.connections {
        add(connection.capture, connection.first_frame, verdict(connection));
        for finding in &connection.findings {
            for evidence in &finding.evidence {
                add(evidence.capture, evidence.frame, said(finding, &evidence.says));
            }
        }
    }
    for finding in &report.fleet.findings {
        for evidence in &finding.evidence {
            add(evidence.capture, evidence.frame, said(finding, &evidence.says));
        }
    }
    comments
}

/// What became of a connection, and who has to act.
fn verdict(connection: &Connection) -> String {
    let mut text = format!(
        "tlsleuth: connection {}, {} to {}: {}",
        connection.id,
        story::socket(&connection.client),
        story::socket(&connection.server),
        connection.outcome
    );
    if let Some(finding) = story::verdict(connection) {
        text.push_str(&format!(
            ". {}. [{}, {}, who: {}]",
            story::capitalized(&finding.title),
            finding.code,
            finding.confidence,
            finding.party
        ));
    }
    text
}

fn said(finding: &Finding, says: &str) -> String {
    format!("[{}] {}: {says} (who: {})", finding.code, finding.title, finding.party)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Evidence;

    #[test]
    fn names_the_code_the_title_and_who_acts() {
        let finding = Finding {
            code: "chain.expired",
            severity: "error",
            confidence: "certain",
            party: "server",
            chain: None,
            certificate: None,
            title: "the leaf expired".to_owned(),
            explanation: String::new(),
            remedy: String::new(),
            evidence: vec![Evidence { capture: 0, frame: 6, says: "valid until May".to_owned() }],
            references: Vec::new(),
            seen_as: Vec::new(),
            next_steps: Vec::new(),
            root_cause: true,
        };
        assert_eq!(
            said(&finding, &finding.evidence[0].says),
            "[chain.expired] the leaf expired: valid until May (who: server)"
        );
    }
}

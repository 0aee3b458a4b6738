//! `fleet.resumption-fails`: resumed handshakes fail or are refused where full ones succeed.

use super::{called, failed_of, separable};
use crate::fleet::chance::{ALPHA, Table, p_value, significant};
use crate::fleet::{Group, Summary};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, Severity};

/// Offers of an earlier session below which a rate says nothing.
const ENOUGH: u64 = 8;

declare_fleet_rule! {
    /// Resumed handshakes fail or are refused where full ones succeed.
    ///
    /// ## What happened
    /// Clients that want to take up an earlier session fail, or have to make a full handshake after
    /// all, although the server gave them that session.
    /// ## Likely causes
    /// Refused: several nodes behind one address do not share their ticket keys or session cache, or
    /// the keys change too often. Failing: a device on the way or the server chokes on tickets.
    /// ## The test
    /// Failing: nine of ten that offer a session fail, nine of ten that offer none complete, and
    /// Fisher's exact test over all servers gives 0.01 at most. Refused: at least eight offers were
    /// answered, and more than half of them were refused.
    /// ## When it cannot be told
    /// Whether a client should have had a valid session is not seen: refusals are inferred to be too
    /// many from their share.
    pub static FLEET_RESUMPTION_FAILS {
        code: "fleet.resumption-fails",
        severity: Info,
        since: "0.1.0",
        references: ["RFC 9846 §2.2", "RFC 5077 §4"],
    }
}

/// The logarithm of the chance that resumptions fail as they do, where that is told.
pub(crate) fn breaks(summary: &Summary, group: &Group) -> Option<f64> {
    if !separable(summary, group.ended) {
        return None;
    }
    let table = Table {
        failed_with: group.offering.failed,
        completed_with: group.offering.completed,
        failed_without: group.not_offering.failed,
        completed_without: group.not_offering.completed,
    };
    let ln_p = table.ln_p();
    (table.separates() && significant(ln_p, summary.looks(), ALPHA)).then_some(ln_p)
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (server, name, group) in summary.groups() {
        if group.connections < ENOUGH && group.failed == 0 {
            continue;
        }
        let answered = group.resumed.saturating_add(group.refused);
        if let Some(ln_p) = breaks(summary, group) {
            findings.push(
                Finding::new(Party::Unknown, format!("resuming a session at {} fails, full handshakes complete", called(server, name)))
                    .severity(Severity::Warning)
                    .evidence_if(group.offering.first_failed, || "the first failure of a client that offers an earlier session".to_owned())
                    .evidence_if(group.not_offering.first_completed, || "a connection without such an offer that completes".to_owned())
                    .explain(format!("{} that offered an earlier session failed, {} that offered none (Fisher's exact test, {}).",
                        failed_of(group.offering), failed_of(group.not_offering), p_value(ln_p, summary.looks())))
                    .likely("That the offer is what fails is inferred from these counts.")
                    .remedy("Switch resumption off at the server for a test (nginx: ssl_session_tickets off; ssl_session_cache off), then look at what stands before the server and at its ticket keys."),
            );
        } else if answered >= ENOUGH && group.refused > group.resumed {
            let mut finding = Finding::new(
                Party::Server,
                format!(
                    "{} refuses {} of {answered} resumptions",
                    called(server, name),
                    group.refused
                ),
            );
            for at in &group.first_refused {
                finding =
                    finding.evidence(*at, "offers an earlier session; a full handshake follows");
            }
            findings.push(
                finding
                    .explain("Nothing fails by it: each refusal costs a full handshake, one more round trip in TLS 1.2, and a signature.")
                    .likely("That nodes do not share their keys is inferred from how often it happens; clients with old tickets look alike.")
                    .remedy("Several nodes behind one address: share the ticket keys (nginx ssl_session_ticket_key, HAProxy tls-ticket-keys, Apache SSLSessionTicketKeyFile, Go Config.SetSessionTicketKeys), or send a client to the same node each time."),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Resumption;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_nodes_do_not_share_their_keys() {
        let mut script = Script::default();
        script.connection().completed();
        (0..10).for_each(|_| script.connection().resumption(Resumption::Refused).completed());
        let found = script.find(&FLEET_RESUMPTION_FAILS);
        assert!(found[0].title.ends_with("refuses 10 of 10 resumptions"), "{}", found[0].title);
        assert_eq!(found[0].severity, Severity::Info);
    }

    #[test]
    fn fires_when_an_offer_breaks_the_handshake() {
        let mut script = Script::default();
        for _ in 0..8 {
            script.connection().completed();
            script
                .connection()
                .resumption(Resumption::Offered)
                .failed("tcp.reset-after-client-hello");
        }
        assert_eq!(script.find(&FLEET_RESUMPTION_FAILS)[0].severity, Severity::Warning);
        assert_eq!(script.codes(), ["fleet.resumption-fails"]);
    }

    #[test]
    fn clear_where_most_are_taken_up() {
        let mut script = Script::default();
        (0..10).for_each(|_| script.connection().resumption(Resumption::Resumed).completed());
        (0..3).for_each(|_| script.connection().resumption(Resumption::Refused).completed());
        assert!(script.find(&FLEET_RESUMPTION_FAILS).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        (0..5).for_each(|_| script.connection().resumption(Resumption::Refused).completed());
        assert!(script.find(&FLEET_RESUMPTION_FAILS).is_empty());
    }
}

//! Runs the rules over one connection and names the verdict.

use tlsleuth_capture::{EndReason, Located};
use tlsleuth_handshake::Side;
use tlsleuth_handshake::connection::{Connection, Outcome};

use crate::case::{Case, Context};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::registry::RULES;
use crate::rule::{Check, Rule};
use crate::runnable::Runnable;
use crate::verdict;

/// What was found in one connection.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// How it ended; a silent refusal is told from a completed handshake here.
    pub outcome: Outcome,
    /// The findings: the verdict first, then by severity.
    pub findings: Vec<Finding>,
    /// The server's chain, judged.
    pub server_trusted: Option<bool>,
    /// How many seconds after its frame the server's stapled OCSP response was made, if it was.
    pub stapled_ahead: Option<Located<i64>>,
    /// The client's chain, judged.
    pub client_trusted: Option<bool>,
    /// The clock that judged the server's chain, in seconds since 1970.
    pub server_verified_at: Option<i64>,
    /// The clock that judged the client's chain.
    pub client_verified_at: Option<i64>,
}

impl Diagnosis {
    /// The finding that best explains why the connection failed.
    #[must_use]
    pub fn verdict(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.root_cause)
    }
}

/// Judges one connection.
#[must_use]
pub fn diagnose(connection: &Connection, policy: &Policy, context: &Context<'_>) -> Diagnosis {
    if is_let_go_with_its_syn(connection) {
        return Diagnosis {
            outcome: connection.outcome,
            findings: Vec::new(),
            server_trusted: None,
            stapled_ahead: None,
            client_trusted: None,
            server_verified_at: None,
            client_verified_at: None,
        };
    }
    by_rules(connection, policy, context)
}

/// Whether a SYN is all that was seen before room was needed. No rule speaks of that, and a flood makes
/// millions.
fn is_let_go_with_its_syn(connection: &Connection) -> bool {
    connection.end_reason == EndReason::Evicted
        && connection.frames == 1
        && connection.transport.syn.is_some_and(|syn| syn.payload_bytes == 0)
}

fn by_rules(connection: &Connection, policy: &Policy, context: &Context<'_>) -> Diagnosis {
    let case = Case::new(connection, policy, context);
    let mut findings = Vec::new();
    let chains = [Side::Server, Side::Client].map(|side| {
        let chain = case.chain(side).ok()?;
        Some((side, chain, Runnable::of_chain(case.signs.and(chain.signs))))
    });
    let of_connection = Runnable::of_connection(case.signs);
    let of_chains = chains.iter().flatten().map(|(.., rules)| *rules);
    for (one, rule) in of_chains.fold(of_connection, Runnable::or).iter() {
        match rule.check {
            Check::Connection(check) => {
                if let Ok(Some(finding)) = check(&case) {
                    findings.push(finding.of(rule));
                }
            }
            Check::Chain(check) => {
                for (side, chain, _) in chains.iter().flatten().filter(|(.., rules)| rules.has(one))
                {
                    if let Ok(Some(mut finding)) = check(&case, chain) {
                        finding.chain = Some(*side);
                        findings.push(finding.of(rule));
                    }
                }
            }
        }
    }
    debug_assert_eq!(needs_less(&case), None);
    let outcome = verdict::settle(&case, &mut findings);
    findings.sort_by_key(|finding| {
        (!finding.root_cause, std::cmp::Reverse(finding.severity), finding.code)
    });
    let trusted = |side| case.chain(side).ok().map(|chain| chain.judgement.is_trusted());
    let verified = |side| case.chain(side).ok().map(|chain| chain.judged_at);
    Diagnosis {
        outcome,
        findings,
        stapled_ahead: case.server_chain().ok().and_then(|chain| {
            let stapled = chain.stapled.as_ref()?;
            let made = stapled.value.response.as_ref()?.this_update;
            let ahead = made.saturating_sub(chain.judged_at);
            (ahead > 0).then_some(Located::new(ahead, stapled.at))
        }),
        server_trusted: trusted(Side::Server),
        client_trusted: trusted(Side::Client),
        server_verified_at: verified(Side::Server),
        client_verified_at: verified(Side::Client),
    }
}

/// A rule that finds something without the signs that it says to need: there must be none.
fn needs_less(case: &Case<'_>) -> Option<&'static str> {
    let finds = |rule: &&Rule| match rule.check {
        Check::Connection(check) => {
            !rule.needs.are_in(case.signs) && matches!(check(case), Ok(Some(_)))
        }
        Check::Chain(check) => [Side::Server, Side::Client]
            .into_iter()
            .filter_map(|side| case.chain(side).ok())
            .any(|chain| {
                !rule.needs.are_in(case.signs.and(chain.signs))
                    && matches!(check(case, chain), Ok(Some(_)))
            }),
    };
    RULES.iter().copied().find(finds).map(|rule| rule.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing;

    #[test]
    fn no_rule_speaks_of_a_syn_that_was_let_go() {
        for script in ["client SYN", "client SYN\nwatch 60s"] {
            let (mut connection, found) = testing::one(script, by_rules);
            assert_eq!(found.findings.is_empty(), found.outcome == Outcome::Incomplete);
            assert!(!is_let_go_with_its_syn(&connection));
            connection.end_reason = EndReason::Evicted;
            connection.outcome = Outcome::Incomplete;
            assert!(is_let_go_with_its_syn(&connection));
            let found = testing::judged(&connection, by_rules);
            assert_eq!((found.outcome, found.findings.len()), (Outcome::Incomplete, 0));
            let told = testing::judged(&connection, diagnose);
            assert_eq!(format!("{told:?}"), format!("{found:?}"));
        }
    }
}

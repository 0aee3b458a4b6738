//! `fleet.clock`: certificates of several authorities say that a clock is wrong.

use std::collections::{BTreeMap, BTreeSet};

use tlsleuth_capture::Place;

use crate::fleet::{SeenLeaf, Summary};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, wording};

/// Authorities whose certificates have to be outside their validity: one may have made a mistake.
const ENOUGH_EARLY: usize = 2;

/// Likewise for certificates that are past their end, which is forgotten more often.
const ENOUGH_LATE: usize = 3;

/// Seconds by which a stapled response may be ahead: nginx and `openssl ocsp` allow as much when
/// they check one.
const SLACK_S: i64 = 300;

declare_fleet_rule! {
    /// Certificates of several authorities are not valid at the time of the capture: a clock is wrong.
    ///
    /// ## What happened
    /// Chains that have nothing to do with each other are all not yet valid, or all expired, or a
    /// stapled OCSP response is from the future, by the times in the capture file.
    /// ## Likely causes
    /// The clock of the capturing host is wrong (no battery, no NTP, a virtual machine that slept); a
    /// capture was made or replayed with other times; a laboratory with a clock of its own.
    /// ## The test
    /// Leafs of two issuers at least are not yet valid, or leafs of three at least expired, and no
    /// more leafs are valid than are not (those that sign themselves are no issuers); or a stapled response was made more than five minutes after its frame.
    /// ## When it cannot be told
    /// Whether the capturing host's clock is wrong or that of the hosts in the capture: a capture of
    /// the host itself has that host's clock.
    pub static FLEET_CLOCK {
        code: "fleet.clock",
        severity: Warning,
        since: "0.1.0",
        references: ["RFC 5280 §4.1.2.5", "RFC 6960 §4.2.2.1"],
    }
}

/// Leafs of one kind by issuer: the first of each, with how many seconds it is off.
type ByIssuer<'s> = BTreeMap<&'s str, (SeenLeaf<'s>, i64)>;

fn check(summary: &Summary) -> Vec<Finding> {
    let (mut early, mut late): (ByIssuer<'_>, ByIssuer<'_>) = Default::default();
    let (mut bad, mut good) = (BTreeSet::new(), BTreeSet::new());
    let mut staple: Option<(SeenLeaf<'_>, Place, i64)> = None;
    for leaf in summary.groups().flat_map(|(_, _, group)| group.seen_leafs()) {
        let seen = leaf.first.time.seconds();
        let off = |end: Option<i64>, sign: i64| {
            end.map(|end| sign * end.saturating_sub(seen)).filter(|off| *off > 0)
        };
        let issuer = leaf.facts.issuer.as_str();
        // Nobody looks after certificates that sign themselves: that several expired says nothing.
        let by_authority = leaf.facts.name != leaf.facts.issuer;
        if let Some(off) = off(leaf.facts.not_before, 1) {
            if by_authority {
                early.entry(issuer).or_insert((leaf, off));
            }
            bad.insert(leaf.facts.sha256);
        } else if let Some(off) = off(leaf.facts.not_after, -1) {
            if by_authority {
                late.entry(issuer).or_insert((leaf, off));
            }
            bad.insert(leaf.facts.sha256);
        } else {
            good.insert(leaf.facts.sha256);
        }
        if let Some(ahead) = leaf.stapled_ahead.filter(|ahead| ahead.value > SLACK_S)
            && staple.is_none_or(|(_, held, _)| ahead.at.order() < held.order())
        {
            staple = Some((leaf, ahead.at, ahead.value));
        }
    }
    let most_are_bad = bad.len() >= good.len();
    if early.len() >= ENOUGH_EARLY && most_are_bad {
        return vec![told(&early, "not yet valid", "behind", staple)];
    }
    if late.len() >= ENOUGH_LATE && most_are_bad {
        return vec![told(&late, "expired", "ahead", None)];
    }
    match staple {
        Some((leaf, at, ahead)) => vec![remedy(
            Finding::new(Party::Capture, format!("a stapled OCSP response is from the future: a clock is behind by {} or more", wording::span(ahead)))
                .evidence(at, response_says(leaf, ahead))
                .likely("Inferred: an authority signs a response before it is stapled, so the clock that gave the frame its time is behind the authority's."),
        )],
        None => Vec::new(),
    }
}

fn told(
    leafs: &ByIssuer<'_>,
    what: &str,
    which_way: &str,
    staple: Option<(SeenLeaf<'_>, Place, i64)>,
) -> Finding {
    let at_least = leafs.values().map(|(_, off)| *off).max().unwrap_or_default();
    let mut finding = Finding::new(
        Party::Capture,
        format!(
            "certificates of {} are {what}: a clock is {which_way} by {} or more",
            wording::counted(leafs.len(), "authority"),
            wording::span(at_least)
        ),
    );
    for (leaf, off) in leafs.values().take(3) {
        finding = finding.evidence(
            leaf.first,
            format!("{} is {what} by {} here", leaf.facts.display(), wording::span(*off)),
        );
    }
    if let Some((leaf, at, ahead)) = staple {
        finding = finding.evidence(at, response_says(leaf, ahead));
    }
    remedy(finding.likely(
        "Inferred: authorities that have nothing to do with each other do not make the same mistake, \
         so the clock that gave the frames their times is wrong: the capturing host's, or that of \
         the host on which the capture was made.",
    ))
}

fn response_says(leaf: SeenLeaf<'_>, ahead: i64) -> String {
    format!(
        "the stapled response for {} was made {} after this frame",
        leaf.facts.name,
        wording::span(ahead)
    )
}

fn remedy(finding: Finding) -> Finding {
    finding
        .remedy("Check the clock of the capturing host, and of the clients if they refuse these certificates (timedatectl, chronyc tracking, w32tm /query /status).")
        .remedy("To judge the certificates by another time: tlsleuth --verify-time now, or with a date.")
}

#[cfg(test)]
mod tests {
    use super::FLEET_CLOCK;
    use crate::rules::fleet::testing::Script;

    /// The connections of a script are from January 2027.
    const BEFORE: i64 = 1_790_000_000;
    const AFTER: i64 = 1_810_000_000;
    const DAY: i64 = 86_400;

    #[test]
    fn fires_when_leafs_of_two_authorities_are_not_yet_valid() {
        let mut script = Script::default();
        script.connection().leaf("shop", "E1").valid(AFTER, AFTER + 90 * DAY).completed();
        script.connection().leaf("bank", "G2").valid(AFTER, AFTER + 90 * DAY).completed();
        let found = script.find(&FLEET_CLOCK);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].title,
            "certificates of 2 authorities are not yet valid: a clock is behind by 115 days or more"
        );
    }

    #[test]
    fn fires_when_leafs_of_three_authorities_expired() {
        let mut script = Script::default();
        for (name, issuer) in [("shop", "E1"), ("bank", "G2"), ("mail", "R3")] {
            script.connection().leaf(name, issuer).valid(BEFORE - 90 * DAY, BEFORE).completed();
        }
        assert!(script.find(&FLEET_CLOCK)[0].title.contains("a clock is ahead by"));
    }

    #[test]
    fn fires_for_a_response_from_the_future() {
        let mut script = Script::default();
        script
            .connection()
            .leaf("shop", "E1")
            .valid(BEFORE, AFTER)
            .stapled_ahead(86_400)
            .completed();
        assert!(script.find(&FLEET_CLOCK)[0].title.ends_with("behind by 24 hours or more"));
    }

    #[test]
    fn clear_for_one_authority_and_for_many_that_are_fine() {
        let mut script = Script::default();
        for name in ["shop", "bank", "mail"] {
            script.connection().leaf(name, "E1").valid(AFTER, AFTER + 90 * DAY).completed();
        }
        assert!(script.find(&FLEET_CLOCK).is_empty());
        for nth in 0..9 {
            script.connection().leaf(&format!("fine-{nth}"), "G2").valid(BEFORE, AFTER).completed();
        }
        script.connection().leaf("late", "R3").valid(AFTER, AFTER + 90 * DAY).completed();
        assert!(script.find(&FLEET_CLOCK).is_empty());
    }

    #[test]
    fn clear_for_devices_that_sign_their_own() {
        let mut script = Script::default();
        for name in ["printer", "switch", "camera"] {
            script.connection().leaf(name, name).valid(BEFORE - 90 * DAY, BEFORE).completed();
        }
        assert!(script.find(&FLEET_CLOCK).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        script.connection().leaf("a", "E1").valid(BEFORE, AFTER).stapled_ahead(200).completed();
        script.connection().leaf("shop", "E1").valid(BEFORE - 90 * DAY, BEFORE).completed();
        script.connection().leaf("bank", "G2").valid(BEFORE - 90 * DAY, BEFORE).completed();
        assert!(script.find(&FLEET_CLOCK).is_empty());
    }
}

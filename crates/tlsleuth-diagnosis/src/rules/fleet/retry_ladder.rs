//! `fleet.retry-ladder`: attempts of one client that belong together.

use tlsleuth_capture::Address;

use super::called;
use crate::fleet::Summary;
use crate::fleet::ladder::{Ladder, LadderKind, Race, RaceKind};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, Severity};

/// Races lost in the same way before they are told: two connections that begin within two seconds
/// of each other may have nothing to do with each other.
const RACES: u64 = 3;

declare_fleet_rule! {
    /// Attempts of one client that belong together, as one story.
    ///
    /// ## What happened
    /// A fallback: an attempt fails, the same client tries the same server again within ten seconds
    /// with an older version or other application protocols, and gets through. Or a race between IPv6
    /// and IPv4 (Happy Eyeballs): an attempt over one family is not answered, one over the other family
    /// begins 10 ms to 2 s later and completes. A lost race is no failure; it costs time.
    /// ## Likely causes
    /// Fallback: a server or a device on the way that does not bear newer hellos. Race: one family is
    /// filtered or not routed.
    /// ## The test
    /// A fallback is told from one on. A race is told when the same four addresses lose it at least
    /// three times, since its two attempts are put together by their times alone.
    /// ## When it cannot be told
    /// Two programs on one machine may look like a fallback. QUIC followed by TCP is not put together.
    pub static FLEET_RETRY_LADDER {
        code: "fleet.retry-ladder",
        severity: Warning,
        since: "0.1.0",
        references: ["RFC 8305 §5", "RFC 7507 §1"],
    }
}

fn check(summary: &Summary) -> Vec<Finding> {
    let ladders = summary.ladders();
    let fallbacks = ladders.ladders.iter().map(|(kind, ladder)| fallback(kind, ladder));
    let races = ladders.races.iter().filter(|(_, race)| race.times >= RACES);
    fallbacks.chain(races.map(|(kind, race)| lost(kind, race))).collect()
}

fn fallback(kind: &LadderKind, ladder: &Ladder) -> Finding {
    let (server, name, steps) = kind;
    let called = called(*server, name.as_ref());
    let who: String = if ladder.other_clients {
        "clients fall".to_owned()
    } else {
        format!("{} falls", ladder.client)
    };
    let (last, failed) = steps.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
    let title = format!(
        "{who} back at {called}: {} {}, {last} completes",
        failed.join(", then "),
        if failed.len() == 1 { "fails" } else { "fail" }
    );
    let mut finding = Finding::new(Party::Server, title);
    for (at, step) in ladder.proofs.iter().zip(failed) {
        finding = finding.evidence(*at, format!("an attempt with {step} fails"));
    }
    finding
        .evidence(ladder.completed, format!("the attempt with {last} completes"))
        .explain(format!(
            "This happens {} times, with {} failed attempts and up to {} ms lost before the one that completes.",
            ladder.times, ladder.failures, ladder.longest_ns / 1_000_000
        ))
        .likely("That the attempts belong together is inferred from client, server, name and time.")
        .remedy("Find what does not bear the first hello: the server (update it) or a device before it (try without). Until then the fallback hides the trouble, costs time, and may allow a downgrade.")
}

fn lost(kind: &RaceKind, race: &Race) -> Finding {
    let (client, server, _, winner) = kind;
    let family = |address: Address| if address.ip().is_ipv4() { "IPv4" } else { "IPv6" };
    let (loser, other) = (family(server.address), family(winner.address));
    let title = format!(
        "{loser} to {server} loses every race: {client} gets through over {other} ({} times)",
        race.times
    );
    Finding::new(Party::Network, title)
        .severity(Severity::Info)
        .evidence(race.lost, format!("an attempt over {loser} that comes to nothing"))
        .evidence(race.won, format!("the attempt over {other} that completes"))
        .explain(format!("A lost race is no failure: it costs the user {} ms at most.", race.longest_ns / 1_000_000))
        .likely("That the two attempts belong together is inferred from their times and from the repetition.")
        .remedy(format!("Let {loser} through to this server, or take its address out of the name's records."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::{Script, offer};
    use tlsleuth_handshake::codepoint::ProtocolVersion;

    #[test]
    fn fires_for_a_fallback() {
        let mut script = Script::default();
        for _ in 0..4 {
            script
                .connection()
                .offer(offer(ProtocolVersion::TLS1_3, &[0x1301], &["h2"]))
                .failed("tcp.closed-after-client-hello");
            script
                .connection()
                .offer(offer(ProtocolVersion::TLS1_3, &[0x1301], &[]))
                .failed("tcp.closed-after-client-hello");
            script.connection().completed();
        }
        let found = script.find(&FLEET_RETRY_LADDER);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].title,
            "10.0.0.7 falls back at api.example.test at 10.0.0.2:443: TLS 1.3 with ALPN h2, then TLS 1.3 fail, TLS 1.2 completes"
        );
        assert_eq!(script.codes(), ["fleet.retry-ladder"]);
    }

    #[test]
    fn fires_for_a_lost_race() {
        let six = Address::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        let mut script = Script::default();
        for _ in 0..4 {
            script.connection().client_at(six).server_at(six).no_hello().failed("tcp.no-answer");
            script.connection().later(-800_000_000).completed();
        }
        let found = script.find(&FLEET_RETRY_LADDER);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Info);
        assert_eq!(script.codes(), ["fleet.retry-ladder"]);
    }

    #[test]
    fn clear_for_a_plain_retry_and_a_refused_certificate() {
        let mut script = Script::default();
        script.connection().failed("tcp.reset-after-client-hello");
        script.connection().completed();
        script
            .connection()
            .offer(offer(ProtocolVersion::TLS1_3, &[0x1301], &[]))
            .failed("chain.expired");
        script.connection().completed();
        assert!(script.find(&FLEET_RETRY_LADDER).is_empty());
    }

    #[test]
    fn too_few_races_to_tell() {
        let six = Address::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        let mut script = Script::default();
        script.connection().client_at(six).server_at(six).no_hello().failed("tcp.no-answer");
        script.connection().later(-800_000_000).completed();
        assert!(script.find(&FLEET_RETRY_LADDER).is_empty());
    }
}

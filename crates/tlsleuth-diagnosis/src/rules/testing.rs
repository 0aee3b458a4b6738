//! Runs one rule on a script. The language is in the documentation of `tlsleuth-testkit`.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use tlsleuth_capture::transport::OverlapConflict;
use tlsleuth_capture::{
    Decoded, Decoder, Direction, EndedFlow, Endpoint, FlowTable, FlowView, Gap, Interest, Limits,
    Located, Place, StreamSink,
};
use tlsleuth_cert::{Anchors, CertificateStore, Judge, SeenIntermediates};
use tlsleuth_handshake::codepoint::ProtocolVersion;
use tlsleuth_handshake::connection::SentChain;
use tlsleuth_handshake::message::ServerHello;
use tlsleuth_handshake::{Connection, Outcome, Shared, Side, Tracker, WireText};

use crate::finding::Finding;
use crate::policy::{Policy, VerifyTime};
use crate::rule::{Check, Rule, Skip, Verdict};
use crate::signs::Signs;
use crate::{Case, Context, Diagnosis, ServerKnowledge, diagnose};

/// Follows the flows of a script, one tracker each.
#[derive(Default)]
struct Sink {
    shared: Shared,
    trackers: Vec<Option<Tracker>>,
    connections: Vec<Connection>,
}

impl Sink {
    fn tracker(&mut self, flow: &impl FlowView) -> &mut Tracker {
        let index = flow.id().index();
        if self.trackers.len() <= index {
            self.trackers.resize_with(index + 1, || None);
        }
        self.trackers[index].get_or_insert_with(|| Tracker::new(flow))
    }
}

impl StreamSink for Sink {
    fn data(
        &mut self,
        flow: &impl FlowView,
        direction: Direction,
        at: Place,
        bytes: &[u8],
    ) -> Interest {
        let shared = std::mem::take(&mut self.shared);
        let interest = self.tracker(flow).data(&shared, direction, at, bytes);
        self.shared = shared;
        interest
    }

    fn gap(&mut self, flow: &impl FlowView, direction: Direction, gap: Gap) -> Interest {
        self.tracker(flow).gap(direction, gap)
    }

    fn conflict(&mut self, _: &impl FlowView, _: Direction, _: OverlapConflict) {}

    fn ended(&mut self, flow: EndedFlow) {
        let tracker = self.trackers.get_mut(flow.id.index()).and_then(Option::take);
        self.connections.push(match tracker {
            Some(tracker) => *tracker.finish(flow),
            None => *Connection::without_data(flow),
        });
    }
}

/// What the connections of a script tell of each other's servers. Looks at all of them each time.
struct Others<'c>(&'c [Connection]);

impl Others<'_> {
    /// The other connections to the same server.
    fn to_server(&self, connection: &Connection) -> impl Iterator<Item = &Connection> {
        let (server, client, first) = (connection.server, connection.client, connection.first);
        self.0
            .iter()
            .filter(move |other| other.server == server)
            .filter(move |other| (other.client, other.first) != (client, first))
    }
}

fn name(connection: &Connection) -> Option<&WireText> {
    Some(&connection.client_hello()?.value.extensions.server_name()?.host_name)
}

fn newest(connection: &Connection) -> Option<Located<ProtocolVersion>> {
    let hello = connection.client_hello()?;
    Some(Located::new(hello.value.newest_version()?, hello.at))
}

impl ServerKnowledge for Others<'_> {
    fn challenge_answered(&self, connection: &Connection) -> Option<Located<Endpoint>> {
        let other = self.0.iter().find(|other| {
            other.is_acme_validation()
                && other.outcome == Outcome::Completed
                && name(other) == name(connection)
        })?;
        Some(Located::new(other.server, other.client_hello()?.at))
    }

    fn content_before(&self, connection: &Connection) -> Option<Place> {
        let suites =
            |other: &Connection| Some(other.client_hello()?.value.cipher_suites().to_vec());
        self.to_server(connection)
            .filter(|other| other.client.address == connection.client.address)
            .filter(|other| name(other) == name(connection) && suites(other) == suites(connection))
            .filter(|other| other.first.order() < connection.first.order())
            .find(|other| other.application_data.server.records > 0)
            .map(|other| other.first)
    }

    fn chain_in_clear(&self, connection: &Connection) -> Option<Located<Arc<SentChain>>> {
        let chain = self
            .to_server(connection)
            .filter(|other| name(other) == name(connection))
            .find_map(|other| other.server_chain.present())?;
        Some(Located::new(Arc::new(chain.value.clone()), chain.at))
    }

    fn chose(&self, connection: &Connection) -> Option<Located<ServerHello>> {
        self.to_server(connection).find_map(|other| other.server_hello.present().cloned())
    }

    fn chain_for_a_name(
        &self,
        connection: &Connection,
    ) -> Option<Located<(WireText, Arc<SentChain>)>> {
        self.to_server(connection).find_map(|other| {
            let chain = other.server_chain.present()?;
            Some(Located::new((name(other)?.clone(), Arc::new(chain.value.clone())), chain.at))
        })
    }

    fn succeeded_with_older(&self, connection: &Connection) -> Option<Located<ProtocolVersion>> {
        let own = newest(connection)?;
        self.to_server(connection)
            .filter(|other| other.outcome == Outcome::Completed)
            .filter(|other| other.client.address == connection.client.address)
            .find_map(|other| newest(other).filter(|older| older.value.rank() < own.value.rank()))
    }
}

/// The connections of a script in the order of their start, and a policy that trusts its root.
fn run(script: &str) -> (Vec<Connection>, Policy) {
    let story = tlsleuth_testkit::script(script);
    let mut decoder = Decoder::new(Limits::default());
    let mut table = FlowTable::new(Limits::default());
    let mut sink = Sink::default();
    for frame in story.frames() {
        match decoder.decode(&frame.frame()) {
            Decoded::Segment(segment) => table.push(&segment, &mut sink),
            Decoded::Icmp(error) => table.push_icmp(&error, &mut sink),
            _ => panic!("frame {} cannot be decoded", frame.place.frame),
        }
    }
    table.finish(&mut sink);
    let mut connections = sink.connections;
    // What `watch` writes to move the clock.
    connections.retain(|connection| connection.server.port != 9);
    connections.sort_by_key(|connection| connection.first.order());
    (connections, policy(&story))
}

/// A policy that trusts a script's root.
fn policy(story: &tlsleuth_testkit::Story) -> Policy {
    let store = CertificateStore::default();
    let mut anchors = Anchors::none();
    anchors.add(store.intern(tlsleuth_testkit::pki().root()));
    for der in story.anchors() {
        anchors.add(store.intern(der));
    }
    Policy {
        judge: Arc::new(Judge::new(anchors)),
        roots: "none",
        own_anchors: true,
        verify_time: VerifyTime::Capture,
        judge_chains: true,
        slow_handshake_ns: 2_000_000_000,
    }
}

/// The authorities that a script shows.
fn intermediates(connections: &[Connection]) -> SeenIntermediates {
    let seen = SeenIntermediates::default();
    for connection in connections {
        for chain in [&connection.server_chain, &connection.client_chain] {
            if let Some(chain) = chain.present() {
                seen.add(&chain.value.chain);
            }
        }
    }
    seen
}

/// The first connection of a script, and what `judge` says of it.
pub(crate) fn one(script: &str, judge: Judging) -> (Connection, Diagnosis) {
    let (mut connections, _) = run(script);
    let connection = connections.remove(0);
    let found = judged(&connection, judge);
    (connection, found)
}

type Judging = fn(&Connection, &Policy, &Context<'_>) -> Diagnosis;

/// What `judge` says of a connection, alone and with a policy that trusts nobody.
pub(crate) fn judged(connection: &Connection, judge: Judging) -> Diagnosis {
    let intermediates = SeenIntermediates::default();
    let context = Context { intermediates: &intermediates, servers: &Others(&[]) };
    judge(connection, &policy(&tlsleuth_testkit::script("")), &context)
}

/// What one rule says of a script's connections: its findings with their evidence, or `clear`, `not
/// applicable`, `undetermined`.
#[track_caller]
pub(crate) fn check(rule: &Rule, script: &str, expect: Expect) {
    let (connections, policy) = run(script);
    let intermediates = intermediates(&connections);
    let context = Context { intermediates: &intermediates, servers: &Others(&connections) };
    let mut told = String::new();
    for connection in &connections {
        let case = Case::new(connection, &policy, &context);
        let needs = |signs: Signs, verdict: &Verdict| {
            let skipped = !rule.needs.are_in(signs);
            assert!(!(skipped && matches!(verdict, Ok(Some(_)))), "{} needs less", rule.code);
        };
        match rule.check {
            Check::Connection(check) => {
                let verdict = check(&case);
                needs(case.signs, &verdict);
                tell(&mut told, rule, None, verdict);
            }
            Check::Chain(check) => {
                let judged = [Side::Server, Side::Client].map(|side| (side, case.chain(side)));
                let sent = judged.iter().any(|(_, chain)| chain.is_ok());
                for (side, chain) in judged {
                    match chain {
                        Ok(chain) => {
                            let verdict = check(&case, chain);
                            needs(case.signs.and(chain.signs), &verdict);
                            tell(&mut told, rule, Some(side), verdict);
                        }
                        // The client rarely sends one: its absence is only worth a line when there
                        // is nothing else to say.
                        Err(skip) if !sent && side == Side::Server => {
                            tell(&mut told, rule, Some(side), Err(skip));
                        }
                        Err(_) => {}
                    }
                }
            }
        }
    }
    expect.assert_eq(&told);
}

fn tell(
    told: &mut String,
    rule: &Rule,
    chain: Option<Side>,
    verdict: Result<Option<Finding>, Skip>,
) {
    match verdict {
        Ok(Some(mut finding)) => {
            finding.chain = chain;
            write_finding(told, &finding.of(rule));
        }
        Ok(None) => told.push_str("clear\n"),
        Err(Skip::NotApplicable) => told.push_str("not applicable\n"),
        Err(Skip::Undetermined) => told.push_str("undetermined\n"),
    }
}

fn write_finding(told: &mut String, finding: &Finding) {
    let _ = writeln!(
        told,
        "{} {} ({}, {}): {}",
        finding.severity.name(),
        finding.code,
        finding.confidence.name(),
        finding.party.name(),
        finding.title
    );
    for evidence in &finding.evidence {
        let _ = writeln!(told, "  frame {}: {}", evidence.at.frame, evidence.says);
    }
    // A finding that a reader cannot act on is none.
    if finding.severity > crate::Severity::Info {
        assert!(!finding.remedy.is_empty(), "{}: no remedy", finding.code);
    }
    assert!(!finding.title.ends_with('.'), "{}: full stop in the title", finding.code);
    assert!(!finding.evidence.is_empty(), "{}: no evidence", finding.code);
}

/// The diagnosis of each connection of a script.
pub(crate) fn diagnoses(script: &str) -> Vec<Diagnosis> {
    let (connections, policy) = run(script);
    let intermediates = intermediates(&connections);
    let context = Context { intermediates: &intermediates, servers: &Others(&connections) };
    connections.iter().map(|connection| diagnose(connection, &policy, &context)).collect()
}

/// The outcome and the verdict of each connection of a script, a line each.
#[track_caller]
pub(crate) fn check_verdict(script: &str, expect: Expect) {
    let mut told = String::new();
    for diagnosis in diagnoses(script) {
        let verdict = diagnosis.verdict().map_or("none", |finding| finding.code);
        let _ = writeln!(told, "{}: {verdict}", diagnosis.outcome.name());
    }
    expect.assert_eq(&told);
}

mod tests {
    //! Which finding wins.

    use expect_test::expect;

    use super::{check_verdict, diagnoses};

    #[test]
    fn a_cause_beats_the_symptom_that_it_leads_to() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=leaf + ServerHelloDone
             client Alert fatal unknown_ca
             client FIN",
            expect![[r#"
                failed: chain.missing-intermediate
            "#]],
        );
    }

    #[test]
    fn a_lost_last_segment_is_unseen_and_nothing_was_said_wrong() {
        // The alert was sent and acknowledged; that the server closed without a byte would be false.
        check_verdict(
            "client ClientHello sni=shop.example
             server Alert fatal handshake_failure lose
             server FIN
             client FIN",
            expect![[r#"
                incomplete: none
            "#]],
        );
        // So was the ClientHello: it is no health check.
        check_verdict(
            "client ClientHello sni=shop.example lose
             server FIN
             client FIN",
            expect![[r#"
                incomplete: none
            "#]],
        );
        // The client's Finished and request, in a handshake that went well.
        check_verdict(
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200
             client ChangeCipherSpec + Finished + ApplicationData 100 lose
             server Encrypted 250
             server Alert encrypted
             server FIN
             client FIN",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    #[test]
    fn a_client_without_a_finished_failed_whatever_else_was_lost() {
        // The server's last words, behind the refusal.
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=www.example + ServerKeyExchange + ServerHelloDone
             client FIN
             server Alert fatal decode_error lose
             server FIN",
            expect![[r#"
                failed: sni.certificate-mismatch
            "#]],
        );
        check_verdict(
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200
             client ChangeCipherSpec + Alert encrypted
             client FIN
             server Encrypted 19 lose
             server FIN",
            expect![[r#"
                failed: peer.client-rejected-certificate
            "#]],
        );
    }

    #[test]
    fn what_has_no_room_for_a_finished_hides_none() {
        // An alert in clear is 7 bytes, the smallest Finished of TLS 1.2 is 21, of TLS 1.3 50.
        let missing = |version: &str, bytes: usize| {
            format!(
                "client ClientHello sni=shop.example versions={version}
                 server ServerHello negotiated={version} + Certificate leaf=www.example + ServerKeyExchange + ServerHelloDone
                 client Bytes {} lose
                 server ACK
                 client RST",
                "00".repeat(bytes)
            )
        };
        check_verdict(
            &missing("1.2", 7),
            expect![[r#"
                failed: sni.certificate-mismatch
            "#]],
        );
        check_verdict(
            &missing("1.2", 20),
            expect![[r#"
                failed: sni.certificate-mismatch
            "#]],
        );
        check_verdict(
            &missing("1.2", 21),
            expect![[r#"
                incomplete: none
            "#]],
        );
        let missing = |bytes: usize| {
            format!(
                "client ClientHello sni=shop.example
                 server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200
                 client Bytes {} lose
                 server ACK
                 client RST",
                "00".repeat(bytes)
            )
        };
        check_verdict(
            &missing(49),
            expect![[r#"
                failed: peer.client-rejected-certificate
            "#]],
        );
        check_verdict(
            &missing(50),
            expect![[r#"
                incomplete: none
            "#]],
        );
        // The rest of a record that had begun.
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=www.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Bytes 1603030028000000000000000000000000000000000000000000000000000000000000000000000000
             client Bytes 0000000000 lose
             server ACK
             client RST",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    #[test]
    fn who_left_said_something_that_is_not_there() {
        let [diagnosis] = &diagnoses(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=www.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate lose
             server ACK
             client RST",
        )[..] else {
            panic!("one connection")
        };
        let told = &diagnosis.verdict().unwrap().explanation;
        assert!(told.contains("7 bytes that it had sent before are not in the capture"), "{told}");
        assert!(!told.contains("without a word"), "{told}");
    }

    #[test]
    fn a_lost_flight_of_the_server_makes_no_failure_of_a_close() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone lose
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client Alert encrypted
             client FIN
             server FIN",
            expect![[r#"
                completed: none
            "#]],
        );
    }

    #[test]
    fn an_answer_to_a_close_is_no_failure_where_the_flight_before_it_was_lost() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished lose
             server ChangeCipherSpec + Finished
             client FIN
             server Alert fatal decode_error",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    const FULL: &str = "client ClientHello versions=1.2 sni=other.example
         server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
         client ClientKeyExchange + ChangeCipherSpec + Finished
         server ChangeCipherSpec + Finished\n";

    #[test]
    fn who_leaves_at_once_with_nothing_sent_refused() {
        check_verdict(
            &format!("{FULL}client FIN"),
            expect![[r#"
            failed: sni.certificate-mismatch
        "#]],
        );
        let diagnoses = diagnoses(&format!("{FULL}client FIN"));
        let verdict = diagnoses[0].verdict().unwrap();
        assert_eq!(verdict.confidence, crate::Confidence::Likely);
        assert!(verdict.explanation.contains("left with nothing sent"), "{}", verdict.explanation);
    }

    #[test]
    fn what_was_said_behind_the_handshake_may_be_lost() {
        check_verdict(
            &format!(
                "{FULL}
                 client ApplicationData 40 lose
                 server ApplicationData 80 lose
                 client Alert encrypted
                 client FIN
                 server FIN"
            ),
            expect![[r#"
                completed: none
            "#]],
        );
    }

    #[test]
    fn an_alert_that_cannot_be_read_tells_nothing_without_the_server_s_flight() {
        check_verdict(
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone lose
             server Bytes 00112233445566778899
             client ClientKeyExchange + ChangeCipherSpec + Finished
             client Alert encrypted
             client FIN",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    #[test]
    fn who_leaves_later_had_other_reasons() {
        check_verdict(
            &format!("{FULL}wait 900ms\nclient FIN"),
            expect![[r#"
            completed: none
        "#]],
        );
    }

    #[test]
    fn a_certificate_is_not_why_a_client_left_that_takes_it_elsewhere() {
        let data =
            "client ApplicationData 100\nserver ApplicationData 100\nclient FIN\nserver FIN\n";
        check_verdict(
            &format!("{FULL}{data}connection\n{FULL}client FIN"),
            expect![[r#"
            completed: none
            completed: none
        "#]],
        );
    }

    #[test]
    fn a_certificate_is_not_why_a_client_left_before_it_came() {
        check_verdict(
            "client ClientHello versions=1.2 sni=other.example
             client FIN
             server ServerHello + Certificate leaf=shop.example expired + ServerHelloDone
             client RST",
            expect![[r#"
                failed: tcp.closed-during-handshake
            "#]],
        );
    }

    #[test]
    fn what_is_neither_acknowledged_nor_sent_again_is_not_in_the_capture() {
        check_verdict(
            "client ClientHello sni=shop.example\nwatch 30s",
            expect![[r#"
            incomplete: none
        "#]],
        );
        check_verdict(
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerHelloDone
             watch 30s",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    #[test]
    fn a_server_that_closes_much_later_had_taken_the_client_s_flight() {
        let flight = "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200 + Finished
             client ChangeCipherSpec + Encrypted 63
             server ACK\n";
        check_verdict(
            &format!("{flight}wait 10s\nserver FIN"),
            expect![[r#"
            completed: none
        "#]],
        );
        check_verdict(
            &format!("{flight}wait 5ms\nserver FIN"),
            expect![[r#"
            failed: client-auth.rejected
        "#]],
        );
    }

    #[test]
    fn a_port_of_implicit_tls_that_speaks_plainly_is_the_server_s_fault() {
        let smtp = "client ClientHello sni=mail.example
             server Plain \"220 mail.example ESMTP\\r\\n\"
             client FIN";
        let party = |script: &str| diagnoses(script)[0].verdict().unwrap().party;
        assert_eq!(party(&format!("port 465\n{smtp}")), crate::Party::Server);
        assert_eq!(party(&format!("port 587\n{smtp}")), crate::Party::Client);
    }

    #[test]
    fn what_the_client_said_is_set_beside_what_is_seen() {
        let said = |leaf: &str, alert: &str| {
            let diagnoses = diagnoses(&format!(
                "client ClientHello sni=shop.example versions=1.2
                 server ServerHello + Certificate leaf=shop.example {leaf} + ServerKeyExchange + ServerHelloDone
                 client Alert fatal {alert}"
            ));
            let verdict = diagnoses[0].verdict().unwrap();
            (verdict.code, verdict.party, verdict.explanation.clone())
        };
        let (code, party, why) = said("", "certificate_expired");
        assert_eq!((code, party), ("peer.client-rejected-certificate", crate::Party::Client));
        assert!(why.contains("the client's clock is wrong"), "{why}");
        let (_, party, why) = said("", "unknown_ca");
        assert_eq!(party, crate::Party::Client);
        assert!(why.contains("does not have that root"), "{why}");
        let (_, _, why) = said("", "bad_certificate");
        assert!(why.contains("What remains"), "{why}");
        let (code, _, why) = said("chain=untrusted", "unknown_ca");
        assert_eq!(code, "chain.untrusted-root");
        assert!(why.contains("this client was not given that root"), "{why}");
        let (code, _, why) = said("not-yet-valid", "certificate_expired");
        assert_eq!(code, "chain.not-yet-valid");
        assert!(why.contains("NSS, rustls"), "{why}");
        let (_, _, why) = said("expired chain=leaf", "bad_certificate");
        assert!(why.contains("fits as well"), "{why}");
    }

    #[test]
    fn nodes_that_differ_in_a_challenge_are_told() {
        let hello = "client ClientHello sni=shop.example alpn=acme-tls/1 versions=1.2\n";
        let done = "server ServerHello alpn=acme-tls/1 + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client FIN\n";
        let failed = "server Alert fatal internal_error";
        let diagnoses = diagnoses(&format!("{hello}{done}connection\n{hello}{failed}"));
        let verdict = diagnoses[1].verdict().unwrap();
        assert_eq!(verdict.code, "alpn.acme-challenge");
        assert!(verdict.explanation.contains("several nodes"), "{}", verdict.explanation);
        let codes: Vec<_> = diagnoses[1].findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["alpn.acme-challenge"]);
    }

    #[test]
    fn more_records_than_a_flight_has_are_data() {
        let many = |side: &str| format!("{side} Encrypted 40\n").repeat(9);
        check_verdict(
            &format!(
                "client ClientHello sni=shop.example
                 server ServerHello negotiated=1.3
                 {}{}client FIN
                 server FIN",
                many("client"),
                many("server")
            ),
            expect![[r#"
                completed: none
            "#]],
        );
    }

    /// Ways of a handshake up to its end, which follows.
    const WAYS: &[&str] = &[
        "client SYN\nserver SYN-ACK\nclient ACK",
        "client ClientHello sni=shop.example",
        "client ClientHello",
        "client ClientHello sni=shop.example versions=1.2\nserver ServerHello + Certificate leaf=shop.example",
        "client ClientHello sni=shop.example versions=1.2
         server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
         client ACK",
        "client ClientHello sni=shop.example versions=1.2
         server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
         client ClientKeyExchange + ChangeCipherSpec + Finished
         server ACK",
        "client ClientHello sni=shop.example
         server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200 + Finished
         client ACK",
        "client ClientHello sni=shop.example
         server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200 + Finished
         client ChangeCipherSpec + Encrypted 1100 + Finished
         server ACK",
        "no-syn",
        "client Plain \"EHLO mail.example\\r\\n\"",
        "client Plain \"GET / HTTP/1.1\\r\\n\\r\\n\"",
    ];

    /// Whatever ends a handshake that failed, the report says something of why.
    #[test]
    fn whatever_failed_has_a_verdict() {
        use tlsleuth_handshake::codepoint::AlertDescription;
        let mut ends: Vec<String> =
            ["watch 30s", "FIN", "RST", "Alert encrypted", "wait 20s\nSIDE FIN"]
                .iter()
                .map(|end| (*end).to_owned())
                .collect();
        ends.extend(AlertDescription::ALL.iter().filter_map(|alert| alert.name()).flat_map(
            |name| [format!("Alert fatal {name}"), format!("Alert fatal {name}\nSIDE FIN")],
        ));
        let mut without = String::new();
        for way in WAYS {
            for side in ["client", "server"] {
                for end in &ends {
                    let end = if end.starts_with("wa") {
                        end.replace("SIDE", side)
                    } else {
                        format!("{side} {}", end.replace("SIDE", side))
                    };
                    let script = format!("{way}\n{end}");
                    for diagnosis in diagnoses(&script) {
                        let failed = diagnosis.outcome == tlsleuth_handshake::Outcome::Failed;
                        if failed && diagnosis.verdict().is_none() {
                            without.push_str(&format!("-- {script}\n"));
                        }
                    }
                }
            }
        }
        assert!(without.is_empty(), "failed without a verdict:\n{without}");
    }

    #[test]
    fn a_health_check_has_a_name_and_is_no_error() {
        let script = "client SYN
             server SYN-ACK
             client ACK
             client FIN
             server FIN";
        check_verdict(
            script,
            expect![[r#"
            failed: tcp.no-client-hello
        "#]],
        );
        let diagnoses = diagnoses(script);
        assert!(
            diagnoses
                .iter()
                .flat_map(|diagnosis| &diagnosis.findings)
                .all(|finding| finding.severity < crate::Severity::Error)
        );
    }

    #[test]
    fn a_healthy_handshake_has_no_verdict_and_no_error() {
        let script = "client ClientHello sni=shop.example alpn=h2,http/1.1
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200 + Finished
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server NewSessionTicket
             server ApplicationData 200
             client Alert encrypted
             client FIN
             server FIN";
        check_verdict(
            script,
            expect![[r#"
            completed: none
        "#]],
        );
    }

    #[test]
    fn an_answer_to_a_close_is_an_effect() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example expired + ServerHelloDone
             client FIN
             server Alert fatal decode_error
             server FIN",
            expect![[r#"
                failed: chain.expired
            "#]],
        );
    }

    #[test]
    fn a_refusal_before_tls_beats_what_follows() {
        check_verdict(
            r#"port 143
             server Plain "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"
             client Plain ". STARTTLS\r\n"
             server Plain ". BAD TLS is not enabled\r\n"
             client ClientHello sni=mail.example
             server Plain "* BAD unknown\r\n"
             client FIN"#,
            expect![[r#"
                failed: protocol.starttls-refused
            "#]],
        );
    }

    #[test]
    fn what_is_lost_on_the_path_beats_who_closed() {
        check_verdict(
            "client ClientHello sni=shop.example
             server ServerHello + Encrypted 1300 lose vanish
             server Encrypted 53
             client ACK
             wait 10s
             client FIN",
            expect![[r#"
                failed: tcp.server-flight-lost
            "#]],
        );
    }

    #[test]
    fn one_direction_alone_has_no_verdict() {
        check_verdict(
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerHelloDone lose
             client ACK
             client ClientKeyExchange + ChangeCipherSpec + Finished
             client Alert encrypted
             client FIN",
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    /// The remedy of the verdict of a script's only connection.
    fn remedy(script: &str) -> String {
        let [diagnosis] = &diagnoses(script)[..] else { panic!("one connection") };
        diagnosis.verdict().map(|verdict| verdict.remedy.to_string()).unwrap_or_default()
    }

    const REQUIRED: &str = "client ClientHello versions=1.2
         server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest authorities=Shop_CA + ServerHelloDone
         client Certificate none + ClientKeyExchange + ChangeCipherSpec + Finished
         server Alert fatal handshake_failure
         server FIN";

    const IMAP: &str = r#"port 143
         server Plain "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready.\r\n"
         client Plain "a STARTTLS\r\n"
         server Plain "a OK Begin TLS negotiation now.\r\n""#;

    #[test]
    fn the_preamble_tells_the_program() {
        let told = remedy(&format!("{IMAP}\n{REQUIRED}"));
        assert!(told.contains("(Dovecot: auth_ssl_require_client_cert = no)"), "{told}");
        assert!(!told.contains("nginx: ssl_verify_client"), "{told}");
    }

    #[test]
    fn the_port_of_implicit_tls_tells_it_too() {
        let told = remedy(&format!("port 465\n{REQUIRED}"));
        assert!(told.contains("Postfix: smtpd_tls_req_ccert = no"), "{told}");
    }

    #[test]
    fn web_servers_are_named_elsewhere() {
        let told = remedy(REQUIRED);
        assert!(
            told.contains("nginx: ssl_verify_client optional; Apache: SSLVerifyClient"),
            "{told}"
        );
    }

    #[test]
    fn the_setting_of_versions_is_named() {
        let told = remedy(&format!(
            "{IMAP}
             client ClientHello versions=1.2
             server Alert fatal protocol_version
             server FIN"
        ));
        assert!(told.contains("Dovecot: ssl_min_protocol"), "{told}");
    }

    #[test]
    fn text_at_a_port_of_mail_is_meant_for_mail() {
        let told = remedy(
            r#"port 993
             client Plain "a LOGIN user secret\r\n"
             server FIN
             client FIN"#,
        );
        assert!(told.contains("or to STARTTLS on 143"), "{told}");
    }
}

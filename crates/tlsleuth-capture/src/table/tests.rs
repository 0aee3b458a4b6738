//! What listeners hear of small scripted flows.

use super::*;
use crate::flow::{EndedFlow, FlowView};
use crate::stream::{Direction, Gap, GapCause, Interest};
use crate::transport::OverlapConflict;
use crate::{Address, Endpoint, Place, SeqNumber, TunnelId};

#[derive(Default)]
struct Heard {
    forward: Vec<u8>,
    reverse: Vec<u8>,
    gaps: Vec<Gap>,
    ended: Vec<EndedFlow>,
    settle_at: Option<usize>,
}

impl StreamSink for Heard {
    fn data(
        &mut self,
        _: &impl FlowView,
        direction: Direction,
        _: Place,
        bytes: &[u8],
    ) -> Interest {
        let stream = match direction {
            Direction::Forward => &mut self.forward,
            Direction::Reverse => &mut self.reverse,
        };
        stream.extend_from_slice(bytes);
        let enough = self.settle_at.is_some_and(|at| stream.len() >= at);
        if enough { Interest::Settled } else { Interest::More }
    }

    fn gap(&mut self, _: &impl FlowView, _: Direction, gap: Gap) -> Interest {
        self.gaps.push(gap);
        Interest::More
    }

    fn conflict(&mut self, _: &impl FlowView, _: Direction, _: OverlapConflict) {}

    fn ended(&mut self, flow: EndedFlow) {
        self.ended.push(flow);
    }
}

const CLIENT: [u8; 4] = [10, 0, 0, 7];
const SERVER: [u8; 4] = [10, 0, 0, 2];

struct Script {
    table: FlowTable,
    heard: Heard,
    frame: u64,
    port: u16,
}

impl Script {
    fn new() -> Self {
        let table = FlowTable::new(Limits::default());
        Self { table, heard: Heard::default(), frame: 0, port: 51234 }
    }

    fn send(&mut self, from: [u8; 4], flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        self.frame += 1;
        let end = |address, port| Endpoint { address: Address::v4(address), port };
        let (source, destination) = if from == CLIENT {
            (end(CLIENT, self.port), end(SERVER, 443))
        } else {
            (end(SERVER, 443), end(CLIENT, self.port))
        };
        let time = Timestamp(i64::try_from(self.frame).unwrap() * 1_000_000);
        let segment = Segment {
            place: Place { frame: self.frame, time, ..Place::default() },
            source,
            destination,
            tunnel: TunnelId::NONE,
            seq: SeqNumber(seq),
            ack: SeqNumber(ack),
            flags: TcpFlags(flags),
            window: 1000,
            options: &[],
            header: &[],
            payload,
            cut: 0,
            ttl: 64,
            ip_id: Some(1),
        };
        self.table.push(&segment, &mut self.heard);
    }

    fn open(&mut self) {
        self.send(CLIENT, 0x02, 99, 0, b"");
        self.send(SERVER, 0x12, 499, 100, b"");
        self.send(CLIENT, 0x10, 100, 500, b"");
    }

    fn finish(&mut self) -> &EndedFlow {
        self.table.finish(&mut self.heard);
        self.heard.ended.last().unwrap()
    }
}

#[test]
fn a_connection_is_told_whole() {
    let mut script = Script::new();
    script.open();
    script.send(CLIENT, 0x18, 100, 500, b"hello");
    script.send(SERVER, 0x18, 500, 105, b"world");
    script.send(CLIENT, 0x11, 105, 505, b"");
    script.send(SERVER, 0x11, 505, 106, b"");
    let flow = script.finish();
    assert_eq!(flow.reason, EndReason::Closed);
    assert_eq!(flow.frames, 7);
    assert_eq!(flow.facts.established.map(|at| at.frame), Some(3));
    assert_eq!(flow.facts.forward.stream_bytes, 5);
    assert_eq!(flow.facts.forward.acknowledged_bytes, 5);
    assert_eq!(flow.facts.forward.fin.map(|at| at.frame), Some(6));
    assert_eq!(flow.forward_source.port, 51234);
    assert_eq!(script.heard.forward, b"hello");
    assert_eq!(script.heard.reverse, b"world");
    assert_eq!(script.table.held, Held::default());
}

#[test]
fn a_gap_says_whether_the_receiver_had_the_bytes() {
    for (ack, cause) in [(110, GapCause::NotCaptured), (100, GapCause::NotAcknowledged)] {
        let mut script = Script::new();
        script.open();
        script.send(CLIENT, 0x18, 105, 500, b"later");
        script.send(SERVER, 0x10, 500, ack, b"");
        let flow = script.finish();
        assert!(flow.facts.forward.from_start);
        assert_eq!(script.heard.gaps.len(), 1);
        assert_eq!(script.heard.gaps[0].len_bytes, 5);
        assert_eq!(script.heard.gaps[0].cause, cause);
        assert_eq!(script.heard.forward, b"later");
    }
}

#[test]
fn bytes_that_only_a_fin_or_an_acknowledgment_shows_are_a_gap() {
    // The number of the server's FIN, and what acknowledges it: what is missing, and why.
    for (fin, ack, missing) in [
        (Some(507), 508, Some((7, GapCause::NotCaptured))),
        (Some(507), 500, Some((7, GapCause::NotAcknowledged))),
        (None, 507, Some((7, GapCause::NotCaptured))),
        (Some(500), 501, None),
        // A FIN that was not captured takes one number.
        (None, 501, None),
    ] {
        let mut script = Script::new();
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"hello");
        script.send(SERVER, 0x10, 500, 105, b"");
        if let Some(fin) = fin {
            script.send(SERVER, 0x11, fin, 105, b"");
        }
        script.send(CLIENT, 0x11, 105, ack, b"");
        script.finish();
        let heard: Vec<_> =
            script.heard.gaps.iter().map(|gap| (gap.len_bytes, gap.cause)).collect();
        assert_eq!(heard, Vec::from_iter(missing), "FIN {fin:?}, acknowledged {ack}");
        assert_eq!(script.table.held, Held::default());
    }
}

#[test]
fn ports_used_again_are_another_connection() {
    let mut script = Script::new();
    script.open();
    script.send(CLIENT, 0x18, 100, 500, b"one");
    script.send(CLIENT, 0x02, 7_000_000, 0, b"");
    script.send(CLIENT, 0x02, 7_000_000, 0, b"");
    script.finish();
    assert_eq!(script.heard.ended.len(), 2);
    assert_eq!(script.heard.ended[0].reason, EndReason::Replaced);
    assert_eq!(script.heard.ended[1].facts.syn_retransmissions.total(), 1);
    assert_eq!(script.heard.ended[1].frames, 2);
}

#[test]
fn a_syn_that_meets_an_old_connection_opens_another() {
    let mut script = Script::new();
    script.open();
    script.send(CLIENT, 0x18, 100, 500, b"old");
    script.send(CLIENT, 0x02, 7_000_000, 0, b"");
    // The server asks whether the old connection is meant; the client resets it.
    script.send(SERVER, 0x10, 500, 103, b"");
    script.send(CLIENT, 0x04, 103, 0, b"");
    script.send(CLIENT, 0x02, 7_000_000, 0, b"");
    script.send(SERVER, 0x12, 8_000_000, 7_000_001, b"");
    script.send(CLIENT, 0x10, 7_000_001, 8_000_001, b"");
    script.send(CLIENT, 0x18, 7_000_001, 8_000_001, b"new");
    script.send(SERVER, 0x18, 8_000_001, 7_000_004, b"yes");
    let flow = script.finish().clone();
    assert_eq!(script.heard.ended.len(), 2);
    assert_eq!((flow.reason, flow.frames), (EndReason::CaptureEnd, 8));
    assert!(flow.facts.reset().is_none(), "it was meant for the old connection");
    assert_eq!(flow.facts.established.map(|at| at.frame), Some(10));
    assert_eq!(flow.facts.forward.acknowledged_bytes, 3);
    assert_eq!(script.heard.forward, b"oldnew");
    assert_eq!(script.heard.reverse, b"yes");
    assert!(script.heard.gaps.is_empty());
}

#[test]
fn a_first_flight_without_a_syn_may_come_out_of_order() {
    let mut script = Script::new();
    script.send(CLIENT, 0x18, 105, 500, b" hello");
    assert!(script.heard.forward.is_empty(), "something may come before it");
    script.send(CLIENT, 0x18, 100, 500, b"first");
    script.send(SERVER, 0x18, 500, 111, b"world");
    assert_eq!(script.heard.forward, b"first hello");
    assert_eq!(script.heard.reverse, b"world", "it begins with what the client waits for");
    script.send(CLIENT, 0x18, 111, 505, b"!");
    let flow = script.finish();
    assert_eq!(flow.facts.forward.stream_bytes, 12);
    assert_eq!(script.heard.forward, b"first hello!");
    assert!(script.heard.gaps.is_empty());
}

#[test]
fn a_stream_that_is_joined_late_does_not_wait_for_long() {
    let mut script = Script::new();
    for number in 0..64 {
        assert!(script.heard.forward.is_empty());
        script.send(CLIENT, 0x18, 100 + number, 500, b"x");
    }
    assert_eq!(script.heard.forward.len(), 64, "so many segments, and no earlier one");
    let mut script = Script::new();
    script.send(CLIENT, 0x18, 100, 500, b"x");
    script.frame += 1_000;
    script.send(CLIENT, 0x10, 101, 500, b"");
    assert_eq!(script.heard.forward, b"x", "a second is long enough");
    let mut script = Script::new();
    script.send(CLIENT, 0x18, 100, 500, b"x");
    script.finish();
    assert_eq!(script.heard.forward, b"x");
}

#[test]
fn what_flows_hold_is_bounded() {
    let mut script = Script::new();
    script.table.limits.max_flow_bytes = 100_000;
    for port in 0..2_000 {
        script.port = port;
        script.open();
        script.send(CLIENT, 0x18, 200, 500, &[0; 1000]);
        assert!(script.table.held.total() <= 100_000);
    }
    assert!(script.table.len() > 20, "{}", script.table.len());
    let stats = script.table.stats();
    assert_eq!((stats.flows, stats.evicted), (2_000, script.heard.ended.len() as u64));
    assert!(script.heard.ended.iter().all(|flow| flow.reason == EndReason::Evicted));
    script.finish();
    assert_eq!(script.table.held, Held::default());
}

/// A table of four flows, of which the first one left.
fn full() -> Script {
    let mut script = Script::new();
    script.table.limits.max_flows = 4;
    for port in 1..=5 {
        script.port = port;
        script.send(CLIENT, 0x02, 99, 0, b"");
    }
    assert_eq!(script.table.stats().evicted, 1);
    assert_eq!(script.heard.ended.len(), 1);
    script.port = script.heard.ended[0].forward_source.port;
    script
}

#[test]
fn a_flow_that_was_let_go_is_told_once() {
    let mut script = full();
    script.send(CLIENT, 0x02, 99, 0, b"");
    script.send(SERVER, 0x12, 499, 100, b"");
    script.send(CLIENT, 0x10, 100, 500, b"");
    script.send(CLIENT, 0x18, 100, 500, b"hello");
    script.send(SERVER, 0x18, 500, 105, b"\x15\x03\x03\0\x02\x01\0");
    script.send(SERVER, 0x11, 507, 105, b"");
    let stats = script.table.stats();
    assert_eq!((stats.flows, stats.evicted, stats.segments_after_eviction), (5, 1, 6));
    assert!(script.heard.forward.is_empty() && script.heard.reverse.is_empty());
    script.finish();
    assert_eq!(script.heard.ended.len(), 5);
}

#[test]
fn the_ports_of_a_flow_that_was_let_go_are_used_again() {
    // By another SYN, or the answer to one.
    for (from, flags, seq, ack) in [(CLIENT, 0x02, 7_000, 0), (SERVER, 0x12, 499, 7_001)] {
        let mut script = full();
        script.send(from, flags, seq, ack, b"");
        script.send(CLIENT, 0x18, 7_001, 500, b"hello");
        let stats = script.table.stats();
        assert_eq!((stats.flows, stats.segments_after_eviction), (6, 0));
        assert_eq!(script.heard.forward, b"hello");
    }
}

#[test]
fn a_fatal_alert_of_a_flow_that_was_let_go_is_heard() {
    let mut script = full();
    script.send(CLIENT, 0x18, 100, 500, b"hello");
    script.send(SERVER, 0x18, 500, 105, b"\x15\x03\x03\0\x02\x02\x28");
    script.finish();
    let stats = script.table.stats();
    assert_eq!((stats.flows, stats.segments_after_eviction), (6, 1));
    assert!([&script.heard.forward, &script.heard.reverse].iter().any(|heard| heard.len() == 7));
}

#[test]
fn unanswered_flows_do_not_push_out_those_that_go_on() {
    let mut script = Script::new();
    script.table.limits.max_flows = 80;
    for port in 1..=40 {
        script.port = port;
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"hel");
    }
    for port in 1_000..3_000 {
        script.port = port;
        script.send(CLIENT, 0x02, 99, 0, b"");
        if port == 2_900 {
            // One of them is answered while others come.
            script.send(CLIENT, 0x02, 99, 0, b"");
        }
    }
    for port in (1..=40).chain([2_999]) {
        script.port = port;
        script.send(SERVER, 0x12, 499, 100, b"");
    }
    let stats = script.table.stats();
    assert_eq!((stats.segments_after_eviction, script.table.len()), (0, 80));
    assert!(script.heard.ended.iter().all(|flow| flow.forward_source.port >= 1_000));
}

#[test]
fn segments_without_a_byte_count_and_take_a_flow_on() {
    let mut script = Script::new();
    // Joined on the way: acknowledgments alone, of the one side and then of the other.
    script.send(CLIENT, 0x10, 100, 500, b"");
    script.send(CLIENT, 0x10, 100, 520, b"");
    assert_eq!(script.table.slots.stages().least(0), Stage::Unanswered);
    script.send(SERVER, 0x10, 520, 100, b"");
    assert_eq!(script.table.slots.stages().least(0), Stage::Open, "somebody answers");
    script.send(CLIENT, 0x10, 100, 540, b"");
    let flow = script.finish();
    assert_eq!(flow.frames, 4);
    assert_eq!((flow.facts.forward.segments, flow.facts.reverse.segments), (3, 1));
    assert_eq!(flow.facts.reverse.acknowledged_bytes, 40);
}

#[test]
fn flows_that_are_done_leave_before_those_that_go_on_and_before_new_ones() {
    let mut script = Script::new();
    script.heard.settle_at = Some(1);
    script.table.limits.max_flows = 64;
    for port in 1..=32 {
        script.port = port;
        script.open();
    }
    for port in 101..=132 {
        script.port = port;
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"hello");
    }
    for port in 201..=220 {
        script.port = port;
        script.open();
    }
    let left = script.heard.ended.iter().map(|flow| flow.forward_source.port);
    assert_eq!(left.clone().count(), 20);
    assert!(left.clone().all(|port| (101..=132).contains(&port)), "{:?}", left.collect::<Vec<_>>());
}

#[test]
fn an_acknowledgment_that_the_host_does_not_know_of_is_taken_back() {
    for (last_ack, bytes, probe) in
        [(500, 0, &b""[..]), (505, 5, b""), (500, 0, b"?"), (505, 5, b"?")]
    {
        let mut script = Script::new();
        script.open();
        script.send(CLIENT, 0x18, 100, 500, b"hello");
        script.send(SERVER, 0x18, 500, 105, b"world");
        // A keep-alive that acknowledges the answer; then the client leaves.
        script.send(CLIENT, 0x10, 104, 505, probe);
        script.send(CLIENT, 0x11, 105, last_ack, b"");
        let flow = script.finish();
        assert_eq!(flow.facts.reverse.acknowledged_bytes, bytes);
    }
}

#[test]
fn a_guessed_reset_is_not_the_end() {
    let mut script = Script::new();
    script.open();
    script.send(SERVER, 0x04, 3_000_000_000, 0, b"");
    script.send(CLIENT, 0x18, 100, 500, b"still");
    let flow = script.finish();
    assert_eq!(flow.facts.resets.total(), 1);
    assert!(flow.facts.reset().is_none());
    assert_eq!(flow.reason, EndReason::CaptureEnd);
}

#[test]
fn a_refusal_is_a_reset_that_acknowledges_the_syn() {
    let mut script = Script::new();
    script.send(CLIENT, 0x02, 99, 0, b"");
    script.send(SERVER, 0x14, 0, 100, b"");
    let flow = script.finish();
    assert!(flow.facts.reset().is_some());
    assert_eq!(flow.reason, EndReason::Reset);
    assert_eq!(flow.facts.syn.map(|syn| syn.isn), Some(SeqNumber(99)));
}

#[test]
fn what_a_reset_acknowledges_was_sent() {
    let mut script = Script::new();
    script.open();
    script.send(SERVER, 0x14, 500, 617, b"");
    script.finish();
    assert_eq!(script.heard.gaps.len(), 1);
    assert_eq!(script.heard.gaps[0].len_bytes, 517);
    assert_eq!(script.heard.gaps[0].cause, GapCause::NotCaptured);
    assert_eq!(script.heard.ended[0].facts.forward.acknowledged_bytes, 517);
}

#[test]
fn what_a_reset_out_of_the_window_acknowledges_is_a_guess() {
    let mut script = Script::new();
    script.open();
    script.send(SERVER, 0x14, 3_000_000_000, 617, b"");
    script.send(SERVER, 0x14, 500, 1_000_000_000, b"");
    script.finish();
    assert!(script.heard.gaps.is_empty());
    assert_eq!(script.heard.ended[0].facts.forward.acknowledged_bytes, 0);
}

#[test]
fn a_fin_that_was_missed_is_known_by_its_number() {
    let mut script = Script::new();
    script.open();
    script.send(SERVER, 0x18, 500, 100, b"world");
    script.send(CLIENT, 0x10, 100, 506, b"");
    let facts = script.finish().facts.clone();
    assert!(facts.reverse.missed_fin());
    assert!(!facts.forward.missed_fin());
    let mut script = Script::new();
    script.open();
    script.send(SERVER, 0x19, 500, 100, b"world");
    script.send(CLIENT, 0x10, 100, 506, b"");
    assert!(!script.finish().facts.reverse.missed_fin());
}

#[test]
fn a_clock_that_is_set_back_ends_no_flow() {
    let mut script = Script::new();
    script.table.now = Timestamp(1_000_000_000_000_000);
    script.open();
    for _ in 0..40 {
        script.send(CLIENT, 0x10, 100, 500, b"");
    }
    assert_eq!(script.table.stats().flows, 1);
    assert!(script.heard.ended.is_empty());
}

#[test]
fn a_greedy_stream_gives_up_first() {
    let mut script = Script::new();
    script.table.limits.max_reassembly_bytes = 100_000;
    script.open();
    let page = [7; 1000];
    for number in 0..120 {
        script.send(SERVER, 0x18, 600 + number * 1000, 100, &page);
    }
    assert_eq!(script.table.stats().holes_given_up, 1, "too much waits, most of it here");
    assert_eq!(script.heard.gaps.len(), 1);
    script.send(SERVER, 0x18, 400_000, 100, &page);
    for number in 0..60 {
        script.send(SERVER, 0x18, 500_000 + number * 1000, 100, &page);
    }
    // Another one comes while much waits, and still gets its bytes in order.
    script.table.limits.max_reassembly_bytes = 1_000;
    script.port += 1;
    script.heard.forward.clear();
    script.open();
    script.send(CLIENT, 0x18, 105, 500, b"world");
    script.send(CLIENT, 0x18, 100, 500, b"hello");
    assert_eq!(script.heard.forward, b"helloworld");
    assert_eq!(script.table.stats().holes_given_up, 1);
}

#[test]
fn a_settled_flow_is_only_counted() {
    let mut script = Script::new();
    script.heard.settle_at = Some(3);
    script.open();
    script.send(CLIENT, 0x18, 100, 500, b"abc");
    script.send(CLIENT, 0x18, 103, 500, b"def");
    script.send(CLIENT, 0x18, 120, 500, b"ghi");
    let held = script.table.held;
    assert_eq!((held.waiting, held.marks), (0, 0));
    let flow = script.finish();
    assert_eq!(flow.frames, 6);
    assert_eq!(flow.facts.forward.stream_bytes, 23);
    assert_eq!(script.heard.forward, b"abc");
    assert!(script.heard.gaps.is_empty());
}

#[test]
fn a_full_table_lets_the_longest_idle_flow_go() {
    let mut script = Script::new();
    script.table.limits.max_flows = 10;
    for isn in 0..100 {
        script.send(CLIENT, 0x02, isn * 100_000, 0, b"");
    }
    assert_eq!(script.table.len(), 1, "the same ports: each SYN replaces the one before");
    assert_eq!(script.table.stats().flows, 100);
}

#[test]
fn flows_leave_wherever_they_are_in_the_table() {
    let mut script = Script::new();
    for port in 0..200 {
        script.port = port;
        script.send(CLIENT, 0x02, 99, 0, b"");
    }
    // All but one leave while another one goes on.
    script.frame += 40_000;
    script.port = 130;
    for _ in 0..2_000 {
        script.send(CLIENT, 0x10, 100, 500, b"");
    }
    assert_eq!(script.table.len(), 1);
    assert_eq!(script.heard.ended.len(), 199);
    assert!(script.heard.ended.iter().all(|flow| flow.reason == EndReason::Idle));
}

#[test]
fn those_that_left_while_they_were_awake_are_forgotten() {
    let mut script = Script::new();
    script.table.limits.max_awake_bytes = 0;
    for port in 1..=5_000 {
        script.port = port;
        script.send(CLIENT, 0x02, 100, 0, b"");
        script.send(SERVER, 0x12, 500, 101, b"");
        script.send(CLIENT, 0x14, 101, 501, b"");
        // From the second one on nothing is packed any more, though it was once.
        script.table.limits.max_awake_bytes = usize::MAX;
    }
    let listed = script.table.resting.awake();
    assert!(listed > 0 && script.table.len() < 1_100, "{listed}, {}", script.table.len());
    assert!(listed <= 3_300, "{listed}");
}

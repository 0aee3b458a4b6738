//! Connections are told while frames come, in order, and the same on two threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::mpsc::sync_channel;

use tlsleuth::{Analyzer, Event, Examiner, Follower, Options};
use tlsleuth_testkit::incident;

/// More than wait to be judged at once.
const CONNECTIONS: usize = 6_000;

/// Number, first frame and verdict of a connection.
type Told = (u64, u64, Option<&'static str>);

fn told(event: Event, into: &mut Vec<Told>) {
    if let Event::Connection(analyzed) = event {
        let verdict = analyzed.diagnosis.verdict().map(|finding| finding.code);
        into.push((analyzed.id, analyzed.connection.first.frame, verdict));
    }
}

fn in_one_piece() -> (Vec<Told>, usize) {
    let mut analyzer = Analyzer::new(Options::default());
    let mut all = Vec::new();
    incident::incident(CONNECTIONS, |frame| {
        analyzer.push_frame(frame);
        while let Some(event) = analyzer.poll() {
            told(event, &mut all);
        }
    });
    let early = all.len();
    analyzer.finish();
    while let Some(event) = analyzer.poll() {
        told(event, &mut all);
    }
    (all, early)
}

fn on_two_threads() -> Vec<Told> {
    let options = Options::default();
    let (mut follower, mut examiner) = (Follower::new(&options), Examiner::new(options));
    let (sender, receiver) = sync_channel(4);
    std::thread::scope(|scope| {
        let judge = scope.spawn(move || {
            let mut all = Vec::new();
            for batch in receiver {
                examiner.take(batch);
                while let Some(event) = examiner.poll() {
                    told(event, &mut all);
                }
            }
            examiner.finish();
            while let Some(event) = examiner.poll() {
                told(event, &mut all);
            }
            all
        });
        incident::incident(CONNECTIONS, |frame| {
            follower.push_frame(frame);
            if follower.ended() >= 64 {
                sender.send(follower.take_ended()).unwrap();
            }
        });
        while follower.finish_some() {
            sender.send(follower.take_ended()).unwrap();
        }
        sender.send(follower.take_ended()).unwrap();
        drop(sender);
        judge.join().unwrap()
    })
}

#[test]
fn connections_are_told_as_they_are_judged_and_in_order() {
    let (all, early) = in_one_piece();
    assert_eq!(all.len(), CONNECTIONS);
    assert!(early > 500, "{early} were told before the frames were over");
    assert!(all.iter().zip(1..).all(|((id, ..), nth)| *id == nth));
    assert!(all.is_sorted_by_key(|(_, first, _)| *first), "in the order of their start");
    assert_eq!(on_two_threads(), all);
}

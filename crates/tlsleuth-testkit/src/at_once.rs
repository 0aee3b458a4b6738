//! Connections that are all open at once.

use std::collections::HashMap;

use crate::{OwnedFrame, script};

/// So many connections of each script, frame by frame in turn, a microsecond apart, so that all are
/// open at once; and then a minute of nothing.
#[must_use]
pub fn all_at_once(scripts: &[&str], each: usize) -> Vec<OwnedFrame> {
    let every: Vec<&str> = scripts.iter().flat_map(|script| vec![*script; each]).collect();
    let story = script(&format!("{}\nwatch 60s", every.join("\nconnection\n")));
    let (last, frames) = story.frames().split_last().unwrap();
    // By how many frames of its connection came before it.
    let mut before: HashMap<(u16, u16), usize> = HashMap::new();
    let port = |frame: &[u8], at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let start = frames[0].place;
    let mut turns: Vec<(usize, usize)> = frames
        .iter()
        .enumerate()
        .map(|(index, frame)| {
            let ports = (port(&frame.data, 34), port(&frame.data, 36));
            let turn = before.entry((ports.0.min(ports.1), ports.0.max(ports.1))).or_default();
            *turn += 1;
            (*turn, index)
        })
        .collect();
    turns.sort_unstable();
    let in_turn = (1..).zip(turns).map(|(number, (_, index))| {
        let mut frame = frames[index].clone();
        frame.place.frame = number;
        frame.place.time.0 = start.time.0 + number as i64 * 1_000;
        frame
    });
    in_turn.chain([last.clone()]).collect()
}

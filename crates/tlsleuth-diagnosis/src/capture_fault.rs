//! What is wrong with a capture as a whole: findings of its file, not of a connection.

use tlsleuth_capture::{FileFacts, Notice, Place};

use crate::finding::{Finding, Party, Severity};

/// Clocks of capture cards and merged queues step back by less than this; more is said.
const CLOCK_STEP_NS: i64 = 10_000_000;

/// The findings about one capture file. `capture` is its number in the report.
#[must_use]
pub fn capture_findings(facts: &FileFacts, capture: u32) -> Vec<Finding> {
    facts.notices.iter().filter_map(|notice| finding(facts, capture, notice)).collect()
}

fn finding(facts: &FileFacts, capture: u32, notice: &Notice) -> Option<Finding> {
    let after = |frame: u64| Place {
        capture,
        frame,
        time: facts.last.unwrap_or_default(),
        ..Place::default()
    };
    let warn = |code: &'static str, finding: Finding| {
        let mut finding = finding.severity(Severity::Warning);
        finding.code = code;
        finding
    };
    Some(match notice {
        Notice::CutShort { after_frame, offset, missing } => warn(
            "capture.cut-short",
            Finding::new(Party::Capture, format!("the capture ends inside of frame {}", after_frame + 1))
                .evidence(after(*after_frame), "the last whole frame")
                .explain(format!(
                    "The record at byte {offset} lacks at least {missing} bytes: the capture was \
                     copied while it was written, the disk was full, or tcpdump was killed."
                ))
                .explain("Everything before it is analyzed.")
                .remedy("Stop tcpdump with SIGINT or SIGTERM before copying the file, or capture with -U."),
        ),
        Notice::Damaged { after_frame, offset, lost_bytes, resumed, .. } => warn(
            "capture.cut-short",
            Finding::new(
                Party::Capture,
                format!("the capture is damaged behind frame {after_frame}"),
            )
            .evidence(after(*after_frame), "the last frame before the damage")
            .explain(format!(
                "The record at byte {offset} makes no sense; {lost_bytes} bytes were given up{}.",
                if *resumed { ", and the reading went on behind them" } else { "" }
            ))
            .remedy("Copy the capture again in binary mode, and compare its checksum with the original's."),
        ),
        Notice::Decompression { offset, reason } => warn(
            "capture.cut-short",
            Finding::new(Party::Capture, "the compressed capture breaks off")
                .evidence(after(facts.frames), "the last frame that came out")
                .explain(format!("Decompression stopped at byte {offset}: {reason}."))
                .remedy("Copy the file again, and test it (gzip -t, zstd -t, xz -t)."),
        ),
        Notice::DecompressionLimit { offset } => warn(
            "capture.cut-short",
            Finding::new(Party::Capture, "the compressed capture is larger than the limit")
                .evidence(after(facts.frames), "the last frame that was read")
                .explain(format!("Reading stopped at byte {offset} of the decompressed capture."))
                .remedy("Decompress the file first, or cut it with editcap."),
        ),
        Notice::Snapped { frames, first, longest_kept } => warn(
            "capture.snaplen",
            Finding::new(Party::Capture, format!("{} cut to {longest_kept} byte{}", were(*frames), if *longest_kept == 1 { "" } else { "s" }))
                .evidence(*first, "the first frame that is shorter than it was on the wire")
                .explain("The capture's snap length left parts of frames out, so handshake bytes may be missing.")
                .remedy("Capture whole frames: tcpdump -s 0 (262144, the default of today's tcpdump)."),
        ),
        Notice::Long { frames, first, longest } => warn(
            "capture.cut-short",
            Finding::new(
                Party::Capture,
                format!("{} longer than any capture tool writes", are(*frames)),
            )
            .evidence(*first, format!("the first of them; the longest has {longest} bytes"))
            .explain(
                "tcpdump and Wireshark keep 262,144 bytes of a frame at most. It was taken as it is, but the \
                 file may be damaged here, and what follows misread.",
            )
            .remedy("Copy the capture again in binary mode, and compare its checksum with the original's."),
        ),
        Notice::TimeBackwards { frames, first, largest_ns } if *largest_ns > CLOCK_STEP_NS => warn(
            "capture.clock",
            Finding::new(Party::Capture, format!("{} older than the one before", are(*frames)))
                .evidence(*first, "the first frame whose time runs backwards")
                .explain(format!(
                    "The largest step back is {:.3} s, more than reordering explains: a clock was set, \
                     or files of different hosts were joined.",
                    seconds(*largest_ns)
                ))
                .remedy("Let the capturing host's clock be slewed (chrony), or merge files by time with mergecap."),
        ),
        Notice::Dropped { packets } => warn(
            "capture.gap",
            Finding::new(Party::Capture, format!("the capturing system dropped {packets} packets"))
                .evidence(after(facts.frames), "the last frame")
                .explain("The capture file itself says so.")
                .remedy("Capture with a filter (tcp port 443), a larger buffer (tcpdump -B 65536) or a shorter snap length."),
        ),
        _ => return None,
    })
}

fn were(frames: u64) -> String {
    if frames == 1 { "1 frame was".to_owned() } else { format!("{frames} frames were") }
}

fn are(frames: u64) -> String {
    if frames == 1 { "1 frame is".to_owned() } else { format!("{frames} frames are") }
}

fn seconds(nanoseconds: i64) -> f64 {
    let whole = i32::try_from(nanoseconds / 1_000_000).unwrap_or(i32::MAX);
    f64::from(whole) / 1000.0
}

//! What was in the captures and is not in the report, in words: limits that were reached, and
//! protocols that are not read.

use crate::Report;
use crate::quantity::{count, counted};
use crate::schema::{LeftOut, NotRead};

/// Limits that were reached.
pub(crate) fn limits(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let mut texts = Vec::new();
    if counts.overlaps_not_compared > 0 {
        texts.push(format!(
            "Overlapping segments of {} were not all compared: too much was to be kept.",
            counted(counts.overlaps_not_compared, "flow")
        ));
    }
    if counts.flows_evicted > 0 {
        let later = match counts.segments_after_eviction {
            0 => String::new(),
            later => {
                format!("; {} of them that came later not looked at", counted(later, "segment"))
            }
        };
        texts.push(format!(
            "A limit was reached: {} given up while they were open{later}. \
             More are followed with a higher --memory (64M unless given).",
            counted(counts.flows_evicted, "connection"),
        ));
    }
    if counts.holes_given_up > 0 {
        texts.push(format!(
            "A limit was reached: {} in streams not waited for any longer.",
            counted(counts.holes_given_up, "hole")
        ));
    }
    texts.extend(report.fleet.left_out.iter().map(left_out));
    texts
}

/// A cap that was hit in comparing connections.
pub(crate) fn left_out(left_out: &LeftOut) -> String {
    format!(
        "A limit was reached: {} not compared by {}, of which {} are held.",
        counted(left_out.connections, "connection"),
        left_out.what,
        count(left_out.cap)
    )
}

/// Protocols that were recognized and are not read; `frame` names a frame.
pub(crate) fn protocols(report: &Report) -> Option<String> {
    let counts = &report.counts;
    let several = report.captures.len() > 1;
    let told = |seen: Option<NotRead>, name| {
        let NotRead { connections, capture, frame } = seen?;
        let place =
            if several { format!("{}:{frame}", u64::from(capture) + 1) } else { frame.to_string() };
        Some(format!("{} (first in frame {place})", counted(connections, name)))
    };
    let quic = told(counts.quic_not_read, "QUIC connection");
    let dtls = told(counts.dtls_not_read, "DTLS connection");
    let both: Vec<String> = quic.into_iter().chain(dtls).collect();
    (!both.is_empty()).then(|| {
        format!(
            "Not read: {}. Only TLS over TCP is read, so what went wrong there is not told.",
            both.join(", ")
        )
    })
}

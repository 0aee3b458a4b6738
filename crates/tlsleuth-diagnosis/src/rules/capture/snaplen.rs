//! `capture.snaplen`: frames were cut by the snap length.

use tlsleuth_capture::GapCause;

use super::gap::{first_gap, weight};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// Frames were cut by the snap length, so handshake bytes are missing.
    ///
    /// ## What happened
    /// The capture holds only the first bytes of each frame.
    /// ## Likely causes
    /// A snap length given to the capturing tool (`tcpdump -s 96`), or set by a collector that wants
    /// headers only.
    /// ## When it cannot be told
    /// What stood in the bytes that were cut.
    pub static CAPTURE_SNAPLEN {
        code: "capture.snaplen",
        severity: Warning,
        since: "0.1.0",
        needs: [GAP],
        leads_to: [],
        references: ["draft-ietf-opsawg-pcap §4"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let Some((side, gap, bytes)) = first_gap(connection, GapCause::Snaplen) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(
            Party::Capture,
            format!("the snap length cut {bytes} bytes out of this connection"),
        )
        .severity(weight(connection, &gap))
        .evidence(
            gap.at,
            format!(
                "{} bytes of the {}'s stream were cut before this point",
                gap.len_bytes,
                side.name()
            ),
        )
        .explain("Messages in these bytes were missed.")
        .remedy(
            "Capture whole frames: tcpdump -s 0 (262144 bytes, the default of today's tcpdump).",
        ),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_certificate_is_cut() {
        check(
            &super::CAPTURE_SNAPLEN,
            "snaplen 300
             client ClientHello versions=1.2 groups=x25519 suites=0xc02b sigalgs=0x0403
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                warning capture.snaplen (certain, capture): the snap length cut 537 bytes out of this connection
                  frame 5: 537 bytes of the server's stream were cut before this point
            "#]],
        );
    }

    #[test]
    fn clear_when_frames_are_whole() {
        check(
            &super::CAPTURE_SNAPLEN,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_no_frame_reaches_the_length() {
        check(
            &super::CAPTURE_SNAPLEN,
            "snaplen 1500
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_without_data() {
        check(
            &super::CAPTURE_SNAPLEN,
            "snaplen 96
             client SYN
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }
}

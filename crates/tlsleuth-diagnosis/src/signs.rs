//! Signs in a connection without which a rule finds nothing: tested before the rule runs.

use tlsleuth_cert::{Defect, DefectKind};
use tlsleuth_handshake::Outcome;
use tlsleuth_handshake::connection::Connection;

use crate::case::JudgedChain;
use crate::ending::{Ending, How};

/// A set of signs. A rule declares those that each of its findings has (`needs`); it runs only where
/// all of them are seen. Most connections complete without any, so that most rules need not look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Signs(u32);

/// How many times four signs there are.
pub(crate) const FOURS: usize = 7;

impl Signs {
    /// The handshake did not complete.
    pub const UNFINISHED: Self = Self(1 << 0);
    /// An alert ended it.
    pub const ALERT: Self = Self(1 << 1);
    /// A reset ended it.
    pub const RESET: Self = Self(1 << 2);
    /// A FIN ended it.
    pub const CLOSED: Self = Self(1 << 3);
    /// The server asked for another hello.
    pub const RETRY: Self = Self(1 << 4);
    /// One side spoke in clear where TLS should be.
    pub const IN_CLEAR: Self = Self(1 << 5);
    /// The server or a proxy refused to turn to TLS.
    pub const REFUSAL: Self = Self(1 << 6);
    /// No SYN-ACK was seen.
    pub const NO_SYN_ACK: Self = Self(1 << 7);
    /// ICMP messages are about it.
    pub const ICMP: Self = Self(1 << 8);
    /// Bytes are missing in a stream.
    pub const GAP: Self = Self(1 << 9);
    /// Two segments brought different bytes for one place.
    pub const CONFLICT: Self = Self(1 << 10);
    /// The server's chain was seen.
    pub const SERVER_CHAIN: Self = Self(1 << 11);
    /// The client's chain was seen.
    pub const CLIENT_CHAIN: Self = Self(1 << 12);
    /// Of a chain: something is wrong or remarkable that is not one of the next two.
    pub const DEFECT: Self = Self(1 << 13);
    /// Of a chain: an OCSP response is stapled.
    pub const STAPLE: Self = Self(1 << 14);

    /// No TLS 1.3 was negotiated.
    pub const OLDER: Self = Self(1 << 15);
    /// Of a chain: it does not lead to a root that is trusted. Where an authority is private, every
    /// connection has this one.
    pub const NO_TRUST: Self = Self(1 << 16);
    /// Of a chain: a certificate is outside its validity, or nearly so.
    pub const DATES: Self = Self(1 << 17);

    /// Of one side there is no segment.
    pub const ONE_WAY: Self = Self(1 << 18);
    /// Something breaks the specification, or may: a message, bytes that are no record, a second
    /// ClientHello; or an alert, which may say so.
    pub const BROKEN: Self = Self(1 << 19);
    /// The ClientHello has no server name.
    pub const NO_NAME: Self = Self(1 << 20);
    /// The server name in it is an address.
    pub const ADDRESS_AS_NAME: Self = Self(1 << 21);
    /// It offers the protocol of a validation by an authority.
    pub const ACME: Self = Self(1 << 22);
    /// It offers early data.
    pub const EARLY_DATA: Self = Self(1 << 23);
    /// The server is seen to have selected an application protocol.
    pub const ALPN_SELECTED: Self = Self(1 << 24);
    /// The server is seen to have selected none, although the client offers some.
    pub const ALPN_IGNORED: Self = Self(1 << 25);

    /// No sign.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// The signs of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of these are among `seen`.
    #[must_use]
    pub const fn are_in(self, seen: Self) -> bool {
        self.0 & seen.0 == self.0
    }

    /// Those that are not among these.
    pub(crate) const fn missing(self) -> Self {
        Self(!self.0)
    }

    /// As the numbers of four signs each.
    pub(crate) fn fours(self) -> [usize; FOURS] {
        std::array::from_fn(|nth| usize::try_from(self.0 >> (4 * nth) & 0xf).unwrap_or_default())
    }

    fn when(self, seen: bool) -> Self {
        if seen { self } else { Self(0) }
    }

    /// Those of a connection, but for its chains.
    pub(crate) fn of(connection: &Connection, ending: &Ending) -> Self {
        let transport = &connection.transport;
        let gaps = &connection.gaps;
        let plaintext = &connection.plaintext;
        [
            Self::UNFINISHED.when(connection.outcome != Outcome::Completed),
            match ending.how {
                How::Alert(_) => Self::ALERT,
                How::Reset(_) => Self::RESET,
                How::Closed => Self::CLOSED,
                How::Silence | How::Unseen | How::Completed => Self(0),
            },
            Self::RETRY.when(connection.hello_retry.is_some()),
            Self::IN_CLEAR.when(plaintext.client.is_some() || plaintext.server.is_some()),
            Self::REFUSAL.when(connection.refusal.is_some()),
            Self::NO_SYN_ACK.when(transport.syn_ack.is_none()),
            Self::ICMP.when(!transport.icmp.is_empty()),
            Self::GAP.when(!gaps.client.is_empty() || !gaps.server.is_empty()),
            Self::CONFLICT.when(!transport.conflicts.is_empty()),
            Self::OLDER.when(!connection.is_tls13()),
            Self::ONE_WAY.when(transport.forward.segments == 0 || transport.reverse.segments == 0),
            Self::BROKEN.when(
                !connection.anomalies.is_empty()
                    || connection.garbage.client.is_some()
                    || connection.garbage.server.is_some()
                    || connection.client_hellos.len() > 1
                    || matches!(ending.how, How::Alert(_)),
            ),
            Self::of_client_hello(connection),
            Self::of_protocol(connection),
        ]
        .into_iter()
        .fold(Self(0), Self::and)
    }

    fn of_client_hello(connection: &Connection) -> Self {
        let Some(hello) = connection.client_hello() else { return Self(0) };
        let name = match hello.value.extensions.server_name() {
            None => Self::NO_NAME,
            Some(name) => Self::ADDRESS_AS_NAME.when(name.is_ip_literal),
        };
        name.and(Self::ACME.when(connection.is_acme_validation()))
            .and(Self::EARLY_DATA.when(hello.value.has_early_data()))
    }

    /// What the server made of the application protocols, where its answer is in sight.
    fn of_protocol(connection: &Connection) -> Self {
        if connection.alpn_selected().is_some() {
            return Self::ALPN_SELECTED;
        }
        let is_in_sight = !connection.is_tls13() || connection.encrypted_extensions.is_present();
        let offered = connection.client_hello().and_then(|hello| hello.value.extensions.alpn());
        Self::ALPN_IGNORED.when(is_in_sight && offered.is_some())
    }

    /// Those of a chain.
    pub(crate) fn of_chain(chain: &JudgedChain<'_>) -> Self {
        let of_defect = |defect: &Defect| match defect.kind {
            DefectKind::SelfSignedLeaf
            | DefectKind::MissingIntermediate(_)
            | DefectKind::UnknownIssuer(_)
            | DefectKind::UntrustedRoot { .. } => Self::NO_TRUST,
            DefectKind::Expired { .. }
            | DefectKind::NotYetValid { .. }
            | DefectKind::ExpiresSoon { .. } => Self::DATES,
            _ => Self::DEFECT,
        };
        let defects = chain.judgement.defects.iter().map(of_defect);
        defects.fold(Self::STAPLE.when(chain.stapled.is_some()), Self::and)
    }
}

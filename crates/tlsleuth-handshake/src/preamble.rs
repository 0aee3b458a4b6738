//! What peers say before TLS: STARTTLS in its many forms, proxies and tunnels.
//!
//! [`Preamble`] is a state machine on the bytes of both directions. It is given what is there of
//! one direction and tells how much of it is done with, until TLS starts, is refused, or it is
//! clear that nothing of the kind is going on. It holds a few hundred bytes at most.
//!
//! ```
//! # use tlsleuth_handshake::preamble::{Preamble, Progress, Protocol};
//! let mut preamble = Preamble::new();
//! let continues = |progress| matches!(progress, Progress::Continue { .. });
//! assert!(continues(preamble.step(false, b"220 mail.example ESMTP\r\n")));
//! assert!(continues(preamble.step(true, b"EHLO me\r\n")));
//! assert!(continues(preamble.step(false, b"250-mail.example\r\n250 STARTTLS\r\n")));
//! assert!(continues(preamble.step(true, b"STARTTLS\r\n")));
//! assert_eq!(preamble.step(false, b"220 go\r\n\x16\x03"), Progress::TlsStarts { offset: 8 });
//! assert_eq!(preamble.protocol(), Some(Protocol::Smtp));
//! ```

use core::fmt;
use memchr::{memchr, memrchr};

use crate::WireText;

mod dialogue;
mod ftp;
mod http;
mod imap;
mod irc;
mod ldap;
mod mysql;
mod nntp;
mod plaintext;
mod pop3;
mod postgres;
mod proxy;
mod rdp;
mod sieve;
mod smtp;
mod socks;
pub mod tds;
mod xmpp;

pub use plaintext::{Plaintext, PlaintextKind, name_plaintext};
pub use proxy::ProxiedAddresses;

/// The longest line, header or packet that is waited for, in bytes. What is longer is taken for
/// something else.
pub const MAX_UNIT_BYTES: usize = 16 * 1024;

/// The protocol that is spoken before TLS, and behind it but for tunnels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the name of its protocol")]
pub enum Protocol {
    Smtp,
    Lmtp,
    Imap,
    Pop3,
    Ftp,
    Nntp,
    Sieve,
    Irc,
    Xmpp,
    Ldap,
    PostgreSql,
    MySql,
    Tds,
    Rdp,
    HttpConnect,
    HttpUpgrade,
    Socks4,
    Socks5,
    ProxyProtocol,
}

impl Protocol {
    /// The name, in small letters as reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Nntp => "nntp",
            Self::Sieve => "sieve",
            Self::Irc => "irc",
            Self::Xmpp => "xmpp",
            Self::Ldap => "ldap",
            Self::PostgreSql => "postgresql",
            Self::MySql => "mysql",
            Self::Tds => "tds",
            Self::Rdp => "rdp",
            Self::HttpConnect => "http-connect",
            Self::HttpUpgrade => "http",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
            Self::ProxyProtocol => "proxy-protocol",
        }
    }

    /// Whether it only opens the way for another protocol.
    #[must_use]
    pub const fn is_tunnel(self) -> bool {
        matches!(self, Self::HttpConnect | Self::Socks4 | Self::Socks5 | Self::ProxyProtocol)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is decided. `consumed` bytes are done with; the rest is to be given again, with
    /// more behind it.
    Continue {
        /// Bytes that are done with.
        consumed: usize,
    },
    /// TLS starts: in this direction behind `offset` bytes, in the other one behind what was
    /// consumed.
    TlsStarts {
        /// Bytes of this direction before TLS.
        offset: usize,
    },
    /// A tunnel is open, behind `offset` bytes of this direction and what was consumed of the
    /// other one. What is in it may be TLS, or another preamble.
    TunnelOpens {
        /// Bytes of this direction before the tunnel's.
        offset: usize,
    },
    /// TLS, or the tunnel, was asked for and refused. The same peers may try again: steps may go
    /// on behind `consumed` bytes.
    Refused {
        /// What the refusing side said.
        reason: Refusal,
        /// Bytes that are done with.
        consumed: usize,
    },
    /// The protocol is known, and goes on without TLS.
    NoTls,
    /// Nothing that is known here.
    NotThis,
}

/// How TLS or a tunnel was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// By a line of text, such as `454 TLS not available`.
    Line(WireText),
    /// By a number of the protocol, with its name.
    Code {
        /// The number.
        code: u32,
        /// What it stands for.
        name: &'static str,
    },
    /// The server never offered it, and the client gave up.
    NotOffered,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => line.fmt(f),
            Self::Code { code, name } => write!(f, "{name} ({code})"),
            Self::NotOffered => f.write_str("TLS was not offered"),
        }
    }
}

/// Recognizes what peers say before TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preamble {
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody said anything.
    #[default]
    Start,
    /// The server greeted with a line that fits several protocols; its first bytes.
    Greeted(WireText),
    Dialogue(dialogue::Dialogue),
    Http(http::Http),
    Ldap(ldap::Ldap),
    MySql(mysql::MySql),
    Postgres(postgres::Postgres),
    Proxy(proxy::Proxy),
    Rdp(rdp::Rdp),
    Socks(socks::Socks),
    Tds(tds::Tds),
    Xmpp(xmpp::Xmpp),
    /// Nothing that is known.
    Lost,
}

impl Preamble {
    /// At the start of a connection, or of what is in a tunnel.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The protocol, once it is known.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        Some(match &self.state {
            State::Start | State::Greeted(_) | State::Lost => return None,
            State::Dialogue(dialogue) => dialogue.protocol(),
            State::Http(http) => http.protocol(),
            State::Ldap(_) => Protocol::Ldap,
            State::MySql(_) => Protocol::MySql,
            State::Postgres(_) => Protocol::PostgreSql,
            State::Proxy(_) => Protocol::ProxyProtocol,
            State::Rdp(_) => Protocol::Rdp,
            State::Socks(socks) => socks.protocol(),
            State::Tds(_) => Protocol::Tds,
            State::Xmpp(_) => Protocol::Xmpp,
        })
    }

    /// Whether the client's first line fits another protocol as well, and no greeting was seen. Only
    /// where the server's words are not in the capture does that leave the protocol open.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(&self.state, State::Dialogue(dialogue) if dialogue.is_ambiguous())
    }

    /// Where a tunnel goes, as the client wrote it: `host:port`.
    #[must_use]
    pub fn target(&self) -> Option<WireText> {
        match &self.state {
            State::Http(http) => http.target(),
            State::Socks(socks) => socks.target(),
            _ => None,
        }
    }

    /// The addresses that a PROXY header tells.
    #[must_use]
    pub fn proxied(&self) -> Option<ProxiedAddresses> {
        match &self.state {
            State::Proxy(proxy) => proxy.addresses(),
            _ => None,
        }
    }

    /// Whether the server said that it can do TLS; `None` where it did not say.
    #[must_use]
    pub fn is_offered(&self) -> Option<bool> {
        match &self.state {
            State::Dialogue(dialogue) => dialogue.is_offered(),
            State::MySql(mysql) => mysql.is_offered(),
            State::Xmpp(xmpp) => xmpp.is_offered(),
            _ => None,
        }
    }

    /// Whether the client asked for TLS and got no answer so far.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        match &self.state {
            State::Dialogue(dialogue) => dialogue.is_asked(),
            State::Http(http) => http.is_asked(),
            State::Ldap(ldap) => ldap.is_asked(),
            State::Postgres(postgres) => postgres.is_asked(),
            State::Rdp(rdp) => rdp.is_asked(),
            State::Socks(_) => true,
            State::Tds(tds) => tds.is_asked(),
            State::Xmpp(xmpp) => xmpp.is_asked(),
            _ => false,
        }
    }

    /// Takes the bytes of one direction that no step has consumed so far.
    ///
    /// The bytes of both directions have to come in the order in which they were sent, as far as
    /// that is known. After [`Progress::NotThis`] all further steps say the same.
    pub fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if bytes.is_empty() {
            return Progress::Continue { consumed: 0 };
        }
        if let State::Start | State::Greeted(_) = self.state {
            match self.choose(from_client, bytes) {
                Choice::Made => {}
                Choice::Wait { consumed } => return Progress::Continue { consumed },
                Choice::Nothing => self.state = State::Lost,
            }
        }
        let progress = match &mut self.state {
            State::Start | State::Greeted(_) | State::Lost => Progress::NotThis,
            State::Dialogue(machine) => machine.step(from_client, bytes),
            State::Http(machine) => machine.step(from_client, bytes),
            State::Ldap(machine) => machine.step(from_client, bytes),
            State::MySql(machine) => machine.step(from_client, bytes),
            State::Postgres(machine) => machine.step(from_client, bytes),
            State::Proxy(machine) => machine.step(from_client, bytes),
            State::Rdp(machine) => machine.step(from_client, bytes),
            State::Socks(machine) => machine.step(from_client, bytes),
            State::Tds(machine) => machine.step(from_client, bytes),
            State::Xmpp(machine) => machine.step(from_client, bytes),
        };
        match progress {
            // A peer that never ends its line is not let to fill the memory.
            Progress::Continue { consumed }
                if bytes.len() - consumed.min(bytes.len()) > MAX_UNIT_BYTES =>
            {
                self.state = State::Lost;
                Progress::NotThis
            }
            Progress::NotThis => {
                self.state = State::Lost;
                Progress::NotThis
            }
            progress => progress,
        }
    }

    /// Chooses a machine by who speaks first and how.
    fn choose(&mut self, from_client: bool, bytes: &[u8]) -> Choice {
        if !from_client {
            if let State::Greeted(_) = self.state {
                // More of the greeting, before the client's first word.
                return match memrchr(b'\n', bytes) {
                    Some(end) => Choice::Wait { consumed: end + 1 },
                    None if bytes.len() > MAX_UNIT_BYTES => Choice::Nothing,
                    None => Choice::Wait { consumed: 0 },
                };
            }
            if mysql::is_greeting(bytes) {
                self.state = State::MySql(mysql::MySql::default());
                return Choice::Made;
            }
            if !dialogue::may_be_greeting(bytes) {
                return Choice::Nothing;
            }
            return match memchr(b'\n', bytes) {
                Some(end) => {
                    let line = bytes.get(..end).unwrap_or(bytes);
                    self.state = State::Greeted(WireText::new(line.get(..128).unwrap_or(line)));
                    Choice::Wait { consumed: end + 1 }
                }
                None if bytes.len() > MAX_UNIT_BYTES => Choice::Nothing,
                None => Choice::Wait { consumed: 0 },
            };
        }
        let greeting = match &self.state {
            State::Greeted(greeting) => greeting.clone(),
            _ => WireText::default(),
        };
        if greeting.is_empty() {
            let chosen = [
                http::starts(bytes).map(|()| State::Http(http::Http::default())),
                postgres::starts(bytes).map(|()| State::Postgres(postgres::Postgres::default())),
                ldap::starts(bytes).map(|()| State::Ldap(ldap::Ldap::default())),
                tds::starts(bytes).map(|()| State::Tds(tds::Tds::default())),
                rdp::starts(bytes).map(|()| State::Rdp(rdp::Rdp::default())),
                proxy::starts(bytes).map(|()| State::Proxy(proxy::Proxy::default())),
                xmpp::starts(bytes).map(|()| State::Xmpp(xmpp::Xmpp::default())),
                socks::starts(bytes).map(State::Socks),
            ];
            if let Some(state) = chosen.into_iter().flatten().next() {
                self.state = state;
                return Choice::Made;
            }
        }
        match dialogue::choose(greeting.raw(), bytes) {
            Some(Some(dialogue)) => {
                self.state = State::Dialogue(dialogue);
                Choice::Made
            }
            Some(None) if bytes.len() <= MAX_UNIT_BYTES => Choice::Wait { consumed: 0 },
            _ => Choice::Nothing,
        }
    }
}

enum Choice {
    Made,
    Wait { consumed: usize },
    Nothing,
}

/// The first line with its line break, and the line without it; `None` if there is no whole line.
fn first_line(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = memchr(b'\n', bytes)?;
    let line = bytes.get(..end)?;
    Some((end + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// Whether a line starts with a word, in any case, that ends there.
fn starts_with_word(line: &[u8], word: &[u8]) -> bool {
    line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
        && line.get(word.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
}

/// Where a piece begins in bytes.
fn find(bytes: &[u8], piece: &[u8]) -> Option<usize> {
    bytes.windows(piece.len().max(1)).position(|window| window == piece)
}

/// A line of a refusal, as it is quoted.
fn quote(line: &[u8]) -> WireText {
    WireText::new(line.get(..512).unwrap_or(line))
}

#[cfg(test)]
mod tests;

//! Builds handshakes and captures for tests: a script becomes messages, segments, frames.
//!
//! ```
//! let story = tlsleuth_testkit::script(
//!     "client ClientHello sni=shop.example alpn=h2,http/1.1
//!      server ServerHello negotiated=1.2 + Certificate leaf=www.example + ServerHelloDone
//!      client Alert fatal bad_certificate
//!      client FIN",
//! );
//! assert_eq!(story.frames().len(), 3 + 4); // the three-way handshake comes first
//! assert_eq!(story.frames()[3].place.frame, 4);
//! ```
//!
//! # The language
//!
//! One line is one TCP segment (more, if it is larger than the MSS) and one frame; `#` begins a
//! comment. Lines before the first one of TCP may set the scene. Messages joined by ` + ` share a
//! segment. The clock starts at 2026-11-20T10:00:00Z and goes on by one millisecond a frame.
//!
//! | line | what it is |
//! | --- | --- |
//! | `no-syn` | the capture starts when the connection is established (default: it starts with SYN, SYN-ACK, ACK) |
//! | `port 25`, `mss 1400`, `snaplen 96`, `ipv6`, `clock 2026-01-01` | the server's port, both ends' MSS, frames cut, IPv6, where the clock starts (a date, or seconds since 1970) |
//! | `connection` | another connection, from another port of the client |
//! | `wait 3s`, `wait 20ms` | nothing happens for that long |
//! | `watch 10s` | the capture goes on for that long after the last frame: a segment between two others, from port 9 to port 9, ends it |
//! | `client SYN`, `server SYN-ACK`, `client ACK`, `server FIN`, `server RST` | TCP; a script whose first line of TCP is `client SYN` makes the three-way handshake by itself |
//! | `client again` | sends the side's last data segment again |
//! | `client conflict` | sends the last data segment again with other bytes |
//! | `ICMP host-unreachable` | about the client's last packet, from a router; also `network-unreachable`, `port-unreachable`, `prohibited`, `too-big mtu=1400` |
//! | `client ClientHello sni= alpn= versions= suites= groups= shares= sigalgs= session-id=N ticket=N psk early-data status-request padding=N renegotiation=extension\|scsv\|none` | lists are separated by commas |
//! | `server ServerHello negotiated=1.2 suite= group= alpn= session-id=echo\|new\|none psk sct sentinel=1.2\|1.1 renegotiation=none` | `sct`: with a signed certificate timestamp |
//! | `server HelloRetryRequest group=` | |
//! | `server Certificate leaf=a.example,b.example chain=full\|leaf\|root\|wrong-order\|unrelated\|untrusted\|none` | with `expired`, `not-yet-valid`, `expires-soon`, `self-signed`, `wrong-usage`, `cn=A_name` (the blanks are underscores), or `story=NAME` for a chain of `testdata/certs`, `ocsp` for that of `testdata/ocsp` (`ocsp alone`: without its issuer) |
//! | `server ServerKeyExchange group=`, `CertificateRequest authorities=A,B`, `CertificateStatus revoked`, `ServerHelloDone`, `HelloRequest`, `NewSessionTicket` | |
//! | `client Certificate none`, `ClientKeyExchange`, `CertificateVerify`, `ChangeCipherSpec`, `Finished` | `Finished` is encrypted |
//! | `client Alert fatal unknown_ca`, `client Alert warning close_notify`, `client Alert encrypted` | |
//! | `server Encrypted 1200`, `client ApplicationData 100` | a record whose body has so many bytes |
//! | `server Plain "220 ready\r\n"`, `client Bytes 1603 0100` | raw bytes of the stream |
//! | `client Handshake 20 0000` | a message of that type with this body |
//!
//! At the end of a line about a segment: `lose` (it arrives, and is not captured), `vanish` (it is
//! captured, and never arrives), `late` (captured behind the next frame), `ttl=64`, `id=1`,
//! `window=0`, `seq=+100`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::string_slice,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "for tests only: a wrong script shall stop the test, with a word about its line"
)]

mod at_once;
pub mod certificate;
pub mod conversation;
pub mod incident;
pub mod message;
mod names;
pub mod pcap;
mod script;
mod wire;

pub use at_once::all_at_once;
pub use certificate::{Pki, pki};
pub use conversation::{Conversation, OwnedFrame, Segment, Story, Who};
pub use script::script;

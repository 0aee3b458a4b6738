//! TLS records and messages in bytes.

use crate::wire::{Writer, filler};

/// The random of every ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A record; bodies of more than 16,384 bytes make several.
#[must_use]
pub fn record(content_type: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    for piece in body.chunks(16_384) {
        writer.u8(content_type).u16(version).vector(2, |w| {
            w.bytes(piece);
        });
    }
    writer.0
}

/// A handshake message.
#[must_use]
pub fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.u8(kind).vector(3, |w| {
        w.bytes(body);
    });
    writer.0
}

/// Bytes that look encrypted.
#[must_use]
pub fn encrypted(len: usize) -> Vec<u8> {
    filler(len, len as u64 + 7)
}

/// How a hello says that it knows secure renegotiation (RFC 5746).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Renegotiation {
    /// By the extension.
    #[default]
    Extension,
    /// By the signaling suite.
    Scsv,
    /// Not at all.
    None,
}

/// A ClientHello.
#[derive(Clone, Debug)]
pub struct ClientHello {
    /// The server name.
    pub sni: Option<String>,
    /// The protocols offered by ALPN.
    pub alpn: Vec<String>,
    /// The versions offered.
    pub versions: Vec<u16>,
    /// The cipher suites.
    pub suites: Vec<u16>,
    /// The groups.
    pub groups: Vec<u16>,
    /// The groups with a key share; `None` is the first group.
    pub shares: Option<Vec<u16>>,
    /// The signature schemes.
    pub schemes: Vec<u16>,
    /// Bytes of the session ID; `None` is 32 with TLS 1.3 and 0 without.
    pub session_id: Option<usize>,
    /// Bytes of a session ticket.
    pub ticket: Option<usize>,
    /// Whether a pre-shared key is offered.
    pub psk: bool,
    /// Whether early data follows.
    pub early_data: bool,
    /// Whether a stapled OCSP response is asked for.
    pub status_request: bool,
    /// Bytes of padding.
    pub padding: usize,
    /// Secure renegotiation.
    pub renegotiation: Renegotiation,
    /// Makes the random another one.
    pub seed: u64,
}

impl Default for ClientHello {
    fn default() -> Self {
        Self {
            sni: None,
            alpn: Vec::new(),
            versions: vec![0x0304, 0x0303],
            suites: vec![0x1301, 0x1302, 0x1303, 0xc02f, 0xc02b, 0xc030, 0xc02c],
            groups: vec![0x001d, 0x0017],
            shares: None,
            schemes: vec![0x0403, 0x0804, 0x0401, 0x0805, 0x0501],
            session_id: None,
            ticket: None,
            psk: false,
            early_data: false,
            status_request: false,
            padding: 0,
            renegotiation: Renegotiation::Extension,
            seed: 1,
        }
    }
}

fn extension(writer: &mut Writer, kind: u16, fill: impl FnOnce(&mut Writer)) {
    writer.u16(kind).vector(2, fill);
}

fn numbers(writer: &mut Writer, size: usize, values: &[u16]) {
    writer.vector(size, |w| {
        for value in values {
            w.u16(*value);
        }
    });
}

fn protocols(writer: &mut Writer, names: &[String]) {
    writer.vector(2, |w| {
        for name in names {
            w.vector(1, |w| {
                w.bytes(name.as_bytes());
            });
        }
    });
}

/// Bytes of a client's key share of a group.
fn share_len(group: u16) -> usize {
    match group {
        0x0017 => 65,
        0x0018 => 97,
        0x0019 => 133,
        0x001e => 56,
        0x0100 => 256,
        0x11ec => 1216,
        _ => 32,
    }
}

impl ClientHello {
    /// The message's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let tls13 = self.versions.contains(&0x0304);
        let highest = self.versions.iter().copied().max().unwrap_or(0x0303);
        let mut suites = self.suites.clone();
        if self.renegotiation == Renegotiation::Scsv {
            suites.push(0x00ff);
        }
        let session_id = self.session_id.unwrap_or(if tls13 { 32 } else { 0 });
        let mut writer = Writer::default();
        writer.u16(highest.min(0x0303)).bytes(&filler(32, self.seed)).vector(1, |w| {
            w.bytes(&filler(session_id, 5));
        });
        numbers(&mut writer, 2, &suites);
        writer.vector(1, |w| {
            w.u8(0);
        });
        let mut extensions = Writer::default();
        self.extensions(&mut extensions, tls13);
        if !extensions.0.is_empty() {
            writer.vector(2, |w| {
                w.bytes(&extensions.0);
            });
        }
        writer.0
    }

    fn extensions(&self, writer: &mut Writer, tls13: bool) {
        if let Some(name) = &self.sni {
            extension(writer, 0, |w| {
                w.vector(2, |w| {
                    w.u8(0).vector(2, |w| {
                        w.bytes(name.as_bytes());
                    });
                });
            });
        }
        if self.renegotiation == Renegotiation::Extension {
            extension(writer, 0xff01, |w| {
                w.u8(0);
            });
        }
        if self.status_request {
            extension(writer, 5, |w| {
                w.u8(1).u16(0).u16(0);
            });
        }
        if !self.groups.is_empty() {
            extension(writer, 10, |w| numbers(w, 2, &self.groups));
            extension(writer, 11, |w| {
                w.u8(1).u8(0);
            });
        }
        if let Some(len) = self.ticket {
            extension(writer, 35, |w| {
                w.bytes(&filler(len, 35));
            });
        }
        if !self.alpn.is_empty() {
            extension(writer, 16, |w| protocols(w, &self.alpn));
        }
        if !self.schemes.is_empty() {
            extension(writer, 13, |w| numbers(w, 2, &self.schemes));
        }
        if tls13 {
            extension(writer, 43, |w| numbers(w, 1, &self.versions));
            let first: Vec<u16> = self.groups.iter().copied().take(1).collect();
            let shares = self.shares.as_ref().unwrap_or(&first);
            extension(writer, 51, |w| {
                w.vector(2, |w| {
                    for group in shares {
                        w.u16(*group).vector(2, |w| {
                            w.bytes(&filler(share_len(*group), u64::from(*group)));
                        });
                    }
                });
            });
            extension(writer, 45, |w| {
                w.u8(1).u8(1);
            });
        }
        if self.early_data {
            extension(writer, 42, |_| {});
        }
        if self.padding > 0 {
            extension(writer, 21, |w| {
                w.bytes(&vec![0; self.padding]);
            });
        }
        if self.psk {
            extension(writer, 41, |w| {
                w.vector(2, |w| {
                    w.vector(2, |w| {
                        w.bytes(&filler(120, 41));
                    })
                    .u32(7);
                })
                .vector(2, |w| {
                    w.vector(1, |w| {
                        w.bytes(&filler(32, 42));
                    });
                });
            });
        }
    }
}

/// A ServerHello, or a HelloRetryRequest.
#[derive(Clone, Debug)]
pub struct ServerHello {
    /// What it chooses.
    pub negotiated: u16,
    /// The suite.
    pub suite: u16,
    /// The group: a key share in TLS 1.3.
    pub group: u16,
    /// The protocol selected, in the hello itself.
    pub alpn: Option<String>,
    /// The session ID.
    pub session_id: Vec<u8>,
    /// Whether the pre-shared key is taken.
    pub psk: bool,
    /// Whether it is a HelloRetryRequest.
    pub retry: bool,
    /// The end of the random that says that more was possible (RFC 8446 §4.1.3).
    pub sentinel: Option<u8>,
    /// Whether `renegotiation_info` is there.
    pub renegotiation: bool,
    /// Whether a signed certificate timestamp comes with it, of Let's Encrypt's log Oak2026h2.
    pub timestamp: bool,
}

/// The number of Let's Encrypt's log Oak2026h2: SHA-256 of its key.
const OAK_2026H2: [u8; 32] = [
    0xac, 0xab, 0x30, 0x70, 0x6c, 0xeb, 0xec, 0x84, 0x31, 0xf4, 0x13, 0xd2, 0xf4, 0x91, 0x5f, 0x11,
    0x1e, 0x42, 0x24, 0x43, 0xb1, 0xf2, 0xa6, 0x8c, 0x4f, 0x3c, 0x2b, 0x3b, 0xa7, 0x1e, 0x02, 0xc3,
];

impl ServerHello {
    /// The message's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let tls13 = self.negotiated == 0x0304;
        let mut random = filler(32, 2);
        if let Some(sentinel) = self.sentinel {
            random[24..].copy_from_slice(b"DOWNGRD\0");
            random[31] = sentinel;
        }
        let random = if self.retry { RETRY.to_vec() } else { random };
        let mut writer = Writer::default();
        writer
            .u16(self.negotiated.min(0x0303))
            .bytes(&random)
            .vector(1, |w| {
                w.bytes(&self.session_id);
            })
            .u16(self.suite)
            .u8(0);
        let mut extensions = Writer::default();
        if tls13 {
            extension(&mut extensions, 43, |w| {
                w.u16(0x0304);
            });
            extension(&mut extensions, 51, |w| {
                w.u16(self.group);
                if !self.retry {
                    w.vector(2, |w| {
                        w.bytes(&filler(share_len(self.group), 51));
                    });
                }
            });
            if self.psk {
                extension(&mut extensions, 41, |w| {
                    w.u16(0);
                });
            }
        } else if self.renegotiation {
            extension(&mut extensions, 0xff01, |w| {
                w.u8(0);
            });
        }
        if let Some(protocol) = &self.alpn {
            extension(&mut extensions, 16, |w| protocols(w, std::slice::from_ref(protocol)));
        }
        if self.timestamp {
            extension(&mut extensions, 18, |w| {
                w.vector(2, |w| {
                    w.vector(2, |w| {
                        // Version 1, log, 2026-10-01, no extensions, a signature of no octets.
                        let date = 1_790_812_800_000_u64.to_be_bytes();
                        w.u8(0).bytes(&OAK_2026H2).bytes(&date).bytes(&[0, 0, 4, 3, 0, 0]);
                    });
                });
            });
        }
        if !extensions.0.is_empty() {
            writer.vector(2, |w| {
                w.bytes(&extensions.0);
            });
        }
        writer.0
    }
}

/// The session ID that a ClientHello of the kit offers.
#[must_use]
pub fn offered_session_id(len: usize) -> Vec<u8> {
    filler(len, 5)
}

/// A Certificate message's body of TLS 1.2 and below.
#[must_use]
pub fn certificate(chain: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.vector(3, |w| {
        for der in chain {
            w.vector(3, |w| {
                w.bytes(der);
            });
        }
    });
    writer.0
}

/// A CertificateRequest's body of TLS 1.2, naming these authorities (names in DER).
#[must_use]
pub fn certificate_request(authorities: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.vector(1, |w| {
        w.u8(1).u8(64);
    });
    numbers(&mut writer, 2, &[0x0403, 0x0804, 0x0401]);
    writer.vector(2, |w| {
        for name in authorities {
            w.vector(2, |w| {
                w.bytes(name);
            });
        }
    });
    writer.0
}

/// A ServerKeyExchange's body of ECDHE: the group, a key, a signature.
#[must_use]
pub fn server_key_exchange(group: u16) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .u8(3)
        .u16(group)
        .vector(1, |w| {
            w.bytes(&filler(share_len(group), 12));
        })
        .u16(0x0403)
        .vector(2, |w| {
            w.bytes(&filler(71, 13));
        });
    writer.0
}

/// A name of an authority in DER with one common name.
#[must_use]
pub fn authority_name(common_name: &str) -> Vec<u8> {
    let text = common_name.as_bytes();
    let mut value = vec![0x0c, text.len() as u8];
    value.extend(text);
    let mut attribute = vec![0x06, 3, 0x55, 4, 3];
    attribute.extend(value);
    let wrap = |tag: u8, body: Vec<u8>| {
        let mut out = vec![tag, body.len() as u8];
        out.extend(body);
        out
    };
    wrap(0x30, wrap(0x31, wrap(0x30, attribute)))
}

/// A CertificateStatus message's body with an OCSP response (RFC 6066 §8).
#[must_use]
pub fn certificate_status(response: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.u8(1).vector(3, |w| {
        w.bytes(response);
    });
    writer.0
}

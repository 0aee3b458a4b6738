//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Progress, Protocol, Refusal};
use crate::WireText;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socks {
    is_5: bool,
    step: Step,
    target: Option<WireText>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The client lists methods, or requests.
    Hello,
    /// The server chooses a method.
    Method,
    /// The client gives name and password.
    Password,
    /// The server judges them.
    Judgement,
    /// The client requests.
    Request,
    /// The server answers.
    Answer,
}

/// Whether a client begins like this: SOCKS 4 with CONNECT, or SOCKS 5 with a whole list of
/// methods.
pub(super) fn starts(bytes: &[u8]) -> Option<Socks> {
    let is_5 = match *bytes {
        [4, 1 | 2, _, _, _, _, _, _, _, ..] => false,
        [5, count @ 1..=16, ref methods @ ..] if methods.len() == usize::from(count) => true,
        _ => return None,
    };
    Some(Socks { is_5, step: Step::Hello, target: None })
}

impl Socks {
    pub(super) fn protocol(&self) -> Protocol {
        if self.is_5 { Protocol::Socks5 } else { Protocol::Socks4 }
    }

    pub(super) fn target(&self) -> Option<WireText> {
        self.target.clone()
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        let done = if self.is_5 {
            self.step_5(from_client, bytes)
        } else {
            self.step_4(from_client, bytes)
        };
        // `None`: more bytes are needed, or it is not this side's turn.
        done.unwrap_or(Progress::Continue { consumed: 0 })
    }

    fn step_4(&mut self, from_client: bool, bytes: &[u8]) -> Option<Progress> {
        match (from_client, self.step) {
            (true, Step::Hello) => {
                let ([_, _, port_high, port_low, a, b, c, d], rest) = bytes.split_first_chunk()?;
                let user_len = rest.iter().position(|byte| *byte == 0)? + 1;
                let mut consumed = 8 + user_len;
                let port = u16::from_be_bytes([*port_high, *port_low]);
                // SOCKS 4a: an address 0.0.0.x says that a name follows.
                let host = if [*a, *b, *c] == [0; 3] && *d != 0 {
                    let name = rest.get(user_len..)?;
                    let len = name.iter().position(|byte| *byte == 0)?;
                    consumed += len + 1;
                    name.get(..len)?.to_vec()
                } else {
                    Ipv4Addr::new(*a, *b, *c, *d).to_string().into_bytes()
                };
                self.target = Some(target(&host, port));
                self.step = Step::Answer;
                Some(Progress::Continue { consumed })
            }
            (false, Step::Answer) => {
                let [version, code, ..] = *bytes.first_chunk::<8>()?;
                Some(match (version, code) {
                    (0 | 4, 90) => Progress::TunnelOpens { offset: 8 },
                    (0 | 4, 91..=93) => {
                        let name = match code {
                            91 => "request rejected or failed",
                            92 => "identd not reachable",
                            _ => "identd says another user",
                        };
                        let reason = Refusal::Code { code: u32::from(code), name };
                        Progress::Refused { reason, consumed: 8 }
                    }
                    _ => Progress::NotThis,
                })
            }
            (false, Step::Hello) => Some(Progress::NotThis),
            _ => None,
        }
    }

    fn step_5(&mut self, from_client: bool, bytes: &[u8]) -> Option<Progress> {
        let refused = |code: u8, name, consumed| Progress::Refused {
            reason: Refusal::Code { code: u32::from(code), name },
            consumed,
        };
        match (from_client, self.step) {
            (true, Step::Hello) => {
                let [_, count, ..] = *bytes.first_chunk::<2>()?;
                let consumed = 2 + usize::from(count);
                bytes.get(..consumed)?;
                self.step = Step::Method;
                Some(Progress::Continue { consumed })
            }
            (false, Step::Method) => {
                let [version, method] = *bytes.first_chunk::<2>()?;
                Some(match (version, method) {
                    (5, 0) => {
                        self.step = Step::Request;
                        Progress::Continue { consumed: 2 }
                    }
                    (5, 2) => {
                        self.step = Step::Password;
                        Progress::Continue { consumed: 2 }
                    }
                    (5, 0xff) => refused(0xff, "no acceptable methods", 2),
                    // Other methods, such as GSSAPI, wrap what follows.
                    (5, _) => Progress::NoTls,
                    _ => Progress::NotThis,
                })
            }
            (true, Step::Password) => {
                let [_, name_len] = *bytes.first_chunk::<2>()?;
                let password_at = 2 + usize::from(name_len);
                let consumed = password_at + 1 + usize::from(*bytes.get(password_at)?);
                bytes.get(..consumed)?;
                self.step = Step::Judgement;
                Some(Progress::Continue { consumed })
            }
            (false, Step::Judgement) => {
                let [_, status] = *bytes.first_chunk::<2>()?;
                Some(if status == 0 {
                    self.step = Step::Request;
                    Progress::Continue { consumed: 2 }
                } else {
                    refused(status, "authentication failed", 2)
                })
            }
            (true, Step::Request) => {
                let [version, _, _, _, ..] = *bytes.first_chunk::<5>()?;
                if version != 5 {
                    return Some(Progress::NotThis);
                }
                let (consumed, host, port) = address(bytes)?;
                self.target = Some(target(&host, port));
                self.step = Step::Answer;
                Some(Progress::Continue { consumed })
            }
            (false, Step::Answer) => {
                let [version, code, ..] = *bytes.first_chunk::<4>()?;
                if version != 5 {
                    return Some(Progress::NotThis);
                }
                if code != 0 {
                    return Some(refused(code, reply_name(code), bytes.len()));
                }
                let (offset, _, _) = address(bytes)?;
                Some(Progress::TunnelOpens { offset })
            }
            (false, Step::Hello) => Some(Progress::NotThis),
            _ => None,
        }
    }
}

/// The address of a request or an answer (RFC 1928 §5): the length up to its end, host and port.
fn address(bytes: &[u8]) -> Option<(usize, Vec<u8>, u16)> {
    let ([_, _, _, kind], rest) = bytes.split_first_chunk::<4>()?;
    let (len, host) = match kind {
        1 => (4, Ipv4Addr::from(*rest.first_chunk::<4>()?).to_string().into_bytes()),
        3 => {
            let len = usize::from(*rest.first()?);
            (1 + len, rest.get(1..1 + len)?.to_vec())
        }
        4 => (16, Ipv6Addr::from(*rest.first_chunk::<16>()?).to_string().into_bytes()),
        _ => return None,
    };
    let port = u16::from_be_bytes(*rest.get(len..)?.first_chunk()?);
    Some((4 + len + 2, host, port))
}

fn target(host: &[u8], port: u16) -> WireText {
    let mut target = host.to_vec();
    let is_ipv6 = host.contains(&b':');
    if is_ipv6 {
        target.insert(0, b'[');
        target.push(b']');
    }
    target.push(b':');
    target.extend(port.to_string().bytes());
    WireText::new(&target)
}

/// RFC 1928 §6.
const fn reply_name(code: u8) -> &'static str {
    match code {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "SOCKS failure",
    }
}

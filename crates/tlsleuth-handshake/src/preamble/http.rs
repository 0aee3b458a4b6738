//! HTTP: `CONNECT` through a proxy (RFC 9110 §9.3.6), `Upgrade: TLS` (RFC 2817).

use super::{Progress, Protocol, Refusal, find, first_line, quote};
use crate::WireText;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Http {
    request: Option<Request>,
    /// Bytes of an answer's body that are still to come.
    skip: u64,
    last_target: Option<WireText>,
    is_upgrade: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Request {
    Connect,
    Upgrade,
}

/// Whether a client begins like this. Other requests than CONNECT are waited for until their
/// headers say whether they want TLS.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    let methods: [&[u8]; 4] = [b"CONNECT ", b"OPTIONS ", b"GET ", b"HEAD "];
    methods
        .iter()
        .any(|method| {
            let len = method.len().min(bytes.len());
            len >= 3 && bytes.get(..len) == method.get(..len)
        })
        .then_some(())
}

impl Http {
    pub(super) fn protocol(&self) -> Protocol {
        if self.is_upgrade { Protocol::HttpUpgrade } else { Protocol::HttpConnect }
    }

    pub(super) fn target(&self) -> Option<WireText> {
        self.last_target.clone()
    }

    pub(super) fn is_asked(&self) -> bool {
        self.request.is_some()
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if from_client {
            if self.request.is_some() {
                return Progress::Continue { consumed: 0 };
            }
            // Of the methods that are waited for, one alone begins so.
            self.is_upgrade = bytes.first() != Some(&b'C');
            let Some((len, line, headers)) = head(bytes) else {
                return Progress::Continue { consumed: 0 };
            };
            if let Some(rest) = line.strip_prefix(b"CONNECT ") {
                let target = rest.split(|byte| *byte == b' ').next().unwrap_or(&[]);
                self.last_target = Some(quote(target));
                self.request = Some(Request::Connect);
            } else if header(headers, b"upgrade")
                .is_some_and(|to| to.get(..4).is_some_and(|to| to.eq_ignore_ascii_case(b"TLS/")))
            {
                self.request = Some(Request::Upgrade);
            } else {
                return Progress::NotThis;
            }
            return Progress::Continue { consumed: len };
        }
        let mut consumed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= u64::try_from(consumed).unwrap_or(0).min(self.skip);
        let rest = bytes.get(consumed..).unwrap_or(&[]);
        let Some(request) = &self.request else {
            return Progress::Continue { consumed };
        };
        let Some((len, line, headers)) = head(rest) else {
            let start = b"HTTP/";
            let len = rest.len().min(start.len());
            return if rest.get(..len) == start.get(..len) {
                Progress::Continue { consumed }
            } else {
                Progress::NotThis
            };
        };
        let Some(status) = status(line) else { return Progress::NotThis };
        consumed += len;
        match (request, status) {
            (Request::Upgrade, 101) => Progress::TlsStarts { offset: consumed },
            // Another answer to the same request follows.
            (_, 100..=199) => Progress::Continue { consumed },
            (Request::Connect, 200..=299) => Progress::TunnelOpens { offset: consumed },
            _ => {
                let reason = Refusal::Line(quote(line));
                let is_upgrade = *request == Request::Upgrade;
                self.request = None;
                self.skip = header(headers, b"content-length")
                    .and_then(|value| str::from_utf8(value).ok()?.trim().parse().ok())
                    .unwrap_or(0);
                if is_upgrade {
                    // The server answers in plaintext, as it may.
                    Progress::NoTls
                } else {
                    Progress::Refused { reason, consumed }
                }
            }
        }
    }
}

/// The head of a message: its length, its first line, its other lines. `None` while it has no end.
fn head(bytes: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let end = find(bytes, b"\r\n\r\n").map(|at| at + 4);
    let end = end.or_else(|| find(bytes, b"\n\n").map(|at| at + 2))?;
    let head = bytes.get(..end)?;
    let (line_len, line) = first_line(head)?;
    Some((end, line, head.get(line_len..)?))
}

/// The value of a header, whose name is given in small letters.
fn header<'a>(headers: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    headers.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (found, value) = line.split_at_checked(colon)?;
        found.eq_ignore_ascii_case(name).then(|| value.get(1..).unwrap_or(&[]).trim_ascii())
    })
}

/// The code of a status line.
pub(super) fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/")?;
    let code = rest.split(|byte| *byte == b' ').nth(1)?;
    str::from_utf8(code).ok()?.parse().ok()
}

//! Signed certificate timestamps (RFC 6962 §3.2).

use crate::{
    CtLog, Fingerprint, ct_log,
    der::{Fault, Reader, tag},
};

/// A log's promise to publish a certificate, without its signature, which nobody needs the log's
/// entry for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sct {
    /// The log: SHA-256 of its key.
    pub log_id: Fingerprint,
    /// When the log promised, in milliseconds since 1970.
    pub timestamp_ms: u64,
}

impl Sct {
    /// The log, if it is a known one.
    #[must_use]
    pub fn log(&self) -> Option<&'static CtLog> {
        ct_log(&self.log_id)
    }

    /// When the log promised, in seconds since 1970.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        i64::try_from(self.timestamp_ms / 1_000).unwrap_or(i64::MAX)
    }
}

/// A list of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scts {
    /// How many there are.
    pub count: usize,
    /// The first 64 of them.
    pub list: Box<[Sct]>,
}

/// How many of a list are kept: certificates have two or three.
const MAX_KEPT: usize = 64;

impl Scts {
    /// Those of an iterator; the first 64 are kept.
    pub fn new(all: impl IntoIterator<Item = Sct>) -> Self {
        let mut count = 0;
        let counted = all.into_iter().inspect(|_| count += 1);
        let mut list = Vec::new();
        for sct in counted {
            if list.len() < MAX_KEPT {
                list.push(sct);
            }
        }
        Self { count, list: list.into() }
    }

    /// The body of the extension of an OCSP response (RFC 6962 §3.3): an OCTET STRING that holds a
    /// list in the form of TLS. Later versions of a timestamp are left out: their form is not known.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Fault> {
        let list = Reader::new(body).expect(tag::OCTET_STRING, "a list of timestamps")?;
        let fault = || Fault { offset: list.content_offset(), expected: "a list of timestamps" };
        let (len, mut rest) = list.content.split_first_chunk().ok_or_else(fault)?;
        if usize::from(u16::from_be_bytes(*len)) != rest.len() {
            return Err(fault());
        }
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (len, behind) = rest.split_first_chunk().ok_or_else(fault)?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (item, behind) = behind.split_at_checked(len).ok_or_else(fault)?;
            rest = behind;
            let Some((0, item)) = item.split_first().map(|(version, item)| (*version, item)) else {
                continue;
            };
            let (log_id, item) = item.split_first_chunk().ok_or_else(fault)?;
            let (timestamp, _) = item.split_first_chunk().ok_or_else(fault)?;
            all.push(Sct {
                log_id: Fingerprint(*log_id),
                timestamp_ms: u64::from_be_bytes(*timestamp),
            });
        }
        Ok(Self::new(all))
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEPT, Sct, Scts};
    use crate::Fingerprint;

    /// An OCTET STRING with one list of these timestamps, all of version `version`.
    fn body(version: u8, scts: &[Sct]) -> Vec<u8> {
        let mut list = Vec::new();
        for sct in scts {
            list.extend(47_u16.to_be_bytes());
            list.push(version);
            list.extend(sct.log_id.0);
            list.extend(sct.timestamp_ms.to_be_bytes());
            // No extensions, and a signature of no octets.
            list.extend([0, 0, 4, 3, 0, 0]);
        }
        let mut body = vec![4, u8::try_from(list.len() + 2).unwrap()];
        body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
        body.extend(list);
        body
    }

    const ONE: Sct = Sct { log_id: Fingerprint([0xab; 32]), timestamp_ms: 1_795_168_800_123 };

    #[test]
    fn a_list_in_an_ocsp_response() {
        let two = [ONE, Sct { log_id: Fingerprint([0xcd; 32]), ..ONE }];
        assert_eq!(Scts::read(&body(0, &two)).unwrap(), Scts { count: 2, list: two.into() });
        assert_eq!(Scts::read(&body(0, &[])).unwrap(), Scts::default());
        // Another version has another form.
        assert_eq!(Scts::read(&body(1, &two)).unwrap(), Scts::default());
        assert_eq!(ONE.seconds(), 1_795_168_800);
        assert_eq!(ONE.log(), None);
    }

    #[test]
    fn cut_anywhere_it_is_refused() {
        let whole = body(0, &[ONE]);
        for len in 0..whole.len() {
            assert!(Scts::read(&whole[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn of_a_long_list_the_first_are_kept() {
        let scts = Scts::new(std::iter::repeat_n(ONE, 1_000));
        assert_eq!((scts.count, scts.list.len()), (1_000, MAX_KEPT));
    }
}

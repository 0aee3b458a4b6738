//! CertificateStatus: a stapled OCSP response, before TLS 1.3.

use super::{CertificateStatus, extension::parse_certificate_status};
use crate::{Anomaly, anomaly::Notes, cursor::Cursor};

impl CertificateStatus {
    /// Reads the body of a CertificateStatus message (RFC 6066 §8, RFC 6961 §2.2); `None` for a
    /// kind that is not known or a body that breaks off, with an anomaly.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Option<Self>, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let status = parse_certificate_status(&mut cursor, &mut notes);
        if status.is_some() {
            cursor.end("response", &mut notes);
        }
        (status, notes.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_response_or_one_for_each_certificate() {
        let (status, anomalies) = CertificateStatus::decode(&[1, 0, 0, 2, 0x30, 0]);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(*status.unwrap().responses, [Box::from([0x30, 0])]);
        let body = [2, 0, 0, 7, 0, 0, 1, 5, 0, 0, 0];
        let (status, anomalies) = CertificateStatus::decode(&body);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(*status.unwrap().responses, [Box::from([5_u8].as_slice()), Box::default()]);
    }
}

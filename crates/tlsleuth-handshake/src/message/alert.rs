//! Alerts.

use core::fmt;

use crate::codepoint::{AlertDescription, AlertLevel};

/// An alert in the clear.
///
/// ```text
/// struct {
///     AlertLevel level;
///     AlertDescription description;
/// } Alert;
/// ```
///
/// RFC 8446 §6. An encrypted alert cannot be told by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert {
    /// How serious it is.
    pub level: AlertLevel,
    /// What it says.
    pub description: AlertDescription,
}

impl Alert {
    /// Reads the body of an alert record: alerts are never cut (RFC 8446 §5.1), but TLS 1.2 may
    /// put several into one record. Bytes that are left over, or a level that is neither warning
    /// nor fatal, say that the record is encrypted: then `None`.
    ///
    /// ```
    /// # use tlsleuth_handshake::message::Alert;
    /// let alerts = Alert::decode(&[2, 48]).unwrap();
    /// assert_eq!(alerts[0].to_string(), "fatal unknown_ca");
    /// assert_eq!(Alert::decode(&[0; 26]), None);
    /// ```
    #[must_use]
    pub fn decode(body: &[u8]) -> Option<Vec<Self>> {
        let (pairs, odd) = body.as_chunks::<2>();
        if pairs.is_empty() || !odd.is_empty() {
            return None;
        }
        let alerts: Vec<Self> = pairs
            .iter()
            .take(crate::anomaly::MAX_ANOMALIES)
            .map(|[level, description]| Self {
                level: AlertLevel(*level),
                description: AlertDescription(*description),
            })
            .collect();
        // A lone pair is an alert whatever it says; more of them must look like alerts, for an
        // encrypted record of even length has some 16 bytes and more.
        let looks_plain =
            |alert: &Self| alert.level.name().is_some() && alert.description.name().is_some();
        (pairs.len() == 1 || alerts.iter().all(looks_plain)).then_some(alerts)
    }

    /// Whether the connection ends here: a fatal alert, or one that TLS 1.3 makes fatal.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.level == AlertLevel::FATAL
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.description)
    }
}

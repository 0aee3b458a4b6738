//! Alerts.

code_points! {
    /// How serious an alert is (RFC 8446 §6; ignored from TLS 1.3 on, where all but two are fatal).
    AlertLevel(u8), "{:#04x}", super::no_grease_u8;
    1 WARNING "warning";
    2 FATAL "fatal";
}

code_points! {
    /// What an alert says. IANA "TLS Alerts", November 2026.
    ///
    /// ```
    /// # use tlsleuth_handshake::codepoint::AlertDescription;
    /// assert_eq!(AlertDescription(48).to_string(), "unknown_ca");
    /// assert_eq!(AlertDescription(48), AlertDescription::UNKNOWN_CA);
    /// assert!(AlertDescription(48).meaning().is_some());
    /// ```
    AlertDescription(u8), "{:#04x}", super::no_grease_u8;
    0 CLOSE_NOTIFY "close_notify";
    1 END_OF_EARLY_DATA "end_of_early_data";
    10 UNEXPECTED_MESSAGE "unexpected_message";
    20 BAD_RECORD_MAC "bad_record_mac";
    21 DECRYPTION_FAILED "decryption_failed";
    22 RECORD_OVERFLOW "record_overflow";
    30 DECOMPRESSION_FAILURE "decompression_failure";
    40 HANDSHAKE_FAILURE "handshake_failure";
    41 NO_CERTIFICATE "no_certificate";
    42 BAD_CERTIFICATE "bad_certificate";
    43 UNSUPPORTED_CERTIFICATE "unsupported_certificate";
    44 CERTIFICATE_REVOKED "certificate_revoked";
    45 CERTIFICATE_EXPIRED "certificate_expired";
    46 CERTIFICATE_UNKNOWN "certificate_unknown";
    47 ILLEGAL_PARAMETER "illegal_parameter";
    48 UNKNOWN_CA "unknown_ca";
    49 ACCESS_DENIED "access_denied";
    50 DECODE_ERROR "decode_error";
    51 DECRYPT_ERROR "decrypt_error";
    52 TOO_MANY_CIDS_REQUESTED "too_many_cids_requested";
    60 EXPORT_RESTRICTION "export_restriction";
    70 PROTOCOL_VERSION "protocol_version";
    71 INSUFFICIENT_SECURITY "insufficient_security";
    80 INTERNAL_ERROR "internal_error";
    86 INAPPROPRIATE_FALLBACK "inappropriate_fallback";
    90 USER_CANCELED "user_canceled";
    100 NO_RENEGOTIATION "no_renegotiation";
    109 MISSING_EXTENSION "missing_extension";
    110 UNSUPPORTED_EXTENSION "unsupported_extension";
    111 CERTIFICATE_UNOBTAINABLE "certificate_unobtainable";
    112 UNRECOGNIZED_NAME "unrecognized_name";
    113 BAD_CERTIFICATE_STATUS_RESPONSE "bad_certificate_status_response";
    114 BAD_CERTIFICATE_HASH_VALUE "bad_certificate_hash_value";
    115 UNKNOWN_PSK_IDENTITY "unknown_psk_identity";
    116 CERTIFICATE_REQUIRED "certificate_required";
    117 GENERAL_ERROR "general_error";
    120 NO_APPLICATION_PROTOCOL "no_application_protocol";
    121 ECH_REQUIRED "ech_required";
}

impl AlertDescription {
    /// One line on what the sender says with it; `None` for an unknown number.
    #[must_use]
    pub const fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::CLOSE_NOTIFY => "the sender will send no more on this connection",
            Self::END_OF_EARLY_DATA => "the end of 0-RTT data, in drafts of TLS 1.3",
            Self::UNEXPECTED_MESSAGE => "a message came that does not belong at this point",
            Self::BAD_RECORD_MAC => "a record could not be authenticated with the keys in use",
            Self::DECRYPTION_FAILED => "a record could not be decrypted (TLS 1.0 and older)",
            Self::RECORD_OVERFLOW => "a record was longer than allowed",
            Self::DECOMPRESSION_FAILURE => "compressed data was bad or grew too large",
            Self::HANDSHAKE_FAILURE => "no acceptable set of security parameters could be found",
            Self::NO_CERTIFICATE => "the client has no certificate to send (SSL 3.0)",
            Self::BAD_CERTIFICATE => "a certificate was corrupt or its signature did not verify",
            Self::UNSUPPORTED_CERTIFICATE => "a certificate was of a type that is not supported",
            Self::CERTIFICATE_REVOKED => "a certificate was revoked by its issuer",
            Self::CERTIFICATE_EXPIRED => "a certificate is outside its time of validity",
            Self::CERTIFICATE_UNKNOWN => "a certificate was refused for some other reason",
            Self::ILLEGAL_PARAMETER => "a field was out of range or contradicts another",
            Self::UNKNOWN_CA => "no trusted authority was found for the certificate chain",
            Self::ACCESS_DENIED => "the certificate or PSK is valid, but access was refused",
            Self::DECODE_ERROR => "a message could not be parsed: a length or value is wrong",
            Self::DECRYPT_ERROR => "a signature, Finished or PSK binder did not verify",
            Self::TOO_MANY_CIDS_REQUESTED => "more connection IDs were asked for than allowed",
            Self::EXPORT_RESTRICTION => "the old export rules were not met (TLS 1.0)",
            Self::PROTOCOL_VERSION => "the protocol version offered is not supported",
            Self::INSUFFICIENT_SECURITY => "the peer's parameters are too weak for the sender",
            Self::INTERNAL_ERROR => "the sender failed for a reason of its own",
            Self::INAPPROPRIATE_FALLBACK => {
                "the client fell back to a version below the best common one"
            }
            Self::USER_CANCELED => "the handshake was given up for a reason outside the protocol",
            Self::NO_RENEGOTIATION => "the sender will not negotiate again (TLS 1.2 and older)",
            Self::MISSING_EXTENSION => "an extension that must be there was not",
            Self::UNSUPPORTED_EXTENSION => {
                "an extension came that was not asked for or is forbidden here"
            }
            Self::CERTIFICATE_UNOBTAINABLE => "a certificate could not be fetched from its URL",
            Self::UNRECOGNIZED_NAME => "no server of that name is known here",
            Self::BAD_CERTIFICATE_STATUS_RESPONSE => {
                "the stapled OCSP response is invalid or unacceptable"
            }
            Self::BAD_CERTIFICATE_HASH_VALUE => {
                "a certificate does not match the hash given for it"
            }
            Self::UNKNOWN_PSK_IDENTITY => "no acceptable pre-shared key identity was offered",
            Self::CERTIFICATE_REQUIRED => "a client certificate is required and none was sent",
            Self::GENERAL_ERROR => "an error of no kind that another alert names",
            Self::NO_APPLICATION_PROTOCOL => {
                "none of the offered application protocols is supported"
            }
            Self::ECH_REQUIRED => {
                "the client requires Encrypted Client Hello, which was not accepted"
            }
            _ => return None,
        })
    }

    /// Whether the alert ends the connection whatever its level says: all but `close_notify` and
    /// `user_canceled` do in TLS 1.3 (RFC 8446 §6).
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::CLOSE_NOTIFY | Self::USER_CANCELED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_alert_has_a_meaning() {
        for alert in AlertDescription::ALL {
            assert!(alert.meaning().is_some(), "{alert}");
        }
        assert_eq!(AlertDescription(99).meaning(), None);
    }
}

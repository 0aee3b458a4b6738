//! Record content types.

code_points! {
    /// What a record carries. IANA "TLS ContentType", November 2026.
    ContentType(u8), "{:#04x}", super::no_grease_u8;
    20 CHANGE_CIPHER_SPEC "change_cipher_spec";
    21 ALERT "alert";
    22 HANDSHAKE "handshake";
    23 APPLICATION_DATA "application_data";
    24 HEARTBEAT "heartbeat";
    25 TLS12_CID "tls12_cid";
    26 ACK "ack";
    27 RETURN_ROUTABILITY_CHECK "return_routability_check";
    // GB/T 38636 gives this number to its own site-to-site messages.
    80 SITE_TO_SITE "site2site";
}

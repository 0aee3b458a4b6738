//! Extension types.

code_points! {
    /// The type of a hello extension. IANA "TLS ExtensionType Values", November 2026; marked "not
    /// registered" in the source: extensions of drafts and vendors that are still met.
    ///
    /// ```
    /// # use tlsleuth_handshake::codepoint::ExtensionType;
    /// assert_eq!(ExtensionType(51).to_string(), "key_share");
    /// assert_eq!(ExtensionType(0xfe0d), ExtensionType::ENCRYPTED_CLIENT_HELLO);
    /// ```
    ExtensionType(u16), "{:#06x}", super::grease_u16;
    0 SERVER_NAME "server_name";
    1 MAX_FRAGMENT_LENGTH "max_fragment_length";
    2 CLIENT_CERTIFICATE_URL "client_certificate_url";
    3 TRUSTED_CA_KEYS "trusted_ca_keys";
    4 TRUNCATED_HMAC "truncated_hmac";
    5 STATUS_REQUEST "status_request";
    6 USER_MAPPING "user_mapping";
    7 CLIENT_AUTHZ "client_authz";
    8 SERVER_AUTHZ "server_authz";
    9 CERT_TYPE "cert_type";
    10 SUPPORTED_GROUPS "supported_groups";
    11 EC_POINT_FORMATS "ec_point_formats";
    12 SRP "srp";
    13 SIGNATURE_ALGORITHMS "signature_algorithms";
    14 USE_SRTP "use_srtp";
    15 HEARTBEAT "heartbeat";
    16 APPLICATION_LAYER_PROTOCOL_NEGOTIATION "application_layer_protocol_negotiation";
    17 STATUS_REQUEST_V2 "status_request_v2";
    18 SIGNED_CERTIFICATE_TIMESTAMP "signed_certificate_timestamp";
    19 CLIENT_CERTIFICATE_TYPE "client_certificate_type";
    20 SERVER_CERTIFICATE_TYPE "server_certificate_type";
    21 PADDING "padding";
    22 ENCRYPT_THEN_MAC "encrypt_then_mac";
    23 EXTENDED_MASTER_SECRET "extended_master_secret";
    24 TOKEN_BINDING "token_binding";
    25 CACHED_INFO "cached_info";
    26 TLS_LTS "tls_lts";
    27 COMPRESS_CERTIFICATE "compress_certificate";
    28 RECORD_SIZE_LIMIT "record_size_limit";
    29 PWD_PROTECT "pwd_protect";
    30 PWD_CLEAR "pwd_clear";
    31 PASSWORD_SALT "password_salt";
    32 TICKET_PINNING "ticket_pinning";
    33 TLS_CERT_WITH_EXTERN_PSK "tls_cert_with_extern_psk";
    34 DELEGATED_CREDENTIAL "delegated_credential";
    35 SESSION_TICKET "session_ticket";
    36 TLMSP "TLMSP";
    37 TLMSP_PROXYING "TLMSP_proxying";
    38 TLMSP_DELEGATE "TLMSP_delegate";
    39 SUPPORTED_EKT_CIPHERS "supported_ekt_ciphers";
    // Reserved: key_share of drafts before 23 of TLS 1.3.
    40 KEY_SHARE_DRAFT "key_share (draft)";
    41 PRE_SHARED_KEY "pre_shared_key";
    42 EARLY_DATA "early_data";
    43 SUPPORTED_VERSIONS "supported_versions";
    44 COOKIE "cookie";
    45 PSK_KEY_EXCHANGE_MODES "psk_key_exchange_modes";
    // Reserved: ticket_early_data_info of drafts of TLS 1.3.
    46 TICKET_EARLY_DATA_INFO_DRAFT "ticket_early_data_info (draft)";
    47 CERTIFICATE_AUTHORITIES "certificate_authorities";
    48 OID_FILTERS "oid_filters";
    49 POST_HANDSHAKE_AUTH "post_handshake_auth";
    50 SIGNATURE_ALGORITHMS_CERT "signature_algorithms_cert";
    51 KEY_SHARE "key_share";
    52 TRANSPARENCY_INFO "transparency_info";
    53 CONNECTION_ID_DEPRECATED "connection_id (deprecated)";
    54 CONNECTION_ID "connection_id";
    55 EXTERNAL_ID_HASH "external_id_hash";
    56 EXTERNAL_SESSION_ID "external_session_id";
    57 QUIC_TRANSPORT_PARAMETERS "quic_transport_parameters";
    58 TICKET_REQUEST "ticket_request";
    59 DNSSEC_CHAIN "dnssec_chain";
    60 SEQUENCE_NUMBER_ENCRYPTION_ALGORITHMS "sequence_number_encryption_algorithms";
    61 RRC "rrc";
    62 TLS_FLAGS "tls_flags";
    // Not registered: Next Protocol Negotiation, draft-agl-tls-nextprotoneg.
    13172 NEXT_PROTOCOL_NEGOTIATION "next_protocol_negotiation";
    // Not registered: ALPS, draft-vvv-tls-alps, with the number of its first and its later form.
    17513 APPLICATION_SETTINGS_OLD "application_settings (old)";
    17613 APPLICATION_SETTINGS "application_settings";
    // Not registered: Channel ID, draft-balfanz-tls-channelid.
    30031 CHANNEL_ID_OLD "channel_id (old)";
    30032 CHANNEL_ID "channel_id";
    // Not registered: trust anchor identifiers as deployed from draft-ietf-tls-trust-anchor-ids.
    0xca34 TRUST_ANCHORS "trust_anchors";
    0xfd00 ECH_OUTER_EXTENSIONS "ech_outer_extensions";
    0xfe0d ENCRYPTED_CLIENT_HELLO "encrypted_client_hello";
    0xff01 RENEGOTIATION_INFO "renegotiation_info";
    // Not registered: the number of QUIC drafts before RFC 9001.
    0xffa5 QUIC_TRANSPORT_PARAMETERS_DRAFT "quic_transport_parameters (draft)";
    // Not registered: ESNI, drafts of ECH up to 06.
    0xffce ENCRYPTED_SERVER_NAME "encrypted_server_name";
}

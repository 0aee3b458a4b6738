//! Kinds of certificates and of their status.

code_points! {
    /// What a Certificate message carries (RFC 7250 §3). IANA "TLS Certificate Types".
    CertificateType(u8), "{:#04x}", super::no_grease_u8;
    0 X509 "X509";
    1 OPENPGP "OpenPGP";
    2 RAW_PUBLIC_KEY "Raw Public Key";
    3 IEEE1609DOT2 "1609Dot2";
}

code_points! {
    /// What a server before TLS 1.3 asks a client for (RFC 5246 §7.4.4). IANA "TLS
    /// ClientCertificateType Identifiers".
    ClientCertificateType(u8), "{:#04x}", super::no_grease_u8;
    1 RSA_SIGN "rsa_sign";
    2 DSS_SIGN "dss_sign";
    3 RSA_FIXED_DH "rsa_fixed_dh";
    4 DSS_FIXED_DH "dss_fixed_dh";
    5 RSA_EPHEMERAL_DH "rsa_ephemeral_dh_RESERVED";
    6 DSS_EPHEMERAL_DH "dss_ephemeral_dh_RESERVED";
    20 FORTEZZA_DMS "fortezza_dms_RESERVED";
    // Not registered: GOST engines before RFC 9189.
    21 GOST_SIGN94 "gost_sign94";
    22 GOST_SIGN01 "gost_sign01";
    64 ECDSA_SIGN "ecdsa_sign";
    65 RSA_FIXED_ECDH "rsa_fixed_ecdh";
    66 ECDSA_FIXED_ECDH "ecdsa_fixed_ecdh";
    67 GOST_SIGN256 "gost_sign256";
    68 GOST_SIGN512 "gost_sign512";
    // GB/T 38636: identity based parameters.
    80 IBC_PARAMS "ibc_params";
}

code_points! {
    /// The kind of a certificate status (RFC 6066 §8, RFC 6961 §2.2).
    CertificateStatusType(u8), "{:#04x}", super::no_grease_u8;
    1 OCSP "ocsp";
    2 OCSP_MULTI "ocsp_multi";
}

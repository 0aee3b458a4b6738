//! PSK key exchange modes.

code_points! {
    /// How a pre-shared key may be used (RFC 8446 §4.2.9).
    PskKeyExchangeMode(u8), "{:#04x}", super::grease_u8;
    0 PSK_KE "psk_ke";
    1 PSK_DHE_KE "psk_dhe_ke";
}

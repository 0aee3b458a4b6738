//! Every rule, in the order of the catalogue.

use crate::{FleetRule, Rule, rules};

/// All rules that look at one connection.
#[rustfmt::skip]
pub static RULES: &[&Rule] = &[
    // version
    &rules::version::deprecated::VERSION_DEPRECATED,
    &rules::version::downgraded::VERSION_DOWNGRADED,
    &rules::version::fallback::VERSION_FALLBACK,
    &rules::version::intolerant::VERSION_INTOLERANT,
    &rules::version::no_overlap::VERSION_NO_OVERLAP,
    // cipher
    &rules::cipher::no_overlap::CIPHER_NO_OVERLAP,
    &rules::cipher::not_offered::CIPHER_NOT_OFFERED,
    &rules::cipher::weak::CIPHER_WEAK,
    // group
    &rules::group::no_overlap::GROUP_NO_OVERLAP,
    &rules::group::retry::GROUP_RETRY,
    // signature
    &rules::signature::no_overlap::SIGNATURE_NO_OVERLAP,
    // sni
    &rules::sni::certificate_mismatch::SNI_CERTIFICATE_MISMATCH,
    &rules::sni::default_certificate::SNI_DEFAULT_CERTIFICATE,
    &rules::sni::ip_literal::SNI_IP_LITERAL,
    &rules::sni::missing::SNI_MISSING,
    &rules::sni::unrecognized::SNI_UNRECOGNIZED,
    // alpn
    &rules::alpn::acme_challenge::ALPN_ACME_CHALLENGE,
    &rules::alpn::ignored::ALPN_IGNORED,
    &rules::alpn::no_overlap::ALPN_NO_OVERLAP,
    &rules::alpn::not_offered::ALPN_NOT_OFFERED,
    // chain
    &rules::chain::bad_signature::CHAIN_BAD_SIGNATURE,
    &rules::chain::empty::CHAIN_EMPTY,
    &rules::chain::expired::CHAIN_EXPIRED,
    &rules::chain::expires_soon::CHAIN_EXPIRES_SOON,
    &rules::chain::malformed::CHAIN_MALFORMED,
    &rules::chain::missing_intermediate::CHAIN_MISSING_INTERMEDIATE,
    &rules::chain::name_constraints::CHAIN_NAME_CONSTRAINTS,
    &rules::chain::not_a_ca::CHAIN_NOT_A_CA,
    &rules::chain::not_yet_valid::CHAIN_NOT_YET_VALID,
    &rules::chain::path_too_long::CHAIN_PATH_TOO_LONG,
    &rules::chain::revoked::CHAIN_REVOKED,
    &rules::chain::root_included::CHAIN_ROOT_INCLUDED,
    &rules::chain::self_signed::CHAIN_SELF_SIGNED,
    &rules::chain::staple_expired::CHAIN_STAPLE_EXPIRED,
    &rules::chain::staple_missing::CHAIN_STAPLE_MISSING,
    &rules::chain::unrelated_certificates::CHAIN_UNRELATED_CERTIFICATES,
    &rules::chain::untrusted_root::CHAIN_UNTRUSTED_ROOT,
    &rules::chain::weak_key::CHAIN_WEAK_KEY,
    &rules::chain::weak_signature::CHAIN_WEAK_SIGNATURE,
    &rules::chain::wrong_order::CHAIN_WRONG_ORDER,
    &rules::chain::wrong_usage::CHAIN_WRONG_USAGE,
    // client-auth
    &rules::client_auth::missing::CLIENT_AUTH_MISSING,
    &rules::client_auth::rejected::CLIENT_AUTH_REJECTED,
    &rules::client_auth::untrusted_issuer::CLIENT_AUTH_UNTRUSTED_ISSUER,
    // peer
    &rules::peer::access_denied::PEER_ACCESS_DENIED,
    &rules::peer::alert::PEER_ALERT,
    &rules::peer::client_aborted::PEER_CLIENT_ABORTED,
    &rules::peer::client_rejected_certificate::PEER_CLIENT_REJECTED_CERTIFICATE,
    &rules::peer::handshake_failure::PEER_HANDSHAKE_FAILURE,
    &rules::peer::internal_error::PEER_INTERNAL_ERROR,
    &rules::peer::key_mismatch::PEER_KEY_MISMATCH,
    &rules::peer::server_aborted::PEER_SERVER_ABORTED,
    &rules::peer::user_canceled::PEER_USER_CANCELED,
    // protocol
    &rules::protocol::http_to_tls_port::PROTOCOL_HTTP_TO_TLS_PORT,
    &rules::protocol::malformed::PROTOCOL_MALFORMED,
    &rules::protocol::not_tls::PROTOCOL_NOT_TLS,
    &rules::protocol::plaintext_reply::PROTOCOL_PLAINTEXT_REPLY,
    &rules::protocol::proxy_refused::PROTOCOL_PROXY_REFUSED,
    &rules::protocol::starttls_refused::PROTOCOL_STARTTLS_REFUSED,
    // tcp
    &rules::tcp::client_hello_lost::TCP_CLIENT_HELLO_LOST,
    &rules::tcp::client_silent::TCP_CLIENT_SILENT,
    &rules::tcp::closed_after_client_hello::TCP_CLOSED_AFTER_CLIENT_HELLO,
    &rules::tcp::closed_during_handshake::TCP_CLOSED_DURING_HANDSHAKE,
    &rules::tcp::no_answer::TCP_NO_ANSWER,
    &rules::tcp::no_client_hello::TCP_NO_CLIENT_HELLO,
    &rules::tcp::refused::TCP_REFUSED,
    &rules::tcp::reset_after_client_hello::TCP_RESET_AFTER_CLIENT_HELLO,
    &rules::tcp::reset_during_handshake::TCP_RESET_DURING_HANDSHAKE,
    &rules::tcp::server_flight_lost::TCP_SERVER_FLIGHT_LOST,
    &rules::tcp::server_silent::TCP_SERVER_SILENT,
    &rules::tcp::slow_handshake::TCP_SLOW_HANDSHAKE,
    &rules::tcp::unreachable::TCP_UNREACHABLE,
    // capture
    &rules::capture::ambiguous::CAPTURE_AMBIGUOUS,
    &rules::capture::gap::CAPTURE_GAP,
    &rules::capture::mid_stream::CAPTURE_MID_STREAM,
    &rules::capture::one_sided::CAPTURE_ONE_SIDED,
    &rules::capture::snaplen::CAPTURE_SNAPLEN,
    // resumption
    &rules::resumption::refused::RESUMPTION_REFUSED,
    // early-data
    &rules::early_data::rejected::EARLY_DATA_REJECTED,
    // renegotiation
    &rules::renegotiation::insecure::RENEGOTIATION_INSECURE,
];

/// All rules that look at many connections.
#[rustfmt::skip]
pub static FLEET_RULES: &[&FleetRule] = &[
    &rules::fleet::certificate_changed::FLEET_CERTIFICATE_CHANGED,
    &rules::fleet::certificate_differs::FLEET_CERTIFICATE_DIFFERS,
    &rules::fleet::clock::FLEET_CLOCK,
    &rules::fleet::intercepted::FLEET_INTERCEPTED,
    &rules::fleet::split_by_client::FLEET_SPLIT_BY_CLIENT,
    &rules::fleet::split_by_node::FLEET_SPLIT_BY_NODE,
    &rules::fleet::outage_window::FLEET_OUTAGE_WINDOW,
    &rules::fleet::resumption_fails::FLEET_RESUMPTION_FAILS,
    &rules::fleet::mostly_failing::FLEET_MOSTLY_FAILING,
    &rules::fleet::intermittent::FLEET_INTERMITTENT,
    &rules::fleet::retry_ladder::FLEET_RETRY_LADDER,
];

/// The fleet rule of a code.
#[must_use]
pub fn fleet_rule(code: &str) -> Option<&'static FleetRule> {
    FLEET_RULES.iter().copied().find(|rule| rule.code == code)
}

/// The rule of a code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

//! Rules about the path under TLS.

pub mod client_hello_lost;
pub mod client_silent;
pub mod closed_after_client_hello;
pub mod closed_during_handshake;
pub mod no_answer;
pub mod no_client_hello;
pub mod refused;
pub mod reset_after_client_hello;
pub mod reset_during_handshake;
pub mod server_flight_lost;
pub mod server_silent;
pub mod slow_handshake;
pub mod unreachable;

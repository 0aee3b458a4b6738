//! Rules about refusals whose cause the capture does not show.

pub mod access_denied;
pub mod alert;
pub mod client_aborted;
pub mod client_rejected_certificate;
pub mod handshake_failure;
pub mod internal_error;
pub mod key_mismatch;
pub mod server_aborted;
pub mod user_canceled;

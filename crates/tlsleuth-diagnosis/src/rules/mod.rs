//! The rules, one file each: `<area>/<problem>.rs` holds the code `area.problem`.

pub mod alpn;
pub mod capture;
pub mod chain;
pub mod cipher;
pub mod client_auth;
pub mod early_data;
pub mod fleet;
pub mod group;
pub mod peer;
pub mod protocol;
pub mod renegotiation;
pub mod resumption;
pub mod signature;
pub mod sni;
pub mod tcp;
pub mod version;

#[cfg(test)]
pub(crate) mod testing;

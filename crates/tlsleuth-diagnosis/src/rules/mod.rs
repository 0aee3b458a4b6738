//! The rules, one file each: `<area>/<problem>.rs` holds the code `area.problem`.

pub mod alpn;
pub mod chain;
pub mod cipher;
pub mod client_auth;
pub mod group;
pub mod peer;
pub mod signature;
pub mod sni;
pub mod version;

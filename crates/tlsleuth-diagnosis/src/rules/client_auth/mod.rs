//! Rules about client certificates.

pub mod missing;
pub mod rejected;
pub mod untrusted_issuer;

/// So many authorities as a sentence names them.
fn of_authorities(count: usize) -> String {
    if count == 1 { "one authority".to_owned() } else { format!("one of {count} authorities") }
}

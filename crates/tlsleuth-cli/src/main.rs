//! The command `tlsleuth`.

fn main() {}

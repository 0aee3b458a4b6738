//! ManageSieve: `STARTTLS` (RFC 5804 §2.2).

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules},
    starts_with_word,
};

pub(super) static SIEVE: Rules = Rules {
    protocol: Protocol::Sieve,
    greets: |greeting| greeting.starts_with(b"\"") || starts_with_word(greeting, b"OK"),
    begins: |line| {
        [&b"STARTTLS"[..], b"CAPABILITY", b"AUTHENTICATE", b"LOGOUT", b"NOOP"]
            .iter()
            .any(|word| starts_with_word(line, word))
    },
    command: |line| {
        if starts_with_word(line, b"STARTTLS") {
            Command::AsksForTls
        } else if starts_with_word(line, b"LOGOUT") {
            Command::Leaves
        } else if starts_with_word(line, b"AUTHENTICATE") {
            Command::GoesOnWithout
        } else {
            Command::Other
        }
    },
    answer: |line, _| {
        if starts_with_word(line, b"OK") {
            Answer::Accepts
        } else if starts_with_word(line, b"NO") || starts_with_word(line, b"BYE") {
            Answer::Refuses
        } else {
            Answer::Other
        }
    },
    offers: |line| line.eq_ignore_ascii_case(b"\"STARTTLS\"").then_some(true),
};

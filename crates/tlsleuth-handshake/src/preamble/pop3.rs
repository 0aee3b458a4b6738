//! POP3: `STLS` (RFC 2595 §4).

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules},
    starts_with_word,
};

pub(super) static POP3: Rules = Rules {
    protocol: Protocol::Pop3,
    greets: |greeting| {
        greeting.is_empty() || greeting.starts_with(b"+OK") || greeting.starts_with(b"-ERR")
    },
    begins: |line| {
        // `AUTH TLS` is FTP's; the mechanisms of POP3 have other names (RFC 5034 §4).
        !starts_with_word(line, b"AUTH TLS")
            && !starts_with_word(line, b"AUTH SSL")
            && [&b"CAPA"[..], b"STLS", b"USER", b"APOP", b"AUTH", b"QUIT"]
                .iter()
                .any(|word| starts_with_word(line, word))
    },
    command: |line| {
        if starts_with_word(line, b"STLS") {
            Command::AsksForTls
        } else if starts_with_word(line, b"QUIT") {
            Command::Leaves
        } else if [&b"USER"[..], b"APOP", b"AUTH"].iter().any(|word| starts_with_word(line, word)) {
            Command::GoesOnWithout
        } else {
            Command::Other
        }
    },
    answer: |line, _| {
        if line.starts_with(b"+OK") {
            Answer::Accepts
        } else if line.starts_with(b"-ERR") {
            Answer::Refuses
        } else {
            Answer::Other
        }
    },
    offers: |line| {
        if starts_with_word(line, b"STLS") {
            Some(true)
        } else {
            // The list of capabilities ends with a dot.
            (line == b".").then_some(false)
        }
    },
};

//! NNTP: `STARTTLS` (RFC 4642 §2.2).

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules, reply_code},
    starts_with_word,
};

pub(super) static NNTP: Rules = Rules {
    protocol: Protocol::Nntp,
    greets: |greeting| matches!(reply_code(greeting), Some((200 | 201 | 400 | 502, _))),
    begins: |line| {
        [&b"CAPABILITIES"[..], b"STARTTLS", b"MODE", b"AUTHINFO", b"LIST", b"GROUP", b"QUIT"]
            .iter()
            .any(|word| starts_with_word(line, word))
    },
    command: |line| {
        if starts_with_word(line, b"STARTTLS") {
            Command::AsksForTls
        } else if starts_with_word(line, b"QUIT") {
            Command::Leaves
        } else if starts_with_word(line, b"AUTHINFO") || starts_with_word(line, b"GROUP") {
            Command::GoesOnWithout
        } else {
            Command::Other
        }
    },
    answer: |line, _| match reply_code(line) {
        Some((382, _)) => Answer::Accepts,
        Some((400..=599, _)) => Answer::Refuses,
        _ => Answer::Other,
    },
    offers: |line| {
        if starts_with_word(line, b"STARTTLS") {
            Some(true)
        } else {
            (line == b".").then_some(false)
        }
    },
};

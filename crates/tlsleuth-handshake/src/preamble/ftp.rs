//! FTP: `AUTH TLS` (RFC 4217 §4), and `AUTH SSL` of older clients.

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules, reply_code},
    starts_with_word,
};

pub(super) static FTP: Rules = Rules {
    protocol: Protocol::Ftp,
    greets: |greeting| {
        greeting.is_empty() || matches!(reply_code(greeting), Some((120 | 220 | 421, _)))
    },
    begins: |line| {
        asks(line)
            || [&b"USER"[..], b"FEAT", b"HOST", b"OPTS", b"SYST", b"CLNT", b"QUIT"]
                .iter()
                .any(|word| starts_with_word(line, word))
    },
    command: |line| {
        if asks(line) {
            Command::AsksForTls
        } else if starts_with_word(line, b"USER") {
            Command::GoesOnWithout
        } else if starts_with_word(line, b"QUIT") {
            Command::Leaves
        } else {
            Command::Other
        }
    },
    answer: |line, _| match reply_code(line) {
        Some((234, true)) => Answer::Accepts,
        Some((400..=599, true)) => Answer::Refuses,
        _ => Answer::Other,
    },
    offers: |line| {
        let line = line.to_ascii_uppercase();
        let feature = line.trim_ascii_start();
        if feature.starts_with(b"AUTH TLS") || feature.starts_with(b"AUTH SSL") {
            Some(true)
        } else {
            // 211 ends the list of features.
            matches!(reply_code(&line), Some((211, true))).then_some(false)
        }
    },
};

fn asks(line: &[u8]) -> bool {
    let line = line.to_ascii_uppercase();
    [&b"AUTH TLS"[..], b"AUTH SSL"].iter().any(|start| line.starts_with(start))
}

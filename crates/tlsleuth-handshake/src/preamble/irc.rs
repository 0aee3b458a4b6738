//! IRC: `STARTTLS` with the numerics 670 and 691 (IRCv3 "tls").

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules},
    find, starts_with_word,
};

pub(super) static IRC: Rules = Rules {
    protocol: Protocol::Irc,
    greets: |greeting| {
        greeting.is_empty() || greeting.starts_with(b":") || starts_with_word(greeting, b"NOTICE")
    },
    begins: |line| {
        [&b"STARTTLS"[..], b"CAP", b"NICK", b"PASS", b"USER"]
            .iter()
            .any(|word| starts_with_word(line, word))
    },
    command: |line| {
        if starts_with_word(line, b"STARTTLS") {
            Command::AsksForTls
        } else if starts_with_word(line, b"QUIT") {
            Command::Leaves
        } else if starts_with_word(line, b"JOIN") || starts_with_word(line, b"PRIVMSG") {
            Command::GoesOnWithout
        } else {
            Command::Other
        }
    },
    answer: |line, _| match line.split(|byte| *byte == b' ').nth(1) {
        Some(b"670") => Answer::Accepts,
        // 421 and 451: the command is not known, or not before registration.
        Some(b"691" | b"421" | b"451") => Answer::Refuses,
        _ => Answer::Other,
    },
    offers: |line| {
        let is_list = find(line, b" CAP ").is_some() && find(line, b" LS ").is_some();
        is_list.then(|| {
            line.split(|byte| matches!(byte, b' ' | b':')).any(|capability| capability == b"tls")
        })
    },
};
